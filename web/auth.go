package web

import (
	"strings"

	"github.com/labstack/echo/v4"

	"probability/app"
	"probability/store"
)

// userKey is where authenticate leaves the account in the request's context.
const userKey = "probability.user"

// authenticate lets a request through that carries an API token, as "Bearer" or, as clients of the
// original backend send it, "Token". A token anywhere else, such as in the query, is not looked at:
// addresses end up in logs and histories.
func (s *Server) authenticate(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		scheme, token, _ := strings.Cut(c.Request().Header.Get(echo.HeaderAuthorization), " ")
		if !strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, "Token") {
			return &app.Error{Kind: app.Unauthorized, Code: "unauthorized"}
		}
		user, err := s.app.Authenticate(c.Request().Context(), strings.TrimSpace(token))
		if err != nil {
			return err
		}
		c.Set(userKey, user)
		return next(c)
	}
}

// caller is the account that authenticate let through.
func caller(c echo.Context) store.User {
	user, _ := c.Get(userKey).(store.User)
	return user
}
