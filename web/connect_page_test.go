package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"probability/app"
	"probability/shopify/simulator"
)

func byToken(store, access string) url.Values {
	return url.Values{"way": {"token"}, "store_name": {store}, "access_token": {access}, "api_secret": {shopSecret}}
}

func byApp(secret string) url.Values {
	return url.Values{"way": {"app"}, "client_id": {"0a1b2c3d"}, "client_secret": {secret}}
}

// connect sends the form, and gives the page of the attempt once it is over, or what it has led to.
func (w *browser) connect(form url.Values) screen {
	w.b.t.Helper()
	return w.settled(w.begin(form))
}

// begin sends the form and gives the page that it leads to.
func (w *browser) begin(form url.Values) screen {
	w.b.t.Helper()
	return w.open("/stores/connect?way="+form.Get("way")).submit("/stores/connect", form).shows(http.StatusOK)
}

// settled goes on asking as the page's script does, until there is nothing more to ask for.
func (w *browser) settled(s screen) screen {
	w.b.t.Helper()
	for _, box := range within(s.doc, "div") {
		if next := attr(box, "data-live"); strings.HasPrefix(next, "/stores/connect/") || strings.Contains(next, "/credentials/") {
			part := w.part(next)
			for attr(part, "data-leads") == "" {
				part = w.part(attr(part, "data-again"))
			}
			return w.open(attr(part, "data-leads"))
		}
	}
	return s
}

// part asks for what changes on a page.
func (w *browser) part(path string) *html.Node {
	w.b.t.Helper()
	if path == "" {
		w.b.t.Fatal("the part that changes says neither that it is over nor where to ask again")
	}
	s := w.send(http.MethodGet, path, "").want(http.StatusOK)
	for _, n := range within(s.doc, "div") {
		if has(n, "data-part") {
			return n
		}
	}
	w.b.t.Fatalf("%s has no part: %s", path, s.body)
	return nil
}

// steps are the first letters of the states of all steps below a node: Passed, Works, Failed, Not tried, Checking.
func steps(n *html.Node) string {
	var out strings.Builder
	for _, ol := range within(n, "ol") {
		if attr(ol, "class") != "steps" {
			continue
		}
		for _, li := range within(ol, "li") {
			out.WriteString(textOf(li)[:1])
		}
	}
	return out.String()
}

func (b *bench) stores(email string) int {
	b.t.Helper()
	stores, err := b.store.Integrations(b.t.Context(), b.userID(email))
	fatal(b.t, err)
	return len(stores)
}

// another adds a store that differs from the usual one in its name alone.
func (b *bench) another(name string) *simulator.Shop {
	return b.sim.AddShop(simulator.ShopConfig{
		Domain: name + ".myshopify.com", Name: "Mi Tienda", Token: shopToken, APISecret: shopSecret, ClientID: "0a1b2c3d", ClientSecret: shopSecret, Bucket: -1,
	})
}

