package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"probability/app"
	"probability/shopify/simulator"
	"probability/store"
	"probability/web"
)

// withDemo gives the service the bench's own simulated store for a demo.
func withDemo(o *options) {
	o.web.Demo = func(context.Context) (web.DemoStore, error) {
		return web.DemoStore{
			Credentials: app.Credentials{AccessToken: shopToken, APISecret: shopSecret}, StoreName: shopDomain, Webhooks: "https://probability.example",
		}, nil
	}
}

// The whole first run by what the pages offer: link, password, demo store, first orders.
func TestFirstRun_FromTheLinkToTheDemoStore(t *testing.T) {
	t.Parallel()
	b := newBench(t, withDemo)
	b.shop.Generate(3, time.Hour)
	// Without the link a first visitor gets nowhere.
	stranger := b.browser("en")
	stranger.open("/login").says("There is no account yet")
	stranger.send(http.MethodGet, "/setup", "").shows(http.StatusForbidden)
	if got := stranger.send(http.MethodGet, "/stores/new", ""); got.at.Path != "/login" {
		t.Errorf("a stranger gets to %s", got.at)
	}

	token, err := b.app.NewSetup(t.Context())
	fatal(t, err)
	w := b.browser("es")
	form := w.open("/setup?token=" + token).says("Paso 1 de 2")
	done := form.submit("/setup", url.Values{"email": {"ana@example.com"}, "password": {"correct horse"}, "password_again": {"correct horse"}})
	done.shows(http.StatusCreated).says("Paso 2 de 2", "prob_")
	home := w.open("/").says("Tienda de demostración", "Conectar Shopify")
	shown := home.submit("/stores/demo", nil).shows(http.StatusOK)
	shown.says("La tienda de demostración está conectada", shopDomain, "Primera importación", "En cola", "Suscrito")
	if shown.at.Path != "/stores/1" {
		t.Errorf("it leads to %s", shown.at)
	}
	if hooks := b.shop.Subscriptions(); len(hooks) != 5 || !strings.HasPrefix(hooks[0].Address, "https://probability.example/api/") {
		t.Errorf("the subscriptions are %+v", hooks)
	}
	if strings.Contains(textOf(w.open("/stores/1").doc), "La tienda de demostración está conectada") {
		t.Error("what was done is said twice")
	}
	w.open("/").says(shopDomain)
	runs, err := b.store.Imports(t.Context(), 1, 5, 0)
	fatal(t, err)
	_, err = b.app.Import(t.Context(), runs[0].ID)
	fatal(t, err)
	w.open("/orders").says("Pedidos encontrados: 3", "#1001")
	// Asked for once more, it is the same one.
	again := w.open("/stores/new").submit("/stores/demo", nil).shows(http.StatusOK).says("ya está conectada")
	if again.at.Path != "/stores/1" {
		t.Errorf("it leads to %s", again.at)
	}
}

func TestFirstRun_WithoutADemoThereIsNone(t *testing.T) {
	t.Parallel()
	b := newBench(t).accounts()
	home := b.browserOf("alice@example.com", "en").open("/").says("Welcome to Probability")
	if len(home.all("form", "action", "/stores/demo")) != 0 {
		t.Error("a demo store is offered that there is not")
	}
	home.from.send(http.MethodPost, "/stores/demo", home.form("/logout").Encode()).shows(http.StatusNotFound)

	broken := newBench(t, func(o *options) {
		o.web.Demo = func(context.Context) (web.DemoStore, error) { return web.DemoStore{}, errors.New("no room for it") }
	}).accounts()
	failed := broken.browserOf("alice@example.com", "en").open("/").submit("/stores/demo", nil).shows(http.StatusInternalServerError)
	if strings.Contains(string(failed.body), "no room for it") || !strings.Contains(broken.logs.String(), "no room for it") {
		t.Error("the cause belongs into the log, and nowhere else")
	}
}

func (b *bench) userID(email string) (id [16]byte) {
	b.t.Helper()
	u, err := b.store.UserByEmail(b.t.Context(), email)
	fatal(b.t, err)
	return u.ID
}

