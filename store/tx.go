package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/jackc/pgx/v5"
)

// Tx is an open write transaction. It must not be kept after the function given to Update returns.
type Tx struct {
	tx      writing
	store   *Store
	changed map[int64]bool // integrations whose orders this transaction changes
	secrets bool           // it changes what ShopSecrets says
	notes   notes

	due       map[int64]*madeDue
	sums      map[int64]ledger // what it changes in the sums of days, by integration; written at its end
	committed []func()         // to be called after the commit
}

// touched notes that orders of an integration change.
func (tx *Tx) touched(integrationID int64) {
	if tx.changed == nil {
		tx.changed = make(map[int64]bool)
	}
	tx.changed[integrationID] = true
}

// SQL is the transaction itself, for the job queue to insert and complete jobs in; nil with PostgreSQL, see Pgx.
func (tx *Tx) SQL() *sql.Tx {
	t, _ := tx.tx.(*sql.Tx)
	return t
}

// Pgx is SQL with PostgreSQL; nil with SQLite. Only Update ends it.
func (tx *Tx) Pgx() pgx.Tx {
	if t, ok := tx.tx.(*postgresTx); ok {
		return t.tx
	}
	return nil
}

// dialect is the engine's.
func (tx *Tx) dialect() dialect { return tx.store.dialect }

// WriterWanted tells whether others wait for the write connection, so that whoever has much to write can do it in parts.
func (s *Store) WriterWanted() bool { return s.turns.wanted() }

// querier is what both a pool and a transaction can do, so that one text serves both.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// nestedKey marks the context of a function that runs inside Update.
type nestedKey struct{}

// Update runs fn in one write transaction and commits it; the commit is on the disk when Update returns nil. When fn
// returns an error or panics, nothing of it is kept; the panic goes on. Writers queue for the single write connection, so
// fn must be short and must not wait for the network. It gets its own context, which it has to pass on: Update and Ping
// refuse it (ErrNested) instead of waiting for themselves for ever.
func (s *Store) Update(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	return s.update(ctx, false, fn)
}

// UpdateUrgent is Update for what somebody waits for: it goes before the background's transactions, though only every
// second time while those wait too.
func (s *Store) UpdateUrgent(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	return s.update(ctx, true, fn)
}

func (s *Store) update(ctx context.Context, urgent bool, fn func(ctx context.Context, tx *Tx) error) (err error) {
	if ctx.Value(nestedKey{}) != nil {
		return fmt.Errorf("store: update: %w", ErrNested)
	}
	defer func() { s.noteRoom(err) }()
	if err := s.turns.enter(ctx, urgent); err != nil {
		return failed("store: wait for the writer", err)
	}
	defer s.turns.leave()
	begun, err := s.begin(ctx)
	if err != nil {
		return failed("store: begin", err)
	}
	done := false
	defer func() {
		if done {
			return
		}
		// Also on the way of a panic, or of runtime.Goexit: without it the only connection would be gone for good.
		// For want of room SQLite has rolled back by itself already.
		if rbErr := begun.Rollback(); rbErr != nil && !errors.Is(rbErr, sql.ErrTxDone) && err != nil && !Unavailable(err) {
			err = errors.Join(err, fmt.Errorf("store: roll back: %w", rbErr))
		}
	}()
	tx := &Tx{tx: begun, store: s}
	if err := fn(context.WithValue(ctx, nestedKey{}, true), tx); err != nil {
		if t, ok := begun.(*postgresTx); ok {
			return t.lost(err)
		}
		return err
	}
	if err := tx.writeSums(ctx); err != nil {
		return err
	}
	if err := tx.announce(ctx); err != nil {
		return err
	}
	done = true
	defer func() { // also after a commit that failed, whose outcome may be unknown
		s.counts.forget(tx.changed)
		if tx.secrets {
			s.secrets.forget()
		}
	}()
	err = failed("store: commit", begun.Commit())
	tx.tell(err == nil)
	if err != nil {
		return err
	}
	for _, fn := range tx.committed {
		fn()
	}
	return nil
}

// begin opens a write transaction.
func (s *Store) begin(ctx context.Context) (writing, error) {
	if s.Engine() == PostgreSQL {
		return s.beginPostgres(ctx)
	}
	return s.writer.BeginTx(ctx, nil)
}

// Try runs fn as a part of the transaction that may fail by itself: on an error or a panic of fn nothing of it is kept, the
// error is returned, and the transaction goes on. What the database cannot do now for want of room fails the transaction, too.
func (tx *Tx) Try(ctx context.Context, fn func(context.Context) error) (err error) {
	const op = "store: try"
	sums, committed := tx.sums, len(tx.committed)
	tx.sums = nil
	if _, err := tx.tx.ExecContext(ctx, `SAVEPOINT try`); err != nil {
		return failed(op, err)
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s: panic: %v\n%s", op, r, debug.Stack())
		}
		if err != nil {
			tx.sums, tx.committed = sums, tx.committed[:committed]
			if _, back := tx.tx.ExecContext(ctx, `ROLLBACK TO try`); back != nil {
				err = errors.Join(err, failed(op, back))
			}
		}
		if _, end := tx.tx.ExecContext(ctx, `RELEASE try`); end != nil {
			err = errors.Join(err, failed(op, end))
		}
	}()
	if err := fn(ctx); err != nil {
		return err
	}
	tried := tx.sums
	tx.sums = sums
	for id, l := range tried {
		tx.addSums(id, l)
	}
	return nil
}

// list reads all rows of a query with scan, closes them and looks for the error that ended them.
func list[T any](ctx context.Context, q querier, op string, scan func(row) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, failed(op, err)
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, failed(op, err)
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		return nil, failed(op, err)
	}
	return out, nil
}

// txQuerier reads within a transaction, and can be told from a pool by its type.
type txQuerier struct{ statements }

// row is a row to scan, of one or of many.
type row interface{ Scan(dest ...any) error }

// get reads the one row of a query with scan; none is ErrNotFound.
func get[T any](ctx context.Context, q querier, op string, scan func(row) (T, error), query string, args ...any) (T, error) {
	v, err := scan(q.QueryRowContext(ctx, query, args...))
	if err != nil {
		var zero T
		return zero, failed(op, err)
	}
	return v, nil
}

// scanOne reads a row of a single column.
func scanOne[T any](r row) (v T, err error) {
	err = r.Scan(&v)
	return v, err
}
