package web

import (
	"cmp"
	"strings"

	"github.com/labstack/echo/v4"

	"probability/app"
	"probability/store"
)

// userKey and sessionKey are where authenticate leaves the account, and the session if there is one, in the request's context.
const (
	userKey    = "probability.user"
	sessionKey = "probability.session"
)

// authenticate lets a request through that carries an API token, as "Bearer" or, as clients of the original backend send it,
// "Token"; or, without any Authorization header, the cookie of a session. A token anywhere else, such as in the query, is not
// looked at: addresses end up in logs and histories. What a session changes needs proof that our own page asked for it.
func (s *Server) authenticate(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		var err error
		if _, given := c.Request().Header[echo.HeaderAuthorization]; given {
			err = s.byToken(c)
		} else {
			err = s.bySession(c)
		}
		if err != nil {
			return err
		}
		return next(c)
	}
}

func (s *Server) byToken(c echo.Context) error {
	scheme, _, _ := strings.Cut(c.Request().Header.Get(echo.HeaderAuthorization), " ")
	if !strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, "Token") {
		return &app.Error{Kind: app.Unauthorized, Code: "unauthorized"}
	}
	user, err := s.app.Authenticate(c.Request().Context(), bearer(c))
	if err != nil && app.KindOf(err) == app.Unauthorized {
		return cmp.Or(s.app.CountWrong(c.RealIP()), err)
	}
	if err != nil {
		return err
	}
	c.Set(userKey, user)
	return nil
}

// bearer is the token in the Authorization header, behind the name of the scheme.
func bearer(c echo.Context) string {
	_, token, _ := strings.Cut(c.Request().Header.Get(echo.HeaderAuthorization), " ")
	return strings.TrimSpace(token)
}

func (s *Server) bySession(c echo.Context) error {
	v, err := s.session(c)
	if err != nil {
		return err
	}
	if err := s.checkCSRF(c.Request(), v.cookie); err != nil {
		return err
	}
	c.Set(userKey, v.user)
	c.Set(sessionKey, v)
	return nil
}

// caller is the account that authenticate let through.
func caller(c echo.Context) store.User {
	user, _ := c.Get(userKey).(store.User)
	return user
}
