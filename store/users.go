package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// maxRows bounds lists that have no limit of their own.
const maxRows = 10_000

// User is an account. Its e-mail is unique without regard to case.
type User struct {
	ID           uuid.UUID
	Email        string
	PasswordHash string
	Admin        bool
	CreatedAt    time.Time
}

const userColumns = "u.id, u.email, u.password_hash, u.admin, u.created_at"

func userFields(u *User, created *int64) []any {
	return []any{&u.ID, &u.Email, &u.PasswordHash, &u.Admin, created}
}

func scanUser(r row) (u User, err error) {
	var created int64
	if err := r.Scan(userFields(&u, &created)...); err != nil {
		return User{}, err
	}
	u.CreatedAt = time.UnixMilli(created).UTC()
	return u, nil
}

// InsertUser adds an account, with which the links that make the first one are over; ErrConflict when the e-mail is taken.
func (tx *Tx) InsertUser(ctx context.Context, u User) error {
	const op = "users: insert"
	_, err := tx.tx.ExecContext(ctx, `INSERT INTO users (id, email, email_key, password_hash, admin, created_at)
		VALUES ($1, $2, $3, $4, $5, $6)`,
		u.ID.String(), u.Email, fold(u.Email), u.PasswordHash, u.Admin, u.CreatedAt.UnixMilli())
	if err != nil {
		return failed(op, err)
	}
	_, err = tx.tx.ExecContext(ctx, `DELETE FROM setup_links`)
	return failed(op, err)
}

// SetPassword stores a new password hash. A trigger ends the account's sessions with it.
func (tx *Tx) SetPassword(ctx context.Context, id uuid.UUID, hash string) error {
	res, err := tx.tx.ExecContext(ctx, `UPDATE users SET password_hash = $2 WHERE id = $1`, id.String(), hash)
	return changedOne("users: set password", res, err)
}

// SetAdmin makes an account an administrator's, or no longer. A trigger ends the account's sessions with it.
func (tx *Tx) SetAdmin(ctx context.Context, id uuid.UUID, admin bool) error {
	res, err := tx.tx.ExecContext(ctx, `UPDATE users SET admin = $2 WHERE id = $1`, id.String(), admin)
	return changedOne("users: set admin", res, err)
}

// DeleteUser removes an account, its tokens and its sessions. Its integrations must have been marked deleted before: ErrConflict while
// one is left, for nobody could reach it any more.
func (tx *Tx) DeleteUser(ctx context.Context, id uuid.UUID) error {
	const op = "users: delete"
	n, err := get(ctx, tx.tx, op, scanOne[int], `SELECT count(*) FROM integrations WHERE user_id = $1 AND deleted_at IS NULL`, id.String())
	if err != nil {
		return err
	}
	if n > 0 {
		return fmt.Errorf("%s: %d integrations are left: %w", op, n, ErrConflict)
	}
	res, err := tx.tx.ExecContext(ctx, `DELETE FROM users WHERE id = $1`, id.String())
	return changedOne(op, res, err)
}

// CountUsers counts the accounts inside the transaction, so that two set-ups at once cannot both be the first.
func (tx *Tx) CountUsers(ctx context.Context) (int, error) { return countUsers(ctx, tx.tx) }

// CountUsers counts the accounts.
func (s *Store) CountUsers(ctx context.Context) (int, error) { return countUsers(ctx, s.readers) }

func countUsers(ctx context.Context, q querier) (int, error) {
	return get(ctx, q, "users: count", scanOne[int], `SELECT count(*) FROM users`)
}

// Users lists the accounts by e-mail, at most 10,000.
func (s *Store) Users(ctx context.Context) ([]User, error) {
	return list(ctx, s.readers, "users: list", scanUser, `SELECT `+userColumns+` FROM users u ORDER BY u.email_key LIMIT $1`, maxRows)
}

// User is the account with this id, as the transaction sees it.
func (tx *Tx) User(ctx context.Context, id uuid.UUID) (User, error) { return userByID(ctx, tx.tx, id) }

// User is the account with this id.
func (s *Store) User(ctx context.Context, id uuid.UUID) (User, error) {
	return userByID(ctx, s.readers, id)
}

func userByID(ctx context.Context, q querier, id uuid.UUID) (User, error) {
	return get(ctx, q, "users: get", scanUser, `SELECT `+userColumns+` FROM users u WHERE u.id = $1`, id.String())
}

// UserByEmail is the account with this e-mail, in any case.
func (s *Store) UserByEmail(ctx context.Context, email string) (User, error) {
	return get(ctx, s.readers, "users: get by e-mail", scanUser, `SELECT `+userColumns+` FROM users u WHERE u.email_key = $1`, fold(email))
}

// UserFigure is how many stores an account has connected, and when one of its sessions was used last.
type UserFigure struct {
	Stores     int
	LastUsedAt time.Time
}

// UserFigures are those of all accounts, at most 10,000.
func (s *Store) UserFigures(ctx context.Context) (map[uuid.UUID]UserFigure, error) {
	type figure struct {
		id uuid.UUID
		UserFigure
	}
	rows, err := list(ctx, s.readers, "users: figures", func(r row) (f figure, err error) {
		var used sql.NullInt64
		err = r.Scan(&f.id, &f.Stores, &used)
		f.LastUsedAt = fromMillis(used)
		return f, err
	}, `SELECT u.id, (SELECT count(*) FROM integrations i WHERE i.user_id = u.id AND i.deleted_at IS NULL),
			(SELECT max(s.last_used_at) FROM sessions s WHERE s.user_id = u.id)
		FROM users u ORDER BY u.email_key LIMIT $1`, maxRows)
	out := make(map[uuid.UUID]UserFigure, len(rows))
	for _, f := range rows {
		out[f.id] = f.UserFigure
	}
	return out, err
}
