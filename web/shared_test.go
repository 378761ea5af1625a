package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/app"
	"probability/shopify/simulator"
	"probability/store"
	"probability/store/storetest"
)

// behindProxy are two services on one PostgreSQL database with the same Shopify and the same time, as a proxy without sticky sessions
// sees them.
func behindProxy(t *testing.T) (both [2]*bench) {
	t.Helper()
	at := storetest.PostgresConfig(t)
	for i := range both {
		cfg := storetest.Config(t)
		cfg.URL = at.URL
		both[i] = newBench(t, func(o *options) {
			o.store = storetest.Open(t, cfg)
			o.app.PublicURL = "https://orders.example.com"
			if i > 0 {
				o.app.Now, o.web.Now = both[0].clock.Now, both[0].clock.Now
			}
		})
	}
	both[1].sim, both[1].shop, both[1].clock = both[0].sim, both[0].shop, both[0].clock
	return both
}

// to is the same browser, whose next requests go to another process.
func (w *browser) to(b *bench) *browser {
	other := *w
	other.b = b
	return &other
}

// cross is a person whose every request goes to another process than the one before: cookies are the host's, and both are one host.
func cross(t *testing.T, both [2]*bench, email string) [2]*browser {
	t.Helper()
	w := both[0].browserOf(email, "en")
	return [2]*browser{w, w.to(both[1])}
}

func TestPostgres_AnySetUpLinkWorksWithAnyProcess(t *testing.T) {
	t.Parallel()
	both := behindProxy(t)
	var links []string
	for _, b := range both {
		token, err := b.app.NewSetup(t.Context())
		fatal(t, err)
		links = append(links, token)
	}
	for i, b := range both {
		b.get("/setup?token=" + links[1-i]).want(http.StatusOK)
		b.post("/setup", form(links[1-i], "ana@example.com", "correct horse", "correct house"), asForm).want(http.StatusBadRequest)
	}
	// Two people use two links at once.
	status := make([]int, 2)
	var all sync.WaitGroup
	for i, b := range both {
		all.Go(func() {
			status[i] = b.post("/setup", form(links[1-i], fmt.Sprintf("admin%d@example.com", i), "correct horse", "correct horse"), asForm).status
		})
	}
	all.Wait()
	if status[0]+status[1] != http.StatusCreated+http.StatusForbidden {
		t.Errorf("they are answered %v, want one account", status)
	}
	users, err := both[0].app.Users(t.Context())
	fatal(t, err)
	if len(users) != 1 || !users[0].Admin {
		t.Errorf("the accounts are %+v", users)
	}
	for i, b := range both {
		b.get("/setup?token=" + links[i]).want(http.StatusForbidden)
		if token, err := b.app.NewSetup(t.Context()); err != nil || token != "" {
			t.Errorf("another link is made: %q, %v", token, err)
		}
	}
}

func TestPostgres_GuessesAtSignInAreCountedTogether(t *testing.T) {
	t.Parallel()
	both := behindProxy(t)
	both[0].accounts()
	_, err := both[0].app.AddUser(t.Context(), carol, carolsPin, false)
	fatal(t, err)
	for i := range 5 {
		both[i%2].post("/login", credentials(carol, "wrong horse"), asForm).want(http.StatusUnauthorized)
	}
	for _, b := range both {
		slow := b.post("/login", credentials(carol, carolsPin), asForm).want(http.StatusTooManyRequests)
		if slow.header.Get("Retry-After") != "15" {
			t.Errorf("has to wait %s, want 15 seconds", slow.header.Get("Retry-After"))
		}
	}
	both[0].clock.pass(15 * time.Second)
	both[1].post("/login", credentials(carol, carolsPin), asForm).want(http.StatusSeeOther)
}

