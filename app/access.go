package app

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"probability/store"
)

// Limits of a password, in characters and bytes. The lower one is what NIST SP 800-63B asks of a password
// that a person chooses; the upper one keeps the hash function from being fed megabytes.
const (
	MinPassword = 8
	MaxPassword = 256
	maxEmail    = 254 // bytes, as SMTP has it
)

// AddUser makes an account. It fails with email_taken, or with validation_failed for an address or a
// password that will not do.
func (a *App) AddUser(ctx context.Context, email, password string, admin bool) (store.User, error) {
	u, err := a.newUser(ctx, email, password, admin)
	if err != nil {
		return store.User{}, err
	}
	if err := a.insertUser(ctx, u); err != nil {
		return store.User{}, err
	}
	return u, nil
}

func (a *App) insertUser(ctx context.Context, u store.User) error {
	err := a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.InsertUser(ctx, u) })
	if errors.Is(err, store.ErrConflict) {
		return &Error{Kind: Invalid, Code: "email_taken", Err: err, Params: map[string]any{"Email": u.Email}}
	}
	if err != nil {
		return fmt.Errorf("users: add: %w", err)
	}
	return nil
}

func (a *App) newUser(ctx context.Context, email, password string, admin bool) (store.User, error) {
	bad := fieldErrors{}
	email = checkEmail(bad, email)
	checkPassword(bad, password)
	if err := bad.err(); err != nil {
		return store.User{}, err
	}
	hash, err := a.passwords.hash(ctx, password)
	if err != nil {
		return store.User{}, fmt.Errorf("users: %w", err)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return store.User{}, fmt.Errorf("users: id: %w", err)
	}
	return store.User{ID: id, Email: email, PasswordHash: hash, Admin: admin, CreatedAt: a.now()}, nil
}

// checkEmail gives the address as it is stored.
func checkEmail(bad fieldErrors, email string) string {
	email = strings.TrimSpace(email)
	if addr, err := mail.ParseAddress(email); err != nil || addr.Address != email || len(email) > maxEmail {
		bad.add("email", "invalid_email")
	}
	return strings.ToLower(email)
}

func checkPassword(bad fieldErrors, password string) {
	switch {
	case utf8.RuneCountInString(password) < MinPassword:
		bad.add("password", "password_too_short", "Min", MinPassword)
	case len(password) > MaxPassword:
		bad.add("password", "too_long", "Max", MaxPassword)
	}
}

// SetPassword gives the account a new password, which ends all of its sessions.
func (a *App) SetPassword(ctx context.Context, email, password string) error {
	bad := fieldErrors{}
	checkPassword(bad, password)
	if err := bad.err(); err != nil {
		return err
	}
	u, err := a.userByEmail(ctx, email)
	if err != nil {
		return err
	}
	hash, err := a.passwords.hash(ctx, password)
	if err != nil {
		return fmt.Errorf("users: %w", err)
	}
	return a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.SetPassword(ctx, u.ID, hash) })
}

// DeleteUser disconnects the account's stores and deletes it with its tokens and sessions.
func (a *App) DeleteUser(ctx context.Context, email string) error {
	u, err := a.userByEmail(ctx, email)
	if err != nil {
		return err
	}
	return a.deleteUser(ctx, u, func(context.Context, *store.Tx) error { return nil })
}

// deleteUser is DeleteUser for whoever may, which is asked again when the account goes.
func (a *App) deleteUser(ctx context.Context, u store.User, allowed func(context.Context, *store.Tx) error) error {
	stores, err := a.store.Integrations(ctx, u.ID)
	if err != nil {
		return fmt.Errorf("users: delete: %w", err)
	}
	for _, in := range stores {
		if _, err := a.Disconnect(ctx, u.ID, in.ID); err != nil && KindOf(err) != NotFound {
			return fmt.Errorf("users: delete: %s: %w", in.StoreName, err)
		}
	}
	return a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := allowed(ctx, tx); err != nil {
			return err
		}
		return tx.DeleteUser(ctx, u.ID)
	})
}

// Users lists every account, oldest first.
func (a *App) Users(ctx context.Context) ([]store.User, error) { return a.store.Users(ctx) }

func (a *App) userByEmail(ctx context.Context, email string) (store.User, error) {
	u, err := a.store.UserByEmail(ctx, strings.ToLower(strings.TrimSpace(email)))
	if errors.Is(err, store.ErrNotFound) {
		return store.User{}, &Error{Kind: NotFound, Code: "user_not_found", Err: err, Params: map[string]any{"Email": email}}
	}
	return u, err
}

// lastUsedEvery is how exact the time of a token's last use is: a write for every request would
// cost more than the request.
const lastUsedEvery = time.Minute

// Authenticate gives the account that an API token belongs to. An unknown, revoked or expired token
// is Unauthorized, without saying which.
func (a *App) Authenticate(ctx context.Context, plain string) (store.User, error) {
	refused := &Error{Kind: Unauthorized, Code: "unauthorized"}
	if !strings.HasPrefix(plain, tokenPrefix) || len(plain) > 128 {
		return store.User{}, refused
	}
	t, u, err := a.store.TokenByHash(ctx, hashToken(plain))
	if errors.Is(err, store.ErrNotFound) {
		return store.User{}, refused
	}
	if err != nil {
		return store.User{}, fmt.Errorf("authenticate: %w", err)
	}
	now := a.now()
	if !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt) {
		return store.User{}, refused
	}
	if now.Sub(t.LastUsedAt) >= lastUsedEvery {
		err := a.store.Update(context.WithoutCancel(ctx), func(ctx context.Context, tx *store.Tx) error {
			return tx.TouchToken(ctx, t.ID, now)
		})
		if err != nil { // reading must go on when the disk is full
			a.log.WarnContext(ctx, "the token's last use could not be noted", "token_id", t.ID, "error", err)
		}
	}
	return u, nil
}
