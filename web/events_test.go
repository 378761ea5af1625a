package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/app"
	"probability/store"
)

func anyEvent(event) bool { return true }

// shopifyID is the id of order n at Shopify.
func shopifyID(n int) string { return fmt.Sprint(5_000_000_000_000 + n) }

func TestEvents_ShowAnImportToItsEnd(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.shop.Generate(600, 30*24*time.Hour)
	path, _ := b.connected()
	s := b.open(path+"events/", header("Accept-Language", "es"))
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "X-Accel-Buffering": "no", "Content-Language": "es", "Content-Encoding": "", "X-Content-Type-Options": "nosniff",
	} {
		if got := s.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if first, _ := s.next(); first.retry != "3000" || first.id == "" || !first.comment || first.kind != "" {
		t.Errorf("the stream begins with %+v", first)
	}
	run := fmt.Sprint(b.get(path+"imports/").at("results", 0, "id"))
	b.carryOut(run)
	all := s.until("import", func(e event) bool { return e.at(t, "state") == "completed" })
	last := all[len(all)-1]
	if last.at(t, "id") != run || last.at(t, "fetched") != 600.0 || last.at(t, "created") != 600.0 {
		t.Errorf("the last one is %s", last.text)
	}
	if got := string(b.get(path + "imports/" + run + "/").body); got != last.text+"\n" {
		t.Errorf("the event shows\n%s\nthe API\n%s", last.text, got)
	}
	told, more := 0, 0.0
	for _, e := range all {
		if e.kind == "order" {
			more += e.at(t, "more").(float64)
		}
	}
	if told = len(changesOf(t, all)); told+int(more) != 600 || told < 100 {
		t.Errorf("%d orders are told and %v more, want 600", told, more)
	}
}

func TestEvents_ShowWebhooksAndOrders(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	all, orders := b.open(path+"events/"), b.open(path+"events/?types=order")
	b.post(webhookPath, order(1), signed(order(1))).want(http.StatusOK)
	pending := all.event()
	if pending.kind != "delivery" || pending.at(t, "deliveries", 0, "state") != "pending" || pending.at(t, "deliveries", 0, "topic") != "orders/create" {
		t.Errorf("got %s %s", pending.kind, pending.text)
	}
	fatal(t, b.app.Process(t.Context(), id))
	got := all.until("order", anyEvent)
	if len(got) != 2 || got[0].kind != "delivery" || got[0].at(t, "deliveries", 0, "state") != "processed" {
		t.Errorf("got %+v", got)
	}
	told := got[1]
	if listed := b.get(path+"orders/").at("results", 0, "id"); told.at(t, "orders", 0, "id") != listed || told.at(t, "orders", 0, "platform_order_id") != shopifyID(1) {
		t.Errorf("told %s, listed is %v", told.text, listed)
	}
	if e := orders.event(); e.kind != "order" || e.id != told.id {
		t.Errorf("of orders alone: %s %s", e.kind, e.text)
	}
	b.remove(id, 1)
	if e := orders.event(); e.at(t, "orders", 0, "change") != "deleted" {
		t.Errorf("got %s", e.text)
	}
}

func TestEvents_GoOnAfterACut(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	s := b.open(path + "events/")
	first, _ := s.next()
	b.put(id, order(1))
	one := s.event()
	s.cut()
	b.put(id, order(2))
	b.put(id, order(3))
	for _, how := range []change{header("Last-Event-ID", one.id), nil} {
		changes, query := []change{how}, ""
		if how == nil {
			changes, query = nil, "?last_event_id="+one.id
		}
		again := b.open(path+"events/"+query, changes...)
		var got []event
		for len(changesOf(t, got)) < 2 {
			got = append(got, again.until("order", anyEvent)...)
		}
		if told := changesOf(t, got); told[shopifyID(1)] != "" || told[shopifyID(2)] != "created" || told[shopifyID(3)] != "created" {
			t.Errorf("after the cut: %v", told)
		}
		again.cut()
	}
	// Cut before the first event, it goes on from the beginning; the header counts more than the address.
	if e := b.open(path+"events/?last_event_id=nonsense", header("Last-Event-ID", first.id)).event(); e.id != one.id {
		t.Errorf("from the beginning: %s %s", e.kind, e.text)
	}
	// Another process knows none of this.
	other := b.restarted()
	if e := other.open(path+"events/", header("Last-Event-ID", one.id)).event(); e.kind != "reset" || e.at(t, "reason") != "unknown" || e.id == one.id {
		t.Errorf("after a restart: %s %s", e.kind, e.text)
	}
}

