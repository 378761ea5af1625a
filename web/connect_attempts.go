package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"probability/app"
)

const (
	// maxAttempts is how many stores are being connected at once, and maxAccountAttempts how many by one account. Each holds a
	// goroutine that mostly waits for Shopify.
	maxAttempts        = 64
	maxAccountAttempts = 4
	// keptAttempts is how many are remembered, and keptAccountAttempts how many of one account: a kilobyte or two each.
	keptAttempts        = 400
	keptAccountAttempts = 10
	// attemptLife is how long one is remembered, so that its page can be loaded again.
	attemptLife = 30 * time.Minute
	// attemptHold is how long a browser that asks for the next step is kept waiting for it.
	attemptHold = 4 * time.Second
	// attemptsRetry is what somebody is told to wait for whom there is no place.
	attemptsRetry = 10 * time.Second
	// maxTyped is how much of what was typed goes back into the form, in bytes: more is no store's name and no client id.
	maxTyped = 512
)

// connectForm is what goes back into the form: no secrets.
type connectForm struct{ way, storeName, clientID string }

// attempt is a store that is being connected, or was a moment ago.
//
// It does not belong to the request that began it: the form is answered at once with the way to the attempt's page, which shows each
// step as it is taken. So the page can be loaded again without connecting twice, leaving it breaks nothing off, and a browser without
// scripts sees the same as one with them. It lives in memory alone: nothing of it is worth more than the page, and a restart ends it
// before anything is stored, or after all of it is.
type attempt struct {
	form    connectForm
	id      string
	request string // the id of the request that began it, for whoever has to look into the log
	until   time.Time
	user    uuid.UUID

	mu      sync.Mutex
	cancel  context.CancelFunc
	changed chan struct{}    // closed at the next change
	input   app.ConnectInput // emptied at the end: it holds secrets
	since   time.Time        // when the step in hand was begun
	state   attemptState
}

// attemptState is how an attempt stands.
type attemptState struct {
	err         error
	integration int64 // once it is connected
	over        bool
	steps       []app.StepReport // one for each step that was begun, in their order
	version     int              // goes up with each change
}

// attempts are those that are under way or remembered.
type attempts struct {
	hold    time.Duration
	running slots

	mu    sync.Mutex
	all   sync.WaitGroup
	ended bool
	kept  []*attempt // the oldest first
}

// begin connects a store in the background. The same once more, while it is under way, is the same attempt: a form that was sent
// twice connects once.
func (s *Server) beginAttempt(c echo.Context, in app.ConnectInput, form connectForm) (*attempt, error) {
	user, h := caller(c).ID, &s.attempts
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range h.kept {
		if a.user == user && a.runs(in) {
			return a, nil
		}
	}
	if h.ended {
		return nil, &problem{status: http.StatusServiceUnavailable, code: "interrupted", retryAfter: attemptsRetry}
	}
	release, by := h.running.enter(user)
	if by != takenByNobody {
		return nil, &problem{status: http.StatusServiceUnavailable, code: "attempts_busy", retryAfter: attemptsRetry}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(c.Request().Context()))
	a := &attempt{
		cancel: cancel, changed: make(chan struct{}), form: form, id: uuid.NewString(), input: in,
		request: c.Response().Header().Get(echo.HeaderXRequestID), state: attemptState{version: 1}, until: s.cfg.Now().Add(attemptLife), user: user,
	}
	h.keep(a, s.cfg.Now())
	h.all.Go(func() {
		defer release()
		defer cancel()
		s.carryOut(ctx, a, in)
	})
	return a, nil
}

// carryOut goes the way of connecting to its end.
func (s *Server) carryOut(ctx context.Context, a *attempt, in app.ConnectInput) {
	done, err := s.connectSafely(ctx, a, in)
	a.finish(done.Integration.ID, err)
	if err == nil {
		return // the application's log has it
	}
	level, p := slog.LevelInfo, problemOf(err)
	attrs := []slog.Attr{slog.String("code", p.code), slog.String("request_id", a.request)}
	if p.status >= http.StatusInternalServerError {
		level = slog.LevelError
		attrs = append(attrs, slog.Any("error", err))
	}
	s.log.LogAttrs(ctx, level, "a store could not be connected", attrs...)
}

