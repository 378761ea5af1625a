package shopify_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"probability/shopify"
	"probability/shopify/simulator"
)

// simulated is a store whose orders both ways show, without odd payloads: GraphQL has none.
func simulated(tb testing.TB, cfg simulator.ShopConfig) (*shopify.Client, *simulator.Shop, *simulator.Server) {
	tb.Helper()
	sim := simulator.New(simulator.WithSeed(7))
	cfg.Domain, cfg.Token, cfg.Oddities = testShop, testToken, -1
	if cfg.Country == "" {
		cfg.Country = "CO"
	}
	if cfg.Bucket == 0 && cfg.Points == 0 {
		cfg.Bucket = -1
	}
	shop := sim.AddShop(cfg)
	return newClient(tb, sim.Transport()), shop, sim
}

// all walks all pages of a query.
func all(tb testing.TB, c *shopify.Client, q shopify.OrdersQuery) (orders []json.RawMessage, pages int) {
	tb.Helper()
	for cursor := ""; ; {
		page, err := c.Orders(tb.Context(), session(), q, cursor)
		if err != nil {
			tb.Fatalf("page %d: %v", pages+1, err)
		}
		orders, pages = append(orders, page.Orders...), pages+1
		if cursor = page.Next; cursor == "" {
			return orders, pages
		}
	}
}

// byID reads orders, without their payloads.
func byID(tb testing.TB, raws []json.RawMessage) (orders map[string]shopify.Order, details map[string]shopify.Details) {
	tb.Helper()
	orders, details = map[string]shopify.Order{}, map[string]shopify.Details{}
	for _, raw := range raws {
		if !json.Valid(raw) {
			tb.Fatalf("not JSON: %s", raw)
		}
		o, err := shopify.ParseOrder(raw)
		if err != nil {
			tb.Fatal(err)
		}
		o.Raw = nil
		orders[o.ID], details[o.ID] = o, shopify.ReadDetails(raw)
	}
	return orders, details
}

// times are equal when they say the same, offset included.
var sameTimes = gocmp.Comparer(func(a, b time.Time) bool { return a.Format(time.RFC3339Nano) == b.Format(time.RFC3339Nano) })

// Both ways bring the same orders: every column, every detail, whatever happened to an order. What they do not share is only in
// the payload.
func TestOrders_AreTheSameByRESTAndGraphQL(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		country := rapid.SampledFrom([]string{"CO", "MX", "PE", "EC", "AR", "BR"}).Draw(rt, "country")
		c, shop, _ := simulated(t, simulator.ShopConfig{Country: country, Domain: testShop})
		shop.Generate(rapid.IntRange(1, 25).Draw(rt, "orders"), 50*24*time.Hour)
		for _, id := range shop.OrderIDs() {
			switch rapid.IntRange(0, 12).Draw(rt, "change") {
			case 0:
				shop.Cancel(id)
			case 1:
				text := rapid.String().Draw(rt, "text")
				shop.Update(id, func(o map[string]any) { o["note"], o["name"], o["email"] = text, text+"1", text })
			case 2:
				shop.Update(id, func(o map[string]any) { delete(o, "customer"); delete(o, "shipping_address"); o["phone"] = nil })
			case 3:
				shop.Update(id, func(o map[string]any) { o["total_price"] = json.Number("120") })
			case 4:
				lines := rapid.IntRange(0, 40).Draw(rt, "lines")
				shop.Update(id, func(o map[string]any) { grow(o, lines) })
			}
		}
		window := shopify.OrdersQuery{CreatedAtMin: time.Now().Add(-51 * 24 * time.Hour), CreatedAtMax: time.Now().Add(time.Hour)}
		rest, _ := all(t, c, window)
		window.Way = shopify.WayGraphQL
		graph, _ := all(t, c, window)
		wantOrders, wantDetails := byID(t, rest)
		gotOrders, gotDetails := byID(t, graph)
		if diff := gocmp.Diff(wantOrders, gotOrders, sameTimes); diff != "" {
			rt.Fatalf("orders (-REST +GraphQL):\n%s", diff)
		}
		if diff := gocmp.Diff(wantDetails, gotDetails, sameTimes); diff != "" {
			rt.Fatalf("details (-REST +GraphQL):\n%s", diff)
		}
		counted, _, err := c.CountOrders(t.Context(), session(), window)
		if err != nil || counted != len(rest) {
			rt.Fatalf("counted %d, %v, want %d", counted, err, len(rest))
		}
	})
}

// grow gives an order many lines, and a refund of all of them.
func grow(o map[string]any, n int) {
	var lines, refunded []any
	for i := range n {
		id := json.Number(string(rune('1'+i%9)) + "000000" + time.Duration(i).String()[:1])
		lines = append(lines, map[string]any{"id": id, "product_id": json.Number("77"), "variant_id": nil, "sku": "S", "title": "T", "quantity": json.Number("2"), "price": "10.5"})
		kind := "no_restock"
		if i == n-1 {
			kind = "return"
		}
		refunded = append(refunded, map[string]any{"line_item_id": id, "quantity": json.Number("2"), "restock_type": kind})
	}
	o["line_items"] = lines
	o["refunds"] = []any{map[string]any{"id": json.Number("9" + o["id"].(json.Number).String()), "created_at": o["created_at"], "note": "x", "refund_line_items": refunded}}
}

func TestGraphQLOrder_IsTheSameBytesEachTime(t *testing.T) {
	t.Parallel()
	c, shop, _ := simulated(t, simulator.ShopConfig{})
	shop.Generate(120, 50*24*time.Hour)
	q := shopify.OrdersQuery{Way: shopify.WayGraphQL}
	first, pages := all(t, c, q)
	second, _ := all(t, c, q)
	if len(first) != 120 || pages != 2 {
		t.Fatalf("%d orders in %d pages, want 120 in 2", len(first), pages)
	}
	for i := range first {
		if !bytes.Equal(first[i], second[i]) {
			t.Fatalf("order %d:\n%s\n%s", i, first[i], second[i])
		}
		if !shopify.MadeFromGraphQL(first[i]) {
			t.Fatalf("does not say where it comes from: %.80s", first[i])
		}
	}
	if shopify.MadeFromGraphQL(shop.Payload(shop.OrderIDs()[0])) {
		t.Error("a payload of REST says that it comes from GraphQL")
	}
}
