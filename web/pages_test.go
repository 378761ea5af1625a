package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/app"
	"probability/store"
	"probability/web"
)

// openPages are those of the dashboard that need nobody to be signed in.
var openPages = []string{"/static/{digest}/{name}", "/preferences", "/password"}

// dashboard are the ids that pages have in their paths, see owned.
func (b *bench) dashboard() ids {
	b.t.Helper()
	known := b.owned()
	u, err := b.store.UserByEmail(b.t.Context(), "alice@example.com")
	fatal(b.t, err)
	tokens, err := b.store.Tokens(b.t.Context(), u.ID)
	fatal(b.t, err)
	_, err = b.app.BeginSession(b.t.Context(), u, app.Browser{Remote: "192.0.2.7"})
	fatal(b.t, err)
	sessions, err := b.app.Sessions(b.t.Context(), u.ID)
	fatal(b.t, err)
	known["token"] = struct{ theirs, nobodys string }{tokens[0].ID.String(), uuid.NewString()}
	known["session"] = struct{ theirs, nobodys string }{sessions[0].ID.String(), uuid.NewString()}
	w := b.browserOf("alice@example.com", "en")
	store := "/stores/" + known["id"].theirs
	replacing := w.open(store+"/settings").submit(store+"/credentials", url.Values{"access_token": {"shpat_wrong"}}).shows(http.StatusOK)
	for name, s := range map[string]screen{"attempt": replacing, "connecting": w.begin(url.Values{"way": {"token"}, "store_name": {"nobody-here"}, "access_token": {"shpat_wrong"}})} {
		w.settled(s)
		id, err := uuid.Parse(path.Base(s.at.Path))
		fatal(b.t, err)
		known[name] = struct{ theirs, nobodys string }{id.String(), uuid.NewString()}
	}
	return known
}

// idOf is which id of dashboard a parameter of a path stands for: of attempts there are two.
func idOf(path, parameter string) string {
	if parameter == "attempt" && strings.HasPrefix(path, "/stores/connect/") {
		return "connecting"
	}
	return parameter
}

// pagesOf are the routes of the dashboard that belong to an account, with their parameters filled in.
func pagesOf(t *testing.T, b *bench, value func(name string) string) []web.Route {
	t.Helper()
	var out []web.Route
	for _, r := range b.server.Pages() {
		if slices.Contains(openPages, r.Path) || strings.HasPrefix(r.Path, "/admin/") { // of those there are tests of their own
			continue
		}
		for part := range strings.SplitSeq(r.Path, "/") {
			if name, ok := strings.CutPrefix(part, "{"); ok {
				name = idOf(r.Path, strings.TrimSuffix(name, "}"))
				id := value(name)
				if id == "" {
					t.Fatalf("%s has a %s that this test does not know", r.Path, name)
				}
				r.Path = strings.ReplaceAll(r.Path, part, id)
			}
		}
		out = append(out, r)
	}
	if len(out) < 30 {
		t.Fatalf("only %d routes of the dashboard", len(out))
	}
	return out
}

// Nobody gets further than the sign-in without a session: not with a token, which is for programs, nor with what was one.
func TestPages_NobodyIsLetInWithoutASession(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	known := b.dashboard()
	for _, r := range pagesOf(t, b, func(name string) string { return known[name].theirs }) {
		for _, nobody := range []change{anonymous, as(b.alice), with(&http.Cookie{Name: "probability_session", Value: strings.Repeat("x", 43)})} {
			w := b.browser("en")
			w.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			got := w.send(r.Method, r.Path, "", nobody).want(http.StatusSeeOther)
			want := "/login"
			if r.Method != http.MethodPost {
				want += "?" + url.Values{"next": {strings.TrimSuffix(r.Path, "/")}}.Encode()
			}
			if to := got.header.Get("Location"); to != want || len(got.body) > 0 {
				t.Errorf("%s %s leads to %q with %q", r.Method, r.Path, to, got.body)
			}
		}
	}
}

