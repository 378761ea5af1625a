package app_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"probability/app"
)

const wrongPassword = "wrong horse battery"

func from(remote string) app.Browser { return app.Browser{Remote: remote, UserAgent: "Firefox"} }

// signIn signs in as ana from an address, which must succeed.
func (w *world) signIn(t *testing.T, remote string) string {
	t.Helper()
	cookie, u, err := w.app.SignIn(t.Context(), "ana@example.com", password, from(remote))
	if err != nil || u.ID != w.user {
		t.Fatalf("sign in: %v, %v", u, err)
	}
	return cookie
}

// guess signs in with a wrong password.
func (w *world) guess(t *testing.T, email, remote string) error {
	t.Helper()
	cookie, u, err := w.app.SignIn(t.Context(), email, wrongPassword, from(remote))
	if err == nil || cookie != "" || u.Email != "" {
		t.Fatalf("a wrong password signs in: %q, %v", cookie, u)
	}
	return err
}

func (w *world) wantSession(t *testing.T, cookie string, live bool, when string) {
	t.Helper()
	s, u, err := w.app.Session(t.Context(), cookie)
	switch {
	case live && (err != nil || u.ID != w.user || s.UserID != w.user):
		t.Errorf("%s: %v of %v, %v, want a live session", when, s, u, err)
	case !live:
		if e := app.AsError(err); err == nil || e.Code != "unauthorized" {
			t.Errorf("%s: got %v, want unauthorized", when, err)
		}
	}
}

func TestSignIn_SessionsLiveAndEnd(t *testing.T) {
	t.Parallel()
	w := setup(t)
	cookie, u, err := w.app.SignIn(t.Context(), " ANA@example.com ", password, app.Browser{
		Remote: "2001:db8::5", UserAgent: strings.Repeat("ñ", 500) + "\xff",
	})
	if err != nil || u.ID != w.user || len(cookie) != 43 {
		t.Fatalf("got %q, %v, %v", cookie, u, err)
	}
	s, _, err := w.app.Session(t.Context(), cookie)
	if err != nil || s.Remote != "2001:db8::/64" || len(s.UserAgent) > 120 || strings.Contains(string(s.Hash), cookie) || !s.ExpiresAt.Equal(w.clock.Now().Add(30*days)) {
		t.Errorf("got %+v, %v", s, err)
	}
	for _, bad := range []string{"", "x", cookie + "x", cookie[:42], strings.ToLower(cookie), cookie[:42] + "!"} {
		w.wantSession(t, bad, false, "another cookie")
	}

	// Idle for a week it is over; used, it goes on until its thirty days are.
	w.clock.Add(7*days - time.Second)
	w.wantSession(t, cookie, true, "idle for less than a week")
	w.clock.Add(7*days - time.Second)
	w.wantSession(t, cookie, true, "used within the week")
	w.clock.Add(7 * days)
	w.wantSession(t, cookie, false, "idle for a week")
	cookie = w.signIn(t, "203.0.113.7")
	for range 5 {
		w.clock.Add(6 * days)
		w.wantSession(t, cookie, w.clock.Now().Before(s.ExpiresAt.Add(21*days-2*time.Second)), "used now and then")
	}
	w.wantSession(t, cookie, false, "after thirty days")

	// A new sign-in takes the old session's place; signing out ends one and no other.
	first, second := w.signIn(t, "203.0.113.7"), w.signIn(t, "203.0.113.7")
	third, _, err := w.app.SignIn(t.Context(), "ana@example.com", password, app.Browser{Session: first})
	if err != nil {
		t.Fatal(err)
	}
	w.wantSession(t, first, false, "replaced")
	w.wantSession(t, third, true, "new")
	if err := w.app.SignOut(t.Context(), third); err != nil {
		t.Fatal(err)
	}
	w.wantSession(t, third, false, "signed out")
	w.wantSession(t, second, true, "another session")
	if err := w.app.SetPassword(t.Context(), "ana@example.com", "another password"); err != nil {
		t.Fatal(err)
	}
	w.wantSession(t, second, false, "after another password")
}

