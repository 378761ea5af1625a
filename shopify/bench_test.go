package shopify_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"probability/shopify"
	"probability/shopify/simulator"
)

func BenchmarkParseOrder(b *testing.B) {
	benchmarkParse(b, benchmarkOrder())
}

// BenchmarkParseOrder_Simulated has all ninety members of a real order.
func BenchmarkParseOrder_Simulated(b *testing.B) {
	orders, err := shopify.SplitOrders(simulatedPage(b))
	if err != nil {
		b.Fatal(err)
	}
	benchmarkParse(b, orders[0])
}

func benchmarkParse(b *testing.B, raw []byte) {
	b.Helper()
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := shopify.ParseOrder(raw); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkParseOrder_Generic is what the scanner is measured against.
func BenchmarkParseOrder_Generic(b *testing.B) {
	raw := benchmarkOrder()
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		var order map[string]any
		if err := json.Unmarshal(raw, &order); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPage is a page on its way from bytes to orders.
func BenchmarkPage(b *testing.B) {
	page := simulatedPage(b)
	b.SetBytes(int64(len(page)))
	b.ReportAllocs()
	for b.Loop() {
		orders, err := shopify.SplitOrders(page)
		if err != nil || len(orders) != pageOrders {
			b.Fatal(len(orders), err)
		}
		for _, raw := range orders {
			if _, err := shopify.ParseOrder(raw); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkPage_Split is the first half of BenchmarkPage.
func BenchmarkPage_Split(b *testing.B) {
	page := simulatedPage(b)
	b.SetBytes(int64(len(page)))
	b.ReportAllocs()
	for b.Loop() {
		if orders, err := shopify.SplitOrders(page); err != nil || len(orders) != pageOrders {
			b.Fatal(len(orders), err)
		}
	}
}

// BenchmarkOrders is a whole call but for the network: every one with a token
// of its own, so that no call limit is met.
func BenchmarkOrders(b *testing.B) {
	page := string(simulatedPage(b))
	for name, announced := range map[string]int64{"announced": int64(len(page)), "unannounced": -1} {
		b.Run(name, func(b *testing.B) {
			client := newClient(b, transport(func(r *http.Request) (*http.Response, error) {
				resp := reply(r, http.StatusOK, page)
				resp.ContentLength = announced
				return resp, nil
			}))
			b.SetBytes(int64(len(page)))
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				s := shopify.Session{Shop: testShop, Token: fmt.Sprint("token", n)}
				if got, err := client.Orders(b.Context(), s, shopify.OrdersQuery{}, ""); err != nil || len(got.Orders) != pageOrders {
					b.Fatal(len(got.Orders), err)
				}
			}
		})
	}
}

// BenchmarkDelivery reads the body of a delivery, which is one bare order: in
// two steps, and in the one that a delivery takes.
func BenchmarkDelivery(b *testing.B) {
	body := benchmarkOrder()
	b.Run("split and parse", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			orders, err := shopify.SplitOrders(body)
			if err != nil || len(orders) != 1 {
				b.Fatal(len(orders), err)
			}
			if _, err := shopify.ParseOrder(orders[0]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("at once", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			n, orders, err := shopify.ParseOrders(body)
			if err != nil || n != 1 {
				b.Fatal(n, err)
			}
			for _, err := range orders {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

// pageOrders is how many orders simulatedPage has: as many as a page can.
const pageOrders = 250

// simulatedPage is the body of an answer, 1 to 2 MB.
func simulatedPage(b *testing.B) []byte {
	b.Helper()
	server := simulator.New()
	server.AddShop(simulator.ShopConfig{Domain: testShop, Country: "CO", Token: testToken, Oddities: -1}).Generate(pageOrders, 365*24*time.Hour)
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "https://"+testShop+"/admin/api/2026-10/orders.json?status=any&limit=250", nil)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("X-Shopify-Access-Token", testToken)
	resp, err := server.Transport().RoundTrip(r)
	if err != nil || resp.StatusCode != http.StatusOK {
		b.Fatal(resp, err)
	}
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		b.Fatal(err)
	}
	return page
}

// benchmarkOrder is of the size of a real one, about 6 KB.
func benchmarkOrder() []byte {
	item := `{"id":14100500600700,"admin_graphql_api_id":"gid://shopify/LineItem/14100500600700","name":"Camiseta básica - Talla M","price":"59900.00",` +
		`"price_set":{"shop_money":{"amount":"59900.00","currency_code":"COP"},"presentment_money":{"amount":"59900.00","currency_code":"COP"}},` +
		`"quantity":2,"sku":"CAM-001-M","tax_lines":[{"title":"IVA","price":"19128.00","rate":0.19}],"properties":[{"name":"nota","value":"Regalo para mamá"}],` +
		`"requires_shipping":true,"fulfillment_status":null,"vendor":"Tejidos del Sur","variant_id":43100200300400,"product_id":8100200300400}`
	return []byte(`{"id":5512000111222,"admin_graphql_api_id":"gid://shopify/Order/5512000111222","name":"#2041","created_at":"2026-09-02T18:04:05-05:00",` +
		`"updated_at":"2026-09-03T08:00:00-05:00","currency":"COP","total_price":"189900.00","email":"lucia@correo.example","phone":null,"tags":"vip",` +
		`"payment_gateway_names":["Pago contra entrega"],"line_items":[` + strings.Repeat(item+",", 8) + item + `],` +
		`"customer":{"id":71,"first_name":"Lucia","last_name":"P"},"shipping_address":{"first_name":"Lucía","last_name":"Peña","address1":"Calle 93 # 11-27",` +
		`"address2":"Apto 402","city":"Bogotá","province":"Bogotá, D.C.","country":"Colombia"}}`)
}
