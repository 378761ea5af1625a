package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"probability/app"
	"probability/store"
)

const (
	// maxStreams is how many streams of events may be open at once, and maxAccountStreams how many of one account. Each costs
	// a connection and some 30 KB.
	maxStreams        = 256
	maxAccountStreams = 32
	// streamBeat is the time between two signs of life: proxies cut what is silent for longer than 30 or 60 seconds.
	streamBeat = 15 * time.Second
	// streamCheck is how long a stream goes on for somebody who may not see it any more.
	streamCheck = 5 * time.Second
	// streamStall is how long a client may take to read what was written; then the connection is cut.
	streamStall = 30 * time.Second
	// streamRetry is after how long a browser comes again when a stream ends.
	streamRetry = 3 * time.Second
	// streamsRetry is what a client is told to wait when all streams are taken.
	streamsRetry = 30 * time.Second
)

// streamTimes are the times that tests make shorter.
type streamTimes struct{ beat, check, stall time.Duration }

// streamKey is where a stream leaves the time of its first byte, in the request's context.
const streamKey = "probability.stream"

// eventTypes are the values of the filter "types".
var eventTypes = []string{string(app.EventImport), string(app.EventOrder), string(app.EventDelivery)}

type orderEvent struct {
	Orders []orderChange `json:"orders"`
	More   int           `json:"more"`
}

type orderChange struct {
	ID              int64  `json:"id"`
	PlatformOrderID string `json:"platform_order_id"`
	Change          string `json:"change"`
}

type deliveryEvent struct {
	Deliveries []deliveryChange `json:"deliveries"`
	More       int              `json:"more"`
}

type deliveryChange struct {
	ID    uuid.UUID `json:"id"`
	Topic string    `json:"topic"`
	State string    `json:"state"`
}

type resetEvent struct {
	Reason string `json:"reason"`
}

// streamEvents is GET /api/integrations/shopify/{id}/events/: Server-Sent Events, as the HTML standard has them.
func (s *Server) streamEvents(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	q := readQuery(c)
	types := q.choices("types", eventTypes...)
	position := q.word("last_event_id")
	if err := q.err(); err != nil {
		return err
	}
	if last := c.Request().Header.Get("Last-Event-ID"); last != "" { // newer than what is in the address
		position = last
	}
	release, by := s.streams.enter(caller(c).ID)
	switch by {
	case takenByAccount:
		return &problem{status: http.StatusTooManyRequests, code: "too_many_streams", retryAfter: streamsRetry}
	case takenByAll:
		return &problem{status: http.StatusServiceUnavailable, code: "streams_busy", retryAfter: streamsRetry}
	case takenByNobody:
	}
	defer release()
	header := c.Response().Header()
	header.Set(echo.HeaderContentType, "text/event-stream")
	header.Set("X-Accel-Buffering", "no") // or nginx would hold back what has just happened
	v := s.voice(c)
	if c.Request().Method == http.MethodHead {
		return c.NoContent(http.StatusOK)
	}
	follower := s.app.Events().Follow(in.ID, position)
	if follower == nil {
		return &problem{status: http.StatusServiceUnavailable, code: "interrupted", retryAfter: streamRetry}
	}
	defer follower.Close()
	w := &eventWriter{c: c, integration: in.ID, runs: s.app.Store(), stall: s.streamTimes.stall, types: types, voice: v}
	return s.stream(c, w, follower)
}

// stream writes until the client goes, the service stops, or the caller may not see it any more. None of them is an error, and the
// client tells them apart by coming again.
func (s *Server) stream(c echo.Context, w *eventWriter, follower *app.Follower) error {
	ctx, times := c.Request().Context(), s.streamTimes
	fmt.Fprintf(&w.buf, "retry: %d\n", streamRetry.Milliseconds())
	w.beat(follower.Position())
	c.Set(streamKey, time.Now())
	if err := w.flush(); err != nil {
		return err
	}
	check, beat := time.Now().Add(times.check), time.Now().Add(times.beat)
	for {
		next := beat
		if check.Before(beat) {
			next = check
		}
		events, open := follower.Next(ctx.Done(), time.Until(next))
		if !open || ctx.Err() != nil {
			return nil
		}
		if !time.Now().Before(check) {
			if err := s.stillAllowed(c, w.integration); err != nil {
				c.Set(codeKey, problemOf(err).code)
				return nil
			}
			check = time.Now().Add(times.check)
		}
		if err := w.write(ctx, events); err != nil {
			return err
		}
		if len(events) == 0 && !time.Now().Before(beat) {
			w.beat(follower.Position())
		}
		if w.buf.Len() == 0 {
			continue
		}
		if err := w.flush(); err != nil {
			return err
		}
		beat = time.Now().Add(times.beat)
	}
}