// Each way to fail shows at its step, with what to do beside it. What was secret never comes back, the rest does, and nothing is
// stored.
func TestConnectPage_ShowsWhereItFails(t *testing.T) {
	t.Parallel()
	b := newBench(t).accounts()
	w, es := b.browserOf("alice@example.com", "en"), b.browserOf("alice@example.com", "es")
	fault := func(path string, kind simulator.FaultKind) func(*simulator.Shop) {
		return func(shop *simulator.Shop) { shop.Inject(simulator.Fault{Kind: kind, Path: path}) }
	}
	for i, c := range []struct {
		name   string
		form   url.Values
		steps  string
		say    []string
		before func(*simulator.Shop)
	}{
		{"no name of a store", byToken("tienda.com", shopToken), "FNNNNNN", []string{"must end in .myshopify.com"}, nil},
		{"no token", byToken("", "abc"), "PNFNNNN", []string{"must begin with 'shp'"}, nil},
		{"an app's secret", byToken("", "shpss_abc"), "PNFNNNN", []string{"This is an app secret"}, nil},
		{"404", byToken("nobody-here", shopToken), "PFNNNNN", []string{"Shopify knows no such store", "Check the name"}, nil},
		{"401", byToken("", "shpat_wrong"), "PPFNNNN", []string{"Shopify refuses the access token", "Copy the token again"}, nil},
		{"402", byToken("", shopToken), "PFNNNNN", []string{"frozen, unpaid or locked"}, fault("shop.json", simulator.FaultPayment)},
		{"403", byToken("", shopToken), "PPFNNNN", []string{"HTTP 403"}, fault("shop.json", simulator.FaultForbidden)},
		{"500", byToken("", shopToken), "PFNNNNN", []string{"HTTP 500", "try again"}, fault("shop.json", simulator.FaultInternal)},
		{"500 of the scopes", byToken("", shopToken), "PPPFNNN", []string{"HTTP 500", "It is “Mi Tienda”"}, fault("access_scopes", simulator.FaultInternal)},
		{"no connection", byToken("", shopToken), "PFNNNNN", []string{"did not answer", "firewall, proxy"}, fault("shop.json", simulator.FaultDrop)},
		{"secret refused", byApp("shpss_wrong"), "PPFNNNN", []string{"Shopify refuses this client id and secret"}, nil},
		{"app not installed", byApp(shopSecret), "PPFNNNN", []string{"not installed in the store. Install it there"}, fault("access_token", simulator.FaultNotInstalled)},
		{"another's app", byApp(shopSecret), "PPFNNNN", []string{"same organization"}, fault("access_token", simulator.FaultNotPermitted)},
		{"no token to be had", byApp(shopSecret), "PFNNNNN", []string{"HTTP 502"}, fault("access_token", simulator.FaultBadGateway)},
		{"store gone since", byApp(shopSecret), "PPFNNNN", []string{"Shopify knows no such store"}, fault("shop.json", simulator.FaultNotFoundHTML)},
		{
			"no scope for orders", byToken("", shopToken), "PPPFNNN",
			[]string{"Missing read_orders Needed. Without it there are no orders at all.", "Missing read_all_orders", "Grant it read_orders"},
			func(shop *simulator.Shop) { shop.SetScopes("read_products") },
		},
	} {
		shop := b.another(fmt.Sprintf("tienda-%d", i))
		if c.form.Get("store_name") == "" {
			c.form.Set("store_name", shop.Domain())
		}
		if c.before != nil {
			c.before(shop)
		}
		got := w.connect(c.form).says(c.say...).says("Nothing was stored", "not connected yet")
		if s := steps(got.doc); s != c.steps {
			t.Errorf("%s: the steps are %q, want %q: %s", c.name, s, c.steps, textOf(got.doc))
		}
		for _, secret := range []string{shopToken, shopSecret, "shpat_wrong", "shpss_wrong", "shpss_abc"} {
			if strings.Contains(string(got.body), secret) || strings.Contains(b.logs.String(), secret) {
				t.Errorf("%s: the page or the log holds %s", c.name, secret)
			}
		}
		again := got.form("/stores/connect")
		for _, typed := range []string{"way", "store_name", "client_id"} {
			if again.Get(typed) != c.form.Get(typed) {
				t.Errorf("%s: %s has to be entered again", c.name, typed)
			}
		}
		es.send(http.MethodGet, got.at.Path, "").want(http.StatusOK).says("No se guardó nada", "Falló")
	}
	if n := b.stores("alice@example.com"); n != 0 {
		t.Errorf("%d stores are connected", n)
	}
}

