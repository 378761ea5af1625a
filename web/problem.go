package web

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"probability/app"
)

const mediaProblem = "application/problem+json"

// busyRetry is what a client is told to wait when whoever refused it named no time.
const busyRetry = 5 * time.Second

// problem is an error on its way to the client.
type problem struct {
	cause      error
	code       string
	fields     map[string][]app.FieldError
	params     map[string]any
	reason     string
	retryAfter time.Duration
	status     int
}

// Error gives the code and the cause, for the log.
func (p *problem) Error() string {
	if p.cause == nil {
		return p.code
	}
	return p.code + ": " + p.cause.Error()
}

// Unwrap gives the cause.
func (p *problem) Unwrap() error { return p.cause }

// problemView is the document of RFC 9457. Error repeats Detail for clients of the original backend,
// which answered {"error": "…"}. RequestID is left out where nothing was found: the id of somebody else is answered with the very bytes
// of one that nobody has. The header has it always.
type problemView struct {
	Type      string              `json:"type"`
	Title     string              `json:"title"`
	Status    int                 `json:"status"`
	Detail    string              `json:"detail"`
	Code      string              `json:"code"`
	Reason    string              `json:"reason,omitempty"`
	Errors    map[string][]string `json:"errors,omitempty"`
	Error     string              `json:"error"`
	RequestID string              `json:"request_id,omitempty"`
}

// problemOf decides what is told of an error. Whatever is not meant for the client becomes "internal".
func problemOf(err error) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &problem{
			status: http.StatusRequestEntityTooLarge, code: "payload_too_large",
			params: map[string]any{"Limit": tooLarge.Limit}, cause: err,
		}
	}
	if refused, ok := errors.AsType[*echo.HTTPError](err); ok {
		return problemOfEcho(refused)
	}
	e := app.AsError(err)
	if e.Kind == app.Internal && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		return &problem{status: http.StatusServiceUnavailable, code: "interrupted", retryAfter: busyRetry, cause: err}
	}
	p := &problem{status: statusOf(e.Kind), code: e.Code, reason: e.Reason, fields: e.Fields, params: maps.Clone(e.Params), cause: err}
	if p.params == nil {
		p.params = map[string]any{}
	}
	p.params["Detail"] = e.Detail
	if e.Kind == app.Internal {
		p.code, p.fields, p.params = "internal", nil, nil
	}
	if e.Kind == app.Busy || e.Kind == app.TooMany {
		p.retryAfter = max(e.RetryAfter, time.Second)
		if e.RetryAfter == 0 {
			p.retryAfter = busyRetry
		}
	}
	return p
}

// problemOfEcho translates what the router refuses by itself.
func problemOfEcho(refused *echo.HTTPError) *problem {
	p := &problem{status: refused.Code, code: "bad_request", cause: refused}
	switch {
	case refused.Code == http.StatusNotFound:
		p.code = "not_found"
	case refused.Code == http.StatusMethodNotAllowed:
		p.code = "method_not_allowed"
	case refused.Code >= http.StatusInternalServerError:
		p.code = "internal"
	}
	return p
}

func statusOf(k app.Kind) int {
	switch k {
	case app.Invalid:
		return http.StatusBadRequest
	case app.Unauthorized:
		return http.StatusUnauthorized
	case app.Forbidden:
		return http.StatusForbidden
	case app.NotFound:
		return http.StatusNotFound
	case app.Busy:
		return http.StatusServiceUnavailable
	case app.TooMany:
		return http.StatusTooManyRequests
	case app.Gone:
		return http.StatusGone
	case app.Conflict:
		return http.StatusConflict
	case app.Internal:
	}
	return http.StatusInternalServerError
}

// writeProblem is Echo's error handler: the only place that answers an error.
func (s *Server) writeProblem(err error, c echo.Context) {
	if c.Response().Committed {
		return // too late for another answer; the log line has the error
	}
	p := problemOf(err)
	header := c.Response().Header()
	p.announce(header)
	if shownAsPage(c) {
		if err := s.writeErrorPage(c, p); err == nil {
			return
		} else if c.Response().Committed {
			s.log.DebugContext(c.Request().Context(), "the answer could not be sent", "error", err)
			return
		} else {
			s.log.ErrorContext(c.Request().Context(), "the error page could not be made", "error", err)
		}
	}
	header.Set(echo.HeaderContentType, mediaProblem)
	if err := c.JSON(p.status, s.viewProblem(c, p)); err != nil {
		s.log.DebugContext(c.Request().Context(), "the answer could not be sent", "error", err)
	}
}

// announce sets the headers that go with the status: when to come again, and what would have been accepted.
func (p *problem) announce(header http.Header) {
	if p.retryAfter > 0 {
		seconds := (p.retryAfter + time.Second - 1) / time.Second
		header.Set(echo.HeaderRetryAfter, strconv.FormatInt(int64(seconds), 10))
	}
	if p.status == http.StatusUnauthorized {
		header.Set(echo.HeaderWWWAuthenticate, challenge(p.code))
	}
}

// challenge names what would have been accepted, as RFC 9110 wants of every 401.
func challenge(code string) string {
	if code == "webhook_signature_invalid" {
		return "X-Shopify-Hmac-Sha256"
	}
	return `Bearer realm="probability"`
}

func (s *Server) viewProblem(c echo.Context, p *problem) problemView {
	v := s.voice(c)
	params := map[string]any{"Names": strings.Join(slices.Sorted(maps.Keys(p.fields)), ", ")}
	maps.Copy(params, p.params)
	sentence := cmp.Or(p.reason, p.code)
	view := problemView{
		Type: "urn:probability:problem:" + p.code, Title: v.say("problem."+sentence+".title", params), Status: p.status,
		Detail: v.say("problem."+sentence+".detail", params), Code: p.code, Reason: p.reason,
	}
	if p.status != http.StatusNotFound {
		view.RequestID = c.Response().Header().Get(echo.HeaderXRequestID)
	}
	if view.Title == "" {
		view.Title = http.StatusText(p.status)
	}
	if view.Detail == "" {
		view.Detail = v.say("failure.other", map[string]any{"Code": p.code})
	}
	view.Error = view.Detail
	view.Errors = v.complaints(p.fields)
	return view
}

// complaints puts each member's complaints into words.
func (v voice) complaints(fields map[string][]app.FieldError) map[string][]string {
	if len(fields) == 0 {
		return nil
	}
	out := make(map[string][]string, len(fields))
	for name, list := range fields {
		for _, complaint := range list {
			text := v.say("field."+complaint.Code, complaint.Params)
			if text == "" {
				text = v.say("field.invalid", nil)
			}
			out[name] = append(out[name], text)
		}
	}
	return out
}
