package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/app"
	"probability/shopify"
	"probability/shopify/simulator"
	"probability/store"
	"probability/store/storetest"
)

// rival connects the same shop for another user, with an API secret of the rival's own making.
func (w *world) rival(t *testing.T, secret string) int64 {
	t.Helper()
	other := w.addUser(t, "luis@example.com")
	c, err := w.app.Connect(t.Context(), other, app.ConnectInput{
		StoreName: shopDomain, Credentials: app.Credentials{AccessToken: shopToken, APISecret: secret},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c.Integration.ID
}

// userOf is the owner of an integration.
func (w *world) userOf(t *testing.T, id int64) uuid.UUID {
	t.Helper()
	in, err := w.store.IntegrationByID(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return in.UserID
}

func TestAccept_AMadeUpSecretDestroysNothingOfOthers(t *testing.T) {
	t.Parallel()
	w := setup(t)
	mine := w.connect(t).Integration.ID
	w.accept(t, w.incoming(app.TopicOrdersCreate, "w-1", order(1, "2026-11-01T10:00:00Z", "paid")))
	w.process(t, mine)
	theirs := w.rival(t, "made-up")
	for topic, body := range map[string]string{
		app.TopicOrdersDelete: `{"id":1}`,
		app.TopicUninstalled:  `{"id":1,"myshopify_domain":"` + shopDomain + `"}`,
	} {
		w.accept(t, app.Incoming{Shop: shopDomain, Topic: topic, WebhookID: topic, Body: []byte(body), HMAC: shopify.Sign("made-up", []byte(body))})
	}
	w.process(t, mine)
	w.process(t, theirs)
	if got := w.orders(t, mine)["1"].FinancialStatus; got != "paid" || !w.integration(t, mine).Active {
		t.Errorf("the order is %q after what another signed with a secret of their own, want paid", got)
	}
	// A paused integration vouches for nothing.
	off := false
	if _, err := w.app.Patch(t.Context(), w.userOf(t, theirs), theirs, app.PatchInput{Active: &off}); err != nil {
		t.Fatal(err)
	}
	body := order(1, "2026-11-20T00:00:00Z", "voided")
	w.accept(t, app.Incoming{Shop: shopDomain, Topic: app.TopicOrdersUpdated, WebhookID: "u", Body: []byte(body), HMAC: shopify.Sign("made-up", []byte(body))})
	w.process(t, mine)
	if got := w.orders(t, mine)["1"].FinancialStatus; got != "paid" {
		t.Errorf("the order is %q after what a paused integration's secret signed, want paid", got)
	}
}

func TestAccept_EverySecretOfTheShopBringsOrdersToAll(t *testing.T) {
	t.Parallel()
	w := setup(t)
	mine := w.connect(t).Integration.ID
	theirs := w.rival(t, "secret-of-another-app")
	for i, secret := range []string{shopSecret, "secret-of-another-app"} {
		body := order(i+1, "2026-11-01T10:00:00Z", "paid")
		w.accept(t, app.Incoming{Shop: shopDomain, Topic: app.TopicOrdersCreate, WebhookID: fmt.Sprint(i), Body: []byte(body), HMAC: shopify.Sign(secret, []byte(body))})
	}
	for _, id := range []int64{mine, theirs} {
		w.process(t, id)
		if got := len(w.orders(t, id)); got != 2 {
			t.Errorf("integration %d has %d orders, want both", id, got)
		}
	}
}

func TestAccept_WithoutASecretOnlyOrdersAreTakenOnTrust(t *testing.T) {
	t.Parallel()
	w := setup(t)
	mine := w.connect(t).Integration.ID
	other := w.addUser(t, "luis@example.com")
	c, err := w.app.Connect(t.Context(), other, app.ConnectInput{StoreName: shopDomain, Credentials: app.Credentials{AccessToken: shopToken}})
	if err != nil {
		t.Fatal(err)
	}
	w.accept(t, w.incoming(app.TopicOrdersCreate, "w-1", order(1, "2026-11-01T10:00:00Z", "paid")))
	w.accept(t, w.incoming(app.TopicOrdersDelete, "w-2", `{"id":1}`))
	for id, want := range map[int64]int{mine: 0, c.Integration.ID: 1} {
		w.process(t, id)
		if got := len(w.orders(t, id)); got != want {
			t.Errorf("integration %d has %d orders, want %d", id, got, want)
		}
	}
}

func TestDisconnect_LeavesAnothersSubscriptions(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.connect(t)
	other := w.addUser(t, "luis@example.com")
	c, err := w.app.Connect(t.Context(), other, app.ConnectInput{
		StoreName: shopDomain, Credentials: app.Credentials{AccessToken: shopToken, APISecret: shopSecret},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.app.Disconnect(t.Context(), other, c.Integration.ID); err != nil {
		t.Fatal(err)
	}
	if got := len(w.shop.Subscriptions()); got != len(app.Topics) {
		t.Errorf("%d subscriptions are left, want the other's %d", got, len(app.Topics))
	}
}

func TestProcess_ManyOrdersInOneDelivery(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	many := func(n int) string {
		var b strings.Builder
		b.WriteString(`{"orders":[`)
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"id":%d}`, i+1)
		}
		return b.String() + "]}"
	}
	w.accept(t, w.incoming(app.TopicOrdersCreate, "many", many(1100)))
	w.accept(t, w.incoming(app.TopicOrdersCreate, "too many", many(5001)))
	w.process(t, id)
	if d := w.delivery(t, id, "many"); d.State != store.DeliveryProcessed || len(w.orders(t, id)) != 1100 {
		t.Errorf("delivery %s, %d orders, want processed and 1100", d.State, len(w.orders(t, id)))
	}
	if d := w.delivery(t, id, "too many"); d.State != store.DeliveryFailed || d.ErrorCode != "too_many_orders" {
		t.Errorf("delivery %s %s, want refused", d.State, d.ErrorCode)
	}
}

func TestProcess_AFullDiskOnlyDelays(t *testing.T) {
	t.Parallel()
	storetest.SQLiteOnly(t, "a database has no greatest size")
	w := setup(t)
	id := w.connect(t).Integration.ID
	orders := make([]string, 200)
	for i := range orders {
		orders[i] = strings.TrimSuffix(order(i+1, "2026-11-01T10:00:00Z", "paid"), "}") + fmt.Sprintf(`,"note":"%s"}`, noise(i, 500))
	}
	w.accept(t, w.incoming(app.TopicOrdersCreate, "w", `{"orders":[`+strings.Join(orders, ",")+`]}`))
	limit := func(pages string) {
		t.Helper()
		var n int
		if err := w.store.Writer().QueryRowContext(t.Context(), `PRAGMA max_page_count = `+pages).Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
	var pages int
	if err := w.store.Writer().QueryRowContext(t.Context(), `PRAGMA page_count`).Scan(&pages); err != nil {
		t.Fatal(err)
	}
	limit(fmt.Sprint(pages + 30)) // too little for the orders, which take 48, enough for a note that they failed
	for range 15 {
		// An error, or another try later: both keep the delivery.
		_ = w.app.Process(t.Context(), id)
		w.clock.Add(10 * time.Minute)
	}
	if d := w.delivery(t, id, "w"); d.State != store.DeliveryPending || d.Attempts <= 10 {
		t.Errorf("the delivery is %s after %d attempts, want still pending after many", d.State, d.Attempts)
	}
	limit("4294967294")
	w.clock.Add(10 * time.Minute)
	w.process(t, id)
	if got := len(w.orders(t, id)); got != 200 {
		t.Errorf("%d orders once there is room again, want 200", got)
	}
}

// noise is text that does not compress well.
func noise(seed, n int) string {
	b := make([]byte, n)
	x := uint32(seed)*2654435761 + 1
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = 'a' + byte(x%26)
	}
	return string(b)
}

func TestUninstall_BeforeTheTokenIsNoLongerTrue(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.connect(t)
	d := w.incoming(app.TopicUninstalled, "late", `{"id":1,"myshopify_domain":"`+shopDomain+`"}`)
	d.TriggeredAt = w.clock.Now().Add(-time.Hour).Format(time.RFC3339)
	w.accept(t, d)
	w.process(t, c.Integration.ID)
	if in := w.integration(t, c.Integration.ID); !in.Active {
		t.Error("an uninstallation from before the connection ended it")
	}
	if got := w.delivery(t, c.Integration.ID, "late"); got.State != store.DeliveryStale {
		t.Errorf("the delivery is %s, want stale", got.State)
	}
	w.clock.Add(time.Minute)
	d = w.incoming(app.TopicUninstalled, "now", `{"id":1,"myshopify_domain":"`+shopDomain+`"}`)
	w.accept(t, d)
	w.process(t, c.Integration.ID)
	token := shopToken
	in, err := w.app.Patch(t.Context(), w.user, c.Integration.ID, app.PatchInput{AccessToken: &token})
	if err != nil || !in.Active || len(in.Problems) != 0 || in.WebhookStatus != app.WebhooksActive {
		t.Errorf("connected again: %+v, %v, want active with webhooks", in, err)
	}
}

func TestImport_TombstoneFromBefore(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.shop.Generate(20, 10*days)
	c := w.connect(t)
	// Told of before the first page is read, while Shopify still lists it.
	w.accept(t, w.incoming(app.TopicOrdersDelete, "d", fmt.Sprintf(`{"id":%d}`, w.shop.OrderIDs()[0])))
	w.process(t, c.Integration.ID)
	if run := w.runImport(t, c.Import.ID); run.State != store.ImportCompleted || len(w.orders(t, c.Integration.ID)) != 19 {
		t.Errorf("run %+v, %d orders, want completed with 19", run, len(w.orders(t, c.Integration.ID)))
	}
}

func TestImport_OldTokenRefusedAfterANewOne(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.shop.Generate(20, 10*days)
	c := w.connect(t)
	// Revoked at Shopify; the owner brings the new one before the run notices.
	w.shop.SetToken("shpat_fresh")
	fresh := "shpat_fresh"
	if _, err := w.app.Patch(t.Context(), w.user, c.Integration.ID, app.PatchInput{AccessToken: &fresh}); err != nil {
		t.Fatal(err)
	}
	if run := w.runImport(t, c.Import.ID); run.State != store.ImportCompleted {
		t.Errorf("run %+v, want completed with the new token", run)
	}
}

func TestImport_PagesThatDoNotEnd(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.shop.Generate(600, 10*days)
	c := w.connect(t)
	w.shop.Inject(simulator.Fault{Kind: simulator.FaultEmptyPage, Path: "orders.json"})
	run := w.runImport(t, c.Import.ID)
	if run.State != store.ImportFailed {
		t.Errorf("run %+v, want failed", run)
	}
}

func TestSweep_FollowsAShorterIntervalAndAClockSetBack(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *app.Config) { c.SyncInterval = 24 * time.Hour })
	w.shop.Generate(5, 10*days)
	c := w.connect(t)
	w.runImport(t, c.Import.ID)
	w.clock.Add(-20 * time.Hour) // the clock was ahead
	if err := w.app.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if in := w.integration(t, c.Integration.ID); in.NextSyncAt.After(w.clock.Now().Add(24 * time.Hour)) {
		t.Errorf("next sync at %v, now %v, want within the interval", in.NextSyncAt, w.clock.Now())
	}
}
