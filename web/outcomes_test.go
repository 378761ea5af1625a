package web_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"probability/shopify"
	"probability/store"
)

func asCSV(r *http.Request) { r.Header.Set("Content-Type", "text/csv") }

// asReport is a carrier's report in a form, as a page sends it.
func asReport(boundary string) change {
	return header("Content-Type", "multipart/form-data; boundary="+boundary)
}

// rate rates what is due, as its job would.
func (b *bench) rate(id int64) {
	b.t.Helper()
	for range 100 {
		p, err := b.app.ScoreOrders(b.t.Context(), id)
		fatal(b.t, err)
		if p.Done {
			return
		}
	}
	b.t.Fatal("the rating does not end")
}

// unrate takes the scores of orders away, all without a number, as if they could not be made.
func (b *bench) unrate(id int64, numbers ...string) {
	b.t.Helper()
	b.rate(id) // what else is due
	orders, err := b.store.Orders(b.t.Context(), store.OrderFilter{IntegrationID: id, Limit: 1000})
	fatal(b.t, err)
	fatal(b.t, b.store.Update(b.t.Context(), func(ctx context.Context, tx *store.Tx) error {
		for _, o := range orders {
			if len(numbers) > 0 && !slices.Contains(numbers, o.Number) {
				continue
			}
			if err := tx.SetMark(ctx, id, o.ID, 0); err != nil { // which makes it due
				return err
			}
		}
		due, err := tx.DueScores(ctx, id, 1000)
		if err != nil {
			return err
		}
		rated := make([]store.Rated, len(due))
		for i, o := range due {
			rated[i].Order = o
		}
		return tx.PutScores(ctx, id, rated)
	}))
}

// parcel is an order that was paid on delivery.
func parcel(id int, more string) string {
	return fmt.Sprintf(`{"id":%d,"name":"#%d","created_at":"2026-11-01T10:00:00-05:00","updated_at":"2026-11-01T10:00:00-05:00","currency":"COP","total_price":"90000.00",
		"financial_status":"pending","payment_gateway_names":["Cash on Delivery (COD)"],"email":"ana@example.com","shipping_address":{"name":"Ana Gómez Ruiz",
		"phone":"+57 301 482 7395","address1":"Calle 12 # 34-56","city":"Soacha","province":"Cundinamarca","country":"Colombia","country_code":"CO"},
		"line_items":[{"product_id":7,"title":"Lámpara","quantity":1,"price":"90000.00"}]%s}`, 5000+id, 1000+id, more)
}

const deliveredParcel = `,"fulfillment_status":"fulfilled","fulfillments":[{"created_at":"2026-11-02T10:00:00-05:00","updated_at":"2026-11-03T10:00:00-05:00","status":"success","shipment_status":"delivered","tracking_company":"TCC"}]`

// parcels stores some orders and rates them; it gives the integration's path, its number, and the orders' paths by their numbers.
func (b *bench) parcels(payloads ...string) (path string, id int64, orders map[string]string) {
	b.t.Helper()
	path, id = b.connected()
	b.put(id, payloads...)
	b.rate(id)
	orders = map[string]string{}
	found, err := b.store.Orders(b.t.Context(), store.OrderFilter{IntegrationID: id, Limit: 1000})
	fatal(b.t, err)
	for _, o := range found {
		orders[o.Number] = fmt.Sprintf("%sorders/%d/", path, o.ID)
	}
	return path, id, orders
}

