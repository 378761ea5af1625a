package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// WebhookCheck says when the subscriptions of an integration are looked at next.
type WebhookCheck struct {
	DueAt     time.Time
	Failures  int      // looks in a row that failed
	Recreated []string // topics that those looks had to subscribe again
}

// dueChecks are active integrations whose look is due, also by a time further off than any look is put: the clock was ahead
// then. Those whose credentials are refused are left alone: asking would only get refused again.
const dueChecks = `SELECT i.id FROM integrations i LEFT JOIN webhook_checks c ON c.integration_id = i.id
	WHERE i.deleted_at IS NULL AND i.active AND COALESCE(c.due_at, 0) NOT BETWEEN CAST($1 AS BIGINT) + 1 AND CAST($1 AS BIGINT) + 7200000
		AND NOT EXISTS (SELECT 1 FROM problems p WHERE p.integration_id = i.id AND p.code = $2)
	ORDER BY COALESCE(c.due_at, 0), i.id LIMIT $3`

// DueWebhookChecks lists the ids of active integrations whose subscriptions are to be looked at, longest due first, but for
// those with the problem.
func (s *Store) DueWebhookChecks(ctx context.Context, now time.Time, without string, limit int) ([]int64, error) {
	return list(ctx, s.work, "webhook checks: due", scanOne[int64], dueChecks, now.UnixMilli(), without, limit)
}

// DueWebhookChecks is the same as the transaction sees it.
func (tx *Tx) DueWebhookChecks(ctx context.Context, now time.Time, without string, limit int) ([]int64, error) {
	return list(ctx, tx.tx, "webhook checks: due", scanOne[int64], dueChecks, now.UnixMilli(), without, limit)
}

// SetWebhookCheckDue says when an integration's subscriptions are looked at next, and leaves the rest of the row.
func (tx *Tx) SetWebhookCheckDue(ctx context.Context, integrationID int64, at time.Time) error {
	_, err := tx.tx.ExecContext(ctx, `INSERT INTO webhook_checks (integration_id, due_at, failures, recreated) VALUES ($1, $2, 0, '[]')
		ON CONFLICT (integration_id) DO UPDATE SET due_at = excluded.due_at`, integrationID, at.UnixMilli())
	return failed(fmt.Sprintf("webhook checks: set due of integration %d", integrationID), err)
}

// SetAllWebhookChecksDue makes every look due.
func (tx *Tx) SetAllWebhookChecksDue(ctx context.Context, at time.Time) error {
	_, err := tx.tx.ExecContext(ctx, `UPDATE webhook_checks SET due_at = $1 WHERE due_at > $1`, at.UnixMilli())
	return failed("webhook checks: set all due", err)
}

// PutWebhookCheck stores everything about an integration's next look.
func (tx *Tx) PutWebhookCheck(ctx context.Context, integrationID int64, c WebhookCheck) error {
	op := fmt.Sprintf("webhook checks: put of integration %d", integrationID)
	recreated, err := texts(c.Recreated)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	_, err = tx.tx.ExecContext(ctx, `INSERT INTO webhook_checks (integration_id, due_at, failures, recreated) VALUES ($1, $2, $3, $4)
		ON CONFLICT (integration_id) DO UPDATE SET due_at = excluded.due_at, failures = excluded.failures, recreated = excluded.recreated`,
		integrationID, c.DueAt.UnixMilli(), c.Failures, recreated)
	return failed(op, err)
}

// WebhookCheck is the next look at an integration's subscriptions; ErrNotFound when there was none yet.
func (tx *Tx) WebhookCheck(ctx context.Context, integrationID int64) (WebhookCheck, error) {
	return get(ctx, tx.tx, fmt.Sprintf("webhook checks: get of integration %d", integrationID), func(r row) (c WebhookCheck, err error) {
		var due int64
		var recreated string
		if err := r.Scan(&due, &c.Failures, &recreated); err != nil {
			return WebhookCheck{}, err
		}
		c.DueAt = time.UnixMilli(due).UTC()
		return c, json.Unmarshal([]byte(recreated), &c.Recreated)
	}, `SELECT due_at, failures, recreated FROM webhook_checks WHERE integration_id = $1`, integrationID)
}