// stillAllowed proves anew what was proven when the stream began. A page that is only left open is no use of a session.
func (s *Server) stillAllowed(c echo.Context, integration int64) error {
	ctx, user := c.Request().Context(), caller(c)
	if v, ok := c.Get(sessionKey).(session); ok {
		if _, _, err := s.app.LookAtSession(ctx, v.cookie); err != nil {
			return err
		}
	} else if _, err := s.app.Authenticate(ctx, bearer(c)); err != nil {
		return err
	}
	_, err := s.app.Owned(ctx, user.ID, integration)
	return err
}

// EndStreams ends all streams of events at once, and lets none begin any more: a stop does not wait for them.
func (s *Server) EndStreams() { s.app.Events().End() }

// choices gives those of the words that stand in a list with commas, none when it is absent.
func (q *query) choices(name string, words ...string) (chosen []string) {
	text := q.text(name)
	if text == "" {
		return nil
	}
	for word := range strings.SplitSeq(text, ",") {
		if word = strings.TrimSpace(word); !slices.Contains(words, word) {
			q.complain(name, "not_a_choice", map[string]any{"Choices": strings.Join(words, ", ")})
			return nil
		}
		if !slices.Contains(chosen, word) {
			chosen = append(chosen, word)
		}
	}
	return chosen
}

// eventWriter writes events of one integration to one client.
type eventWriter struct {
	buf         bytes.Buffer
	c           echo.Context
	integration int64
	runs        *store.Store
	stall       time.Duration
	types       []string // none means all
	voice       voice
}

// wants tells whether the client asked for events of that type. A reset is for everybody.
func (w *eventWriter) wants(t app.EventType) bool {
	return t == app.EventReset || len(w.types) == 0 || slices.Contains(w.types, string(t))
}

// write puts events into the buffer. They have ids alone; of a run that several tell of, only the last has anything to tell, since
// what it shows is read now.
func (w *eventWriter) write(ctx context.Context, events []app.Event) error {
	last := make(map[uuid.UUID]int)
	for i, e := range events {
		if e.Type == app.EventImport {
			last[e.Import] = i
		}
	}
	for i, e := range events {
		if !w.wants(e.Type) {
			continue
		}
		var view any
		switch e.Type {
		case app.EventImport:
			if last[e.Import] != i {
				continue
			}
			run, err := w.runs.Import(ctx, w.integration, e.Import)
			if errors.Is(err, store.ErrNotFound) { // tidied away, or the store is disconnected
				continue
			}
			if err != nil {
				return w.broken(err)
			}
			view = viewImport(w.voice, run)
		case app.EventOrder:
			view = viewOrderEvent(e)
		case app.EventDelivery:
			view = viewDeliveryEvent(e)
		case app.EventReset:
			view = resetEvent{Reason: e.Reason}
		}
		if err := w.event(e, view); err != nil {
			return w.broken(err)
		}
	}
	return nil
}

func viewOrderEvent(e app.Event) orderEvent {
	view := orderEvent{More: e.More, Orders: make([]orderChange, len(e.Orders))}
	for i, o := range e.Orders {
		view.Orders[i] = orderChange{ID: o.ID, PlatformOrderID: o.PlatformID, Change: o.Change.String()}
	}
	return view
}

func viewDeliveryEvent(e app.Event) deliveryEvent {
	view := deliveryEvent{More: e.More, Deliveries: make([]deliveryChange, len(e.Deliveries))}
	for i, d := range e.Deliveries {
		view.Deliveries[i] = deliveryChange{ID: d.ID, Topic: d.Topic, State: d.State}
	}
	return view
}

// event is one block. JSON has no line breaks of its own, so that one line of data does.
func (w *eventWriter) event(e app.Event, view any) error {
	data, err := json.Marshal(view)
	if err != nil {
		return err
	}
	fmt.Fprintf(&w.buf, "id: %s\nevent: %s\ndata: %s\n\n", e.ID, e.Type, data)
	return nil
}

// beat is a sign of life. With the position and no data it is no event, but a client that is cut goes on from here: also when all
// that happened meanwhile was of types that it did not ask for.
func (w *eventWriter) beat(position string) { fmt.Fprintf(&w.buf, ":\nid: %s\n\n", position) }

// flush sends what is in the buffer. The server's own deadline is for answers that end, and would cut a stream.
func (w *eventWriter) flush() error {
	to := http.NewResponseController(w.c.Response().Writer) // Echo's own hides why a flush fails
	// A connection that has no deadlines, such as a test's recorder, needs none moved.
	_ = to.SetWriteDeadline(time.Now().Add(w.stall))
	_, err := w.c.Response().Write(w.buf.Bytes())
	w.buf.Reset()
	if err == nil {
		err = to.Flush()
	}
	if err != nil {
		return &problem{status: http.StatusServiceUnavailable, code: "interrupted", cause: err} // the client reads no more
	}
	return nil
}

// broken cuts the stream for an error of our own, with a line in the log; the client comes again.
func (w *eventWriter) broken(err error) error { return fmt.Errorf("%w: %w", http.ErrAbortHandler, err) }
