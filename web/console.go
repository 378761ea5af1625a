package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"probability/app"
)

// ConsolePath is where the queue's own screens are served, for administrators.
const ConsolePath = "/admin/river"

// consolePolicy is what the console's pages may load: our own files. Unlike our pages they are drawn by a script, whose library
// of menus sets styles within the page.
const consolePolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self'; connect-src 'self'; " +
	"form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

// administrator lets nobody through but a signed-in administrator; it stands behind signedIn.
func (s *Server) administrator(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !caller(c).Admin {
			return &app.Error{Kind: app.Forbidden, Code: "admin_page", Err: errors.New("the account is no administrator's")}
		}
		return next(c)
	}
}

// console serves the queue's own screens to a signed-in administrator. Their script does not know our proof of origin, so what
// changes something has to come with the browser's own word that one of our pages asked for it: a request that names no
// origin at all, or hides it, is refused.
func (s *Server) console(c echo.Context) error {
	r := c.Request()
	known, err := s.recognise(c)
	if err != nil {
		return err
	}
	if !known {
		if strings.HasPrefix(r.URL.Path, ConsolePath+"/api/") {
			return &app.Error{Kind: app.Unauthorized, Code: "unauthorized"}
		}
		return c.Redirect(http.StatusSeeOther, "/login")
	}
	return s.administrator(func(c echo.Context) error {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			if err := s.ownOrigin(r); err != nil {
				return &problem{status: http.StatusForbidden, code: "csrf_failed", cause: err}
			}
		}
		h := c.Response().Header()
		h.Set(echo.HeaderContentSecurityPolicy, consolePolicy)
		if strings.HasPrefix(r.URL.Path, ConsolePath+"/assets/") { // their names change with their content
			h.Set(echo.HeaderCacheControl, "private, max-age=31536000, immutable")
		}
		if r.URL.Path == ConsolePath { // the slash was taken off before
			r.URL.Path += "/"
		}
		s.cfg.Console.ServeHTTP(c.Response(), r)
		return nil
	})(c)
}

// ownOrigin wants the browser to name our own site as the origin.
func (s *Server) ownOrigin(r *http.Request) error {
	if r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get(echo.HeaderOrigin) == "" {
		return errors.New("the request does not say where it comes from")
	}
	return s.cross.Check(r)
}
