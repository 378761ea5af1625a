package app_test

import (
	"fmt"
	"strings"
	"testing"

	"probability/app"
	"probability/shopify"
	"probability/store"
)

// herWords are what a merchant may write of her beside an order, and what a carrier knows her by.
var herWords = []string{"Rosalba dice que llame al 300 999 8877", "clienta rosalba.quintero77", "GUIA-7700999"}

// speakOf writes her words to an order: a report that counts, one that was taken back, one of a carrier, and a mark.
func (w *world) speakOf(t *testing.T, id, order int64) {
	t.Helper()
	said := func(note string) store.Report {
		r, _, err := w.app.ReportOutcome(t.Context(), w.user, id, order, app.NewOutcome{Outcome: store.ParcelFailed, Note: note, Source: store.SourceUser})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	undone := said(herWords[0] + ", primera vez")
	if _, err := w.app.UndoOutcome(t.Context(), w.user, id, undone.ID); err != nil {
		t.Fatal(err)
	}
	said(herWords[0])
	if _, err := w.app.MarkOrder(t.Context(), w.user, id, order, app.NewMark{Mark: -1, Scope: store.MarkCustomer, Note: herWords[1]}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.Writer().ExecContext(t.Context(), `UPDATE order_outcomes SET tracking = $2 WHERE order_id = $1 AND undone_at IS NULL`, order, herWords[2]); err != nil {
		t.Fatal(err)
	}
}

// kept are the words that stand beside an order.
func (w *world) kept(t *testing.T, id, order int64) (words []string) {
	t.Helper()
	reports, err := w.store.Reports(t.Context(), id, order, store.MaxReports)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range reports {
		words = append(words, r.Note, r.Tracking)
	}
	if m, err := w.store.OrderMark(t.Context(), id, order); err == nil {
		words = append(words, m.Note)
	}
	return words
}

// person is an order of the nth customer, and what a request says of them, with the number of the order or without.
func person(n int, updated string) (body string, request func(numbered bool) string) {
	body = fmt.Sprintf(`{"id":%d,"name":"#%d","email":"persona%d@correo.example.com","updated_at":%q,"created_at":"2026-11-01T10:00:00Z","total_price":"5.00","currency":"COP",
		"customer":{"id":%d,"email":"persona%d@correo.example.com"},"shipping_address":{"first_name":"Ana","last_name":"Ruiz","phone":"+57300123%04d","city":"Cali","country":"Colombia"}}`,
		90_000+n, n, n, updated, 500_000+n, n, n)
	return body, func(numbered bool) string {
		numbers := ""
		if numbered {
			numbers = fmt.Sprint(90_000 + n)
		}
		return fmt.Sprintf(`{"shop_id":954889,"shop_domain":%q,"customer":{"id":%d,"email":"Persona%d@correo.example.com"},"orders_to_redact":[%s]}`, shopDomain, 500_000+n, n, numbers)
	}
}

// However a redaction, a newer version of the order and what is said of it follow each other, nothing that was said before the
// request is left when it is carried out, and of others nothing is lost.
func TestRedaction_LeavesNoWordsOfTheMerchant(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	n, requests := 0, 0
	deliver := func(topic, body string) {
		t.Helper()
		requests++
		w.accept(t, w.incoming(topic, fmt.Sprint("r-", requests), body))
		w.process(t, id)
		w.rateAll(t, id)
	}
	body, _ := person(n, "2026-11-01T10:00:00Z")
	deliver(app.TopicOrdersCreate, body)
	other := w.orders(t, id)["90000"].ID
	w.speakOf(t, id, other)
	for ways := range 8 {
		again, numbered, newer := ways&1 != 0, ways&2 != 0, ways&4 != 0
		n++
		first, request := person(n, "2026-11-02T10:00:00Z")
		deliver(app.TopicOrdersCreate, first)
		theirs := w.orders(t, id)[fmt.Sprint(90_000+n)].ID
		w.speakOf(t, id, theirs)
		if again { // they were erased before and are spoken of again, of whom nothing but the number is known any more
			deliver(shopify.TopicCustomersRedact, request(true))
			w.carryOut(t, id)
			if _, _, err := w.app.ReportOutcome(t.Context(), w.user, id, theirs, app.NewOutcome{Outcome: store.ParcelDelivered, Note: herWords[0], Source: store.SourceAPI}); err != nil {
				t.Fatal(err)
			}
		}
		deliver(shopify.TopicCustomersRedact, request(again || numbered))
		if newer { // comes between the request and the scan
			body, _ := person(n, "2026-11-09T10:00:00Z")
			deliver(app.TopicOrdersUpdated, body)
		}
		w.carryOut(t, id)
		if words := w.kept(t, id, theirs); strings.Join(words, "") != "" || len(words) < 2 {
			t.Errorf("erased before %v, numbered %v, a newer version first %v: left of the customer: %q", again, numbered, newer, words)
		}
	}
	w.wantSums(t)
	words := strings.Join(w.kept(t, id, other), " ")
	for _, said := range herWords {
		if !strings.Contains(words, said) {
			t.Errorf("of another customer %q is not left: %s", said, words)
		}
	}
}

// A newer version that comes between a request and its scan takes the customer out of the order before the scan sees it.
func TestRedaction_AVersionThatComesFirstTakesTheWordsWithIt(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	w.accept(t, w.incoming(app.TopicOrdersCreate, "w-1", herOrder(9001, "2026-11-02T10:00:00Z")))
	w.process(t, id)
	hers := w.orders(t, id)["9001"].ID
	w.rateAll(t, id)
	w.speakOf(t, id, hers)
	if before := w.where(t, id, herWords...); len(before) < len(herWords) {
		t.Fatalf("before: %v, so the test proves nothing", before)
	}
	w.accept(t, w.incoming(shopify.TopicCustomersRedact, "r", redaction(shopDomain, "")))
	w.process(t, id)
	w.accept(t, w.incoming(app.TopicOrdersUpdated, "w-2", herOrder(9001, "2026-11-09T10:00:00Z")))
	w.process(t, id)
	w.carryOut(t, id)
	if words := w.kept(t, id, hers); strings.Join(words, "") != "" || len(words) < 2 {
		t.Errorf("left of her: %q", words)
	}
	if found := w.where(t, id, append(herWords, herValues...)...); len(found) > 0 {
		t.Errorf("left of her:\n%s", strings.Join(found, "\n"))
	}
	var marks int
	if err := w.store.Writer().QueryRowContext(t.Context(), `SELECT count(*) FROM customer_marks`).Scan(&marks); err != nil || marks != 0 {
		t.Errorf("%d marks of her are left, %v", marks, err)
	}
}