func TestOutcomes_TheLastReportCountsBeforeThePlatform(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, _, orders := b.parcels(parcel(1, deliveredParcel))
	order := orders["#1001"]
	end := func(outcome, source string) answer {
		t.Helper()
		got := b.get(order + "outcomes/").want(http.StatusOK)
		if got.at("end", "outcome") != outcome || got.at("end", "source") != source {
			t.Errorf("got %s, want %s by %s", got.body, outcome, source)
		}
		if score := b.get(order + "score/").want(http.StatusOK); score.at("end", "outcome") != outcome || score.at("end", "platform", "outcome") != "delivered" {
			t.Errorf("got %s", score.body)
		}
		return got
	}
	if got := end("delivered", "platform"); got.at("end", "at") != "2026-11-03T15:00:00Z" || got.at("reports", 0) != nil {
		t.Errorf("got %s", got.body)
	}
	first := b.post(order+"outcomes/", `{"outcome":"failed","happened_at":"2026-11-04","carrier":" TCC ","note":"rehusado"}`).want(http.StatusCreated)
	for member, want := range map[string]any{
		"outcome": "failed", "counts": true, "source": "api", "happened_at": "2026-11-04T23:59:59.999Z", "recorded_at": "2026-11-05T12:00:00Z", "carrier": "TCC",
		"note": "rehusado", "undone_at": nil, "import": nil, "tracking": nil,
	} {
		if got := first.at(member); got != want {
			t.Errorf("%s: got %v, want %v", member, got, want)
		}
	}
	end("failed", "api")
	if again := b.post(order+"outcomes/", `{"outcome":"failed","happened_at":"2026-11-04","carrier":"TCC","note":"rehusado"}`).want(http.StatusOK); again.at("id") != first.at("id") {
		t.Errorf("sent again: got %s", again.body)
	}
	cookie, proof := b.sessionOf("alice@example.com")
	second := b.post(order+"outcomes/", `{"outcome":"delivered"}`, anonymous, cookie, proof).want(http.StatusCreated)
	end("delivered", "user")

	undo := func(a answer, counting string) {
		t.Helper()
		got := b.do(http.MethodDelete, path+"outcomes/"+a.at("id").(string)+"/", "").want(http.StatusOK)
		if got.at("undone_at") != "2026-11-05T12:00:00Z" || got.at("counts") != false {
			t.Errorf("got %s", got.body)
		}
		if all := b.get(order + "outcomes/"); all.at("end", "source") != counting {
			t.Errorf("got %s, want what %s says", all.body, counting)
		}
	}
	undo(second, "api")
	undo(second, "api") // once more
	undo(first, "platform")
	if all := end("delivered", "platform"); all.at("reports", 0, "id") != second.at("id") || all.at("reports", 1, "id") != first.at("id") {
		t.Errorf("got %s", all.body)
	}
}

// What was reported of earlier parcels changes the score of a later order of the same customer, and lists show it.
func TestOutcomes_ChangeWhatFollows(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	later := strings.ReplaceAll(parcel(2, ""), "2026-11-01T10", "2026-11-05T06")
	path, _, orders := b.parcels(parcel(1, ""), later)
	before := b.get(orders["#1002"]).at("delivery_score").(float64)
	b.post(orders["#1001"]+"outcomes/", `{"outcome":"failed","happened_at":"2026-11-03T00:00:00Z"}`).want(http.StatusCreated)
	after := b.get(orders["#1002"], header("Accept-Language", "es")).want(http.StatusOK)
	if after.at("delivery_score").(float64) >= before || !strings.Contains(string(after.body), `{"code":"customer_refused_before","label":"Rechazó un paquete antes","points":-`) {
		t.Errorf("before %v, after %s", before, after.body)
	}
	if got := b.get(path + "outcomes/").want(http.StatusOK); got.at("orders") != 2.0 || got.at("pending") != 1.0 || got.at("share") != 0.5 ||
		got.at("sources", "api", "failed") != 1.0 || got.at("outcomes", "failed") != 1.0 || got.at("sources", "platform", "delivered") != 0.0 || got.at("not_shipped") != nil {
		t.Errorf("got %s", got.body)
	}
}

