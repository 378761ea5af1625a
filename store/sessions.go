package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/google/uuid"
)

// Session is a browser that an account has signed in with. The cookie itself is not stored, only a hash of it.
type Session struct {
	ID, UserID uuid.UUID
	Hash       []byte
	CreatedAt  time.Time
	LastUsedAt time.Time
	ExpiresAt  time.Time
	UserAgent  string
	Remote     string // an address of IPv4, or the first half of one of IPv6
}

// maxSessions is how many sessions an account has at most; the oldest go.
const maxSessions = 100

const sessionColumns = "s.id, s.user_id, s.hash, s.created_at, s.last_used_at, s.expires_at, s.user_agent, s.remote"

// InsertSession adds a session, and takes away the oldest ones of an account that has too many; ErrNotFound when its user
// is gone.
func (tx *Tx) InsertSession(ctx context.Context, s Session) error {
	const op = "sessions: insert"
	_, err := tx.tx.ExecContext(ctx, `INSERT INTO sessions (id, user_id, hash, created_at, last_used_at, expires_at, user_agent, remote)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		s.ID.String(), s.UserID.String(), s.Hash, s.CreatedAt.UnixMilli(), s.LastUsedAt.UnixMilli(), s.ExpiresAt.UnixMilli(), s.UserAgent, s.Remote)
	if err != nil {
		return failed(op, err)
	}
	_, err = tx.tx.ExecContext(ctx, `DELETE FROM sessions WHERE id IN (
		SELECT id FROM sessions WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT 9223372036854775807 OFFSET $2)`, s.UserID.String(), maxSessions)
	return failed(op, err)
}

// EndSession ends the session with this hash at once. One that is gone is no error.
func (tx *Tx) EndSession(ctx context.Context, hash []byte, at time.Time) error {
	_, err := tx.tx.ExecContext(ctx, `UPDATE sessions SET expires_at = $2 WHERE hash = $1 AND expires_at > $2`, hash, at.UnixMilli())
	return failed("sessions: end", err)
}

// TouchSession notes when a session was used last; the time never goes back. A session that is gone is no error.
func (tx *Tx) TouchSession(ctx context.Context, id uuid.UUID, at time.Time) error {
	_, err := tx.tx.ExecContext(ctx, `UPDATE sessions SET last_used_at = $2 WHERE id = $1 AND last_used_at < $2`, id.String(), at.UnixMilli())
	return failed("sessions: touch", err)
}

// SessionByHash is the session with this hash and its account. It does not look at the times.
func (s *Store) SessionByHash(ctx context.Context, hash []byte) (Session, User, error) {
	var (
		v                              Session
		u                              User
		created, used, expires, joined int64
	)
	fields := []any{&v.ID, &v.UserID, &v.Hash, &created, &used, &expires, &v.UserAgent, &v.Remote}
	err := s.readers.QueryRowContext(ctx,
		`SELECT `+sessionColumns+`, `+userColumns+` FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.hash = $1`, hash).
		Scan(append(fields, userFields(&u, &joined)...)...)
	if err != nil {
		return Session{}, User{}, failed("sessions: get by hash", err)
	}
	v.CreatedAt, v.LastUsedAt = time.UnixMilli(created).UTC(), time.UnixMilli(used).UTC()
	v.ExpiresAt, u.CreatedAt = time.UnixMilli(expires).UTC(), time.UnixMilli(joined).UTC()
	return v, u, nil
}

// EndSessionOf ends a session of the account by its id; ErrNotFound when the account has none with it that is not over.
func (tx *Tx) EndSessionOf(ctx context.Context, userID, id uuid.UUID, at time.Time) error {
	const op = "sessions: end one"
	res, err := tx.tx.ExecContext(ctx, `UPDATE sessions SET expires_at = $3 WHERE id = $1 AND user_id = $2 AND expires_at > $3`,
		id.String(), userID.String(), at.UnixMilli())
	if err != nil {
		return failed(op, err)
	}
	n, err := res.RowsAffected()
	if err == nil && n == 0 {
		err = sql.ErrNoRows
	}
	return failed(op, err)
}

// EndSessionsBut ends the account's sessions that are not over, but one, and tells how many they were.
func (tx *Tx) EndSessionsBut(ctx context.Context, userID, but uuid.UUID, at time.Time) (int, error) {
	const op = "sessions: end the others"
	res, err := tx.tx.ExecContext(ctx, `UPDATE sessions SET expires_at = $3 WHERE user_id = $1 AND id <> $2 AND expires_at > $3`,
		userID.String(), but.String(), at.UnixMilli())
	if err != nil {
		return 0, failed(op, err)
	}
	n, err := res.RowsAffected()
	return int(n), failed(op, err)
}

// Sessions lists the account's sessions that expire after now and were used after a time, the last used one first. An account has
// at most 100.
func (s *Store) Sessions(ctx context.Context, userID uuid.UUID, now, used time.Time) ([]Session, error) {
	return list(ctx, s.readers, "sessions: list", scanSession, `SELECT `+sessionColumns+` FROM sessions s
		WHERE s.user_id = $1 AND s.expires_at > $2 AND s.last_used_at > $3 ORDER BY s.last_used_at DESC, s.id DESC LIMIT $4`,
		userID.String(), now.UnixMilli(), used.UnixMilli(), maxSessions)
}

func scanSession(r row) (v Session, err error) {
	var created, last, expires int64
	err = r.Scan(&v.ID, &v.UserID, &v.Hash, &created, &last, &expires, &v.UserAgent, &v.Remote)
	v.CreatedAt, v.LastUsedAt, v.ExpiresAt = time.UnixMilli(created).UTC(), time.UnixMilli(last).UTC(), time.UnixMilli(expires).UTC()
	return v, err
}

// SignedInFrom tells whether the account has signed in from there after a time, be that session over or not.
func (s *Store) SignedInFrom(ctx context.Context, userID uuid.UUID, remote string, after time.Time) (bool, error) {
	return get(ctx, s.readers, "sessions: signed in from", scanOne[bool],
		`SELECT EXISTS (SELECT 1 FROM sessions WHERE user_id = $1 AND remote = $2 AND created_at > $3)`, userID.String(), remote, after.UnixMilli())
}

// ExpireSessions deletes a slice of the sessions that began before a time, and tells whether there may be more.
func (s *Store) ExpireSessions(ctx context.Context, before time.Time) (more bool, err error) {
	const op = "sessions: expire"
	expired, err := get(ctx, s.work, op, scanOne[bool], `SELECT EXISTS (SELECT 1 FROM sessions WHERE created_at < $1)`, before.UnixMilli())
	if err != nil || !expired {
		return false, err
	}
	err = s.Update(ctx, func(ctx context.Context, tx *Tx) error {
		res, err := tx.tx.ExecContext(ctx, `DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE created_at < $1 LIMIT $2)`,
			before.UnixMilli(), expireRows)
		if err != nil {
			return failed(op, err)
		}
		n, err := res.RowsAffected()
		more = n == expireRows
		return failed(op, err)
	})
	return more, err
}
