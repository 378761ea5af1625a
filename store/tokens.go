package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/google/uuid"
)

// APIToken is a bearer token of an account. The token itself is not stored, only a hash of it.
type APIToken struct {
	ID, UserID uuid.UUID
	Name       string
	Hash       []byte
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero: never
	LastUsedAt time.Time // zero: not yet
}

const tokenColumns = "t.id, t.user_id, t.name, t.hash, t.created_at, t.expires_at, t.last_used_at"

// tokenTimes holds the stored times of a token while its row is scanned.
type tokenTimes struct{ created, expires, used sql.NullInt64 }

func tokenFields(t *APIToken, at *tokenTimes) []any {
	return []any{&t.ID, &t.UserID, &t.Name, &t.Hash, &at.created, &at.expires, &at.used}
}

func (at tokenTimes) set(t *APIToken) {
	t.CreatedAt, t.ExpiresAt, t.LastUsedAt = fromMillis(at.created), fromMillis(at.expires), fromMillis(at.used)
}

func scanToken(r row) (t APIToken, err error) {
	var at tokenTimes
	if err := r.Scan(tokenFields(&t, &at)...); err != nil {
		return APIToken{}, err
	}
	at.set(&t)
	return t, nil
}

// InsertToken adds a token; ErrNotFound when its user is gone.
func (tx *Tx) InsertToken(ctx context.Context, t APIToken) error {
	_, err := tx.tx.ExecContext(ctx, `INSERT INTO api_tokens (id, user_id, name, hash, created_at, expires_at, last_used_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		t.ID.String(), t.UserID.String(), t.Name, t.Hash, t.CreatedAt.UnixMilli(), millis(t.ExpiresAt), millis(t.LastUsedAt))
	return failed("tokens: insert", err)
}

// DeleteToken removes a token, which ends its use at once.
func (tx *Tx) DeleteToken(ctx context.Context, id uuid.UUID) error {
	res, err := tx.tx.ExecContext(ctx, `DELETE FROM api_tokens WHERE id = $1`, id.String())
	return changedOne("tokens: delete", res, err)
}

// TouchToken notes when a token was used last; the time never goes back. A token that is gone is no error.
func (tx *Tx) TouchToken(ctx context.Context, id uuid.UUID, at time.Time) error {
	_, err := tx.tx.ExecContext(ctx, `UPDATE api_tokens SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)`,
		id.String(), at.UnixMilli())
	return failed("tokens: touch", err)
}

// Tokens lists the tokens of an account, oldest first, at most 10,000.
func (s *Store) Tokens(ctx context.Context, userID uuid.UUID) ([]APIToken, error) {
	return list(ctx, s.readers, "tokens: list", scanToken,
		`SELECT `+tokenColumns+` FROM api_tokens t WHERE t.user_id = $1 ORDER BY t.created_at, t.id LIMIT $2`, userID.String(), maxRows)
}

// TokenByHash is the token with this hash and its account. It does not look at ExpiresAt.
func (s *Store) TokenByHash(ctx context.Context, hash []byte) (APIToken, User, error) {
	var (
		t       APIToken
		at      tokenTimes
		u       User
		created int64
	)
	err := s.readers.QueryRowContext(ctx,
		`SELECT `+tokenColumns+`, `+userColumns+` FROM api_tokens t JOIN users u ON u.id = t.user_id WHERE t.hash = $1`, hash).
		Scan(append(tokenFields(&t, &at), userFields(&u, &created)...)...)
	if err != nil {
		return APIToken{}, User{}, failed("tokens: get by hash", err)
	}
	at.set(&t)
	u.CreatedAt = time.UnixMilli(created).UTC()
	return t, u, nil
}
