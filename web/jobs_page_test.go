package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/store"
)

func TestJobs_AreRetriedAndCancelledByTheirOwnerOnly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id := b.connected()
	w := b.browserOf("alice@example.com", "en")
	page := w.open("/jobs").says("Import", "First import", shopDomain, "Waiting")
	key := attr(page.all("input", "name", "work")[0], "value")

	// A stranger sees nothing of it, and the key does nothing in their hands.
	bob := b.browserOf("bob@example.com", "en")
	empty := bob.open("/jobs").says("Nothing runs, waits or failed")
	proof := empty.form("/logout").Get("csrf_token")
	for _, more := range []string{"", "&all=1"} {
		bob.send(http.MethodPost, "/jobs/do", "csrf_token="+proof+"&do=cancel&confirm=1&work="+url.QueryEscape(key)+more).shows(http.StatusOK).says("Nothing was cancelled")
	}
	w.open("/jobs").says("First import")

	page.submit("/jobs/do", url.Values{"do": {"retry"}, "all": nil, "work": nil}).shows(http.StatusOK).says("Nothing was chosen")
	page.submit("/jobs/do", url.Values{"do": {"retry"}, "all": nil, "work": {key}}).shows(http.StatusOK).says("One job is tried again now.")
	page.submit("/jobs/do", url.Values{"do": {"retry"}, "all": nil, "work": {"import-waiting-" + uuid.NewString(), key, "x"}}).shows(http.StatusOK).
		says("One job is tried again now. 2 of those chosen")
	page.submit("/jobs/do", url.Values{"do": {"explode"}, "work": {key}}).shows(http.StatusBadRequest)

	// To cancel is asked once more, and nothing happens before.
	sure := page.submit("/jobs/do", url.Values{"do": {"cancel"}, "all": nil, "work": {key}}).shows(http.StatusOK).says("Cancel these jobs?", "One job ends at once")
	w.open("/jobs").says("First import")
	sure.submit("/jobs/do", url.Values{}).shows(http.StatusOK).says("One job was cancelled.", "Nothing runs, waits or failed")
	runs, err := b.store.Imports(t.Context(), id, 5, 0)
	fatal(t, err)
	if len(runs) != 1 || runs[0].State != store.ImportCancelled {
		t.Errorf("the runs are %+v", runs)
	}
	page.submit("/jobs/do", url.Values{"do": {"cancel"}, "all": nil, "work": {key}}).shows(http.StatusOK).says("Nothing was cancelled. One of those chosen")
	w.open("/stores/" + fmt.Sprint(id)).says("It was cancelled by hand")
}

// All that match the filter are meant, and no other.
func TestJobs_AllThatMatch(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id := b.connected()
	b.everything(id)
	fatal(t, b.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		return tx.PutWebhookCheck(ctx, id, store.WebhookCheck{DueAt: noon.Add(time.Hour), Failures: 2})
	}))
	w := b.browserOf("alice@example.com", "es")
	w.open("/jobs").says("Fallida", "En curso", "Webhooks", "Suscripciones de webhooks", "1.000 / 5.000")
	page := w.open("/jobs?state=failed&kind=deliveries").says("no contiene ningún pedido", "La única que coincide")
	page.submit("/jobs/do", url.Values{"do": {"retry"}, "all": {"1"}}).shows(http.StatusOK).says("Una tarea se reintenta ahora.", "Ninguna tarea coincide")
	failed, err := b.store.CountDeliveries(t.Context(), id, store.DeliveryFilter{State: store.DeliveryFailed})
	fatal(t, err)
	if failed != 0 {
		t.Errorf("%d deliveries are still failed", failed)
	}
	// What was not meant is as it was.
	w.open("/jobs?kind=webhooks").says("Suscripciones de webhooks")
	for _, odd := range []string{"state=x", "kind=x", "store=x", "page=0", "state=failed&state=failed"} {
		w.send(http.MethodGet, "/jobs?"+odd, "").shows(http.StatusBadRequest)
	}
	w.send(http.MethodGet, "/jobs?page=2", "").shows(http.StatusNotFound)
	w.send(http.MethodGet, "/jobs?store=999999", "").shows(http.StatusOK).says("Ninguna tarea coincide")
	many := "csrf_token=" + page.form("/logout").Get("csrf_token") + strings.Repeat("&work=x", 1001)
	w.send(http.MethodPost, "/jobs/do", many).shows(http.StatusBadRequest)
}

