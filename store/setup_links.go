package store

import (
	"context"
	"time"
)

// maxSetupLinks is how many links are remembered; the oldest go. A service that cannot stay up prints one with each start.
const maxSetupLinks = 100

// InsertSetupLink remembers a link that makes the first account, by its hash, and forgets those that are over. InsertUser deletes
// all of them.
func (tx *Tx) InsertSetupLink(ctx context.Context, hash []byte, now, expires time.Time) error {
	const op = "set-up links: insert"
	if _, err := tx.tx.ExecContext(ctx, `DELETE FROM setup_links WHERE expires_at <= $1`, now.UnixMilli()); err != nil {
		return failed(op, err)
	}
	if _, err := tx.tx.ExecContext(ctx, `DELETE FROM setup_links WHERE hash IN (
		SELECT hash FROM setup_links ORDER BY expires_at DESC, hash LIMIT 9223372036854775807 OFFSET $1)`, maxSetupLinks-1); err != nil {
		return failed(op, err)
	}
	_, err := tx.tx.ExecContext(ctx, `INSERT INTO setup_links (hash, expires_at) VALUES ($1, $2)`, hash, expires.UnixMilli())
	return failed(op, err)
}

// SetupLink tells whether a link with this hash works: it is not over, and no account exists.
func (s *Store) SetupLink(ctx context.Context, hash []byte, now time.Time) (bool, error) {
	return setupLink(ctx, s.readers, hash, now)
}

// SetupLink is the same inside the transaction, so that of two links at once one makes an account.
func (tx *Tx) SetupLink(ctx context.Context, hash []byte, now time.Time) (bool, error) {
	return setupLink(ctx, tx.tx, hash, now)
}

func setupLink(ctx context.Context, q querier, hash []byte, now time.Time) (bool, error) {
	return get(ctx, q, "set-up links: look", scanOne[bool],
		`SELECT EXISTS (SELECT 1 FROM setup_links WHERE hash = $1 AND expires_at > $2) AND NOT EXISTS (SELECT 1 FROM users)`, hash, now.UnixMilli())
}
