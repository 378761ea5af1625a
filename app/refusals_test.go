package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"probability/app"
	"probability/shopify"
	"probability/store"
)

// refusals are those of the integration after a sweep, by check.
func (w *world) refusals(t *testing.T, id int64) map[string]store.Refusal {
	t.Helper()
	w.clock.Add(11 * time.Second)
	if err := w.app.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, err := w.store.Refusals(t.Context(), id, 1000, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]store.Refusal{}
	for _, r := range rows {
		if _, twice := out[r.Reason]; twice {
			t.Fatalf("two rows of %s", r.Reason)
		}
		out[r.Reason] = r
	}
	return out
}

func TestRefusals_SayWhichCheckRefused(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *app.Config) { c.AppSecret = "secret-of-all" })
	w.clock.now = w.clock.now.Truncate(time.Hour).Add(time.Minute)
	id := w.connect(t).Integration.ID
	body := order(1, "2026-11-01T10:00:00Z", "paid")
	for range 3 {
		d := w.incoming(app.TopicOrdersCreate, "w", body)
		d.HMAC, d.Topic, d.ContentEncoding, d.Proxied = shopify.Sign("another", d.Body), strings.Repeat("x", 900), strings.Repeat("g", 900), true
		wantError(t, w.app.Accept(t.Context(), d), app.Unauthorized, "webhook_signature_invalid")
	}
	rubbish := w.incoming(app.TopicOrdersCreate, "w", body)
	rubbish.HMAC = strings.Repeat("!", 44)
	wantError(t, w.app.Accept(t.Context(), rubbish), app.Unauthorized, "webhook_signature_invalid")
	wantError(t, w.app.Accept(t.Context(), w.incoming(app.TopicOrdersCreate, "w", "{")), app.Invalid, "invalid_json")
	w.app.Refuse(app.Incoming{Shop: strings.ToUpper(shopDomain), Topic: app.TopicOrdersCreate, BodyBytes: 5 << 20}, app.RefusedTooLarge)
	w.app.Refuse(app.Incoming{Shop: "otra.myshopify.com"}, app.RefusedNotSigned)
	w.app.Refuse(app.Incoming{Shop: "evil.com/.myshopify.com"}, app.RefusedNotSigned)
	got := w.refusals(t, id)
	wrong := got[app.RefusedWrongSecret]
	if wrong.Count != 3 || wrong.Secrets != 2 || !wrong.Proxied || len(wrong.Topic) != 255 || len(wrong.ContentEncoding) != 64 || wrong.BodyBytes != int64(len(body)) {
		t.Errorf("wrong signature: %+v", wrong)
	}
	if got[app.RefusedMalformed].Count != 1 || got[app.RefusedJSON].BodyBytes != 1 || got[app.RefusedTooLarge].BodyBytes != 5<<20 || len(got) != 4 {
		t.Errorf("got %+v", got)
	}
	if !strings.Contains(w.log.String(), "not connected were refused\" deliveries=2") {
		t.Error("strangers are not counted")
	}
}

func TestRefusals_NoSecretIsToldToWhomItIsMissing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	mine := w.connect(t).Integration.ID
	other := w.addUser(t, "luis@example.com")
	c, err := w.app.Connect(t.Context(), other, app.ConnectInput{StoreName: shopDomain, Credentials: app.Credentials{AccessToken: shopToken}})
	if err != nil {
		t.Fatal(err)
	}
	d := w.incoming(app.TopicOrdersCreate, "w", order(1, "2026-11-01T10:00:00Z", "paid"))
	d.HMAC = shopify.Sign("another", d.Body)
	wantError(t, w.app.Accept(t.Context(), d), app.Unauthorized, "webhook_signature_invalid")
	if got := w.refusals(t, mine); got[app.RefusedWrongSecret].Secrets != 1 || len(got) != 1 {
		t.Errorf("mine: %+v", got)
	}
	if got := w.refusals(t, c.Integration.ID); got[app.RefusedNoSecret].Count != 1 || len(got) != 1 {
		t.Errorf("theirs: %+v", got)
	}
}

