package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"probability/app"
)

// welcomeView is the choice between a look round and a store of one's own.
type welcomeView struct {
	page
	Demo bool
}

// welcomePage is GET /stores/new.
func (s *Server) welcomePage(c echo.Context) error {
	p := s.page(c)
	return s.render(c, http.StatusOK, "welcome.html", welcomeView{page: p.titled("stores", p.Say("welcome.add")), Demo: s.cfg.Demo != nil})
}

// openDemo is POST /stores/demo: the built-in store is connected as any other is.
func (s *Server) openDemo(c echo.Context) error {
	if s.cfg.Demo == nil {
		return echo.ErrNotFound
	}
	ctx, user := c.Request().Context(), caller(c).ID
	demo, err := s.cfg.Demo(ctx)
	if err != nil {
		return err
	}
	stores, err := s.app.Store().Integrations(ctx, user)
	if err != nil {
		return err
	}
	for _, in := range stores {
		if in.StoreName == demo.StoreName {
			return s.done(c, page{StoreID: in.ID}.StorePath(), s.pageVoice(c).say("page.done.demo_there", nil))
		}
	}
	connected, err := s.app.Connect(ctx, user, app.ConnectInput{Credentials: demo.Credentials, StoreName: demo.StoreName})
	if err != nil {
		return s.failed(c, "/", err)
	}
	back := page{StoreID: connected.Integration.ID}.StorePath()
	if connected.Integration.WebhookStatus != app.WebhooksActive { // no public address, or one that leads elsewhere
		if _, err := s.app.RegisterWebhooks(ctx, user, connected.Integration.ID, demo.Webhooks); err != nil {
			return s.failed(c, back, err)
		}
	}
	return s.done(c, back, s.pageVoice(c).say("page.done.demo", nil))
}

// The two ways to connect a store, as the form names them.
const (
	wayApp   = "app"
	wayToken = "token"
)

// connectView is the guided form that connects a store.
type connectView struct {
	page
	Errors map[string][]string
	StoreName,
	ClientID string
	Steps []connectStep
	Way   string // "": not chosen yet
}

// connectStep is one thing that was looked at, and what it came to.
type connectStep struct {
	Name  string
	State badge
	Text  string // why it failed, and what to do
}

// connectPage is GET /stores/connect: first what somebody has, then the form for it.
func (s *Server) connectPage(c echo.Context) error {
	view := s.connectView(c)
	q := readQuery(c)
	view.Way = q.choice("way", "", wayApp, wayToken)
	if q.err() != nil {
		view.Way = ""
	}
	return s.render(c, http.StatusOK, "connect.html", view)
}

func (s *Server) connectView(c echo.Context) connectView {
	p := s.page(c)
	return connectView{page: p.titled("stores", p.Say("connect.heading"))}
}

// connectSubmit is POST /stores/connect. Secrets are never written back into the form.
func (s *Server) connectSubmit(c echo.Context) error {
	m, err := readMembers(c)
	if err != nil {
		return err
	}
	view := s.connectView(c)
	view.Path = "/stores/connect"
	view.Way = m.choice("way", wayToken, wayApp, wayToken)
	text := func(name string) string { return strings.TrimSpace(m.textOr(name, "")) }
	in := app.ConnectInput{StoreName: shopName(text("store_name"))}
	view.StoreName, view.ClientID = text("store_name"), text("client_id")
	if view.Way == wayApp {
		in.ClientID, in.ClientSecret = view.ClientID, text("client_secret")
	} else {
		in.AccessToken, in.APISecret = text("access_token"), text("api_secret")
	}
	if err := m.err(); err != nil {
		return err
	}
	connected, err := s.app.Connect(c.Request().Context(), caller(c).ID, in)
	if err == nil {
		said := view.voice.say("done.connected", nil)
		return s.done(c, page{StoreID: connected.Integration.ID}.StorePath(), said)
	}
	p := problemOf(err)
	if p.status >= http.StatusInternalServerError && p.code != "database_unavailable" {
		return err
	}
	c.Set(codeKey, p.code)
	if p.code == "store_already_connected" {
		view.Errors = map[string][]string{"store_name": {s.explain(view.voice, p)}}
	} else if view.Errors = view.voice.complaints(p.fields); len(view.Errors) == 0 {
		view.Steps = s.connectSteps(view, p)
	} else if view.Way == wayApp { // there the API calls what is missing by the name of the other way
		view.Errors["client_id"] = append(view.Errors["client_id"], view.Errors["access_token"]...)
	}
	p.announce(c.Response().Header())
	return s.render(c, p.status, "connect.html", view)
}

// shopName completes what people write for a store: its bare name, or its address with https:// and a path.
func shopName(text string) string {
	text = strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(text), "https://"), "http://")
	if host, rest, found := strings.Cut(text, "/"); found {
		// admin.shopify.com/store/NAME is where the admin lives.
		if name, ok := strings.CutPrefix(rest, "store/"); ok && host == "admin.shopify.com" {
			host, _, _ = strings.Cut(name, "/")
		}
		text = host
	}
	if text != "" && !strings.Contains(text, ".") {
		text += ".myshopify.com"
	}
	return text
}

// connectFailsAt says at which step of connecting which problem shows: 0 the store is reached, 1 the credentials are good, 2 the
// app is installed and may talk to this store, 3 it may read the orders. What is not here shows at the first.
var connectFailsAt = map[string]int{
	"app_not_installed": 2, "invalid_client_credentials": 1, "invalid_token": 1, "missing_scope": 3, "personal_data_withheld": 3,
	"shop_not_permitted": 2,
}

// connectSteps is the checklist: what was passed, where it failed and why, and what was not looked at any more.
func (s *Server) connectSteps(view connectView, p *problem) []connectStep {
	names := []string{view.Say("connect.step_store"), view.Say("connect.step_credentials"), view.Say("connect.step_app"), view.Say("connect.step_scopes")}
	at, ok := connectFailsAt[p.reason]
	if !ok {
		at = connectFailsAt[p.code]
	}
	steps := make([]connectStep, len(names))
	for i, name := range names {
		steps[i] = connectStep{Name: name, State: badge{Text: view.Say("connect.passed"), Tone: toneGood}}
		switch {
		case i == at:
			steps[i].State, steps[i].Text = badge{Text: view.Say("connect.failed"), Tone: toneBad}, s.explain(view.voice, p)
		case i > at:
			steps[i].State = badge{Text: view.Say("connect.not_reached"), Tone: toneIdle}
		}
	}
	return steps
}
