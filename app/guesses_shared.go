package app

import (
	"context"
	"fmt"
	"time"

	"probability/store"
)

// guessesTidied is how many tries there are between two looks whether the database remembers too much of them. Each try writes two
// rows at most.
const guessesTidied = 100

// matchCounted tells whether the password is the one of the hash, and counts the try before it looks, so that many at once are not all
// free, in whatever process. Where one of the guesses has to wait, it fails with too_many_attempts, and counts and hashes nothing.
//
// A flood costs no more than its hashes: who has to wait is told so by a read, and nobody is counted but in a turn of hashing, of which
// there are some forty a second. So many writes the database does not notice.
func (a *App) matchCounted(ctx context.Context, password, hash string, tries ...guess) (bool, error) {
	now := a.now()
	for _, t := range tries {
		known, err := a.store.Guess(ctx, t.key[:])
		if err != nil {
			return false, err
		}
		if wait := t.waits(known, now); wait > 0 {
			return false, tooMany(wait)
		}
	}
	return a.passwords.match(ctx, password, hash, func() error { return a.countGuesses(ctx, tries...) })
}

// countGuesses counts a try, unless one of the guesses has to wait.
func (a *App) countGuesses(ctx context.Context, tries ...guess) error {
	err := a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		now := a.now()
		var wait time.Duration
		next := make([]store.Guess, len(tries))
		for i, t := range tries {
			known, err := tx.Guess(ctx, t.key[:])
			if err != nil {
				return err
			}
			wait, next[i] = max(wait, t.waits(known, now)), t.counted(known, now)
		}
		if wait > 0 {
			return tooMany(wait)
		}
		for _, g := range next {
			if err := tx.PutGuess(ctx, g); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if a.guessed.Add(1)%guessesTidied == 0 {
		if _, err := a.store.ExpireGuesses(ctx, a.now(), a.guessKeys); err != nil {
			return fmt.Errorf("guesses: %w", err)
		}
	}
	return nil
}

// waits is how long a guess has to wait by what is known of it; 0: not at all.
func (t guess) waits(known store.Guess, now time.Time) time.Duration {
	if known.Tries == 0 || !t.rule.live(triedOf(known), now) {
		return 0
	}
	return min(max(known.UntilAt.Sub(now), 0), t.rule.most)
}

// counted is what is known after one more try.
func (t guess) counted(known store.Guess, now time.Time) store.Guess {
	e := triedOf(known)
	if known.Tries == 0 || !t.rule.live(e, now) {
		e = tried{begun: now}
	}
	e = t.rule.count(e, now)
	g := store.Guess{Key: known.Key, Tries: e.count, BegunAt: e.begun, UntilAt: e.until, EndsAt: e.begun.Add(t.rule.within)}
	if g.EndsAt.Before(e.until) {
		g.EndsAt = e.until
	}
	return g
}

func triedOf(g store.Guess) tried { return tried{begun: g.BegunAt, count: g.Tries, until: g.UntilAt} }

// forgetGuess drops what was counted by a guess that was right.
func (a *App) forgetGuess(ctx context.Context, t guess) error {
	return a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.ForgetGuess(ctx, t.key[:]) })
}
