package web_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"probability/shopify"
	"probability/store"
)

const webhookPath = "/api/webhooks/shopify/orders/"

func TestWebhook_IsStoredBeforeItIsAcknowledged(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	body := order(1)
	got := b.post(webhookPath, body, signed(body)).want(http.StatusOK)
	if string(got.body) != "{\"status\":\"ok\"}\n" {
		t.Errorf("got %s", got.body)
	}
	due, err := b.store.PendingDeliveries(t.Context(), id, b.clock.Now(), 0, 10)
	fatal(t, err)
	if len(due) != 1 || string(due[0].Body) != body {
		t.Fatalf("%d deliveries are stored", len(due))
	}
	list := b.get(path + "deliveries/").want(http.StatusOK)
	for member, want := range map[string]any{
		"webhook_id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043", "event_id": "98880550-7158-44d4-b7cd-2c97c8a091b5", "topic": "orders/create",
		"state": "pending", "attempts": 0.0, "error": nil, "received_at": "2026-11-05T12:00:00Z", "processed_at": nil,
	} {
		if v := list.at("results", 0, member); v != want {
			t.Errorf("%s: got %v, want %v", member, v, want)
		}
	}
	if v := b.get(path).at("webhooks", "last_received_at"); v != "2026-11-05T12:00:00Z" {
		t.Errorf("last_received_at is %v", v)
	}
}

func TestWebhook_TakesBothHeaderFamiliesAndEveryShape(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	plain := func(r *http.Request) {
		for name, values := range r.Header {
			if short, ok := strings.CutPrefix(name, "X-Shopify-"); ok {
				r.Header["Shopify-"+short] = values
				delete(r.Header, name)
			}
		}
	}
	chunked := func(r *http.Request) { r.ContentLength, r.Body = -1, io.NopCloser(io.MultiReader(r.Body)) }
	for i, body := range []string{order(1), `{"order":` + order(2) + `}`, `{"orders":[` + order(3) + `,` + order(4) + `]}`, ` { "id" : 9 } `, `{}`, `[]`} {
		webhookID := string(rune('a' + i))
		b.post(webhookPath, body, signed(body, "X-Shopify-Webhook-Id", webhookID), plain).want(http.StatusOK)
		b.post(webhookPath, body, signed(body, "X-Shopify-Webhook-Id", webhookID), chunked).want(http.StatusOK) // the same again
	}
	n, err := b.store.CountDeliveries(t.Context(), id, store.DeliveryFilter{})
	fatal(t, err)
	if n != 6 {
		t.Errorf("%d deliveries are stored, want 6", n)
	}
	b.work(id)
	if got := b.get(path + "orders/?ordering=created_at").want(http.StatusOK).at("count"); got != 5.0 {
		t.Errorf("%v orders, want 5", got)
	}
}

func TestWebhook_RefusesWhatIsNotProven(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id := b.connected()
	body := order(1)
	for name, forge := range map[string]change{
		"unsigned":         signed(body, "X-Shopify-Hmac-Sha256", ""),
		"another body":     signed(body, "X-Shopify-Hmac-Sha256", shopify.Sign(shopSecret, []byte(body+" "))),
		"another secret":   signed(body, "X-Shopify-Hmac-Sha256", shopify.Sign("x", []byte(body))),
		"no secret at all": signed(body, "X-Shopify-Hmac-Sha256", shopify.Sign("", []byte(body))),
		"no base64":        signed(body, "X-Shopify-Hmac-Sha256", "!!!!"),
		"hexadecimal":      signed(body, "X-Shopify-Hmac-Sha256", strings.Repeat("ab", 32)),
		"an API token":     func(r *http.Request) { signed(body, "X-Shopify-Hmac-Sha256", "")(r); as(b.alice)(r) },
		"unknown shop":     signed(body, "X-Shopify-Shop-Domain", "otra.myshopify.com"),
		"no shop":          signed(body, "X-Shopify-Shop-Domain", ""),
		"odd shop":         signed(body, "X-Shopify-Shop-Domain", "mi-tienda.myshopify.com/x"),
	} {
		got := b.post(webhookPath, body, forge).problem(http.StatusUnauthorized, "webhook_signature_invalid")
		if got.header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: no challenge", name)
		}
	}
	broken := `{"id":1`
	b.post(webhookPath, broken, signed(broken)).problem(http.StatusBadRequest, "invalid_json")
	b.post(webhookPath, "", signed("")).problem(http.StatusBadRequest, "invalid_json")
	n, err := b.store.CountDeliveries(t.Context(), id, store.DeliveryFilter{})
	fatal(t, err)
	if n != 0 {
		t.Errorf("%d deliveries are stored of what was refused", n)
	}
}