// TestPages_StrangersSeeWhatNobodySees asks as bob for what is alice's, and wants what an id gets that nobody has.
func TestPages_StrangersSeeWhatNobodySees(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	known := b.dashboard()
	bob := b.browserOf("bob@example.com", "en")
	proof := bob.open("/").form("/logout").Encode()
	theirs := pagesOf(t, b, func(name string) string { return known[name].theirs })
	nobodys := pagesOf(t, b, func(name string) string { return known[name].nobodys })
	asked := 0
	for i, r := range theirs {
		if r.Path == nobodys[i].Path {
			continue
		}
		asked++
		body := ""
		if r.Method == http.MethodPost {
			body = proof
			bob.send(r.Method, r.Path, "x=1").want(http.StatusForbidden)
		}
		a, c := bob.send(r.Method, r.Path, body).want(http.StatusNotFound), bob.send(r.Method, nobodys[i].Path, body).want(http.StatusNotFound)
		strip := func(s screen) string {
			text := strings.ReplaceAll(string(s.body), s.header.Get("X-Request-Id"), "")
			return strings.ReplaceAll(text, s.at.Path, "")
		}
		if strip(a) != strip(c) {
			t.Errorf("%s %s tells a stranger's id from a missing one:\n%s\n%s", r.Method, r.Path, a.body, c.body)
		}
	}
	if asked < 20 {
		t.Errorf("only %d routes were asked", asked)
	}
	// All of it is still there, for alice.
	alice := b.browserOf("alice@example.com", "en")
	alice.open("/stores/" + known["id"].theirs + "/orders/" + known["order"].theirs)
	b.get("/api/integrations/shopify/", as(b.alice)).want(http.StatusOK)
}

// Whatever changes something needs the proof that our own page asked for it.
func TestPages_ChangesNeedTheProof(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	known := b.dashboard()
	alice := b.browserOf("alice@example.com", "en")
	proof := alice.open("/").form("/logout").Get("csrf_token")
	changes := 0
	for _, r := range pagesOf(t, b, func(name string) string { return known[name].theirs }) {
		if r.Method != http.MethodPost {
			continue
		}
		changes++
		for _, body := range []string{"", "csrf_token=", "csrf_token=" + strings.Repeat("x", 43)} {
			alice.send(r.Method, r.Path, body, header("Content-Type", "application/x-www-form-urlencoded")).shows(http.StatusForbidden).says("nothing was changed")
		}
		alice.send(r.Method, r.Path, "csrf_token="+proof, header("Sec-Fetch-Site", "cross-site")).want(http.StatusForbidden)
	}
	if changes < 14 {
		t.Errorf("only %d routes change something", changes)
	}
	runs, err := b.store.CountImports(t.Context(), mustID(known["id"].theirs))
	fatal(t, err)
	if runs != 1 {
		t.Errorf("%d runs, want the first one alone", runs)
	}
}

func mustID(text string) (id int64) {
	_, err := fmt.Sscan(text, &id)
	if err != nil {
		panic(err)
	}
	return id
}

// TestPages_InBothLanguages shows every page with everything on it that there can be, and looks at each as browser.usable does.
func TestPages_InBothLanguages(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	known := b.dashboard()
	id := mustID(known["id"].theirs)
	b.everything(id)
	for lang, words := range map[string][]string{"en": {"Stores", "Sign out"}, "es": {"Tiendas", "Cerrar sesión"}} {
		w := b.browserOf("alice@example.com", lang)
		seen := map[string]string{}
		for _, r := range pagesOf(t, b, func(name string) string { return known[name].theirs }) {
			if r.Method != http.MethodGet || strings.HasSuffix(r.Path, "/live") {
				continue
			}
			page := w.open(r.Path).says(words...)
			seen[r.Path] = string(page.body)
		}
		for _, path := range []string{
			"/stores/connect?way=app", "/stores/connect?way=token", "/stores/connect?way=x",
			"/stores/" + known["id"].theirs + "/orders?search=zzzz", "/stores/" + known["id"].theirs + "/orders?min_total=1&ordering=total_price",
			"/stores/" + known["id"].theirs + "/deliveries?state=failed",
		} {
			w.open(path).says(words...)
		}
		w.send(http.MethodGet, "/stores/"+known["id"].theirs+"/orders?min_total=x&since=y&ordering=z", "").shows(http.StatusBadRequest)
		w.send(http.MethodGet, "/stores/"+known["id"].theirs+"/deliveries?state=x", "").shows(http.StatusBadRequest)
		w.send(http.MethodGet, "/nothing", "").shows(http.StatusNotFound).says(words...)
		live := w.send(http.MethodGet, "/stores/"+known["id"].theirs+"/live", "").want(http.StatusOK)
		if !strings.Contains(string(live.body), `data-part="busy"`) {
			t.Errorf("nothing seems to be under way: %s", live.body)
		}
		if len(seen) < 12 {
			t.Errorf("only %d pages", len(seen))
		}
		nobody := b.browser(lang)
		for _, path := range []string{"/", "/login"} {
			nobody.open(path)
		}
		nobody.send(http.MethodGet, "/setup", "").shows(http.StatusForbidden)
		nobody.send(http.MethodGet, "/nothing", "").shows(http.StatusNotFound)
	}
}

