package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"probability/shopify/simulator"
)

// upload sends a carrier's report as the page's form does.
func (s screen) upload(action, text string) screen {
	s.t.Helper()
	values := s.form(action)
	body, kind := report(s.from.b.t.(*testing.T), "guías.csv", text, "csrf_token", values.Get("csrf_token"), "dry_run", values.Get("dry_run"), "carrier", "")
	return s.from.send(http.MethodPost, action, body, kind)
}

const guides = "pedido;estado;fecha;transportadora\n#1001;Entregado;2026-11-03;TCC\n#1002;Devuelto;03/11/2026;TCC\n#9999;Entregado;2026-11-03;TCC\n#1003;quizás;2026-11-03;TCC\n"

func TestOutcomesPage_TriesThenImportsThenUndoes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id, orders := b.parcels(parcel(1, ""), parcel(2, ""), parcel(3, ""))
	w := b.browserOf("alice@example.com", "en")
	at := fmt.Sprintf("/stores/%d/outcomes", id)
	tried := w.open(at).says("No report was read yet", "0 %").upload(at+"/import", guides).shows(http.StatusOK)
	tried.says("What guías.csv would do", "It would record 2 outcomes, and 2 orders would have another outcome than now.", "“#9999” names no order", "does not say for sure", "Line 4:")
	if got := b.get(path + "outcomes/"); got.at("known") != 0.0 {
		t.Errorf("trying it stores %s", got.body)
	}
	done := tried.submit(at+"/confirm", nil).shows(http.StatusOK).says("Outcomes recorded: 2", "guías.csv", "67 %", "A carrier's report")
	if got := b.get(orders["#1002"] + "outcomes/"); got.at("end", "outcome") != "failed" || got.at("end", "source") != "csv" {
		t.Errorf("got %s", got.body)
	}
	// It is taken once.
	tried.submit(at+"/confirm", nil).shows(http.StatusOK).says("Choose it again")
	w.open(at).upload(at+"/import", guides).shows(http.StatusOK).says("Already known from this file", "There is nothing in it to record")
	undo := ""
	for _, f := range done.all("form", "", "") {
		if to := attr(f, "action"); strings.HasSuffix(to, "/undo") {
			undo = to
		}
	}
	done.submit(undo, nil).shows(http.StatusOK).says("The report was taken back", "Undone", "0 %")
	b.browserOf("alice@example.com", "es").open(at).says("Reportes leídos", "Deshecho", "Filas no tomadas")
}

// What was tried is there for its owner, for a quarter of an hour, and for the store that it was tried for.
func TestOutcomesPage_KeepsATriedReportForItsOwner(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id, _ := b.parcels(parcel(1, ""))
	w := b.browserOf("alice@example.com", "en")
	at := fmt.Sprintf("/stores/%d/outcomes", id)
	tried := w.open(at).upload(at+"/import", guides).shows(http.StatusOK)
	held := tried.form(at + "/confirm").Get("held")
	tried.submit(at+"/confirm", url.Values{"held": {strings.Repeat("0", 36)}}).says("Choose it again")
	bob := b.browserOf("bob@example.com", "en")
	bob.send(http.MethodPost, at+"/confirm", bob.open("/").form("/logout").Encode()+"&held="+held).shows(http.StatusNotFound)
	b.sim.AddShop(simulator.ShopConfig{Domain: "otra.myshopify.com", Token: shopToken})
	connected := b.post(connectPath, fmt.Sprintf(`{"store_name":"otra.myshopify.com","access_token":%q}`, shopToken)).want(http.StatusCreated)
	other := fmt.Sprintf("/stores/%.0f/outcomes/confirm", connected.at("integration", "id").(float64))
	w.send(http.MethodPost, other, tried.form(at+"/confirm").Encode()).shows(http.StatusOK).says("Choose it again")
	b.clock.pass(15 * time.Minute)
	tried.submit(at+"/confirm", nil).shows(http.StatusOK).says("Choose it again")
	if got := b.get(path + "outcomes/"); got.at("known") != 0.0 {
		t.Errorf("got %s", got.body)
	}
}

func TestOutcomesPage_RefusesWhatIsNoReport(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id, _ := b.parcels(parcel(1, ""))
	w := b.browserOf("alice@example.com", "en")
	at := fmt.Sprintf("/stores/%d/outcomes", id)
	page := w.open(at)
	for text, says := range map[string]string{
		"": "There is nothing in the file", "a;b\n1;2\n": "No line at the beginning of the file names the columns", "\x00\x01": "This file is no text",
	} {
		page.upload(at+"/import", text).shows(http.StatusBadRequest).says(says)
	}
	// Without the page's proof, or with it behind the file, nothing is read.
	proof := page.form(at + "/import").Get("csrf_token")
	for _, members := range [][]string{nil, {"csrf_token", "x"}, {"csrf_token", proof + proof}, {"dry_run", "0", "csrf_token", proof}, {"csrf_token", strings.Repeat("x", 10_000)}} {
		body, kind := report(t, "r.csv", guides, members...)
		w.send(http.MethodPost, at+"/import", body, kind).shows(http.StatusForbidden)
	}
	body, _ := report(t, "r.csv", guides, "csrf_token", proof)
	w.send(http.MethodPost, at+"/import", body, header("Content-Type", "multipart/form-data; boundary=other")).shows(http.StatusForbidden)
	body, kind := report(t, "r.csv", guides, "csrf_token", proof)
	w.send(http.MethodPost, at+"/import", body, kind, header("Sec-Fetch-Site", "cross-site")).shows(http.StatusForbidden)
	body, kind = report(t, "r.csv", guides, "csrf_token", proof, "carrier", strings.Repeat("x", 300))
	w.send(http.MethodPost, at+"/import", body, kind).shows(http.StatusBadRequest).says("This is too long")
	if got := b.get(path + "outcomes/"); got.at("known") != 0.0 {
		t.Errorf("got %s", got.body)
	}
	// A file may be as long as the API takes it, which is more than other forms.
	body, kind = report(t, "r.csv", guides+strings.Repeat("\n", 2<<20), "csrf_token", proof, "dry_run", "1")
	w.send(http.MethodPost, at+"/import", body, kind).shows(http.StatusOK).says("It would record 1 outcomes")
	// With the proof and without dry_run it is recorded at once.
	body, kind = report(t, "r.csv", guides, "csrf_token", proof)
	w.send(http.MethodPost, at+"/import", body, kind).shows(http.StatusOK).says("Outcomes recorded: 1")
}