func TestWebhook_UnknownShopIsNotFoundOnceItIsProven(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *options) { o.app.AppSecret = "the app's own" })
	b.connected()
	body := order(1)
	mac := shopify.Sign("the app's own", []byte(body))
	b.post(webhookPath, body, signed(body, "X-Shopify-Hmac-Sha256", mac, "X-Shopify-Shop-Domain", "otra.myshopify.com")).
		problem(http.StatusNotFound, "webhook_shop_unknown")
	b.post(webhookPath, body, signed(body, "X-Shopify-Hmac-Sha256", mac, "X-Shopify-Shop-Domain", "")).
		problem(http.StatusNotFound, "webhook_shop_unknown")
}

func TestWebhook_ReachesEveryoneWhoConnectedTheShop(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, _ := b.connected()
	b.post(connectPath, `{"store_name":"`+shopDomain+`","access_token":"`+shopToken+`"}`, as(b.bob)).want(http.StatusCreated)
	body := order(1)
	b.post(webhookPath, body, signed(body)).want(http.StatusOK)
	theirs := b.get("/api/integrations/shopify/", as(b.bob)).want(http.StatusOK)
	if theirs.at(0, "webhooks", "last_received_at") == nil || b.get(path).at("webhooks", "last_received_at") == nil {
		t.Error("one of the two owners got nothing")
	}
}

func TestDeliveries_AreFilteredAndReplayed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	for name, body := range map[string]string{"first": order(1), "odd": `"text"`, "gone": `{"id":1}`} {
		topic := "orders/create"
		if name == "gone" {
			topic = "orders/delete"
		}
		b.post(webhookPath, body, signed(body, "X-Shopify-Webhook-Id", name, "X-Shopify-Topic", topic)).want(http.StatusOK)
	}
	b.work(id)
	for query, want := range map[string]float64{"": 3, "state=failed": 1, "state=processed": 2, "state=pending": 0, "topic=orders/delete": 1, "state=failed&topic=orders/delete": 0} {
		if got := b.get(path + "deliveries/?" + query).want(http.StatusOK).at("count"); got != want {
			t.Errorf("?%s: got %v, want %v", query, got, want)
		}
	}
	b.get(path+"deliveries/?state=lost").problem(http.StatusBadRequest, "invalid_parameter")
	b.get(path+"deliveries/?page=2").problem(http.StatusNotFound, "invalid_page")
	failed := b.get(path+"deliveries/?state=failed", header("Accept-Language", "es")).want(http.StatusOK)
	if text, _ := failed.at("results", 0, "error").(string); !strings.HasPrefix(text, "El cuerpo no contiene") || failed.at("results", 0, "error_code") != "not_an_order" {
		t.Errorf("got %s", failed.body)
	}
	got := b.post(path+"deliveries/"+failed.at("results", 0, "id").(string)+"/replay/", "").want(http.StatusAccepted)
	if got.at("delivery", "state") != "pending" || got.at("message") == "" || got.at("delivery", "error") != nil {
		t.Errorf("got %s", got.body)
	}
	page := b.get(path + "deliveries/?page_size=1&page=2").want(http.StatusOK)
	if page.at("next") == nil || page.at("previous") == nil || page.at("results", 1) != nil {
		t.Errorf("got %s", page.body)
	}
}

// work processes the integration's deliveries, as its job would.
func (b *bench) work(id int64) {
	b.t.Helper()
	fatal(b.t, b.app.Process(b.t.Context(), id))
}