// restarted is the same store under a service that was started again.
func (b *bench) restarted() *bench {
	b.t.Helper()
	again := newBench(b.t, func(o *options) { o.store = b.store })
	again.alice, again.bob = b.alice, b.bob
	return again
}

func TestEvents_GiveSignsOfLife(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	b.server.SetStreamTimes(10*time.Millisecond, time.Hour, time.Minute)
	s := b.open(path + "events/?types=import")
	first, _ := s.next()
	b.put(id, order(1)) // nothing that was asked for, but the position moves on
	for {
		e, ok := s.next()
		if !ok || !e.comment || e.kind != "" || e.id == "" {
			t.Fatalf("got %+v", e)
		}
		if e.id != first.id {
			return
		}
	}
}

func TestEvents_EndWithTheRightToSeeThem(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	b.server.SetStreamTimes(time.Hour, 10*time.Millisecond, time.Minute)
	cookie, _ := b.sessionOf("alice@example.com")
	session := func(r *http.Request) { r.Header.Del("Authorization"); cookie(r) }
	tokens, err := b.app.Tokens(t.Context(), "alice@example.com")
	fatal(t, err)
	extra, row, err := b.app.CreateToken(t.Context(), "alice@example.com", "extra", time.Hour)
	fatal(t, err)

	byToken, bySession := b.open(path+"events/", as(extra)), b.open(path+"events/", session)
	fatal(t, b.app.RevokeToken(t.Context(), row.ID))
	byToken.ended()
	b.get(path+"events/", as(extra)).problem(http.StatusUnauthorized, "unauthorized")
	b.put(id, order(1))
	bySession.until("order", anyEvent)
	fatal(t, b.app.SetPassword(t.Context(), "alice@example.com", "another password"))
	bySession.ended()

	extra, _, err = b.app.CreateToken(t.Context(), "alice@example.com", "for an hour", time.Hour)
	fatal(t, err)
	expiring := b.open(path+"events/", as(extra))
	b.clock.pass(2 * time.Hour)
	expiring.ended()

	b.server.SetStreamTimes(time.Hour, time.Hour, time.Minute) // not by the look that comes in between
	gone := b.open(path + "events/")
	b.do(http.MethodDelete, path+"disconnect/", "").want(http.StatusOK)
	gone.ended()
	b.get(path+"events/").problem(http.StatusNotFound, "not_found")
	if len(tokens) != 1 {
		t.Errorf("%d tokens", len(tokens))
	}
}

// A page that is left open must not keep a session alive that nobody uses.
func TestEvents_AreNoUseOfASession(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, _ := b.connected()
	b.server.SetStreamTimes(time.Hour, 10*time.Millisecond, time.Minute)
	cookie, _ := b.sessionOf("alice@example.com")
	s := b.open(path+"events/", func(r *http.Request) { r.Header.Del("Authorization"); cookie(r) })
	b.clock.pass(app.SessionIdle - time.Hour)
	again := b.open(path + "events/") // several looks fit in between
	again.next()
	b.clock.pass(2 * time.Hour)
	s.ended()
}

