package web

import (
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"probability/app"
)

// usersPath is the list of accounts, for administrators.
const usersPath = "/admin/users"

// usersView is the list of accounts.
type usersView struct {
	page
	Admin  bool   // of the account that could not be made
	Email  string // of the account that could not be made
	Errors map[string][]string
	Link   string // that was just made; shown this once
	LinkOf string
	Rows   []userRow
	Typed  bool // the password of the account that could not be made was to be typed
}

type userRow struct {
	ID      uuid.UUID
	Admin   bool
	Created when
	Email   string
	Seen    when
	State   badge
	Stores  string
	This    bool
	Until   when // of the link
}

// usersPage is GET /admin/users.
func (s *Server) usersPage(c echo.Context) error {
	return s.renderUsers(c, http.StatusOK, usersView{})
}

func (s *Server) renderUsers(c echo.Context, status int, view usersView) error {
	accounts, err := s.app.Accounts(c.Request().Context())
	if err != nil {
		return err
	}
	p := s.page(c)
	p.Path = usersPath
	view.page = p.titled("settings", p.Say("users.title"))
	for _, a := range accounts {
		row := userRow{
			ID: a.ID, Admin: a.Admin, Created: p.voice.moment(a.CreatedAt), Email: a.Email, Seen: p.voice.moment(a.LastSeenAt),
			State: badge{p.Say("users.person"), toneIdle}, Stores: p.voice.number(a.Stores), This: a.ID == caller(c).ID,
		}
		if a.Admin {
			row.State = badge{p.Say("users.admin"), toneBusy}
		}
		if a.Invited {
			row.Until = p.voice.moment(a.LinkUntil)
		}
		view.Rows = append(view.Rows, row)
	}
	return s.render(c, status, "users.html", view)
}

// passwordLink is the address with which somebody chooses a password.
func (s *Server) passwordLink(c echo.Context, token string) string {
	base := s.cfg.PublicURL
	if base == "" {
		base = c.Scheme() + "://" + s.host(c)
	}
	return base + "/password?token=" + token
}

// addUser is POST /admin/users.
func (s *Server) addUser(c echo.Context) error {
	m, err := readMembers(c)
	if err != nil {
		return err
	}
	view := usersView{Email: m.textOr("email", ""), Admin: m.textOr("admin", "") != "", Typed: m.choice("way", "link", "link", "password") == "password"}
	password, again := m.textOr("password", ""), m.textOr("password_again", "")
	if err := m.err(); err != nil {
		return err
	}
	ctx := c.Request().Context()
	switch {
	case view.Typed && password != again:
		err = &app.Error{Kind: app.Invalid, Code: "validation_failed", Fields: map[string][]app.FieldError{"password_again": {{Code: "passwords_differ"}}}}
	case view.Typed:
		_, err = s.app.AddUser(ctx, view.Email, password, view.Admin)
	default:
		var token string
		if _, token, err = s.app.Invite(ctx, view.Email, view.Admin); err == nil {
			return s.renderUsers(c, http.StatusCreated, usersView{Link: s.passwordLink(c, token), LinkOf: view.Email})
		}
	}
	v := s.pageVoice(c)
	if err == nil {
		return s.done(c, usersPath, v.say("page.users.added", map[string]any{"Email": view.Email}))
	}
	p := problemOf(err)
	if p.status >= http.StatusInternalServerError {
		return err
	}
	c.Set(codeKey, p.code)
	if view.Errors = v.complaints(p.fields); len(view.Errors) == 0 {
		view.Errors = map[string][]string{"email": {s.explain(v, p)}}
	}
	return s.renderUsers(c, p.status, view)
}

// switchAdmin is POST /admin/users/{user}/admin.
func (s *Server) switchAdmin(c echo.Context) error {
	id, err := pathUUID(c, "user")
	if err != nil {
		return err
	}
	admin, err := readFlag(c, "admin")
	if err != nil {
		return err
	}
	if err := s.app.SetAdmin(c.Request().Context(), caller(c).ID, id, admin != nil && *admin); err != nil {
		return s.failed(c, usersPath, err)
	}
	return s.done(c, usersPath, s.pageVoice(c).say("page.users.changed", nil))
}