// A store that does not answer is given up, and a field that is missing is told of where it is.
func TestConnectPage_NoAnswerAndNothingEntered(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *options) { o.app.ProofTime = 300 * time.Millisecond }).accounts()
	b.shop.Inject(simulator.Fault{Kind: simulator.FaultHang, Path: "shop.json"})
	w := b.browserOf("alice@example.com", "en")
	late := w.connect(byToken(shopDomain, shopToken)).says("did not answer")
	if s := steps(late.doc); s != "PFNNNNN" {
		t.Errorf("the steps are %q", s)
	}
	empty := w.connect(url.Values{"way": {"app"}, "store_name": {""}, "client_id": {""}, "client_secret": {""}}).says("This is required")
	for _, name := range []string{"store_name", "client_id"} {
		if in := empty.all("input", "name", name); attr(in[0], "aria-invalid") != "true" {
			t.Errorf("%s is not marked", name)
		}
	}
}

// What works, but with a loss, is said before anybody misses it, and on the page that it leads to.
func TestConnectPage_SaysWhatWorksBut(t *testing.T) {
	t.Parallel()
	fault := func(path string, kind simulator.FaultKind) func(*simulator.Shop) {
		return func(shop *simulator.Shop) { shop.Inject(simulator.Fault{Kind: kind, Path: path}) }
	}
	public, private := newBench(t, func(o *options) { o.app.PublicURL = "https://orders.example.com" }).accounts(), newBench(t).accounts()
	browsers := map[*bench]*browser{public: public.browserOf("alice@example.com", "en"), private: private.browserOf("alice@example.com", "en")}
	for i, c := range []struct {
		name   string
		on     *bench
		form   url.Values
		steps  string
		say    []string
		before func(*simulator.Shop)
	}{
		{"all well", public, byToken("", shopToken), "PPPPPPP", nil, func(shop *simulator.Shop) { shop.Generate(20, time.Hour) }},
		{"by an app", public, byApp(shopSecret), "PPPPPPP", nil, nil},
		{"60 days", public, byToken("", shopToken), "PPPWPPP", []string{"only orders of the last 60 days"}, func(shop *simulator.Shop) { shop.SetScopes("read_orders") }},
		{"scopes untold", public, byToken("", shopToken), "PPPWPPP", []string{"does not tell"}, fault("access_scopes", simulator.FaultForbidden)},
		{"no public address", private, byToken("", shopToken), "PPPPPPW", []string{"server.public_url"}, nil},
		{"no secret", public, url.Values{"way": {"token"}, "access_token": {shopToken}}, "PPPPPPW", []string{"Enter the app's API secret key"}, nil},
		{"not subscribed", public, byToken("", shopToken), "PPPPPPW", []string{"Not every webhook", "500"}, fault("webhooks", simulator.FaultInternal)},
		{"customers withheld", public, byToken("", shopToken), "PPPPWPP", []string{"The newest 10 orders have neither name"}, func(shop *simulator.Shop) {
			shop.Generate(20, time.Hour)
			shop.SetPersonalData(simulator.PersonalDataWithheld)
		}},
		{"customers refused", public, byToken("", shopToken), "PPPPWPW", []string{"withholds customers' data"}, func(shop *simulator.Shop) { shop.SetPersonalData(simulator.PersonalDataRefused) }},
		{"customers unknown", public, byToken("", shopToken), "PPPPWPP", []string{"could not be looked at"}, fault("orders", simulator.FaultInternal)},
	} {
		shop := c.on.another(fmt.Sprintf("tienda-%d", i))
		c.form.Set("store_name", shop.Domain())
		if c.before != nil {
			c.before(shop)
		}
		w := browsers[c.on]
		last := w.watched(c.form)
		if s := steps(last); s != c.steps {
			t.Errorf("%s: the steps are %q, want %q: %s", c.name, s, c.steps, textOf(last))
		}
		done := w.open(attr(last, "data-leads")).says(append(c.say, "The store is connected", shop.Domain())...)
		if !strings.HasPrefix(done.at.Path, "/stores/") || strings.Contains(done.at.Path, "connect") {
			t.Errorf("%s: it leads to %s", c.name, done.at)
		}
	}
}

