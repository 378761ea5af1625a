package web_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"probability/app"
	"probability/shopify"
	"probability/store"
)

// written are the refusals after a sweep that writes them.
func (b *bench) written(path string, changes ...change) answer {
	b.t.Helper()
	b.clock.pass(11 * time.Second)
	fatal(b.t, b.app.Sweep(b.t.Context()))
	return b.get(path+"refusals/?page_size=100", changes...).want(http.StatusOK)
}

// check is the member of the refusals' row with that check.
func (a answer) check(name, member string) any {
	a.t.Helper()
	for i := 0; a.at("results", i) != nil; i++ {
		if a.at("results", i, "check") == name {
			return a.at("results", i, member)
		}
	}
	return nil
}

func TestRefusals_EveryCheckIsToldToTheOwner(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *options) { o.web.MaxBody = 1000 })
	path, _ := b.connected()
	body := `{"id":1}`
	large := `{"id":"` + strings.Repeat("x", 1000) + `"}`
	chunked := func(r *http.Request) { r.ContentLength, r.Body = -1, io.NopCloser(io.MultiReader(r.Body)) }
	gzip := func(r *http.Request) {
		r.Header.Set("Content-Encoding", "gzip")
		r.Header.Set("X-Forwarded-For", "203.0.113.9")
	}
	b.post(webhookPath, body, signed(body, "X-Shopify-Hmac-Sha256", "")).problem(http.StatusUnauthorized, "webhook_signature_invalid")
	b.post(webhookPath, body, signed(body, "X-Shopify-Hmac-Sha256", "short")).problem(http.StatusUnauthorized, "webhook_signature_invalid")
	b.post(webhookPath, body, signed(body, "X-Shopify-Hmac-Sha256", shopify.Sign("another", []byte(body))), gzip).problem(http.StatusUnauthorized, "webhook_signature_invalid")
	b.post(webhookPath, `{"id"`, signed(`{"id"`)).problem(http.StatusBadRequest, "invalid_json")
	b.post(webhookPath, large, signed(large)).problem(http.StatusRequestEntityTooLarge, "payload_too_large")
	b.post(webhookPath, large, signed(large), chunked).problem(http.StatusRequestEntityTooLarge, "payload_too_large")
	b.post(webhookPath, large, signed(large, "X-Shopify-Hmac-Sha256", ""), chunked).problem(http.StatusRequestEntityTooLarge, "payload_too_large")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, webhookPath, brokenReader{})
	fatal(t, err)
	signed(body)(r)
	direct(t, b.server, r).problem(http.StatusBadRequest, "incomplete_body")

	got := b.written(path)
	for check, count := range map[string]float64{
		"not_signed": 1, "malformed_signature": 1, "wrong_signature": 1, "invalid_json": 1, "too_large": 3, "incomplete_body": 1,
	} {
		if got.check(check, "count") != count {
			t.Errorf("%s: %v, want %v", check, got.check(check, "count"), count)
		}
		if text, _ := got.check(check, "message").(string); strings.Count(text, ".") < 1 || strings.Contains(text, "no value") {
			t.Errorf("%s: %q says not how to mend it", check, text)
		}
	}
	for member, want := range map[string]any{"topic": "orders/create", "body_bytes": 8.0, "content_encoding": "gzip", "proxied": true, "secrets_tried": 1.0} {
		if v := got.check("wrong_signature", member); v != want {
			t.Errorf("%s: got %v, want %v", member, v, want)
		}
	}
	if text := got.check("wrong_signature", "message").(string); !strings.Contains(text, "No known secret (1 tried)") || !strings.Contains(text, "client secret") || !strings.Contains(text, "the proxy changes the body") {
		t.Errorf("got %q", text)
	}
	es := b.written(path, header("Accept-Language", "es")).check("wrong_signature", "message").(string)
	if !strings.HasPrefix(es, "Ningún secreto conocido (1 en total)") {
		t.Errorf("got %q", es)
	}
	for _, secret := range []string{shopSecret, shopify.Sign("another", []byte(body)), "203.0.113.9"} {
		if bytes.Contains(got.body, []byte(secret)) {
			t.Errorf("%q is shown", secret)
		}
	}
	health := b.get(path).want(http.StatusOK)
	if health.at("health", "problems", 0, "code") != "webhooks_refused" && health.at("health", "problems", 1, "code") != "webhooks_refused" {
		t.Errorf("got %s", health.body)
	}
	page := b.get(path + "refusals/?page_size=2&page=2").want(http.StatusOK)
	if page.at("count") != 6.0 || page.at("next") == nil || page.at("results", 2) != nil {
		t.Errorf("got %s", page.body)
	}
	b.get(path+"refusals/?page=x").problem(http.StatusBadRequest, "invalid_parameter")
	b.get(path+"refusals/?page=9").problem(http.StatusNotFound, "invalid_page")
}

