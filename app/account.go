package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"probability/store"
)

// ChangePassword gives the account a new password when the present one is right, which ends all of its sessions, and begins a new
// one for the browser that asked. It fails with validation_failed, and with too_many_attempts once too many were wrong.
func (a *App) ChangePassword(ctx context.Context, u store.User, present, fresh string, from Browser) (cookie string, err error) {
	bad := fieldErrors{}
	if present == "" || len(present) > MaxPassword {
		bad.add("current_password", "required")
	}
	checkPassword(bad, fresh)
	if err := bad.err(); err != nil {
		return "", err
	}
	try := newGuess(accountRule, "password change", u.ID.String())
	same, err := a.matchCounted(ctx, present, u.PasswordHash, try)
	if err != nil {
		return "", fmt.Errorf("change password: %w", err)
	}
	if !same {
		bad.add("current_password", "password_wrong")
		return "", bad.err()
	}
	if err := a.forgetGuess(ctx, try); err != nil {
		return "", fmt.Errorf("change password: %w", err)
	}
	if err := a.SetPassword(ctx, u.Email, fresh); err != nil {
		return "", err
	}
	if u, err = a.store.User(ctx, u.ID); err != nil {
		return "", fmt.Errorf("change password: %w", err)
	}
	return a.BeginSession(ctx, u, from)
}

// Sessions lists the account's sessions that are not over, the last used one first.
func (a *App) Sessions(ctx context.Context, userID uuid.UUID) ([]store.Session, error) {
	now := a.now()
	sessions, err := a.store.Sessions(ctx, userID, now, now.Add(-SessionIdle))
	if err != nil {
		return nil, fmt.Errorf("sessions: %w", err)
	}
	return sessions, nil
}

// EndSession ends one of the account's sessions at once; somebody else's is not found.
func (a *App) EndSession(ctx context.Context, userID, id uuid.UUID) error {
	err := a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.EndSessionOf(ctx, userID, id, a.now()) })
	if errors.Is(err, store.ErrNotFound) {
		return notFound(err)
	}
	return err
}

// RevokeOwnToken deletes one of the account's API tokens; somebody else's is not found.
func (a *App) RevokeOwnToken(ctx context.Context, userID, id uuid.UUID) error {
	tokens, err := a.store.Tokens(ctx, userID)
	if err != nil {
		return fmt.Errorf("tokens: revoke: %w", err)
	}
	for _, t := range tokens {
		if t.ID == id {
			return a.RevokeToken(ctx, id)
		}
	}
	return &Error{Kind: NotFound, Code: "token_not_found"}
}