// everything gives a store all states and troubles that its pages can show.
func (b *bench) everything(id int64) {
	b.t.Helper()
	for i, state := range []string{"paid", "pending", "refunded", "partially_refunded", "voided", "odd_state"} {
		b.put(id, order(100+i, map[string]any{"financial_status": state, "cancelled_at": "2026-11-02T00:00:00Z", "test": i%2 == 0}))
	}
	total := 5000
	fatal(b.t, b.store.Update(b.t.Context(), func(ctx context.Context, tx *store.Tx) error {
		for _, code := range []string{
			app.ProblemAccessDenied, app.ProblemDataRequest, app.ProblemDrift, app.ProblemLimited, app.ProblemMissingScope, app.ProblemNoSecret,
			app.ProblemNoWebhooks, app.ProblemPersonalData, app.ProblemReauthorize, app.ProblemRESTRefused, app.ProblemRecreated, app.ProblemRefused, app.ProblemShopRedacted,
			app.ProblemSilent, app.ProblemStoreNotFound, app.ProblemSyncFailed, app.ProblemUnavailable, app.ProblemUninstalled, app.ProblemUnreachable,
			app.ProblemVersionExpired, "of_tomorrow",
		} {
			if err := tx.PutProblem(ctx, id, store.Problem{Code: code, Detail: "why", Since: noon}); err != nil {
				return err
			}
		}
		first, err := tx.ActiveImport(ctx, id)
		if err != nil {
			return err
		}
		first.State = store.ImportCompleted
		if err := tx.UpdateImport(ctx, first); err != nil {
			return err
		}
		for _, state := range []string{store.ImportCompleted, store.ImportFailed, store.ImportCancelled, store.ImportRunning} {
			run := store.Import{
				ID: uuid.Must(uuid.NewV7()), IntegrationID: id, Kind: store.KindPeriodic, State: state, Field: store.FieldUpdatedAt, From: noon, QueuedAt: noon,
				StartedAt: noon.Add(-10 * time.Second), Fetched: 1000, Total: &total,
			}
			if state == store.ImportFailed {
				run.ErrorCode, run.ErrorDetail = "count_mismatch", "3 of 4"
			}
			if state != store.ImportRunning {
				run.FinishedAt = noon.Add(time.Minute)
			}
			if err := tx.InsertImport(ctx, run); err != nil {
				return err
			}
		}
		for _, state := range []string{store.AuditCompleted, store.AuditFailed, store.AuditRunning} {
			m := store.Audit{
				ID: uuid.Must(uuid.NewV7()), IntegrationID: id, Cause: store.AuditManual, State: state, QueuedAt: noon, StartedAt: noon, Total: &total,
				AuditCounts: store.AuditCounts{Missing: 2, Stale: 1, Checked: 10}, Created: 1,
			}
			if state == store.AuditFailed {
				m.ErrorCode = "internal"
			}
			if err := tx.InsertAudit(ctx, m); err != nil {
				return err
			}
		}
		for _, state := range []string{"pending", "processed", "duplicate", "stale", "failed"} {
			d := store.Delivery{
				ID: uuid.Must(uuid.NewV7()), IntegrationID: id, Topic: "orders/updated", ReceivedAt: noon, State: state, Body: []byte(`{"a":1.50}`),
			}
			if state == store.DeliveryFailed {
				d.ErrorCode = "not_an_order"
			}
			if _, err := tx.InsertDeliveries(ctx, []store.Delivery{d}); err != nil {
				return err
			}
		}
		return nil
	}))
}

// What browsers see of an error is a page; programs, and everything below /api, get their document.
func TestPages_ErrorsArePagesForBrowsersOnly(t *testing.T) {
	t.Parallel()
	b := newBench(t).accounts()
	for _, path := range []string{"/nothing", "/stores/1/nothing", "/static/x/app.css"} {
		got := b.page(path).want(http.StatusNotFound)
		if page := strings.HasPrefix(got.header.Get("Content-Type"), "text/html"); page == strings.HasPrefix(path, "/static/") {
			t.Errorf("%s is answered with %s", path, got.header.Get("Content-Type"))
		}
	}
	b.get("/nothing").problem(http.StatusNotFound, "not_found")
	b.get("/nothing", header("Accept", "*/*")).problem(http.StatusNotFound, "not_found")
	for _, path := range []string{"/api/nothing", "/api"} {
		b.get(path, header("Accept", "text/html")).problem(http.StatusNotFound, "not_found")
	}
	b.get("/api/integrations/shopify/9/", header("Accept", "text/html")).problem(http.StatusNotFound, "not_found")
	got := b.browser("es").send(http.MethodPost, "/login", "email=a", header("Sec-Fetch-Site", "cross-site")).shows(http.StatusForbidden)
	got.says("Error 403", got.header.Get("X-Request-Id"))
}

