package app_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"probability/app"
	"probability/shopify"
	"probability/store"
)

func order(id int, updated, status string) string {
	return fmt.Sprintf(`{"id":%d,"name":"#%d","created_at":"2026-11-01T10:00:00-05:00","updated_at":"%s","financial_status":"%s","total_price":"1668.41"}`,
		id, id, updated, status)
}

func TestAccept_Signatures(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *app.Config) { c.AppSecret = "secret-of-all" })
	id := w.connect(t).Integration.ID
	body := order(1, "2026-11-01T10:00:00Z", "paid")
	good := w.incoming(app.TopicOrdersCreate, "w-1", body)
	with := func(change func(*app.Incoming)) app.Incoming {
		d := good
		change(&d)
		return d
	}
	for name, d := range map[string]app.Incoming{
		"unsigned":        with(func(d *app.Incoming) { d.HMAC = "" }),
		"other secret":    with(func(d *app.Incoming) { d.HMAC = shopify.Sign("another", d.Body) }),
		"empty secret":    with(func(d *app.Incoming) { d.HMAC = shopify.Sign("", d.Body) }),
		"no base64":       with(func(d *app.Incoming) { d.HMAC = "%%%" }),
		"altered body":    with(func(d *app.Incoming) { d.Body = []byte(strings.Replace(body, "paid", "void", 1)) }),
		"the token":       with(func(d *app.Incoming) { d.HMAC = shopify.Sign(shopToken, d.Body) }),
		"other shop":      with(func(d *app.Incoming) { d.Shop = "otra.myshopify.com" }), // that shop's secret did not sign it
		"no shop":         with(func(d *app.Incoming) { d.Shop = "" }),
		"not a shop":      with(func(d *app.Incoming) { d.Shop = "evil.com/.myshopify.com" }),
		"hex, not base64": with(func(d *app.Incoming) { d.HMAC = strings.Repeat("ab", 32) }),
	} {
		wantError(t, w.app.Accept(t.Context(), d), app.Unauthorized, "webhook_signature_invalid")
		_ = name
	}
	byApp := func(shop string) app.Incoming {
		return with(func(d *app.Incoming) { d.Shop, d.HMAC = shop, shopify.Sign("secret-of-all", d.Body) })
	}
	wantError(t, w.app.Accept(t.Context(), byApp("otra.myshopify.com")), app.NotFound, "webhook_shop_unknown")
	wantError(t, w.app.Accept(t.Context(), byApp("nonsense")), app.NotFound, "webhook_shop_unknown")
	wantError(t, w.app.Accept(t.Context(), w.incoming(app.TopicOrdersCreate, "w-2", `{"id":`)), app.Invalid, "invalid_json")
	wantError(t, w.app.Accept(t.Context(), w.incoming(app.TopicOrdersCreate, "w-3", "")), app.Invalid, "invalid_json")
	wantError(t, w.app.Accept(t.Context(), w.incoming(app.TopicOrdersCreate, "w-4", "{\"id\":5,\"name\":\"\xff\"}")), app.Invalid, "invalid_json")
	if n, err := w.store.CountDeliveries(t.Context(), id, store.DeliveryFilter{}); err != nil || n != 0 {
		t.Fatalf("%d deliveries stored, %v, want none of those refused", n, err)
	}
	w.accept(t, good)
	w.accept(t, byApp(strings.ToUpper(shopDomain))) // same webhook id: stored once
	if n, err := w.store.CountDeliveries(t.Context(), id, store.DeliveryFilter{}); err != nil || n != 1 {
		t.Errorf("%d deliveries stored, %v, want 1", n, err)
	}
}

func TestAccept_NoSecretNoAcceptance(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c, err := w.app.Connect(t.Context(), w.user, app.ConnectInput{StoreName: shopDomain, Credentials: app.Credentials{AccessToken: shopToken}})
	if err != nil {
		t.Fatal(err)
	}
	if c.Integration.WebhookStatus != app.WebhooksUnsigned || !problems(c.Integration)[app.ProblemNoSecret] {
		t.Errorf("webhooks %s, problems %v, want unsigned", c.Integration.WebhookStatus, c.Integration.Problems)
	}
	d := w.incoming(app.TopicOrdersCreate, "w", order(1, "2026-11-01T10:00:00Z", "paid"))
	d.HMAC = shopify.Sign("", d.Body)
	wantError(t, w.app.Accept(t.Context(), d), app.Unauthorized, "webhook_signature_invalid")
	_, err = w.app.RegisterWebhooks(t.Context(), w.user, c.Integration.ID, "")
	wantError(t, err, app.Invalid, "webhook_secret_required")
}

