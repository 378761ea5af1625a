package cmd_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"probability/shopify/simulator"
)

// The program is told to stop in the middle of an import, while webhooks come in from several sides. It stops in time, and
// nothing that it acknowledged is lost.
func TestStop_UnderLoadLosesNothing(t *testing.T) {
	t.Parallel()
	const senders, enough = 4, 60
	dir := t.TempDir()
	_, shop, endpoint := simulated(t, simulator.ShopConfig{Bucket: -1, Latency: 100 * time.Millisecond})
	shop.Generate(3000, 80*24*time.Hour)
	token := account(t, dir, "ana@example.com")
	p := serving(t, "probability", dir, "--shopify-endpoint="+endpoint)
	r := rest{t, p.base, token}
	id, first := r.connect()

	ctx, end := context.WithCancel(t.Context())
	defer end()
	var all sync.WaitGroup
	var mu sync.Mutex
	var acknowledged []string
	for s := range senders {
		all.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				order := fmt.Sprint(9_000_000 + s*100_000 + n)
				sent, err := shop.Deliver(ctx, patient, "orders/create", []byte(`{"id":`+order+`,"updated_at":"2026-11-01T10:00:00Z"}`),
					simulator.To(p.base+"/api/webhooks/shopify/orders/"))
				if err != nil || sent.Status != http.StatusOK { // it is stopping, or gone
					return
				}
				mu.Lock()
				acknowledged = append(acknowledged, order)
				mu.Unlock()
			}
		})
	}
	eventually(t, "webhooks", func() error {
		mu.Lock()
		defer mu.Unlock()
		return atLeast(int64(len(acknowledged)), enough)
	})
	stopsInTime(t, p)
	end()
	all.Wait()

	p = serving(t, "probability", dir, "--shopify-endpoint="+endpoint)
	r.base = p.base
	if run := r.completed(id, first.ID); run.Total == nil || *run.Total != 3000 {
		t.Errorf("got %+v, want the import completed with 3000", run)
	}
	eventually(t, "what was acknowledged", func() error {
		found := r.orders(id)
		for _, order := range acknowledged {
			if found[order] != 1 {
				return fmt.Errorf("order %s of %d acknowledged is there %d times, want once", order, len(acknowledged), found[order])
			}
		}
		return nil
	})
}

// Clients that begin a request and then say nothing cost no one else anything.
func TestService_SilentClientsAreNoBurden(t *testing.T) {
	t.Parallel()
	const silent = 300
	dir := t.TempDir()
	_, shop, endpoint := simulated(t, simulator.ShopConfig{Bucket: -1})
	token := account(t, dir, "ana@example.com")
	p := serving(t, "probability", dir, "--shopify-endpoint="+endpoint)
	r := rest{t, p.base, token}
	id, first := r.connect()
	r.completed(id, first.ID)
	for range silent {
		c, err := net.Dial("tcp", strings.TrimPrefix(p.base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, "POST /api/webhooks/shopify/orders/ HTTP/1.1\r\nHost: x\r\n"); err != nil {
			t.Fatal(err)
		}
	}
	if status := deliver(t, shop, p.base, "orders/create", shop.NewOrder()); status != http.StatusOK {
		t.Errorf("got %d, want the delivery accepted", status)
	}
	eventually(t, "the order", func() error { return r.sameOrders(id, shop) })
	status, text, err := rest{t: t, base: p.base}.send(t.Context(), http.MethodGet, "/metrics", nil)
	if err != nil || status != http.StatusOK {
		t.Fatalf("metrics: %d, %v", status, err)
	}
	for _, line := range []string{
		`probability_webhooks_total\{code="accepted"\} 1`, `probability_disk_free_bytes [1-9].*`, `probability_ready 1`, `go_goroutines [0-9]+`,
		`probability_shopify_calls_total\{kind="ok",status="2xx"\} [1-9].*`, `probability_deliveries_total\{state="processed"\} 1`,
	} {
		if !regexp.MustCompile(`(?m)^` + line + `$`).Match(text) {
			t.Errorf("no line %s in the metrics", line)
		}
	}
	if status, _, err = r.send(t.Context(), http.MethodGet, "/readyz", nil); err != nil || status != http.StatusOK {
		t.Errorf("ready: %d, %v", status, err)
	}
}
