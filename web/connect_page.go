package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/google/uuid"
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

// connectView is the guided form that connects a store, below what came of the last attempt, if there was one.
type connectView struct {
	page
	Attempt *attemptView
	Errors  map[string][]string
	StoreName,
	ClientID string
	Way string // "": not chosen yet
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

// connectSubmit is POST /stores/connect: it begins an attempt and leads to its page, which shows how far it is.
func (s *Server) connectSubmit(c echo.Context) error {
	m, err := readMembers(c)
	if err != nil {
		return err
	}
	text := func(name string) string { return strings.TrimSpace(m.textOr(name, "")) }
	form := attemptForm{Way: m.choice("way", wayToken, wayApp, wayToken), StoreName: text("store_name"), ClientID: text("client_id")}
	in := app.ConnectInput{StoreName: shopName(form.StoreName)}
	if form.Way == wayApp {
		in.ClientID, in.ClientSecret = form.ClientID, text("client_secret")
	} else {
		in.AccessToken, in.APISecret = text("access_token"), text("api_secret")
	}
	if err := m.err(); err != nil {
		return err
	}
	if len(form.StoreName) > maxTyped || len(form.ClientID) > maxTyped {
		form.StoreName, form.ClientID = "", ""
	}
	path, err := s.beginAttempt(c, attemptTask{
		form: form, entered: []string{in.StoreName, in.AccessToken, in.APISecret, in.ClientID, in.ClientSecret},
		carry: func(ctx context.Context, user uuid.UUID, tell func(app.StepReport)) (int64, error) {
			done, err := s.app.ConnectObserved(ctx, user, in, tell)
			return done.Integration.ID, err
		},
	})
	if err != nil {
		return s.failed(c, "/stores/connect?way="+form.Way, err)
	}
	return c.Redirect(http.StatusSeeOther, path)
}

// attemptPage is GET /stores/connect/{attempt}: the steps while they are taken, then the form again, or on to the store.
func (s *Server) attemptPage(c echo.Context) error {
	a, err := s.attempt(c, 0)
	if err != nil {
		return err
	}
	view := s.connectView(c)
	state, since, _ := a.look()
	if state.over && state.err == nil {
		return s.toConnected(c, state)
	}
	view.Way, view.StoreName, view.ClientID = a.form.Way, a.form.StoreName, a.form.ClientID
	view.Attempt = s.viewAttempt(view.page, a, state, since)
	if !state.over {
		view.Title, view.Refresh = view.Say("connect.checking_title"), attemptRefresh
		return s.render(c, http.StatusOK, "connect.html", view)
	}
	view.Title = view.Say("connect.failed_title")
	p := problemOf(state.err)
	if view.Attempt.Connected, err = s.alreadyThere(c, p, shopName(a.form.StoreName)); err != nil {
		return err
	}
	view.Errors = view.voice.complaints(p.fields)
	if view.Way == wayApp && len(view.Errors["access_token"]) > 0 { // the API calls what is missing by the name of the other way
		view.Errors["client_id"] = append(view.Errors["client_id"], view.Errors["access_token"]...)
	}
	c.Set(codeKey, p.code)
	return s.render(c, http.StatusOK, "connect.html", view)
}

// attemptLive is GET /stores/connect/{attempt}/live?seen=…: the part that changes, as soon as it does.
func (s *Server) attemptLive(c echo.Context) error { return s.liveAttempt(c, 0) }

// liveAttempt answers with the part of an attempt's page that changes, once there is more than was seen.
func (s *Server) liveAttempt(c echo.Context, integration int64) error {
	a, err := s.attempt(c, integration)
	if err != nil {
		return err
	}
	q := readQuery(c)
	seen := q.number("seen", 0)
	if err := q.err(); err != nil {
		return err
	}
	if a, err = s.awaitAttempt(c.Request().Context(), a, seen); err != nil {
		return err
	}
	state, since, _ := a.look()
	return s.render(c, http.StatusOK, "attempt-live", s.viewAttempt(s.frame(c), a, state, since))
}

// attempt is the one that the path names, if it is the caller's, about that integration, and still remembered.
func (s *Server) attempt(c echo.Context, integration int64) (*attempt, error) {
	over := &problem{status: http.StatusNotFound, code: "attempt_over"}
	id, err := uuid.Parse(c.Param("attempt"))
	if err != nil {
		return nil, over
	}
	user := caller(c).ID
	a := s.attempts.find(id, user)
	if a == nil {
		if a, err = s.storedAttempt(c.Request().Context(), user, id); err != nil {
			return nil, err
		}
	}
	if a.integration != integration {
		return nil, over
	}
	return a, nil
}

// toConnected leads on to the store's page, with what is not as good as it could be.
func (s *Server) toConnected(c echo.Context, state attemptState) error {
	v := s.pageVoice(c)
	return s.goOn(c, page{StoreID: state.integration}.StorePath(), doneWith(v, v.say("done.connected", nil), state.steps))
}

// alreadyThere is the page of the store that could not be connected because it is already, or that was perhaps connected by whoever
// was lost; "" where there is none, and for any other problem.
func (s *Server) alreadyThere(c echo.Context, p *problem, name string) (string, error) {
	switch p.code {
	case "store_already_connected":
		name, _ = p.params["Store"].(string)
	case "attempt_lost":
	default:
		return "", nil
	}
	stores, err := s.app.Store().Integrations(c.Request().Context(), caller(c).ID)
	if err != nil {
		return "", err
	}
	for _, in := range stores {
		if in.StoreName == name {
			return page{StoreID: in.ID}.StorePath(), nil
		}
	}
	return "", nil // disconnected meanwhile
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
