package cmd_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"probability/shopify/simulator"
)

// The real binary is killed where it hurts most.
func TestCrash(t *testing.T) {
	t.Parallel()
	binary := build(t)
	t.Run("between the pages of an import", func(t *testing.T) {
		t.Parallel()
		killBetweenPages(t, binary)
	})
	t.Run("right after a webhook", func(t *testing.T) {
		t.Parallel()
		killAfterWebhook(t, binary)
	})
}

// killBetweenPages kills several times in the middle of an import. After each
// start the import goes on by itself, and in the end every order is there once.
func killBetweenPages(t *testing.T, binary string) {
	t.Helper()
	const orders, kills = 4000, 3 // 16 pages
	dir := t.TempDir()
	server, shop, _ := simulated(t, simulator.ShopConfig{Bucket: -1})
	shop.Generate(orders, 80*24*time.Hour)
	pages := &turnstile{passes: make(chan struct{}, orders), next: server}
	store := httptest.NewServer(pages)
	t.Cleanup(store.Close)
	endpoint := store.URL + "/{shop}"
	token := account(t, dir, "ana@example.com")
	p := serving(t, binary, dir, "--shopify-endpoint="+endpoint)
	r := rest{t, p.base, token}
	id, first := r.connect()
	before := 0
	for range kills {
		for range 4 { // so that it cannot end before its last kill
			pages.passes <- struct{}{}
		}
		eventually(t, "a further page", func() error {
			run := r.run(id, first.ID)
			if run.State == "completed" {
				t.Fatal("the import ended before it could be killed")
			}
			if run.Fetched < before+500 {
				return fmt.Errorf("fetched %d, want %d", run.Fetched, before+500)
			}
			before = run.Fetched
			return nil
		})
		p.kill()
		p = serving(t, binary, dir, "--shopify-endpoint="+endpoint)
		r.base = p.base
		if run := r.run(id, first.ID); run.Fetched < before {
			t.Errorf("got %d fetched after the start, want the %d of before", run.Fetched, before)
		}
	}
	close(pages.passes)
	run := r.completed(id, first.ID)
	if run.Total == nil || *run.Total != orders {
		t.Errorf("got %+v, want a total of %d", run, orders)
	}
	if err := r.sameOrders(id, shop); err != nil {
		t.Error(err)
	}
	if code := p.stop(); code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
}

// turnstile lets as many pages of a simulated store's orders through as there are passes, and the next one waits for its own.
type turnstile struct {
	passes chan struct{}
	next   http.Handler
}

func (p *turnstile) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/orders.json") {
		select {
		case <-p.passes:
		case <-r.Context().Done():
			return
		}
	}
	p.next.ServeHTTP(w, r)
}

// killAfterWebhook kills right after a 200, when the delivery's job can hardly
// have run. What was acknowledged is there after the next start.
func killAfterWebhook(t *testing.T, binary string) {
	t.Helper()
	const rounds = 5
	dir := t.TempDir()
	_, shop, endpoint := simulated(t, simulator.ShopConfig{Bucket: -1})
	token := account(t, dir, "ana@example.com")
	p := serving(t, binary, dir, "--shopify-endpoint="+endpoint)
	r := rest{t, p.base, token}
	id, first := r.connect()
	r.completed(id, first.ID)
	for round := range rounds {
		for range round + 1 {
			if status := deliver(t, shop, p.base, "orders/create", shop.NewOrder()); status != 200 {
				t.Fatalf("got %d, want the delivery accepted", status)
			}
		}
		p.kill()
		p = serving(t, binary, dir, "--shopify-endpoint="+endpoint, "--sync-interval=0")
		r.base = p.base
		eventually(t, "what was acknowledged", func() error { return r.sameOrders(id, shop) })
	}
	// Each delivery is in the list once, and done.
	var page struct {
		Count   int `json:"count"`
		Results []struct {
			State string `json:"state"`
		} `json:"results"`
	}
	eventually(t, "the deliveries", func() error {
		_, body, err := r.send(t.Context(), "GET", fmt.Sprintf("%s%d/deliveries/?page_size=100", api, id), nil)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(body, &page); err != nil {
			return err
		}
		for _, d := range page.Results {
			if d.State != "processed" {
				return fmt.Errorf("got state %s, want processed", d.State)
			}
		}
		return want("deliveries", page.Count, rounds*(rounds+1)/2)
	})
	if code := p.stop(); code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
}