// D-21: whatever is not signed by a secret that is good now is 401 and leaves no row.
func TestWebhook_SignaturesOfOtherStoresAndFormerSecrets(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	const fresh = "shpss_00000000000000000000000000000001"
	body := order(1)
	send := func(webhook, mac string) answer {
		t.Helper()
		return b.post(webhookPath, body, signed(body, "X-Shopify-Webhook-Id", webhook, "X-Shopify-Hmac-Sha256", mac))
	}
	refused := func(what, mac string) {
		t.Helper()
		if got := send(what, mac); got.status != http.StatusUnauthorized || got.at("code") != "webhook_signature_invalid" {
			t.Errorf("%s: answered %d: %s", what, got.status, got.body)
		}
	}
	for what, mac := range map[string]string{
		"missing": "", "wrong": shopify.Sign("another", []byte(body)), "rubbish": strings.Repeat("*", 44), "rubbish in base64": strings.Repeat("A", 43) + "=",
		"right for another store": shopify.Sign("secret of another store", []byte(body)), "the empty secret": shopify.Sign("", []byte(body)),
		"of the token": shopify.Sign(shopToken, []byte(body)), "twice": shopify.Sign(shopSecret, []byte(body)) + shopify.Sign(shopSecret, []byte(body)),
	} {
		refused(what, mac)
	}
	count := func() int {
		t.Helper()
		n, err := b.store.CountDeliveries(t.Context(), id, store.DeliveryFilter{})
		fatal(t, err)
		return n
	}
	if n := count(); n != 0 {
		t.Errorf("%d rows of what was refused", n)
	}
	// During a rotation both work.
	b.do(http.MethodPatch, path, `{"api_secret":"`+fresh+`"}`).want(http.StatusOK)
	send("old", shopify.Sign(shopSecret, []byte(body))).want(http.StatusOK)
	send("new", shopify.Sign(fresh, []byte(body))).want(http.StatusOK)
	b.clock.pass(25 * time.Hour)
	refused("the former one, later", shopify.Sign(shopSecret, []byte(body)))
	send("new, later", shopify.Sign(fresh, []byte(body))).want(http.StatusOK)
	if n := count(); n != 3 {
		t.Errorf("%d rows, want 3", n)
	}
}

// D-22: an empty secret is never stored, and never verifies.
func TestWebhook_AnEmptySecretVerifiesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *options) { o.app.AppSecret = "" })
	b.accounts()
	connected := b.post(connectPath, `{"store_name":"`+shopDomain+`","access_token":"`+shopToken+`","api_secret":""}`).want(http.StatusCreated)
	if connected.at("integration", "webhooks", "status") != app.WebhooksUnsigned {
		t.Errorf("got %s", connected.body)
	}
	path := "/api/integrations/shopify/1/"
	b.do(http.MethodPatch, path, `{"api_secret":""}`).problem(http.StatusBadRequest, "validation_failed")
	for _, body := range []string{order(1), "", "{}"} {
		b.post(webhookPath, body, signed(body, "X-Shopify-Hmac-Sha256", shopify.Sign("", []byte(body)))).problem(http.StatusUnauthorized, "webhook_signature_invalid")
	}
	if n, err := b.store.CountDeliveries(t.Context(), 1, store.DeliveryFilter{}); err != nil || n != 0 {
		t.Errorf("%d rows, %v", n, err)
	}
	if got := b.written(path); got.check("no_secret", "count") != 3.0 || !strings.Contains(got.check("no_secret", "message").(string), "api_secret") {
		t.Errorf("got %s", got.body)
	}
}

func TestIntegration_TellsOfEachTopic(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	before := b.get(path).want(http.StatusOK)
	if before.at("webhooks", "topics", 0, "topic") != "orders/create" || before.at("webhooks", "topics", 0, "subscribed") != false || before.at("webhooks", "topics", 0, "last_received_at") != nil {
		t.Errorf("got %s", before.body)
	}
	b.post(path+"register-webhook/", `{"public_base_url":"https://orders.example.com"}`).want(http.StatusCreated)
	b.receive("w", "orders/updated", order(1))
	b.work(id)
	after := b.get(path).want(http.StatusOK)
	for i, want := range []any{nil, "2026-11-05T12:00:00Z", nil, nil, nil} {
		if after.at("webhooks", "topics", i, "subscribed") != true || after.at("webhooks", "topics", i, "last_received_at") != want || after.at("webhooks", "topics", i, "silent") != false {
			t.Errorf("topic %d: got %s", i, after.body)
		}
	}
}
