package app

import (
	"context"
	"fmt"
	"time"

	"probability/store"
)

// SetupLife is how long a set-up link works.
const SetupLife = 30 * time.Minute

// NewSetup makes a link that may make the first admin, for SetupLife, and returns its token, or "" when an account exists. Each start
// makes one, and every process that shares the database takes any of them; only a hash is stored.
func (a *App) NewSetup(ctx context.Context) (string, error) {
	n, err := a.store.CountUsers(ctx)
	if err != nil {
		return "", fmt.Errorf("setup: %w", err)
	}
	if n > 0 {
		return "", nil
	}
	plain := randomToken("")
	err = a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		if n, err = tx.CountUsers(ctx); err != nil || n > 0 {
			return err
		}
		return tx.InsertSetupLink(ctx, hashToken(plain), a.now(), a.now().Add(SetupLife))
	})
	if err != nil {
		return "", fmt.Errorf("setup: %w", err)
	}
	if n > 0 { // another process was faster
		return "", nil
	}
	return plain, nil
}

// SetupOpen tells whether the token still opens the set-up.
func (a *App) SetupOpen(ctx context.Context, token string) (bool, error) {
	if len(token) != tokenLength {
		return false, nil
	}
	open, err := a.store.SetupLink(ctx, hashToken(token), a.now())
	if err != nil {
		return false, fmt.Errorf("setup: %w", err)
	}
	return open, nil
}

// Setup makes the first admin and an API token for it, and closes the set-up. Two at once make one admin, whether by one link or by
// two: the link is looked at inside the transaction that makes the account, and no link is left after it.
func (a *App) Setup(ctx context.Context, token, email, password string) (store.User, string, error) {
	closed := &Error{Kind: Forbidden, Code: "setup_link_invalid"}
	open, err := a.SetupOpen(ctx, token)
	if err != nil {
		return store.User{}, "", err
	}
	if !open {
		return store.User{}, "", closed
	}
	u, err := a.newUser(ctx, email, password, true)
	if err != nil {
		return store.User{}, "", err
	}
	plain, t, err := a.newToken(u.ID, "first token", 0)
	if err != nil {
		return store.User{}, "", err
	}
	err = a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		open, err := tx.SetupLink(ctx, hashToken(token), a.now())
		if err != nil {
			return err
		}
		if !open {
			return closed
		}
		if err := tx.InsertUser(ctx, u); err != nil {
			return err
		}
		return tx.InsertToken(ctx, t)
	})
	if err != nil {
		return store.User{}, "", err
	}
	return u, plain, nil
}

// FirstAdmin makes an administrator unless an account exists, and tells whether it did. It closes the set-up.
func (a *App) FirstAdmin(ctx context.Context, email, password string) (made bool, err error) {
	u, err := a.newUser(ctx, email, password, true)
	if err != nil {
		return false, err
	}
	err = a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.CountUsers(ctx)
		if made = err == nil && n == 0; !made {
			return err
		}
		return tx.InsertUser(ctx, u)
	})
	if err != nil {
		return false, fmt.Errorf("setup: %w", err)
	}
	return made, nil
}
