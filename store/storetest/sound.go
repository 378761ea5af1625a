package storetest

import (
	"fmt"
	"testing"

	"probability/store"
)

// Sound fails the test unless the database is whole: its pages, its references, its search index, the sums of days, of places and of scores, and
// the counts of outlooks, which would differ from the orders if one had been written by halves.
func Sound(tb testing.TB, s *store.Store) {
	tb.Helper()
	for what, query := range map[string]string{
		"sums of days": `SELECT integration_id || ': ' || sum(n) || ' orders too many' FROM (
				SELECT integration_id, orders AS n FROM order_days WHERE day > -9223372036854775807
				UNION ALL SELECT integration_id, -1 FROM orders WHERE deleted_at IS NULL) x
			GROUP BY integration_id HAVING sum(n) <> 0`,
		"sums of places": `SELECT integration_id || ' in ' || days || ': ' || sum(n) || ' orders too many' FROM (
				SELECT integration_id, days, orders AS n FROM order_places
				UNION ALL SELECT o.integration_id, d.value, -1 FROM orders o CROSS JOIN (SELECT 1 AS value UNION ALL SELECT 32) d
					WHERE o.deleted_at IS NULL AND (o.province <> '' OR o.city <> '')) x
			GROUP BY integration_id, days HAVING sum(n) <> 0`,
		"counts of outlooks": `SELECT integration_id || ': ' || sum(n) || ' orders too many' FROM (
				SELECT integration_id, orders AS n FROM order_outlooks UNION ALL SELECT integration_id, -1 FROM order_facts) x
			GROUP BY integration_id HAVING sum(n) <> 0`,
		"scores of days": `SELECT integration_id || ': ' || sum(n) || ' orders and ' || sum(points) || ' points too many' FROM (
				SELECT integration_id, orders AS n, points FROM score_days
				UNION ALL SELECT integration_id, -1, -delivery_score FROM orders WHERE deleted_at IS NULL AND delivery_score IS NOT NULL) x
			GROUP BY integration_id HAVING sum(n) <> 0 OR sum(points) <> 0`,
		"sums of all": `SELECT integration_id || ' ' || currency || ': ' || sum(n) || ' orders and ' || sum(money) || ' too much' FROM (
				SELECT integration_id, currency, orders AS n, revenue_low AS money FROM order_days WHERE day = -9223372036854775807
				UNION ALL SELECT integration_id, COALESCE(currency, ''), -1, -COALESCE(total_millionths, 0) % 1000000000000 FROM orders WHERE deleted_at IS NULL) x
			GROUP BY integration_id, currency HAVING sum(n) <> 0 OR sum(money) % 1000000000000 <> 0`,
		"payloads": `SELECT 'order ' || id FROM orders WHERE deleted_at IS NULL AND id NOT IN (SELECT order_id FROM order_payloads)`,
	} {
		if wrong, err := texts(tb, s, query); err != nil || len(wrong) > 0 {
			tb.Errorf("%s: %v, %v", what, wrong, err)
		}
	}
	if s.Engine() == store.PostgreSQL {
		soundIndex(tb, s)
		return
	}
	for what, query := range map[string]string{
		"pages":      `SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'`,
		"references": `SELECT "table" || ' ' || rowid FROM pragma_foreign_key_check`,
	} {
		if wrong, err := texts(tb, s, query); err != nil || len(wrong) > 0 {
			tb.Errorf("%s: %v, %v", what, wrong, err)
		}
	}
	if _, err := s.Writer().ExecContext(tb.Context(), `INSERT INTO order_search (order_search) VALUES ('integrity-check')`); err != nil {
		tb.Errorf("search index: %v", err)
	}
}

// soundIndex fails the test unless the search index of PostgreSQL has the orders that there are. Its pages and references the server
// looks after.
func soundIndex(tb testing.TB, s *store.Store) {
	tb.Helper()
	wrong, err := texts(tb, s, `SELECT 'order ' || COALESCE(o.id, w.order_id) FROM (SELECT id FROM orders WHERE deleted_at IS NULL) o
		FULL JOIN order_search w ON w.order_id = o.id WHERE o.id IS NULL OR w.order_id IS NULL`)
	if err != nil || len(wrong) > 0 {
		tb.Errorf("search index: %v, %v", wrong, err)
	}
}

func texts(tb testing.TB, s *store.Store, query string) (out []string, err error) {
	rows, err := s.Writer().QueryContext(tb.Context(), query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, fmt.Errorf("scan: %w", err)
		}
		out = append(out, text)
	}
	return out, rows.Err()
}
