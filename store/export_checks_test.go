package store

import (
	"context"
	"fmt"
)

// CheckSums compares the sums of days, of places and of scores with the orders, and the search index with itself, and tells what is wrong.
func CheckSums(ctx context.Context, s *Store) ([]string, error) {
	const sums = `SELECT integration_id, (listed_at - ((listed_at % 86400000) + 86400000) % 86400000) / 86400000 AS day, created_at IS NOT NULL,
			COALESCE(financial_status, ''), COALESCE(fulfillment_status, ''), COALESCE(currency, ''), COALESCE(delivery_probability, ''),
			count(*), sum(COALESCE(total_millionths, 0) / 1000000000000), sum(COALESCE(total_millionths, 0) % 1000000000000)
		FROM orders WHERE deleted_at IS NULL GROUP BY 1, 2, 3, 4, 5, 6, 7`
	wrong, err := list(ctx, s.writer, "check", scanOne[string], `WITH fresh AS (`+sums+`), kept AS (SELECT * FROM order_days WHERE orders <> 0)
		SELECT 'missing ' || integration_id || '/' || day FROM (SELECT * FROM fresh EXCEPT SELECT * FROM kept WHERE day > -9223372036854775807) x
		UNION ALL SELECT 'extra ' || integration_id || '/' || day FROM (SELECT * FROM kept WHERE day > -9223372036854775807 EXCEPT SELECT * FROM fresh) x
		UNION ALL SELECT 'all days of ' || integration_id FROM (
			SELECT integration_id, dated, financial_status, fulfillment_status, currency, delivery_probability, sum(orders), sum(revenue_high), sum(revenue_low)
				FROM kept WHERE day > -9223372036854775807 GROUP BY 1, 2, 3, 4, 5, 6
			EXCEPT SELECT integration_id, dated, financial_status, fulfillment_status, currency, delivery_probability, orders, revenue_high, revenue_low
				FROM kept WHERE day = -9223372036854775807) x`)
	if err != nil {
		return nil, err
	}
	places, err := checkPlaces(ctx, s)
	if err != nil {
		return nil, err
	}
	scores, err := checkScoreDays(ctx, s)
	if err != nil {
		return nil, err
	}
	wrong = append(append(wrong, places...), scores...)
	index, err := checkSearch(ctx, s)
	if err != nil {
		return nil, err
	}
	wrong = append(wrong, index...)
	type total struct{ integration, millionths int64 }
	totals, err := list(ctx, s.writer, "check", func(r row) (t total, err error) {
		err = r.Scan(&t.integration, &t.millionths)
		return t, err
	}, `SELECT integration_id, total_millionths FROM orders WHERE deleted_at IS NULL AND total_millionths IS NOT NULL`)
	if err != nil {
		return nil, err
	}
	fresh := make(map[total]int64)
	for _, t := range totals {
		fresh[total{t.integration, totalBucket(t.millionths)}]++
	}
	kept, err := list(ctx, s.writer, "check", func(r row) (t [3]int64, err error) {
		err = r.Scan(&t[0], &t[1], &t[2])
		return t, err
	}, `SELECT integration_id, bucket, orders FROM order_totals`)
	for _, k := range kept {
		if fresh[total{k[0], k[1]}] != k[2] {
			wrong = append(wrong, fmt.Sprintf("bucket %d of %d", k[1], k[0]))
		}
		delete(fresh, total{k[0], k[1]})
	}
	if len(fresh) > 0 {
		wrong = append(wrong, fmt.Sprintf("buckets that are not there: %v", fresh))
	}
	return wrong, err
}

// checkSearch looks at the search index: whether it is whole, and whether it has the orders that there are.
func checkSearch(ctx context.Context, s *Store) ([]string, error) {
	if s.Engine() == SQLite {
		_, err := s.writer.ExecContext(ctx, `INSERT INTO order_search (order_search) VALUES ('integrity-check')`)
		return nil, err
	}
	type text struct {
		integration, row int64
		search           string
	}
	texts, err := list(ctx, s.writer, "check search", func(r row) (t text, err error) {
		err = r.Scan(&t.integration, &t.row, &t.search)
		return t, err
	}, `SELECT integration_id, id, search_text FROM orders WHERE deleted_at IS NULL`)
	if err != nil {
		return nil, err
	}
	var wrong []string
	for _, t := range texts {
		there, err := get(ctx, s.writer, "check search", scanOne[bool],
			`SELECT EXISTS (SELECT 1 FROM order_search WHERE order_id = $1 AND words = array_to_tsvector($2))`, t.row, vector(t.integration, searchWords(t.search)))
		if err != nil {
			return nil, err
		}
		if !there {
			wrong = append(wrong, fmt.Sprintf("search words of order %d", t.row))
		}
	}
	n, err := get(ctx, s.writer, "check search", scanOne[int], `SELECT count(*) FROM order_search`)
	if n != len(texts) {
		wrong = append(wrong, fmt.Sprintf("search words of %d orders, where there are %d", n, len(texts)))
	}
	return wrong, err
}