func TestDeliveries_AreChosenToBeProcessedAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id := b.connected()
	b.everything(id)
	fatal(t, b.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		return tx.AddRefusals(ctx, []store.Refusal{{IntegrationID: id, Reason: "wrong_signature", Count: 41, FirstAt: noon, LastAt: noon, Topic: "orders/paid", Secrets: 2}}, 10)
	}))
	at := fmt.Sprintf("/stores/%d/deliveries", id)
	w := b.browserOf("alice@example.com", "en")
	page := w.open(at).says("Refused", "Signature fits", "No known secret (2 tried)", "orders/paid", "41")
	count := func(state string) int {
		n, err := b.store.CountDeliveries(t.Context(), id, store.DeliveryFilter{State: state})
		fatal(t, err)
		return n
	}
	pending := count(store.DeliveryPending)
	page.submit(at+"/replay", url.Values{"do": {"chosen"}}).shows(http.StatusOK).says("Nothing was chosen")
	boxes := page.all("input", "name", "delivery")
	if len(boxes) != 4 {
		t.Fatalf("%d can be chosen, want all but the one that waits", len(boxes))
	}
	chosen := url.Values{"do": {"chosen"}, "delivery": {attr(boxes[0], "value"), attr(boxes[1], "value"), uuid.NewString(), "x"}}
	page.submit(at+"/replay", chosen).shows(http.StatusOK).says("to be processed again: 2.")
	if got := count(store.DeliveryPending); got != pending+2 {
		t.Errorf("%d wait, want %d", got, pending+2)
	}
	// Another's is nobody's here.
	own := b.post("/api/integrations/shopify/connect/", fmt.Sprintf(`{"store_name":%q,"access_token":%q}`, shopDomain, shopToken), as(b.bob)).
		want(http.StatusCreated).at("integration", "id")
	bob := b.browserOf("bob@example.com", "en")
	proof := bob.open("/").form("/logout").Get("csrf_token")
	bob.send(http.MethodPost, fmt.Sprintf("/stores/%v/deliveries/replay", own), "csrf_token="+proof+"&do=chosen&delivery="+attr(boxes[2], "value")).
		shows(http.StatusOK).says("Nothing was chosen")
	if got := count(store.DeliveryPending); got != pending+2 {
		t.Errorf("%d wait, want %d", got, pending+2)
	}
	// All of a state: only once it was confirmed.
	page = w.open(at + "?state=duplicate")
	duplicates := count(store.DeliveryDuplicate)
	sure := page.submit(at+"/replay", url.Values{"do": {"all"}, "state": {"duplicate"}}).shows(http.StatusOK).says("Process again?", "One webhook is processed again")
	if got := count(store.DeliveryDuplicate); got != duplicates || got != 1 {
		t.Errorf("%d are duplicates, want %d", got, duplicates)
	}
	sure.submit(at+"/replay", url.Values{}).shows(http.StatusOK).says("to be processed again: 1.")
	if got := count(store.DeliveryDuplicate); got != 0 {
		t.Errorf("%d are duplicates, want none", got)
	}
	page.submit(at+"/replay", url.Values{"state": {"x"}}).shows(http.StatusBadRequest)
}

