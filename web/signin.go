package web

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"probability/app"
)

// signInView is the sign-in page: the form, with what was wrong with the last try, or how to make the first account.
type signInView struct {
	page
	Email     string
	Errors    map[string][]string
	Next      string // the page that was asked for; "": none
	NoAccount bool
	Problem   string
}

// signInPage is GET /login.
func (s *Server) signInPage(c echo.Context) error {
	if _, err := s.session(c); err == nil {
		return c.Redirect(http.StatusSeeOther, ownPath(c.QueryParam("next")))
	} else if app.KindOf(err) != app.Unauthorized {
		return err
	}
	return s.renderSignIn(c, http.StatusOK, signInView{page: s.page(c), Next: c.QueryParam("next")})
}

// signInFirst sends somebody to the sign-in, who then goes on to the page that was asked for. What was to be changed is not repeated.
func signInFirst(c echo.Context) error {
	at, r := "/login", c.Request()
	if next := r.URL.RequestURI(); (r.Method == http.MethodGet || r.Method == http.MethodHead) && ownPath(next) != "/" {
		at += "?" + url.Values{"next": {next}}.Encode()
	}
	return c.Redirect(http.StatusSeeOther, at)
}

// signIn is POST /login: a form is answered with pages, JSON with JSON. From here browsers go to the page that was asked for, if it is
// one of ours, see ownPath, and else to the start page.
func (s *Server) signIn(c echo.Context) error {
	// A form of another site would sign its visitor in as somebody else. Here no session's token can prove the origin, so an
	// origin that is hidden does not do; our own page lets the browser name it.
	if err := s.cross.Check(c.Request()); err != nil {
		return &problem{status: http.StatusForbidden, code: "cross_origin", cause: err}
	}
	m, err := readMembers(c)
	if err != nil {
		return err
	}
	email, password, next := m.textOr("email", ""), m.textOr("password", ""), m.textOr("next", "")
	if err := m.err(); err != nil {
		return err
	}
	cookie, user, err := s.app.SignIn(c.Request().Context(), email, password, s.browser(c))
	if err != nil {
		return s.refuseSignIn(c, email, next, err)
	}
	s.setCookie(c, cookie)
	if isForm(c.Request()) {
		return c.Redirect(http.StatusSeeOther, ownPath(next))
	}
	stored, _, err := s.app.Session(c.Request().Context(), cookie)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, viewSession(session{cookie: cookie, stored: stored, user: user}))
}

// refuseSignIn answers a form with the form, and everything else with the problem. The log gets the code either way.
func (s *Server) refuseSignIn(c echo.Context, email, next string, err error) error {
	p := problemOf(err)
	if !isForm(c.Request()) || p.status == http.StatusInternalServerError {
		return err
	}
	c.Set(codeKey, p.code)
	view := signInView{page: s.page(c), Email: email, Next: next, Errors: s.pageVoice(c).complaints(p.fields)}
	if len(view.Errors) == 0 {
		view.Problem = view.voice.say("problem."+p.code+".detail", p.params)
	}
	p.announce(c.Response().Header())
	return s.renderSignIn(c, p.status, view)
}

func (s *Server) renderSignIn(c echo.Context, status int, view signInView) error {
	accounts, err := s.app.Store().CountUsers(c.Request().Context())
	if err != nil {
		return err
	}
	if ownPath(view.Next) == "/" {
		view.Next = ""
	}
	view.NoAccount, view.Title, view.Path = accounts == 0, view.Say("login.title"), "/login"
	// So that the browser names the origin of the form, see signIn. It still tells no other site.
	c.Response().Header().Set(echo.HeaderReferrerPolicy, "same-origin")
	return s.render(c, status, "login.html", view)
}

// signOut is POST /logout. Whoever is not signed in is signed out already.
func (s *Server) signOut(c echo.Context) error {
	v, err := s.session(c)
	switch {
	case err == nil:
		if err := s.checkCSRF(c.Request(), v.cookie); err != nil {
			return err
		}
		if err := s.app.SignOut(c.Request().Context(), v.cookie); err != nil {
			return err
		}
	case app.KindOf(err) != app.Unauthorized:
		return err
	}
	s.setCookie(c, "")
	if isForm(c.Request()) {
		return c.Redirect(http.StatusSeeOther, "/login")
	}
	return c.NoContent(http.StatusNoContent)
}

// browser is where a sign-in comes from.
func (s *Server) browser(c echo.Context) app.Browser {
	return app.Browser{Remote: c.RealIP(), UserAgent: c.Request().UserAgent(), Session: s.cookie(c)}
}
