package shopify_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"probability/shopify"
	"probability/shopify/simulator"
)

func TestReadDetails_Whole(t *testing.T) {
	t.Parallel()
	d := shopify.ReadDetails([]byte(` {"id":1,"created_at":"2026-09-02T01:04:05-05:00","browser_ip":"203.0.113.9","cancel_reason":"customer",
		"payment_gateway_names":["gift_card","Cash on Delivery (COD)"],"note_attributes":[{"name":"Barrio","value":"Sur"},{"name":"Teléfono","value":3001112233}],
		"shipping_address":{"country_code":"CO","province_code":"CUN","zip":"250051","address1":"Calle 5"},
		"line_items":[{"id":9,"product_id":820000000000000007,"variant_id":"44","sku":"A-1","title":"Faja \u00d1","quantity":2,"price":"59900"},
			{"product_id":null,"quantity":"3","price":89900.5},{"quantity":-1},7,null],
		"fulfillments":[{"created_at":"2026-09-03T10:00:00-05:00","updated_at":"2026-09-05T11:00:00+05:30","status":"success","shipment_status":"delivered",
			"tracking_company":"Servientrega","line_items":[{"product_id":5,"title":"not this"}]}],
		"refunds":[{"created_at":"2026-09-06T10:00:00Z","note":"Rechazado","refund_line_items":[{"restock_type":"no_restock"},{"restock_type":"return"}]},{"refund_line_items":{}}],
		"risk_level":"low"}`))
	bogota := time.FixedZone("", -5*3600)
	want := shopify.Details{
		CreatedAt: time.Date(2026, 9, 2, 1, 4, 5, 0, bogota), CountryCode: "CO", ProvinceCode: "CUN", Zip: "250051", OtherPhone: "3001112233",
		BrowserIP: "203.0.113.9", CancelReason: "customer", Risk: shopify.RiskLow, Gateways: []string{"gift_card", "Cash on Delivery (COD)"},
		Items: []shopify.LineItem{
			{ProductID: "820000000000000007", VariantID: "44", SKU: "A-1", Title: "Faja Ñ", Quantity: 2, Price: "59900.00"},
			{Quantity: 3, Price: "89900.50"},
			{},
		},
		Fulfillments: []shopify.Fulfillment{{
			CreatedAt: time.Date(2026, 9, 3, 10, 0, 0, 0, bogota), UpdatedAt: time.Date(2026, 9, 5, 11, 0, 0, 0, time.FixedZone("", 19800)),
			Status: "success", ShipmentStatus: "delivered", Carrier: "Servientrega",
		}},
		Refunds: []shopify.Refund{{CreatedAt: time.Date(2026, 9, 6, 10, 0, 0, 0, time.UTC), Note: "Rechazado", Returned: true}, {}},
	}
	if h := d.CreatedAt.Hour(); h != 1 {
		t.Errorf("got hour %d by the store's clock, want 1", h)
	}
	if got, want := printed(d), printed(want); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// printed compares times by what they say, offset included.
func printed(d shopify.Details) string { return fmt.Sprintf("%+v", d) }

func TestReadDetails_OddTypes(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]shopify.Details{
		``:            {},
		`null`:        {},
		`[]`:          {},
		`{`:           {},
		`{"a":`:       {},
		`{"refunds":`: {},
		`{"risk":[`:   {},
		`{"zip":1}x`:  {},
		`{"created_at":"ayer","line_items":{},"fulfillments":"x","refunds":3,"shipping_address":[],"customer":"Ana","client_details":[],"note_attributes":{}}`: {},
		`{"payment_gateway_names":"COD"}`:                                                                      {Gateways: []string{"COD"}},
		`{"payment_gateway_names":[17,null,"",{}]}`:                                                            {Gateways: []string{"17"}},
		`{"browser_ip":null,"client_details":{"browser_ip":"2001:db8::1"}}`:                                    {BrowserIP: "2001:db8::1"},
		`{"shipping_address":{"zip":110111,"country_code":null},"customer":{"default_address":{"phone":"9"}}}`: {Zip: "110111", OtherPhone: "9"},
		`{"billing_address":{"phone":"8"},"customer":{"default_address":{"phone":"9"}}}`:                       {OtherPhone: "8"},
		`{"line_items":[{"title":"a"}],"line_items":[{"title":"b"}]}`:                                          {Items: []shopify.LineItem{{Title: "b"}}},
		`{"refunds":[{"refund_line_items":[{"restock_type":"return"}],"refund_line_items":[]}]}`:               {Refunds: []shopify.Refund{{}}},
		`{"line_items":[{"quantity":1e9,"price":"free"}]}`:                                                     {Items: []shopify.LineItem{{Quantity: 1_000_000}}},
		`{"shipping_address":{"zip":"1"},"shipping_address":{"country_code":"CO"}}`:                            {CountryCode: "CO"},
	} {
		if got := shopify.ReadDetails([]byte(raw)); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", raw, got, want)
		}
	}
}

func TestReadDetails_Risk(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`{"risk_level":"HIGH"}`: shopify.RiskHigh,
		`{"risk_level":"none"}`: "",
		`{"risk":{"recommendation":"INVESTIGATE","assessments":[{"riskLevel":"LOW"},{"risk_level":"HIGH"}]}}`: shopify.RiskHigh,
		`{"risk":{"recommendation":"ACCEPT","assessments":[]}}`:                                               shopify.RiskLow,
		`{"order_risks":[{"recommendation":"cancel"},{"recommendation":"accept"}]}`:                           shopify.RiskHigh,
		`{"order_risks":[{"recommendation":"accept"},{"recommendation":"cancel"}]}`:                           shopify.RiskHigh,
		`{"risks":[{"recommendation":"investigate"}],"risk_level":"low"}`:                                     shopify.RiskMedium,
		`{"risk":"high","order_risks":{}}`:                                                                    "",
		`{"risk_level":"high","risk_level":null}`:                                                             "",
	} {
		if got := shopify.ReadDetails([]byte(raw)).Risk; got != want {
			t.Errorf("%s: got %q, want %q", raw, got, want)
		}
	}
}

