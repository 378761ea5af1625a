package simulator_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"probability/shopify/simulator"
)

func BenchmarkGenerate(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				simulator.New().AddShop(shopConfig()).Generate(n, 365*24*time.Hour)
			}
		})
	}
}

// BenchmarkPage reads one page of 250 out of 100,000 orders.
func BenchmarkPage(b *testing.B) {
	srv := simulator.New()
	srv.AddShop(shopConfig()).Generate(100_000, 365*24*time.Hour)
	hc := &http.Client{Transport: srv.Transport()}
	for _, query := range []string{"orders.json?status=any&limit=250", "orders.json?status=any&limit=250&order=updated_at+asc", "orders/count.json?status=any"} {
		b.Run(query, func(b *testing.B) {
			for b.Loop() {
				req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, api+query, nil)
				if err != nil {
					b.Fatal(err)
				}
				req.Header.Set("X-Shopify-Access-Token", token)
				res, err := hc.Do(req)
				if err != nil {
					b.Fatal(err)
				}
				n, err := io.Copy(io.Discard, res.Body)
				if err != nil || res.StatusCode != http.StatusOK {
					b.Fatal(res.StatusCode, err)
				}
				_ = res.Body.Close()
				b.SetBytes(n)
			}
		})
	}
}