// Every request of one person goes to the other process, in turns: connecting and new credentials are seen step by step all the same.
func TestPostgres_AnAttemptIsSeenFromAnyProcess(t *testing.T) {
	t.Parallel()
	both := behindProxy(t)
	both[0].accounts()
	w := cross(t, both, "alice@example.com")
	for _, b := range both {
		b.server.SetAttemptHold(time.Minute)
	}
	w[0].client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	settings := func() string { return fmt.Sprintf("/stores/%d", both[0].storeID("alice@example.com")) }
	for _, c := range []struct {
		name         string
		page, action func() string
		form         url.Values
		steps, done  string
	}{
		{"connecting", fixed("/stores/connect?way=token"), fixed("/stores/connect"), byToken(shopDomain, shopToken), "PPPCNNN", "The store is connected"},
		{"new credentials", func() string { return settings() + "/settings" }, func() string { return settings() + "/credentials" }, url.Values{"client_id": {"0a1b2c3d"}, "client_secret": {shopSecret}}, "PPPCNNN", "The new credentials work"},
	} {
		gate := make(chan struct{})
		both[0].holdAt("access_scopes", gate)
		at := w[0].open(c.page()).submit(c.action(), c.form).want(http.StatusSeeOther).header.Get("Location")
		turn := 0
		part := w[1].part(at + "/live")
		for steps(part) != c.steps {
			turn++
			part = w[turn%2].part(attr(part, "data-again"))
		}
		for _, one := range w {
			if s := steps(one.open(at).doc); s != c.steps {
				t.Errorf("%s: loaded again it shows %q", c.name, s)
			}
		}
		// The same form once more, sent to the other process, is the same attempt.
		if again := w[1].open(c.page()).submit(c.action(), c.form).want(http.StatusSeeOther).header.Get("Location"); again != at {
			t.Errorf("%s: sent twice it leads to %s and %s", c.name, at, again)
		}
		both[1].browserOf("bob@example.com", "en").send(http.MethodGet, at+"/live", "").want(http.StatusNotFound)
		close(gate)
		for attr(part, "data-leads") == "" {
			part = w[1].part(attr(part, "data-again"))
		}
		if s := steps(part); s != "PPPPPPP" {
			t.Errorf("%s: the last steps are %q", c.name, s)
		}
		for _, one := range w {
			end := one.send(http.MethodGet, at, "").want(http.StatusSeeOther).header.Get("Location")
			one.open(end).says(c.done)
		}
	}
	// A refusal is told by the process that did not see it, with what was typed.
	for i, one := range w {
		at := one.open("/stores/connect?way=app").submit("/stores/connect", url.Values{
			"way": {"app"}, "store_name": {"otra"}, "client_id": {"typed"}, "client_secret": {fmt.Sprint("shpss_wrong", i)},
		}).want(http.StatusSeeOther).header.Get("Location")
		other := w[1-i]
		part := other.part(at + "/live")
		for attr(part, "data-leads") == "" {
			part = other.part(attr(part, "data-again"))
		}
		page := other.open(at).says("Shopify knows no such store", "Check the name", "Nothing was stored")
		if again := page.form("/stores/connect"); again.Get("store_name") != "otra" || again.Get("client_id") != "typed" || again.Get("client_secret") != "" {
			t.Errorf("the form has %v", again)
		}
	}
	if rows := both[0].texts(`SELECT state FROM attempts`); strings.Contains(rows, "shp") {
		t.Errorf("what is secret is stored: %s", rows)
	}
	if n := both[0].stores("alice@example.com"); n != 1 {
		t.Errorf("%d stores are connected", n)
	}
}

func fixed(text string) func() string { return func() string { return text } }

// storeID is the account's first store.
func (b *bench) storeID(email string) int64 {
	b.t.Helper()
	stores, err := b.store.Integrations(b.t.Context(), b.userID(email))
	fatal(b.t, err)
	if len(stores) == 0 {
		b.t.Fatal("no store is connected")
	}
	return stores[0].ID
}

// As many stores are connected at once in all processes as in one.
func TestPostgres_AttemptsAreBoundedTogether(t *testing.T) {
	t.Parallel()
	both := behindProxy(t)
	both[0].accounts()
	w := cross(t, both, "alice@example.com")
	gate := make(chan struct{})
	defer close(gate)
	for _, b := range both {
		b.holdAt("shop.json", gate)
	}
	for i := range app.MaxAccountAttempts {
		w[i%2].begin(byToken(shopDomain, fmt.Sprintf("shpat_%d", i))).says("Connecting the store")
	}
	for _, one := range w {
		one.begin(byToken(shopDomain, "shpat_more")).says("As many stores are being connected")
	}
}