func TestReadDetails_Bounds(t *testing.T) {
	t.Parallel()
	list := "[" + strings.Repeat(`{"quantity":1},`, 9_999) + `{"quantity":1}]`
	d := shopify.ReadDetails([]byte(`{"line_items":` + list + `,"fulfillments":` + list + `,"refunds":` + list + `,"created_at":"2026-01-02T03:04:05Z"}`))
	if len(d.Items) != 250 || len(d.Fulfillments) != 250 || len(d.Refunds) != 250 || d.CreatedAt.IsZero() {
		t.Errorf("got %d items, %d fulfillments, %d refunds, created %v; want 250 of each", len(d.Items), len(d.Fulfillments), len(d.Refunds), d.CreatedAt)
	}
}

// TestReadDetails_Simulated compares with what encoding/json reads of orders in the usual shape.
func TestReadDetails_Simulated(t *testing.T) {
	t.Parallel()
	shop := simulator.New(simulator.WithSeed(5)).AddShop(simulator.ShopConfig{Domain: testShop, Oddities: -1})
	shop.Generate(400, 60*24*time.Hour)
	for _, raw := range shop.Orders() {
		var o struct {
			CreatedAt time.Time `json:"created_at"`
			IP        string    `json:"browser_ip"`
			Gateways  []string  `json:"payment_gateway_names"`
			Address   struct {
				Country  string `json:"country_code"`
				Province string `json:"province_code"`
				Zip      string `json:"zip"`
			} `json:"shipping_address"`
			Items []struct {
				Product  json.Number `json:"product_id"`
				SKU      string      `json:"sku"`
				Quantity int         `json:"quantity"`
			} `json:"line_items"`
			Fulfillments []struct {
				CreatedAt time.Time `json:"created_at"`
				UpdatedAt time.Time `json:"updated_at"`
				Shipment  string    `json:"shipment_status"`
				Carrier   string    `json:"tracking_company"`
			} `json:"fulfillments"`
			Refunds []struct {
				CreatedAt time.Time `json:"created_at"`
				Note      string    `json:"note"`
			} `json:"refunds"`
		}
		if err := json.Unmarshal(raw, &o); err != nil {
			t.Fatal(err)
		}
		d := shopify.ReadDetails(raw)
		same := d.CreatedAt.Equal(o.CreatedAt) && d.CreatedAt.Hour() == o.CreatedAt.Hour() && d.BrowserIP == o.IP &&
			strings.Join(d.Gateways, "|") == strings.Join(o.Gateways, "|") &&
			d.CountryCode == o.Address.Country && d.ProvinceCode == o.Address.Province && d.Zip == o.Address.Zip &&
			len(d.Items) == len(o.Items) && len(d.Fulfillments) == len(o.Fulfillments) && len(d.Refunds) == len(o.Refunds)
		for i := 0; same && i < len(o.Items); i++ {
			same = d.Items[i].ProductID == o.Items[i].Product.String() && d.Items[i].SKU == o.Items[i].SKU && d.Items[i].Quantity == o.Items[i].Quantity
		}
		for i := 0; same && i < len(o.Fulfillments); i++ {
			f, want := d.Fulfillments[i], o.Fulfillments[i]
			same = f.CreatedAt.Equal(want.CreatedAt) && f.UpdatedAt.Equal(want.UpdatedAt) && f.ShipmentStatus == want.Shipment && f.Carrier == want.Carrier
		}
		for i := 0; same && i < len(o.Refunds); i++ {
			same = d.Refunds[i].CreatedAt.Equal(o.Refunds[i].CreatedAt) && d.Refunds[i].Note == o.Refunds[i].Note
		}
		if !same {
			t.Fatalf("got %+v, want %+v of\n%s", d, o, raw)
		}
	}
}

// FuzzReadDetails holds that nothing fails, that only valid objects have details, and that the reading is pure.
func FuzzReadDetails(f *testing.F) {
	f.Add(benchmarkOrder())
	for _, seed := range []string{
		`{"line_items":[{"price":1e400}],"refunds":[{"refund_line_items":[{"restock_type":"return"}]}]}`, `{"created_at":"2026-09-02T18:04:05+99:99"}`,
		`{"risk":{"assessments":[{"risk_level":"\u0068igh"}]}}`, `{"note_attributes":[{"name":"phone","value":"1"}]`, `{"created_at":`, "{\"zip\":\"\xff\"}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		before := bytes.Clone(raw)
		d := shopify.ReadDetails(raw)
		object := json.Valid(raw) && bytes.TrimLeft(raw, " \t\r\n")[0] == '{'
		if !object && !reflect.DeepEqual(d, shopify.Details{}) {
			t.Errorf("no object has details: %+v", d)
		}
		if !bytes.Equal(raw, before) || !reflect.DeepEqual(d, shopify.ReadDetails(raw)) {
			t.Error("reading again differs")
		}
		if object {
			if o, err := shopify.ParseOrder(raw); err == nil && !d.CreatedAt.IsZero() && !o.CreatedAt.IsZero() && !d.CreatedAt.Equal(o.CreatedAt) {
				t.Errorf("got created at %v, the order says %v", d.CreatedAt, o.CreatedAt)
			}
		}
	})
}
