package app_test

import (
	"strings"
	"testing"
	"time"

	"probability/app"
)

// story is the topics of the deliveries that changed an order, newest first.
func (w *world) story(t *testing.T, id int64, platformID string) string {
	t.Helper()
	for _, o := range w.orders(t, id) {
		if o.Order.ID != platformID {
			continue
		}
		found, err := w.store.DeliveriesOf(t.Context(), id, o.ID, 50)
		if err != nil {
			t.Fatal(err)
		}
		var topics []string
		for _, d := range found {
			topics = append(topics, d.Topic+" "+d.WebhookID)
		}
		return strings.Join(topics, ", ")
	}
	t.Fatalf("no order %s", platformID)
	return ""
}

// An order's story names what changed it: not what came late, nor twice, nor what told of another order.
func TestProcess_RemembersWhatChangedAnOrder(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	first, second := order(7, "2026-11-01T10:00:00Z", "pending"), order(7, "2026-11-02T10:00:00Z", "paid")
	for _, c := range []struct{ name, topic, body string }{
		{"a", app.TopicOrdersCreate, first},
		{"b", app.TopicOrdersUpdated, second},
		{"late", app.TopicOrdersUpdated, first},
		{"again", app.TopicOrdersUpdated, second},
		{"other", app.TopicOrdersCreate, order(8, "2026-11-01T10:00:00Z", "paid")},
		{"both", app.TopicOrdersUpdated, `{"orders":[` + order(7, "2026-11-03T10:00:00Z", "refunded") + `,` + order(8, "2026-11-01T10:00:00Z", "paid") + `]}`},
		{"gone", app.TopicOrdersDelete, `{"id":9}`},
		{"bad", app.TopicOrdersUpdated, `{"note":"no id"}`},
	} {
		w.accept(t, w.incoming(c.topic, c.name, c.body))
		w.process(t, id)
	}
	for order, want := range map[string]string{"7": "orders/updated both, orders/updated b, orders/create a", "8": "orders/create other"} {
		if got := w.story(t, id, order); got != want {
			t.Errorf("order %s: got %q, want %q", order, got, want)
		}
	}

	// All at once come to the same, and once more to nothing new.
	var parts []string
	for i := 100; i < 350; i++ { // more than one transaction takes
		parts = append(parts, order(i, "2026-11-01T10:00:00Z", "paid"))
	}
	w.accept(t, w.incoming(app.TopicOrdersCreate, "many", `{"orders":[`+strings.Join(parts, ",")+`]}`))
	w.process(t, id)
	if got := w.story(t, id, "349"); got != "orders/create many" {
		t.Errorf("the last of many: got %q", got)
	}
	if _, err := w.app.Replay(t.Context(), w.user, id, w.delivery(t, id, "b").ID); err != nil {
		t.Fatal(err)
	}
	w.process(t, id)
	if got := w.story(t, id, "7"); got != "orders/updated both, orders/updated b, orders/create a" {
		t.Errorf("after a replay: got %q", got)
	}

	// It goes with the deliveries.
	w.clock.Add(30 * 24 * time.Hour) // processed deliveries are kept for two weeks
	if err := w.app.Tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.story(t, id, "7"); got != "" {
		t.Errorf("after the deliveries went: got %q", got)
	}
}