func TestOutcomes_RefuseWhatCannotBe(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id, orders := b.parcels(parcel(1, ""), parcel(2, ""))
	order := orders["#1001"]
	for body, name := range map[string]string{
		`{}`: "outcome", `{"outcome":"lost"}`: "outcome", `{"outcome":5}`: "outcome", `{"outcome":"pending"}`: "outcome", `{"outcome":"failed","happened_at":"ayer"}`: "happened_at",
		`{"outcome":"failed","happened_at":"2026-11-07"}`: "happened_at", `{"outcome":"failed","happened_at":"2026-10-30"}`: "happened_at",
		`{"outcome":"failed","carrier":"` + strings.Repeat("x", 101) + `"}`: "carrier", `{"outcome":"failed","note":"` + strings.Repeat("ñ", 501) + `"}`: "note",
	} {
		if got := b.post(order+"outcomes/", body).problem(http.StatusBadRequest, "validation_failed"); got.at("errors", name, 0) == nil {
			t.Errorf("%.60s: got %s", body, got.body)
		}
	}
	for body, name := range map[string]string{
		`{}`: "mark", `{"mark":"maybe"}`: "mark", `{"mark":"allow","scope":"all"}`: "scope", `{"mark":"allow","note":"` + strings.Repeat("x", 501) + `"}`: "note",
	} {
		if got := b.do(http.MethodPut, order+"mark/", body).problem(http.StatusBadRequest, "validation_failed"); got.at("errors", name, 0) == nil {
			t.Errorf("%.60s: got %s", body, got.body)
		}
	}
	b.post(order+"outcomes/", `[`).problem(http.StatusBadRequest, "invalid_json")
	said := b.post(orders["#1002"]+"outcomes/", `{"outcome":"failed"}`).want(http.StatusCreated).at("id").(string)
	fatal(t, b.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.DeleteOrder(ctx, id, "5002", noon)
		return err
	}))
	for _, p := range []string{"score/", "outcomes/"} {
		b.get(orders["#1002"]+p).problem(http.StatusNotFound, "not_found")
	}
	b.post(orders["#1002"]+"outcomes/", `{"outcome":"failed"}`).problem(http.StatusNotFound, "not_found")
	b.do(http.MethodPut, orders["#1002"]+"mark/", `{"mark":"allow"}`).problem(http.StatusNotFound, "not_found")
	b.do(http.MethodDelete, path+"outcomes/"+said+"/", "").problem(http.StatusNotFound, "not_found")
}

func TestMarks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, _, orders := b.parcels(parcel(1, ""), parcel(2, ""), strings.ReplaceAll(strings.ReplaceAll(parcel(3, ""), "+57 301 482 7395", ""), "ana@example.com", ""))
	score := func(number string) float64 {
		t.Helper()
		listed := b.get(orders[number]).want(http.StatusOK).at("delivery_score").(float64)
		if shown := b.get(orders[number] + "score/").want(http.StatusOK); shown.at("score") != listed || shown.at("stored", "up_to_date") != true {
			t.Errorf("%s: listed %v, explained %s", number, listed, shown.body)
		}
		return listed
	}
	mark := func(number, body string) answer {
		t.Helper()
		return b.do(http.MethodPut, orders[number]+"mark/", body).want(http.StatusOK)
	}
	plain := score("#1001")
	if got := mark("#1001", `{"mark":"block","note":"engaña"}`); got.at("mark", "mark") != "block" || got.at("mark", "scope") != "order" || got.at("mark", "note") != "engaña" {
		t.Errorf("got %s", got.body)
	}
	if blocked := score("#1001"); blocked >= plain || score("#1002") != plain {
		t.Errorf("blocked %v, plain %v", blocked, plain)
	}
	mark("#1001", `{"mark":"allow","scope":"customer"}`) // and no longer blocked by itself
	if one, two := score("#1001"), score("#1002"); one <= plain || two <= plain {
		t.Errorf("allowed %v and %v, plain %v", one, two, plain)
	}
	if got := b.get(orders["#1001"] + "score/"); got.at("mark", "mark") != "allow" || got.at("mark", "scope") != "customer" || got.at("positive_factors", 0, "code") != "manual" {
		t.Errorf("got %s", got.body)
	}
	mark("#1002", `{"mark":"block","scope":"customer"}`)
	if one, two := score("#1001"), score("#1002"); one >= plain || two >= plain {
		t.Errorf("blocked %v and %v, plain %v", one, two, plain)
	}
	if got := b.get(orders["#1001"] + "score/"); got.at("mark", "mark") != "block" || got.at("mark", "scope") != "customer" || got.at("mark", "marked_at") != nil {
		t.Errorf("what was said at another order: %s", got.body)
	}
	if got := mark("#1001", `{"mark":"none"}`); got.at("mark") != nil {
		t.Errorf("got %s", got.body)
	}
	if one, two := score("#1001"), score("#1002"); one != plain || two != plain {
		t.Errorf("%v and %v, want %v again", one, two, plain)
	}
	if got := b.do(http.MethodPut, orders["#1003"]+"mark/", `{"mark":"block","scope":"customer"}`).problem(http.StatusBadRequest, "validation_failed"); got.at("errors", "scope", 0) == nil {
		t.Errorf("got %s", got.body)
	}
	if got := b.get(orders["#1003"] + "score/"); got.at("mark") != nil {
		t.Errorf("what was refused is stored: %s", got.body)
	}
}

