package web_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

// TestSession_EndsWithWhatGaveIt changes the account behind the service's back, as commands do, and asks again.
func TestSession_EndsWithWhatGaveIt(t *testing.T) {
	t.Parallel()
	b := carols(t)
	c, _ := b.signedIn(carol, carolsPin)
	fatal(t, b.app.SetPassword(t.Context(), carol, "another password"))
	b.get("/api/session/", with(c)).problem(http.StatusUnauthorized, "unauthorized")
	b.get("/api/integrations/shopify/", with(c)).problem(http.StatusUnauthorized, "unauthorized")
	b = carols(t)
	c, _ = b.signedIn(carol, carolsPin)
	fatal(t, b.app.DeleteUser(t.Context(), carol))
	b.get("/api/session/", with(c)).problem(http.StatusUnauthorized, "unauthorized")
}

func TestSession_OpensTheAPI(t *testing.T) {
	t.Parallel()
	b := carols(t).accounts()
	c, csrf := b.signedIn(carol, carolsPin)
	b.get("/api/integrations/shopify/", with(c)).want(http.StatusOK)
	connect := fmt.Sprintf(`{"store_name":%q,"access_token":%q}`, shopDomain, shopToken)
	for name, changes := range map[string][]change{
		"no token":           nil,
		"an empty token":     {header("X-CSRF-Token", "")},
		"another token":      {header("X-CSRF-Token", strings.Repeat("a", 43))},
		"the cookie itself":  {header("X-CSRF-Token", c.Value)},
		"half a token":       {header("X-CSRF-Token", csrf[:20])},
		"another site":       {header("X-CSRF-Token", csrf), header("Sec-Fetch-Site", "cross-site")},
		"another origin":     {header("X-CSRF-Token", csrf), header("Origin", "https://evil.example")},
		"a neighbour's site": {header("X-CSRF-Token", csrf), header("Sec-Fetch-Site", "same-site")},
	} {
		got := b.post(connectPath, connect, append([]change{with(c)}, changes...)...)
		if got.status != http.StatusForbidden || got.at("code") != "csrf_failed" {
			t.Errorf("%s: got %d %s", name, got.status, got.body)
		}
	}
	// The token in the query or in JSON is none: addresses end up in logs.
	b.post(connectPath+"?csrf_token="+csrf, connect, with(c)).problem(http.StatusForbidden, "csrf_failed")
	own := b.post(connectPath, connect, with(c), header("X-CSRF-Token", csrf), header("Origin", b.base), header("Sec-Fetch-Site", "same-origin")).want(http.StatusCreated)
	path := fmt.Sprintf("/api/integrations/shopify/%v/", own.at("integration", "id"))
	b.do(http.MethodPatch, path, `{"is_active":false}`, with(c)).problem(http.StatusForbidden, "csrf_failed")
	b.do(http.MethodDelete, path+"disconnect/", "", with(c)).problem(http.StatusForbidden, "csrf_failed")
	// A form carries the token as a member, and is read all the same.
	b.do(http.MethodPatch, path, "is_active=false&csrf_token="+csrf, asForm, with(c)).want(http.StatusOK)
	if got := b.get(path, with(c)).want(http.StatusOK).at("is_active"); got != false {
		t.Error("the form's other members were lost")
	}
	b.get(path, as(b.alice)).problem(http.StatusNotFound, "not_found")
	b.do(http.MethodDelete, path+"disconnect/", "", with(c), header("X-CSRF-Token", csrf)).want(http.StatusOK)
}

