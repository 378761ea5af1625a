package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"probability/app"
)

//go:embed templates/*
var templateFiles embed.FS

// stylesheet is the style of the pages, written into each of them, and the policy that allows just it.
type stylesheet struct {
	css    template.CSS
	policy string
}

func parsePages() (*template.Template, stylesheet, error) {
	css, err := templateFiles.ReadFile("templates/style.css")
	if err != nil {
		return nil, stylesheet{}, fmt.Errorf("pages: %w", err)
	}
	pages, err := template.ParseFS(templateFiles, "templates/*.html")
	if err != nil {
		return nil, stylesheet{}, fmt.Errorf("pages: %w", err)
	}
	sum := sha256.Sum256(css)
	return pages, stylesheet{
		css: template.CSS(css), //nolint:gosec // our own file, embedded
		policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
	}, nil
}

// page is what every template gets: the language and the style. Pages embed it.
type page struct {
	voice voice
	Style template.CSS
}

// Lang is the language of the page, for its html element.
func (p page) Lang() string { return p.voice.tag.String() }

// Say gives a sentence of the page.
func (p page) Say(id string) string { return p.voice.say("page."+id, nil) }

func (s *Server) page(c echo.Context) page { return page{voice: s.voice(c), Style: s.style.css} }

// render writes the page once all of it is there, so that no half page goes out.
func (s *Server) render(c echo.Context, status int, name string, view any) error {
	var b bytes.Buffer
	if err := s.pages.ExecuteTemplate(&b, name, view); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	c.Response().Header().Set(echo.HeaderContentSecurityPolicy, s.style.policy)
	return c.HTMLBlob(status, b.Bytes())
}

type indexView struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	API     string `json:"api"`
	OpenAPI string `json:"openapi"`
}

// indexPage is the view with who is signed in, if anybody is.
type indexPage struct {
	page
	indexView
	CSRFToken string
	Email     string
}

// index is GET /: what this is and where to go on, as a page for browsers and as JSON for programs.
func (s *Server) index(c echo.Context) error {
	view := indexView{Name: "Probability", Version: s.cfg.Version, API: storesPath + "/", OpenAPI: "/api/openapi.json"}
	if !strings.Contains(c.Request().Header.Get(echo.HeaderAccept), "text/html") {
		return c.JSON(http.StatusOK, view)
	}
	p := indexPage{page: s.page(c), indexView: view}
	v, err := s.session(c)
	switch {
	case err == nil:
		p.CSRFToken, p.Email = csrfToken(v.cookie), v.user.Email
	case app.KindOf(err) != app.Unauthorized:
		return err
	}
	return s.render(c, http.StatusOK, "index.html", p)
}

// setupView is the set-up page in one of its three states: a form, a result, or neither for a link that
// does not work.
type setupView struct {
	page
	APIToken string
	Email    string
	Errors   map[string][]string
	Open     bool
	Problem  string
	Token    string
}

// setupPage is GET /setup?token=…: the form that makes the first admin.
func (s *Server) setupPage(c echo.Context) error {
	token := c.QueryParam("token")
	view := setupView{page: s.page(c), Token: token, Open: s.app.SetupOpen(token)}
	status := http.StatusOK
	if !view.Open {
		if err := s.countWrongLink(c, token); err != nil {
			return err
		}
		status = http.StatusForbidden
	}
	return s.render(c, status, "setup.html", view)
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
	view := setupView{page: s.page(c), Token: m.textOr("token", ""), Email: m.textOr("email", ""), Open: true}
	password := m.textOr("password", "")
	if s.app.SetupOpen(view.Token) && password != m.textOr("password_again", "") {
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
