package web_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"probability/store"
	"probability/web"
)

const (
	carol     = "carol@example.com"
	carolsPin = "correct horse"
	// carolsHash is that of carolsPin, made with little memory so that tests are fast.
	carolsHash = "$argon2id$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MjZP1+1U9JUbDWvDvtLyEsZiNXOKEUxfi6O2oe46uxA"
)

// carols is a bench with an account that can sign in with a password, and others like it.
func carols(t *testing.T, change ...func(*options)) *bench {
	t.Helper()
	b := newBench(t, change...)
	emails := []string{carol}
	for i := range 22 {
		emails = append(emails, someone(i))
	}
	fatal(t, b.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		for _, email := range emails {
			u := store.User{ID: uuid.Must(uuid.NewV7()), Email: email, PasswordHash: carolsHash, CreatedAt: noon}
			if err := tx.InsertUser(ctx, u); err != nil {
				return err
			}
		}
		return nil
	}))
	return b
}

func someone(i int) string { return fmt.Sprintf("someone%d@example.com", i) }

func credentials(email, password string) string {
	return url.Values{"email": {email}, "password": {password}}.Encode()
}

func signInJSON(email, password string) string {
	return fmt.Sprintf(`{"email":%q,"password":%q}`, email, password)
}

// cookieOf is the session's cookie that an answer sets.
func cookieOf(t testing.TB, a answer) *http.Cookie {
	t.Helper()
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if strings.HasSuffix(c.Name, "probability_session") {
			return c
		}
	}
	t.Fatalf("%s sets no cookie", a.what)
	return nil
}

