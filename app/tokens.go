package app

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"probability/store"
)

// tokenPrefix makes a token recognisable, for people and for programs that look for leaked secrets.
const tokenPrefix = "prob_"

// tokenLength is that of 32 random bytes in base64url.
const tokenLength = 43

// hashToken is what is stored of a token. A token is 256 random bits, so a plain hash is enough:
// there is nothing to guess that a slow hash would protect.
func hashToken(plain string) []byte {
	sum := sha256.Sum256([]byte(plain))
	return sum[:]
}

// randomToken is prefix and 32 random bytes in base64url.
func randomToken(prefix string) string {
	var b [32]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err) // it never fails: since Go 1.24 the program ends before that
	}
	return prefix + base64.RawURLEncoding.EncodeToString(b[:])
}

// CreateToken makes an API token for the account and returns it in clear, this once. A life of 0
// never expires.
func (a *App) CreateToken(ctx context.Context, email, name string, life time.Duration) (string, store.APIToken, error) {
	bad := fieldErrors{}
	name = strings.TrimSpace(name)
	switch {
	case name == "":
		bad.add("name", "required")
	case len(name) > 100:
		bad.add("name", "too_long", "Max", 100)
	}
	if life < 0 {
		bad.add("expires", "invalid")
	}
	if err := bad.err(); err != nil {
		return "", store.APIToken{}, err
	}
	u, err := a.userByEmail(ctx, email)
	if err != nil {
		return "", store.APIToken{}, err
	}
	plain, t, err := a.newToken(u.ID, name, life)
	if err != nil {
		return "", store.APIToken{}, err
	}
	err = a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.InsertToken(ctx, t) })
	if err != nil {
		return "", store.APIToken{}, fmt.Errorf("tokens: create: %w", err)
	}
	return plain, t, nil
}

func (a *App) newToken(user uuid.UUID, name string, life time.Duration) (string, store.APIToken, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", store.APIToken{}, fmt.Errorf("tokens: id: %w", err)
	}
	plain := randomToken(tokenPrefix)
	t := store.APIToken{ID: id, UserID: user, Name: name, Hash: hashToken(plain), CreatedAt: a.now()}
	if life > 0 {
		t.ExpiresAt = t.CreatedAt.Add(life)
	}
	return plain, t, nil
}

// Tokens lists the account's tokens, without anything that could be used in their place.
func (a *App) Tokens(ctx context.Context, email string) ([]store.APIToken, error) {
	u, err := a.userByEmail(ctx, email)
	if err != nil {
		return nil, err
	}
	return a.store.Tokens(ctx, u.ID)
}

// RevokeToken deletes a token; the next request with it is refused.
func (a *App) RevokeToken(ctx context.Context, id uuid.UUID) error {
	err := a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteToken(ctx, id) })
	if errors.Is(err, store.ErrNotFound) {
		return &Error{Kind: NotFound, Code: "token_not_found", Err: err}
	}
	return err
}