func TestSignIn_NothingIsLeftOfSessionsAfterThirtyDays(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.signIn(t, "203.0.113.7")
	count := func() (n int) {
		if err := w.store.Writer().QueryRowContext(t.Context(), `SELECT count(*) FROM sessions`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, want := range []int{1, 0} {
		if err := w.app.Tidy(t.Context()); err != nil || count() != want {
			t.Errorf("%d sessions, %v, want %d", count(), err, want)
		}
		w.clock.Add(30*days + time.Second)
	}
}

// TestSignIn_EveryRefusalCostsTheSame counts hashes: an unknown e-mail costs as many as a wrong password, and answers the same.
func TestSignIn_EveryRefusalCostsTheSame(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var texts []string
	for i, email := range []string{"ana@example.com", "nobody@example.com", "", "a", "no e-mail at all"} {
		before := app.Hashes(w.app)
		err := w.guess(t, email, "203.0.113.7")
		if email == "" {
			wantError(t, err, app.Invalid, "validation_failed")
			continue
		}
		e := wantError(t, err, app.Unauthorized, "sign_in_failed")
		if got := app.Hashes(w.app) - before; got != 1 {
			t.Errorf("%q costs %d hashes, want 1", email, got)
		}
		if texts = append(texts, fmt.Sprint(e.Kind, e.Code, e.Detail, e.Params, e.Fields, e.Reason, e.Error())); texts[0] != texts[len(texts)-1] {
			t.Errorf("%d: %s and %s tell accounts from others", i, texts[0], texts[len(texts)-1])
		}
	}
	for _, c := range [][2]string{{strings.Repeat("a", 300), password}, {"ana@example.com", ""}, {"ana@example.com", strings.Repeat("a", 300)}} {
		before := app.Hashes(w.app)
		_, _, err := w.app.SignIn(t.Context(), c[0], c[1], from("203.0.113.7"))
		wantError(t, err, app.Invalid, "validation_failed")
		if app.Hashes(w.app) != before {
			t.Error("what cannot be right was hashed")
		}
	}
}

// TestSignIn_GuessesAtAnAccountAreSlowed guesses from a new address each time, so that only the account's count holds them.
func TestSignIn_GuessesAtAnAccountAreSlowed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.signIn(t, "203.0.113.7") // from here the owner has signed in before
	for _, email := range []string{"ana@example.com", "nobody@example.com"} {
		for i := range 5 {
			wantError(t, w.guess(t, email, fmt.Sprint("198.51.100.", i)), app.Unauthorized, "sign_in_failed")
		}
		before := app.Hashes(w.app)
		for _, spelling := range []string{email, strings.ToUpper(email), " " + email} {
			e := wantError(t, w.guess(t, spelling, "198.51.100.200"), app.TooMany, "too_many_attempts")
			if e.RetryAfter != 15*time.Second {
				t.Errorf("has to wait %s, want 15s", e.RetryAfter)
			}
		}
		if app.Hashes(w.app) != before {
			t.Error("a try that has to wait was hashed")
		}
	}
	// Not even the right password is looked at.
	_, _, err := w.app.SignIn(t.Context(), "ana@example.com", password, from("198.51.100.201"))
	wantError(t, err, app.TooMany, "too_many_attempts")
	// The owner comes in from where the account is known, at once; others there are slowed all the same.
	cookie := w.signIn(t, "203.0.113.7")
	w.wantSession(t, cookie, true, "under attack")
	if err := w.app.SignOut(t.Context(), cookie); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		wantError(t, w.guess(t, "ana@example.com", "203.0.113.7"), app.Unauthorized, "sign_in_failed")
	}
	wantError(t, w.guess(t, "ana@example.com", "203.0.113.7"), app.TooMany, "too_many_attempts")
	// From a new address the owner waits, and then comes in.
	w.clock.Add(15 * time.Second)
	w.signIn(t, "192.0.2.1")
}

func TestSignIn_GuessesFromAnAddressAreSlowed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.signIn(t, "2001:db8:7:7::1")
	for i := range 20 {
		email := fmt.Sprintf("someone%d@example.com", i)
		wantError(t, w.guess(t, email, fmt.Sprintf("2001:db8:9:9::%x", i)), app.Unauthorized, "sign_in_failed")
	}
	wantError(t, w.guess(t, "another@example.com", "2001:db8:9:9:ffff::1"), app.TooMany, "too_many_attempts")
	_, _, err := w.app.SignIn(t.Context(), "ana@example.com", password, from("2001:db8:9:9::77"))
	wantError(t, err, app.TooMany, "too_many_attempts")
	w.signIn(t, "2001:db8:9:a::1")
	w.signIn(t, "2001:db8:7:7::2")
	// With an account of their own guessers cannot have the address forgotten.
	w.clock.Add(15 * time.Second)
	w.signIn(t, "2001:db8:9:9::1")
	wantError(t, w.guess(t, "one-more@example.com", "2001:db8:9:9::1"), app.TooMany, "too_many_attempts")
}

func TestSignIn_FewHashesAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	release, err := app.HoldHashes(t.Context(), w.app, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	before := app.Hashes(w.app)
	for range 9 { // none of them counts as a guess
		_, _, err := w.app.SignIn(t.Context(), "ana@example.com", wrongPassword, from("203.0.113.7"))
		wantError(t, err, app.Busy, "sign_in_busy")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := w.app.SignIn(gone, "ana@example.com", password, from("203.0.113.7")); err == nil || app.KindOf(err) == app.Unauthorized {
		t.Errorf("got %v, want it to end with its request", err)
	}
	release()

	if release, err = app.HoldHashes(t.Context(), w.app, time.Minute); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, _, err := w.app.SignIn(t.Context(), "ana@example.com", password, from("203.0.113.7"))
		done <- err
	}()
	release()
	if err := <-done; err != nil || app.Hashes(w.app) != before+1 {
		t.Errorf("got %v after %d hashes, want the turn to come", err, app.Hashes(w.app)-before)
	}
}

// A password that changes while an old one is being looked at lets nobody in.
func TestBeginSession_NotForAnAccountThatHasChanged(t *testing.T) {
	t.Parallel()
	w := setup(t)
	read, err := w.store.User(t.Context(), w.user)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range []string{`UPDATE users SET password_hash = 'x'`, `UPDATE users SET admin = NOT admin`, `DELETE FROM users`} {
		w.exec(t, change)
		_, err := w.app.BeginSession(t.Context(), read, from("203.0.113.7"))
		wantError(t, err, app.Unauthorized, "sign_in_failed")
	}
}

func TestCountWrong(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for i := range 50 {
		if err := w.app.CountWrong("203.0.113.7"); err != nil {
			t.Fatalf("wrong secret %d: %v", i, err)
		}
	}
	e := wantError(t, w.app.CountWrong("203.0.113.7"), app.TooMany, "too_many_attempts")
	if e.RetryAfter != time.Minute {
		t.Errorf("has to wait %s, want a minute", e.RetryAfter)
	}
	if err := w.app.CountWrong("203.0.113.8"); err != nil {
		t.Error(err)
	}
	w.clock.Add(time.Minute)
	if err := w.app.CountWrong("203.0.113.7"); err != nil {
		t.Errorf("a minute later: %v", err)
	}
}
