package app_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"probability/app"
	"probability/app/score"
	"probability/shopify"
	"probability/shopify/simulator"
)

// scored reads a payload the way it is read for its score.
func scored(t *testing.T, raw []byte) score.Order {
	t.Helper()
	o, err := shopify.ParseOrder(raw)
	if err != nil {
		t.Fatal(err)
	}
	return app.ScoreOrder(o, shopify.ReadDetails(raw))
}

func TestScoreOrder_Whole(t *testing.T) {
	t.Parallel()
	got := scored(t, []byte(`{"id":7,"name":"#7","created_at":"2026-09-02T01:04:05-05:00","updated_at":"2026-09-06T10:00:00-05:00","cancelled_at":"2026-09-06T09:00:00-05:00",
		"total_price":"119900","currency":"COP","financial_status":"voided","payment_gateway_names":["gift_card","Cash on Delivery (COD)"],"tags":"COD, vip","test":true,
		"email":"ana@example.com","browser_ip":"2001:db8::1","risk_level":"high","customer":{"first_name":"Ana","last_name":"Gil","default_address":{"phone":"3104567291"}},
		"shipping_address":{"address1":"Calle 5 # 1-2","address2":"Apto 3","city":"Soacha","province":"Cundinamarca","province_code":"CUN","country":"Colombia","country_code":"CO","zip":"250051"},
		"line_items":[{"product_id":81,"title":"Faja","quantity":2,"price":"50000"},{"product_id":null,"sku":"S-1","quantity":1,"price":"19900"}],
		"fulfillments":[{"created_at":"2026-09-03T10:00:00-05:00","updated_at":"2026-09-05T11:00:00-05:00","status":"success","shipment_status":"failure","tracking_company":"TCC"}],
		"refunds":[{"created_at":"2026-09-06T10:00:00-05:00","note":"Rechazado","refund_line_items":[{"restock_type":"return"}]}]}`))
	zone := time.FixedZone("", -5*3600)
	at := func(day, hour int) time.Time { return time.Date(2026, 9, day, hour, 0, 0, 0, time.UTC) }
	if !got.CreatedAt.Equal(time.Date(2026, 9, 2, 1, 4, 5, 0, zone)) || got.CreatedAt.Hour() != 1 {
		t.Errorf("got created at %v, want one o'clock by the store", got.CreatedAt)
	}
	got.CreatedAt = time.Time{}
	for i := range got.Parcels {
		got.Parcels[i].At, got.Parcels[i].Changed = got.Parcels[i].At.UTC(), got.Parcels[i].Changed.UTC()
		got.Refunds[i].At = got.Refunds[i].At.UTC()
	}
	want := score.Order{
		Updated: at(6, 15), Cancelled: at(6, 14), FinancialStatus: "voided", Payment: "gift_card + Cash on Delivery (COD)", Tags: "COD, vip", Currency: "COP",
		Total: 119_900_000_000, HasTotal: true, Name: "Ana Gil", Email: "ana@example.com", Phone: "3104567291", Address: "Calle 5 # 1-2", Complement: "Apto 3", City: "Soacha",
		Province: "Cundinamarca", ProvinceCode: "CUN", Postcode: "250051", Country: "CO", IP: "2001:db8::1", RiskLevel: "high", Test: true,
		Items:   []score.Item{{Product: "81", Title: "Faja", Quantity: 2, Price: 50_000_000_000}, {Product: "S-1", Quantity: 1, Price: 19_900_000_000}},
		Parcels: []score.Parcel{{At: at(3, 15), Changed: at(5, 16), Status: "success", Shipment: "failure", Carrier: "TCC"}},
		Refunds: []score.Refund{{At: at(6, 15), Returned: true, Note: "Rechazado"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestScoreOrder_Bare(t *testing.T) {
	t.Parallel()
	f, who := score.Read(scored(t, []byte(`{"id":7,"createdDate":"2026-09-02T10:00:00Z"}`)))
	if f.Missing&score.MissingTime != 0 || f.Missing&score.MissingPersonal == 0 || f.Missing&score.MissingItems == 0 || who != (score.Identity{}) {
		t.Errorf("got %+v %+v", f, who)
	}
}

// TestScoreOrder_Erased: an erased order keeps its country and province and what became of it, and has nothing of its customer.
func TestScoreOrder_Erased(t *testing.T) {
	t.Parallel()
	shop := simulator.New(simulator.WithSeed(9)).AddShop(simulator.ShopConfig{Domain: "uno.myshopify.com", Country: "CO"})
	shop.Generate(300, 90*24*time.Hour)
	for _, raw := range shop.Orders() {
		whole := scored(t, raw)
		left := scored(t, shopify.Scrub(raw, nil))
		f, who := score.Read(left)
		if who != (score.Identity{}) || f.Missing&score.MissingPersonal == 0 || f.PhoneInvalid || f.AddressGibberish || f.AddressNoNumber || f.NameSuspicious {
			t.Fatalf("got %+v %+v of an erased order\n%s", f, who, raw)
		}
		before, _ := score.Read(whole)
		if f.Country != before.Country || before.City != "" && f.Province == "" {
			t.Fatalf("got %q in %q, want %q in %q", f.Province, f.Country, before.Province, before.Country)
		}
		if got, want := score.SettledOf(left).Outcome, score.SettledOf(whole).Outcome; got != want && !strings.Contains(string(raw), "refund_line_items") {
			t.Fatalf("erased: got outcome %d, want %d\n%s", got, want, raw)
		}
	}
}

// TestScoreOrder_Simulated: what the simulated store does to its orders is what is read of them.
func TestScoreOrder_Simulated(t *testing.T) {
	t.Parallel()
	shop := simulator.New(simulator.WithSeed(2)).AddShop(simulator.ShopConfig{Domain: "uno.myshopify.com", Oddities: -1})
	const orders = 1000
	shop.Generate(orders, 120*24*time.Hour)
	var outcomes [4]int
	counts := map[string]int{}
	for _, raw := range shop.Orders() {
		o := scored(t, raw)
		f, _ := score.Read(o)
		settled := score.SettledOf(o)
		outcomes[settled.Outcome]++
		for name, is := range map[string]bool{
			"invalid phone": f.PhoneInvalid, "made-up phone": f.PhoneRepeated, "no number": f.AddressNoNumber, "gibberish": f.AddressGibberish, "suspicious name": f.NameSuspicious,
			"mismatch": f.CityMismatch, "on delivery": f.COD == score.Yes, "prepaid": f.COD == score.No, "unknown payment": f.COD == score.Unknown, "night": f.Night, "city": f.City != "",
			"no phone": f.Missing&score.MissingPhone != 0, "carrier": f.Carrier != "", "product": len(f.Products) > 0,
		} {
			if is {
				counts[name]++
			}
		}
		if settled.Outcome != score.Pending && (settled.At.Before(o.CreatedAt) || settled.At.After(o.Updated)) {
			t.Fatalf("settled at %v, of an order from %v to %v", settled.At, o.CreatedAt, o.Updated)
		}
	}
	if outcomes[score.Delivered] < orders/2 || outcomes[score.Failed] < orders/20 || outcomes[score.Cancelled] < orders/50 || outcomes[score.Pending] == 0 {
		t.Errorf("got %v pending, delivered, failed, cancelled", outcomes)
	}
	for name, most := range map[string]int{"invalid phone": 12, "made-up phone": 6, "no number": 14, "gibberish": 6, "suspicious name": 4, "no phone": 12, "on delivery": 70, "prepaid": 45, "night": 25} {
		if n := counts[name]; n == 0 || n > orders*most/100 {
			t.Errorf("%s: got %d of %d, want some and %d%% at most", name, n, orders, most)
		}
	}
	if counts["mismatch"] > 0 || counts["city"] < orders*9/10 || counts["product"] < orders*9/10 || counts["carrier"] < orders/2 {
		t.Errorf("got %v", counts)
	}
}
