package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// DueAudits lists the ids of active integrations whose next audit has come, that are not being audited and whose first
// import is complete, longest due first.
func (s *Store) DueAudits(ctx context.Context, now time.Time, limit int) ([]int64, error) {
	return list(ctx, s.work, "audits: due", scanOne[int64],
		`SELECT i.id FROM integrations i WHERE i.deleted_at IS NULL AND i.active AND i.next_audit_at <= $1 AND i.watermark IS NOT NULL
			AND NOT EXISTS (SELECT 1 FROM audits a WHERE a.integration_id = i.id AND a.state IN ('queued', 'running'))
		ORDER BY i.next_audit_at, i.id LIMIT $2`, now.UnixMilli(), limit)
}

// UnplacedAudits lists the ids of active integrations that have no place in the schedule of audits, or one after furthest.
func (s *Store) UnplacedAudits(ctx context.Context, furthest time.Time) ([]int64, error) {
	return list(ctx, s.work, "audits: unplaced", scanOne[int64],
		`SELECT i.id FROM integrations i WHERE i.deleted_at IS NULL AND i.active AND (i.next_audit_at IS NULL OR i.next_audit_at > $1)
		ORDER BY i.id LIMIT $2`, furthest.UnixMilli(), maxRows)
}

// ScheduleAudit says when the next audit of an integration begins by itself. One that was disconnected is left alone.
func (tx *Tx) ScheduleAudit(ctx context.Context, integrationID int64, at time.Time) error {
	_, err := tx.tx.ExecContext(ctx, `UPDATE integrations SET next_audit_at = $2 WHERE id = $1 AND deleted_at IS NULL`, integrationID, millis(at))
	return failed(fmt.Sprintf("audits: schedule of integration %d", integrationID), err)
}

// aliveMeta is the time at which the service was last seen at work.
const aliveMeta = "alive"

// Alive is when SetAlive was last called; the zero time before the first.
func (s *Store) Alive(ctx context.Context) (time.Time, error) {
	const op = "alive: read"
	value, err := get(ctx, s.work, op, scanOne[[]byte], `SELECT value FROM meta WHERE name = $1`, aliveMeta)
	if errors.Is(err, ErrNotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	at, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s: %w", op, err)
	}
	return time.UnixMilli(at).UTC(), nil
}

// SetAlive notes that the service is at work.
func (tx *Tx) SetAlive(ctx context.Context, at time.Time) error {
	_, err := tx.tx.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, aliveMeta, []byte(strconv.FormatInt(at.UnixMilli(), 10)))
	return failed("alive: note", err)
}
