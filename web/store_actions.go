package web

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

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
		return "done.sync_queued", err
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

	ClientID string
	Confirm  string
	Problem  string        // with the credentials
	Steps    []connectStep // of new credentials that were refused
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

// saveCredentials is POST /stores/{id}/credentials. A field that is left empty stays as it is.
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
	var steps []app.StepReport
	if patch == (app.PatchInput{}) {
		err = &app.Error{Kind: app.Invalid, Code: "validation_failed", Fields: map[string][]app.FieldError{"access_token": {{Code: "nothing_to_change"}}}}
	} else {
		_, err = s.app.PatchObserved(c.Request().Context(), caller(c).ID, in.ID, patch, func(r app.StepReport) {
			steps = append(slices.DeleteFunc(steps, func(old app.StepReport) bool { return old.Step == r.Step }), r)
		})
	}
	if err == nil {
		v := s.pageVoice(c)
		return s.goOn(c, page{StoreID: in.ID}.StorePath(), doneWith(v, v.say("page.done.credentials", nil), steps))
	}
	p := problemOf(err)
	if p.status >= http.StatusInternalServerError || p.status == http.StatusNotFound {
		return err
	}
	c.Set(codeKey, p.code)
	view, err := s.storeSettingsView(c, in)
	if err != nil {
		return err
	}
	switch view.Errors = view.voice.complaints(p.fields); {
	case len(view.Errors) > 0:
	case len(steps) > 0:
		view.Steps = s.viewSteps(view.voice, app.PatchSteps(), steps, patchWords, c.Response().Header().Get(echo.HeaderXRequestID))
	default:
		view.Problem = s.explain(view.voice, p)
	}
	view.ClientID = cmp.Or(m.textOr("client_id", ""), in.ClientID)
	return s.render(c, http.StatusBadRequest, "store_settings.html", view)
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
