package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// presenceClass is the first half of the advisory locks by which processes know of each other.
	presenceClass = 0x70726f62
	// presenceBeat is how often the connection that holds the lock is tried.
	presenceBeat = 5 * time.Second
	// presenceAgain is the pause before it is made anew.
	presenceAgain = time.Second
)

// Process names one of the processes that share a database.
type Process uint32

// clientPrefix begins the names of clients of the queue that belong to a process of ours.
const clientPrefix = "probability-"

// Client is the name of the process in the queue.
func (p Process) Client() string { return fmt.Sprintf(clientPrefix+"%08x", uint32(p)) }

// Attend shows the other processes that share the database that this one is there. It returns when they can see it, and with the
// function that keeps it so until its context ends, to be run at once; lost is told each time they cannot.
//
// What shows it is a lock of a connection of its own. So it ends with the process, however that ends, and within half a minute when
// the machine or the network does.
func (s *Store) Attend(ctx context.Context, p Process) (keep func(ctx context.Context, lost func(error)), err error) {
	conn, err := s.attend(ctx, p)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, lost func(error)) {
		for told := false; ; {
			if conn != nil {
				told = false
				err = beat(ctx, conn)
				end, cancel := context.WithTimeout(context.WithoutCancel(ctx), presenceAgain)
				_ = conn.Close(end) // it is broken, or not needed any more
				cancel()
			}
			if ctx.Err() != nil {
				return
			}
			if !told {
				told = true
				lost(err)
			}
			if !pause(ctx, presenceAgain) {
				return
			}
			conn, err = s.attend(ctx, p)
		}
	}, nil
}

// attend makes the connection and takes the lock.
func (s *Store) attend(ctx context.Context, p Process) (*pgx.Conn, error) {
	const op = "processes: attend"
	cfg := s.Pool().Config().ConnConfig
	// The server notices a machine that is gone in about 25 seconds.
	maps.Copy(cfg.RuntimeParams, map[string]string{
		"application_name": p.Client(), "tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3",
	})
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, failed(op, err)
	}
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock_shared($1, $2)`, int32(presenceClass), int32(p)); err != nil {
		return nil, failed(op, errors.Join(err, conn.Close(ctx)))
	}
	return conn, nil
}

// beat returns when the connection is broken or ctx ends.
func beat(ctx context.Context, conn *pgx.Conn) error {
	for pause(ctx, presenceBeat) {
		limited, cancel := context.WithTimeout(ctx, presenceBeat)
		err := conn.Ping(limited)
		cancel()
		if err != nil {
			return failed("processes: attend", err)
		}
	}
	return ctx.Err()
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// ErrTaken says that another process does this just now.
var ErrTaken = errors.New("another process does this")

// outcomesClass is the first half of the locks of TakeOutcomes.
const outcomesClass = presenceClass + 1

// TakeOutcomes lets one process at once record or undo carriers' reports of an integration, until release is called; ErrTaken when another
// one does. A process that dies lets go. With SQLite there is only one process.
func (s *Store) TakeOutcomes(ctx context.Context, integrationID int64) (release func(), err error) {
	const op = "processes: take the outcomes"
	if s.Engine() != PostgreSQL {
		return func() {}, nil
	}
	conn, closed, err := s.patient(ctx)
	if err != nil {
		return nil, failed(op, err)
	}
	var taken bool
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1, $2)`, int32(outcomesClass), int32(integrationID)).Scan(&taken); err != nil {
		closed()
		return nil, failed(op, err)
	}
	if !taken {
		closed()
		return nil, fmt.Errorf("%s: %w", op, ErrTaken)
	}
	return func() {
		// The server learns of a closed connection some time later, and whoever asks next would be told that somebody still does it.
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), connectWait)
		defer cancel()
		_, _ = conn.Exec(late, `SELECT pg_advisory_unlock($1, $2)`, int32(outcomesClass), int32(integrationID)) // otherwise it goes with its connection
		closed()
	}, nil
}

// AbsentClients names the clients of the queue that have jobs in their hands, and whose process is not there.
func (s *Store) AbsentClients(ctx context.Context) ([]string, error) {
	return list(ctx, s.work, "processes: absent ones", scanOne[string], `SELECT DISTINCT j.client
		FROM (SELECT attempted_by[array_upper(attempted_by, 1)] AS client FROM river_job WHERE state = 'running') j
		WHERE j.client LIKE '`+clientPrefix+`%' AND j.client NOT IN (SELECT '`+clientPrefix+`' || lpad(to_hex(l.objid::bigint), 8, '0') FROM pg_locks l
			WHERE l.locktype = 'advisory' AND l.classid::bigint = $1 AND l.objsubid = 2 AND l.granted
				AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()))
		ORDER BY 1 LIMIT 1000`, int64(presenceClass))
}

// ReclaimFrom gives the jobs that these clients of the queue had in their hands back to it; see ReclaimJobs. Their processes must
// have ended. It returns how many will run again.
func (s *Store) ReclaimFrom(ctx context.Context, clients []string) (int, error) {
	const op = "jobs: reclaim those of a process that has died"
	var n int64
	err := s.Update(ctx, func(ctx context.Context, tx *Tx) error {
		const theirs = ` WHERE state = 'running' AND attempted_by[array_upper(attempted_by, 1)] = ANY ($1)`
		if _, err := tx.Pgx().Exec(ctx, `UPDATE river_job SET state = 'discarded', finalized_at = now()`+theirs+`
			AND attempt >= max_attempts AND metadata ? '`+reclaimedName+`'`, clients); err != nil {
			return failed(op, err)
		}
		res, err := tx.Pgx().Exec(ctx, `UPDATE river_job SET state = 'available',
				metadata = CASE WHEN attempt >= max_attempts THEN metadata || '{"`+reclaimedName+`": 1}' ELSE metadata END,
				max_attempts = CASE WHEN attempt >= max_attempts THEN attempt + 1 ELSE max_attempts END`+theirs, clients)
		n = res.RowsAffected()
		return failed(op, err)
	})
	if err != nil {
		return 0, err
	}
	return int(n), nil
}

// ReclaimOwn is ReclaimLost for one client of several: it leaves the jobs of the others alone.
func (s *Store) ReclaimOwn(ctx context.Context, p Process, live []int64, before time.Time) (int, error) {
	const op = "jobs: reclaim lost ones"
	const lost = ` WHERE state = 'running' AND attempted_by[array_upper(attempted_by, 1)] = $1 AND attempted_at < $2 AND NOT (id = ANY ($3))`
	if live == nil {
		live = []int64{}
	}
	var some bool
	if err := s.Pool().QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM river_job`+lost+`)`, p.Client(), before, live).Scan(&some); err != nil || !some {
		return 0, failed(op, err)
	}
	var n int64
	err := s.Update(ctx, func(ctx context.Context, tx *Tx) error {
		res, err := tx.Pgx().Exec(ctx, `UPDATE river_job SET state = 'available'`+lost, p.Client(), before, live)
		n = res.RowsAffected()
		return failed(op, err)
	})
	if err != nil {
		return 0, err
	}
	return int(n), nil
}