func TestPages_FilesAreKeptForEverByTheirDigest(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := b.browser("en")
	page := w.open("/login")
	style := attr(page.all("link", "rel", "stylesheet")[0], "href")
	got := w.send(http.MethodGet, style, "").want(http.StatusOK)
	if cache := got.header.Get("Cache-Control"); cache != "public, max-age=31536000, immutable" {
		t.Errorf("the style sheet may be kept as %q says", cache)
	}
	if kind := got.header.Get("Content-Type"); !strings.HasPrefix(kind, "text/css") || got.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("the style sheet is %q", kind)
	}
	digest := strings.Split(style, "/")[2]
	for _, path := range []string{
		"/static/" + strings.Repeat("0", 32) + "/app.css", "/static/" + digest + "/app.js", "/static/" + digest + "/..%2fapp.css", "/static/" + digest + "/",
	} {
		w.send(http.MethodGet, path, "").want(http.StatusNotFound)
	}
	w.send(http.MethodHead, style, "").want(http.StatusOK)
	// Scripts are loaded, and allowed, only by who is signed in.
	if len(page.all("script", "", "")) != 0 || strings.Contains(page.header.Get("Content-Security-Policy"), "script-src") {
		t.Error("the sign-in page has a script")
	}
	b.accounts()
	home := b.browserOf("alice@example.com", "en").open("/")
	csp := home.header.Get("Content-Security-Policy")
	if len(home.all("script", "", "")) != 1 || !strings.Contains(csp, "script-src 'self'; connect-src 'self'") {
		t.Errorf("the policy is %q", csp)
	}
}

func TestPages_LanguageAndAppearanceAreChosenOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t).accounts()
	w := b.browser("en")
	login := w.open("/login").says("Sign in to Probability")
	es := login.submit("/preferences", url.Values{"lang": {"es"}}).shows(http.StatusOK)
	if es.says("Contraseña"); es.at.Path != "/login" {
		t.Errorf("it leads to %s, want back", es.at)
	}
	if attr(es.all("button", "value", "es")[0], "aria-pressed") != "true" {
		t.Error("the choice does not show")
	}
	dark := es.submit("/preferences", url.Values{"theme": {"dark"}}).shows(http.StatusOK).says("Contraseña")
	if got := attr(dark.all("html", "", "")[0], "data-theme"); got != "dark" {
		t.Errorf("the theme is %q", got)
	}
	for _, c := range w.client.Jar.Cookies(dark.at) {
		if !slices.Contains([]string{"probability_lang", "probability_theme"}, c.Name) {
			t.Errorf("an unexpected cookie: %s", c.Name)
		}
	}
	auto := dark.submit("/preferences", url.Values{"theme": {"auto"}, "lang": {"auto"}}).shows(http.StatusOK).says("Sign in to Probability")
	if got := attr(auto.all("html", "", "")[0], "data-theme"); got != "" {
		t.Errorf("the theme is still %q", got)
	}
	// The API speaks as its caller's header says, whatever a page's cookie wishes.
	b.get("/api/nothing", header("Cookie", "probability_lang=es")).says(t, "There is nothing at this address")
	w.send(http.MethodPost, "/preferences", "lang=xx").want(http.StatusBadRequest)
	w.send(http.MethodPost, "/preferences", "lang=es", header("Sec-Fetch-Site", "cross-site")).want(http.StatusForbidden)
}

