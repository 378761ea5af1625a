package web

import (
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"probability/app"
	"probability/store"
)

// settingsView is the account's settings.
type settingsView struct {
	page
	Admin    bool
	Console  bool
	Errors   map[string][]string
	Fresh    string // a token that was just made; shown this once
	Name     string // of the token that could not be made
	OnServer bool   // the database is on a server, whose own programs make its backups
	Problem  string // with the password
	Sessions []sessionRow
	Tokens   []tokenRow
}

type tokenRow struct {
	ID       uuid.UUID
	Name     string
	Created  when
	Expires  when
	LastUsed when
}

type sessionRow struct {
	ID       uuid.UUID
	Browser  string
	Remote   string
	Since    when
	LastUsed when
	This     bool
}

// settingsPage is GET /settings.
func (s *Server) settingsPage(c echo.Context) error {
	view, err := s.settingsView(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "settings.html", view)
}

func (s *Server) settingsView(c echo.Context) (settingsView, error) {
	ctx, user := c.Request().Context(), caller(c)
	p := s.page(c)
	p.Path = "/settings"
	view := settingsView{page: p.titled("settings", p.Say("nav.settings")), Admin: user.Admin, Console: s.cfg.Console != nil, OnServer: s.app.Store().Engine() == store.PostgreSQL}
	tokens, err := s.app.Store().Tokens(ctx, user.ID)
	if err != nil {
		return view, err
	}
	for _, t := range tokens {
		view.Tokens = append(view.Tokens, viewTokenRow(p.voice, t))
	}
	sessions, err := s.app.Sessions(ctx, user.ID)
	if err != nil {
		return view, err
	}
	this, _ := c.Get(sessionKey).(session)
	for _, v := range sessions {
		view.Sessions = append(view.Sessions, sessionRow{
			ID: v.ID, Browser: browserName(v.UserAgent), Remote: v.Remote, Since: p.voice.moment(v.CreatedAt),
			LastUsed: p.voice.moment(v.LastUsedAt), This: v.ID == this.stored.ID,
		})
	}
	return view, nil
}

func viewTokenRow(v voice, t store.APIToken) tokenRow {
	return tokenRow{ID: t.ID, Name: t.Name, Created: v.moment(t.CreatedAt), Expires: v.moment(t.ExpiresAt), LastUsed: v.moment(t.LastUsedAt)}
}

// browserName is the part of a browser's own name that a person recognises; the whole of it when there is none.
func browserName(agent string) string {
	name := ""
	for _, b := range []struct{ mark, name string }{
		{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
	} {
		if strings.Contains(agent, b.mark) {
			name = b.name
			break
		}
	}
	if name == "" {
		return agent
	}
	for _, o := range []struct{ mark, name string }{
		{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"},
	} {
		if strings.Contains(agent, o.mark) {
			return name + " · " + o.name
		}
	}
	return name
}

// tokenLives are how long a token may be made for, by the form's words.
var tokenLives = map[string]time.Duration{"30d": 30 * day, "90d": 90 * day, "365d": 365 * day, "never": 0}

// makeToken is POST /settings/tokens. The token is shown in the answer, and nowhere after it.
func (s *Server) makeToken(c echo.Context) error {
	m, err := readMembers(c)
	if err != nil {
		return err
	}
	name, life := m.textOr("name", ""), m.choice("expires", "90d", "30d", "90d", "365d", "never")
	if err := m.err(); err != nil {
		return err
	}
	plain, _, err := s.app.CreateToken(c.Request().Context(), caller(c).Email, name, tokenLives[life])
	status := http.StatusCreated
	var errs map[string][]app.FieldError
	if err != nil {
		p := problemOf(err)
		if p.code != "validation_failed" {
			return err
		}
		c.Set(codeKey, p.code)
		status, errs = p.status, p.fields
	}
	view, err := s.settingsView(c)
	if err != nil {
		return err
	}
	view.Fresh, view.Errors = plain, view.voice.complaints(errs)
	if plain == "" {
		view.Name = name
	}
	return s.render(c, status, "settings.html", view)
}

// revokeToken is POST /settings/tokens/{token}/revoke.
func (s *Server) revokeToken(c echo.Context) error {
	id, err := pathUUID(c, "token")
	if err != nil {
		return err
	}
	if err := s.app.RevokeOwnToken(c.Request().Context(), caller(c).ID, id); err != nil {
		return err
	}
	return s.done(c, "/settings", s.pageVoice(c).say("page.done.token_revoked", nil))
}

// endSession is POST /settings/sessions/{session}/end.
func (s *Server) endSession(c echo.Context) error {
	id, err := pathUUID(c, "session")
	if err != nil {
		return err
	}
	if err := s.app.EndSession(c.Request().Context(), caller(c).ID, id); err != nil {
		return err
	}
	return s.done(c, "/settings", s.pageVoice(c).say("page.done.session_ended", nil))
}

// endOtherSessions is POST /settings/sessions/end: all but the one that asks.
func (s *Server) endOtherSessions(c echo.Context) error {
	this, _ := c.Get(sessionKey).(session)
	n, err := s.app.EndOtherSessions(c.Request().Context(), caller(c).ID, this.stored.ID)
	if err != nil {
		return err
	}
	return s.done(c, "/settings", s.pageVoice(c).say("page.done.sessions_ended", map[string]any{"Count": n}))
}

// changePassword is POST /settings/password. It ends all sessions, and this browser gets a new one.
func (s *Server) changePassword(c echo.Context) error {
	m, err := readMembers(c)
	if err != nil {
		return err
	}
	present, fresh, again := m.textOr("current_password", ""), m.textOr("password", ""), m.textOr("password_again", "")
	if err := m.err(); err != nil {
		return err
	}
	var cookie string
	if fresh != again {
		err = &app.Error{Kind: app.Invalid, Code: "validation_failed", Fields: map[string][]app.FieldError{"password_again": {{Code: "passwords_differ"}}}}
	} else {
		cookie, err = s.app.ChangePassword(c.Request().Context(), caller(c), present, fresh, s.browser(c))
	}
	if err == nil {
		s.setCookie(c, cookie)
		return s.goOnAs(c, cookie, "/settings", flash{Text: s.pageVoice(c).say("page.done.password", nil)})
	}
	p := problemOf(err)
	if p.status >= http.StatusInternalServerError {
		return err
	}
	c.Set(codeKey, p.code)
	view, err := s.settingsView(c)
	if err != nil {
		return err
	}
	if view.Errors = view.voice.complaints(p.fields); len(view.Errors) == 0 {
		view.Problem = s.explain(view.voice, p)
	}
	p.announce(c.Response().Header())
	return s.render(c, p.status, "settings.html", view)
}