func TestEvents_StreamsAreBounded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	b.server.BoundStreams(3, 2)
	own := b.post("/api/integrations/shopify/connect/", fmt.Sprintf(
		`{"store_name":%q,"access_token":%q}`, shopDomain, shopToken), as(b.bob)).want(http.StatusCreated).at("integration", "id")
	bobs := fmt.Sprintf("/api/integrations/shopify/%v/events/", own)
	one := b.open(path + "events/")
	b.open(path + "events/")
	if got := b.get(path+"events/").problem(http.StatusTooManyRequests, "too_many_streams").header.Get("Retry-After"); got != "30" {
		t.Errorf("Retry-After is %q", got)
	}
	b.open(bobs, as(b.bob))
	if got := b.get(bobs, as(b.bob)).problem(http.StatusServiceUnavailable, "streams_busy").header.Get("Retry-After"); got != "30" {
		t.Errorf("Retry-After is %q", got)
	}
	if got := b.get("/metrics", anonymous).body; !strings.Contains(string(got), "\nprobability_event_streams 3\n") {
		t.Error("the open streams are not counted")
	}
	one.cut()
	eventually(t, "the place is free again", func() bool {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodHead, path+"events/", nil)
		as(b.alice)(r)
		return direct(t, b.server, r).status == http.StatusOK
	})
	b.put(id, order(1))
}

func TestEvents_RefuseWhatTheyDoNotKnow(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, _ := b.connected()
	for _, query := range []string{"?types=refund", "?types=import,", "?types=import&types=order", "?types=%00"} {
		if got := b.get(path+"events/"+query).problem(http.StatusBadRequest, "invalid_parameter"); got.at("errors", "types", 0) == nil {
			t.Errorf("%s: %s", query, got.body)
		}
	}
	for _, id := range []string{"0", "999999", "x"} {
		b.get("/api/integrations/shopify/"+id+"/events/").problem(http.StatusNotFound, "not_found")
	}
	b.get(path+"events/", as(b.bob)).problem(http.StatusNotFound, "not_found")
	b.get(path+"events/", anonymous).problem(http.StatusUnauthorized, "unauthorized")
	b.do(http.MethodPost, path+"events/", "").want(http.StatusMethodNotAllowed)
	if got := b.do(http.MethodHead, path+"events/?types=import,%20order", "").want(http.StatusOK); len(got.body) != 0 || got.header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("HEAD: %v", got.header)
	}
	b.get(path+"events/?last_event_id="+strings.Repeat("1", 300)).problem(http.StatusBadRequest, "invalid_parameter")
}

func TestEvents_EndWithTheService(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	b.server.SetStreamTimes(time.Hour, time.Hour, time.Minute)
	s := b.open(path + "events/")
	b.server.EndStreams() // long before its next sign of life
	s.ended()
	if got := b.get(path+"events/").problem(http.StatusServiceUnavailable, "interrupted").header.Get("Retry-After"); got != "3" {
		t.Errorf("Retry-After is %q", got)
	}
	b.put(id, order(1)) // nobody listens, and nothing breaks
}

// A client that reads nothing any more gives its place away; the time that it was open is no time of answering.
func TestEvents_CutWhoDoesNotRead(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, _ := b.connected()
	b.server.SetStreamTimes(time.Microsecond, time.Hour, 200*time.Millisecond)
	base, client := b.slowServer()
	resp := begin(b, client, base+path+"events/", b.alice)
	eventually(t, "the stream is cut", func() bool {
		return slices.ContainsFunc(b.logs.lines("/events"), func(line map[string]any) bool { return line["code"] == "interrupted" })
	})
	fatal(t, resp.Body.Close())
	if line := b.logs.lines("/events")[0]; line["level"] != "INFO" || line["status"] != 200.0 {
		t.Errorf("logged %v", line)
	}
}

// A failure of our own cuts the stream, and the log has it.
func TestEvents_FailureCutsTheStream(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	s := b.open(path + "events/")
	run := fmt.Sprint(b.get(path+"imports/").at("results", 0, "id"))
	_, err := b.store.Writer().ExecContext(t.Context(), `ALTER TABLE imports RENAME COLUMN window_from TO elsewhere`)
	fatal(t, err)
	b.app.Events().Committed(store.Changes{IntegrationID: id, Imports: []uuid.UUID{uuid.MustParse(run)}})
	s.ended()
	eventually(t, "the failure is logged", func() bool {
		lines := b.logs.lines("/events")
		return len(lines) == 1 && lines[0]["level"] == "ERROR" && lines[0]["cut"] == true
	})
}
