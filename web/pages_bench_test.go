package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

// BenchmarkPages shows pages of a large store, as a browser asks for them. What a page costs must not depend on how many orders there
// are.
func BenchmarkPages(b *testing.B) {
	const orders = 20_000
	bench := newBench(b)
	_, id := bench.connected()
	bench.fill(id, orders, columns)
	w := bench.browserOf("alice@example.com", "en")
	list := fmt.Sprintf("/stores/%d/orders", id)
	deep := w.open(list)
	for range 5 {
		deep = w.open(deep.link("next"))
	}
	for name, path := range map[string]string{
		"stores": "/", "store": fmt.Sprintf("/stores/%d", id), "live": fmt.Sprintf("/stores/%d/live", id), "orders": list,
		"next": deep.link("next"), "previous": deep.link("prev"), "search": list + "?search=bogot", "rare": list + "?search=cliente77@",
		"filter": list + "?financial_status=voided&ordering=total_price", "order": fmt.Sprintf("%s/%d", list, orders/2),
		"insights": fmt.Sprintf("/stores/%d/insights", id), "insights of a year": fmt.Sprintf("/stores/%d/insights?days=365", id),
		"deliveries": fmt.Sprintf("/stores/%d/deliveries", id), "settings": "/settings",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, path, nil)
				r.Header.Set("Accept", "text/html")
				for _, c := range w.client.Jar.Cookies(deep.at) {
					r.AddCookie(c)
				}
				direct(b, bench.server, r).want(http.StatusOK)
			}
		})
	}
}
