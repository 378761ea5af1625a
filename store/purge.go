package store

import (
	"context"
	"errors"
	"fmt"
)

// errStillConnected: only what was marked deleted is cleared away.
var errStillConnected = errors.New("the integration is still connected")

// purged are the other tables whose rows belong to an integration, the largest first.
var purged = [...]struct{ table, key string }{
	{"deliveries", "seq"},
	{"imports", "id"},
	{"audits", "id"},
	{"problems", "code"},
	{"secrets", "kind"},
	{"order_days", "day"},
	{"order_totals", "bucket"},
	{"order_places", "span"},
	{"order_outlooks", "day"},
	{"score_days", "day"},
	{"order_keys", "key"},
	{"customer_marks", "key"},
	{"outcome_counts", "outcome"},
	{"outcome_sources", "outcome"},
	{"order_outcomes", "seq"},
	{"order_marks", "order_id"},
	{"outcome_imports", "id"},
	{"score_models", "id"},
	{"score_settings", "version"},
	{"score_states", "integration_id"},
	{"refusals", "hour"},
	{"webhook_habits", "topic"},
	{"webhook_checks", "integration_id"},
	{"privacy_requests", "id"},
	{"held_reports", "id"},
	{"attempts", "id"},
}

// PurgeIntegration deletes at most limit rows of a disconnected integration, and the integration itself when nothing else
// is left. more tells whether to go on: in the next transaction, so that others get their turn. One that is gone already is
// no error.
func (tx *Tx) PurgeIntegration(ctx context.Context, id int64, limit int) (more bool, err error) {
	op := fmt.Sprintf("integrations: purge %d", id)
	connected, err := get(ctx, tx.tx, op, scanOne[bool], `SELECT deleted_at IS NULL FROM integrations WHERE id = $1`, id)
	switch {
	case errors.Is(err, ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	case connected:
		return false, fmt.Errorf("%s: %w", op, errStillConnected)
	}
	left := int64(max(limit, 1))
	n, err := tx.purgeOrders(ctx, op, id, left)
	if err != nil {
		return false, err
	}
	if left -= n; left <= 0 {
		return true, nil
	}
	for _, p := range purged {
		n, err := tx.purgeRows(ctx, op, p.table, p.key, "", id, left)
		if err != nil {
			return false, err
		}
		if left -= n; left <= 0 {
			return true, nil
		}
	}
	_, err = tx.tx.ExecContext(ctx, `DELETE FROM integrations WHERE id = $1 AND deleted_at IS NOT NULL`, id)
	return false, failed(op, err)
}

// purgeRows deletes at most limit rows of a table, all but those that meet the condition kept, if there is one.
func (tx *Tx) purgeRows(ctx context.Context, op, table, key, kept string, id, limit int64) (int64, error) {
	if table == "order_keys" {
		return tx.purgeKeys(ctx, op, id, limit)
	}
	cond := `integration_id = $1`
	if kept != "" {
		cond += ` AND NOT (` + kept + `)`
	}
	res, err := tx.tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE `+cond+` AND `+key+` IN
		(SELECT `+key+` FROM `+table+` WHERE `+cond+` LIMIT $2)`, id, limit)
	if err != nil {
		return 0, failed(op, err)
	}
	n, err := res.RowsAffected()
	return n, failed(op, err)
}

// purgeKeys deletes at most limit keys of orders, from the first on: one key may be that of very many orders.
func (tx *Tx) purgeKeys(ctx context.Context, op string, id, limit int64) (int64, error) {
	const all = `DELETE FROM order_keys WHERE integration_id = $1`
	res, err := tx.tx.ExecContext(ctx, all+` AND (bucket, key, placed_at, order_id) <= (SELECT k.bucket, k.key, k.placed_at, k.order_id
		FROM order_keys k WHERE k.integration_id = $1 ORDER BY k.bucket, k.key, k.placed_at, k.order_id LIMIT 1 OFFSET $2)`, id, limit-1)
	if err != nil {
		return 0, failed(op, err)
	}
	if n, err := res.RowsAffected(); err != nil || n > 0 {
		return n, failed(op, err)
	}
	if res, err = tx.tx.ExecContext(ctx, all, id); err != nil { // fewer than the limit are left
		return 0, failed(op, err)
	}
	n, err := res.RowsAffected()
	return n, failed(op, err)
}

// purgeOrders deletes at most limit orders, which takes them out of the search index too; payloads go with them.
func (tx *Tx) purgeOrders(ctx context.Context, op string, id, limit int64) (int64, error) {
	changes, err := list(ctx, tx.tx, op, func(r row) (c searchChange, err error) {
		err = r.Scan(&c.row, &c.before)
		return c, err
	}, `SELECT o.id, o.search_text FROM orders o WHERE o.integration_id = $1 LIMIT $2`, id, limit)
	if err != nil || len(changes) == 0 {
		return 0, err
	}
	ids := make([]int64, len(changes))
	for i, c := range changes {
		ids[i] = c.row
	}
	if err := tx.writeSearch(ctx, op, id, changes); err != nil {
		return 0, err
	}
	res, err := tx.tx.ExecContext(ctx, `DELETE FROM orders WHERE id IN (SELECT n.value FROM `+tx.dialect().numbers("$1")+` n)`, tx.dialect().numberList(ids))
	if err != nil {
		return 0, failed(op, err)
	}
	n, err := res.RowsAffected()
	return n, failed(op, err)
}