// connectSafely turns a panic into an error of this one attempt, as is done for requests.
func (s *Server) connectSafely(ctx context.Context, a *attempt, in app.ConnectInput) (done app.Connected, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	return s.app.ConnectObserved(ctx, a.user, in, a.tell)
}

// keep remembers one more. The oldest that are over make room; what is under way is bounded elsewhere.
func (h *attempts) keep(a *attempt, now time.Time) {
	h.kept = slices.DeleteFunc(h.kept, func(old *attempt) bool { return old.over() && !now.Before(old.until) })
	h.kept = append(h.kept, a)
	h.forget(keptAccountAttempts, func(old *attempt) bool { return old.user == a.user })
	h.forget(keptAttempts, func(*attempt) bool { return true })
}

// forget lets go the oldest that are over of those meant, until there are no more than most.
func (h *attempts) forget(most int, meant func(*attempt) bool) {
	n := 0
	for _, old := range h.kept {
		if meant(old) {
			n++
		}
	}
	h.kept = slices.DeleteFunc(h.kept, func(old *attempt) bool {
		gone := n > most && meant(old) && old.over()
		if gone {
			n--
		}
		return gone
	})
}

// find gives the account's attempt with that id. A stranger's is none.
func (h *attempts) find(id string, user uuid.UUID, now time.Time) (*attempt, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range h.kept {
		if a.id == id && a.user == user && (now.Before(a.until) || !a.over()) {
			return a, true
		}
	}
	return nil, false
}

// EndAttempts breaks off the connecting of stores that is under way, and lets none begin any more. What is not stored yet never
// will be.
func (s *Server) EndAttempts() {
	h := &s.attempts
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
	for _, a := range h.kept {
		a.cancel()
	}
}

// WaitAttempts is EndAttempts, and waits until nothing is being connected any more. It fails when ctx ends before.
func (s *Server) WaitAttempts(ctx context.Context) error {
	s.EndAttempts()
	over := make(chan struct{})
	go func() {
		s.attempts.all.Wait()
		close(over)
	}()
	select {
	case <-over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// tell notes what a step came to, and wakes those who watch.
func (a *attempt) tell(r app.StepReport) {
	a.change(func(s *attemptState) {
		if n := len(s.steps); n > 0 && s.steps[n-1].Step == r.Step {
			s.steps[n-1] = r
			return
		}
		s.steps = append(s.steps, r)
		a.since = time.Now()
	})
}

func (a *attempt) finish(integration int64, err error) {
	a.change(func(s *attemptState) { s.over, s.integration, s.err = true, integration, err })
}

func (a *attempt) change(f func(*attemptState)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f(&a.state)
	a.state.version++
	if a.state.over {
		a.input = app.ConnectInput{}
	}
	close(a.changed)
	a.changed = make(chan struct{})
}

// look gives how it stands, since when, and what is closed at the next change.
func (a *attempt) look() (state attemptState, since time.Time, changed <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	state = a.state
	state.steps = slices.Clone(state.steps)
	return state, a.since, a.changed
}

func (a *attempt) over() bool {
	state, _, _ := a.look()
	return state.over
}

// runs tells whether this is what is being connected just now.
func (a *attempt) runs(in app.ConnectInput) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return !a.state.over && a.input == in
}

// wait gives how it stands once that is not version any more, and after hold or at the end of ctx in any case.
func (a *attempt) wait(ctx context.Context, version int, hold time.Duration) (attemptState, time.Time) {
	timer := time.NewTimer(hold)
	defer timer.Stop()
	for {
		state, since, changed := a.look()
		if state.over || state.version != version {
			return state, since
		}
		select {
		case <-changed:
		case <-timer.C:
			return state, since
		case <-ctx.Done():
			return state, since
		}
	}
}
