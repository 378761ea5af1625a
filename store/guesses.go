package store

import (
	"context"
	"errors"
	"time"
)

// Guess is how often something was tried that can be guessed.
type Guess struct {
	Key     []byte // a hash of what the tries are counted by
	Tries   int
	BegunAt time.Time
	UntilAt time.Time // no try before it; zero: the next one is free
	EndsAt  time.Time // when it is forgotten
}

// Guess is what is known of a key; nothing was tried: one without tries.
func (s *Store) Guess(ctx context.Context, key []byte) (Guess, error) {
	return guessOf(ctx, s.readers, key)
}

// Guess is the same as the transaction sees it.
func (tx *Tx) Guess(ctx context.Context, key []byte) (Guess, error) { return guessOf(ctx, tx.tx, key) }

func guessOf(ctx context.Context, q querier, key []byte) (Guess, error) {
	g, err := get(ctx, q, "guesses: get", func(r row) (g Guess, err error) {
		var begun, until, ends int64
		err = r.Scan(&g.Key, &g.Tries, &begun, &until, &ends)
		g.BegunAt, g.EndsAt = time.UnixMilli(begun).UTC(), time.UnixMilli(ends).UTC()
		if until != 0 {
			g.UntilAt = time.UnixMilli(until).UTC()
		}
		return g, err
	}, `SELECT key, tries, begun_at, until_at, ends_at FROM guesses WHERE key = $1`, key)
	if errors.Is(err, ErrNotFound) {
		return Guess{Key: key}, nil
	}
	return g, err
}

// PutGuess writes what is known of a key.
func (tx *Tx) PutGuess(ctx context.Context, g Guess) error {
	var until int64
	if !g.UntilAt.IsZero() {
		until = g.UntilAt.UnixMilli()
	}
	_, err := tx.tx.ExecContext(ctx, `INSERT INTO guesses (key, tries, begun_at, until_at, ends_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (key) DO UPDATE SET tries = excluded.tries, begun_at = excluded.begun_at, until_at = excluded.until_at, ends_at = excluded.ends_at`,
		g.Key, g.Tries, g.BegunAt.UnixMilli(), until, g.EndsAt.UnixMilli())
	return failed("guesses: put", err)
}

// ForgetGuess drops what is known of a key. Nothing to drop is no error.
func (tx *Tx) ForgetGuess(ctx context.Context, key []byte) error {
	_, err := tx.tx.ExecContext(ctx, `DELETE FROM guesses WHERE key = $1`, key)
	return failed("guesses: forget", err)
}

// ExpireGuesses deletes a slice of those that are over, and of those that are more than most; more tells whether to go on. Of too many
// go first those that are not slowed, then those whose wait ends first: who floods the table with new keys has none of theirs
// forgotten that they wait for.
func (s *Store) ExpireGuesses(ctx context.Context, now time.Time, most int) (more bool, err error) {
	const op = "guesses: expire"
	some, err := get(ctx, s.work, op, scanOne[bool],
		`SELECT EXISTS (SELECT 1 FROM guesses WHERE ends_at <= $1) OR (SELECT count(*) FROM guesses) > $2`, now.UnixMilli(), most)
	if err != nil || !some {
		return false, err
	}
	err = s.Update(ctx, func(ctx context.Context, tx *Tx) error {
		over, err := deleted(ctx, tx, op, `DELETE FROM guesses WHERE key IN (SELECT key FROM guesses WHERE ends_at <= $1 LIMIT $2)`, now.UnixMilli(), expireRows)
		if err != nil {
			return err
		}
		left, err := get(ctx, tx.tx, op, scanOne[int], `SELECT count(*) FROM guesses`)
		if err != nil {
			return err
		}
		if over < expireRows && left > most {
			if _, err := deleted(ctx, tx, op, `DELETE FROM guesses WHERE key IN (SELECT key FROM guesses ORDER BY until_at, ends_at, key LIMIT $1)`,
				min(left-most, expireRows)); err != nil {
				return err
			}
		}
		more = over == expireRows || left-most > expireRows
		return nil
	})
	return more, err
}

// deleted runs a statement that deletes, and counts the rows.
func deleted(ctx context.Context, tx *Tx, op, query string, args ...any) (int64, error) {
	res, err := tx.tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, failed(op, err)
	}
	n, err := res.RowsAffected()
	return n, failed(op, err)
}
