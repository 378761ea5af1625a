package store

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/google/uuid"
)

// Retention says which rows that nobody needs any more are kept how long.
type Retention struct {
	Done   time.Duration // deliveries that were processed, duplicate or stale
	Failed time.Duration // deliveries that failed, which somebody may still want to replay
	Most   int64         // deliveries in all, but for those that are pending
	Runs   time.Duration // completed periodic runs, what audits mended, and audits
	Clean  time.Duration // daily audits that found nothing
}

// Slices of one transaction, so that nobody waits long for the writer.
const (
	expireRows  = 500
	vacuumPages = 200
)

// sparePages is how many free pages stay in the file: the next orders need some soon.
const sparePages = 1_000

// ExpireDeliveries deletes deliveries whose time is over, from the oldest on, a slice at a time. after is 0 at first and then
// what the last call returned; done tells that only younger ones are left.
func (s *Store) ExpireDeliveries(ctx context.Context, r Retention, now time.Time, after int64) (next int64, done bool, err error) {
	const op = "deliveries: expire"
	type old struct {
		seq, received int64
		state         string
	}
	newest, err := get(ctx, s.work, op, scanOne[int64], `SELECT COALESCE(max(seq), 0) FROM deliveries`)
	if err != nil {
		return after, true, err
	}
	rows, err := list(ctx, s.work, op, func(r row) (o old, err error) {
		err = r.Scan(&o.seq, &o.received, &o.state)
		return o, err
	}, `SELECT seq, received_at, state FROM deliveries WHERE seq > $1 ORDER BY seq LIMIT $2`, after, expireRows)
	if err != nil {
		return after, true, err
	}
	done = len(rows) < expireRows
	var expired []int64
	for _, o := range rows {
		next = o.seq
		age := now.Sub(time.UnixMilli(o.received))
		if age <= r.Done && o.seq > newest-r.Most { // and so are all behind it
			done = true
			break
		}
		kept := r.Done
		if o.state == DeliveryFailed {
			kept = r.Failed
		}
		if o.state != DeliveryPending && (age > kept || o.seq <= newest-r.Most) {
			expired = append(expired, o.seq)
		}
	}
	if len(expired) == 0 {
		return next, done, nil
	}
	return next, done, s.Update(ctx, func(ctx context.Context, tx *Tx) error {
		_, err := tx.tx.ExecContext(ctx, `DELETE FROM deliveries WHERE state <> 'pending' AND seq IN (SELECT n.value FROM `+tx.dialect().numbers("$1")+` n)`,
			tx.dialect().numberList(expired))
		return failed(op, err)
	})
}

// ExpireImports deletes a slice of the completed periodic and reconciling runs whose time is over, and tells whether there may be more.
func (s *Store) ExpireImports(ctx context.Context, r Retention, now time.Time) (more bool, err error) {
	const op = "imports: expire"
	err = s.Update(ctx, func(ctx context.Context, tx *Tx) error {
		// The ids of runs begin with their time, so that the old ones come first.
		res, err := tx.tx.ExecContext(ctx, `DELETE FROM imports WHERE id IN (SELECT id FROM imports
			WHERE id < $1 AND kind IN ('periodic', 'reconcile') AND state = 'completed' ORDER BY id LIMIT $2)`, firstID(now.Add(-r.Runs)).String(), expireRows)
		if err != nil {
			return failed(op, err)
		}
		n, err := res.RowsAffected()
		more = n == expireRows
		return failed(op, err)
	})
	return more, err
}

// ExpireAudits deletes a slice of the audits whose time is over, but for the last completed one of each integration, and
// tells whether there may be more.
func (s *Store) ExpireAudits(ctx context.Context, r Retention, now time.Time) (more bool, err error) {
	const op = "audits: expire"
	err = s.Update(ctx, func(ctx context.Context, tx *Tx) error {
		res, err := tx.tx.ExecContext(ctx, `DELETE FROM audits WHERE id IN (SELECT a.id FROM audits a JOIN integrations i ON i.id = a.integration_id
			WHERE a.state IN ('completed', 'failed', 'cancelled') AND a.id <> COALESCE(`+lastAudit+`, '')
				AND (a.id < $1 OR a.id < $2 AND a.cause = 'daily' AND a.state = 'completed' AND a.missing + a.extra + a.stale = 0)
			ORDER BY a.id LIMIT $3)`, firstID(now.Add(-r.Runs)).String(), firstID(now.Add(-r.Clean)).String(), expireRows)
		if err != nil {
			return failed(op, err)
		}
		n, err := res.RowsAffected()
		more = n == expireRows
		return failed(op, err)
	})
	return more, err
}

// firstID is the smallest id of version 7 that could be made at a time.
func firstID(t time.Time) (id uuid.UUID) {
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(max(t.UnixMilli(), 0)))
	copy(id[:6], ms[2:])
	return id
}

// GiveBack gives some free pages of the database back to the file system, and tells whether there are more to give.
func (s *Store) GiveBack(ctx context.Context) (more bool, err error) {
	const op = "database: give pages back"
	if s.Engine() == PostgreSQL { // has a vacuum of its own
		return false, nil
	}
	free, err := get(ctx, s.work, op, scanOne[int], `PRAGMA freelist_count`)
	if err != nil || free <= sparePages {
		return false, err
	}
	if err := s.turns.enter(ctx, false); err != nil {
		return false, failed(op, err)
	}
	defer s.turns.leave()
	if _, err := s.writer.ExecContext(ctx, sqlite.vacuum(min(free-sparePages, vacuumPages))); err != nil {
		return false, failed(op, err)
	}
	left, err := get(ctx, s.work, op, scanOne[int], `PRAGMA freelist_count`)
	return left > sparePages && left < free, err // one that does not shrink never will
}
