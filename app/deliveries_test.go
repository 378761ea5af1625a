package app_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"probability/app"
	"probability/shopify"
	"probability/store"
)

func TestProcess_States(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	newer, older := order(7, "2026-11-02T10:00:00Z", "refunded"), order(7, "2026-11-01T10:00:00Z", "paid")
	for _, c := range []struct {
		name, topic, body, state, code string
	}{
		{"first", app.TopicOrdersUpdated, newer, store.DeliveryProcessed, ""},
		{"late", app.TopicOrdersCreate, older, store.DeliveryStale, ""},
		{"again", app.TopicOrdersUpdated, newer, store.DeliveryDuplicate, ""},
		{"wrapped", app.TopicOrdersCreate, `{"order":` + order(8, "2026-11-01T10:00:00Z", "paid") + `}`, store.DeliveryProcessed, ""},
		{"several", app.TopicOrdersCreate, `{"orders":[` + order(9, "2026-11-01T10:00:00Z", "paid") + `,` + order(10, "2026-11-01T10:00:00Z", "paid") + `]}`, store.DeliveryProcessed, ""},
		{"one of two bad", app.TopicOrdersCreate, `{"orders":[{"note":"no id"},` + order(11, "2026-11-01T10:00:00Z", "paid") + `]}`, store.DeliveryFailed, "order_unreadable"},
		{"no order", app.TopicOrdersCreate, `5`, store.DeliveryFailed, "not_an_order"},
		{"no id", app.TopicOrdersCreate, `{"note":"x"}`, store.DeliveryFailed, "order_unreadable"},
		{"other topic", "products/update", `{"id":5}`, store.DeliveryProcessed, ""},
		{"no topic", "", order(12, "2026-11-01T10:00:00Z", "paid"), store.DeliveryProcessed, ""},
		{"replayed body as deletion", app.TopicOrdersDelete, newer, store.DeliveryFailed, "not_a_deletion"},
		{"replayed body as uninstallation", app.TopicUninstalled, newer, store.DeliveryFailed, "not_an_uninstallation"},
		{"another shop's uninstallation", app.TopicUninstalled, `{"id":1,"myshopify_domain":"otra.myshopify.com"}`, store.DeliveryFailed, "not_an_uninstallation"},
		{"no privacy request", "customers/redact", `{"shop_id":1}`, store.DeliveryFailed, "not_a_privacy_request"},
		{"deletion", app.TopicOrdersDelete, `{"id":8}`, store.DeliveryProcessed, ""},
		{"deletion again", app.TopicOrdersDelete, `{"id":8}`, store.DeliveryDuplicate, ""},
		{"update of a deleted order", app.TopicOrdersUpdated, order(8, "2026-11-20T10:00:00Z", "paid"), store.DeliveryStale, ""},
		{"deletion of an unknown order", app.TopicOrdersDelete, `{"id":77}`, store.DeliveryProcessed, ""},
		{"wrapped deletion", app.TopicOrdersDelete, `{"order":{"id":11}}`, store.DeliveryProcessed, ""},
		{"deletion of several", app.TopicOrdersDelete, `{"orders":[{"id":9},{"id":12},{"id":8}]}`, store.DeliveryProcessed, ""},
		{"replayed return as deletion", app.TopicOrdersDelete, `{"status":"open","order":{"id":10}}`, store.DeliveryFailed, "not_a_deletion"},
		{"too many deletions", app.TopicOrdersDelete, `{"orders":[{"id":10}` + strings.Repeat(`,{"id":1}`, 250) + `]}`, store.DeliveryFailed, "too_many_orders"},
		{"creation after deletion", app.TopicOrdersCreate, order(77, "2026-11-20T10:00:00Z", "paid"), store.DeliveryStale, ""},
	} {
		w.accept(t, w.incoming(c.topic, c.name, c.body))
		w.process(t, id)
		if d := w.delivery(t, id, c.name); d.State != c.state || d.ErrorCode != c.code || d.Attempts != 1 || d.ProcessedAt.IsZero() {
			t.Errorf("%s: state %s %s after %d attempts, want %s %s", c.name, d.State, d.ErrorCode, d.Attempts, c.state, c.code)
		}
	}
	got := w.orders(t, id)
	want := []string{"10", "7"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(got))); diff != "" {
		t.Error(diff)
	}
	if got["7"].FinancialStatus != "refunded" || got["7"].TotalPrice != "1668.41" {
		t.Errorf("order 7 is %s %s, want refunded 1668.41", got["7"].FinancialStatus, got["7"].TotalPrice)
	}
	if !w.integration(t, id).Active {
		t.Error("a forged uninstallation ended the connection")
	}
}

func TestProcess_OneBatchKeepsEveryDelivery(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	for i := range 120 { // more than two batches, every third unreadable
		body := order(i, "2026-11-01T10:00:00Z", "paid")
		if i%3 == 0 {
			body = `{"note":"no id"}`
		}
		w.accept(t, w.incoming(app.TopicOrdersCreate, fmt.Sprint("w", i), body))
	}
	w.process(t, id)
	for state, want := range map[string]int{store.DeliveryProcessed: 80, store.DeliveryFailed: 40, store.DeliveryPending: 0} {
		if n, err := w.store.CountDeliveries(t.Context(), id, store.DeliveryFilter{State: state}); err != nil || n != want {
			t.Errorf("%d deliveries %s, %v, want %d", n, state, err, want)
		}
	}
}