// TestSession_AnAuthorizationHeaderDecidesAlone: a bad token is not made good by a cookie, and a token needs no proof.
func TestSession_AnAuthorizationHeaderDecidesAlone(t *testing.T) {
	t.Parallel()
	b := carols(t).accounts()
	c, csrf := b.signedIn(carol, carolsPin)
	for _, bad := range []string{"", "Bearer prob_" + strings.Repeat("a", 43), "Bearer", "Basic Og==", "Bearer " + c.Value} {
		b.get("/api/integrations/shopify/", with(c), header("X-CSRF-Token", csrf), header("Authorization", bad)).problem(http.StatusUnauthorized, "unauthorized")
		b.get("/api/session/", with(c), header("Authorization", bad)).problem(http.StatusUnauthorized, "unauthorized")
	}
	me := b.get("/api/session/", with(c), as(b.alice)).want(http.StatusOK)
	if me.at("email") != "alice@example.com" || me.at("auth") != "token" || me.at("csrf_token") != nil || me.at("expires_at") != nil {
		t.Errorf("got %s", me.body)
	}
	b.post(connectPath, `{}`, with(c), as(b.alice), header("Sec-Fetch-Site", "cross-site")).problem(http.StatusBadRequest, "validation_failed")
	b.get("/api/session/", anonymous).problem(http.StatusUnauthorized, "unauthorized")
}

// TestGuesses_OfTokensAreSlowedByAddress: a right token always works, or whoever shares its address could cut it off.
func TestGuesses_OfTokensAreSlowedByAddress(t *testing.T) {
	t.Parallel()
	b := newBench(t).accounts()
	wrong := as("prob_" + strings.Repeat("a", 43))
	spoofed := 0
	for range 50 {
		spoofed++
		// A stranger's word about the address counts for nothing.
		b.get("/api/session/", wrong, header("X-Forwarded-For", fmt.Sprint("198.51.100.", spoofed)), header("X-Real-Ip", fmt.Sprint("198.51.100.", spoofed))).want(http.StatusUnauthorized)
	}
	slow := b.get("/api/integrations/shopify/", wrong, header("X-Forwarded-For", "198.51.100.77")).problem(http.StatusTooManyRequests, "too_many_attempts")
	if slow.header.Get("Retry-After") != "60" {
		t.Errorf("Retry-After is %q", slow.header.Get("Retry-After"))
	}
	b.get("/setup?token=guessed").problem(http.StatusTooManyRequests, "too_many_attempts")
	b.post("/setup", form("guessed", "x@example.com", carolsPin, carolsPin), asForm).problem(http.StatusTooManyRequests, "too_many_attempts")
	b.get("/setup").want(http.StatusForbidden)
	b.get("/api/integrations/shopify/").want(http.StatusOK)
	b.get("/api/integrations/shopify/", anonymous).want(http.StatusUnauthorized)
	b.clock.pass(60e9)
	b.get("/api/session/", wrong).want(http.StatusUnauthorized)
}

// TestGuesses_AreCountedByTheClientOfATrustedProxy, or one client would slow all others down.
func TestGuesses_AreCountedByTheClientOfATrustedProxy(t *testing.T) {
	t.Parallel()
	b := carols(t, func(o *options) { o.web.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	for i := range 20 {
		b.post("/login", signInJSON(someone(i), "wrong horse"), header("X-Forwarded-For", "203.0.113.1, 198.51.100.7")).problem(http.StatusUnauthorized, "sign_in_failed")
	}
	// Whatever the client itself put before its address is not believed.
	b.post("/login", signInJSON(carol, carolsPin), header("X-Forwarded-For", "203.0.113.2, 198.51.100.7")).problem(http.StatusTooManyRequests, "too_many_attempts")
	b.post("/login", signInJSON(carol, carolsPin), header("X-Forwarded-For", "198.51.100.8")).want(http.StatusOK)
}

// TestGuesses_StrangersCannotChooseWhereTheyAreCounted sends another address each time, which only a trusted proxy may.
func TestGuesses_StrangersCannotChooseWhereTheyAreCounted(t *testing.T) {
	t.Parallel()
	b := carols(t)
	elsewhere := func(i int) []change {
		ip := fmt.Sprint("198.51.100.", i)
		return []change{header("X-Forwarded-For", ip), header("X-Real-Ip", ip), header("Forwarded", "for="+ip), header("Cf-Connecting-Ip", ip)}
	}
	for i := range 20 {
		b.post("/login", signInJSON(someone(i), "wrong horse"), elsewhere(i)...).problem(http.StatusUnauthorized, "sign_in_failed")
	}
	b.post("/login", signInJSON(someone(21), "wrong horse"), elsewhere(99)...).problem(http.StatusTooManyRequests, "too_many_attempts")
}