func TestStorePage_DoesWhatItsButtonsSay(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id := b.connected()
	w := b.browserOf("alice@example.com", "en")
	path := fmt.Sprintf("/stores/%d", id)
	active := func() bool {
		in, err := b.store.IntegrationByID(t.Context(), id)
		fatal(t, err)
		return in.Active
	}

	w.open(path).submit(path+"/sync", nil).shows(http.StatusOK).says("The sync is queued")
	w.open(path).submit(path+"/audit", nil).shows(http.StatusOK).says("The audit is queued", "By hand")
	repairs := func() bool {
		audits, err := b.store.Audits(t.Context(), id, 1, 0)
		fatal(t, err)
		return len(audits) == 1 && audits[0].Repair
	}
	if repairs() {
		t.Error("an audit that was not asked to repair does")
	}
	proof := w.open(path).form(path + "/audit")
	proof.Set("repair", "true")
	w.send(http.MethodPost, path+"/audit", proof.Encode()).shows(http.StatusOK).says("The audit is queued")
	if !repairs() {
		t.Error("an audit that was asked to repair does not")
	}
	w.open(path).submit(path+"/test", nil).shows(http.StatusOK).says("The connection works")
	w.open(path).submit(path+"/webhooks", nil).shows(http.StatusOK).says("none is configured")
	w.open(path+"/settings").submit(path+"/active", nil).shows(http.StatusOK).says("The store is paused", "Paused")
	if active() {
		t.Error("it is still active")
	}
	w.send(http.MethodPost, path+"/sync", w.open(path).form(path+"/test").Encode()).shows(http.StatusOK).says("Resume it in its settings")
	w.open(path+"/settings").submit(path+"/active", nil).shows(http.StatusOK).says("active again")
	if !active() {
		t.Error("it is still paused")
	}

	// Credentials that do not work change nothing, and are not written back.
	settings := path + "/settings"
	bad := w.settled(w.open(settings).submit(path+"/credentials", url.Values{"access_token": {"shpat_other"}}).shows(http.StatusOK)).says("Shopify refuses the access token")
	if strings.Contains(string(bad.body), "shpat_other") {
		t.Error("the page holds the token")
	}
	w.settled(w.open(settings).submit(path+"/credentials", url.Values{"access_token": {"shpss_x"}}).shows(http.StatusOK)).says("This is an app secret")
	w.open(settings).submit(path+"/credentials", nil).shows(http.StatusBadRequest).says("Nothing was entered")
	w.settled(w.open(settings).submit(path+"/credentials", url.Values{"api_secret": {"shpss_new"}}).shows(http.StatusOK)).says("The new credentials work")
	if got, err := b.store.Secret(t.Context(), id, store.SecretAPI); err != nil || got != "shpss_new" {
		t.Errorf("the secret is %q, %v", got, err)
	}

	// Only the store's name disconnects it.
	for _, name := range []string{"", "mi-tienda", shopDomain + "x"} {
		w.open(settings).submit(path+"/disconnect", url.Values{"confirm": {name}}).shows(http.StatusBadRequest).says("not the name of the store")
	}
	gone := w.open(settings).submit(path+"/disconnect", url.Values{"confirm": {" " + strings.ToUpper(shopDomain)}}).shows(http.StatusOK)
	gone.says("was disconnected", "Welcome to Probability")
	w.send(http.MethodGet, path, "").shows(http.StatusNotFound)
}

// TestStorePage_ShowsProgress: how far, how fast, how much longer.
func TestStorePage_ShowsProgress(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id := b.connected()
	w := b.browserOf("alice@example.com", "en")
	path := fmt.Sprintf("/stores/%d", id)
	w.open(path).says("Queued", "It waits for its turn")
	set := func(change func(*store.Import)) {
		fatal(t, b.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			run, err := tx.ActiveImport(ctx, id)
			if err != nil {
				return err
			}
			change(&run)
			return tx.UpdateImport(ctx, run)
		}))
	}
	total := 5000
	set(func(run *store.Import) {
		run.State, run.StartedAt, run.Fetched, run.Total = "running", noon, 2000, &total
	})
	b.clock.pass(10 * time.Second)
	half := w.open(path).says("2,000 of 5,000 orders · 40 %", "200 orders a second, about 15 s left")
	bar := half.all("progress", "", "")
	if len(bar) != 1 || attr(bar[0], "value") != "40" || attr(bar[0], "max") != "100" || attr(bar[0], "aria-label") != "First import" {
		t.Errorf("the bar is %+v", bar)
	}
	box := half.all("div", "data-live", path+"/live")
	if len(box) != 1 {
		t.Fatal("nothing on the page is asked for again")
	}
	live := w.send(http.MethodGet, path+"/live", "").want(http.StatusOK)
	live.answer.says(t, `data-part="busy" data-say="First import: Running, 40 percent"`)
	set(func(run *store.Import) { run.Fetched = 5000 })
	w.open(path).says("5,000 of 5,000 orders · 99 %") // it still has to prove itself
	set(func(run *store.Import) {
		run.ErrorCode, run.NextAttemptAt = "shopify_unreachable", b.clock.Now().Add(time.Minute)
	})
	w.open(path).says("Shopify has not been reachable")
	set(func(run *store.Import) {
		run.State, run.FinishedAt, run.ErrorCode = "completed", b.clock.Now(), ""
	})
	w.send(http.MethodGet, path+"/live", "").want(http.StatusOK).answer.says(t, `data-part="still"`)
	w.open(path).says("Completed", "took 10 s")
	w.open("/").says("Orders today (UTC)")
}