// Whoever's session is over signs in and is where they wanted to be, in spite of a wrong password in between; but never elsewhere, and
// what was to be changed is not repeated.
func TestPages_SigningInGoesOnToThePage(t *testing.T) {
	t.Parallel()
	b := carols(t)
	const at = "/jobs?kind=import&state=failed"
	w := b.browser("en")
	login := w.open(at).says("Sign in to go on")
	if got := attr(login.all("input", "name", "next")[0], "value"); login.at.Path != "/login" || got != at {
		t.Errorf("%s keeps %q, want %q", login.at, got, at)
	}
	login = login.submit("/preferences", url.Values{"lang": {"es"}}).shows(http.StatusOK).says("Inicia sesión para seguir")
	wrong := login.submit("/login", url.Values{"email": {carol}, "password": {"not it"}}).shows(http.StatusUnauthorized)
	if page := wrong.submit("/login", url.Values{"email": {carol}, "password": {carolsPin}}).shows(http.StatusOK); page.at.RequestURI() != at {
		t.Errorf("the sign-in leads to %s, want %s", page.at.RequestURI(), at)
	}
	for _, elsewhere := range []string{"https://evil.example/", "//evil.example/", `/\evil.example`, "/a\r\nX-Evil: 1", "javascript:alert(1)"} {
		signedOut := b.browser("en")
		signedOut.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		if page := signedOut.open("/login?" + url.Values{"next": {elsewhere}}.Encode()); len(page.all("input", "name", "next")) != 0 {
			t.Errorf("the sign-in would lead to %q", elsewhere)
		}
		form := url.Values{"email": {carol}, "password": {carolsPin}, "next": {elsewhere}}
		if to := signedOut.send(http.MethodPost, "/login", form.Encode()).want(http.StatusSeeOther).header.Get("Location"); to != "/" {
			t.Errorf("%q leads to %q", elsewhere, to)
		}
	}
}

// Another language or another appearance is the same page: with its filters and its place, and the set-up link keeps its secret.
func TestPages_KeepWhatWasAskedForInAnotherLanguage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	token, err := b.app.NewSetup(t.Context())
	fatal(t, err)
	setup := b.browser("en").open("/setup?token="+token).submit("/preferences", url.Values{"lang": {"es"}}).shows(http.StatusOK).says("Configurar Probability")
	if got := attr(setup.all("input", "name", "token")[0], "value"); got != token {
		t.Errorf("the form of the set-up has the token %q, want the link's", got)
	}
	if wrong := b.browser("en").send(http.MethodGet, "/setup?token=wrong", "").shows(http.StatusForbidden); len(wrong.all("form", "", "")) != 0 {
		t.Error("a wrong link can be asked for again in another language, which would count as one more guess")
	}
	_, id := b.connected()
	b.put(id, order(1, nil), order(2, nil))
	w := b.browserOf("alice@example.com", "en")
	for _, at := range []string{
		"orders?search=Mar%C3%ADa+50%25&financial_status=paid&ordering=total_price", "orders?since=yesterday", "insights?days=90", "deliveries?state=failed&topic=orders%2Fupdated", "orders",
	} {
		at = fmt.Sprintf("/stores/%d/%s", id, at)
		page := w.send(http.MethodGet, at, "")
		for _, wish := range []url.Values{{"lang": {"es"}}, {"theme": {"dark"}}, {"lang": {"en"}}} {
			if page = page.submit("/preferences", wish); page.at.RequestURI() != at {
				t.Errorf("%v on %s leads to %s", wish, at, page.at.RequestURI())
			}
		}
	}
}

// Where a form leads back to is always a page of this service.
func TestPages_NobodyIsLedElsewhere(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := b.browser("en")
	w.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for back, want := range map[string]string{
		"/stores/1/orders": "/stores/1/orders", "/": "/", "": "/", "https://evil.example/": "/", "//evil.example/": "/", `/\evil.example`: "/",
		"javascript:alert(1)": "/", "/a?b=c": "/a?b=c", "/stores/1/orders?search=Mar%C3%ADa+50%25&min_total=1": "/stores/1/orders?search=Mar%C3%ADa+50%25&min_total=1", "/a?b=ñ": "/a", "/a?b c": "/a", "/a?b=c#d": "/a?b=c", "/?//evil.example": "/?//evil.example", "/a\r\nX-Evil: 1": "/", "evil": "/", "/" + strings.Repeat("a", 5000): "/", "http:/evil.example": "/",
		"/%2fevil.example": "/%2fevil.example", "/%5Cevil.example": "/%5Cevil.example", "////evil.example": "/", "/%2F%2Fevil.example/%2e": "/%2F%2Fevil.example/%2e",
	} {
		got := w.send(http.MethodPost, "/preferences", url.Values{"theme": {"dark"}, "back": {back}}.Encode()).want(http.StatusSeeOther)
		if to := got.header.Get("Location"); to != want {
			t.Errorf("%q leads to %q, want %q", back, to, want)
		}
	}
}

// says wants words in an answer.
func (a answer) says(t *testing.T, words string) {
	t.Helper()
	if !strings.Contains(string(a.body), words) {
		t.Errorf("%s does not say %q: %s", a.what, words, a.body)
	}
}