// A process that dies in the middle is noticed by whoever asks another one, and so is a restart on SQLite.
func TestAttempts_OneThatNobodyCarriesOutAnyMoreSaysSo(t *testing.T) {
	t.Parallel()
	storetest.RunConfig(t, func(t *testing.T, cfg store.Config) {
		b := newBench(t, func(o *options) { o.store = storetest.Open(t, cfg) }).accounts()
		gate := make(chan struct{})
		defer close(gate)
		b.holdAt("access_scopes", gate)
		w := b.browserOf("alice@example.com", "en")
		live := w.begin(byToken(shopDomain, shopToken)).at.Path
		part := w.part(live + "/live")
		for steps(part) != "PPPCNNN" {
			part = w.part(attr(part, "data-again"))
		}
		// What a process leaves that dies here: the row as it is, and no sign of life any more.
		lost := func(integration int64, silent time.Duration) string {
			id := uuid.Must(uuid.NewV7()).String()
			eventually(t, "the row", func() bool {
				return strings.Contains(b.texts(`SELECT state FROM attempts WHERE NOT done`), `"state":1`)
			})
			_, err := b.store.Writer().ExecContext(t.Context(), `INSERT INTO attempts (id, user_id, integration_id, digest, done, version, state, beat_at, created_at, expires_at)
				SELECT $1, user_id, $2, NULL, done, version, state, beat_at - $3, created_at, expires_at FROM attempts WHERE NOT done AND integration_id = 0 AND digest IS NOT NULL`,
				id, integration, silent.Milliseconds())
			fatal(t, err)
			return id
		}
		if s := steps(w.open("/stores/connect/" + lost(0, 0)).says("You may leave this page").doc); s != "PPPCNNN" {
			t.Errorf("one that is only elsewhere shows %q", s)
		}
		at := "/stores/connect/" + lost(0, time.Minute)
		if part := w.part(at + "/live?seen=99"); attr(part, "data-leads") != at || !strings.Contains(attr(part, "data-say"), "stopped in the middle") {
			t.Errorf("who watches is told %q, and led to %q", attr(part, "data-say"), attr(part, "data-leads"))
		}
		page := w.open(at).says("has stopped in the middle of it", "otherwise connect it again", "It is “Mi Tienda”")
		if s := steps(page.doc); s != "PPPFNNN" || strings.Contains(textOf(page.doc), "Nothing was stored") || page.form("/stores/connect").Get("store_name") != shopDomain {
			t.Errorf("it shows %q, or says what nobody knows: %s", s, textOf(page.doc))
		}
		b.browserOf("alice@example.com", "es").open(at).says("se detuvo a la mitad")
		b.sim.AddShop(simulator.ShopConfig{Domain: "otra.myshopify.com", Token: shopToken})
		b.holdAt("nothing", gate)
		w.connect(byToken("otra.myshopify.com", shopToken)).says("The store is connected")
		id := b.storeID("alice@example.com")
		at = fmt.Sprintf("/stores/%d/credentials/%s", id, lost(id, time.Minute))
		if s := steps(w.open(at).says("the new credentials are in use; otherwise enter them again").doc); s != "PPPFNNN" {
			t.Errorf("lost credentials show %q", s)
		}
	})
}

// A report that one process tried is recorded by the other, once.
func TestPostgres_ATriedReportIsRecordedByAnyProcess(t *testing.T) {
	t.Parallel()
	both := behindProxy(t)
	path, id, _ := both[0].parcels(parcel(1, ""))
	w := cross(t, both, "alice@example.com")
	at := fmt.Sprintf("/stores/%d/outcomes", id)
	tried := w[0].open(at).upload(at+"/import", guides).shows(http.StatusOK)
	sent := tried.form(at + "/confirm").Encode()
	w[1].send(http.MethodPost, at+"/confirm", sent).shows(http.StatusOK).says("Outcomes recorded: 1")
	for _, one := range w {
		one.send(http.MethodPost, at+"/confirm", sent).shows(http.StatusOK).says("Choose it again")
	}
	if got := both[0].get(path + "outcomes/"); got.at("known") != 1.0 {
		t.Errorf("got %s", got.body)
	}
}
