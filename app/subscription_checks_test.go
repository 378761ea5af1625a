package app_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"probability/app"
	"probability/shopify"
	"probability/shopify/simulator"
	"probability/store"
)

// checks sweeps and runs the looks at subscriptions that became due; it returns of which integrations.
func (w *world) checks(t *testing.T) (ids []int64) {
	t.Helper()
	if err := w.app.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, err := w.store.Writer().QueryContext(t.Context(), `UPDATE river_job SET state = 'completed', finalized_at = CURRENT_TIMESTAMP
		WHERE kind = 'check_webhooks' AND state = 'available' RETURNING args ->> 'integration_id'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if err := w.app.CheckSubscriptions(t.Context(), id); err != nil {
			t.Fatalf("check: %v", err)
		}
	}
	return ids
}

// check runs the look at the integration's subscriptions, which must be due.
func (w *world) check(t *testing.T, id int64) app.Integration {
	t.Helper()
	if ids := w.checks(t); !slices.Contains(ids, id) {
		t.Fatalf("looks are due at %v, not at %d", ids, id)
	}
	return w.integration(t, id)
}

// problem is the integration's problem of that code.
func problem(in app.Integration, code string) (store.Problem, bool) {
	i := slices.IndexFunc(in.Problems, func(p store.Problem) bool { return p.Code == code })
	if i < 0 {
		return store.Problem{}, false
	}
	return in.Problems[i], true
}

func TestChecks_VanishedSubscriptionsAreMadeAgainWithinAnHour(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *app.Config) { c.SyncInterval = 48 * time.Hour })
	c := w.connect(t)
	id := c.Integration.ID
	w.runImport(t, c.Import.ID)
	if ids := w.checks(t); ids != nil {
		t.Fatalf("a look is due at %v right after connecting", ids)
	}
	w.shop.DropSubscriptions()
	lost := w.shop.NewOrder() // nobody is told
	w.clock.Add(time.Hour)
	in := w.check(t, id)
	if in.WebhookStatus != app.WebhooksActive || len(w.shop.Subscriptions()) != len(app.Topics) {
		t.Fatalf("webhooks %s, %d subscriptions, want them made again", in.WebhookStatus, len(w.shop.Subscriptions()))
	}
	p, ok := problem(in, app.ProblemRecreated)
	if !ok || in.HealthStatus != app.HealthDegraded || !strings.Contains(p.Detail, "orders/create, orders/updated") || !p.Since.Equal(w.clock.Now()) {
		t.Errorf("health %s %+v, want webhooks_recreated with its topics", in.HealthStatus, in.Problems)
	}
	if !strings.Contains(w.log.String(), "subscriptions were gone") {
		t.Error("the log has no warning")
	}
	// A sync is due at once and brings what was lost.
	if err := w.app.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	runs, err := w.store.ActiveImports(t.Context())
	if err != nil || len(runs) != 1 {
		t.Fatalf("%d runs are due, %v, want 1", len(runs), err)
	}
	w.runImport(t, runs[0].ID)
	if order, err := shopify.ParseOrder(lost); err != nil || w.orders(t, id)[order.ID].Order.ID != order.ID {
		t.Errorf("the order that was not delivered is not there: %v", err)
	}
	// It is told for a day, and goes with a clean look after that.
	w.clock.Add(23 * time.Hour)
	if in = w.check(t, id); !problems(in)[app.ProblemRecreated] {
		t.Error("the problem is gone within the day")
	}
	w.clock.Add(time.Hour)
	if in = w.check(t, id); problems(in)[app.ProblemRecreated] || in.HealthStatus != app.HealthOK {
		t.Errorf("health %s %v a day later, want ok", in.HealthStatus, in.Problems)
	}
}

func TestChecks_AllAreDueAfterAStart(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *app.Config) { c.SyncInterval = 0 })
	c := w.connect(t)
	w.runImport(t, c.Import.ID)
	w.shop.DropSubscriptions()
	if err := w.app.CheckAllSubscriptions(t.Context()); err != nil {
		t.Fatal(err)
	}
	if in := w.check(t, c.Integration.ID); in.WebhookStatus != app.WebhooksActive {
		t.Errorf("webhooks %s", in.WebhookStatus)
	}
	// Without periodic syncs too what was lost is fetched.
	if runs, err := w.store.ActiveImports(t.Context()); err != nil || len(runs) != 1 {
		t.Errorf("%d runs, %v, want 1", len(runs), err)
	}
	if ids := w.checks(t); ids != nil {
		t.Errorf("due again at once: %v", ids)
	}
}

func TestChecks_FailuresAreTriedAgainInMinutesAndNotHammered(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	w.shop.DropSubscriptions()
	w.shop.Inject(simulator.Fault{Kind: simulator.FaultInternal, Path: "webhooks.json", Method: "POST", Skip: 2})
	w.clock.Add(time.Hour)
	in := w.check(t, id)
	// What is known half-way is told: two are there, three are not.
	if in.WebhookStatus != app.WebhooksMissing || !in.Topics[1].Subscribed || in.Topics[2].Subscribed {
		t.Errorf("webhooks %s %+v, want two of five", in.WebhookStatus, in.Topics)
	}
	if p, _ := problem(in, app.ProblemNoWebhooks); !strings.Contains(p.Detail, "500") {
		t.Errorf("problem %+v does not say why", p)
	}
	if problems(in)[app.ProblemRecreated] {
		t.Error("told before all are made again")
	}
	looks := 1
	for range 6 * 60 { // six hours, minute by minute
		w.clock.Add(time.Minute)
		looks += len(w.checks(t))
	}
	if looks < 8 || looks > 15 {
		t.Errorf("%d looks in six hours, want some in minutes and then one an hour", looks)
	}
	w.shop.ClearFaults()
	w.clock.Add(time.Hour)
	in = w.check(t, id)
	p, _ := problem(in, app.ProblemRecreated)
	for _, topic := range app.Topics {
		if !strings.Contains(p.Detail, topic) {
			t.Errorf("%s was made again and is not named: %q", topic, p.Detail)
		}
	}
	if in.WebhookStatus != app.WebhooksActive || problems(in)[app.ProblemNoWebhooks] {
		t.Errorf("webhooks %s, problems %v, want active", in.WebhookStatus, in.Problems)
	}
}

func TestChecks_RefusedCredentialsAreLeftAlone(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	w.shop.RevokeToken()
	w.clock.Add(time.Hour)
	if in := w.check(t, id); !problems(in)[app.ProblemReauthorize] {
		t.Fatalf("problems %v, want reauthorize", in.Problems)
	}
	w.clock.Add(3 * time.Hour)
	if ids := w.checks(t); ids != nil {
		t.Errorf("looked at %v with refused credentials", ids)
	}
	w.shop.DropSubscriptions()
	w.shop.SetToken("shpat_new")
	fresh := "shpat_new"
	if _, err := w.app.Patch(t.Context(), w.user, id, app.PatchInput{AccessToken: &fresh}); err != nil {
		t.Fatal(err)
	}
	if in := w.check(t, id); in.WebhookStatus != app.WebhooksActive || len(w.shop.Subscriptions()) != len(app.Topics) {
		t.Errorf("webhooks %s after new credentials", in.WebhookStatus)
	}
}

func TestChecks_ASecretThatComesLaterSubscribes(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c, err := w.app.Connect(t.Context(), w.user, app.ConnectInput{StoreName: shopDomain, Credentials: app.Credentials{AccessToken: shopToken}})
	if err != nil {
		t.Fatal(err)
	}
	id := c.Integration.ID
	w.clock.Add(10 * time.Minute)
	if in := w.check(t, id); in.WebhookStatus != app.WebhooksUnsigned || len(w.shop.Subscriptions()) != 0 {
		t.Fatalf("webhooks %s, %d subscriptions without a secret", in.WebhookStatus, len(w.shop.Subscriptions()))
	}
	if ids := w.checks(t); ids != nil {
		t.Errorf("due again at once: %v", ids)
	}
	secret := shopSecret
	if _, err := w.app.Patch(t.Context(), w.user, id, app.PatchInput{APISecret: &secret}); err != nil {
		t.Fatal(err)
	}
	in := w.check(t, id)
	if in.WebhookStatus != app.WebhooksActive || problems(in)[app.ProblemRecreated] {
		t.Errorf("webhooks %s, problems %v, want active and nothing lost", in.WebhookStatus, in.Problems)
	}
}

func TestChecks_ANewPublicAddressMovesSubscriptionsAndLeavesOthers(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *app.Config) { c.PublicURL = "" })
	id := w.connect(t).Integration.ID
	if _, err := w.app.RegisterWebhooks(t.Context(), w.user, id, "https://old.example.com"); err != nil {
		t.Fatal(err)
	}
	session := shopify.Session{Shop: shopDomain, Token: shopToken}
	client := w.client(t)
	for topic, address := range map[string]string{
		app.TopicOrdersCreate:  "https://stranger.example.com/hooks", // somebody else's
		app.TopicOrdersUpdated: publicURL + app.WebhookPath,          // ours already: the former one is a double
	} {
		if _, err := client.CreateWebhook(t.Context(), session, topic, address); err != nil {
			t.Fatal(err)
		}
	}
	app.SetPublicURL(w.app, publicURL)
	w.clock.Add(time.Hour)
	in := w.check(t, id)
	if in.WebhookAddress != publicURL+app.WebhookPath || in.WebhookStatus != app.WebhooksActive || problems(in)[app.ProblemRecreated] {
		t.Errorf("webhooks %s at %s, problems %v, want them moved and nothing lost", in.WebhookStatus, in.WebhookAddress, in.Problems)
	}
	at := map[string]int{}
	for _, s := range w.shop.Subscriptions() {
		at[s.Address]++
	}
	if len(at) != 2 || at["https://stranger.example.com/hooks"] != 1 || at[publicURL+app.WebhookPath] != len(app.Topics) {
		t.Errorf("subscriptions at %v", at)
	}
}

func TestChecks_PausedStoresAreNotLookedAt(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	w.shop.DropSubscriptions()
	w.shop.Inject(simulator.Fault{Kind: simulator.FaultForbidden, Path: "webhooks.json", Method: "POST"})
	w.clock.Add(time.Hour)
	if in := w.check(t, id); !problems(in)[app.ProblemNoWebhooks] || in.HealthStatus != app.HealthDegraded {
		t.Errorf("health %s %v, want webhooks_missing", in.HealthStatus, in.Problems)
	}
	off := false
	in, err := w.app.Patch(t.Context(), w.user, id, app.PatchInput{Active: &off})
	if err != nil || problems(in)[app.ProblemNoWebhooks] {
		t.Fatalf("paused: problems %v, %v", in.Problems, err)
	}
	w.clock.Add(5 * time.Hour)
	if ids := w.checks(t); ids != nil {
		t.Errorf("looked at %v", ids)
	}
	if err := w.app.CheckSubscriptions(t.Context(), id); err != nil { // its job was there already
		t.Error(err)
	}
	if err := w.app.CheckSubscriptions(t.Context(), 999); err != nil {
		t.Errorf("a store that is gone: %v", err)
	}
}

// Subscriptions belong to app and shop, so those of two users may be the same: the first leaves the former ones for the
// second, who clears them away, and neither takes that for a loss.
func TestChecks_SharedSubscriptionsMoveWithoutALoss(t *testing.T) {
	t.Parallel()
	w := setup(t)
	mine := w.connect(t).Integration.ID
	other := w.addUser(t, "luis@example.com")
	c, err := w.app.Connect(t.Context(), other, app.ConnectInput{
		StoreName: shopDomain, Credentials: app.Credentials{AccessToken: shopToken, APISecret: shopSecret},
	})
	if err != nil {
		t.Fatal(err)
	}
	app.SetPublicURL(w.app, "https://new.example.com")
	w.clock.Add(time.Hour)
	if ids := w.checks(t); len(ids) != 2 {
		t.Fatalf("looks at %v, want two", ids)
	}
	for _, s := range w.shop.Subscriptions() {
		if s.Address != "https://new.example.com"+app.WebhookPath {
			t.Errorf("%s still goes to %s", s.Topic, s.Address)
		}
	}
	if n := len(w.shop.Subscriptions()); n != len(app.Topics) {
		t.Errorf("%d subscriptions", n)
	}
	stored, err := w.store.Problems(t.Context(), []int64{mine, c.Integration.ID})
	if err != nil || len(stored) != 0 {
		t.Errorf("problems %v, %v, want none", stored, err)
	}
}