func TestAccept_SecretRotation(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	fresh := "the-new-secret"
	if _, err := w.app.Patch(t.Context(), w.user, id, app.PatchInput{APISecret: &fresh}); err != nil {
		t.Fatal(err)
	}
	body := order(1, "2026-11-01T10:00:00Z", "paid")
	w.accept(t, w.incoming(app.TopicOrdersCreate, "old", body))
	d := w.incoming(app.TopicOrdersCreate, "new", body)
	d.HMAC = shopify.Sign(fresh, d.Body)
	w.accept(t, d)
	w.clock.Add(25 * time.Hour)
	wantError(t, w.app.Accept(t.Context(), w.incoming(app.TopicOrdersCreate, "late", body)), app.Unauthorized, "webhook_signature_invalid")
	w.accept(t, d)
}

func TestAccept_EverybodyWhoConnectedTheShop(t *testing.T) {
	t.Parallel()
	w := setup(t)
	mine := w.connect(t).Integration.ID
	other := w.addUser(t, "luis@example.com")
	c, err := w.app.Connect(t.Context(), other, app.ConnectInput{StoreName: shopDomain, Credentials: app.Credentials{AccessToken: shopToken}})
	if err != nil {
		t.Fatal(err)
	}
	theirs := c.Integration.ID
	w.accept(t, w.incoming(app.TopicOrdersCreate, "w-1", order(1, "2026-11-01T10:00:00Z", "paid")))
	for _, id := range []int64{mine, theirs} {
		w.process(t, id)
		if got := len(w.orders(t, id)); got != 1 {
			t.Errorf("integration %d has %d orders, want 1", id, got)
		}
	}
	// Neither sees the other's.
	_, err = w.app.Integration(t.Context(), other, mine)
	wantError(t, err, app.NotFound, "not_found")
	off := false
	if _, err := w.app.Patch(t.Context(), other, theirs, app.PatchInput{Active: &off}); err != nil {
		t.Fatal(err)
	}
	w.accept(t, w.incoming(app.TopicOrdersUpdated, "w-2", order(1, "2026-11-02T10:00:00Z", "refunded")))
	w.process(t, mine)
	w.process(t, theirs)
	if a, b := w.orders(t, mine)["1"].FinancialStatus, w.orders(t, theirs)["1"].FinancialStatus; a != "refunded" || b != "paid" {
		t.Errorf("states %q and %q, want the inactive one left at paid", a, b)
	}
	if _, err := w.app.Patch(t.Context(), w.user, mine, app.PatchInput{Active: &off}); err != nil {
		t.Fatal(err)
	}
	w.accept(t, w.incoming(app.TopicOrdersUpdated, "w-3", order(1, "2026-11-03T10:00:00Z", "voided"))) // paused: no effect
	for _, id := range []int64{mine, theirs} {
		w.process(t, id)
		if w.orders(t, id)["1"].FinancialStatus == "voided" {
			t.Errorf("the paused integration %d took an order", id)
		}
	}
}

func TestAccept_LongIDsThatDifferAreTwo(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	long := strings.Repeat("x", 300)
	for _, webhook := range []string{long + "1", long + "2", long[:255], "\xfe", "\xff", long + "1", "\xff"} {
		w.accept(t, w.incoming(app.TopicOrdersCreate, webhook, order(1, "2026-11-01T10:00:00Z", "paid")))
	}
	n, err := w.store.CountDeliveries(t.Context(), id, store.DeliveryFilter{})
	if err != nil {
		t.Fatal(err)
	}
	if n != 5 {
		t.Errorf("%d deliveries are stored, want 5", n)
	}
}

func TestAccept_ConcurrentCallersShareTransactions(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	const n = 500
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			d := w.incoming(app.TopicOrdersCreate, fmt.Sprintf("w-%d", i%400), order(i%400, "2026-11-01T10:00:00Z", "paid"))
			if err := w.app.Accept(t.Context(), d); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got, err := w.store.CountDeliveries(t.Context(), id, store.DeliveryFilter{}); err != nil || got != 400 {
		t.Fatalf("%d deliveries, %v, want 400", got, err)
	}
	w.process(t, id)
	if got := len(w.orders(t, id)); got != 400 {
		t.Errorf("%d orders, want 400", got)
	}
}

func TestAccept_NotStoredIsNotAcknowledged(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.connect(t)
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	err := w.app.Accept(t.Context(), w.incoming(app.TopicOrdersCreate, "w", order(1, "2026-11-01T10:00:00Z", "paid")))
	if e := wantError(t, err, app.Busy, "webhook_not_stored"); e.RetryAfter <= 0 {
		t.Error("no time to come again is given")
	}
}