// linkUser is POST /admin/users/{user}/link: a new password by a link, which the old one ends with.
func (s *Server) linkUser(c echo.Context) error {
	id, err := pathUUID(c, "user")
	if err != nil {
		return err
	}
	u, token, err := s.app.ResetPassword(c.Request().Context(), caller(c).ID, id)
	if err != nil {
		return s.failed(c, usersPath, err)
	}
	return s.renderUsers(c, http.StatusCreated, usersView{Link: s.passwordLink(c, token), LinkOf: u.Email})
}

// deleteUser is POST /admin/users/{user}/delete; it asks once more.
func (s *Server) deleteUser(c echo.Context) error {
	id, err := pathUUID(c, "user")
	if err != nil {
		return err
	}
	form, err := readForm(c)
	if err != nil {
		return err
	}
	ctx, v := c.Request().Context(), s.pageVoice(c)
	if form.Get("confirm") == "" {
		u, err := s.app.Store().User(ctx, id)
		if err != nil {
			return err
		}
		stores, err := s.app.Store().Integrations(ctx, id)
		if err != nil {
			return err
		}
		params := map[string]any{"Email": u.Email, "Count": len(stores)}
		return s.confirm(c, confirmView{
			Action: c.Request().URL.Path, Back: usersPath, Button: v.say("page.users.delete", nil), Danger: true, Nav: "settings",
			Text: v.say("page.users.delete_what", params), Title: v.say("page.users.delete_sure", params), Values: form,
		})
	}
	u, err := s.app.RemoveUser(ctx, caller(c).ID, id)
	if err != nil {
		return s.failed(c, usersPath, err)
	}
	return s.done(c, usersPath, v.say("page.users.deleted", map[string]any{"Email": u.Email}))
}

// passwordView is the page on which whoever holds a link chooses a password.
type passwordView struct {
	page
	Email  string // of the account; "": the link does not work
	Errors map[string][]string
	Token  string
}

// passwordPage is GET /password?token=….
func (s *Server) passwordPage(c echo.Context) error {
	token := c.QueryParam("token")
	u, err := s.app.LinkOpen(c.Request().Context(), token)
	return s.renderPassword(c, passwordView{Email: u.Email, Token: token}, err)
}

func (s *Server) renderPassword(c echo.Context, view passwordView, err error) error {
	view.page = s.page(c)
	view.Title = view.Say("password.title")
	if err != nil || c.Request().Method != http.MethodGet {
		view.page.Path = "" // a wrong link counts as a guess each time
	}
	if err == nil {
		return s.render(c, http.StatusOK, "password.html", view)
	}
	p := problemOf(err)
	if p.status >= http.StatusInternalServerError {
		return err
	}
	c.Set(codeKey, p.code)
	if p.code == "password_link_invalid" {
		view.Email = ""
		if err := s.countWrongLink(c, view.Token); err != nil {
			return err
		}
	}
	view.Errors = view.voice.complaints(p.fields)
	return s.render(c, p.status, "password.html", view)
}

// choosePassword is POST /password: it signs in whoever has chosen one.
func (s *Server) choosePassword(c echo.Context) error {
	m, err := readMembers(c)
	if err != nil {
		return err
	}
	view := passwordView{Token: m.textOr("token", "")}
	password, again := m.textOr("password", ""), m.textOr("password_again", "")
	if err := m.err(); err != nil {
		return err
	}
	ctx := c.Request().Context()
	u, err := s.app.LinkOpen(ctx, view.Token)
	view.Email = u.Email
	if err == nil && password != again {
		err = &app.Error{Kind: app.Invalid, Code: "validation_failed", Fields: map[string][]app.FieldError{"password_again": {{Code: "passwords_differ"}}}}
	}
	if err == nil {
		u, err = s.app.ChoosePassword(ctx, view.Token, password)
	}
	if err != nil {
		return s.renderPassword(c, view, err)
	}
	cookie, err := s.app.BeginSession(ctx, u, s.browser(c))
	if err != nil {
		return err
	}
	s.setCookie(c, cookie)
	return s.goOnAs(c, cookie, "/", flash{Text: s.pageVoice(c).say("page.done.password", nil)})
}
