package app

import (
	"context"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"probability/store"
)

// PasswordLinkLife is how long a link works with which somebody chooses a password.
const PasswordLinkLife = 24 * time.Hour

// linkPrefix begins what stands in place of a password's hash while its owner is to choose one by a link. It is followed by the
// second until which the link works and the hash of its token. No password fits it, and choosing one takes its place, so that a
// link works once by itself.
const linkPrefix = "link$"

// Account is an account as administrators see it.
type Account struct {
	store.User

	Stores     int
	LastSeenAt time.Time // of a session
	Invited    bool      // no password was chosen yet
	LinkUntil  time.Time // of an invited one
}

// Accounts lists all accounts by e-mail, at most 10,000.
func (a *App) Accounts(ctx context.Context) ([]Account, error) {
	users, err := a.store.Users(ctx)
	if err != nil {
		return nil, fmt.Errorf("accounts: %w", err)
	}
	figures, err := a.store.UserFigures(ctx)
	if err != nil {
		return nil, fmt.Errorf("accounts: %w", err)
	}
	out := make([]Account, len(users))
	for i, u := range users {
		f := figures[u.ID]
		out[i] = Account{User: u, Stores: f.Stores, LastSeenAt: f.LastUsedAt}
		_, out[i].LinkUntil, out[i].Invited = linkOf(u)
	}
	return out, nil
}

// linkOf is the hash of the token with which an account's password can be chosen, and until when.
func linkOf(u store.User) (hash []byte, until time.Time, ok bool) {
	rest, ok := strings.CutPrefix(u.PasswordHash, linkPrefix)
	if !ok {
		return nil, time.Time{}, false
	}
	second, text, _ := strings.Cut(rest, "$")
	n, err := strconv.ParseInt(second, 10, 64)
	if err != nil {
		return nil, time.Time{}, true
	}
	hash, err = hex.DecodeString(text)
	if err != nil {
		return nil, time.Time{}, true
	}
	return hash, time.Unix(n, 0).UTC(), true
}

// newLink is what is stored for a link of the account, and the token that goes into it.
func (a *App) newLink(id uuid.UUID) (stored, token string) {
	secret := randomToken("")
	stored = linkPrefix + strconv.FormatInt(a.now().Add(PasswordLinkLife).Unix(), 10) + "$" + hex.EncodeToString(hashToken(secret))
	return stored, id.String() + "." + secret
}

// Invite makes an account without a password, and the token of the link with which its owner chooses one. It fails as AddUser does.
func (a *App) Invite(ctx context.Context, email string, admin bool) (store.User, string, error) {
	bad := fieldErrors{}
	email = checkEmail(bad, email)
	if err := bad.err(); err != nil {
		return store.User{}, "", err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return store.User{}, "", fmt.Errorf("users: id: %w", err)
	}
	stored, token := a.newLink(id)
	u := store.User{ID: id, Email: email, PasswordHash: stored, Admin: admin, CreatedAt: a.now()}
	return u, token, a.insertUser(ctx, u)
}

// ResetPassword takes an account its password, which ends its sessions, and gives the token of the link with which its owner chooses
// another. Nobody does that to their own account: whoever loses the link could not come back.
func (a *App) ResetPassword(ctx context.Context, by, id uuid.UUID) (store.User, string, error) {
	var u store.User
	stored, token := a.newLink(id)
	err := a.changeOther(ctx, by, id, func(ctx context.Context, tx *store.Tx, found store.User) error {
		u = found
		return tx.SetPassword(ctx, id, stored)
	})
	return u, token, err
}

// LinkOpen tells whose password the token of a link lets its holder choose; password_link_invalid when nobody's.
func (a *App) LinkOpen(ctx context.Context, token string) (store.User, error) {
	closed := &Error{Kind: Forbidden, Code: "password_link_invalid"}
	text, secret, _ := strings.Cut(token, ".")
	id, err := uuid.Parse(text)
	if err != nil || len(text) != len(uuid.Nil.String()) || len(secret) != tokenLength {
		return store.User{}, closed
	}
	u, err := a.store.User(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return store.User{}, closed
	}
	if err != nil {
		return store.User{}, fmt.Errorf("password link: %w", err)
	}
	hash, until, ok := linkOf(u)
	if !ok || !a.now().Before(until) || subtle.ConstantTimeCompare(hash, hashToken(secret)) != 1 {
		return store.User{}, closed
	}
	return u, nil
}

// ChoosePassword gives the account of a link its password, once, and returns the account. It fails with password_link_invalid, or with
// validation_failed for a password that will not do.
func (a *App) ChoosePassword(ctx context.Context, token, password string) (store.User, error) {
	u, err := a.LinkOpen(ctx, token)
	if err != nil {
		return store.User{}, err
	}
	bad := fieldErrors{}
	checkPassword(bad, password)
	if err := bad.err(); err != nil {
		return store.User{}, err
	}
	hash, err := a.passwords.hash(ctx, password)
	if err != nil {
		return store.User{}, fmt.Errorf("password link: %w", err)
	}
	err = a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		current, err := tx.User(ctx, u.ID)
		if errors.Is(err, store.ErrNotFound) || err == nil && current.PasswordHash != u.PasswordHash { // somebody was faster
			return &Error{Kind: Forbidden, Code: "password_link_invalid", Err: err}
		}
		if err != nil {
			return err
		}
		u = current
		u.PasswordHash = hash
		return tx.SetPassword(ctx, u.ID, hash)
	})
	return u, err
}

// SetAdmin makes another's account an administrator's, or no longer. It ends the account's sessions.
func (a *App) SetAdmin(ctx context.Context, by, id uuid.UUID, admin bool) error {
	return a.changeOther(ctx, by, id, func(ctx context.Context, tx *store.Tx, u store.User) error {
		if u.Admin == admin {
			return nil
		}
		return tx.SetAdmin(ctx, id, admin)
	})
}

// RemoveUser deletes another's account with its tokens, sessions, stores and orders.
func (a *App) RemoveUser(ctx context.Context, by, id uuid.UUID) (store.User, error) {
	var u store.User
	err := a.changeOther(ctx, by, id, func(_ context.Context, _ *store.Tx, found store.User) error {
		u = found
		return nil
	})
	if err != nil {
		return u, err
	}
	return u, a.deleteUser(ctx, u, func(ctx context.Context, tx *store.Tx) error { return administers(ctx, tx, by) })
}

// changeOther changes another's account on behalf of an administrator. Since nobody changes their own, and whoever changes must still be
// an administrator when it is written, one is always left.
func (a *App) changeOther(ctx context.Context, by, id uuid.UUID, change func(context.Context, *store.Tx, store.User) error) error {
	if by == id {
		return &Error{Kind: Conflict, Code: "own_account"}
	}
	return a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := administers(ctx, tx, by); err != nil {
			return err
		}
		u, err := tx.User(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			return notFound(err)
		}
		if err != nil {
			return err
		}
		return change(ctx, tx, u)
	})
}

// administers fails unless the account is an administrator's now.
func administers(ctx context.Context, tx *store.Tx, by uuid.UUID) error {
	u, err := tx.User(ctx, by)
	if errors.Is(err, store.ErrNotFound) || err == nil && !u.Admin {
		return &Error{Kind: Forbidden, Code: "admin_page", Err: err}
	}
	return err
}

// EndOtherSessions ends the account's sessions but one, and tells how many they were.
func (a *App) EndOtherSessions(ctx context.Context, userID, but uuid.UUID) (ended int, err error) {
	err = a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		ended, err = tx.EndSessionsBut(ctx, userID, but, a.now())
		return err
	})
	return ended, err
}
