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
	// maxAttempts is how many attempts a process carries out at once. Each holds a goroutine that mostly waits for Shopify.
	maxAttempts = 64
	// attemptHold is how long a browser that asks for the next step is kept waiting for it.
	attemptHold = 4 * time.Second
	// attemptLook is how often the database is asked how an attempt stands that another process carries out, while a browser waits.
	attemptLook = 250 * time.Millisecond
	// attemptsRetry is what somebody is told to wait for whom there is no place.
	attemptsRetry = 10 * time.Second
	// attemptWrite is how long writing down how one stands may take, lastWrites how often its end is tried, and attemptsAgain the pause
	// in between.
	attemptWrite  = 5 * time.Second
	lastWrites    = 3
	attemptsAgain = time.Second
	// maxTyped is how much of what was typed goes back into the form, in bytes: more is no store's name and no client id.
	maxTyped = 512
)

// attemptForm is what goes back into the form: no secrets.
type attemptForm struct {
	Way       string `json:"way,omitempty"`
	StoreName string `json:"store_name,omitempty"`
	ClientID  string `json:"client_id,omitempty"`
}

// attemptTask is what an attempt is to do.
type attemptTask struct {
	form        attemptForm
	integration int64    // whose credentials are replaced; 0: a store is connected
	entered     []string // all that was entered, by which the same once more is known
	carry       func(ctx context.Context, user uuid.UUID, tell func(app.StepReport)) (integration int64, err error)
}

// attempt is a store that is being connected or gets new credentials, or did a moment ago.
//
// It does not belong to the request that began it: the form is answered at once with the way to the attempt's page, which shows each
// step as it is taken. So the page can be loaded again without connecting twice, leaving it breaks nothing off, and a browser without
// scripts sees the same as one with them. The process that carries it out has it in memory and writes each change into the database,
// where the others read it. What was entered is in that memory alone.
type attempt struct {
	form        attemptForm
	id          uuid.UUID
	integration int64  // whose credentials are replaced; 0: a store is connected
	request     string // the id of the request that began it, for whoever has to look into the log
	user        uuid.UUID

	cancel context.CancelFunc // nil: another process carries it out, or nobody any more

	mu      sync.Mutex
	changed chan struct{} // closed at the next change
	since   time.Time     // when the step in hand was begun
	state   attemptState
}

// attemptState is how an attempt stands.
type attemptState struct {
	err         error
	integration int64 // once all is done
	lost        bool  // whoever carried it out has stopped in the middle of it
	over        bool
	steps       []app.StepReport // one for each step that was begun, in their order
	version     int              // goes up with each change
}

// attempts are those that this process carries out.
type attempts struct {
	hold    time.Duration
	running slots

	mu    sync.Mutex
	all   sync.WaitGroup
	ended bool
	own   map[uuid.UUID]*attempt
}

// beginAttempt carries a task out in the background, and returns the way to its page. The same once more, while it is under way, is the
// same attempt, whichever process carries it out: a form that was sent twice connects once.
func (s *Server) beginAttempt(c echo.Context, task attemptTask) (path string, err error) {
	h, user, ctx := &s.attempts, caller(c).ID, c.Request().Context()
	if !h.enter() {
		return "", &problem{status: http.StatusServiceUnavailable, code: "interrupted", retryAfter: attemptsRetry}
	}
	begun := false
	defer func() {
		if !begun {
			h.all.Done()
		}
	}()
	release, by := h.running.enter(user)
	if by != takenByNobody {
		return "", &problem{status: http.StatusServiceUnavailable, code: "attempts_busy", retryAfter: attemptsRetry}
	}
	a := &attempt{
		changed: make(chan struct{}), form: task.form, integration: task.integration,
		request: c.Response().Header().Get(echo.HeaderXRequestID), state: attemptState{version: 1}, user: user,
	}
	text, err := a.saved(a.state, a.since)
	if err != nil {
		release()
		return "", err
	}
	id, fresh, err := s.app.BeginAttempt(ctx, user, task.integration, text, task.entered...)
	if a.id = id; err != nil || !fresh {
		release()
		return a.path(), err
	}
	begun = true
	ctx, a.cancel = context.WithCancel(context.WithoutCancel(ctx))
	h.add(a)
	go func() {
		defer h.all.Done()
		defer release()
		defer h.remove(a)
		defer a.cancel()
		s.carryOut(ctx, a, task)
	}()
	return a.path(), nil
}

