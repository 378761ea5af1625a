package app_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/app"
	"probability/store"
	"probability/store/storetest"
)

// admin is an administrator beside the world's own account, made without the cost of a password.
func (w *world) admin(t *testing.T, email string) store.User {
	t.Helper()
	u := store.User{ID: uuid.Must(uuid.NewV7()), Email: email, PasswordHash: "none", Admin: true, CreatedAt: w.clock.Now()}
	w.update(t, func(ctx context.Context, tx *store.Tx) error { return tx.InsertUser(ctx, u) })
	return u
}

func TestUsers_ALinkChoosesAPasswordOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx := t.Context()
	invited, token, err := w.app.Invite(ctx, " Eva@Example.com ", true)
	if err != nil || invited.Email != "eva@example.com" || !invited.Admin {
		t.Fatalf("got %+v, %v", invited, err)
	}
	if strings.Contains(invited.PasswordHash, strings.SplitN(token, ".", 2)[1]) {
		t.Error("the token itself is stored")
	}
	_, _, err = w.app.Invite(ctx, "eva@example.com", false)
	wantError(t, err, app.Invalid, "email_taken")
	_, _, err = w.app.Invite(ctx, "eva", false)
	wantError(t, err, app.Invalid, "validation_failed")
	// No password fits what stands in its place, not even the token or the stored text.
	for _, guess := range []string{token, invited.PasswordHash, "link$"} {
		_, _, err := w.app.SignIn(ctx, "eva@example.com", guess, app.Browser{Remote: "192.0.2.1"})
		wantError(t, err, app.Unauthorized, "sign_in_failed")
	}
	id, secret, _ := strings.Cut(token, ".")
	ana, err := w.store.User(ctx, w.user)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"", "x", id, id + ".", id + "." + secret[1:], "." + secret, ana.ID.String() + "." + secret, uuid.NewString() + "." + secret, "{" + id + "}." + secret, id + "." + secret[:42] + "!"} {
		_, err := w.app.LinkOpen(ctx, bad)
		wantError(t, err, app.Forbidden, "password_link_invalid")
	}
	accounts, err := w.app.Accounts(ctx)
	if err != nil || len(accounts) != 2 || !accounts[1].Invited || accounts[0].Invited || !accounts[1].LinkUntil.Equal(w.clock.Now().Add(app.PasswordLinkLife).Truncate(time.Second)) {
		t.Errorf("the accounts are %+v, %v", accounts, err)
	}
	_, err = w.app.ChoosePassword(ctx, token, "short")
	wantError(t, err, app.Invalid, "validation_failed")
	u, err := w.app.ChoosePassword(ctx, token, password)
	if err != nil || u.ID != invited.ID {
		t.Fatalf("got %+v, %v", u, err)
	}
	if _, err := w.app.BeginSession(ctx, u, app.Browser{}); err != nil {
		t.Errorf("who has chosen a password is not signed in: %v", err)
	}
	if _, _, err := w.app.SignIn(ctx, "eva@example.com", password, app.Browser{Remote: "192.0.2.1"}); err != nil {
		t.Errorf("the password does not sign in: %v", err)
	}
	_, err = w.app.ChoosePassword(ctx, token, "another password")
	wantError(t, err, app.Forbidden, "password_link_invalid")
}

func TestUsers_ALinkEndsAfterADayAndWithTheNextOne(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx := t.Context()
	eva := w.admin(t, "eva@example.com")
	cookie := w.signIn(t, "192.0.2.1")
	_, first, err := w.app.ResetPassword(ctx, eva.ID, w.user)
	if err != nil {
		t.Fatal(err)
	}
	w.wantSession(t, cookie, false, "after the password was taken")
	_, _, err = w.app.SignIn(ctx, "ana@example.com", password, app.Browser{Remote: "192.0.2.1"})
	wantError(t, err, app.Unauthorized, "sign_in_failed")
	_, second, err := w.app.ResetPassword(ctx, eva.ID, w.user)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.app.LinkOpen(ctx, first)
	wantError(t, err, app.Forbidden, "password_link_invalid")
	w.clock.Add(app.PasswordLinkLife - time.Second)
	if _, err := w.app.LinkOpen(ctx, second); err != nil {
		t.Errorf("a second before its end: %v", err)
	}
	w.clock.Add(time.Second)
	_, err = w.app.ChoosePassword(ctx, second, password)
	wantError(t, err, app.Forbidden, "password_link_invalid")
}

