package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// form is what the page sends.
func form(token, email, password, again string) string {
	return url.Values{"token": {token}, "email": {email}, "password": {password}, "password_again": {again}}.Encode()
}

var asForm = header("Content-Type", "application/x-www-form-urlencoded")

func TestSetup_MakesTheFirstAdminOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	token, err := b.app.NewSetup(t.Context())
	fatal(t, err)
	page := b.get("/setup?token="+token, header("Accept-Language", "es")).want(http.StatusOK)
	for _, want := range []string{`lang="es"`, `name="token" value="` + token + `"`, `type="password"`, "Configurar", `value="admin@localhost"`, "8 caracteres"} {
		if !strings.Contains(string(page.body), want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if strings.Contains(string(page.body), "<script") || strings.Contains(page.header.Get("Content-Security-Policy"), "script-src") {
		t.Error("the page needs no script")
	}
	done := b.post("/setup", form(token, "ana@example.com", "correct horse", "correct horse"), asForm).want(http.StatusCreated)
	api := regexp.MustCompile(`prob_[\w-]+`).FindString(string(done.body))
	b.get("/api/integrations/shopify/", as(api)).want(http.StatusOK)
	if page := string(done.body); !strings.Contains(page, `href="/stores/connect"`) {
		t.Errorf("the way on is missing: %s", page)
	}
	users, err := b.app.Users(t.Context())
	fatal(t, err)
	if len(users) != 1 || !users[0].Admin || users[0].Email != "ana@example.com" {
		t.Errorf("the accounts are %+v", users)
	}
	closed := b.get("/setup?token=" + token).want(http.StatusForbidden)
	if strings.Contains(string(closed.body), "<form") || !strings.Contains(string(closed.body), "not valid") {
		t.Errorf("got %s", closed.body)
	}
	b.post("/setup", form(token, "eva@example.com", "correct horse", "correct horse"), asForm).want(http.StatusForbidden)
	for _, secret := range []string{token, api, "correct horse"} {
		if strings.Contains(b.logs.String(), secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
}

func TestSetup_SaysWhatIsWrongAndKeepsTheLink(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	token, err := b.app.NewSetup(t.Context())
	fatal(t, err)
	for want, body := range map[string]string{
		"The two passwords differ":    form(token, "ana@example.com", "correct horse", "correct house"),
		"at least 8 characters":       form(token, "ana@example.com", "short", "short"),
		"This is no e-mail address":   form(token, `"><b>x`, "correct horse", "correct horse"),
		`value="&#34;&gt;&lt;b&gt;x"`: form(token, `"><b>x`, "correct horse", "correct horse"),
	} {
		got := b.post("/setup", body, asForm).want(http.StatusBadRequest)
		if !strings.Contains(string(got.body), want) || !strings.Contains(string(got.body), "<form") {
			t.Errorf("%q is not in %s", want, got.body)
		}
		if strings.Contains(string(got.body), "correct ho") {
			t.Error("a password is written back")
		}
	}
	b.post("/setup", form(token, "ana@example.com", "correct horse", "correct horse"), asForm).want(http.StatusCreated)
}

// A password is all that has to be typed, and what was typed wrong is where the keyboard is.
func TestSetup_SuggestsANameToSignInWith(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	token, err := b.app.NewSetup(t.Context())
	fatal(t, err)
	w := b.browser("en")
	first := w.open("/setup?token=" + token)
	sent := first.form("/setup")
	focus := func(s screen) (names []string) {
		for _, in := range within(s.doc, "input") {
			if has(in, "autofocus") {
				names = append(names, attr(in, "name"))
			}
		}
		return names
	}
	for _, c := range []struct{ email, password, again, focus string }{
		{sent.Get("email"), "short", "short", "password"},
		{sent.Get("email"), "correct horse", "correct house", "password"},
		{"nobody", "correct horse", "correct horse", "email"},
	} {
		wrong := first.submit("/setup", url.Values{"email": {c.email}, "password": {c.password}, "password_again": {c.again}}).shows(http.StatusBadRequest)
		if got := focus(wrong); len(got) != 1 || got[0] != c.focus || wrong.form("/setup").Get("email") != c.email {
			t.Errorf("%+v: the focus is on %v", c, got)
		}
	}
	if got := focus(first); len(got) != 1 || got[0] != "password" {
		t.Errorf("the form begins at %v, want the password", got)
	}
	first.submit("/setup", url.Values{"password": {"correct horse"}, "password_again": {"correct horse"}}).shows(http.StatusCreated)
	b.browser("en").open("/login").submit("/login", url.Values{"email": {sent.Get("email")}, "password": {"correct horse"}}).shows(http.StatusOK).says("Welcome")
}

func TestSetup_WithoutALinkThereIsNone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.get("/setup").want(http.StatusForbidden)
	b.get("/setup?token=x").want(http.StatusForbidden)
	b.post("/setup", "", asForm).want(http.StatusForbidden)
	token, err := b.app.NewSetup(t.Context())
	fatal(t, err)
	b.post("/setup", form("", "ana@example.com", "correct horse", "correct horse"), asForm).want(http.StatusForbidden)
	b.clock.pass(31 * time.Minute)
	b.get("/setup?token=" + token).want(http.StatusForbidden)
	b.post("/setup", form(token, "ana@example.com", "correct horse", "correct horse"), asForm).want(http.StatusForbidden)
}

func TestSetup_RefusesFormsOfOtherSites(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	token, err := b.app.NewSetup(t.Context())
	fatal(t, err)
	body := form(token, "ana@example.com", "short", "short")
	b.post("/setup", body, asForm, header("Sec-Fetch-Site", "cross-site")).problem(http.StatusForbidden, "cross_origin")
	b.post("/setup", body, asForm, header("Sec-Fetch-Site", "cross-site"), header("Origin", "null")).problem(http.StatusForbidden, "cross_origin")
	b.post("/setup", body, asForm, header("Origin", "https://evil.example")).problem(http.StatusForbidden, "cross_origin")
	for _, fine := range []change{
		header("Sec-Fetch-Site", "same-origin"), header("Origin", b.base),
		header("Origin", "null"), // a browser without Sec-Fetch-Site on a page that sends no referrer
	} {
		b.post("/setup", body, asForm, fine).want(http.StatusBadRequest)
	}
}

func TestPages_AllowTheirOwnFilesAndNothingElse(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, p := range []string{"/", "/setup", "/login"} {
		page := b.get(p, header("Accept", "text/html"))
		want := "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
		if csp := page.header.Get("Content-Security-Policy"); csp != want {
			t.Errorf("%s: the policy is %q, want %q", p, csp, want)
		}
		if strings.Contains(string(page.body), "<style") || strings.Contains(string(page.body), "style=") {
			t.Errorf("%s has inline style, which the policy forbids", p)
		}
		if !regexp.MustCompile(`href="/static/[0-9a-f]{32}/app\.css"`).Match(page.body) {
			t.Errorf("%s has no style sheet", p)
		}
	}
}

func TestIndex_SaysWhatThisIs(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	got := b.get("/").want(http.StatusOK)
	if got.at("name") != "Probability" || got.at("api") != "/api/integrations/shopify/" || got.at("version") != "test" {
		t.Errorf("got %s", got.body)
	}
	page := b.get("/", header("Accept", "text/html,application/xhtml+xml"), header("Accept-Language", "es-MX")).want(http.StatusOK)
	if !strings.Contains(string(page.body), "importa las órdenes") || page.header.Get("Content-Language") != "es" {
		t.Errorf("got %s", page.body)
	}
}
