package app_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"probability/app"
)

func TestUsers(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for name, c := range map[string][2]string{
		"no address":         {"", password},
		"no at":              {"ana", password},
		"a name as well":     {"Ana <ana@example.com>", password},
		"two addresses":      {"a@example.com, b@example.com", password},
		"short password":     {"b@example.com", "short"},
		"unending password":  {"b@example.com", strings.Repeat("a", 300)},
		"unending address":   {strings.Repeat("a", 300) + "@example.com", password},
		"line break in name": {"a\n@example.com", password},
	} {
		_, err := w.app.AddUser(t.Context(), c[0], c[1], false)
		if app.KindOf(err) != app.Invalid {
			t.Errorf("%s: %v, want refused", name, err)
		}
	}
	_, err := w.app.AddUser(t.Context(), "ANA@example.com", password, true)
	wantError(t, err, app.Invalid, "email_taken")
	if err := w.app.SetPassword(t.Context(), "Ana@Example.com", "another password"); err != nil {
		t.Error(err)
	}
	wantError(t, w.app.SetPassword(t.Context(), "nobody@example.com", password), app.NotFound, "user_not_found")
	c := w.connect(t)
	plain, _, err := w.app.CreateToken(t.Context(), "ana@example.com", "x", 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.app.DeleteUser(t.Context(), "ana@example.com"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.app.Authenticate(t.Context(), plain); app.KindOf(err) != app.Unauthorized {
		t.Errorf("the token of a deleted account: %v, want refused", err)
	}
	if gone, err := w.store.DeletedIntegrations(t.Context()); err != nil || len(gone) != 1 || gone[0] != c.Integration.ID {
		t.Errorf("stores being cleared away: %v, %v, want the account's", gone, err)
	}
	wantError(t, w.app.DeleteUser(t.Context(), "ana@example.com"), app.NotFound, "user_not_found")
}

func TestTokens(t *testing.T) {
	t.Parallel()
	w := setup(t)
	plain, token, err := w.app.CreateToken(t.Context(), "ana@example.com", "excel", 90*days)
	if err != nil {
		t.Fatal(err)
	}
	u, err := w.app.Authenticate(t.Context(), plain)
	if err != nil || u.ID != w.user {
		t.Fatalf("authenticate: %v, %v", u, err)
	}
	list, err := w.app.Tokens(t.Context(), "ana@example.com")
	if err != nil || len(list) != 1 || list[0].Name != "excel" || list[0].LastUsedAt.IsZero() {
		t.Errorf("tokens %+v, %v, want one, used", list, err)
	}
	for _, bad := range []string{"", "prob_", plain + "x", plain[:len(plain)-1], strings.ToUpper(plain), strings.Repeat("prob_", 100)} {
		_, err := w.app.Authenticate(t.Context(), bad)
		wantError(t, err, app.Unauthorized, "unauthorized")
	}
	w.clock.Add(90*days - time.Second)
	if _, err := w.app.Authenticate(t.Context(), plain); err != nil {
		t.Errorf("a second before its end: %v", err)
	}
	w.clock.Add(time.Second)
	_, err = w.app.Authenticate(t.Context(), plain)
	wantError(t, err, app.Unauthorized, "unauthorized")

	plain, token, err = w.app.CreateToken(t.Context(), "ana@example.com", "for ever", 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.app.RevokeToken(t.Context(), token.ID); err != nil {
		t.Fatal(err)
	}
	_, err = w.app.Authenticate(t.Context(), plain)
	wantError(t, err, app.Unauthorized, "unauthorized")
	wantError(t, w.app.RevokeToken(t.Context(), token.ID), app.NotFound, "token_not_found")
	_, _, err = w.app.CreateToken(t.Context(), "ana@example.com", " ", 0)
	wantError(t, err, app.Invalid, "validation_failed")
	_, _, err = w.app.CreateToken(t.Context(), "nobody@example.com", "x", 0)
	wantError(t, err, app.NotFound, "user_not_found")
}

func (w *world) wantSetup(t *testing.T, token string, want bool, when string) {
	t.Helper()
	if open, err := w.app.SetupOpen(t.Context(), token); err != nil || open != want {
		t.Errorf("the link %s: open %v, %v, want %v", when, open, err, want)
	}
}

func TestSetup(t *testing.T) {
	t.Parallel()
	w := setup(t)
	if token, err := w.app.NewSetup(t.Context()); err != nil || token != "" {
		t.Fatalf("a set-up link while an account exists: %q, %v", token, err)
	}
	if err := w.app.DeleteUser(t.Context(), "ana@example.com"); err != nil {
		t.Fatal(err)
	}
	former, err := w.app.NewSetup(t.Context())
	if err != nil || former == "" {
		t.Fatalf("no set-up link without an account: %v", err)
	}
	w.clock.Add(time.Minute)
	token, err := w.app.NewSetup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.wantSetup(t, former, true, "beside a newer link")
	w.wantSetup(t, token, true, "new")
	for _, bad := range []string{"", token + "x", token[1:], strings.ToUpper(token), "x" + token[1:]} {
		w.wantSetup(t, bad, false, "another token")
	}
	w.clock.Add(app.SetupLife - time.Minute)
	w.wantSetup(t, former, false, "at its end")
	w.wantSetup(t, token, true, "a minute before its end")
	w.clock.Add(app.SetupLife)
	_, _, err = w.app.Setup(t.Context(), token, "ana@example.com", password)
	wantError(t, err, app.Forbidden, "setup_link_invalid")
	if token, err = w.app.NewSetup(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, _, err = w.app.Setup(t.Context(), token, "ana@example.com", "short")
	wantError(t, err, app.Invalid, "validation_failed")

	var mu sync.Mutex
	var plain []string
	var all sync.WaitGroup
	for range 8 { // two at once make one admin
		all.Go(func() {
			if u, p, err := w.app.Setup(t.Context(), token, "ana@example.com", password); err == nil && u.Admin {
				mu.Lock()
				defer mu.Unlock()
				plain = append(plain, p)
			}
		})
	}
	all.Wait()
	if len(plain) != 1 {
		t.Fatalf("%d admins were made, want 1", len(plain))
	}
	if _, err := w.app.Authenticate(t.Context(), plain[0]); err != nil {
		t.Errorf("the first token: %v", err)
	}
	if users, err := w.app.Users(t.Context()); err != nil || len(users) != 1 {
		t.Errorf("%d accounts, %v, want 1", len(users), err)
	}
}
