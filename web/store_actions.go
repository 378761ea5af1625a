package web

import (
	"cmp"
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"probability/app"
	"probability/store"
)

// act is the frame of what a button on a store's page does: the owner is checked, it is done, and the page says what came of it.
func (s *Server) act(c echo.Context, do func(store.Integration) (said string, err error)) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	back := page{StoreID: in.ID}.StorePath()
	said, err := do(in)
	if err != nil {
		return s.failed(c, back, err)
	}
	return s.done(c, back, s.pageVoice(c).say(said, nil))
}

// syncNow is POST /stores/{id}/sync.
func (s *Server) syncNow(c echo.Context) error {
	return s.act(c, func(in store.Integration) (string, error) {
		_, err := s.app.StartSync(c.Request().Context(), caller(c).ID, in.ID, time.Time{})
		return "page.done.sync", err
	})
}

// auditNow is POST /stores/{id}/audit.
func (s *Server) auditNow(c echo.Context) error {
	return s.act(c, func(in store.Integration) (string, error) {
		wanted, err := readFlag(c, "repair")
		if err != nil {
			return "", err
		}
		repair := wanted != nil && *wanted
		audit, err := s.app.StartAudit(c.Request().Context(), caller(c).ID, in.ID, repair)
		if repair && !audit.Repair {
			return "done.audit_only_looks", err
		}
		return "page.done.audit", err
	})
}

// subscribeNow is POST /stores/{id}/webhooks.
func (s *Server) subscribeNow(c echo.Context) error {
	return s.act(c, func(in store.Integration) (string, error) {
		done, err := s.app.RegisterWebhooks(c.Request().Context(), caller(c).ID, in.ID, "")
		if done.Changed {
			return "done.webhooks_registered", err
		}
		return "done.webhooks_unchanged", err
	})
}

// testNow is POST /stores/{id}/test.
func (s *Server) testNow(c echo.Context) error {
	return s.act(c, func(in store.Integration) (string, error) {
		result, err := s.app.Test(c.Request().Context(), caller(c).ID, in.ID)
		if err == nil && result.Err != nil {
			err = result.Err
		}
		return "done.tested", err
	})
}

// switchStore is POST /stores/{id}/active.
func (s *Server) switchStore(c echo.Context) error {
	return s.act(c, func(in store.Integration) (string, error) {
		active, err := readFlag(c, "is_active")
		if err != nil {
			return "", err
		}
		_, err = s.app.Patch(c.Request().Context(), caller(c).ID, in.ID, app.PatchInput{Active: active})
		if active != nil && *active {
			return "page.done.resumed", err
		}
		return "page.done.paused", err
	})
}

// readFlag reads a form's only member besides its proof.
func readFlag(c echo.Context, name string) (*bool, error) {
	m, err := readMembers(c)
	if err != nil {
		return nil, err
	}
	v := m.flag(name)
	return v, m.err()
}

// storeSettingsView is the settings of a store.
type storeSettingsView struct {
	page
	Active bool
	Auth   string
	Errors map[string][]string
	Name   string
	Orders string

	Attempt  *attemptView // of new credentials
	ClientID string
	Confirm  string
}

// storeSettings is GET /stores/{id}/settings.
func (s *Server) storeSettings(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	view, err := s.storeSettingsView(c, in)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "store_settings.html", view)
}

func (s *Server) storeSettingsView(c echo.Context, in store.Integration) (storeSettingsView, error) {
	p := s.pageAbout(c, in)
	view := storeSettingsView{
		page: p.titled("stores", p.Tell("store.settings_of", "Store", in.StoreName)), Active: in.Active, Auth: in.Auth, Name: in.StoreName, ClientID: in.ClientID,
	}
	n, err := s.app.Store().CountOrders(c.Request().Context(), store.OrderFilter{IntegrationID: in.ID})
	view.Orders = p.voice.number(n)
	return view, err
}