// Whatever somebody wrote of an order goes with its customer; what became of the parcel stays.
func TestOutcomes_NotesGoWithTheCustomer(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id, orders := b.parcels(parcel(1, `,"customer":{"id":9}`))
	order := orders["#1001"]
	b.post(order+"outcomes/", `{"outcome":"failed","note":"Ana no abre"}`).want(http.StatusCreated)
	b.do(http.MethodPut, order+"mark/", `{"mark":"block","note":"Ana"}`).want(http.StatusOK)
	b.post(path+"outcomes/import/", "pedido;estado;guia\n1001;devuelto;G-99\n", asCSV).want(http.StatusOK)
	b.comply(id, shopify.TopicCustomersRedact, `{"shop_domain":"`+shopDomain+`","customer":{"id":9,"email":"ana@example.com","phone":"+573014827395"},"orders_to_redact":[5001]}`)
	requests, err := b.store.PrivacyRequests(t.Context(), id, 1, 0)
	fatal(t, err)
	for range 10 {
		if again, err := b.app.Redact(t.Context(), requests[0].ID); err != nil || again == 0 {
			fatal(t, err)
			break
		}
	}
	got := b.get(order + "outcomes/").want(http.StatusOK)
	if got.at("end", "outcome") != "failed" || got.at("reports", 1, "note") != nil || got.at("reports", 0, "tracking") != nil || got.at("reports", 0, "source") != "csv" {
		t.Errorf("got %s", got.body)
	}
	b.rate(id)
	if score := b.get(order + "score/").want(http.StatusOK); strings.Contains(string(score.body), "Ana") || strings.Contains(string(score.body), "301") || score.at("mark", "note") != nil {
		t.Errorf("the erased customer is in %s", score.body)
	}
}

func TestScore_OfOrdersThatTellLittle(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	b.put(id, `{"id":1,"name":"#1","created_at":"2026-11-01T10:00:00Z"}`, `{"id":2,"name":"#2","test":true}`)
	list := b.get(path + "orders/?ordering=created_at").want(http.StatusOK)
	for i := range 2 {
		order := fmt.Sprintf("%sorders/%.0f/score/", path, list.at("results", i, "id").(float64))
		got := b.get(order).want(http.StatusOK)
		if got.at("stored", "score") != got.at("score") || got.at("stored", "up_to_date") != true || len(got.at("missing").([]any)) < 8 || got.at("basis") != "prior" {
			t.Errorf("got %s", got.body)
		}
	}
	b.unrate(id)
	if got := b.get(path + "orders/?ordering=created_at"); got.at("results", 0, "delivery_score") != nil || got.at("results", 0, "delivery_probability") != nil || got.at("results", 0, "negative_factors", 0) != nil {
		t.Errorf("got %s", got.body)
	}
	got := b.get(fmt.Sprintf("%sorders/%.0f/score/", path, list.at("results", 0, "id").(float64)), header("Accept-Language", "es")).want(http.StatusOK)
	if got.at("stored", "score") != nil || got.at("stored", "band") != nil || got.at("stored", "up_to_date") != false || got.at("model_id") != nil || got.at("settings_version") != 0.0 || got.header.Get("Content-Language") != "es" {
		t.Errorf("got %s", got.body)
	}
	if text, _ := got.at("words", "summary").(string); !strings.Contains(text, "De 100 pedidos") {
		t.Errorf("got %q", text)
	}
}