func TestProcess_IdsBeyondFloatsAreExact(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	const big = "820982911946154508"
	w.accept(t, w.incoming(app.TopicOrdersCreate, "w", `{"id":`+big+`,"test":true,"confirmed":false,"updated_at":"2025-10-07T11:28:07-05:00"}`))
	w.accept(t, w.incoming(app.TopicOrdersCreate, "x", `{"id":820982911946154509,"updated_at":"2025-10-07T11:28:07-05:00"}`))
	w.process(t, id)
	got := w.orders(t, id)
	if o, ok := got[big]; !ok || !o.Test || len(got) != 2 {
		t.Errorf("orders %v, want %s marked as a test and its neighbour", slices.Collect(maps.Keys(got)), big)
	}
}

func TestProcess_UninstallationEndsTheConnection(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.connect(t)
	w.accept(t, w.incoming(app.TopicUninstalled, "w", `{"id":1,"name":"Mi tienda","myshopify_domain":"`+shopDomain+`"}`))
	w.process(t, c.Integration.ID)
	in := w.integration(t, c.Integration.ID)
	if in.Active || !problems(in)[app.ProblemUninstalled] || len(w.orders(t, in.ID)) != 0 {
		t.Errorf("integration %+v, want inactive, and no order of it", in)
	}
	if _, err := w.store.Secret(t.Context(), in.ID, store.SecretAccessToken); err == nil {
		t.Error("the token is still stored")
	}
	if run, err := w.store.ImportByID(t.Context(), c.Import.ID); err != nil || run.State != store.ImportCancelled {
		t.Errorf("the import is %s, %v, want cancelled", run.State, err)
	}
	_, err := w.app.StartSync(t.Context(), w.user, in.ID, time.Time{})
	wantError(t, err, app.Invalid, "integration_inactive")
}

func TestReplay(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	w.accept(t, w.incoming("customers/redact", "w", `{"shop_id":1}`))
	w.process(t, id)
	d := w.delivery(t, id, "w")
	got, err := w.app.Replay(t.Context(), w.user, id, d.ID)
	if err != nil || got.State != store.DeliveryPending {
		t.Fatalf("replay: %+v, %v, want pending", got, err)
	}
	w.process(t, id)
	if again := w.delivery(t, id, "w"); again.State != store.DeliveryFailed || again.Attempts != 1 {
		t.Errorf("after the replay: %s, %d attempts, want failed again", again.State, again.Attempts)
	}
	other := w.addUser(t, "luis@example.com")
	_, err = w.app.Replay(t.Context(), other, id, d.ID)
	wantError(t, err, app.NotFound, "not_found")
}

// What arrives, in whatever order, how often and by which way, ends in the same orders.
func TestProcess_AnyOrderOfArrivalEndsTheSame(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.connect(t)
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		type event struct {
			topic, body string
			triggered   time.Time
		}
		base := time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC)
		var events []event
		for i := range rapid.IntRange(1, 12).Draw(rt, "events") {
			id := rapid.IntRange(1, 3).Draw(rt, "order")
			at := base.Add(time.Duration(rapid.IntRange(0, 3).Draw(rt, "second")) * time.Second)
			e := event{topic: app.TopicOrdersUpdated, body: order(id, at.Format(time.RFC3339), fmt.Sprint("state ", i))}
			if rapid.Bool().Draw(rt, "triggered") {
				e.triggered = at.Add(time.Duration(rapid.IntRange(0, 2).Draw(rt, "ms")) * time.Millisecond)
			}
			if rapid.IntRange(0, 9).Draw(rt, "deletion") == 0 {
				e = event{topic: app.TopicOrdersDelete, body: fmt.Sprintf(`{"id":%d}`, id)}
			}
			events = append(events, e)
		}
		arrive := func(order []event) map[string]string {
			round++
			in := store.Integration{UserID: w.user, StoreName: fmt.Sprintf("t%d.myshopify.com", round), Auth: store.AuthToken, Active: true, CreatedAt: base, UpdatedAt: base}
			err := w.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) (err error) {
				if in.ID, err = tx.InsertIntegration(ctx, in); err != nil {
					return err
				}
				return tx.PutSecret(ctx, in.ID, store.SecretAPI, shopSecret, time.Time{})
			})
			if err != nil {
				rt.Fatal(err)
			}
			for i, e := range order {
				d := app.Incoming{Shop: in.StoreName, Topic: e.topic, WebhookID: fmt.Sprint(i), Body: []byte(e.body), HMAC: shopify.Sign(shopSecret, []byte(e.body))}
				if !e.triggered.IsZero() {
					d.TriggeredAt = e.triggered.Format(time.RFC3339Nano)
				}
				if err := w.app.Accept(t.Context(), d); err != nil {
					rt.Fatal(err)
				}
				if rapid.IntRange(0, 2).Draw(rt, "batch ends") == 0 {
					w.process(t, in.ID)
				}
			}
			w.process(t, in.ID)
			out := map[string]string{}
			for id, o := range w.orders(t, in.ID) {
				out[id] = o.FinancialStatus + " " + string(o.Raw)
			}
			return out
		}
		want := arrive(events)
		shuffled := rapid.Permutation(append(slices.Clone(events), events...)).Draw(rt, "shuffled twice")
		if diff := cmp.Diff(want, arrive(shuffled)); diff != "" {
			rt.Fatalf("another order of arrival, another end (-in order +shuffled):\n%s", diff)
		}
	})
}

func TestSecretsStayInside(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.shop.Generate(20, days)
	c := w.connect(t)
	w.runImport(t, c.Import.ID)
	if _, err := w.app.Test(t.Context(), w.user, c.Integration.ID); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{shopToken, shopSecret} {
		if strings.Contains(w.log.String(), secret) {
			t.Errorf("the log contains %q", secret[:6])
		}
	}
}
