package app

import (
	"context"
	"crypto/subtle"
	"fmt"
	"sync"
	"time"

	"probability/store"
)

// SetupLife is how long a set-up link works.
const SetupLife = 30 * time.Minute

// setup is the one link that may make the first admin. It lives in memory only: a new start
// prints a new one, and nothing on the disk could be used in its place.
type setup struct {
	mu    sync.Mutex
	hash  []byte
	until time.Time
}

// NewSetup opens the set-up for SetupLife and returns its token, or "" when an account exists.
func (a *App) NewSetup(ctx context.Context) (string, error) {
	n, err := a.store.CountUsers(ctx)
	if err != nil {
		return "", fmt.Errorf("setup: %w", err)
	}
	if n > 0 {
		return "", nil
	}
	plain := randomToken("")
	a.setup.mu.Lock()
	defer a.setup.mu.Unlock()
	a.setup.hash, a.setup.until = hashToken(plain), a.now().Add(SetupLife)
	return plain, nil
}

// SetupOpen tells whether the token still opens the set-up.
func (a *App) SetupOpen(token string) bool {
	a.setup.mu.Lock()
	defer a.setup.mu.Unlock()
	return a.setupMatches(token)
}

func (a *App) setupMatches(token string) bool {
	return a.setup.hash != nil && a.now().Before(a.setup.until) &&
		subtle.ConstantTimeCompare(a.setup.hash, hashToken(token)) == 1
}

// Setup makes the first admin and an API token for it, and closes the set-up. Two at once make one
// admin: the account is counted inside the transaction that makes it.
func (a *App) Setup(ctx context.Context, token, email, password string) (store.User, string, error) {
	closed := &Error{Kind: Forbidden, Code: "setup_link_invalid"}
	if !a.SetupOpen(token) {
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
	a.setup.mu.Lock()
	defer a.setup.mu.Unlock()
	if !a.setupMatches(token) {
		return store.User{}, "", closed
	}
	err = a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.CountUsers(ctx)
		if err != nil {
			return err
		}
		if n > 0 {
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
	a.setup.hash = nil
	return u, plain, nil
}

// FirstAdmin makes an administrator unless an account exists, and tells whether it did. It closes the set-up.
func (a *App) FirstAdmin(ctx context.Context, email, password string) (made bool, err error) {
	u, err := a.newUser(ctx, email, password, true)
	if err != nil {
		return false, err
	}
	a.setup.mu.Lock()
	defer a.setup.mu.Unlock()
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
	a.setup.hash = nil
	return made, nil
}
