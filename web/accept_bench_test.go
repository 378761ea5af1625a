package web_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/google/uuid"

	"probability/shopify"
)

// BenchmarkAccept delivers signed orders over keep-alive connections; every answer means that the delivery is on the disk.
func BenchmarkAccept(b *testing.B) {
	for _, connections := range []int{1, 64} {
		b.Run(fmt.Sprintf("connections=%d", connections), func(b *testing.B) {
			w := newBench(b)
			w.connected()
			w.shop.Generate(500, 1)
			var bodies [][]byte
			var signatures []string
			for _, raw := range w.shop.Orders() {
				bodies = append(bodies, raw)
				signatures = append(signatures, shopify.Sign(shopSecret, raw))
			}
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}}
			b.Cleanup(client.CloseIdleConnections)
			b.SetParallelism((connections + 1) / 2)
			b.ResetTimer()
			deliver := func(n int) {
				r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, w.base+"/api/webhooks/shopify/orders/", bytes.NewReader(bodies[n%len(bodies)]))
				fatal(b, err)
				r.Header["X-Shopify-Hmac-Sha256"] = []string{signatures[n%len(bodies)]}
				r.Header["X-Shopify-Shop-Domain"] = []string{shopDomain}
				r.Header["X-Shopify-Topic"] = []string{"orders/updated"}
				r.Header["X-Shopify-Webhook-Id"] = []string{uuid.NewString()}
				resp, err := client.Do(r)
				if err != nil {
					b.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
				if resp.StatusCode != http.StatusOK {
					b.Errorf("status %d", resp.StatusCode)
				}
			}
			if connections == 1 {
				for n := range b.N {
					deliver(n)
				}
			} else {
				b.RunParallel(func(pb *testing.PB) {
					for n := 0; pb.Next(); n++ {
						deliver(n)
					}
				})
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
		})
	}
}
