package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"probability/app"
)

// recognise finds out who is signed in, if anybody, and leaves it where authenticate does.
func (s *Server) recognise(c echo.Context) (bool, error) {
	v, err := s.session(c)
	switch {
	case err == nil:
		c.Set(userKey, v.user)
		c.Set(sessionKey, v)
		return true, nil
	case app.KindOf(err) == app.Unauthorized:
		return false, nil
	}
	return false, err
}

// signedIn lets a request for a page through that carries the cookie of a session, and sends everybody else to the sign-in.
// Tokens open no pages. What changes something needs proof that our own page asked for it.
func (s *Server) signedIn(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		known, err := s.recognise(c)
		if err != nil {
			return err
		}
		if !known {
			return signInFirst(c)
		}
		if err := s.checkCSRF(c.Request(), s.cookie(c)); err != nil {
			return err
		}
		return next(c)
	}
}

const (
	flashCookie = "probability_flash"
	flashLife   = time.Minute
	maxFlash    = 600 // characters
)

// flash is what a page says once about what was just done.
type flash struct {
	Text string `json:"t"`
	Bad  bool   `json:"b,omitempty"`
	Warn bool   `json:"w,omitempty"` // done, but not as well as it could be
}

// done goes on to another page, which says that something was done.
func (s *Server) done(c echo.Context, path, text string) error {
	return s.goOn(c, path, flash{Text: text})
}

// failed goes on to another page, which says why something could not be done. What is our own fault becomes an error page.
func (s *Server) failed(c echo.Context, path string, err error) error {
	p := problemOf(err)
	if p.status == http.StatusNotFound || p.status >= http.StatusInternalServerError && p.status != http.StatusServiceUnavailable {
		return err
	}
	c.Set(codeKey, p.code)
	return s.goOn(c, path, flash{Text: s.explain(s.pageVoice(c), p), Bad: true})
}

// goOn redirects with something to say. It travels in a cookie that only whoever has the session's own could have made.
func (s *Server) goOn(c echo.Context, path string, f flash) error {
	return s.goOnAs(c, s.cookie(c), path, f)
}

// goOnAs is goOn for a session that has only just begun.
func (s *Server) goOnAs(c echo.Context, session, path string, f flash) error {
	if utf8.RuneCountInString(f.Text) > maxFlash {
		f.Text = string([]rune(f.Text)[:maxFlash]) + "…"
	}
	data, err := json.Marshal(f)
	if err != nil {
		return err
	}
	value := base64.RawURLEncoding.EncodeToString(data)
	s.setPageCookie(c, flashCookie, value+"."+flashProof(session, value), flashLife)
	return c.Redirect(http.StatusSeeOther, path)
}

// takeFlash gives what waits to be said, once.
func (s *Server) takeFlash(c echo.Context, session string) *flash {
	cookie, err := c.Cookie(flashCookie)
	if err != nil || cookie.Value == "" {
		return nil
	}
	s.setPageCookie(c, flashCookie, "", -time.Second)
	value, proof, _ := strings.Cut(cookie.Value, ".")
	if !hmac.Equal([]byte(proof), []byte(flashProof(session, value))) {
		return nil
	}
	data, err := base64.RawURLEncoding.DecodeString(value)
	var f flash
	if err != nil || json.Unmarshal(data, &f) != nil || f.Text == "" {
		return nil
	}
	return &f
}

func flashProof(session, value string) string {
	mac := hmac.New(sha256.New, []byte(session))
	mac.Write([]byte("flash\x00" + value))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// Cookies of what a person wants pages to be like.
const (
	langCookie  = "probability_lang"
	themeCookie = "probability_theme"
	wishLife    = 365 * 24 * time.Hour
)

// wishes are what a person chose for all pages; empty: what the browser says.
type wishes struct{ lang, theme string }

func readWishes(c echo.Context) wishes {
	of := func(name string, words ...string) string {
		cookie, err := c.Cookie(name)
		if err != nil {
			return ""
		}
		for _, w := range words {
			if cookie.Value == w {
				return w
			}
		}
		return ""
	}
	return wishes{lang: of(langCookie, "en", "es"), theme: of(themeCookie, "light", "dark")}
}

// pageVoice is the language of a page: the one that was chosen, else the browser's.
func (s *Server) pageVoice(c echo.Context) voice {
	if lang := readWishes(c).lang; lang != "" {
		v := s.catalog.voice(lang)
		c.Response().Header().Set("Content-Language", v.tag.String())
		return v
	}
	return s.voice(c)
}

// setWishes is POST /preferences: language and appearance of the pages, for this browser. Nobody needs to be signed in for it.
func (s *Server) setWishes(c echo.Context) error {
	m, err := readMembers(c)
	if err != nil {
		return err
	}
	for name, cookie := range map[string]struct {
		name  string
		words []string
	}{"lang": {langCookie, []string{"en", "es", "auto"}}, "theme": {themeCookie, []string{"light", "dark", "auto"}}} {
		switch value := m.choice(name, "", cookie.words...); value {
		case "":
		case "auto":
			s.setPageCookie(c, cookie.name, "", -time.Second)
		default:
			s.setPageCookie(c, cookie.name, value, wishLife)
		}
	}
	if err := m.err(); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, ownPath(m.textOr("back", "/")))
}

// maxOwnPath is how many bytes an address to come back to may have: every filter of a list at its longest, escaped, fits.
const maxOwnPath = 4096

// ownPath is an address of this service that a form may name to come back to, with what it asks for; anything else is the start page.
func ownPath(text string) string {
	u, err := url.Parse(text)
	if err != nil || len(text) > maxOwnPath || u.Scheme != "" || u.Host != "" || u.User != nil ||
		!strings.HasPrefix(text, "/") || strings.HasPrefix(text, "//") || strings.ContainsAny(text, "\\\r\n") {
		return "/"
	}
	path := u.EscapedPath() // what is escaped stays so: "/%2f" must not become "//"
	if u.RawQuery == "" || strings.ContainsFunc(u.RawQuery, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return path
	}
	return path + "?" + u.RawQuery
}

// setPageCookie sets a cookie that no script needs to read; a negative life takes it away.
func (s *Server) setPageCookie(c echo.Context, name, value string, life time.Duration) {
	http.SetCookie(c.Response(), &http.Cookie{ //nolint:gosec // Secure follows the request: without https it would never come back
		Name: name, Value: value, Path: "/", MaxAge: int(life / time.Second),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.secure(c),
	})
}
