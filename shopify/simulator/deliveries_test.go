package simulator_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"probability/shopify/simulator"
)

// hmacOf is written out here so that nothing of ours vouches for itself.
func hmacOf(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// receiver takes deliveries and answers as its status says.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	status func(n int) int // of the n-th request, from 1
	poison string          // a Webhook-Id that always fails
	got    []received
}

type received struct {
	header http.Header
	body   []byte
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body) // a broken body fails the signature
		r.mu.Lock()
		defer r.mu.Unlock()
		r.got = append(r.got, received{req.Header.Clone(), body})
		if id := req.Header.Get("X-Shopify-Webhook-Id"); id != "" && id == r.poison {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		if r.status != nil {
			status := r.status(len(r.got))
			if status == http.StatusFound {
				w.Header().Set("Location", "/elsewhere")
			}
			w.WriteHeader(status)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) all() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

func (r *receiver) answer(status func(int) int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

func (r received) topic() string { return r.header.Get("X-Shopify-Topic") }

func withReceiver(t *testing.T) (*bundle, *receiver) {
	t.Helper()
	b, r := setup(t, nil, simulator.WithHTTPWebhooks()), newReceiver(t)
	for _, topic := range []string{"orders/create", "orders/updated", "orders/cancelled", "orders/delete", "app/uninstalled"} {
		if a := b.subscribe(topic, r.URL+"/in"); a.status != http.StatusCreated {
			t.Fatalf("subscribe: got %d %s", a.status, a.body)
		}
	}
	return b, r
}

func TestDeliveries_AreSignedAndDressed(t *testing.T) {
	t.Parallel()
	b, r := withReceiver(t)
	raw := b.shop.NewOrder()
	id := b.shop.OrderIDs()[0]
	changed := b.shop.Update(id, func(o map[string]any) { o["note"] = "ñ" })
	b.shop.Cancel(id)
	b.shop.Delete(id)
	b.shop.Uninstall()
	for _, d := range b.srv.Flush(t.Context(), simulator.DeliveryConfig{}) {
		if !d.OK() || d.Attempt != 1 {
			t.Errorf("got %+v", d)
		}
	}
	got := r.all()
	var topics []string
	ids := map[string]bool{}
	for _, g := range got {
		topics = append(topics, g.topic())
		if mac := g.header.Get("X-Shopify-Hmac-Sha256"); mac != hmacOf(secret, g.body) {
			t.Errorf("%s: signature %q does not fit", g.topic(), mac)
		}
		ids[g.header.Get("X-Shopify-Webhook-Id")] = true
		for name, form := range map[string]string{
			"X-Shopify-Shop-Domain": `^tienda\.myshopify\.com$`, "X-Shopify-API-Version": `^2026-10$`, "X-Shopify-Event-Id": `^[0-9a-f-]{36}$`,
			"X-Shopify-Webhook-Id": `^[0-9a-f-]{36}$`, "X-Shopify-Triggered-At": `^2026-11-23T15:04:05\.678000000Z$`, "Content-Type": `^application/json$`,
		} {
			if v := g.header.Get(name); !regexp.MustCompile(form).MatchString(v) {
				t.Errorf("%s: %s is %q", g.topic(), name, v)
			}
		}
	}
	if want := []string{"orders/create", "orders/updated", "orders/updated", "orders/cancelled", "orders/delete", "app/uninstalled"}; !slices.Equal(topics, want) {
		t.Fatalf("got %v, want %v", topics, want)
	}
	if len(ids) != len(got) {
		t.Errorf("got %d webhook ids for %d deliveries", len(ids), len(got))
	}
	if string(got[0].body) != string(raw) || string(got[1].body) != string(changed) {
		t.Error("an order's delivery is not its payload")
	}
	if got[2].header.Get("X-Shopify-Event-Id") != got[3].header.Get("X-Shopify-Event-Id") || got[1].header.Get("X-Shopify-Event-Id") == got[2].header.Get("X-Shopify-Event-Id") {
		t.Error("one action is one event, two are two")
	}
	if b := string(got[4].body); !strings.HasPrefix(b, `{"id":`) || strings.Contains(b, ",") {
		t.Errorf("delete: got %s", b)
	}
	if b := string(got[5].body); !strings.Contains(b, `"myshopify_domain":"tienda.myshopify.com"`) || strings.HasPrefix(b, `{"shop"`) {
		t.Errorf("uninstalled: got %s", b)
	}
}

func TestDeliver_Options(t *testing.T) {
	t.Parallel()
	b, r := withReceiver(t)
	body := []byte(`{"id":5}`)
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	deliver := func(topic string, opts ...simulator.DeliverOption) received {
		t.Helper()
		d, err := b.shop.Deliver(t.Context(), nil, topic, body, opts...)
		if err != nil || d.Status != http.StatusOK {
			t.Fatalf("got %+v, %v", d, err)
		}
		all := r.all()
		return all[len(all)-1]
	}
	g := deliver("orders/create")
	if g.header.Get("X-Shopify-Hmac-Sha256") != hmacOf(secret, body) || g.header.Get("X-Shopify-Order-Id") != "5" || string(g.body) != string(body) {
		t.Errorf("plain: got %v", g.header)
	}
	g = deliver("shop/redact", simulator.To(r.URL), simulator.WithWebhookID("w"), simulator.WithEventID(""), simulator.WithTriggeredAt(at), simulator.SignedWith("old"))
	if h := g.header; h.Get("X-Shopify-Webhook-Id") != "w" || h.Values("X-Shopify-Event-Id") != nil || h.Get("X-Shopify-Triggered-At") != "2026-01-02T03:04:05.000000006Z" ||
		h.Get("X-Shopify-Hmac-Sha256") != hmacOf("old", body) || h.Get("X-Shopify-Topic") != "shop/redact" {
		t.Errorf("changed: got %v", h)
	}
	if g = deliver("orders/create", simulator.WithSignature("")); g.header.Values("X-Shopify-Hmac-Sha256") != nil {
		t.Error("unsigned: got a signature")
	}
	g = deliver("orders/create", simulator.WithoutX(), simulator.WithHeader("Shopify-Topic", ""), simulator.WithHeader("X-Forwarded-For", "192.0.2.1"))
	if h := g.header; h.Get("Shopify-Hmac-Sha256") == "" || h.Get("X-Shopify-Hmac-Sha256") != "" || h.Get("Shopify-Topic") != "" || h.Get("X-Forwarded-For") == "" {
		t.Errorf("without X: got %v", h)
	}
	if _, err := b.shop.Deliver(t.Context(), nil, "orders/paid", body); !errors.Is(err, simulator.ErrNoAddress) {
		t.Errorf("no subscription: got %v", err)
	}
	r.answer(func(int) int { return http.StatusFound })
	if d, err := b.shop.Deliver(t.Context(), nil, "orders/create", body); err != nil || d.OK() || d.Status != http.StatusFound {
		t.Errorf("redirect: got %+v, %v", d, err)
	}
	r.Close()
	if d, err := b.shop.Deliver(t.Context(), nil, "orders/create", body); err == nil || d.Status != 0 {
		t.Errorf("nobody there: got %+v, %v", d, err)
	}
}

func TestDeliveries_RetryWithTheSameIDs(t *testing.T) {
	t.Parallel()
	b, r := withReceiver(t)
	r.answer(func(n int) int {
		if n <= 8 {
			return http.StatusServiceUnavailable
		}
		return http.StatusOK
	})
	ctx, cancel := context.WithCancel(t.Context())
	wait := b.srv.StartDeliveries(ctx, simulator.DeliveryConfig{Retries: simulator.ShopifyRetries(1e6)})
	b.shop.NewOrder()
	if err := b.srv.Settled(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := r.all()
	if len(got) != 9 {
		t.Fatalf("got %d attempts, want 9", len(got))
	}
	for _, g := range got {
		for _, name := range []string{"X-Shopify-Webhook-Id", "X-Shopify-Event-Id", "X-Shopify-Triggered-At"} {
			if g.header.Get(name) != got[0].header.Get(name) {
				t.Errorf("%s changed over the retries", name)
			}
		}
	}
	if n := len(b.shop.Subscriptions()); n != 5 {
		t.Errorf("got %d subscriptions, want all 5", n)
	}
	cancel()
	wait()
}

func TestDeliveries_EightFailedRetriesDeleteTheSubscription(t *testing.T) {
	t.Parallel()
	b, r := withReceiver(t)
	r.answer(func(int) int { return http.StatusInternalServerError })
	b.shop.NewOrder()
	for range 9 {
		if n := len(b.shop.Subscriptions()); n != 5 {
			t.Fatalf("got %d subscriptions too early", n)
		}
		b.srv.Flush(t.Context(), simulator.DeliveryConfig{})
	}
	if n := b.srv.Pending(); n != 0 {
		t.Errorf("got %d pending, want none", n)
	}
	if got := b.shop.Subscriptions(); len(got) != 4 || got[0].Topic == "orders/create" {
		t.Errorf("got %v, want orders/create gone", got)
	}
	if n := len(b.srv.Deliveries()); n != 9 {
		t.Errorf("got %d attempts, want 9", n)
	}
}

// TestDeliveries_SuccessKeepsTheSubscription: one poisonous body is given up,
// but what gets through meanwhile keeps the subscription.
func TestDeliveries_SuccessKeepsTheSubscription(t *testing.T) {
	t.Parallel()
	b, r := withReceiver(t)
	r.answer(func(int) int { return http.StatusInternalServerError })
	b.shop.NewOrder()
	first := b.srv.Flush(t.Context(), simulator.DeliveryConfig{})
	r.answer(nil)
	r.mu.Lock()
	r.poison = first[0].WebhookID
	r.mu.Unlock()
	for range 8 {
		b.shop.NewOrder()
		if got := b.srv.Flush(t.Context(), simulator.DeliveryConfig{}); len(got) != 2 {
			t.Fatalf("got %d deliveries, want 2", len(got))
		}
	}
	if n := b.srv.Pending(); n != 0 {
		t.Errorf("got %d pending, want the poisonous one given up", n)
	}
	if n := len(b.shop.Subscriptions()); n != 5 {
		t.Errorf("got %d subscriptions, want all 5", n)
	}
}

func TestDeliveries_DuplicatedShuffledLost(t *testing.T) {
	t.Parallel()
	b, r := withReceiver(t)
	for range 40 {
		b.shop.NewOrder()
	}
	b.srv.Flush(t.Context(), simulator.DeliveryConfig{Duplicate: 1, Shuffle: time.Hour})
	seen := map[string][]string{}
	var order []string
	for _, g := range r.all() {
		id := g.header.Get("X-Shopify-Webhook-Id")
		seen[id] = append(seen[id], string(g.body))
		order = append(order, g.header.Get("X-Shopify-Order-Id"))
	}
	if len(seen) != 40 || len(order) != 80 {
		t.Fatalf("got %d deliveries of %d ids, want 80 of 40", len(order), len(seen))
	}
	for id, bodies := range seen {
		if len(bodies) != 2 || bodies[0] != bodies[1] {
			t.Errorf("%s: got %d bodies, want the same twice", id, len(bodies))
		}
	}
	if slices.IsSorted(order) {
		t.Error("the order was kept")
	}
	b.shop.NewOrder()
	if got := b.srv.Flush(t.Context(), simulator.DeliveryConfig{Lose: 1}); len(got) != 0 {
		t.Errorf("lost: got %d deliveries", len(got))
	}

	ctx, cancel := context.WithCancel(t.Context())
	wait := b.srv.StartDeliveries(ctx, simulator.DeliveryConfig{Duplicate: 1, Shuffle: 20 * time.Millisecond, Workers: 8})
	for range 30 {
		b.shop.NewOrder()
	}
	if err := b.srv.Settled(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(r.all()); n != 80+60 {
		t.Errorf("in the background: got %d deliveries, want 60", n-80)
	}
	cancel()
	wait()
	b.shop.NewOrder()
	short, stop := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer stop()
	if err := b.srv.Settled(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("nobody delivers: got %v", err)
	}
}
