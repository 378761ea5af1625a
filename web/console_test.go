package web_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"probability/web"
)

// The queue's own screens are handed what an administrator's browser asks for by itself, and nothing else.
func TestConsole_IsForAnAdministratorsOwnPagesOnly(t *testing.T) {
	t.Parallel()
	reached := make(chan string, 1)
	b := newBench(t, func(o *options) {
		o.web.Console = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			reached <- r.Method + " " + r.URL.Path
			_, _ = io.WriteString(w, "<!doctype html><title>queue</title>")
		})
	}).accounts()
	ask := func(w *browser, method, path string, status int, want string, changes ...change) screen {
		t.Helper()
		w.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		got := w.send(method, path, "", changes...).want(status)
		select {
		case what := <-reached:
			if what != want {
				t.Errorf("%s %s reached it as %q, want %q", method, path, what, want)
			}
		default:
			if want != "" {
				t.Errorf("%s %s did not reach it", method, path)
			}
		}
		return got
	}
	at := web.ConsolePath
	nobody, bob, alice := b.browser("en"), b.browserOf("bob@example.com", "en"), b.administrator("en")
	if got := ask(nobody, http.MethodGet, at, http.StatusSeeOther, ""); got.header.Get("Location") != "/login" {
		t.Errorf("nobody is led to %q", got.header.Get("Location"))
	}
	ask(nobody, http.MethodGet, at+"/api/jobs", http.StatusUnauthorized, "")
	ask(nobody, http.MethodGet, at+"/api/jobs", http.StatusUnauthorized, "", as(b.alice))
	ask(bob, http.MethodGet, at, http.StatusForbidden, "")
	ask(bob, http.MethodPost, at+"/api/jobs/cancel", http.StatusForbidden, "")

	page := ask(alice, http.MethodGet, at, http.StatusOK, "GET "+at+"/")
	csp := page.header.Get("Content-Security-Policy")
	if !strings.Contains(csp, "script-src 'self';") || !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "http") {
		t.Errorf("the policy is %q", csp)
	}
	if page.header.Get("Cache-Control") != "no-store" {
		t.Errorf("the page may be kept: %q", page.header.Get("Cache-Control"))
	}
	if got := ask(alice, http.MethodGet, at+"/assets/main-x.js", http.StatusOK, "GET "+at+"/assets/main-x.js"); !strings.Contains(got.header.Get("Cache-Control"), "private") {
		t.Errorf("a file is kept as %q says", got.header.Get("Cache-Control"))
	}
	for _, c := range []struct{ site, origin string }{{"cross-site", ""}, {"same-site", ""}, {"", ""}, {"", "null"}, {"", "https://evil.example"}} {
		ask(alice, http.MethodPost, at+"/api/jobs/cancel", http.StatusForbidden, "", header("Sec-Fetch-Site", c.site), header("Origin", c.origin))
		ask(alice, http.MethodPut, at+"/api/queues/imports/pause", http.StatusForbidden, "", header("Sec-Fetch-Site", c.site), header("Origin", c.origin))
	}
	ask(alice, http.MethodPost, at+"/api/jobs/cancel", http.StatusOK, "POST "+at+"/api/jobs/cancel")
	ask(alice, http.MethodPut, at+"/api/queues/imports/pause", http.StatusOK, "PUT "+at+"/api/queues/imports/pause", header("Sec-Fetch-Site", ""), header("Origin", b.base))
	// Our own pages keep their own policy.
	if own := alice.open("/settings").header.Get("Content-Security-Policy"); strings.Contains(own, "unsafe") {
		t.Errorf("the policy of our pages is %q", own)
	}
}
