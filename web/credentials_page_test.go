package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"probability/shopify/simulator"
	"probability/store"
)

// New credentials for a store that is there show where they fail as the form does, and change nothing then.
func TestStoreSettings_ShowWhereNewCredentialsFail(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id := b.connected()
	for _, call := range b.sim.Calls() { // connecting without anybody who watches asks for what it needs, and no more
		if strings.Contains(call.Path, "orders") {
			t.Errorf("connecting by the API asks for %s", call.Path)
		}
	}
	w := b.browserOf("alice@example.com", "en")
	path := fmt.Sprintf("/stores/%d", id)
	save := func(form url.Values) screen {
		return w.settled(w.open(path+"/settings").submit(path+"/credentials", form).shows(http.StatusOK))
	}
	got := save(url.Values{"access_token": {"shpat_wrong"}}).says("Shopify refuses the access token", "Nothing was changed", "The new credentials are not in use")
	if s := steps(got.doc); s != "PPFNNNN" {
		t.Errorf("the steps are %q", s)
	}
	b.shop.Inject(simulator.Fault{Kind: simulator.FaultInternal, Path: "access_scopes", Times: 1})
	got = save(url.Values{"client_id": {"another"}, "client_secret": {shopSecret}}).says("Shopify refuses this client id and secret")
	if s, again := steps(got.doc), got.form(path+"/credentials"); s != "PPFNNNN" || again.Get("client_id") != "another" || again.Get("client_secret") != "" {
		t.Errorf("the steps are %q, and the form has %v", s, again)
	}
	got = save(url.Values{"client_id": {"0a1b2c3d"}, "client_secret": {shopSecret}}).says("HTTP 500")
	if s := steps(got.doc); s != "PPPFNNN" {
		t.Errorf("the steps are %q", s)
	}
	got = save(url.Values{"access_token": {"shpss_x"}}).says("This is an app secret")
	if s, in := steps(got.doc), got.all("input", "name", "access_token"); s != "PNFNNNN" || attr(in[0], "aria-invalid") != "true" {
		t.Errorf("the steps are %q, or the field is not marked", s)
	}
	if got, err := b.store.Secret(t.Context(), id, store.SecretAccessToken); err != nil || got != shopToken {
		t.Errorf("the token is %q, %v", got, err)
	}
	for _, secret := range []string{"shpat_wrong", "shpss_x", shopSecret} {
		if rows := b.texts(`SELECT state FROM attempts`); strings.Contains(string(got.body)+b.logs.String()+rows, secret) {
			t.Errorf("the page, the log or the database holds %s", secret)
		}
	}
	if secrets := b.texts(`SELECT count(*) || '' FROM attempts WHERE digest IS NOT NULL`); secrets != "0" {
		t.Errorf("%s attempts that are over still tell what was entered", secrets)
	}
	b.shop.SetScopes("read_orders")
	save(url.Values{"access_token": {shopToken}}).says("The new credentials work", "only orders of the last 60 days")
}

// texts are the rows of one text that a query gives, one below the other.
func (b *bench) texts(query string) string {
	b.t.Helper()
	rows, err := b.store.Reader().QueryContext(b.t.Context(), query)
	fatal(b.t, err)
	defer rows.Close()
	var out []string
	for rows.Next() {
		var text string
		fatal(b.t, rows.Scan(&text))
		out = append(out, text)
	}
	fatal(b.t, rows.Err())
	return strings.Join(out, "\n")
}

// New credentials are live as connecting is: every step is seen, loading the page again changes nothing, and a stranger sees nothing.
func TestStoreSettings_NewCredentialsAreLive(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *options) { o.app.PublicURL = "https://orders.example.com" })
	_, id := b.connected()
	gate := make(chan struct{})
	b.holdAt("access_scopes", gate)
	b.server.SetAttemptHold(time.Hour)
	w := b.browserOf("alice@example.com", "en")
	w.client.Timeout = 30 * time.Second
	path := fmt.Sprintf("/stores/%d", id)
	save := func(form url.Values) screen {
		return w.open(path+"/settings").submit(path+"/credentials", form).shows(http.StatusOK)
	}
	// A secret alone needs no token to be proven.
	last := w.watchedAt(path+"/settings", path+"/credentials", url.Values{"api_secret": {shopSecret}})
	if s := steps(last); s != "PNNNNPP" || !strings.Contains(textOf(last), "Not needed") {
		t.Errorf("a secret alone takes the steps %q: %s", s, textOf(last))
	}

	form := url.Values{"client_id": {"0a1b2c3d"}, "client_secret": {shopSecret}}
	page := save(form)
	part := w.part(page.at.Path + "/live")
	for steps(part) != "PPPCNNN" {
		part = w.part(attr(part, "data-again"))
	}
	again := w.open(page.at.Path).says("You may leave this page", "Checking the new credentials")
	if s := steps(again.doc); s != "PPPCNNN" || len(again.all("form", "action", path+"/credentials")) > 0 {
		t.Errorf("loaded again it shows %q, or a form", s)
	}
	if !strings.Contains(string(again.body), `<noscript><meta http-equiv="refresh" content="1"></noscript>`) {
		t.Error("a browser without scripts is not told to come again")
	}
	if same := save(form); same.at.Path != page.at.Path {
		t.Errorf("sent twice, the form leads to %s and %s", page.at.Path, same.at.Path)
	}
	stranger := b.browserOf("bob@example.com", "en")
	elsewhere := strings.Replace(page.at.Path, path+"/credentials", "/stores/connect", 1)
	for _, p := range []string{page.at.Path, page.at.Path + "/live"} {
		stranger.send(http.MethodGet, p, "").want(http.StatusNotFound)
	}
	w.send(http.MethodGet, elsewhere, "").want(http.StatusNotFound)
	close(gate)
	done := w.settled(w.open(page.at.Path)).says("The new credentials work")
	if done.at.Path != path {
		t.Errorf("it leads to %s", done.at)
	}
}
