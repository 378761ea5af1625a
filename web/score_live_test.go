package web_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"probability/store"
)

// liveBox is the part of a page that changes by itself.
func (s screen) liveBox(path string) *html.Node {
	s.t.Helper()
	boxes := s.all("div", "data-live", path)
	if len(boxes) != 1 {
		s.t.Fatalf("%s has %d boxes for %s", s.what, len(boxes), path)
	}
	return boxes[0]
}

// What is under way for the score is told on its pages, and their script is told where to ask on; without a script there is a link.
func TestScorePage_FollowsTrainingAndRating(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id, _ := b.parcels(parcel(1, deliveredParcel), parcel(2, ""), parcel(3, ""))
	w := b.browserOf("alice@example.com", "en")
	at := fmt.Sprintf("/stores/%d/score", id)
	part := func() *html.Node {
		t.Helper()
		got := w.send(http.MethodGet, at+"/live", "").want(http.StatusOK)
		for _, n := range within(got.doc, "div") {
			if has(n, "data-part") {
				return n
			}
		}
		t.Fatalf("no part: %s", got.body)
		return nil
	}
	busy := func(page screen, want bool) {
		t.Helper()
		box, now := page.liveBox(at+"/live"), part()
		if has(box, "data-busy") != want || (attr(now, "data-part") == "busy") != want || textOf(box) != textOf(now) {
			t.Errorf("%s is busy: %t, %s; want %t: %q %q", page.what, has(box, "data-busy"), attr(now, "data-part"), want, textOf(box), textOf(now))
		}
		if again := len(page.all("noscript", "", "")) == 1; again != want || want != (attr(now, "data-say") != "") {
			t.Errorf("%s offers to look again: %t, and says %q; want %t", page.what, again, attr(now, "data-say"), want)
		}
	}
	busy(w.open(at), false)
	asked := w.open(at).submit(at+"/train", nil).shows(http.StatusOK).says("The score learns from your outcomes")
	busy(asked, true)
	busy(w.open(at+"/settings"), true)
	_, err := b.app.Train(t.Context(), id)
	fatal(t, err)
	b.rate(id)
	busy(w.open(at), false)

	fatal(t, b.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error { return tx.Rescore(ctx, id, "another", noon) }))
	page := w.open(at).says("All orders are being rated anew", "0 of 3")
	busy(page, true)
	if bar := within(page.liveBox(at+"/live"), "progress"); len(bar) != 1 || attr(bar[0], "max") != "3" || attr(bar[0], "value") != "0" {
		t.Errorf("the bar is %v", bar)
	}
	if said := attr(part(), "data-say"); said != "Orders are being rated anew: 0 percent" {
		t.Errorf("it is told as %q", said)
	}
	// What the script renews when all is over has to be on the page.
	for _, name := range []string{"train", "knows"} {
		if el := page.all("div", "id", name); len(el) != 1 || !has(el[0], "data-after") {
			t.Errorf("%s is not renewed", name)
		}
	}
	b.rate(id)
	busy(w.open(at), false)
	es := b.browserOf("alice@example.com", "es")
	fatal(t, b.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error { return tx.Rescore(ctx, id, "once more", noon) }))
	es.open(at).says("Todos los pedidos se están puntuando de nuevo", "0 de 3", "Ver cómo va ahora")
	bob := b.browserOf("bob@example.com", "en")
	if got := bob.send(http.MethodGet, at+"/live", "").want(http.StatusNotFound); strings.Contains(string(got.body), "rated") {
		t.Errorf("a stranger is told %s", got.body)
	}
}