func TestRefusals_AreAProblemUntilADeliveryIsTaken(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.clock.now = w.clock.now.Truncate(time.Hour).Add(time.Minute)
	id := w.connect(t).Integration.ID
	wrong := func() {
		t.Helper()
		d := w.incoming(app.TopicOrdersCreate, "w", order(1, "2026-11-01T10:00:00Z", "paid"))
		d.HMAC = shopify.Sign("another", d.Body)
		wantError(t, w.app.Accept(t.Context(), d), app.Unauthorized, "webhook_signature_invalid")
		w.refusals(t, id)
	}
	w.app.Refuse(app.Incoming{Shop: shopDomain}, app.RefusedNotSigned) // anybody can
	w.refusals(t, id)
	if in := w.integration(t, id); problems(in)[app.ProblemRefused] {
		t.Errorf("an unsigned one is a problem: %v", in.Problems)
	}
	wrong()
	in := w.integration(t, id)
	if p, ok := problem(in, app.ProblemRefused); !ok || in.HealthStatus != app.HealthDegraded || !strings.HasPrefix(p.Detail, "wrong_signature, 1 in all") {
		t.Errorf("health %s %+v, want webhooks_refused", in.HealthStatus, in.Problems)
	}
	w.accept(t, w.incoming(app.TopicOrdersCreate, "good", order(1, "2026-11-01T10:00:00Z", "paid")))
	if in = w.integration(t, id); problems(in)[app.ProblemRefused] {
		t.Errorf("problems %v after one was taken", in.Problems)
	}
	w.clock.Add(time.Second)
	wrong()
	if in = w.integration(t, id); !problems(in)[app.ProblemRefused] {
		t.Errorf("problems %v after the next", in.Problems)
	}
	w.clock.Add(25 * time.Hour)
	if in = w.integration(t, id); problems(in)[app.ProblemRefused] {
		t.Errorf("problems %v a day later", in.Problems)
	}
	w.clock.Add(7 * 24 * time.Hour)
	if err := w.app.Tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := w.store.CountRefusals(t.Context(), id); err != nil || n != 0 {
		t.Errorf("%d rows after a week, %v", n, err)
	}
}

// Strangers may send any shop and at any rate: what is gathered is bounded, written seldom, and does not push out what is
// known of a connected shop.
func TestRefusals_StrangersAreBounded(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.clock.now = w.clock.now.Truncate(time.Hour).Add(time.Minute)
	id := w.connect(t).Integration.ID
	w.refusals(t, id) // the last write is just now
	for n := range 5000 {
		w.app.Refuse(app.Incoming{Shop: fmt.Sprintf("s%d.myshopify.com", n), Topic: "t"}, app.RefusedNotSigned)
	}
	d := w.incoming(app.TopicOrdersCreate, "w", "{}")
	d.HMAC = shopify.Sign("another", d.Body)
	wantError(t, w.app.Accept(t.Context(), d), app.Unauthorized, "webhook_signature_invalid")
	if own, strange := app.Gathered(w.app); own != 1 || strange > 256 {
		t.Errorf("%d of connected shops and %d of others are gathered", own, strange)
	}
	rows := func() int {
		t.Helper()
		if err := w.app.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		n, err := w.store.CountRefusals(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := rows(); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
	w.app.Refuse(app.Incoming{Shop: shopDomain}, app.RefusedNotSigned)
	w.clock.Add(9 * time.Second)
	if n := rows(); n != 1 {
		t.Errorf("%d rows after nine seconds: written too often", n)
	}
	w.clock.Add(2 * time.Second)
	if n := rows(); n != 2 {
		t.Errorf("%d rows after eleven seconds, want 2", n)
	}
	if !strings.Contains(w.log.String(), "not connected were refused\" deliveries=5000") {
		t.Error("not every stranger is counted")
	}
}
