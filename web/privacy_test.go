package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/shopify"
)

// comply takes a delivery of a compliance topic in through the door, and carries out what is due.
func (b *bench) comply(id int64, topic, body string) {
	b.t.Helper()
	b.post("/api/webhooks/shopify/orders/", body, anonymous, header("X-Shopify-Topic", topic), header("X-Shopify-Shop-Domain", shopDomain),
		header("X-Shopify-Webhook-Id", uuid.NewString()), header("X-Shopify-Hmac-Sha256", shopify.Sign(shopSecret, []byte(body)))).want(http.StatusOK)
	fatal(b.t, b.app.Process(b.t.Context(), id))
}

const dataRequest = `{"shop_id":1,"shop_domain":"` + shopDomain + `","orders_requested":[],"customer":{"id":77,"email":"ana@b.co","phone":null},"data_request":{"id":9}}`

func TestPrivacy_ACustomersDataIsHandedOverOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	var payloads []string
	for n := range 30 { // more than one piece of an export
		payloads = append(payloads, order(n, map[string]any{"email": "Ana@b.co", "note": strings.Repeat("x", 4000)}), order(100+n))
	}
	b.put(id, payloads...)
	got := b.get(path + "privacy/").want(http.StatusOK)
	if got.at("count") != 0.0 {
		t.Errorf("before: %s", got.body)
	}
	b.comply(id, shopify.TopicDataRequest, dataRequest)
	got = b.get(path + "privacy/").want(http.StatusOK)
	if got.at("count") != 1.0 || got.at("results", 0, "state") != "open" || strings.Contains(string(got.body), "b.co") {
		t.Errorf("the list is %s", got.body)
	}
	if health := b.get(path).at("health"); !strings.Contains(fmt.Sprint(health), "data_request_open") {
		t.Errorf("health %v", health)
	}
	export, _ := got.at("results", 0, "export").(string)
	b.do(http.MethodHead, export, "").want(http.StatusOK)
	if b.get(path+"privacy/").at("results", 0, "state") != "open" {
		t.Error("asking for the headers counts as fetching")
	}
	b.get(export, as(b.bob)).problem(http.StatusNotFound, "not_found")
	b.get(export, anonymous).want(http.StatusUnauthorized)
	file := b.get(export).want(http.StatusOK)
	if d := file.header.Get("Content-Disposition"); !strings.HasPrefix(d, "attachment; filename=") || strings.Contains(d, "ana") {
		t.Errorf("Content-Disposition %q", d)
	}
	var data struct {
		Customer struct{ Email string }
		Orders   []struct {
			CustomerEmail string          `json:"customer_email"`
			Raw           json.RawMessage `json:"raw_response"`
		}
	}
	fatal(t, json.Unmarshal(file.body, &data))
	if data.Customer.Email != "ana@b.co" || len(data.Orders) != 30 {
		t.Fatalf("%d orders of %q", len(data.Orders), data.Customer.Email)
	}
	for _, o := range data.Orders {
		if o.CustomerEmail != "Ana@b.co" || !strings.Contains(string(o.Raw), `"Ana@b.co"`) {
			t.Fatalf("somebody else's order: %s", o.Raw)
		}
	}
	got = b.get(path + "privacy/")
	if got.at("results", 0, "state") != "completed" || got.at("results", 0, "orders") != 30.0 {
		t.Errorf("after it was fetched: %s", got.body)
	}
	b.get(export).want(http.StatusOK) // once more, while it is there
	b.clock.pass(60 * 24 * time.Hour)
	b.get(export).problem(http.StatusGone, "privacy_export_expired")
	if b.get(path+"privacy/").at("results", 0, "export") != nil {
		t.Error("the list still has an address")
	}
}

func TestPrivacy_ARequestWithoutAnExport(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	b.comply(id, shopify.TopicDataRequest, dataRequest)
	address, _ := b.get(path+"privacy/").at("results", 0, "export").(string)
	b.comply(id, shopify.TopicCustomersRedact, `{"shop_id":1,"shop_domain":"`+shopDomain+`","customer":{"id":77},"orders_to_redact":[]}`)
	b.get(address).problem(http.StatusGone, "privacy_export_expired")
	got := b.get(path + "privacy/")
	redaction, _ := got.at("results", 0, "id").(string)
	if got.at("results", 0, "topic") != shopify.TopicCustomersRedact || got.at("results", 0, "export") != nil {
		t.Errorf("the list is %s", got.body)
	}
	b.get(path+"privacy/"+redaction+"/export/").problem(http.StatusNotFound, "not_found")
	b.get(path+"privacy/"+uuid.NewString()+"/export/").problem(http.StatusNotFound, "not_found")
	b.comply(id, shopify.TopicShopRedact, `{"shop_id":1,"shop_domain":"`+shopDomain+`"}`)
	one := b.get(path, header("Accept-Language", "es")).want(http.StatusOK)
	if one.at("is_active") != false || !strings.Contains(string(one.body), "shop_redacted") || !strings.Contains(string(one.body), "se borran todos sus datos (desde el "+b.clock.Now().Format(time.DateOnly)) {
		t.Errorf("the store is %s", one.body)
	}
	b.do(http.MethodPatch, path, `{"access_token":"`+shopToken+`"}`).problem(http.StatusServiceUnavailable, "erasure_under_way")
}
