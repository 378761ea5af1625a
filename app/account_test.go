package app_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/app"
)

func TestAccount_ChangesItsPassword(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx := t.Context()
	here, there := w.signIn(t, "203.0.113.7"), w.signIn(t, "198.51.100.2")
	u, err := w.store.User(ctx, w.user)
	if err != nil {
		t.Fatal(err)
	}
	fields := func(err error) map[string][]app.FieldError { return app.AsError(err).Fields }
	for field, c := range map[string]struct{ present, fresh string }{
		"current_password": {"", "a new password"}, "password": {password, "short"},
	} {
		if _, err := w.app.ChangePassword(ctx, u, c.present, c.fresh, from("203.0.113.7")); len(fields(err)[field]) != 1 {
			t.Errorf("got %v, want a complaint about %s", err, field)
		}
	}
	if _, err := w.app.ChangePassword(ctx, u, wrongPassword, "a new password", from("203.0.113.7")); fields(err)["current_password"][0].Code != "password_wrong" {
		t.Errorf("a wrong password: got %v", err)
	}
	w.wantSession(t, here, true, "after what failed")

	fresh, err := w.app.ChangePassword(ctx, u, password, "a new password", app.Browser{Remote: "203.0.113.7", Session: here})
	if err != nil {
		t.Fatal(err)
	}
	w.wantSession(t, here, false, "the former one")
	w.wantSession(t, there, false, "the other browser's")
	w.wantSession(t, fresh, true, "the new one")
	if _, _, err := w.app.SignIn(ctx, "ana@example.com", "a new password", from("203.0.113.7")); err != nil {
		t.Errorf("the new password: %v", err)
	}
	// Whoever has the session and not the password cannot guess for ever.
	u, err = w.store.User(ctx, w.user)
	if err != nil {
		t.Fatal(err)
	}
	for tries := 0; ; tries++ {
		_, err := w.app.ChangePassword(ctx, u, wrongPassword, "a new password", from("203.0.113.7"))
		if app.KindOf(err) == app.TooMany {
			if tries < 3 {
				t.Errorf("refused after %d tries", tries)
			}
			break
		}
		if tries > 20 {
			t.Fatal("guesses are not counted")
		}
	}
	if _, err := w.app.ChangePassword(ctx, u, "a new password", "yet another one", from("203.0.113.7")); app.KindOf(err) != app.TooMany {
		t.Errorf("the right one after too many guesses: got %v", err)
	}
}

func TestAccount_EndsItsOwnSessionsAndTokensOnly(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx := t.Context()
	first, second := w.signIn(t, "203.0.113.7"), w.signIn(t, "198.51.100.2")
	w.clock.Add(2 * time.Minute)
	w.wantSession(t, first, true, "used last")
	sessions, err := w.app.Sessions(ctx, w.user)
	if err != nil || len(sessions) != 2 || sessions[0].Remote != "203.0.113.7" {
		t.Fatalf("got %+v, %v, want both, the last used one first", sessions, err)
	}
	stranger, err := w.app.AddUser(ctx, "eva@example.com", password, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.app.EndSession(ctx, stranger.ID, sessions[1].ID); app.KindOf(err) != app.NotFound {
		t.Errorf("somebody else's: got %v, want not found", err)
	}
	if err := w.app.EndSession(ctx, w.user, uuid.New()); app.KindOf(err) != app.NotFound {
		t.Errorf("nobody's: got %v, want not found", err)
	}
	w.wantSession(t, second, true, "after a stranger's try")
	if err := w.app.EndSession(ctx, w.user, sessions[1].ID); err != nil {
		t.Fatal(err)
	}
	w.wantSession(t, second, false, "ended")
	w.wantSession(t, first, true, "the other")
	if err := w.app.EndSession(ctx, w.user, sessions[1].ID); app.KindOf(err) != app.NotFound {
		t.Errorf("once more: got %v, want not found", err)
	}
	w.clock.Add(app.SessionIdle)
	if left, err := w.app.Sessions(ctx, w.user); err != nil || len(left) != 0 {
		t.Errorf("sessions that are over are listed: %+v, %v", left, err)
	}

	plain, token, err := w.app.CreateToken(ctx, "ana@example.com", "sheet", 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.app.CreateToken(ctx, "eva@example.com", "own", 0); err != nil {
		t.Fatal(err)
	}
	for _, user := range []uuid.UUID{stranger.ID, uuid.New()} {
		if err := w.app.RevokeOwnToken(ctx, user, token.ID); app.KindOf(err) != app.NotFound {
			t.Errorf("somebody else's token: got %v, want not found", err)
		}
	}
	if _, err := w.app.Authenticate(ctx, plain); err != nil {
		t.Errorf("after strangers' tries: %v", err)
	}
	if err := w.app.RevokeOwnToken(ctx, w.user, token.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.app.Authenticate(ctx, plain); app.KindOf(err) != app.Unauthorized {
		t.Errorf("revoked: got %v, want unauthorized", err)
	}
}
