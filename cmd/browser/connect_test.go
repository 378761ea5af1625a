package browser_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"probability/shopify/simulator"
)

// heldShop is a service with a simulated Shopify that answers what is asked of one path only when it is let go.
type heldShop struct {
	*service
	letGo func()
	pass  atomic.Int64 // requests that need not be let go
	sim   *simulator.Server
}

// letPass lets the next requests through, so many.
func (h *heldShop) letPass(n int64) { h.pass.Store(n) }

func held(t *testing.T, path string) *heldShop {
	t.Helper()
	sim := simulator.New(simulator.WithSeed(7), simulator.WithHTTPWebhooks())
	shop := sim.AddShop(simulator.ShopConfig{Domain: shopDomain, Name: "Tienda Andina", Country: "CO", Token: shopToken, APISecret: shopSecret, Bucket: -1})
	shop.Generate(20, 24*time.Hour)
	gate := make(chan struct{})
	var open bool
	letGo := func() {
		if !open {
			open = true
			close(gate)
		}
	}
	h := &heldShop{letGo: letGo, sim: sim}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, path) && h.pass.Add(-1) < 0 {
			select {
			case <-gate:
			case <-r.Context().Done():
				return
			}
		}
		sim.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	t.Cleanup(letGo)
	h.service = serve(t, "--shopify-endpoint="+front.URL+"/{shop}")
	h.account(email)
	return h
}

// states are the tones of the steps that the page shows, a letter each: good, warn, bad, busy is y, idle is i.
const states = `[...document.querySelectorAll(".steps > li")].map((li) => li.querySelector(".badge").className.replace("badge ", "")
	.replace("busy", "y")[0]).join("")`

// enter fills in the form for a token and sends it.
func (w *window) enter(token string) {
	w.t.Helper()
	w.visit("/stores/connect?way=token")
	w.fill("#store_name", "tienda-andina")
	w.fill("#access_token", token)
	w.fill("#api_secret", shopSecret)
	w.follow(`form[action="/stores/connect"] button`)
}

// Each step is seen when it is taken, on a page that stays where it is, can be loaded again, and leads on to the store.
func TestConnect_StepsAreSeenWhileTheyAreTaken(t *testing.T) {
	t.Parallel()
	s := held(t, "access_scopes")
	w := s.open(t)
	w.signIn(email)
	w.enter(shopToken)
	w.do("remembering the page", chromedp.Evaluate[chromedp.Void]("window.same = true"))
	w.until("three steps are passed and the fourth is under way", states+` === "gggyiii"`)
	w.says("It is “Tienda Andina”")
	w.until("a screen reader is told", `document.querySelector("#said").textContent.includes("permissions")`)
	w.until("the page says that Shopify is slow", `document.body.innerText.includes("longer than usual")`)
	if !look[bool](w, "window.same === true") {
		t.Error("the page was loaded again")
	}
	w.size(phone, phoneHigh)
	for _, fault := range w.faults(true) {
		t.Errorf("on a phone: %s", fault)
	}
	w.size(wide, high)
	at := w.path()
	w.visit(at)
	w.until("loaded again, it shows the same", states+` === "gggyiii"`)
	s.letGo()
	w.until("the store's page is there, with what could be better", `/^\/stores\/\d+$/.test(location.pathname) && document.querySelector(".notice.warn[role=status]") !== null`)
	w.says("The store is connected", "server.public_url")
	if n := len(s.sim.Shop(shopDomain).Subscriptions()); n != 0 {
		t.Errorf("%d subscriptions without a public address", n)
	}
	w.visit(at)
	if now := w.path(); !strings.HasPrefix(now, "/stores/") || strings.Contains(now, "connect") {
		t.Errorf("the page of what is over leads to %s", now)
	}
}

// A refusal stands beside its step, with the form below it, and the second try needs only what was secret.
func TestConnect_ARefusalIsMendedOnTheSpot(t *testing.T) {
	t.Parallel()
	s := held(t, "nothing")
	w := s.open(t)
	w.signIn(email)
	w.enter("shpat_wrong")
	w.until("the refusal is seen", states+` === "ggbiiii"`)
	w.until("the form is below it", `document.querySelector("#store_name") !== null`)
	if reason := look[string](w, `document.querySelectorAll(".steps > li")[2].innerText`); !strings.Contains(reason, "Copy the token again") {
		t.Errorf("the step says %q", reason)
	}
	if at := look[string](w, "document.activeElement.id"); at != "checks" {
		t.Errorf("%q has the focus, want what was checked", at)
	}
	if !look[bool](w, `document.querySelector(".steps").getBoundingClientRect().bottom <= document.querySelector("#store_name").getBoundingClientRect().top`) {
		t.Error("the form is not below the steps")
	}
	if store, secret := look[string](w, `document.querySelector("#store_name").value`), look[string](w, `document.querySelector("#access_token").value`); store != "tienda-andina" || secret != "" {
		t.Errorf("the form holds %q and %q", store, secret)
	}
	for _, fault := range append(w.faults(false), w.walk()...) {
		t.Error(fault)
	}
	w.fill("#access_token", shopToken)
	w.follow(`form[action="/stores/connect"] button`)
	w.until("the store's page is there", `/^\/stores\/\d+$/.test(location.pathname)`)
}

