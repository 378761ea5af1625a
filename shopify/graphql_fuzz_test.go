package shopify_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"probability/shopify"
	"probability/shopify/simulator"
)

// graphNode has something odd in most places.
const graphNode = `{"id":"gid://shopify/Order/5?x=y","legacyResourceId":"8017484906823","name":"#\u00c1\"1","email":null,"phone":5,"test":"true","createdAt":"2026-08-02T08:17:13Z",
	"updatedAt":"0001-01-01T00:00:00Z","cancelledAt":"yesterday","cancelReason":"STAFF","displayFinancialStatus":null,"displayFulfillmentStatus":"ON_HOLD","tags":["a","b\\",7],
	"paymentGatewayNames":{},"discountCodes":["X"],"customAttributes":[{"key":"Celular","value":"300 111 22 33"},null],"app":{"id":"gid://shopify/App/1"},
	"totalPriceSet":{"shopMoney":{"amount":"1e3","currencyCode":"COP"}},"currentTotalPriceSet":{"shopMoney":{"amount":-0.5}},"subtotalPriceSet":[],"totalWeight":"007",
	"customer":{"legacyResourceId":7,"defaultEmailAddress":{"emailAddress":"a@example.com"},"defaultPhoneNumber":null,"defaultAddress":{"phone":"1"}},
	"shippingAddress":{"countryCodeV2":"CO","latitude":4.5},"billingAddress":7,
	"lineItems":{"nodes":[{"id":"gid://shopify/LineItem/9","quantity":2,"originalUnitPriceSet":{"shopMoney":{"amount":"59900.0"}},"product":null,"variant":{"id":"gid://shopify/ProductVariant/"}},7]},
	"fulfillments":[{"legacyResourceId":"4","status":"SUCCESS","displayStatus":"DELIVERED","trackingInfo":[{"company":"Servientrega","number":"1"},{"number":"2","url":"u"}]},{"displayStatus":"FULFILLED","trackingInfo":null}],
	"refunds":[{"createdAt":"2026-08-03T00:00:00Z","refundLineItems":{"nodes":[{"restockType":"RETURN","lineItem":{"id":"gid://shopify/LineItem/9"}}]}}]}`

func TestGraphQLOrder_OddNode(t *testing.T) {
	t.Parallel()
	raw, ok := shopify.PayloadOf([]byte(graphNode))
	if !ok || !json.Valid(raw) {
		t.Fatalf("%v: %s", ok, raw)
	}
	o, err := shopify.ParseOrder(raw)
	d := shopify.ReadDetails(raw)
	if err != nil || o.ID != "8017484906823" || o.Number != `#Á"1` || o.TotalPrice != "1000.00" || o.Tags != `a, b\` || o.FinancialStatus != "" ||
		o.FulfillmentStatus != "" || o.CustomerEmail != "a@example.com" || o.CancelledAt != (time.Time{}) || o.Test {
		t.Errorf("%+v, %v", o, err)
	}
	if d.CancelReason != "staff" || d.OtherPhone != "1" || len(d.Items) != 1 || d.Items[0].Price != "59900.00" || d.Items[0].VariantID != "" ||
		len(d.Fulfillments) != 2 || d.Fulfillments[0].ShipmentStatus != "delivered" || d.Fulfillments[0].Carrier != "Servientrega" ||
		d.Fulfillments[1].ShipmentStatus != "" || len(d.Refunds) != 1 || !d.Refunds[0].Returned {
		t.Errorf("%+v", d)
	}
	for _, want := range []string{
		`"display_fulfillment_status":"on_hold"`, `"created_at":"2026-08-02T03:17:13-05:00"`, `"cancelled_at":"yesterday"`, `"total_weight":null`,
		`"tracking_numbers":["1","2"]`, `"tracking_url":null`, `"tracking_urls":["u"]`, `"order_id":8017484906823`, `"line_item_id":9`, `"current_total_price":"-0.50"`,
		`"discount_codes":[{"code":"X"}]`, `"id":8017484906823,"admin_graphql_api_id":"gid://shopify/Order/5?x=y","app_id":1,`,
	} {
		if !bytes.Contains(raw, []byte(want)) {
			t.Errorf("%s is missing in %s", want, raw)
		}
	}
}

// Whatever a node is, its payload is an order, or it is refused.
func FuzzGraphQLOrder(f *testing.F) {
	f.Add([]byte(graphNode))
	f.Add([]byte(`{"legacyResourceId":"1"}`))
	f.Add([]byte(`{"legacyResourceId":"0","":{"":[{"":[]}]}}`))
	f.Add([]byte(`{"legacyResourceId":1,"legacyResourceId":"2","lineItems":{"nodes":[{"nodes":[]}]},"tags":[["x"]],"refunds":[{"note":"\ud800"}]}`))
	f.Fuzz(func(t *testing.T, node []byte) {
		raw, ok := shopify.PayloadOf(node)
		if !ok {
			return
		}
		if !json.Valid(raw) || !shopify.MadeFromGraphQL(raw) {
			t.Fatalf("%q became %q", node, raw)
		}
		o, err := shopify.ParseOrder(raw)
		if err != nil || strings.Trim(o.ID, "0123456789") != "" {
			t.Fatalf("%q became the order %q, %v", node, o.ID, err)
		}
		shopify.ReadDetails(raw)
		if again, _ := shopify.PayloadOf(node); !bytes.Equal(raw, again) {
			t.Fatalf("%q became %q, then %q", node, raw, again)
		}
	})
}

// What ParseOrder and ReadDetails read is what SameOrder compares.
func FuzzSameOrder(f *testing.F) {
	f.Add([]byte(`{"id":1,"total_price":"5","refunds":[{"note":"x"}]}`), []byte(`{"id":1,"total_price":"5.00","refunds":[{"note":"x"}]}`))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if _, err := shopify.ParseOrder(a); err == nil && !shopify.SameOrder(a, a) {
			t.Fatalf("%q is not itself", a)
		}
		if shopify.SameOrder(a, b) != shopify.SameOrder(b, a) {
			t.Fatalf("%q and %q", a, b)
		}
	})
}

func BenchmarkGraphQLOrders(b *testing.B) {
	sim := simulator.New()
	shop := sim.AddShop(simulator.ShopConfig{Domain: testShop, Token: testToken, Country: "CO", Oddities: -1, Bucket: -1})
	shop.Generate(100, 40*24*time.Hour)
	var body []byte
	q := shopify.OrdersQuery{Way: shopify.WayGraphQL}
	record := newClient(b, transport(func(r *http.Request) (*http.Response, error) {
		resp, err := sim.Transport().RoundTrip(r)
		if err == nil {
			body, err = io.ReadAll(resp.Body)
			resp.Body = io.NopCloser(bytes.NewReader(body))
		}
		return resp, err
	}))
	if _, err := record.Orders(b.Context(), session(), q, ""); err != nil {
		b.Fatal(err)
	}
	c := newClient(b, transport(func(r *http.Request) (*http.Response, error) { return reply(r, http.StatusOK, string(body)), nil }))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		page, err := c.Orders(b.Context(), session(), q, "")
		if err != nil || len(page.Orders) != 100 {
			b.Fatal(len(page.Orders), err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(100*b.N), "µs/order")
}
