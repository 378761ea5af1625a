package store

import (
	"context"
	"time"
)

// reclaimedMark is the member of a job's metadata that says that it has had its extra attempt.
const reclaimedMark = "$." + reclaimedName

const reclaimedName = "probability_reclaimed"

// ReclaimJobs gives jobs that a killed process left running back to the queue, which would do so only after an hour, and
// drops its claim to lead the maintenance. Call it with the folder taken exclusively and before the queue starts: only then
// is it certain that nobody works on them. A job that had used up its attempts gets one more, once; the second time it is
// discarded, for it may be what kills the process. It returns how many jobs will run again.
//
// On a server nobody knows whether another process works on them: there they are left to the queue.
func (s *Store) ReclaimJobs(ctx context.Context) (int, error) {
	const op = "jobs: reclaim"
	if s.Engine() == PostgreSQL {
		return 0, nil
	}
	var reclaimed int64
	err := s.Update(ctx, func(ctx context.Context, tx *Tx) error {
		if _, err := tx.tx.ExecContext(ctx, `UPDATE river_job SET state = 'discarded', finalized_at = $1
			WHERE state = 'running' AND attempt >= max_attempts AND json_extract(metadata, $2) IS NOT NULL`,
			s.dialect.jobTime(time.Now()), reclaimedMark); err != nil {
			return err
		}
		res, err := tx.tx.ExecContext(ctx, `UPDATE river_job SET state = 'available',
				metadata = CASE WHEN attempt >= max_attempts THEN jsonb_set(metadata, $1, 1) ELSE metadata END,
				max_attempts = CASE WHEN attempt >= max_attempts THEN attempt + 1 ELSE max_attempts END
			WHERE state = 'running'`, reclaimedMark)
		if err != nil {
			return err
		}
		if reclaimed, err = res.RowsAffected(); err != nil {
			return err
		}
		_, err = tx.tx.ExecContext(ctx, `DELETE FROM river_leader`)
		return err
	})
	if err != nil {
		return 0, failed(op, err)
	}
	return int(reclaimed), nil
}

// ReclaimLost gives jobs back to the queue that are marked as running and that nobody works on: their end could not be written
// down, for want of room above all. live are the ids of those that are worked on; one that was taken only after before may not
// be among them yet. It returns how many will run again. As with ReclaimJobs, there are none on a server.
func (s *Store) ReclaimLost(ctx context.Context, live []int64, before time.Time) (int, error) {
	const op = "jobs: reclaim lost ones"
	if s.Engine() == PostgreSQL {
		return 0, nil
	}
	at := s.dialect.jobTime(before)
	lost := ` FROM river_job WHERE state = 'running' AND attempted_at < $1 AND id NOT IN (SELECT n.value FROM ` + s.dialect.numbers("$2") + ` n)`
	some, err := get(ctx, s.work, op, scanOne[bool], `SELECT EXISTS (SELECT 1`+lost+`)`, at, s.dialect.numberList(live))
	if err != nil || !some {
		return 0, err
	}
	var n int64
	err = s.Update(ctx, func(ctx context.Context, tx *Tx) error {
		res, err := tx.tx.ExecContext(ctx, `UPDATE river_job SET state = 'available' WHERE id IN (SELECT id`+lost+`)`, at, s.dialect.numberList(live))
		if err != nil {
			return failed(op, err)
		}
		n, err = res.RowsAffected()
		return failed(op, err)
	})
	if err != nil {
		return 0, err
	}
	return int(n), nil
}

// JobsWaiting tells whether a job of a queue is due and nobody has taken it.
func (s *Store) JobsWaiting(ctx context.Context, queue string, now time.Time) (bool, error) {
	return get(ctx, s.work, "jobs: waiting in "+queue, scanOne[bool], jobsWaiting, queue, s.dialect.jobTime(now))
}

const jobsWaiting = `SELECT EXISTS (SELECT 1 FROM river_job j WHERE j.state = 'available' AND j.queue = $1 AND j.scheduled_at <= $2)`

// JobCounts counts the jobs of the queue by state (available, running, retryable …); states without jobs are left out.
func (s *Store) JobCounts(ctx context.Context) (map[string]int, error) {
	type count struct {
		state string
		n     int
	}
	rows, err := list(ctx, s.readers, "jobs: count", func(r row) (c count, err error) {
		err = r.Scan(&c.state, &c.n)
		return c, err
	}, `SELECT state, count(*) FROM river_job GROUP BY state ORDER BY state`)
	if err != nil {
		return nil, err
	}
	out := make(map[string]int, len(rows))
	for _, c := range rows {
		out[c.state] = c.n
	}
	return out, nil
}