// Without scripts the steps come as well.
func TestConnect_WithoutScripts(t *testing.T) {
	t.Parallel()
	s := held(t, "access_scopes")
	w := s.open(t)
	w.allowScripts(false)
	w.signIn(email)
	w.enter(shopToken)
	w.until("three steps are passed and the fourth is under way", states+` === "gggyiii"`)
	s.letGo()
	w.until("the store's page is there", `/^\/stores\/\d+$/.test(location.pathname)`)
	w.says("The store is connected")
}

// replace fills in the form for new credentials of the store and sends it.
func (w *window) replace(token string) {
	w.t.Helper()
	w.visit("/stores/1/settings")
	w.fill("#access_token", token)
	w.fill("#api_secret", shopSecret)
	w.follow(`form[action="/stores/1/credentials"] button`)
}

// connectFirst connects the store, which is then the one with the number 1.
func (w *window) connectFirst() {
	w.t.Helper()
	w.enter(shopToken)
	w.until("the store's page is there", `location.pathname === "/stores/1" && document.readyState !== "loading"`)
}

// New credentials are seen being checked as those of a new store are, and lead on to the store's page.
func TestCredentials_StepsAreSeenWhileTheyAreTaken(t *testing.T) {
	t.Parallel()
	s := held(t, "access_scopes")
	w := s.open(t)
	w.signIn(email)
	s.letPass(1)
	w.connectFirst()
	w.replace(shopToken)
	w.do("remembering the page", chromedp.Evaluate[chromedp.Void]("window.same = true"))
	w.until("three steps are passed and the fourth is under way", states+` === "gggyiii"`)
	w.says("It is “Tienda Andina”", "Checking the new credentials")
	w.until("a screen reader is told", `document.querySelector("#said").textContent.includes("permissions")`)
	w.until("the page says that Shopify is slow", `document.body.innerText.includes("nothing is changed then")`)
	if !look[bool](w, "window.same === true") {
		t.Error("the page was loaded again")
	}
	if look[bool](w, `document.querySelector("#access_token") !== null`) {
		t.Error("the form is there while its credentials are checked")
	}
	w.size(phone, phoneHigh)
	for _, fault := range w.faults(true) {
		t.Errorf("on a phone: %s", fault)
	}
	w.size(wide, high)
	at := w.path()
	w.visit(at)
	w.until("loaded again, it shows the same", states+` === "gggyiii"`)
	s.letGo()
	w.until("the store's page is there, with what could be better", `location.pathname === "/stores/1" && document.querySelector(".notice.warn[role=status]") !== null`)
	w.says("The new credentials work", "server.public_url")
	w.visit(at)
	if now := w.path(); now != "/stores/1" {
		t.Errorf("the page of what is over leads to %s", now)
	}
}

// A refusal stands beside its step, with the form below it and what was typed in it, but for secrets.
func TestCredentials_ARefusalIsMendedOnTheSpot(t *testing.T) {
	t.Parallel()
	s := held(t, "nothing")
	w := s.open(t)
	w.signIn(email)
	w.connectFirst()
	w.visit("/stores/1/settings")
	w.fill("#client_id", "typed-id")
	w.fill("#client_secret", "shpss_wrong")
	w.follow(`form[action="/stores/1/credentials"] button`)
	w.until("the refusal is seen", states+` === "ggbiiii"`)
	w.until("the form is below it", `document.querySelector("#client_id") !== null`)
	w.says("Nothing was changed", "The new credentials are not in use")
	if reason := look[string](w, `document.querySelectorAll(".steps > li")[2].innerText`); !strings.Contains(reason, "Shopify refuses this client id and secret") {
		t.Errorf("the step says %q", reason)
	}
	if at := look[string](w, "document.activeElement.id"); at != "checks" {
		t.Errorf("%q has the focus, want what was checked", at)
	}
	if !look[bool](w, `document.querySelector(".steps").getBoundingClientRect().bottom <= document.querySelector("#access_token").getBoundingClientRect().top`) {
		t.Error("the form is not below the steps")
	}
	if id, secret := look[string](w, `document.querySelector("#client_id").value`), look[string](w, `document.querySelector("#client_secret").value`); id != "typed-id" || secret != "" {
		t.Errorf("the form holds %q and %q", id, secret)
	}
	for _, fault := range append(w.faults(false), w.walk()...) {
		t.Error(fault)
	}
	w.fill("#client_id", "\b")
	w.fill("#access_token", shopToken)
	w.follow(`form[action="/stores/1/credentials"] button`)
	w.until("the store's page is there", `location.pathname === "/stores/1" && document.readyState !== "loading"`)
	w.says("The new credentials work")
}

// Without scripts the steps come as well.
func TestCredentials_WithoutScripts(t *testing.T) {
	t.Parallel()
	s := held(t, "access_scopes")
	w := s.open(t)
	w.allowScripts(false)
	w.signIn(email)
	s.letPass(1)
	w.connectFirst()
	w.replace(shopToken)
	w.until("three steps are passed and the fourth is under way", states+` === "gggyiii"`)
	s.letGo()
	w.until("the store's page is there", `location.pathname === "/stores/1" && document.readyState !== "loading"`)
	w.says("The new credentials work")
}
