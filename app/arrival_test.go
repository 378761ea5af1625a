package app_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"probability/app"
	"probability/shopify/simulator"
	"probability/store"
	"probability/store/storetest"
)

// mailbox takes webhooks in place of the service, and keeps them.
type mailbox struct{ letters []app.Incoming }

func (m *mailbox) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	h := func(name string) string { return r.Header.Get("X-Shopify-" + name) }
	m.letters = append(m.letters, app.Incoming{
		APIVersion: h("Api-Version"), Body: body, EventID: h("Event-Id"), HMAC: h("Hmac-Sha256"), Shop: h("Shop-Domain"), Topic: h("Topic"),
		TriggeredAt: h("Triggered-At"), WebhookID: h("Webhook-Id"),
	})
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: r}, nil
}

// aDayAtAStore lets a store live for a while, and gives the webhooks that it sent, in their order.
func aDayAtAStore(t *testing.T, w *world) []app.Incoming {
	t.Helper()
	w.connect(t) // which subscribes
	var box mailbox
	random := rand.New(rand.NewPCG(5, 6))
	var ids []int64
	for n := range 240 {
		w.clock.Add(time.Duration(random.IntN(1500)) * time.Millisecond) // often several in one of Shopify's seconds
		switch kind := random.IntN(10); {
		case kind < 4 || len(ids) < 5:
			w.shop.NewOrder()
			all := w.shop.OrderIDs()
			ids = append(ids, all[len(all)-1])
		case kind < 8:
			w.shop.Update(ids[random.IntN(len(ids))], func(o map[string]any) { o["note"] = fmt.Sprint("state ", n) })
		case kind < 9:
			w.shop.Cancel(ids[random.IntN(len(ids))])
		default:
			w.shop.Delete(ids[random.IntN(len(ids))])
		}
		for _, d := range w.sim.Flush(t.Context(), simulator.DeliveryConfig{Client: &http.Client{Transport: &box}}) {
			if !d.OK() {
				t.Fatal(d.Status, d.Err)
			}
		}
	}
	return box.letters
}

// arrived takes webhooks in, some at a time, and gives the orders that are there in the end.
func arrived(t *testing.T, letters []app.Incoming, pause func() time.Duration) (orders map[string]string, deleted int) {
	t.Helper()
	w := setup(t)
	id := w.connect(t).Integration.ID
	for i, l := range letters {
		w.accept(t, l)
		w.clock.Add(pause())
		if i%17 == 0 {
			w.process(t, id)
		}
	}
	w.process(t, id)
	if n, err := w.store.CountDeliveries(t.Context(), id, store.DeliveryFilter{State: store.DeliveryFailed}); err != nil || n != 0 {
		t.Errorf("%d deliveries failed, %v", n, err)
	}
	orders = map[string]string{}
	for key, o := range w.orders(t, id) {
		orders[key] = o.FinancialStatus + " " + string(o.Raw)
	}
	deleted, err := w.store.CountDeletedOrders(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return orders, deleted
}

// A day's webhooks, each twice, in no order, and late by up to a day, end in the same orders as when they come once, in order
// and at once.
func TestProcess_TwiceShuffledAndADayLateEndsTheSame(t *testing.T) {
	t.Parallel()
	shopifys := setup(t)
	letters := aDayAtAStore(t, shopifys)
	want, gone := arrived(t, letters, func() time.Duration { return 0 })
	for _, id := range shopifys.shop.OrderIDs() { // what Shopify has is the truth
		if got := want[fmt.Sprint(id)]; !strings.HasSuffix(got, string(shopifys.shop.Payload(id))) {
			t.Errorf("order %d is %.120s", id, got)
		}
	}
	if len(want) != shopifys.shop.Count() || gone == 0 || len(letters) < 150 {
		t.Fatalf("%d orders and %d deleted ones of %d letters, want the %d of the store", len(want), gone, len(letters), shopifys.shop.Count())
	}
	for seed := range storetest.Size(3, 2) {
		random := rand.New(rand.NewPCG(uint64(seed), 8))
		twice := slices.Concat(letters, letters)
		for i := len(letters); i < len(twice); i += 2 { // every other one as a delivery of its own
			twice[i].WebhookID += "-again"
		}
		random.Shuffle(len(twice), func(i, j int) { twice[i], twice[j] = twice[j], twice[i] })
		late := 24 * time.Hour / time.Duration(len(twice))
		got, goneToo := arrived(t, twice, func() time.Duration { return rand.N(2 * late) })
		if diff := cmp.Diff(want, got); diff != "" || goneToo != gone {
			t.Errorf("%d deleted, want %d; orders differ (-in order +shuffled):\n%.2000s", goneToo, gone, diff)
		}
	}
}
