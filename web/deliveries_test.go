package web_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/store"
)

// receive delivers a body under a webhook id.
func (b *bench) receive(id, topic, body string) {
	b.t.Helper()
	b.post(webhookPath, body, signed(body, "X-Shopify-Webhook-Id", id, "X-Shopify-Topic", topic, "X-Shopify-API-Version", "2026-07")).want(http.StatusOK)
}

func TestDeliveries_FilterByTimeAndWebhook(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	b.receive("first", "orders/create", order(1))
	b.clock.pass(24 * time.Hour)
	b.receive("second", "orders/create", order(2))
	b.receive("third", "orders/delete", `{"id":1}`)
	b.work(id)
	for query, want := range map[string]float64{
		"webhook_id=second": 1, "webhook_id=nobody": 0, "since=2026-11-06": 2, "until=2026-11-05": 1, "since=2026-11-05&until=2026-11-06": 3,
		"since=2026-11-06T12:00:00Z": 2, "since=2026-11-06T12:00:01Z": 0, "until=2026-11-06T11:59:59Z": 1, "since=2026-11-06&topic=orders/delete&state=processed": 1,
	} {
		if got := b.get(path + "deliveries/?" + query).want(http.StatusOK).at("count"); got != want {
			t.Errorf("?%s: got %v, want %v", query, got, want)
		}
	}
	for query, name := range map[string]string{
		"since=ayer": "since", "until=1": "until", "since=2026-11-06&until=2026-11-05": "until", "state=lost": "state",
		"webhook_id=" + strings.Repeat("x", 256): "webhook_id", "topic=" + strings.Repeat("x", 256): "topic", "webhook_id=a&webhook_id=b": "webhook_id", "topic=%00": "topic",
	} {
		if got := b.get(path+"deliveries/?"+query).problem(http.StatusBadRequest, "invalid_parameter"); got.at("errors", name, 0) == nil {
			t.Errorf("?%s: got %s", query, got.body)
		}
	}
	got := b.get(path + "deliveries/?webhook_id=first").want(http.StatusOK)
	for member, want := range map[string]any{"api_version": "2026-07", "duration_ms": 0.0, "next_attempt_at": nil, "state": "processed"} {
		if v := got.at("results", 0, member); v != want {
			t.Errorf("%s: got %v, want %v", member, v, want)
		}
	}
}

func TestDelivery_ShowsTheBodyAsItCame(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	odd := `{"id": 12345678901234567890, "total_price":"10.00" ,"note":"<b>&amp; ñ"}`
	b.receive("json", "orders/create", " "+odd+"\n")
	// Bodies that no door takes today: of an older version, or with what was erased.
	for name, body := range map[string]string{"text": "not <json> \xff", "empty": ""} {
		fatal(t, b.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.InsertDeliveries(ctx, []store.Delivery{{
				ID: uuid.Must(uuid.NewV7()), IntegrationID: id, WebhookID: name, State: store.DeliveryPending, ReceivedAt: b.clock.Now(), Body: []byte(body),
			}})
			return err
		}))
	}
	one := func(webhook string) answer {
		t.Helper()
		found := b.get(path + "deliveries/?webhook_id=" + webhook).want(http.StatusOK)
		return b.get(path + "deliveries/" + found.at("results", 0, "id").(string) + "/").want(http.StatusOK)
	}
	got := one("json")
	var view struct {
		Body json.RawMessage `json:"body"`
		ID   string          `json:"id"`
	}
	fatal(t, json.Unmarshal(got.body, &view))
	if string(view.Body) != odd || view.ID == "" || got.at("state") != "pending" || got.at("duration_ms") != nil {
		t.Errorf("got %s", got.body)
	}
	if got := one("text").at("body"); got != "not <json> \uFFFD" {
		t.Errorf("got %q", got)
	}
	if got := one("empty"); got.at("body") != nil || !strings.Contains(string(got.body), `"body":null`) {
		t.Errorf("got %s", got.body)
	}
	b.get(path+"deliveries/"+uuid.NewString()+"/").problem(http.StatusNotFound, "not_found")
	b.get(path+"deliveries/replay/").problem(http.StatusMethodNotAllowed, "method_not_allowed")
}

func TestDeliveries_ManyAreReplayed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	b.receive("good", "orders/create", order(1))
	b.receive("bad", "orders/create", `"text"`)
	b.receive("gone", "orders/delete", `{}`)
	replay := func(body string, changes ...change) any {
		t.Helper()
		b.work(id)
		got := b.post(path+"deliveries/replay/", body, changes...).want(http.StatusAccepted)
		if text, _ := got.at("message").(string); text == "" || strings.Contains(text, "no value") {
			t.Errorf("got %s", got.body)
		}
		return got.at("replayed")
	}
	for body, want := range map[string]float64{
		"": 2, `{}`: 2, `{"state":null}`: 2, `{"state":"failed","topic":"orders/delete"}`: 1, `{"since":"2026-11-06"}`: 0, `{"until":"2026-11-05"}`: 2,
		`{"state":"stale"}`: 0, `{"topic":"orders/create"}`: 1,
	} {
		if got := replay(body); got != want {
			t.Errorf("%s: replayed %v, want %v", body, got, want)
		}
	}
	if got := replay("state=failed&topic=orders/create", asForm); got != 1.0 {
		t.Errorf("as a form: replayed %v, want 1", got)
	}
	if got := replay(`{"state":"processed"}`); got != 1.0 { // only when it is asked for
		t.Errorf("processed: replayed %v, want 1", got)
	}
	for body, name := range map[string]string{
		`{"state":"lost"}`: "state", `{"since":"ayer"}`: "since", `{"topic":5}`: "topic", `{"since":"2026-11-06","until":"2026-11-05"}`: "until",
	} {
		if got := b.post(path+"deliveries/replay/", body).problem(http.StatusBadRequest, "validation_failed"); got.at("errors", name, 0) == nil {
			t.Errorf("%s: got %s", body, got.body)
		}
	}
	b.post(path+"deliveries/replay/", `[`).problem(http.StatusBadRequest, "invalid_json")
}

// Every failed delivery says what was wrong, and what to do.
func TestDeliveries_FailuresSayWhatToDo(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	for n, body := range map[string]string{
		"orders/create": `"text"`, "orders/updated": `{"orders":[` + order(1) + `,5]}`, "orders/cancelled": `{"orders":[` + strings.Repeat("{},", 5000) + `{}]}`,
		"orders/delete": `{}`, "app/uninstalled": `{"id":1}`,
	} {
		b.receive(n, n, body)
	}
	b.work(id)
	for _, language := range []string{"en", "es"} {
		page := b.get(path+"deliveries/?state=failed", header("Accept-Language", language)).want(http.StatusOK)
		if page.at("count") != 5.0 {
			t.Fatalf("%v failed, want 5", page.at("count"))
		}
		codes := map[any]bool{}
		for i := range 5 {
			text, _ := page.at("results", i, "error").(string)
			if strings.Count(text, ".") < 2 || strings.Contains(text, "no value") {
				t.Errorf("%s: %q", page.at("results", i, "error_code"), text)
			}
			codes[page.at("results", i, "error_code")] = true
		}
		if len(codes) != 5 {
			t.Errorf("codes %v, want five", codes)
		}
	}
}
