package web

import (
	"bytes"
	"net/http"

	"github.com/labstack/echo/v4"

	"probability/app"
)

// setupView is the set-up page in one of its three states: a form, a result with the way on, or neither for a link that
// does not work.
type setupView struct {
	page
	Demo     bool
	APIToken string
	Email    string
	Errors   map[string][]string
	Open     bool
	Problem  string
	Token    string
}

// suggestedEmail stands in the form at first, so that a password is all that has to be typed. It is a name to sign in with and no more:
// nothing is ever sent to it.
const suggestedEmail = "admin@localhost"

// setupPage is GET /setup?token=…: the form that makes the first admin.
func (s *Server) setupPage(c echo.Context) error {
	token := c.QueryParam("token")
	open, err := s.app.SetupOpen(c.Request().Context(), token)
	if err != nil {
		return err
	}
	view := setupView{page: s.setupFrame(c), Token: token, Email: suggestedEmail, Open: open}
	status := http.StatusOK
	if open {
		view.Path = s.page(c).Path // with the link, to come back in another language; a wrong one would count as a guess each time
	} else {
		if err := s.countWrongLink(c, token); err != nil {
			return err
		}
		status = http.StatusForbidden
	}
	return s.render(c, status, "setup.html", view)
}

// setupFrame begins the page. It names no path to come back to: the link is a secret.
func (s *Server) setupFrame(c echo.Context) page {
	p := s.page(c)
	p.Title, p.Path = p.Say("setup.title"), ""
	return p
}

// countWrongLink counts a set-up link that does not work; a page that was opened without any is no guess.
func (s *Server) countWrongLink(c echo.Context, token string) error {
	if token == "" {
		return nil
	}
	return s.app.CountWrong(c.RealIP())
}

// setupSubmit is POST /setup: it makes the admin, signs it in and shows the API token, this once.
func (s *Server) setupSubmit(c echo.Context) error {
	var body bytes.Buffer
	err := readBody(&body, c.Request())
	if err != nil {
		return err
	}
	m := newMembers()
	if err := m.readForm(body.String()); err != nil {
		return err
	}
	view := setupView{page: s.setupFrame(c), Token: m.textOr("token", ""), Email: m.textOr("email", ""), Open: true}
	password := m.textOr("password", "")
	open, err := s.app.SetupOpen(c.Request().Context(), view.Token)
	if err != nil {
		return err
	}
	if open && password != m.textOr("password_again", "") {
		view.Errors = view.voice.complaints(map[string][]app.FieldError{"password_again": {{Code: "passwords_differ"}}})
		return s.render(c, http.StatusBadRequest, "setup.html", view)
	}
	user, apiToken, err := s.app.Setup(c.Request().Context(), view.Token, view.Email, password)
	if err == nil {
		view.APIToken = apiToken
		cookie, err := s.app.BeginSession(c.Request().Context(), user, s.browser(c))
		if err != nil { // the account is there, and its token is shown only now
			s.log.WarnContext(c.Request().Context(), "the new account could not be signed in", "error", err)
		} else {
			s.setCookie(c, cookie)
			view.CSRFToken, view.Demo = csrfToken(cookie), s.cfg.Demo != nil
		}
		return s.render(c, http.StatusCreated, "setup.html", view)
	}
	p := problemOf(err)
	if p.status >= http.StatusInternalServerError {
		return err
	}
	view.Open = p.code != "setup_link_invalid"
	if !view.Open {
		if err := s.countWrongLink(c, view.Token); err != nil {
			return err
		}
	}
	view.Errors = view.voice.complaints(p.fields)
	if len(view.Errors) == 0 {
		view.Problem = view.voice.say("problem."+p.code+".detail", p.params)
	}
	return s.render(c, p.status, "setup.html", view)
}
