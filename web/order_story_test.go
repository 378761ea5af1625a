package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// story are the events of an order's page, as they are read.
func (s screen) story() []string {
	s.t.Helper()
	var out []string
	for _, li := range within(s.all("ol", "class", "story")[0], "li") {
		out = append(out, textOf(li))
	}
	return out
}

// What was said of an order stands in its story, in the order of time, with who said it and where it came from.
func TestOrderPage_TellsOfOutcomesAndMarksInItsStory(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id, orders := b.parcels(parcel(1, deliveredParcel), parcel(2, ""), parcel(3, ""))
	w := b.browserOf("alice@example.com", "en")
	at := pageOf(orders["#1001"])
	events := w.open(at).story()
	platform := slices.IndexFunc(events, func(e string) bool { return strings.HasPrefix(e, "Outcome that the score takes: Delivered and paid") })
	if platform < 0 || !strings.Contains(events[platform], "3 Nov 2026, 15:00 UTC · Shopify") {
		t.Fatalf("what Shopify tells is not in %q", events)
	}

	b.clock.pass(time.Minute)
	w.open(at).submit(at+"/outcome", url.Values{"outcome": {"failed"}, "happened_at": {"2026-11-03"}, "carrier": {"TCC"}, "note": {"no quiso"}}).shows(http.StatusOK)
	b.clock.pass(time.Minute)
	w.open(at).submit(at+"/mark", url.Values{"mark": {"block"}, "scope": {"customer"}, "note": {"pide y no recibe"}}).shows(http.StatusOK)
	b.clock.pass(time.Minute)
	b.post(orders["#1001"]+"outcomes/", `{"outcome":"cancelled"}`).want(http.StatusCreated)
	b.clock.pass(time.Minute)
	page := w.open(at)
	undo := ""
	for _, f := range page.all("form", "", "") {
		if to := attr(f, "action"); strings.HasSuffix(to, "/undo") && undo == "" {
			undo = to // of the newest
		}
	}
	page = page.submit(undo, nil).shows(http.StatusOK)
	stamp := func(ago time.Duration) string {
		return b.clock.Now().UTC().Add(-ago).Format("2 Jan 2006, 15:04") + " UTC"
	}
	want := []string{
		"Report taken back: Cancelled " + stamp(0),
		"Outcome reported: Cancelled " + stamp(time.Minute) + " · A program, by the API: alice@example.com",
		"Blocked: This customer, in all their orders pide y no recibe " + stamp(2*time.Minute) + " · alice@example.com",
		"Outcome reported: Not delivered ( 3 Nov 2026 ) TCC · no quiso " + stamp(3*time.Minute) + " · alice@example.com",
	}
	if got := page.story(); len(got) < len(want)+2 || !slices.Equal(got[:len(want)], want) {
		t.Errorf("the story is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	es := b.browserOf("alice@example.com", "es").open(at).story()
	if !strings.HasPrefix(es[0], "Reporte retirado: Cancelado") || !strings.Contains(strings.Join(es, "\n"), "Resultado que toma el puntaje: Entregado y pagado") {
		t.Errorf("in Spanish it is %q", es)
	}

	// A carrier's report is named by its file, and leads to where it can be taken back.
	outcomes := fmt.Sprintf("/stores/%d/outcomes", id)
	w.open(outcomes).upload(outcomes+"/import", guides).shows(http.StatusOK).submit(outcomes+"/confirm", nil).shows(http.StatusOK)
	page = w.open(pageOf(orders["#1002"]))
	if got := page.story()[0]; !strings.HasPrefix(got, "Outcome reported: Not delivered ( 3 Nov 2026 ) TCC ") || !strings.HasSuffix(got, "· A carrier's report: guías.csv") {
		t.Errorf("the report is told as %q", got)
	}
	if to := attr(within(page.all("ol", "class", "story")[0], "a")[0], "href"); to != outcomes+"#reports" {
		t.Errorf("it leads to %s", to)
	}
	// An order of which nobody said anything has none of it.
	for _, e := range w.open(pageOf(orders["#1003"])).story() {
		if strings.Contains(e, "utcome") || strings.Contains(e, "alice") {
			t.Errorf("the story of a plain order says %q", e)
		}
	}
}

// However much was said of an order, its story is short enough to be read, and the newest of it is there.
func TestOrderPage_KeepsItsStoryShort(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, _, orders := b.parcels(parcel(1, ""))
	for i := range 70 {
		b.clock.pass(time.Minute)
		b.post(orders["#1001"]+"outcomes/", fmt.Sprintf(`{"outcome":%q,"note":"note %02d."}`, []string{"failed", "delivered"}[i%2], i)).want(http.StatusCreated)
	}
	events := b.browserOf("alice@example.com", "en").open(pageOf(orders["#1001"])).story()
	if len(events) != 50 || !strings.Contains(events[0], "note 69.") || !strings.Contains(events[49], "note 20.") {
		t.Errorf("%d events from %q to %q", len(events), events[0], events[len(events)-1])
	}
}
