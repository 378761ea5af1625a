package shopify_test

import (
	"encoding/json"
	"strings"
	"testing"

	"probability/shopify"
)

func BenchmarkParseOrder(b *testing.B) {
	raw := benchmarkOrder()
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