// carryOut does what an attempt is for. Its end stands in the database before anybody here is told of it: whoever has seen it may go
// on with another process.
func (s *Server) carryOut(ctx context.Context, a *attempt, task attemptTask) {
	recorded := context.WithoutCancel(ctx)
	carried := make(chan struct{})
	var recorder sync.WaitGroup
	recorder.Go(func() { s.record(recorded, a, carried) })
	integration, err := carrySafely(ctx, a, task)
	close(carried)
	recorder.Wait()
	end := func(s *attemptState) { s.over, s.integration, s.err = true, integration, err }
	s.recordEnd(recorded, a, end)
	a.change(end)
	if err == nil {
		return // the application's log has it
	}
	level, p := slog.LevelInfo, problemOf(err)
	attrs := []slog.Attr{slog.String("code", p.code), slog.String("request_id", a.request)}
	if p.status >= http.StatusInternalServerError {
		level = slog.LevelError
		attrs = append(attrs, slog.Any("error", err))
	}
	if a.integration != 0 {
		s.log.LogAttrs(ctx, level, "new credentials were not taken", append(attrs, slog.Int64("integration_id", a.integration))...)
		return
	}
	s.log.LogAttrs(ctx, level, "a store could not be connected", attrs...)
}

// carrySafely turns a panic into an error of this one attempt, as is done for requests.
func carrySafely(ctx context.Context, a *attempt, task attemptTask) (integration int64, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	return task.carry(ctx, a.user, a.tell)
}

// record writes into the database how an attempt stands, at each change and now and then, until it is carried out.
func (s *Server) record(ctx context.Context, a *attempt, carried <-chan struct{}) {
	beat := time.NewTicker(app.AttemptBeat)
	defer beat.Stop()
	for written, due, silent := 1, false, false; ; {
		state, since, changed := a.look()
		if due || state.version > written {
			err := s.recordOnce(ctx, a, state, since)
			if err == nil {
				written = state.version
			} else if !silent {
				s.log.WarnContext(ctx, "other processes cannot be told how an attempt to connect a store stands", "request_id", a.request, "error", err)
			}
			silent = err != nil
		}
		due = false
		select {
		case <-carried:
			return
		case <-changed:
		case <-beat.C:
			due = true
		}
	}
}

// recordEnd writes how an attempt ended. Where that cannot be done the others will take it for lost.
func (s *Server) recordEnd(ctx context.Context, a *attempt, end func(*attemptState)) {
	state, since, _ := a.look()
	end(&state)
	state.version++
	for n := 1; ; n++ {
		err := s.recordOnce(ctx, a, state, since)
		if err == nil {
			return
		}
		if n == lastWrites {
			s.log.ErrorContext(ctx, "the end of an attempt to connect a store could not be written down", "request_id", a.request, "error", err)
			return
		}
		pause := time.NewTimer(attemptsAgain)
		<-pause.C
	}
}

func (s *Server) recordOnce(ctx context.Context, a *attempt, state attemptState, since time.Time) error {
	text, err := a.saved(state, since)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, attemptWrite)
	defer cancel()
	return s.app.NoteAttempt(ctx, a.id, state.version, text, state.over)
}

// enter lets one more attempt begin, unless the service is about to stop. Whoever was let in says all.Done at its end.
func (h *attempts) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.ended {
		h.all.Add(1)
	}
	return !h.ended
}

func (h *attempts) add(a *attempt) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.own == nil {
		h.own = map[uuid.UUID]*attempt{}
	}
	if h.own[a.id] = a; h.ended {
		a.cancel()
	}
}

func (h *attempts) remove(a *attempt) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.own, a.id)
}

// find gives the account's attempt with that id, if this process carries it out. A stranger's is none.
func (h *attempts) find(id, user uuid.UUID) *attempt {
	h.mu.Lock()
	defer h.mu.Unlock()
	if a := h.own[id]; a != nil && a.user == user {
		return a
	}
	return nil
}

// EndAttempts breaks off the connecting of stores that is under way, and lets none begin any more. What is not stored yet never
// will be.
func (s *Server) EndAttempts() {
	h := &s.attempts
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
	for _, a := range h.own {
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

func (a *attempt) change(f func(*attemptState)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f(&a.state)
	a.state.version++
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

// awaitAttempt gives how an attempt stands once more is known than that version, and after a while or at the end of ctx in any case.
func (s *Server) awaitAttempt(ctx context.Context, a *attempt, version int) (*attempt, error) {
	hold, look := time.NewTimer(s.attempts.hold), time.NewTicker(attemptLook)
	defer hold.Stop()
	defer look.Stop()
	for {
		state, _, changed := a.look()
		if state.over || state.version > version {
			return a, nil
		}
		elsewhere := look.C
		if a.cancel != nil {
			elsewhere = nil
		}
		select {
		case <-changed:
		case <-elsewhere:
			next, err := s.storedAttempt(ctx, a.user, a.id)
			if err != nil {
				return nil, err
			}
			a = next
		case <-hold.C:
			return a, nil
		case <-ctx.Done():
			return a, nil
		}
	}
}
