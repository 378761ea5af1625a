package app_test

import (
	"testing"
	"time"

	"probability/app"
	"probability/shopify/simulator"
	"probability/store"
	"probability/store/storetest"
)

func TestTest_KeepsWhatItLearns(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.connect(t)
	id := c.Integration.ID
	w.shop.SetScopes("read_orders")
	res, err := w.app.Test(t.Context(), w.user, id)
	if err != nil || res.Err != nil || res.Shop.MyshopifyDomain != shopDomain || len(res.Permissions) != 1 {
		t.Fatalf("test: %+v, %v", res, err)
	}
	in := w.integration(t, id)
	if !in.LastSync.IsZero() {
		t.Error("a test moved the time of the last sync")
	}
	if !problems(in)[app.ProblemLimited] {
		t.Errorf("problems %v, want the 60-day wall after the scope is gone", in.Problems)
	}
	w.shop.RevokeToken()
	res, err = w.app.Test(t.Context(), w.user, id)
	if err != nil || res.Err == nil || res.Err.Code != "invalid_token" {
		t.Fatalf("test with a revoked token: %+v, %v", res, err)
	}
	if in = w.integration(t, id); !problems(in)[app.ProblemReauthorize] || in.HealthStatus != app.HealthNeedsAttention {
		t.Errorf("health %s %v, want reauthorize", in.HealthStatus, in.Problems)
	}
	w.shop.SetToken(shopToken)
	if res, err = w.app.Test(t.Context(), w.user, id); err != nil || res.Err != nil {
		t.Fatalf("test with the token back: %+v, %v", res, err)
	}
	if in = w.integration(t, id); problems(in)[app.ProblemReauthorize] {
		t.Errorf("problems %v, want reauthorize gone", in.Problems)
	}
	w.shop.Inject(simulator.Fault{Kind: simulator.FaultInternal})
	if res, err = w.app.Test(t.Context(), w.user, id); err != nil || res.Err == nil || res.Err.Code != "shopify_error" {
		t.Errorf("test while Shopify fails: %+v, %v", res, err)
	}
	if in = w.integration(t, id); in.HealthStatus == app.HealthNeedsAttention {
		t.Errorf("one failed call made the store need attention: %v", in.Problems)
	}
}

func TestHealth_SubscriptionsThatVanish(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.connect(t)
	w.runImport(t, c.Import.ID)
	w.shop.DropSubscriptions()
	if res, err := w.app.Test(t.Context(), w.user, c.Integration.ID); err != nil || res.Err != nil {
		t.Fatalf("test: %+v, %v", res, err)
	}
	if in := w.integration(t, c.Integration.ID); in.WebhookStatus != app.WebhooksMissing || in.HealthStatus != app.HealthDegraded {
		t.Errorf("webhooks %s, health %s after a look at Shopify, want missing and degraded", in.WebhookStatus, in.HealthStatus)
	}
	w.check(t, c.Integration.ID) // the test of the connection made it due
	if in := w.integration(t, c.Integration.ID); in.WebhookStatus != app.WebhooksActive || len(w.shop.Subscriptions()) != len(app.Topics) {
		t.Errorf("webhooks %s, %d subscriptions after the next look, want them made again", in.WebhookStatus, len(w.shop.Subscriptions()))
	}
}

func TestHealth_VersionThatIsNoLongerServed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.shop.SetVersions("2027-01", "2027-04")
	c := w.connect(t)
	if !problems(c.Integration)[app.ProblemVersionExpired] || c.Integration.ServedVersion != "2027-01" {
		t.Fatalf("served %s, problems %v, want api_version_expired", c.Integration.ServedVersion, c.Integration.Problems)
	}
	w.shop.SetVersions("2026-10")
	if run := w.runImport(t, c.Import.ID); run.State != store.ImportCompleted {
		t.Fatalf("run %+v", run)
	}
	if in := w.integration(t, c.Integration.ID); problems(in)[app.ProblemVersionExpired] {
		t.Errorf("problems %v, want the version's gone", in.Problems)
	}
}

func TestHealth_UnreachableForLong(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.shop.Generate(300, 80*days)
	c := w.connect(t)
	w.shop.Inject(simulator.Fault{Kind: simulator.FaultBadGateway, Path: "orders.json"})
	for range 4 {
		p, err := w.app.Import(t.Context(), c.Import.ID)
		if err != nil || p.Done || p.After <= 0 {
			t.Fatalf("slice: %+v, %v, want put off", p, err)
		}
		w.clock.Add(p.After)
	}
	in := w.integration(t, c.Integration.ID)
	if !problems(in)[app.ProblemUnreachable] || in.HealthStatus != app.HealthDegraded {
		t.Errorf("health %s %v, want degraded: shopify_unreachable", in.HealthStatus, in.Problems)
	}
	run, err := w.store.ImportByID(t.Context(), c.Import.ID)
	if err != nil || run.State != store.ImportRunning || run.ErrorCode != app.ProblemUnreachable || run.NextAttemptAt.IsZero() {
		t.Errorf("run %+v, %v, want running with its reason and next try", run, err)
	}
	w.shop.ClearFaults()
	if run, err = w.app.StartSync(t.Context(), w.user, in.ID, time.Time{}); err != nil || run.ID != c.Import.ID {
		t.Fatalf("sync now: %+v, %v, want the same run", run, err)
	}
	if p, err := w.app.Import(t.Context(), run.ID); err != nil || !p.Done { // without waiting for its next try
		t.Errorf("slice: %+v, %v, want done", p, err)
	}
	if in = w.integration(t, in.ID); in.HealthStatus != app.HealthOK {
		t.Errorf("health %s %v, want ok", in.HealthStatus, in.Problems)
	}
}

func TestImport_StormOfFaults(t *testing.T) {
	t.Parallel()
	w := setup(t)
	n := storetest.Size(3000, 1260)
	w.shop.Generate(n, 80*days)
	c := w.connect(t)
	w.shop.Storm(0.2)
	run := w.runImport(t, c.Import.ID)
	if run.State != store.ImportCompleted || run.Created != n || len(w.orders(t, c.Integration.ID)) != n {
		t.Errorf("run %+v, want %d created", run, n)
	}
}
