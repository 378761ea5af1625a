package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"probability/shopify"
)

// keptOfErased are the rows that stay of a store that was erased, by table: that it was, and which webhooks said so. None has
// anything of a customer, nor of the store.
var keptOfErased = map[string]string{
	"deliveries":       "topic IN ('" + shopify.TopicDataRequest + "', '" + shopify.TopicCustomersRedact + "', '" + shopify.TopicShopRedact + "')",
	"problems":         "code = 'shop_redacted'",
	"privacy_requests": "TRUE",
}

// EraseIntegration deletes at most limit rows of an integration for an open request that erases it, and counts them there. more
// tells whether to go on, in the next transaction. The integration's own row stays.
func (tx *Tx) EraseIntegration(ctx context.Context, id uuid.UUID, limit int) (more bool, err error) {
	op := "privacy: erase " + id.String()
	r, err := tx.privacyRequest(ctx, id)
	if err != nil || r.State != PrivacyOpen || !r.Erases() {
		return false, err
	}
	left := int64(max(limit, 1))
	orders, err := tx.purgeOrders(ctx, op, r.IntegrationID, left)
	if err != nil {
		return false, err
	}
	var deliveries int64
	left -= orders
	for _, p := range purged {
		if left <= 0 {
			break
		}
		n, err := tx.purgeRows(ctx, op, p.table, p.key, keptOfErased[p.table], r.IntegrationID, left)
		if err != nil {
			return false, err
		}
		if p.table == "deliveries" {
			deliveries = n
		}
		left -= n
	}
	if orders > 0 {
		tx.touched(r.IntegrationID)
	}
	if orders+deliveries > 0 {
		tx.noteUnlisted(r.IntegrationID)
	}
	_, err = tx.tx.ExecContext(ctx, `UPDATE privacy_requests SET orders = orders + $2, deliveries = deliveries + $3 WHERE id = $1`, id.String(), orders, deliveries)
	return left <= 0, failed(op, err)
}

// ForgetSubjectsOf takes away whose data all requests of an integration asked for.
func (tx *Tx) ForgetSubjectsOf(ctx context.Context, integrationID int64, now time.Time) error {
	_, err := tx.tx.ExecContext(ctx, forgetSubject+`integration_id = $2`, now.UnixMilli(), integrationID)
	return failed("privacy: forget subjects", err)
}

// SetUninstalled notes when the merchant removed the app; the zero time that it is installed.
func (tx *Tx) SetUninstalled(ctx context.Context, integrationID int64, at time.Time) error {
	_, err := tx.tx.ExecContext(ctx, `UPDATE integrations SET uninstalled_at = $2 WHERE id = $1`, integrationID, millis(at))
	return failed(fmt.Sprintf("integrations: uninstalled %d", integrationID), err)
}

// Uninstalled is when the merchant removed the app; zero while it is installed.
func (tx *Tx) Uninstalled(ctx context.Context, integrationID int64) (time.Time, error) {
	at, err := get(ctx, tx.tx, fmt.Sprintf("integrations: uninstalled %d", integrationID), scanOne[sql.NullInt64],
		`SELECT uninstalled_at FROM integrations WHERE id = $1 AND deleted_at IS NULL`, integrationID)
	return fromMillis(at), err
}

// UninstalledBefore lists the integrations whose app was removed until then, at most 10,000.
func (s *Store) UninstalledBefore(ctx context.Context, then time.Time) ([]int64, error) {
	return list(ctx, s.work, "integrations: uninstalled", scanOne[int64],
		`SELECT id FROM integrations WHERE uninstalled_at <= $1 AND deleted_at IS NULL ORDER BY id LIMIT $2`, then.UnixMilli(), maxRows)
}

