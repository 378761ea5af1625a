package web_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"probability/store"
	"probability/store/storetest"
)

// administrator makes alice one, and gives her browser.
func (b *bench) administrator(lang string) *browser {
	b.t.Helper()
	u, err := b.store.UserByEmail(b.t.Context(), "alice@example.com")
	fatal(b.t, err)
	fatal(b.t, b.store.Update(b.t.Context(), func(ctx context.Context, tx *store.Tx) error { return tx.SetAdmin(ctx, u.ID, true) }))
	return b.browserOf("alice@example.com", lang)
}

// Everything below /admin is for a signed-in administrator with the proof of a page, and for nobody else.
func TestAdmin_IsForAdministratorsOnly(t *testing.T) {
	t.Parallel()
	b := newBench(t).accounts()
	bob := b.browserOf("bob@example.com", "en")
	u, err := b.store.UserByEmail(t.Context(), "alice@example.com")
	fatal(t, err)
	proof := bob.open("/").form("/logout").Get("csrf_token")
	admin := b.administrator("en")
	asked := 0
	for _, r := range b.server.Pages() {
		if !strings.HasPrefix(r.Path, "/admin/") {
			continue
		}
		asked++
		path := strings.ReplaceAll(r.Path, "{user}", u.ID.String())
		body := ""
		if r.Method == http.MethodPost {
			body = "csrf_token=" + proof
			admin.send(r.Method, path, "x=1").want(http.StatusForbidden)
		}
		bob.send(r.Method, path, body).want(http.StatusForbidden)
		if got := b.page(path); r.Method == http.MethodGet && (got.status != http.StatusSeeOther || !strings.HasPrefix(got.header.Get("Location"), "/login?next=%2Fadmin%2F")) {
			t.Errorf("%s answers nobody with %d", path, got.status)
		}
		nobody := b.browser("en")
		nobody.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		if got := nobody.send(r.Method, path, body, as(b.alice)); got.status != http.StatusSeeOther || !strings.HasPrefix(got.header.Get("Location"), "/login") {
			t.Errorf("%s %s is opened by a token", r.Method, path)
		}
	}
	if asked < 7 {
		t.Errorf("only %d routes were asked", asked)
	}
	if page := bob.open("/settings"); strings.Contains(string(page.body), "/admin/") {
		t.Error("the settings of who is none lead there")
	}
	backup := "Download a backup"
	if b.store.Engine() == store.PostgreSQL {
		backup = "pg_dump"
		proof := admin.open("/").form("/logout").Get("csrf_token")
		admin.send(http.MethodPost, "/admin/backup", "csrf_token="+proof).says("Back it up with pg_dump there")
	}
	admin.open("/settings").says("Service", backup, "Apache 2.0")
}

func TestUsers_AreInvitedAndChooseTheirPassword(t *testing.T) {
	t.Parallel()
	b := newBench(t).accounts()
	w := b.administrator("en")
	page := w.open("/admin/users").says("alice@example.com", "you", "bob@example.com")
	page.submit("/admin/users", url.Values{"email": {"nobody"}, "way": {"link"}}).shows(http.StatusBadRequest).says("This is no e-mail address")
	page.submit("/admin/users", url.Values{"email": {"BOB@example.com"}, "way": {"link"}}).shows(http.StatusBadRequest).says("bob@example.com")
	page.submit("/admin/users", url.Values{"email": {"e@example.com"}, "way": {"password"}, "password": {"long enough"}, "password_again": {"other"}}).shows(http.StatusBadRequest)
	page.submit("/admin/users", url.Values{"email": {"e@example.com"}, "way": {"password"}, "password": {"short"}, "password_again": {"short"}}).shows(http.StatusBadRequest)

	made := page.submit("/admin/users", url.Values{"email": {"eva@example.com"}, "way": {"link"}}).shows(http.StatusCreated).says("eva@example.com", "It works once", "No password yet")
	link := textOf(made.all("pre", "id", "fresh-link")[0])
	if !strings.HasPrefix(link, b.base+"/password?token=") {
		t.Fatalf("the link is %q", link)
	}
	path := strings.TrimPrefix(link, b.base)
	if again := w.open("/admin/users"); strings.Contains(string(again.body), "token=") {
		t.Error("the link is shown a second time")
	}
	eva := b.browser("es")
	form := eva.open(path).says("Elige tu contraseña", "eva@example.com")
	form.submit("/password", url.Values{"password": {"long enough"}, "password_again": {"other"}}).shows(http.StatusBadRequest).says("eva@example.com")
	form.submit("/password", url.Values{"password": {"short"}, "password_again": {"short"}}).shows(http.StatusBadRequest)
	eva.send(http.MethodPost, "/password", form.form("/password").Encode(), header("Sec-Fetch-Site", "cross-site")).want(http.StatusForbidden)
	in := form.submit("/password", url.Values{"password": {"long enough"}, "password_again": {"long enough"}}).shows(http.StatusOK).says("eva@example.com")
	if in.at.Path != "/" {
		t.Errorf("it leads to %s", in.at)
	}
	b.browser("en").send(http.MethodGet, path, "").shows(http.StatusForbidden).says("used already")
	b.browser("en").send(http.MethodGet, "/password", "").shows(http.StatusForbidden)
	if strings.Contains(b.logs.String(), strings.SplitN(link, "token=", 2)[1]) {
		t.Error("the link is in the log")
	}
}

