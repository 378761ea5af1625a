package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"probability/app"
	"probability/store"
)

// shownStores is how many stores the list shows: each costs a few short reads.
const shownStores = 100

// storesView is the list of stores.
type storesView struct {
	page
	More   int // that are not shown
	Stores []storeCard
}

// storeCard is a store at a glance.
type storeCard struct {
	page
	Active   bool
	Health   badge
	LastSync string
	Live     liveView
	Name     string
	Problems []problemCard
	SyncedAt when
	Webhooks badge
	Received string
}

// problemCard is something that is wrong with a store, and how to mend it.
type problemCard struct {
	page
	Mend  *mend
	Since when
	Text  string
}

// mend is the button or the link that mends a problem.
type mend struct {
	Label  string
	Path   string // below the store's own
	Post   bool
	Values map[string]string // of the form
}

// mends says what helps against which problem, and how a page says it where the API's sentence speaks of its own members. The
// others need no hand, or one elsewhere.
var mends = map[string]struct {
	text, label, path string
	post              bool
	values            map[string]string
}{
	app.ProblemAccessDenied: {label: "page.mend.test", path: "/test", post: true},
	app.ProblemDataRequest:  {text: "page.fix.data_request_open"},
	app.ProblemDrift:        {text: "page.fix.orders_drift", label: "page.mend.repair", path: "/audit", post: true, values: map[string]string{"repair": "true"}},
	app.ProblemLimited:      {label: "page.mend.test", path: "/test", post: true},
	app.ProblemMissingScope: {label: "page.mend.test", path: "/test", post: true},
	app.ProblemNoSecret:     {text: "page.fix.webhook_secret_missing", label: "page.mend.secret", path: "/settings#credentials"},
	app.ProblemNoWebhooks:   {text: "page.fix.webhooks_missing", label: "page.mend.webhooks", path: "/webhooks", post: true},
	app.ProblemPersonalData: {label: "page.mend.test", path: "/test", post: true},
	app.ProblemReauthorize:  {text: "page.fix.reauthorize", label: "page.mend.credentials", path: "/settings#credentials"},
	app.ProblemRecreated:    {label: "page.mend.sync", path: "/sync", post: true},
	app.ProblemRefused:      {text: "page.fix.webhooks_refused", label: "page.mend.secret", path: "/settings#credentials"},
	app.ProblemShopRedacted: {text: "page.fix.shop_redacted", label: "page.mend.credentials", path: "/settings#credentials"},
	app.ProblemSilent:       {label: "page.mend.sync", path: "/sync", post: true},
	app.ProblemSyncFailed:   {label: "page.mend.sync", path: "/sync", post: true},
	app.ProblemUnavailable:  {label: "page.mend.test", path: "/test", post: true},
	app.ProblemUninstalled:  {text: "page.fix.app_uninstalled", label: "page.mend.credentials", path: "/settings#credentials"},
}

// storesPage is GET / for whoever is signed in.
func (s *Server) storesPage(c echo.Context) error {
	ctx := c.Request().Context()
	stores, err := s.app.Integrations(ctx, caller(c).ID)
	if err != nil {
		return err
	}
	p := s.page(c)
	if len(stores) == 0 {
		return s.render(c, http.StatusOK, "welcome.html", welcomeView{page: p.titled("stores", p.Say("welcome.heading")), Demo: s.cfg.Demo != nil})
	}
	view := storesView{page: p.titled("stores", p.Say("nav.stores"))}
	if len(stores) > shownStores {
		view.More, stores = len(stores)-shownStores, stores[:shownStores]
	}
	for _, in := range stores {
		card, err := s.storeCard(c, p, in)
		if err != nil {
			return err
		}
		view.Stores = append(view.Stores, card)
	}
	return s.render(c, http.StatusOK, "stores.html", view)
}

func (s *Server) storeCard(c echo.Context, p page, in app.Integration) (storeCard, error) {
	p.StoreID = in.ID
	now := s.cfg.Now()
	card := storeCard{
		page: p, Active: in.Active, Name: in.StoreName, Health: p.voice.badge(healthWords, in.HealthStatus),
		LastSync: p.voice.ago(now, in.LastSync), SyncedAt: p.voice.moment(in.LastSync),
		Webhooks: p.voice.badge(webhookWords, in.WebhookStatus), Received: p.voice.ago(now, in.LastReceivedAt),
	}
	for _, problem := range in.Problems {
		card.Problems = append(card.Problems, viewProblemCard(p, problem))
	}
	if in.Active && (in.WebhookStatus == app.WebhooksOff || in.WebhookStatus == app.WebhooksUnsigned) && !s.app.HasAddress() {
		card.Problems = append(card.Problems, problemCard{page: p, Since: p.voice.moment(in.CreatedAt), Text: p.Say("hooks.no_address")})
		if in.HealthStatus == app.HealthOK {
			card.Health = badge{Text: p.Say("hooks.off_short"), Tone: toneWarn}
		}
	}
	var err error
	card.Live, err = s.live(c.Request().Context(), p, in.ID)
	return card, err
}

func viewProblemCard(p page, problem store.Problem) problemCard {
	m := mends[problem.Code]
	view := problemCard{page: p, Since: p.voice.moment(problem.Since), Text: viewHealthProblem(p.voice, problem).Message}
	if m.text != "" {
		view.Text = p.voice.say(m.text, map[string]any{"Detail": problem.Detail})
	}
	if m.label != "" {
		view.Mend = &mend{Label: p.voice.say(m.label, nil), Path: m.path, Post: m.post, Values: m.values}
	}
	return view
}

// pageAbout begins the view of a page about a store.
func (s *Server) pageAbout(c echo.Context, in store.Integration) page {
	p := s.page(c)
	p.StoreID, p.StoreName = in.ID, in.StoreName
	return p
}

// toStore is GET /orders and the like: the same of the store that was connected last, or of the only one.
func (s *Server) toStore(c echo.Context) error {
	stores, err := s.app.Store().Integrations(c.Request().Context(), caller(c).ID)
	if err != nil {
		return err
	}
	if len(stores) == 0 {
		return c.Redirect(http.StatusSeeOther, "/")
	}
	p := page{StoreID: stores[0].ID}
	return c.Redirect(http.StatusSeeOther, p.NavPath(strings.TrimPrefix(c.Path(), "/")))
}
