package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Integration is the user's integration with this id; another user's is ErrNotFound, exactly as one that does not exist.
func (s *Store) Integration(ctx context.Context, userID uuid.UUID, id int64) (Integration, error) {
	return get(ctx, s.readers, fmt.Sprintf("integrations: get %d", id), scanIntegration,
		`SELECT `+integrationColumns+` FROM integrations i WHERE i.id = $1 AND i.user_id = $2 AND i.deleted_at IS NULL`, id, userID.String())
}

// Integrations lists a user's integrations, newest first, at most 10,000.
func (s *Store) Integrations(ctx context.Context, userID uuid.UUID) ([]Integration, error) {
	return list(ctx, s.readers, "integrations: list", scanIntegration,
		`SELECT `+integrationColumns+` FROM integrations i WHERE i.user_id = $1 AND i.deleted_at IS NULL
		ORDER BY i.created_at DESC, i.id DESC LIMIT $2`, userID.String(), maxRows)
}

// IntegrationByID is the integration with this id, whoever owns it: for jobs, never for a caller from outside.
func (s *Store) IntegrationByID(ctx context.Context, id int64) (Integration, error) {
	return get(ctx, s.work, fmt.Sprintf("integrations: get %d", id), scanIntegration,
		`SELECT `+integrationColumns+` FROM integrations i WHERE i.id = $1 AND i.deleted_at IS NULL`, id)
}

// awayWait is how long a periodic sync waits for the audit after an absence, which names what was missed. The orders must
// not wait for ever for one that does not end.
const awayWait = 6 * time.Hour

// DueIntegrations lists the ids of active integrations whose next sync has come, that import nothing just now and wait for
// no audit after an absence, longest due first.
func (s *Store) DueIntegrations(ctx context.Context, now time.Time, limit int) ([]int64, error) {
	return list(ctx, s.work, "integrations: due", scanOne[int64],
		`SELECT i.id FROM integrations i WHERE i.deleted_at IS NULL AND i.active AND i.next_sync_at <= $1
			AND NOT EXISTS (SELECT 1 FROM imports m WHERE m.integration_id = i.id AND m.state IN ('queued', 'running'))
			AND NOT EXISTS (SELECT 1 FROM audits a WHERE a.integration_id = i.id AND a.state IN ('queued', 'running')
				AND a.cause = 'away' AND a.queued_at > $3)
		ORDER BY i.next_sync_at, i.id LIMIT $2`, now.UnixMilli(), limit, now.Add(-awayWait).UnixMilli())
}

// DeletedIntegrations lists the ids of disconnected integrations that PurgeIntegration has not finished with.
func (s *Store) DeletedIntegrations(ctx context.Context) ([]int64, error) {
	return list(ctx, s.work, "integrations: deleted", scanOne[int64],
		`SELECT id FROM integrations WHERE deleted_at IS NOT NULL ORDER BY id LIMIT $1`, maxRows)
}

// ActiveIntegrations lists all active integrations, at most 10,000.
func (s *Store) ActiveIntegrations(ctx context.Context) ([]Integration, error) {
	return list(ctx, s.work, "integrations: active", scanIntegration,
		`SELECT `+integrationColumns+` FROM integrations i WHERE i.deleted_at IS NULL AND i.active ORDER BY i.id LIMIT $1`, maxRows)
}

// lastReceived looks up the latest delivery of an integration, each one step in the index; grouping would read all of them.
const lastReceived = `SELECT i.id, (SELECT d.received_at FROM deliveries d WHERE d.integration_id = i.id ORDER BY d.seq DESC LIMIT 1)
	FROM integrations i WHERE i.id IN `

// LastReceived is when each of these integrations received its latest webhook; those that received none are left out.
func (s *Store) LastReceived(ctx context.Context, ids []int64) (map[int64]time.Time, error) {
	type received struct {
		id int64
		at sql.NullInt64
	}
	out := make(map[int64]time.Time, len(ids))
	err := eachChunk(s.dialect, ids, nil, func(in string, args []any) error {
		rows, err := list(ctx, s.readers, "deliveries: last received", func(r row) (v received, err error) {
			err = r.Scan(&v.id, &v.at)
			return v, err
		}, lastReceived+`(`+in+`) ORDER BY i.id`, args...)
		for _, r := range rows {
			if r.at.Valid {
				out[r.id] = fromMillis(r.at)
			}
		}
		return err
	})
	return out, err
}

// chunk is how many values go into one IN list.
const chunk = 500

// eachChunk calls fn for at most 500 values at a time, with an IN list of them and all arguments: the fixed ones, which come
// first in the query as well, and then the values.
func eachChunk[T any](d dialect, values []T, fixed []any, fn func(in string, args []any) error) error {
	for len(values) > 0 {
		n := min(len(values), chunk)
		args := append(make([]any, 0, len(fixed)+n), fixed...)
		for _, v := range values[:n] {
			args = append(args, v)
		}
		size := d.listSize(n)
		for range size - n { // the last one again, which changes nothing
			args = append(args, values[n-1])
		}
		if err := fn(d.in(len(fixed)+1, size), args); err != nil {
			return err
		}
		values = values[n:]
	}
	return nil
}
