package web

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"probability/app"
)

// readyFor is how long an answer about readiness holds. Finding out costs a flush to the disk, and anybody may ask.
const readyFor = time.Second

// readiness is the last answer, shared by all who ask within readyFor.
type readiness struct {
	changed func(context.Context, error) // is told of other reasons than before

	mu      sync.Mutex
	err     error
	reasons []string
	until   time.Time
}

func (r *readiness) check(ctx context.Context, ask func(context.Context) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := time.Now(); now.After(r.until) {
		// Not the caller's context: others get the same answer.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		r.err, r.until = ask(ctx), now.Add(readyFor)
		if reasons := app.ReasonsOf(r.err); !slices.Equal(reasons, r.reasons) {
			r.reasons = reasons
			r.changed(ctx, r.err)
		}
	}
	return r.err
}

// tellReadiness logs a change, once: whoever asks is told no reasons, and asks every few seconds.
func (s *Server) tellReadiness(ctx context.Context, err error) {
	if err == nil {
		s.log.InfoContext(ctx, "the service is ready again")
		return
	}
	s.log.ErrorContext(ctx, "the service is not ready", "reasons", app.ReasonsOf(err), "error", err)
}

type statusView struct {
	Status string `json:"status"`
}

// healthz is GET /healthz: the process answers.
func (s *Server) healthz(c echo.Context) error {
	return c.JSON(http.StatusOK, statusView{Status: "ok"})
}

// readyz is GET /readyz: the database can be written and the workers run. Why not is for the log, since
// anybody may ask.
func (s *Server) readyz(c echo.Context) error {
	if err := s.ready.check(c.Request().Context(), s.cfg.Ready); err != nil {
		return &problem{status: http.StatusServiceUnavailable, code: "not_ready", retryAfter: busyRetry, cause: err}
	}
	return c.JSON(http.StatusOK, statusView{Status: "ready"})
}