// watched sends the form and asks for each change, as a script does; it gives the last one and complains about steps that go back.
func (w *browser) watched(form url.Values) *html.Node {
	w.b.t.Helper()
	return w.watchedAt("/stores/connect?way="+form.Get("way"), "/stores/connect", form)
}

// watchedAt is watched for a form of another page.
func (w *browser) watchedAt(page, action string, form url.Values) *html.Node {
	w.b.t.Helper()
	w.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	defer func() { w.client.CheckRedirect = nil }()
	to := w.open(page).submit(action, form).want(http.StatusSeeOther).header.Get("Location")
	part := w.part(to + "/live?seen=1")
	before := ""
	for attr(part, "data-leads") == "" {
		if now := steps(part); before != "" {
			for i := range now {
				if strings.IndexByte("NCWPF", now[i]) < strings.IndexByte("NCWPF", before[i]) {
					w.b.t.Errorf("the steps went from %s back to %s", before, now)
				}
			}
			before = now
		}
		part = w.part(attr(part, "data-again"))
	}
	return part
}

// While Shopify takes its time the page shows where it is, in every way to look at it, and loading it again connects nothing twice.
func TestConnectPage_IsLive(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *options) { o.app.PublicURL = "https://orders.example.com" }).accounts()
	gate := make(chan struct{})
	b.holdAt("access_scopes", gate)
	b.server.SetAttemptHold(time.Hour) // what is told is told because it changed
	w := b.browserOf("alice@example.com", "en")
	w.client.Timeout = 30 * time.Second
	page := w.begin(byToken(shopDomain, shopToken))
	part := w.part(page.at.Path + "/live")
	for steps(part) != "PPPCNNN" {
		part = w.part(attr(part, "data-again"))
	}
	if say := attr(part, "data-say"); say != "Checking…: The permissions are granted." {
		t.Errorf("a screen reader is told %q", say)
	}
	// Whoever loads the page again sees the same; without a script it loads itself again.
	again := w.open(page.at.Path).says("You may leave this page")
	if s := steps(again.doc); s != "PPPCNNN" {
		t.Errorf("loaded again it shows %q", s)
	}
	if metas := again.all("meta", "http-equiv", "refresh"); len(metas) > 0 {
		t.Error("a browser with scripts would load the page again, too")
	}
	if !strings.Contains(string(again.body), `<noscript><meta http-equiv="refresh" content="1"></noscript>`) {
		t.Error("a browser without scripts is not told to come again")
	}
	if forms := again.all("form", "action", "/stores/connect"); len(forms) > 0 {
		t.Error("the form is there while the store is being connected")
	}
	// The same form once more is the same attempt, other credentials are another.
	if same := w.begin(byToken(shopDomain, shopToken)); same.at.Path != page.at.Path {
		t.Errorf("sent twice, the form leads to %s and %s", page.at.Path, same.at.Path)
	}
	if other := w.connect(byToken(shopDomain, "shpat_wrong")); other.at.Path == page.at.Path || steps(other.doc) != "PPFNNNN" {
		t.Errorf("other credentials lead to %s: %s", other.at.Path, steps(other.doc))
	}
	close(gate)
	done := w.settled(w.open(page.at.Path)).says("The store is connected")
	if done.at.Path != "/stores/1" || b.stores("alice@example.com") != 1 {
		t.Errorf("it leads to %s, with %d stores", done.at, b.stores("alice@example.com"))
	}
	// Its page goes on to lead there; the form once more names the store that is there.
	if late := w.open(page.at.Path); late.at.Path != "/stores/1" {
		t.Errorf("later it leads to %s", late.at)
	}
	there := w.connect(byToken("mi-tienda", shopToken)).says("already connected")
	if s := steps(there.doc); s != "FNNNNNN" || len(there.all("a", "href", "/stores/1")) == 0 {
		t.Errorf("the steps of a store that is there are %q, or no link leads to it", s)
	}
}