// checkPlaces compares the sums of places with the orders. Nothing may be left of a place that no order has.
func checkPlaces(ctx context.Context, s *Store) ([]string, error) {
	const day = `(listed_at - ((listed_at % 86400000) + 86400000) % 86400000) / 86400000`
	const fresh = `SELECT integration_id, 1 AS days, ` + day + ` AS span, substr(COALESCE(province, ''), 1, 100), substr(COALESCE(city, ''), 1, 100), count(*)
		FROM orders WHERE deleted_at IS NULL AND (province <> '' OR city <> '') GROUP BY 1, 3, 4, 5
		UNION ALL SELECT integration_id, 32, ` + day + ` >> 5, substr(COALESCE(province, ''), 1, 100), substr(COALESCE(city, ''), 1, 100), count(*)
		FROM orders WHERE deleted_at IS NULL AND (province <> '' OR city <> '') GROUP BY 1, 3, 4, 5`
	return list(ctx, s.writer, "check places", scanOne[string], `
		SELECT 'missing place in span ' || days || '/' || span FROM (SELECT * FROM (`+fresh+`) f EXCEPT SELECT * FROM order_places) x
		UNION ALL SELECT 'extra place in span ' || days || '/' || span FROM (SELECT * FROM order_places EXCEPT SELECT * FROM (`+fresh+`) f) x`)
}

// checkScoreDays compares the scores of days with those of the orders.
func checkScoreDays(ctx context.Context, s *Store) ([]string, error) {
	const fresh = `SELECT integration_id, (listed_at - ((listed_at % 86400000) + 86400000) % 86400000) / 86400000 AS day, count(*), sum(delivery_score)
		FROM orders WHERE deleted_at IS NULL AND delivery_score IS NOT NULL GROUP BY 1, 2`
	const kept = `SELECT integration_id, day, orders, points FROM score_days WHERE orders <> 0 OR points <> 0`
	return list(ctx, s.writer, "check scores of days", scanOne[string], `
		SELECT 'missing scores of day ' || day FROM (SELECT * FROM (`+fresh+`) a EXCEPT SELECT * FROM (`+kept+`) b) x
		UNION ALL SELECT 'extra scores of day ' || day FROM (SELECT * FROM (`+kept+`) a EXCEPT SELECT * FROM (`+fresh+`) b) x`)
}

// CheckScores compares the keys of orders and the counts of outcomes and outlooks with the orders' facts, and tells what is wrong.
func CheckScores(ctx context.Context, s *Store) ([]string, error) {
	const fresh = `SELECT integration_id, 0 AS bucket, phone_key AS key, placed_at, order_id FROM order_facts WHERE phone_key IS NOT NULL
		UNION SELECT integration_id, 0, email_key, placed_at, order_id FROM order_facts WHERE email_key IS NOT NULL
		UNION SELECT integration_id, CASE WHEN placed_at < 86400000 THEN 1 ELSE placed_at / 86400000 END, address_key, placed_at, order_id FROM order_facts WHERE address_key IS NOT NULL
		UNION SELECT integration_id, CASE WHEN placed_at < 86400000 THEN 1 ELSE placed_at / 86400000 END, ip_key, placed_at, order_id FROM order_facts WHERE ip_key IS NOT NULL`
	const kept = `SELECT integration_id, bucket, key, placed_at, order_id FROM order_keys`
	const outcomes = `SELECT integration_id, outcome, reported, count(*) FROM order_facts GROUP BY 1, 2, 3`
	const counted = `SELECT integration_id, outcome, reported, orders FROM outcome_counts WHERE orders <> 0`
	const sources = `SELECT integration_id, source, outcome, count(*) FROM order_outcomes WHERE counts GROUP BY 1, 2, 3`
	const keptSources = `SELECT integration_id, source, outcome, orders FROM outcome_sources WHERE orders <> 0`
	const outlooks = `SELECT f.integration_id, (f.placed_at - ((f.placed_at % 86400000) + 86400000) % 86400000) / 86400000, f.payment, COALESCE(o.delivery_probability, ''),
		CASE f.reported WHEN 0 THEN f.outcome ELSE f.reported END, count(*) FROM order_facts f JOIN orders o ON o.id = f.order_id GROUP BY 1, 2, 3, 4, 5`
	const keptOutlooks = `SELECT integration_id, day, payment, delivery_probability, outcome, orders FROM order_outlooks WHERE orders <> 0`
	return list(ctx, s.writer, "check scores", scanOne[string], `
		SELECT 'missing outlook of integration ' || integration_id FROM (SELECT * FROM (`+outlooks+`) a EXCEPT SELECT * FROM (`+keptOutlooks+`) b) x
		UNION ALL SELECT 'extra outlook of integration ' || integration_id FROM (SELECT * FROM (`+keptOutlooks+`) a EXCEPT SELECT * FROM (`+outlooks+`) b) x
		UNION ALL SELECT 'missing source of integration ' || integration_id FROM (SELECT * FROM (`+sources+`) a EXCEPT SELECT * FROM (`+keptSources+`) b) x
		UNION ALL SELECT 'extra source of integration ' || integration_id FROM (SELECT * FROM (`+keptSources+`) a EXCEPT SELECT * FROM (`+sources+`) b) x
		UNION ALL SELECT 'missing key of order ' || order_id FROM (SELECT * FROM (`+fresh+`) a EXCEPT SELECT * FROM (`+kept+`) b) x
		UNION ALL SELECT 'extra key of order ' || order_id FROM (SELECT * FROM (`+kept+`) a EXCEPT SELECT * FROM (`+fresh+`) b) x
		UNION ALL SELECT 'count of integration ' || integration_id FROM (SELECT * FROM (`+outcomes+`) a EXCEPT SELECT * FROM (`+counted+`) b) x
		UNION ALL SELECT 'extra count of integration ' || integration_id FROM (SELECT * FROM (`+counted+`) a EXCEPT SELECT * FROM (`+outcomes+`) b) x
		UNION ALL SELECT 'facts of a deleted order ' || o.id FROM orders o JOIN order_facts f ON f.order_id = o.id WHERE o.deleted_at IS NOT NULL`)
}