// A message that was not made for this very session is not shown.
func TestPages_SayOnlyWhatTheyWereToldThemselves(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id := b.connected()
	alice, bob := b.browserOf("alice@example.com", "en"), b.browserOf("bob@example.com", "en")
	path := fmt.Sprintf("/stores/%d", id)
	alice.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	told := alice.open(path).submit(path+"/sync", nil).want(http.StatusSeeOther)
	var value string
	for _, c := range (&http.Response{Header: told.header}).Cookies() {
		if c.Name == "probability_flash" {
			if value = c.Value; !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.MaxAge != 60 {
				t.Errorf("the cookie is %+v", c)
			}
		}
	}
	if value == "" {
		t.Fatal("nothing is to be said")
	}
	for _, forged := range []string{value, "eyJ0IjoiUGF5IGhlcmUifQ." + value, "eyJ0IjoiUGF5IGhlcmUifQ", "%", ""} {
		got := bob.send(http.MethodGet, "/", "", func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "probability_flash", Value: forged}) }).shows(http.StatusOK)
		if len(got.all("div", "role", "status")) != 0 || strings.Contains(textOf(got.doc), "Pay here") {
			t.Errorf("%q is shown", forged)
		}
	}
	alice.send(http.MethodGet, path+"/live", "").want(http.StatusOK) // what another tab asks for meanwhile does not take it away
	alice.open(path).says("The sync is queued")
}

// An account with many stores sees each of them at a glance, the troubled ones with their troubles, on a page that is light enough.
func TestStoresPage_ManyAtAGlance(t *testing.T) {
	t.Parallel()
	const n = 30
	b := newBench(t).accounts()
	var ids []int64
	for i := range n {
		domain := fmt.Sprintf("tienda-%02d-%s.myshopify.com", i, strings.Repeat("w", 50))
		b.sim.AddShop(simulator.ShopConfig{Domain: domain, Token: shopToken})
		got := b.post(connectPath, fmt.Sprintf(`{"store_name":%q,"access_token":%q}`, domain, shopToken)).want(http.StatusCreated)
		ids = append(ids, int64(got.at("integration", "id").(float64)))
	}
	b.put(ids[4], order(1, map[string]any{"created_at": b.clock.Now().UTC().Format(time.RFC3339)}), order(2, map[string]any{"created_at": "2026-10-01T00:00:00Z"}))
	fatal(t, b.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		for _, code := range []string{app.ProblemSyncFailed, app.ProblemDrift, app.ProblemReauthorize} {
			if err := tx.PutProblem(ctx, ids[4], store.Problem{Code: code, Since: noon}); err != nil {
				return err
			}
		}
		return nil
	}))
	page := b.browserOf("alice@example.com", "en").open("/") // which complains about its size
	cards := page.all("section", "class", "card")
	if len(cards) != n {
		t.Fatalf("%d cards, want %d", len(cards), n)
	}
	for _, card := range cards {
		text, heading := textOf(card), within(card, "h2")[0]
		for _, want := range []string{"Orders today (UTC)", "Orders in all", "Last sync", "Webhooks", "Last received:"} {
			if !strings.Contains(text, want) {
				t.Errorf("the card of %s has no %q: %s", textOf(heading), want, text)
			}
		}
		path := attr(within(heading, "a")[0], "href")
		if path != fmt.Sprintf("/stores/%d", ids[4]) {
			continue
		}
		if !strings.Contains(text, "Orders today (UTC) 1 Orders in all 2") {
			t.Errorf("its orders are told as %s", text)
		}
		mends := map[string]bool{}
		for _, f := range within(card, "form") {
			mends[attr(f, "action")] = true
		}
		for _, a := range within(card, "a") {
			mends[attr(a, "href")] = true
		}
		if troubles := len(within(within(card, "ul")[0], "li")); troubles < 3 || !mends[path+"/sync"] || !mends[path+"/audit"] || !mends[path+"/settings#credentials"] {
			t.Errorf("%d troubles, mended by %v", troubles, mends)
		}
	}
	b.browserOf("bob@example.com", "en").open("/").says("Welcome to Probability")
}
