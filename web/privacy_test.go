package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/shopify"
	"probability/store"
	"probability/store/storetest"
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
	b.rate(id)
	listed := b.listed(id)
	told := listed[slices.IndexFunc(listed, func(o store.Order) bool { return o.CustomerEmail == "Ana@b.co" })]
	of := path + "orders/" + fmt.Sprint(told.ID)
	b.post(of+"/outcomes/", `{"outcome":"failed","carrier":"TCC","note":"no quiso salir"}`).want(http.StatusCreated)
	b.post(of+"/outcomes/", `{"outcome":"delivered","carrier":"TCC","note":"al fin la recibió"}`).want(http.StatusCreated)
	b.do(http.MethodPut, of+"/mark/", `{"mark":"block","scope":"order","note":"pide \u0026 devuelve"}`).want(http.StatusOK)
	b.rate(id)
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
			ID            int64
			Outcomes      []struct{ Outcome, Source, Carrier, Note string }
			Mark          *struct{ Mark, Note string }
			Facts         *struct {
				Missing  []string
				Findings []string
				Total    string
			}
			Score *struct {
				Order   int64
				Score   int
				Addends []any
				Words   struct{ Summary string }
			}
		}
	}
	fatal(t, json.Unmarshal(file.body, &data))
	if data.Customer.Email != "ana@b.co" || len(data.Orders) != 30 {
		t.Fatalf("%d orders of %q", len(data.Orders), data.Customer.Email)
	}
	found := false
	for _, o := range data.Orders {
		if o.CustomerEmail != "Ana@b.co" || !strings.Contains(string(o.Raw), `"Ana@b.co"`) {
			t.Fatalf("somebody else's order: %s", o.Raw)
		}
		if o.Facts == nil || o.Score == nil || o.Score.Order != o.ID || len(o.Score.Addends) == 0 || o.Score.Words.Summary == "" {
			t.Fatalf("order %d is without its score: %+v %+v", o.ID, o.Facts, o.Score)
		}
		if o.ID != told.ID {
			if len(o.Outcomes) != 0 || o.Mark != nil {
				t.Errorf("order %d has what was said of another: %+v", o.ID, o)
			}
			continue
		}
		found = true
		if o.Facts.Total != told.TotalPrice || fmt.Sprint(o.Facts.Missing) == "[]" {
			t.Errorf("facts %+v", o.Facts)
		}
		if fmt.Sprint(o.Outcomes) != "[{delivered api TCC al fin la recibió} {failed api TCC no quiso salir}]" || o.Mark == nil || o.Mark.Note != "pide & devuelve" {
			t.Errorf("said of it: %+v, %+v", o.Outcomes, o.Mark)
		}
	}
	if !found {
		t.Error("the order that something was said of is missing")
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

// What is deleted, and what was never read for its score, is handed over as well, with as much as there is of it.
func TestPrivacy_HandsOverOrdersWithoutAScore(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	hers := func(n int) string { return order(n, map[string]any{"email": "ana@b.co"}) }
	b.put(id, hers(1), hers(2), hers(3))
	b.rate(id)
	for _, o := range b.listed(id) {
		if o.Number != "#1" {
			continue
		}
		b.post(path+"orders/"+fmt.Sprint(o.ID)+"/outcomes/", `{"outcome":"failed","note":"gone with the order"}`).want(http.StatusCreated)
	}
	b.remove(id, 1)
	fatal(t, b.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		if err := storetest.Within(ctx, tx, `DELETE FROM order_facts WHERE order_id IN (SELECT o.id FROM orders o WHERE o.order_number = '#2')`); err != nil {
			return err
		}
		return storetest.Within(ctx, tx, `UPDATE order_facts SET facts_version = 0`)
	}))
	b.comply(id, shopify.TopicDataRequest, dataRequest)
	export, _ := b.get(path+"privacy/").at("results", 0, "export").(string)
	file := b.get(export).want(http.StatusOK)
	for i := range 3 {
		if file.at("orders", i, "score") != nil || file.at("orders", i, "facts") != nil || fmt.Sprint(file.at("orders", i, "outcomes")) != "[]" {
			t.Errorf("order %d is %v", i, file.at("orders", i))
		}
	}
	if file.at("orders", 3) != nil || strings.Contains(string(file.body), "gone with") {
		t.Errorf("the file is %s", file.body)
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
