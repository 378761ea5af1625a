package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"time"

	"github.com/google/uuid"
)

// How many attempts are remembered: of one account, and of all.
const (
	accountAttempts = 10
	allAttempts     = 2_000
)

// Attempt is a store that is being connected, or gets new credentials, or did a moment ago.
type Attempt struct {
	ID            uuid.UUID
	UserID        uuid.UUID
	IntegrationID int64 // whose credentials are replaced; 0: a new store
	Done          bool
	Version       int    // goes up with each change of State
	State         []byte // JSON, without anything secret
	CreatedAt     time.Time
	ExpiresAt     time.Time
	// Silent is how long ago the process that carries it out said last that it does, by the database's clock.
	Silent time.Duration
}

// InsertAttempt adds an attempt and forgets the oldest of an account, or of all, that has too many. entered is all that was entered, of
// which only a keyed hash is kept, until the attempt is done: should the account's same one be under way already, by whatever process,
// nothing is added and its id is the answer. ErrTooMany: the account has most under way. One whose process was silent for longer than
// silence is not under way any more.
func (tx *Tx) InsertAttempt(ctx context.Context, a Attempt, entered []string, most int, silence time.Duration) (uuid.UUID, error) {
	const op = "attempts: insert"
	key, err := tx.makeInstallKey(ctx, &tx.store.identity)
	if err != nil {
		return uuid.Nil, err
	}
	digest := attemptDigest(key, entered)
	clock := tx.dialect().clock()
	same, err := get(ctx, tx.tx, op, scanOne[uuid.UUID], `SELECT id FROM attempts
		WHERE user_id = $1 AND digest = $2 AND NOT done AND beat_at > `+clock+` - $3 LIMIT 1`, a.UserID.String(), digest, silence.Milliseconds())
	if !errors.Is(err, ErrNotFound) {
		return same, err
	}
	running, err := get(ctx, tx.tx, op, scanOne[int], `SELECT count(*) FROM attempts WHERE user_id = $1 AND NOT done AND beat_at > `+clock+` - $2`,
		a.UserID.String(), silence.Milliseconds())
	if err != nil {
		return uuid.Nil, err
	}
	if running >= most {
		return uuid.Nil, ErrTooMany
	}
	if _, err := tx.tx.ExecContext(ctx, `INSERT INTO attempts (id, user_id, integration_id, digest, done, version, state, beat_at, created_at, expires_at)
		VALUES ($1, $2, $3, $4, FALSE, $5, $6, `+clock+`, $7, $8)`, a.ID.String(), a.UserID.String(), a.IntegrationID, digest, a.Version, string(a.State),
		a.CreatedAt.UnixMilli(), a.ExpiresAt.UnixMilli()); err != nil {
		return uuid.Nil, failed(op, err)
	}
	gone := ` AND (done OR beat_at <= ` + clock + ` - $1)`
	for _, trim := range []struct {
		query string
		args  []any
	}{
		{`SELECT id FROM attempts WHERE user_id = $3 ORDER BY created_at DESC, id DESC LIMIT 9223372036854775807 OFFSET $2`, []any{accountAttempts, a.UserID.String()}},
		{`SELECT id FROM attempts ORDER BY created_at DESC, id DESC LIMIT 9223372036854775807 OFFSET $2`, []any{allAttempts}},
	} {
		if _, err := tx.tx.ExecContext(ctx, `DELETE FROM attempts WHERE id IN (`+trim.query+`)`+gone, append([]any{silence.Milliseconds()}, trim.args...)...); err != nil {
			return uuid.Nil, failed(op, err)
		}
	}
	return a.ID, nil
}

// attemptDigest is a keyed hash of what was entered, each part with its length.
func attemptDigest(key []byte, entered []string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("attempt"))
	for _, text := range entered {
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(text))))
		mac.Write([]byte(text))
	}
	return mac.Sum(nil)
}

// NoteAttempt writes how an attempt stands, and that somebody carries it out. One that was forgotten is no error.
func (tx *Tx) NoteAttempt(ctx context.Context, id uuid.UUID, version int, state []byte, done bool) error {
	_, err := tx.tx.ExecContext(ctx, `UPDATE attempts SET version = $2, state = $3, done = $4, beat_at = `+tx.dialect().clock()+`,
		digest = CASE WHEN $4 THEN NULL ELSE digest END WHERE id = $1`, id.String(), version, string(state), done)
	return failed("attempts: note", err)
}

// Attempt is the account's attempt with this id; ErrNotFound when it has none with it that is not over at a time.
func (s *Store) Attempt(ctx context.Context, userID, id uuid.UUID, now time.Time) (Attempt, error) {
	return get(ctx, s.readers, "attempts: get", func(r row) (a Attempt, err error) {
		var created, expires, silent int64
		var text string
		err = r.Scan(&a.ID, &a.UserID, &a.IntegrationID, &a.Done, &a.Version, &text, &created, &expires, &silent)
		a.State, a.Silent = []byte(text), time.Duration(silent)*time.Millisecond
		a.CreatedAt, a.ExpiresAt = time.UnixMilli(created).UTC(), time.UnixMilli(expires).UTC()
		return a, err
	}, `SELECT id, user_id, integration_id, done, version, state, created_at, expires_at, `+s.dialect.clock()+` - beat_at
		FROM attempts WHERE id = $1 AND user_id = $2 AND expires_at > $3`, id.String(), userID.String(), now.UnixMilli())
}

// ExpireAttempts deletes a slice of the attempts that are over at a time, and tells whether there may be more.
func (s *Store) ExpireAttempts(ctx context.Context, now time.Time) (more bool, err error) {
	return s.expire(ctx, "attempts", now)
}

// expire deletes a slice of the rows of a table whose time is over.
func (s *Store) expire(ctx context.Context, table string, now time.Time) (more bool, err error) {
	op := table + ": expire"
	some, err := get(ctx, s.work, op, scanOne[bool], `SELECT EXISTS (SELECT 1 FROM `+table+` WHERE expires_at <= $1)`, now.UnixMilli())
	if err != nil || !some {
		return false, err
	}
	err = s.Update(ctx, func(ctx context.Context, tx *Tx) error {
		n, err := deleted(ctx, tx, op, `DELETE FROM `+table+` WHERE id IN (SELECT id FROM `+table+` WHERE expires_at <= $1 LIMIT $2)`, now.UnixMilli(), expireRows)
		more = n == expireRows
		return err
	})
	return more, err
}
