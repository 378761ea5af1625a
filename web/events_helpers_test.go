package web_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"probability/web/webtest"
)

// event is a block of a stream; data is nil of one that is no event.
type event struct {
	comment        bool
	data           any
	id, kind, text string
	retry          string
}

// eventStream is an open stream. A goroutine reads it, so that a test can wait for a block with a deadline.
type eventStream struct {
	b      *bench
	blocks chan event // closed when the stream ends
	cut    context.CancelFunc
	doc    *openapi3.T
	header http.Header
}

// open opens a stream over a connection of its own. It does not go through the checker, which waits for an answer's end; what
// comes is held against the document block by block.
func (b *bench) open(path string, changes ...change) *eventStream {
	b.t.Helper()
	ctx, cut := context.WithCancel(b.t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.base+path, nil)
	fatal(b.t, err)
	if b.alice != "" {
		as(b.alice)(r)
	}
	for _, f := range changes {
		f(r)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(r)
	fatal(b.t, err)
	if got := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || got != "text/event-stream" {
		b.t.Fatalf("%s answered %d %s", path, resp.StatusCode, got)
	}
	doc, err := webtest.Load(b.t.Context())
	fatal(b.t, err)
	s := &eventStream{b: b, blocks: make(chan event, 1000), cut: cut, doc: doc, header: resp.Header}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer close(s.blocks)
		defer resp.Body.Close()
		var e event
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			name, value, _ := strings.Cut(lines.Text(), ":")
			value = strings.TrimPrefix(value, " ")
			switch {
			case lines.Text() == "":
				s.blocks <- e
				e = event{}
			case name == "":
				e.comment = true
			case name == "id":
				e.id = value
			case name == "event":
				e.kind = value
			case name == "data":
				e.text = value
			case name == "retry":
				e.retry = value
			}
		}
	}()
	b.t.Cleanup(func() { cut(); <-ended })
	return s
}

// schemas are what the document says of the data of each type.
var schemas = map[string]string{"import": "Import", "order": "OrderEvent", "delivery": "DeliveryEvent", "reset": "ResetEvent"}

// next is the next block, whatever it is; ok is false at the end of the stream.
func (s *eventStream) next() (e event, ok bool) {
	s.b.t.Helper()
	select {
	case e, ok = <-s.blocks:
	case <-time.After(patience):
		s.b.t.Fatal("nothing more comes")
	}
	if !ok || e.kind == "" {
		return e, ok
	}
	schema := s.doc.Components.Schemas[schemas[e.kind]]
	if schema == nil {
		s.b.t.Fatalf("an event of the type %q: %s", e.kind, e.text)
	}
	e.data = parsed(s.b.t, e.text)
	if err := schema.Value.VisitJSON(e.data, openapi3.EnableJSONSchema2020(), openapi3.MultiErrors()); err != nil {
		s.b.t.Errorf("%s %s: %v", e.kind, e.text, err)
	}
	return e, true
}

// event is the next event that is one.
func (s *eventStream) event() event {
	s.b.t.Helper()
	for {
		e, ok := s.next()
		if !ok {
			s.b.t.Fatal("the stream has ended")
		}
		if e.kind != "" {
			return e
		}
	}
}

// until reads on until an event of the type has what is wanted, and gives everything up to it.
func (s *eventStream) until(kind string, want func(e event) bool) (all []event) {
	s.b.t.Helper()
	for {
		e := s.event()
		all = append(all, e)
		if e.kind == kind && want(e) {
			return all
		}
	}
}

// ended reads to the end of the stream, which must come.
func (s *eventStream) ended() {
	s.b.t.Helper()
	for {
		if _, ok := s.next(); !ok {
			return
		}
	}
}

// at finds a member of the event's data.
func (e event) at(t testing.TB, path ...any) any {
	t.Helper()
	return answer{body: []byte(e.text), t: t, what: e.kind}.at(path...)
}

// changesOf are the orders of the events by their ids at Shopify, with what happened to each last.
func changesOf(t testing.TB, events []event) (changes map[string]string) {
	t.Helper()
	changes = map[string]string{}
	for _, e := range events {
		for i := 0; e.kind == "order" && e.at(t, "orders", i) != nil; i++ {
			changes[fmt.Sprint(e.at(t, "orders", i, "platform_order_id"))] = fmt.Sprint(e.at(t, "orders", i, "change"))
		}
	}
	return changes
}
