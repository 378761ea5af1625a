package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"probability/app"
)

// bodyTimes are how long a body may take.
type bodyTimes struct{ api, report, webhook time.Duration }

// How long a body may take. Shopify gives up after five seconds; whoever takes longer holds memory and a connection for
// nothing.
const (
	webhookBodyTime = 10 * time.Second
	apiBodyTime     = 30 * time.Second
	reportBodyTime  = 2 * time.Minute // ten megabytes over a poor line
)

// limitBodies refuses a body that says it is too large, and cuts one that turns out to be, or that takes too long.
func (s *Server) limitBodies(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		limit, within := int64(maxAPIBody), s.bodyTimes.api
		switch c.Path() {
		case webhookPath:
			limit, within = s.cfg.MaxBody, s.bodyTimes.webhook
		case reportPath, uploadPath:
			limit, within = maxReportBody, s.bodyTimes.report
		}
		r := c.Request()
		until := time.Now().Add(within)
		if r.ContentLength != 0 {
			// It ends with the body. Without a body it must not be set: it would end a long answer.
			err := http.NewResponseController(c.Response().Writer).SetReadDeadline(until)
			if err != nil && !errors.Is(err, http.ErrNotSupported) {
				return fmt.Errorf("deadline of the body: %w", err)
			}
		}
		whole := r.Body
		if r.ContentLength > limit {
			if c.Path() == webhookPath && r.Method == http.MethodPost {
				in := incoming(r)
				in.BodyBytes = r.ContentLength
				s.app.Refuse(in, app.RefusedTooLarge)
			}
			if !asksFirst(r) {
				pourOut(whole, until)
			}
			return &http.MaxBytesError{Limit: limit}
		}
		r.Body = http.MaxBytesReader(c.Response().Writer, whole, limit)
		err := next(c)
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			pourOut(whole, until)
		}
		return err
	}
}

// asksFirst tells whether the client holds its body back until it is asked for it, so that a refusal reaches it without.
func asksFirst(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Expect"), "100-continue")
}

// maxPoured is how much of a refused body is read, in bytes. It costs time on the line only, which is bounded apart from it.
const maxPoured = 2 << 30

// pourOut reads what is left of a body that was refused, and keeps nothing of it. Many clients send all of a body before they
// read the answer, and a connection that is closed while they send is a broken one to them: they would try again for ever
// instead of hearing that the body is too large.
func pourOut(body io.Reader, until time.Time) {
	for poured := int64(0); poured < maxPoured && time.Now().Before(until); {
		n, err := io.CopyN(io.Discard, body, 1<<20)
		if err != nil {
			return
		}
		poured += n
	}
}
