package web_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// columns is a payload in which every column has a value. Every third customer comes back.
func columns(n int) string { return fullOrder(n, nil) }

// withItems is the same in 7 KB, as Shopify's payloads are.
func withItems(n int) string {
	var items []any
	for i := range 12 {
		items = append(items, map[string]any{
			"id": 70_000_000_000 + n*20 + i, "sku": fmt.Sprintf("SKU-%d", n%89), "title": "Camiseta de algodón", "quantity": i + 1, "price": "25000.00",
			"variant_title": "M / azul", "vendor": "Mi Tienda", "taxable": true, "properties": []any{}, "fulfillment_service": "manual",
			"tax_lines": []any{map[string]any{"title": "IVA", "price": "3991.60", "rate": 0.19}}, "admin_graphql_api_id": "gid://shopify/LineItem/1",
		})
	}
	return fullOrder(n, items)
}

func fullOrder(n int, items []any) string {
	return order(n, map[string]any{
		"created_at": noon.Add(-time.Duration(n) * time.Minute).Format(time.RFC3339), "updated_at": noon.Add(-time.Duration(n) * time.Second).Format(time.RFC3339),
		"email": fmt.Sprintf("cliente%d@example.com", n*2/3), "financial_status": []string{"paid", "pending", "voided"}[n%3],
		"source_name": "web", "tags": "cod, bogotá", "payment_gateway_names": []string{"Cash on Delivery (COD)"}, "line_items": items,
		"shipping_address": map[string]any{
			"first_name": "Ana María", "last_name": "Muñoz", "address1": "Calle 5 # 12-34, apto 501", "address2": `Torre "B"`, "city": "Bogotá",
			"province": "Cundinamarca", "country": "Colombia", "phone": fmt.Sprintf("+57300%07d", n),
		},
	})
}

// fill stores n orders that make makes.
func (b *bench) fill(id int64, n int, make func(n int) string) {
	b.t.Helper()
	for from := 1; from <= n; from += 500 {
		var payloads []string
		for i := from; i < min(from+500, n+1); i++ {
			payloads = append(payloads, make(i))
		}
		b.put(id, payloads...)
	}
}

func BenchmarkExport(b *testing.B) {
	const orders = 20_000
	bench := newBench(b)
	path, id := bench.connected()
	bench.fill(id, orders, withItems)
	server := httptest.NewServer(bench.server)
	b.Cleanup(server.Close)
	client := &http.Client{Transport: &http.Transport{}}
	b.Cleanup(client.CloseIdleConnections)
	for name, query := range map[string]string{
		"csv": "", "csv_by_update": "ordering=-updated_at", "csv_line_items": "fields=order_number,line_items",
		"ndjson": "format=ndjson", "ndjson_columns": "format=ndjson&omit=raw_response,line_items",
	} {
		b.Run(name, func(b *testing.B) {
			bytes := int64(0)
			for b.Loop() {
				r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, server.URL+path+"orders/export/?"+query, nil)
				fatal(b, err)
				as(bench.alice)(r)
				resp, err := client.Do(r)
				fatal(b, err)
				n, err := io.Copy(io.Discard, resp.Body)
				fatal(b, err)
				fatal(b, resp.Body.Close())
				bytes += n
			}
			b.ReportMetric(float64(orders*b.N)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(bytes)/b.Elapsed().Seconds()/1e6, "MB/s")
		})
	}
}

func BenchmarkStats(b *testing.B) {
	bench := newBench(b)
	path, id := bench.connected()
	bench.fill(id, 20_000, func(n int) string {
		return order(n, map[string]any{"created_at": noon.Add(-time.Duration(n) * 6 * time.Minute).Format(time.RFC3339), "financial_status": []string{"paid", "pending"}[n%2]})
	})
	for b.Loop() {
		bench.get(path + "stats/").want(http.StatusOK)
	}
}