// The list is narrowed by state, topic and day, and what is done with all that match stays within that.
func TestDeliveries_AllThatMatchTheFilter(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id := b.connected()
	at := fmt.Sprintf("/stores/%d/deliveries", id)
	fatal(t, b.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		for day := range 4 {
			for _, topic := range []string{"orders/create", "orders/updated"} {
				for _, state := range []string{store.DeliveryProcessed, store.DeliveryFailed, store.DeliveryPending} {
					_, err := tx.InsertDeliveries(ctx, []store.Delivery{{
						ID: uuid.Must(uuid.NewV7()), IntegrationID: id, Topic: topic, State: state, Body: []byte(`{}`), ReceivedAt: noon.AddDate(0, 0, -day),
					}})
					if err != nil {
						return err
					}
				}
			}
		}
		return nil
	}))
	count := func(f store.DeliveryFilter) int {
		n, err := b.store.CountDeliveries(t.Context(), id, f)
		fatal(t, err)
		return n
	}
	w := b.browserOf("alice@example.com", "en")
	first, last := noon.AddDate(0, 0, -2).Format(time.DateOnly), noon.AddDate(0, 0, -1).Format(time.DateOnly)
	filter := url.Values{"since": {first}, "until": {last}, "topic": {"orders/updated"}}
	page := w.open(at + "?" + filter.Encode()).says("Found: 6")
	for _, name := range []string{"since", "until", "topic"} {
		if kept := attr(page.all("input", "id", name)[0], "value"); kept != filter.Get(name) {
			t.Errorf("the form keeps %s as %q", name, kept)
		}
	}
	for query, says := range map[string]string{
		"state=failed": "Found: 8", "since=" + last: "Found: 12", "until=" + first: "Found: 12", "state=failed&since=" + last + "&topic=orders/create": "Found: 2", "topic=orders/paid": "No webhook matches",
	} {
		w.open(at + "?" + query).says(says)
	}
	for _, odd := range []string{"since=yesterday", "since=" + last + "&until=" + first, "topic=" + strings.Repeat("x", 300)} {
		w.send(http.MethodGet, at+"?"+odd, "").shows(http.StatusBadRequest)
	}

	// One by its own button, and back to what was looked at.
	var one string
	for _, button := range page.all("button", "form", "bulk") {
		one = attr(button, "formaction")
	}
	back := w.send(http.MethodPost, one, filledIn(page.all("form", "id", "bulk")[0]).Encode()).shows(http.StatusOK).says("will be processed again", "Found: 6")
	if back.at.RawQuery != filter.Encode() {
		t.Errorf("it leads to %s", back.at)
	}

	// All of the filter, but for those that wait already, and none besides.
	before := count(store.DeliveryFilter{State: store.DeliveryPending})
	all := filledIn(back.all("form", "id", "bulk")[0])
	all.Set("do", "all")
	sure := w.send(http.MethodPost, at+"/replay", all.Encode()).shows(http.StatusOK).says("Process again?", "3 webhooks are processed again")
	done := sure.submit(at+"/replay", url.Values{}).shows(http.StatusOK).says("to be processed again: 3.")
	if got := count(store.DeliveryFilter{State: store.DeliveryPending}); got != before+3 || done.at.RawQuery != filter.Encode() {
		t.Errorf("%d wait, want %d; it leads to %s", got, before+3, done.at)
	}
	if got := count(store.DeliveryFilter{State: store.DeliveryPending, Topic: "orders/updated", Since: noon.AddDate(0, 0, -2), Until: noon.AddDate(0, 0, -1)}); got != 6 {
		t.Errorf("%d of the filter wait, want all six", got)
	}
	// What failed, wherever: the button above the list.
	sure = w.open(at).submit(at+"/replay", nil).shows(http.StatusOK).says("6 webhooks are processed again")
	sure.submit(at+"/replay", url.Values{}).shows(http.StatusOK)
	if got := count(store.DeliveryFilter{State: store.DeliveryProcessed}); got != 6 {
		t.Errorf("%d are processed, want those six that did not fail", got)
	}
}

func TestPrivacy_RequestsShowWithWhatToDo(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	known := b.owned()
	at := "/stores/" + known["id"].theirs + "/privacy"
	w := b.browserOf("alice@example.com", "en")
	page := w.open(at).says("A customer asks for their data", "Waits for you", "Download the data")
	var export string
	for _, a := range page.all("a", "", "") {
		if to := attr(a, "href"); strings.HasSuffix(to, "/export/") {
			export = to
		}
	}
	if got := w.send(http.MethodGet, export, "").want(http.StatusOK); !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("the export is %v", got.header)
	}
	w.open(at).says("Done")
	w.open("/jobs").says("First import")
	b.browserOf("bob@example.com", "en").send(http.MethodGet, at, "").shows(http.StatusNotFound)
	w.send(http.MethodGet, at+"?page=x", "").shows(http.StatusBadRequest)
}