// with sends a session's cookie and nothing else that tells who calls.
func with(c *http.Cookie) change {
	return func(r *http.Request) {
		r.Header.Del("Authorization")
		r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
}

// signedIn is the cookie and the CSRF token of a new session.
func (b *bench) signedIn(email, password string) (*http.Cookie, string) {
	b.t.Helper()
	got := b.post("/login", signInJSON(email, password)).want(http.StatusOK)
	return cookieOf(b.t, got), got.at("csrf_token").(string)
}

func TestSignIn_WithTheForm(t *testing.T) {
	t.Parallel()
	b := carols(t)
	page := b.get("/login", header("Accept-Language", "es")).want(http.StatusOK)
	for _, want := range []string{`lang="es"`, `<form method="post" action="/login">`, `type="password"`, `autocomplete="current-password"`, "Contraseña", "probability user passwd"} {
		if !strings.Contains(string(page.body), want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if got := page.header.Get("Referrer-Policy"); got != "same-origin" {
		t.Errorf("the policy %q would have browsers hide the origin of the form", got)
	}
	done := b.post("/login?next=https://evil.example/", credentials(carol, carolsPin)+"&next=//evil.example", asForm, header("Origin", b.base)).want(http.StatusSeeOther)
	if got := done.header.Get("Location"); got != "/" {
		t.Errorf("goes on to %q, want /", got)
	}
	c := cookieOf(t, done)
	if c.Name != "probability_session" || len(c.Value) != 43 || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Secure || c.Domain != "" || c.MaxAge != 30*24*3600 {
		t.Errorf("the cookie is %+v", c)
	}
	start := b.get("/", with(c), header("Accept", "text/html")).want(http.StatusOK)
	csrf := regexp.MustCompile(`name="csrf_token" value="([\w-]{43})"`).FindSubmatch(start.body)
	if csrf == nil || !strings.Contains(string(start.body), carol) || !strings.Contains(string(start.body), `action="/logout"`) {
		t.Fatalf("the start page does not know who is signed in: %s", start.body)
	}
	if got := b.get("/login", with(c)).want(http.StatusSeeOther).header.Get("Location"); got != "/" {
		t.Errorf("who is signed in already goes on to %q", got)
	}

	// Signing out needs the page's own token, and then ends it.
	b.post("/logout", "", asForm, with(c)).problem(http.StatusForbidden, "csrf_failed")
	b.post("/logout", "csrf_token=x", asForm, with(c)).problem(http.StatusForbidden, "csrf_failed")
	out := b.post("/logout", "csrf_token="+string(csrf[1]), asForm, with(c)).want(http.StatusSeeOther)
	if gone := cookieOf(t, out); out.header.Get("Location") != "/login" || gone.Value != "" || gone.MaxAge >= 0 || gone.Path != "/" {
		t.Errorf("signing out sends %+v to %s", gone, out.header.Get("Location"))
	}
	b.get("/api/session/", with(c)).problem(http.StatusUnauthorized, "unauthorized")
	if again := b.get("/", with(c), header("Accept", "text/html")); strings.Contains(string(again.body), carol) || !strings.Contains(string(again.body), `href="/login"`) {
		t.Errorf("the start page still knows: %s", again.body)
	}
	b.post("/logout", "", asForm, with(c)).want(http.StatusSeeOther)
	for _, secret := range []string{c.Value, carolsPin, string(csrf[1])} {
		if strings.Contains(b.logs.String(), secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
}

func TestSignIn_WithJSON(t *testing.T) {
	t.Parallel()
	b := carols(t)
	got := b.post("/login", signInJSON(carol, carolsPin)).want(http.StatusOK)
	c := cookieOf(t, got)
	me := b.get("/api/session/", with(c)).want(http.StatusOK)
	for _, a := range []answer{got, me} {
		if a.at("email") != carol || a.at("admin") != false || a.at("auth") != "session" || a.at("expires_at") != "2026-12-05T12:00:00Z" || len(a.at("csrf_token").(string)) != 43 {
			t.Errorf("got %s", a.body)
		}
	}
	if got.at("csrf_token") != me.at("csrf_token") || strings.Contains(string(got.body), c.Value) {
		t.Errorf("got %s, then %s", got.body, me.body)
	}
	other := b.post("/login", signInJSON(carol, carolsPin)).want(http.StatusOK)
	if other.at("csrf_token") == got.at("csrf_token") || cookieOf(t, other).Value == c.Value {
		t.Error("two sessions share a token")
	}
	// A new sign-in of the same browser ends what it had.
	b.post("/login", signInJSON(carol, carolsPin), with(c)).want(http.StatusOK)
	b.get("/api/session/", with(c)).problem(http.StatusUnauthorized, "unauthorized")
	b.post("/logout", "", with(cookieOf(t, other)), header("X-CSRF-Token", other.at("csrf_token").(string))).want(http.StatusNoContent)
	b.get("/api/session/", with(cookieOf(t, other))).problem(http.StatusUnauthorized, "unauthorized")
}

func TestSignIn_SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	b := carols(t)
	var pages []string
	for _, email := range []string{carol, "nobody@example.com"} {
		wrong := b.post("/login", credentials(email, "wrong horse"), asForm).want(http.StatusUnauthorized)
		if wrong.header.Get("WWW-Authenticate") == "" || !strings.Contains(string(wrong.body), "do not belong together") || strings.Contains(string(wrong.body), "wrong horse") {
			t.Errorf("got %s", wrong.body)
		}
		pages = append(pages, strings.ReplaceAll(string(wrong.body), email, ""))
		b.post("/login", signInJSON(email, "wrong horse")).problem(http.StatusUnauthorized, "sign_in_failed")
	}
	if pages[0] != pages[1] {
		t.Errorf("the pages tell accounts from others:\n%s\n%s", pages[0], pages[1])
	}
	odd := b.post("/login", credentials(`"><b>x`, ""), asForm).want(http.StatusBadRequest)
	if !strings.Contains(string(odd.body), "This is required") || !strings.Contains(string(odd.body), `value="&#34;&gt;&lt;b&gt;x"`) {
		t.Errorf("got %s", odd.body)
	}
	b.post("/login", `{"email":1,"password":[]}`).problem(http.StatusBadRequest, "validation_failed")
	b.post("/login", `{`).problem(http.StatusBadRequest, "invalid_json")
	if !strings.Contains(b.logs.String(), `"code":"sign_in_failed"`) {
		t.Error("the log does not tell of wrong passwords")
	}
	for range 3 {
		b.post("/login", credentials(carol, "wrong horse"), asForm).want(http.StatusUnauthorized)
	}
	slow := b.post("/login", credentials(carol, carolsPin), asForm).want(http.StatusTooManyRequests)
	if slow.header.Get("Retry-After") != "15" || !strings.Contains(string(slow.body), "too many wrong attempts") {
		t.Errorf("got Retry-After %q and %s", slow.header.Get("Retry-After"), slow.body)
	}
	b.post("/login", signInJSON(carol, carolsPin), header("Accept-Language", "es")).problem(http.StatusTooManyRequests, "too_many_attempts")
}

func TestSignIn_WithoutAnAccountSaysHowToMakeOne(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	page := b.get("/login").want(http.StatusOK)
	if !strings.Contains(string(page.body), "probability user add --email E --admin") || strings.Contains(string(page.body), `action="/login"`) {
		t.Errorf("got %s", page.body)
	}
	b.post("/login", credentials(carol, carolsPin), asForm).want(http.StatusUnauthorized)
}

// TestSignIn_RefusesFormsOfOtherSites: signing a visitor in as somebody else is an attack, too.
func TestSignIn_RefusesFormsOfOtherSites(t *testing.T) {
	t.Parallel()
	b := carols(t, func(o *options) { o.web.PublicURL = "https://orders.example.com" })
	for _, foreign := range []change{
		header("Sec-Fetch-Site", "cross-site"), header("Sec-Fetch-Site", "same-site"), header("Origin", "https://evil.example"), header("Origin", "null"),
	} {
		b.post("/login", credentials(carol, carolsPin), asForm, foreign).problem(http.StatusForbidden, "cross_origin")
		b.post("/login", signInJSON(carol, carolsPin), header("Content-Type", "text/plain"), foreign).problem(http.StatusForbidden, "cross_origin")
	}
	for _, own := range []change{
		header("Sec-Fetch-Site", "same-origin"), header("Sec-Fetch-Site", "none"), header("Origin", b.base), header("Origin", "https://orders.example.com"),
	} {
		b.post("/login", credentials(carol, carolsPin), asForm, own).want(http.StatusSeeOther)
	}
}

// TestSignIn_CookieIsSecureUnderHTTPS asks in every way in which https can and cannot be known.
func TestSignIn_CookieIsSecureUnderHTTPS(t *testing.T) {
	t.Parallel()
	b := carols(t)
	const public, proxy = "https://orders.example.com", "192.0.2.0/24" // where httptest's requests come from
	host := func(name string) change { return func(r *http.Request) { r.Host = name } }
	forwarded := func(what, value string) change { return header("X-Forwarded-"+what, value) }
	for name, c := range map[string]struct {
		public, proxy string
		came          change
		secure        bool
	}{
		"http":                              {"", "", host("localhost"), false},
		"https itself":                      {"", "", func(r *http.Request) { r.TLS = &tls.ConnectionState{} }, true},
		"a stranger says https":             {"", "", forwarded("Proto", "https"), false},
		"another than the proxy says https": {"", "10.0.0.0/8", forwarded("Proto", "https"), false},
		"a stranger names the public host":  {public, "", forwarded("Host", "orders.example.com"), false},
		"a trusted proxy says https":        {"", proxy, forwarded("Proto", "https"), true},
		"a trusted proxy says http":         {"", proxy, forwarded("Proto", "http"), false},
		"the public host":                   {public, "", host("orders.example.com"), true},
		"the public host in capitals":       {public, "", host("Orders.Example.COM"), true},
		"another host than the public one":  {public, "", host("orders.example.com.evil.example"), false},
		"the proxy names the public host":   {public, proxy, forwarded("Host", "orders.example.com"), true},
		"a public address that is not safe": {"http://orders.example.com", "", host("orders.example.com"), false},
	} {
		cfg := web.Config{Now: b.clock.Now, Ready: func(context.Context) error { return nil }, PublicURL: c.public}
		if c.proxy != "" {
			cfg.TrustedProxies = []netip.Prefix{netip.MustParsePrefix(c.proxy)}
		}
		server, err := web.New(cfg, b.app, slog.New(slog.DiscardHandler))
		fatal(t, err)
		ask := func(method, path, body string, changes ...change) answer {
			r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
			for _, f := range append(changes, c.came) {
				f(r)
			}
			return direct(t, server, r)
		}
		got := ask(http.MethodPost, "/login", signInJSON(carol, carolsPin)).want(http.StatusOK)
		cookie := cookieOf(t, got)
		if cookie.Secure != c.secure || strings.HasPrefix(cookie.Name, "__Host-") != c.secure || (got.header.Get("Strict-Transport-Security") != "") != c.secure {
			t.Errorf("%s: got %+v, HSTS %q, want secure: %v", name, cookie, got.header.Get("Strict-Transport-Security"), c.secure)
		}
		ask(http.MethodGet, "/api/session/", "", with(cookie)).want(http.StatusOK)
		// By https only the cookie that was set by https counts: the other can be planted by whoever is on the way.
		other := &http.Cookie{Name: map[bool]string{true: "probability_session", false: "__Host-probability_session"}[c.secure], Value: cookie.Value}
		ask(http.MethodGet, "/api/session/", "", with(other)).problem(http.StatusUnauthorized, "unauthorized")
	}
}

func TestSetup_SignsTheFirstAdminIn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	token, err := b.app.NewSetup(t.Context())
	fatal(t, err)
	done := b.post("/setup", form(token, carol, carolsPin, carolsPin), asForm).want(http.StatusCreated)
	if !strings.Contains(string(done.body), `href="/"`) {
		t.Error("the page leads nowhere")
	}
	me := b.get("/api/session/", with(cookieOf(t, done))).want(http.StatusOK)
	if me.at("email") != carol || me.at("admin") != true {
		t.Errorf("got %s", me.body)
	}
}

func TestServer_WantsAPublicAddressThatIsOne(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, bad := range []string{"orders", "://", "https://"} {
		if _, err := web.New(web.Config{Ready: func(context.Context) error { return nil }, PublicURL: bad}, b.app, slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
