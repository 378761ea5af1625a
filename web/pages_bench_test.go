package web_test

import (
	"flag"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

var benchOrders = flag.Int("orders", 20_000, "how many orders the store of BenchmarkPages has")

// BenchmarkPages shows every page about a large store, as a browser asks for it. What a page costs must not depend on how many
// orders there are: go test ./web -run '^$' -bench Pages -args -orders 1000000.
func BenchmarkPages(b *testing.B) {
	bench := newBench(b)
	known := bench.dashboard()
	id, err := strconv.ParseInt(known["id"].theirs, 10, 64)
	fatal(b, err)
	bench.fill(id, *benchOrders, columns)
	w := bench.administrator("en")
	paths := map[string]string{"index": "/"}
	for _, r := range bench.server.Pages() {
		if r.Method != http.MethodGet || strings.HasPrefix(r.Path, "/static/") || r.Path == "/password" { // which wants a link
			continue
		}
		path := r.Path
		for name, value := range known {
			path = strings.ReplaceAll(path, "{"+name+"}", value.theirs)
		}
		paths[r.Path] = path
	}
	list := strings.ReplaceAll("/stores/{id}/orders", "{id}", known["id"].theirs)
	deep := w.open(list)
	for range 5 {
		deep = w.open(deep.link("next"))
	}
	for name, query := range map[string]string{
		"next": deep.link("next"), "previous": deep.link("prev"), "search": list + "?search=bogot", "rare": list + "?search=cliente77@",
		"filter":   list + "?financial_status=voided&ordering=total_price",
		"by_score": list + "?ordering=delivery_score", "unscored": list + "?delivery_probability=unscored",
	} {
		paths["orders_"+name] = query
	}
	for name, path := range paths {
		b.Run(strings.TrimPrefix(name, "/"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, path, nil)
				r.Header.Set("Accept", "text/html")
				for _, c := range w.client.Jar.Cookies(deep.at) {
					r.AddCookie(c)
				}
				// Some only lead on.
				if got := direct(b, bench.server, r); got.status != http.StatusOK && got.status != http.StatusSeeOther {
					b.Fatalf("%s answers %d: %s", path, got.status, got.body)
				}
			}
		})
	}
}