// saveCredentials is POST /stores/{id}/credentials: it begins an attempt and leads to its page, as connecting does. A field that is left
// empty stays as it is.
func (s *Server) saveCredentials(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	m, err := readMembers(c)
	if err != nil {
		return err
	}
	given := func(name string) *string {
		text := strings.TrimSpace(m.textOr(name, ""))
		if text == "" {
			return nil
		}
		return &text
	}
	patch := app.PatchInput{AccessToken: given("access_token"), APISecret: given("api_secret"), ClientID: given("client_id"), ClientSecret: given("client_secret")}
	if patch.ClientSecret == nil && patch.ClientID != nil && *patch.ClientID == in.ClientID {
		patch.ClientID = nil // the form shows it, so it comes back with every change
	}
	form := attemptForm{ClientID: strings.TrimSpace(m.textOr("client_id", ""))}
	if err := m.err(); err != nil {
		return err
	}
	if patch == (app.PatchInput{}) {
		view, err := s.storeSettingsView(c, in)
		if err != nil {
			return err
		}
		view.Errors = view.voice.complaints(map[string][]app.FieldError{"access_token": {{Code: "nothing_to_change"}}})
		c.Set(codeKey, "validation_failed")
		return s.render(c, http.StatusBadRequest, "store_settings.html", view)
	}
	if len(form.ClientID) > maxTyped {
		form.ClientID = ""
	}
	path, err := s.beginAttempt(c, attemptTask{
		form: form, integration: in.ID, entered: []string{strconv.FormatInt(in.ID, 10), told(patch.AccessToken), told(patch.APISecret), told(patch.ClientID), told(patch.ClientSecret)},
		carry: func(ctx context.Context, user uuid.UUID, tell func(app.StepReport)) (int64, error) {
			_, err := s.app.PatchObserved(ctx, user, in.ID, patch, tell)
			return in.ID, err
		},
	})
	if err != nil {
		return s.failed(c, page{StoreID: in.ID}.StorePath()+"/settings", err)
	}
	return c.Redirect(http.StatusSeeOther, path)
}

// told is a member of a form; empty when it was left so.
func told(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// credentialsPage is GET /stores/{id}/credentials/{attempt}: the steps while they are taken, then the settings again, or on to the store.
func (s *Server) credentialsPage(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	a, err := s.attempt(c, in.ID)
	if err != nil {
		return err
	}
	state, since, _ := a.look()
	if state.over && state.err == nil {
		v := s.pageVoice(c)
		return s.goOn(c, page{StoreID: in.ID}.StorePath(), doneWith(v, v.say("page.done.credentials", nil), state.steps))
	}
	view, err := s.storeSettingsView(c, in)
	if err != nil {
		return err
	}
	view.Attempt = s.viewAttempt(view.page, a, state, since)
	if !state.over {
		view.Title, view.Refresh = view.Say("settings.checking_title"), attemptRefresh
		return s.render(c, http.StatusOK, "store_settings.html", view)
	}
	p := problemOf(state.err)
	view.Title, view.Errors = view.Say("settings.failed_title"), view.voice.complaints(p.fields)
	view.ClientID = cmp.Or(a.form.ClientID, in.ClientID)
	c.Set(codeKey, p.code)
	return s.render(c, http.StatusOK, "store_settings.html", view)
}

// credentialsLive is GET /stores/{id}/credentials/{attempt}/live?seen=…: the part that changes, as soon as it does.
func (s *Server) credentialsLive(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	return s.liveAttempt(c, in.ID)
}

// disconnectStore is POST /stores/{id}/disconnect: only for whoever has written the store's name.
func (s *Server) disconnectStore(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	m, err := readMembers(c)
	if err != nil {
		return err
	}
	confirm := strings.TrimSpace(m.textOr("confirm", ""))
	if !strings.EqualFold(confirm, in.StoreName) {
		view, err := s.storeSettingsView(c, in)
		if err != nil {
			return err
		}
		view.Confirm = confirm
		view.Errors = view.voice.complaints(map[string][]app.FieldError{"confirm": {{Code: "name_differs"}}})
		return s.render(c, http.StatusBadRequest, "store_settings.html", view)
	}
	name, err := s.app.Disconnect(c.Request().Context(), caller(c).ID, in.ID)
	if err != nil {
		return s.failed(c, page{StoreID: in.ID}.StorePath(), err)
	}
	return s.done(c, "/", s.pageVoice(c).say("done.disconnected", map[string]any{"Store": name}))
}
