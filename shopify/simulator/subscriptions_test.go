package simulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"probability/shopify"
	"probability/shopify/simulator"
)

func (b *bundle) subscribe(topic, address string) answer {
	b.t.Helper()
	body, err := json.Marshal(map[string]any{"webhook": map[string]string{"topic": topic, "address": address, "format": "json"}})
	if err != nil {
		b.t.Fatal(err)
	}
	return b.send(http.MethodPost, api+"webhooks.json", string(body))
}

func (a answer) webhook(t *testing.T) shopify.Webhook {
	t.Helper()
	var got struct{ Webhook shopify.Webhook }
	if err := json.Unmarshal([]byte(a.body), &got); err != nil || got.Webhook.ID == 0 {
		t.Fatalf("webhook: %v in %d %s", err, a.status, a.body)
	}
	return got.Webhook
}

func TestWebhooks_LifeOfASubscription(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	created := b.subscribe("orders/create", "https://in.example.com/hook")
	w := created.webhook(t)
	if created.status != http.StatusCreated || w.Topic != "orders/create" || w.Address != "https://in.example.com/hook" || w.Format != "json" || w.APIVersion != "2026-10" || w.CreatedAt == "" {
		t.Errorf("created: got %d %+v", created.status, w)
	}
	one := fmt.Sprintf("%swebhooks/%d.json", api, w.ID)
	b.clock.Advance(day)
	moved := b.send(http.MethodPut, one, `{"webhook":{"address":"https://other.example.com/"}}`).webhook(t)
	if moved.Address != "https://other.example.com/" || moved.Topic != w.Topic || moved.UpdatedAt == w.UpdatedAt {
		t.Errorf("moved: got %+v", moved)
	}
	if again := b.send(http.MethodPut, one, `{"webhook":{"address":"https://other.example.com/"}}`).webhook(t); again != moved {
		t.Errorf("moved to where it is: got %+v, want %+v", again, moved)
	}
	if got := b.shop.Subscriptions(); len(got) != 1 || got[0] != moved {
		t.Errorf("got %+v, want %+v", got, moved)
	}
	if got := b.send(http.MethodGet, one, "").webhook(t); got != moved {
		t.Errorf("got %+v, want %+v", got, moved)
	}
	if a := b.send(http.MethodDelete, one, ""); a.status != http.StatusOK || a.body != "{}" {
		t.Errorf("deleted: got %d %s", a.status, a.body)
	}
	for _, method := range []string{http.MethodDelete, http.MethodGet} {
		if a := b.send(method, one, ""); a.status != http.StatusNotFound {
			t.Errorf("%s after the end: got %d, want 404", method, a.status)
		}
	}
	if n := b.get("webhooks/count.json").count(t); n != 0 {
		t.Errorf("got %d subscriptions, want none", n)
	}
}

func TestWebhooks_Refusals(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.subscribe("orders/create", "https://in.example.com/")
	updated := b.subscribe("orders/updated", "https://in.example.com/").webhook(t)
	check := func(what string, a answer, status int, part string) {
		t.Helper()
		if a.status != status || !strings.Contains(a.body, part) {
			t.Errorf("%s: got %d %s, want %d with %s", what, a.status, a.body, status, part)
		}
	}
	check("taken", b.subscribe("orders/create", "https://in.example.com/"), 422, `{"errors":{"address":["for this topic has already been taken"]}}`)
	b.subscribe("orders/updated", "https://two.example.com/")
	check("taken by change", b.send(http.MethodPut, fmt.Sprintf("%swebhooks/%d.json", api, updated.ID), `{"webhook":{"address":"https://two.example.com/"}}`), 422, "already been taken")
	check("http", b.subscribe("orders/create", "http://in.example.com/"), 422, `{"errors":{"address":["protocol http:// is not supported"]}}`)
	check("no URL", b.subscribe("orders/create", "in.example.com"), 422, `"address"`)
	check("no address", b.subscribe("orders/create", ""), 422, "can't be blank")
	check("no topic", b.subscribe("", "https://in.example.com/"), 422, `"topic"`)
	check("orders/update", b.subscribe("orders/update", "https://in.example.com/"), 422, "Invalid topic specified")
	check("compliance", b.subscribe("customers/redact", "https://in.example.com/"), 422, "Invalid topic specified")
	check("format", b.send(http.MethodPost, api+"webhooks.json", `{"webhook":{"topic":"orders/paid","address":"https://x.example.com","format":"csv"}}`), 422, `"format"`)
	check("no object", b.send(http.MethodPost, api+"webhooks.json", `{"topic":"orders/paid"}`), 400, `"webhook"`)
	check("no JSON", b.send(http.MethodPost, api+"webhooks.json", `topic=orders/paid`), 400, "errors")
	check("method", b.send(http.MethodPatch, api+"webhooks.json", `{}`), 404, "Not Found")
	b.shop.SetScopes("read_products")
	check("scope", b.subscribe("orders/paid", "https://in.example.com/"), 422, "access scope")
	b.shop.SetScopes("read_orders")
	b.shop.SetPersonalData(simulator.PersonalDataRefused)
	check("personal data", b.subscribe("orders/paid", "https://in.example.com/"), 403, "protected customer data")
	check("no order", b.subscribe("app/uninstalled", "https://in.example.com/"), 201, "app/uninstalled")
}

func TestWebhooks_ListPagesAndFilters(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	for i := range 60 {
		b.subscribe("orders/updated", fmt.Sprintf("https://in%d.example.com/", i))
	}
	b.subscribe("orders/create", "https://in1.example.com/")
	list := func(url string) ([]shopify.Webhook, answer) {
		a := b.send(http.MethodGet, url, "")
		var got struct{ Webhooks []shopify.Webhook }
		if err := json.Unmarshal([]byte(a.body), &got); err != nil {
			t.Fatalf("%v in %d %s", err, a.status, a.body)
		}
		return got.Webhooks, a
	}
	first, a := list(api + "webhooks.json")
	if len(first) != 50 {
		t.Errorf("got %d, want 50", len(first))
	}
	rest, last := list(a.relation(t, "next"))
	if len(rest) != 11 || last.relation(t, "next") != "" {
		t.Errorf("got %d more, want 11", len(rest))
	}
	if back, _ := list(last.relation(t, "previous")); len(back) != 50 || back[0] != first[0] {
		t.Errorf("back: got %d", len(back))
	}
	for query, want := range map[string]int{
		"?topic=orders/create": 1, "?address=https://in1.example.com/": 2, "?topic=orders/paid": 0, "?limit=250": 61, fmt.Sprintf("?since_id=%d", first[49].ID): 11,
	} {
		if got, _ := list(api + "webhooks.json" + query); len(got) != want {
			t.Errorf("%s: got %d, want %d", query, len(got), want)
		}
	}
	b.shop.DropSubscriptions()
	if got, _ := list(api + "webhooks.json"); len(got) != 0 {
		t.Errorf("dropped: got %d", len(got))
	}
}