// An attempt is nobody else's, and what is not there is told as such.
func TestConnectPage_IsItsOwners(t *testing.T) {
	t.Parallel()
	b := newBench(t).accounts()
	w := b.browserOf("alice@example.com", "en")
	path := w.connect(byToken(shopDomain, "shpat_wrong")).at.Path
	stranger := b.browserOf("bob@example.com", "en")
	for _, p := range []string{path, path + "/live", path + "/live?seen=1"} {
		theirs := stranger.send(http.MethodGet, p, "").want(http.StatusNotFound)
		nobodys := stranger.send(http.MethodGet, strings.Replace(p, path, "/stores/connect/0b64d1a2-5a0d-4a4b-8d83-3a1cf2a3f0a5", 1), "").want(http.StatusNotFound)
		if a, c := textOf(theirs.doc), textOf(nobodys.doc); a[:200] != c[:200] || !strings.Contains(a, "If the store is among yours") {
			t.Errorf("a stranger is told %q, want %q", a, c)
		}
	}
	w.send(http.MethodGet, path+"/live?seen=x", "").want(http.StatusBadRequest)
	b.page(path).want(http.StatusSeeOther)
	b.clock.pass(31 * time.Minute)
	w.send(http.MethodGet, path, "").want(http.StatusNotFound)
}

// A stop breaks off what is not stored yet, and says so to whoever watches.
func TestConnectPage_AStopLeavesNothingHalf(t *testing.T) {
	t.Parallel()
	b := newBench(t).accounts()
	gate := make(chan struct{})
	defer close(gate)
	b.holdAt("access_scopes", gate)
	w := b.browserOf("alice@example.com", "en")
	page := w.begin(byToken(shopDomain, shopToken))
	fatal(t, b.server.WaitAttempts(t.Context()))
	got := w.settled(page).says("was cut short")
	if s := steps(got.doc); !strings.Contains(s, "F") || b.stores("alice@example.com") != 0 {
		t.Errorf("the steps are %q, and %d stores connected", s, b.stores("alice@example.com"))
	}
	w.open("/stores/connect?way=token").submit("/stores/connect", byToken(shopDomain, shopToken)).shows(http.StatusOK).says("cut short")
}

// keptAttempts is how many attempts of one account are remembered.
const keptAttempts = 10

// What one account has under way is bounded, and so is what is remembered.
func TestConnectPage_IsBounded(t *testing.T) {
	t.Parallel()
	b := newBench(t).accounts()
	gate := make(chan struct{})
	b.holdAt("shop.json", gate)
	w := b.browserOf("alice@example.com", "en")
	var pages []screen
	for i := range app.MaxAccountAttempts {
		pages = append(pages, w.begin(byToken(shopDomain, fmt.Sprintf("shpat_%d", i))))
	}
	w.begin(byToken(shopDomain, "shpat_more")).says("As many stores are being connected")
	b.browserOf("bob@example.com", "en").begin(byToken(shopDomain, "shpat_x")).says("Connecting the store")
	close(gate)
	for _, p := range pages {
		w.settled(p).says("Shopify refuses the access token")
	}
	paths := []string{pages[0].at.Path}
	for i := range keptAttempts {
		paths = append(paths, w.connect(byToken(shopDomain, fmt.Sprintf("shpat_again%d", i))).at.Path)
	}
	w.send(http.MethodGet, paths[0], "").want(http.StatusNotFound)
	w.open(paths[len(paths)-1])
	if slices.Contains(paths[1:], paths[0]) {
		t.Error("an id came twice")
	}
	long := w.connect(byToken(strings.Repeat("a", 5000), shopToken)).says("This is no store name")
	if strings.Contains(string(long.body), "aaaaa") {
		t.Error("what cannot be a name is kept")
	}
}