// eraseSearch has the old words leave the file at once. Otherwise the index only notes that they are gone, and drops them when it
// next merges; that is much cheaper, but nothing for who is to be forgotten.
func (sqliteDialect) eraseSearch(ctx context.Context, tx *Tx, op string, integrationID int64, c searchChange) error {
	for _, step := range []func() error{
		func() error { return tx.secureSearch(ctx, op, 1) },
		func() error { return tx.writeSearch(ctx, op, integrationID, []searchChange{c}) },
		func() error { return tx.secureSearch(ctx, op, 0) }, // writes what was gathered, first
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) secureSearch(ctx context.Context, op string, on int) error {
	_, err := tx.tx.ExecContext(ctx, `INSERT INTO order_search (order_search, rank) VALUES ('secure-delete', $1)`, on)
	return failed(op, err)
}

const (
	// mergePages is how many pages of the search index one transaction writes when it merges; it reads many more where most of
	// the index is of orders that are gone.
	mergePages = 16
	// rebuiltOrders is how many orders the index is made anew for, instead of being merged.
	rebuiltOrders = 2_000
)

// MergeSearch drops the words of orders that are gone from the search index: by making it anew when few orders are left, else by
// merging some of it. first begins with all of it; more tells whether there is anything left to merge.
func (s *Store) MergeSearch(ctx context.Context, first bool) (more bool, err error) {
	const op = "search: merge"
	if s.Engine() == PostgreSQL { // a vacuum takes them out
		return false, nil
	}
	pages := mergePages
	if first {
		pages = -mergePages // as one level, so that all of it is merged
	}
	err = s.Update(ctx, func(ctx context.Context, tx *Tx) error {
		if first {
			if rebuilt, err := tx.rebuildSearch(ctx, op); err != nil || rebuilt {
				return err
			}
		}
		before, err := get(ctx, tx.tx, op, scanOne[int64], `SELECT total_changes()`)
		if err != nil {
			return err
		}
		if _, err := tx.tx.ExecContext(ctx, `INSERT INTO order_search (order_search, rank) VALUES ('merge', $1)`, pages); err != nil {
			return failed(op, err)
		}
		after, err := get(ctx, tx.tx, op, scanOne[int64], `SELECT total_changes()`)
		more = after-before >= 2
		return err
	})
	return more, err
}

// rebuildSearch makes the search index anew, unless there are too many orders for that.
func (tx *Tx) rebuildSearch(ctx context.Context, op string) (rebuilt bool, err error) {
	type indexed struct {
		searchChange
		integrationID int64
	}
	orders, err := list(ctx, tx.tx, op, func(r row) (o indexed, err error) {
		var text string
		err = r.Scan(&o.row, &o.integrationID, &text)
		o.words = searchWords(text)
		return o, err
	}, `SELECT id, integration_id, search_text FROM orders WHERE deleted_at IS NULL ORDER BY id LIMIT $1`, rebuiltOrders+1)
	if err != nil || len(orders) > rebuiltOrders {
		return false, err
	}
	if _, err := tx.tx.ExecContext(ctx, `INSERT INTO order_search (order_search) VALUES ('delete-all')`); err != nil {
		return false, failed(op, err)
	}
	for _, o := range orders {
		if err := tx.writeSearch(ctx, op, o.integrationID, []searchChange{o.searchChange}); err != nil {
			return false, err
		}
	}
	return true, nil
}

// ForgetSamples deletes what the engine has noted of the values of orders, to plan its queries by.
func (tx *Tx) ForgetSamples(ctx context.Context) error {
	const op = "database: forget samples"
	if tx.store.Engine() == PostgreSQL { // takes none of them
		return nil
	}
	tables, err := list(ctx, tx.tx, op, scanOne[string], `SELECT name FROM sqlite_master WHERE name = 'sqlite_stat4'`)
	if err != nil || len(tables) == 0 {
		return err
	}
	_, err = tx.tx.ExecContext(ctx, `DELETE FROM sqlite_stat4 WHERE tbl = 'orders'`)
	return failed(op, err)
}

// checkpointMillis is how long CleanLog waits for readers, with the writer held up; it is called again.
const checkpointMillis = "100"

// CleanLog writes everything into the database itself and empties the log beside it, where what was deleted would still
// stand. done is false when somebody was reading just then. On PostgreSQL it vacuums instead, and done is false while a transaction
// that began before still sees what was deleted.
func (s *Store) CleanLog(ctx context.Context) (done bool, err error) {
	const op = "database: clean the log"
	if s.Engine() == PostgreSQL {
		done, err := s.vacuumErased(ctx)
		return done, failed(op, err)
	}
	if err := s.turns.enter(ctx, false); err != nil {
		return false, failed(op, err)
	}
	defer s.turns.leave()
	c, err := s.writer.Conn(ctx)
	if err != nil {
		return false, failed(op, err)
	}
	defer func() { // whatever became of ctx: everybody writes with this connection
		_, e := c.ExecContext(context.WithoutCancel(ctx), `PRAGMA busy_timeout = `+busyMillis)
		err = errors.Join(err, failed(op, e), c.Close())
	}()
	if _, err := c.ExecContext(ctx, `PRAGMA busy_timeout = `+checkpointMillis); err != nil {
		return false, failed(op, err)
	}
	var busy, pages, written int
	err = c.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &written)
	if sqlite.isLocked(err) {
		return false, nil
	}
	return busy == 0, failed(op, err)
}