func TestUsers_OneAdministratorIsAlwaysLeft(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx := t.Context()
	eva := w.admin(t, "eva@example.com")
	// Nobody changes their own account.
	wantError(t, w.app.SetAdmin(ctx, eva.ID, eva.ID, false), app.Conflict, "own_account")
	_, err := w.app.RemoveUser(ctx, eva.ID, eva.ID)
	wantError(t, err, app.Conflict, "own_account")
	_, _, err = w.app.ResetPassword(ctx, eva.ID, eva.ID)
	wantError(t, err, app.Conflict, "own_account")
	// Who is no administrator changes nobody's.
	wantError(t, w.app.SetAdmin(ctx, w.user, eva.ID, false), app.Forbidden, "admin_page")
	_, err = w.app.RemoveUser(ctx, w.user, eva.ID)
	wantError(t, err, app.Forbidden, "admin_page")
	wantError(t, w.app.SetAdmin(ctx, eva.ID, uuid.New(), true), app.NotFound, "not_found")

	// A role that changes ends the sessions; one that stays does not.
	cookie := w.signIn(t, "192.0.2.1")
	if err := w.app.SetAdmin(ctx, eva.ID, w.user, false); err != nil {
		t.Fatal(err)
	}
	w.wantSession(t, cookie, true, "with the role it had")
	if err := w.app.SetAdmin(ctx, eva.ID, w.user, true); err != nil {
		t.Fatal(err)
	}
	w.wantSession(t, cookie, false, "with another role")
	// The new one takes the other's role, who can do nothing any more.
	if err := w.app.SetAdmin(ctx, w.user, eva.ID, false); err != nil {
		t.Fatal(err)
	}
	wantError(t, w.app.SetAdmin(ctx, eva.ID, w.user, false), app.Forbidden, "admin_page")

	gone, err := w.app.RemoveUser(ctx, w.user, eva.ID)
	if err != nil || gone.Email != "eva@example.com" {
		t.Fatalf("got %+v, %v", gone, err)
	}
	accounts, err := w.app.Accounts(ctx)
	if err != nil || len(accounts) != 1 || !accounts[0].Admin {
		t.Errorf("the accounts are %+v, %v", accounts, err)
	}
}

func TestUsers_ARemovedOnesStoresGoToo(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.connect(t)
	eva := w.admin(t, "eva@example.com")
	w.signIn(t, "192.0.2.1")
	accounts, err := w.app.Accounts(t.Context())
	if err != nil || accounts[0].Stores != 1 || !accounts[0].LastSeenAt.Equal(w.clock.Now()) {
		t.Errorf("the accounts are %+v, %v", accounts, err)
	}
	if _, err := w.app.RemoveUser(t.Context(), eva.ID, w.user); err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.IntegrationByID(t.Context(), c.Integration.ID); err == nil {
		t.Error("the store is still there")
	}
}

func TestUsers_TheFirstAdministratorIsMadeOnce(t *testing.T) {
	t.Parallel()
	w := setupOn(t, storetest.Chosen(t))
	ctx := t.Context()
	link, err := w.app.NewSetup(ctx)
	if err != nil || link == "" {
		t.Fatal(err)
	}
	_, err = w.app.FirstAdmin(ctx, "eva@example.com", "short")
	wantError(t, err, app.Invalid, "validation_failed")
	if made, err := w.app.FirstAdmin(ctx, "eva@example.com", password); err != nil || !made {
		t.Fatalf("got %v, %v", made, err)
	}
	w.wantSetup(t, link, false, "after the first account")
	if made, err := w.app.FirstAdmin(ctx, "luis@example.com", password); err != nil || made {
		t.Errorf("got %v, %v", made, err)
	}
	accounts, err := w.app.Accounts(ctx)
	if err != nil || len(accounts) != 1 || !accounts[0].Admin || accounts[0].Email != "eva@example.com" {
		t.Errorf("the accounts are %+v, %v", accounts, err)
	}
}

func TestAccount_AllOtherSessionsEnd(t *testing.T) {
	t.Parallel()
	w := setup(t)
	cookies := []string{w.signIn(t, "192.0.2.1"), w.signIn(t, "192.0.2.2"), w.signIn(t, "192.0.2.3")}
	this, _, err := w.app.Session(t.Context(), cookies[1])
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := w.app.EndOtherSessions(t.Context(), uuid.New(), this.ID)
	if err != nil || stranger != 0 {
		t.Errorf("a stranger ended %d, %v", stranger, err)
	}
	if n, err := w.app.EndOtherSessions(t.Context(), w.user, this.ID); err != nil || n != 2 {
		t.Errorf("ended %d, %v", n, err)
	}
	for i, c := range cookies {
		w.wantSession(t, c, i == 1, "after the others were ended")
	}
}

func TestBackup_IsFetchedByOneAtATime(t *testing.T) {
	t.Parallel()
	storetest.SQLiteOnly(t, "backups are made by the server's own programs")
	w := setup(t)
	ctx := t.Context()
	d, err := w.app.Backup(ctx, "test")
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.app.Backup(ctx, "test")
	if e := wantError(t, err, app.Busy, "backup_running"); e.RetryAfter <= 0 {
		t.Error("it does not say when to come again")
	}
	if n, err := io.Copy(io.Discard, d); err != nil || n != d.Size {
		t.Errorf("read %d of %d, %v", n, d.Size, err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := w.app.Backup(ctx, "test")
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}