func TestOrders_AreFilteredAndSortedByScore(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id, _ := b.parcels(parcel(1, ""), strings.ReplaceAll(parcel(2, ""), "+57 301 482 7395", ""), strings.ReplaceAll(parcel(3, ""), "Cash on Delivery (COD)", "shopify_payments"))
	b.put(id, parcel(4, ""))
	b.unrate(id, "#1004")
	if got := b.get(path + "orders/?ordering=-delivery_score").want(http.StatusOK).numbers(); got != "1003 1001 1002 1004" {
		t.Errorf("got %s", got)
	}
	if got := b.get(path + "orders/?ordering=delivery_score&cursor=&page_size=3").want(http.StatusOK); got.numbers() != "1004 1002 1001" {
		t.Errorf("got %s", got.body)
	} else if next := b.get(got.at("next").(string)).want(http.StatusOK).numbers(); next != "1003" {
		t.Errorf("then %s", next)
	}
	scores := map[string]int{}
	for i, number := range []string{"1003", "1001", "1002"} {
		scores[number] = int(b.get(path+"orders/?ordering=-delivery_score").at("results", i, "delivery_score").(float64))
	}
	for query, want := range map[string]string{
		fmt.Sprintf("min_score=%d", scores["1001"]): "1003 1001", fmt.Sprintf("max_score=%d", scores["1001"]): "1001 1002",
		fmt.Sprintf("min_score=%d&max_score=%d", scores["1001"], scores["1001"]): "1001", "min_score=0": "1003 1001 1002", "delivery_probability=unscored": "1004",
		"min_score=100": "",
	} {
		got := b.get(path + "orders/?ordering=-delivery_score&" + query).want(http.StatusOK)
		if got.numbers() != want || got.at("count") != float64(len(strings.Fields(want))) {
			t.Errorf("?%s: got %s of %v, want %s", query, got.numbers(), got.at("count"), want)
		}
	}
	for _, query := range []string{"min_score=-1", "max_score=101", "min_score=x", "max_score=5.5"} {
		name, _, _ := strings.Cut(query, "=")
		if got := b.get(path+"orders/?"+query).problem(http.StatusBadRequest, "invalid_parameter"); got.at("errors", name, 0) == nil {
			t.Errorf("?%s: got %s", query, got.body)
		}
	}
	export := string(b.get(path + "orders/export/?ordering=-delivery_score&fields=order_number,delivery_score,delivery_probability,recommended_carrier,negative_factors").want(http.StatusOK).body)
	if !strings.HasPrefix(export, "order_number,delivery_probability,recommended_carrier,delivery_score,negative_factors\r\n#1003,") || !strings.Contains(export, "Payment on delivery") ||
		!strings.Contains(export, `"[{""code"":""`) {
		t.Errorf("got %s", export)
	}
	lines := b.get(path+"orders/export/?format=ndjson&min_score=0", header("Accept-Language", "es")).want(http.StatusOK)
	if n := strings.Count(string(lines.body), "\n"); n != 3 || !strings.Contains(string(lines.body), "Pago contra entrega") {
		t.Errorf("got %d lines: %s", n, lines.body)
	}
	stats := b.get(path + "stats/?since=2026-11-01&until=2026-11-01").want(http.StatusOK)
	if stats.at("totals", "scores", "unscored") != 1.0 || stats.at("totals", "orders") != 4.0 {
		t.Errorf("got %s", stats.body)
	}
	b.clock.pass(time.Second)
}
