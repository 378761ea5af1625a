package app_test

import (
	"testing"

	"probability/app"
	"probability/shopify/simulator"
)

func TestRegisterWebhooks(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *app.Config) { c.PublicURL = "" })
	c := w.connect(t)
	if c.Integration.WebhookStatus != app.WebhooksOff {
		t.Errorf("webhooks %s without a public address, want off", c.Integration.WebhookStatus)
	}
	id := c.Integration.ID
	_, err := w.app.RegisterWebhooks(t.Context(), w.user, id, "")
	wantError(t, err, app.Invalid, "public_url_required")
	for _, base := range []string{
		"http://orders.example.com", "ftp://x", "orders.example.com", "https://", "https://a:b@example.com", "https://example.com/?q=1",
		"https://example.com/#f", "javascript:alert(1)", "http://10.0.0.1", "http://localhost.evil.com",
	} {
		_, err := w.app.RegisterWebhooks(t.Context(), w.user, id, base)
		wantError(t, err, app.Invalid, "validation_failed")
	}
	register := func(base string, changed bool) {
		t.Helper()
		reg, err := w.app.RegisterWebhooks(t.Context(), w.user, id, base)
		if err != nil || reg.Changed != changed || len(reg.Webhooks) != len(app.Topics) {
			t.Fatalf("register at %s: %+v, %v, want changed = %v", base, reg, err, changed)
		}
		subs := w.shop.Subscriptions()
		if len(subs) != len(app.Topics) {
			t.Errorf("%d subscriptions, want %d", len(subs), len(app.Topics))
		}
	}
	register("https://orders.example.com/", true)
	register("https://orders.example.com", false)
	if in := w.integration(t, id); in.WebhookStatus != app.WebhooksActive {
		t.Errorf("webhooks %s, want active", in.WebhookStatus)
	}
	register("https://moved.example.com/base", true) // corrected, not doubled
	for _, s := range w.shop.Subscriptions() {
		if s.Address != "https://moved.example.com/base"+app.WebhookPath {
			t.Errorf("%s still goes to %s", s.Topic, s.Address)
		}
	}
	w.shop.DropSubscriptions()
	register("https://moved.example.com/base", true)
}

func TestRegisterWebhooks_Failures(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *app.Config) { c.PublicURL = "" })
	id := w.connect(t).Integration.ID
	w.shop.Inject(simulator.Fault{Kind: simulator.FaultInternal, Path: "webhooks.json", Method: "POST", Skip: 2})
	_, err := w.app.RegisterWebhooks(t.Context(), w.user, id, publicURL)
	wantError(t, err, app.Invalid, "shopify_error")
	w.shop.ClearFaults()
	if reg, err := w.app.RegisterWebhooks(t.Context(), w.user, id, publicURL); err != nil || !reg.Changed {
		t.Errorf("after the failure: %+v, %v, want the missing ones made", reg, err)
	}
	other := w.addUser(t, "luis@example.com")
	_, err = w.app.RegisterWebhooks(t.Context(), other, id, publicURL)
	wantError(t, err, app.NotFound, "not_found")
}

func TestConnect_WebhooksFailingIsNoFailure(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.shop.Inject(simulator.Fault{Kind: simulator.FaultInternal, Path: "webhooks.json"})
	c := w.connect(t)
	if c.Integration.WebhookStatus != app.WebhooksMissing || !problems(c.Integration)[app.ProblemNoWebhooks] {
		t.Errorf("webhooks %s, problems %v, want missing", c.Integration.WebhookStatus, c.Integration.Problems)
	}
}