func TestUsers_RolesAndDeletion(t *testing.T) {
	t.Parallel()
	b := newBench(t).accounts()
	w := b.administrator("en")
	bob, err := b.store.UserByEmail(t.Context(), "bob@example.com")
	fatal(t, err)
	alice, err := b.store.UserByEmail(t.Context(), "alice@example.com")
	fatal(t, err)
	his := b.browserOf("bob@example.com", "en")
	at := "/admin/users/" + bob.ID.String()
	page := w.open("/admin/users")
	page.submit(at+"/admin", url.Values{}).shows(http.StatusOK).says("The role was changed")
	his.send(http.MethodGet, "/settings", "").says("Sign in")
	his = b.browserOf("bob@example.com", "en")
	his.open("/admin/users").says("alice@example.com")
	w.open("/admin/users").submit(at+"/admin", url.Values{}).shows(http.StatusOK)
	his.send(http.MethodGet, "/settings", "").says("Sign in")
	if u, err := b.store.User(t.Context(), bob.ID); err != nil || u.Admin {
		t.Errorf("bob is %+v, %v", u, err)
	}
	linked := w.open("/admin/users").submit(at+"/link", url.Values{}).shows(http.StatusCreated).says("bob@example.com")
	if len(linked.all("pre", "id", "fresh-link")) != 1 {
		t.Error("there is no link")
	}
	proof := page.form("/logout").Get("csrf_token")
	for _, own := range []string{"/admin", "/link", "/delete"} {
		w.send(http.MethodPost, "/admin/users/"+alice.ID.String()+own, "csrf_token="+proof+"&confirm=1").shows(http.StatusOK).says("Nobody changes their own account")
	}
	w.send(http.MethodPost, "/admin/users/"+uuid.NewString()+"/delete", "csrf_token="+proof).shows(http.StatusNotFound)
	sure := w.open("/admin/users").submit(at+"/delete", url.Values{}).shows(http.StatusOK).says("Delete bob@example.com?")
	if _, err := b.store.User(t.Context(), bob.ID); err != nil {
		t.Fatalf("he is gone before it was confirmed: %v", err)
	}
	gone := sure.submit(at+"/delete", url.Values{}).shows(http.StatusOK).says("bob@example.com was deleted")
	if strings.Contains(string(gone.body), at) {
		t.Error("he is still on the list")
	}
}

func TestSettings_AllOtherSessionsEnd(t *testing.T) {
	t.Parallel()
	b := newBench(t).accounts()
	w, other := b.browserOf("alice@example.com", "en"), b.browserOf("alice@example.com", "en")
	other.open("/settings")
	w.open("/settings").submit("/settings/sessions/end", url.Values{}).shows(http.StatusOK).says("One session was ended")
	other.send(http.MethodGet, "/settings", "").says("Sign in")
	if len(w.open("/settings").all("form", "action", "/settings/sessions/end")) != 0 {
		t.Error("there is no other session, and a button to end them")
	}
}

// What is downloaded is a backup that restores.
func TestAdmin_ABackupIsDownloaded(t *testing.T) {
	t.Parallel()
	storetest.SQLiteOnly(t, "backups are made by the server's own programs")
	b := newBench(t)
	_, id := b.connected()
	b.put(id, order(1))
	w := b.administrator("en")
	got := w.open("/settings").submit("/admin/backup", url.Values{}).want(http.StatusOK)
	if !strings.HasPrefix(got.header.Get("Content-Disposition"), `attachment; filename="probability-`) {
		t.Errorf("it comes as %v", got.header)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "a.backup")
	fatal(t, os.WriteFile(file, got.body, 0o600))
	into := filepath.Join(dir, "data")
	r, err := store.Restore(t.Context(), store.Config{Dir: into, Key: storetest.Key()}, file, func(string, int64, int64) {}, slog.New(slog.DiscardHandler))
	fatal(t, err)
	if r.Rows["orders"] != 1 || r.Rows["users"] != 2 {
		t.Errorf("it holds %v", r.Rows)
	}
	d, err := b.app.Backup(t.Context(), "test")
	fatal(t, err)
	w.open("/settings").submit("/admin/backup", url.Values{}).shows(http.StatusOK).says("Another backup is being made")
	fatal(t, d.Close())
}
