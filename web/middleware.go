package web

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"probability/app"
)

// saneRequestID is what a caller's own request id may look like; it goes into logs and answers.
var saneRequestID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// codeKey is where a handler that answers a problem with a page leaves its code, for the log.
const codeKey = "probability.code"

// withoutTrailingSlash lets every path be written with or without one, for every method, without a
// redirect: a redirected POST loses its body in many clients.
func withoutTrailingSlash(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		u := c.Request().URL
		if len(u.Path) > 1 {
			u.Path = strings.TrimSuffix(u.Path, "/")
			u.RawPath = strings.TrimSuffix(u.RawPath, "/")
		}
		return next(c)
	}
}

// identify gives the request its id, the caller's own when it is a sane one.
func (s *Server) identify(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := c.Request().Header.Get(echo.HeaderXRequestID)
		if !saneRequestID.MatchString(id) {
			fresh, err := uuid.NewV7()
			if err != nil {
				return fmt.Errorf("request id: %w", err)
			}
			id = fresh.String()
		}
		c.Response().Header().Set(echo.HeaderXRequestID, id)
		return next(c)
	}
}

// logRequests writes one line a request, after its answer. The route's pattern stands for the path:
// paths and queries hold ids, searches and set-up tokens. An answer that is to be cut short is cut here, after its line.
func (s *Server) logRequests(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now()
		err := next(c)
		if err != nil {
			c.Error(err)
		}
		r, w := c.Request(), c.Response()
		route := c.Path()
		if route == "" || w.Status == http.StatusNotFound && errors.Is(err, echo.ErrNotFound) {
			route = "unmatched"
		}
		took := time.Since(start)
		if began, ok := c.Get(streamKey).(time.Time); ok {
			took = began.Sub(start) // how long it stays open afterwards is no time of answering
		}
		s.metrics.request(route, r.Method, w.Status, took)
		if err == nil && route == webhookPath && !s.log.Enabled(r.Context(), slog.LevelDebug) {
			return nil
		}
		attrs := []slog.Attr{
			slog.String("method", r.Method), slog.String("route", route), slog.Int("status", w.Status),
			slog.Duration("duration", time.Since(start)), slog.Int64("bytes", w.Size),
			slog.String("remote", c.RealIP()), slog.String("request_id", w.Header().Get(echo.HeaderXRequestID)),
		}
		if id, err := strconv.ParseInt(c.Param("id"), 10, 64); err == nil {
			attrs = append(attrs, slog.Int64("integration_id", id))
		}
		code, cut := "", errors.Is(err, http.ErrAbortHandler)
		code, _ = c.Get(codeKey).(string)
		if err != nil {
			code = problemOf(err).code
		}
		if code != "" {
			attrs = append(attrs, slog.String("code", code))
		}
		if cut {
			attrs = append(attrs, slog.Bool("cut", true))
		}
		level := slog.LevelInfo
		switch {
		case cut && code != "interrupted": // not the client's doing
			level = slog.LevelError
			attrs = append(attrs, slog.Any("error", err))
		case route == "/readyz" && code == "not_ready", errors.Is(err, app.ErrDiskFull):
			level = slog.LevelDebug // told once, when it changed; a line for each refusal would need room, too
		case err != nil && (code == "internal" || w.Status >= http.StatusInternalServerError && w.Status != http.StatusNotImplemented):
			level = slog.LevelError
			attrs = append(attrs, slog.Any("error", err))
		case route == "/healthz" || route == "/readyz", route == "/metrics" && err == nil, route == webhookPath && err == nil:
			level = slog.LevelDebug // an accepted webhook has its row among the deliveries
		}
		s.log.LogAttrs(r.Context(), level, "request", attrs...)
		if cut {
			panic(http.ErrAbortHandler)
		}
		return nil
	}
}

// recoverPanics turns a panic into an error of this one request.
func (s *Server) recoverPanics(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			switch cause := recover(); cause {
			case nil:
			case http.ErrAbortHandler: // the way to cut an answer short on purpose
				panic(cause)
			default:
				err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
			}
		}()
		return next(c)
	}
}

// secureHeaders forbids a browser everything that an API answer does not need. Pages loosen the
// content policy for their own style sheet. A year of https only is promised only to whoever came by https, for a promise
// cannot be taken back.
func (s *Server) secureHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set(echo.HeaderXContentTypeOptions, "nosniff")
		h.Set(echo.HeaderCacheControl, "no-store")
		h.Set(echo.HeaderReferrerPolicy, "no-referrer")
		h.Set(echo.HeaderXFrameOptions, "DENY")
		h.Set(echo.HeaderContentSecurityPolicy, "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()")
		if s.secure(c) {
			h.Set(echo.HeaderStrictTransportSecurity, "max-age=31536000")
		}
		return next(c)
	}
}

// sameOrigin refuses a form that another site made the browser send.
func (s *Server) sameOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := s.checkOrigin(c.Request()); err != nil {
			return &problem{status: http.StatusForbidden, code: "cross_origin", cause: err}
		}
		return next(c)
	}
}

// checkOrigin tells whether another site made the browser send the request.
//
// A page with "Referrer-Policy: no-referrer" makes browsers send "Origin: null" even to their own
// site, and over plain http to another host there is no Sec-Fetch-Site that would tell the two apart.
// Such a request is let through, so it has to carry a token that no other site can know.
func (s *Server) checkOrigin(r *http.Request) error {
	if r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get(echo.HeaderOrigin) == "null" {
		return nil
	}
	return s.cross.Check(r)
}
