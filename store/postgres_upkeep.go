package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// patience is how to connect without the limits of the other connections: for what takes as long as it takes.
func (s *Store) patience() *pgx.ConnConfig {
	cfg := s.pool.Config().ConnConfig
	delete(cfg.RuntimeParams, "lock_timeout")
	delete(cfg.RuntimeParams, "idle_in_transaction_session_timeout")
	return cfg
}

// patient is a connection of its own, without limits. Whoever gets it closes it.
func (s *Store) patient(ctx context.Context) (_ *pgx.Conn, closed func(), err error) {
	conn, err := pgx.ConnectConfig(ctx, s.patience())
	if err != nil {
		return nil, nil, unreachable(ctx, err)
	}
	return conn, func() {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), connectWait)
		defer cancel()
		_ = conn.Close(late) // what it was for is over
	}, nil
}

// lockOpening waits for the turn to open the database: whoever opens it looks at the schema and at the proof of the key, and may make
// them. release gives the turn up.
func (s *Store) lockOpening(ctx context.Context) (release func(), err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, openingWait, errors.New("another process is still opening the database"))
	defer cancel()
	conn, release, err := s.patient(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, int64(openingLockID)); err != nil {
		release()
		return nil, errors.Join(err, context.Cause(ctx))
	}
	return release, nil
}

// ofPeople are the tables that have anything of customers, or had before an erasure.
var ofPeople = []string{
	"orders", "order_payloads", "order_search", "deliveries", "order_facts", "order_keys", "order_outcomes", "order_marks", "order_places",
	"customer_marks", "outcome_imports", "held_reports", "privacy_requests",
}

// How long vacuumErased waits for those who began before it, and how often it looks. Nobody waits for it meanwhile.
const (
	readersWait = time.Second
	readersLook = 20 * time.Millisecond
)

// vacuumErased gives the room of deleted rows free, and takes them out of the indexes. Until then they stand in the tables where nobody
// reads them. Copies of what the server wrote, its archive of the log and its replicas, are the operator's. done is false when a
// transaction that began before, a dump say, still sees what was deleted: as long as it does, a vacuum leaves it there.
func (s *Store) vacuumErased(ctx context.Context) (done bool, err error) {
	conn, closed, err := s.patient(ctx)
	if err != nil {
		return false, err
	}
	defer closed()
	if done, err = unseen(ctx, conn); err != nil || !done {
		return false, err
	}
	for _, table := range ofPeople { // the indexes too, however few rows are gone, and without keeping readers out at the end
		if _, err := conn.Exec(ctx, "VACUUM (INDEX_CLEANUP ON, TRUNCATE OFF) "+table); err != nil {
			return false, err
		}
	}
	return true, nil
}

// before is the number behind those of all transactions that have ended by now.
const before = `SELECT pg_snapshot_xmax(pg_current_snapshot())::text`

// seers are connections to this database that see what transactions before a number have deleted, or are themselves such transactions.
// Those that vacuum see it too, and hold nothing up.
const seers = `SELECT count(*) FROM pg_stat_activity a WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
	AND a.pid NOT IN (SELECT pid FROM pg_stat_progress_vacuum) AND greatest(age(a.backend_xid), age(a.backend_xmin)) > age($1::text::xid8::xid)`

// unseen waits a little until nobody sees any more what has been deleted by now.
func unseen(ctx context.Context, conn *pgx.Conn) (bool, error) {
	var number string
	if err := conn.QueryRow(ctx, before).Scan(&number); err != nil {
		return false, err
	}
	limit := time.After(readersWait)
	look := time.NewTicker(readersLook)
	defer look.Stop()
	for {
		var n int
		if err := conn.QueryRow(ctx, seers, number).Scan(&n); err != nil || n == 0 {
			return err == nil, err
		}
		select {
		case <-look.C:
		case <-limit:
			return false, nil
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

const serverBytes = `SELECT pg_database_size(current_database())`

// serverSize gives the bytes of a database. Its log is the server's and not known.
func (s *Store) serverSize(ctx context.Context) (database, log int64, err error) {
	database, err = get(ctx, s.work, "store: size", scanOne[int64], serverBytes)
	return database, 0, err
}
