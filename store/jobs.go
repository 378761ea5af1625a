package store

import (
	"context"
	"time"
)

// reclaimedMark is the member of a job's metadata that says that it has had its extra attempt.
const reclaimedMark = "$.probability_reclaimed"

// ReclaimJobs gives jobs that a killed process left running back to the queue, which would do so only after an hour, and
// drops its claim to lead the maintenance. Call it with the folder taken exclusively and before the queue starts: only then
// is it certain that nobody works on them. A job that had used up its attempts gets one more, once; the second time it is
// discarded, for it may be what kills the process. It returns how many jobs will run again.
func (s *Store) ReclaimJobs(ctx context.Context) (int, error) {
	const op = "jobs: reclaim"
	var reclaimed int64
	err := s.Update(ctx, func(ctx context.Context, tx *Tx) error {
		if _, err := tx.tx.ExecContext(ctx, `UPDATE river_job SET state = 'discarded', finalized_at = $1
			WHERE state = 'running' AND attempt >= max_attempts AND json_extract(metadata, $2) IS NOT NULL`,
			time.Now().UTC().Format("2006-01-02 15:04:05.000"), reclaimedMark); err != nil {
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
