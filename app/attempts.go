package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"probability/store"
)

const (
	// AttemptLife is how long an attempt to connect a store is remembered, so that its page can be loaded again.
	AttemptLife = 30 * time.Minute
	// AttemptBeat is how often a process says that it carries an attempt out.
	AttemptBeat = 3 * time.Second
	// attemptSilence is how long a process says nothing that has stopped in the middle of one.
	attemptSilence = 5 * AttemptBeat
	// MaxAccountAttempts is how many attempts of one account are under way at once, in all processes.
	MaxAccountAttempts = 4
)

// BeginAttempt notes that an account's store is to be connected, or to get new credentials, and returns the id of that attempt, which any
// process can tell of. entered is all that was entered, secrets too: the same once more, while it is under way, is the same attempt,
// and fresh is false then. integrationID is 0 for a new store; state must hold nothing secret.
func (a *App) BeginAttempt(ctx context.Context, userID uuid.UUID, integrationID int64, state []byte, entered ...string) (id uuid.UUID, fresh bool, err error) {
	wanted, err := uuid.NewV7()
	if err != nil {
		return uuid.Nil, false, fmt.Errorf("attempt: id: %w", err)
	}
	err = a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		now := a.now()
		id, err = tx.InsertAttempt(ctx, store.Attempt{
			ID: wanted, UserID: userID, IntegrationID: integrationID, Version: 1, State: state, CreatedAt: now, ExpiresAt: now.Add(AttemptLife),
		}, entered, MaxAccountAttempts, attemptSilence)
		return err
	})
	if errors.Is(err, store.ErrTooMany) {
		return uuid.Nil, false, &Error{Kind: Busy, Code: "attempts_busy", RetryAfter: 10 * time.Second}
	}
	if err != nil {
		return uuid.Nil, false, fmt.Errorf("attempt: %w", err)
	}
	return id, id == wanted, nil
}

// NoteAttempt writes how an attempt stands, for the other processes. Whoever carries it out calls it at each change, and each AttemptBeat.
func (a *App) NoteAttempt(ctx context.Context, id uuid.UUID, version int, state []byte, done bool) error {
	err := a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.NoteAttempt(ctx, id, version, state, done) })
	if err != nil {
		return fmt.Errorf("attempt: note: %w", err)
	}
	return nil
}

// Attempt is the account's attempt with this id. lost tells that the process that carried it out has stopped in the middle of it.
func (a *App) Attempt(ctx context.Context, userID, id uuid.UUID) (t store.Attempt, lost bool, err error) {
	if t, err = a.store.Attempt(ctx, userID, id, a.now()); err != nil {
		return t, false, fmt.Errorf("attempt: %w", err)
	}
	return t, !t.Done && t.Silent > attemptSilence, nil
}
