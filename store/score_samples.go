package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// SettledOrder is an order whose end is known, to learn from.
type SettledOrder struct {
	PlacedAt time.Time
	Facts    []byte
	Version  int
	History  History
	Mark     int8
	Settled  Settled // reported before what the platform says
}

// sampleRows is how many orders one read goes through, so that no read lasts.
const sampleRows = 5_000

// settledOrder is the condition for an order f that the merchant, a carrier or the platform says something of.
const settledOrder = `(f.reported <> 0 OR f.outcome <> 0)`

// sampleFrom reads a slice of an integration's orders in the order in which they were placed, or against it.
func sampleFrom(columns, sign, direction string) string {
	return `SELECT o.listed_at, o.id, f.order_id IS NOT NULL` + columns + ` FROM (SELECT o.listed_at, o.id FROM ` + ordersIndexed("orders_list") + `
		WHERE o.integration_id = $1 AND o.deleted_at IS NULL AND (o.listed_at, o.id) ` + sign + ` ($2, $3)
		ORDER BY o.listed_at` + direction + `, o.id` + direction + ` LIMIT $4) o
		LEFT JOIN order_facts f ON f.order_id = o.id AND ` + settledOrder + ` ORDER BY o.listed_at` + direction + `, o.id` + direction
}

// EachSettled gives the newest orders of an integration whose end is known to yield, at most most, in the order in which they
// were placed. Only a slice of them is in memory at a time. What changes meanwhile may be given or not.
func (s *Store) EachSettled(ctx context.Context, integrationID int64, most int, yield func(SettledOrder) error) error {
	op := fmt.Sprintf("scores: settled orders of integration %d", integrationID)
	from, err := s.oldestSettled(ctx, op, integrationID, most)
	if err != nil {
		return err
	}
	type sample struct {
		key     OrderKey
		settled bool
		order   SettledOrder
	}
	query := sampleFrom(`, f.facts, f.facts_version, f.delivered, f.failed, f.earlier, f.recent, f.customer_mark, f.mark,
		CASE f.reported WHEN 0 THEN f.outcome ELSE f.reported END, CASE f.reported WHEN 0 THEN f.outcome_at ELSE f.reported_at END`, ">=", "")
	for given := 0; ; {
		rows, err := list(ctx, s.work, op, func(r row) (v sample, err error) {
			var (
				o     SettledOrder
				ended sql.NullInt64
				ints  [8]sql.NullInt64
			)
			err = r.Scan(&v.key.Value, &v.key.ID, &v.settled, &o.Facts, &ints[0], &ints[1], &ints[2], &ints[3], &ints[4], &ints[5], &ints[6], &ints[7], &ended)
			o.Version = int(ints[0].Int64)
			o.History = History{int(ints[1].Int64), int(ints[2].Int64), int(ints[3].Int64), int(ints[4].Int64), int8(ints[5].Int64)} //nolint:gosec // -1, 0, 1
			o.Mark = int8(ints[6].Int64)                                                                                             //nolint:gosec // -1, 0, 1
			o.Settled = Settled{ParcelOutcome(ints[7].Int64), fromMillis(ended)}                                                     //nolint:gosec // 0 to 3
			o.PlacedAt = time.UnixMilli(v.key.Value).UTC()
			v.order = o
			return v, err
		}, query, integrationID, from.Value, from.ID, sampleRows)
		if err != nil {
			return err
		}
		for _, r := range rows {
			from = OrderKey{r.key.Value, r.key.ID + 1}
			if !r.settled {
				continue
			}
			if given++; given > most { // more came meanwhile
				return nil
			}
			if err := yield(r.order); err != nil {
				return err
			}
		}
		if len(rows) < sampleRows {
			return nil
		}
	}
}

// oldestSettled is the place of the oldest of the newest orders whose end is known, at most most of them.
func (s *Store) oldestSettled(ctx context.Context, op string, integrationID int64, most int) (OrderKey, error) {
	const last = int64(1)<<62 - 1
	place := OrderKey{last, last}
	query := sampleFrom("", "<", " DESC")
	for left := most; ; {
		rows, err := list(ctx, s.work, op, func(r row) (v struct {
			OrderKey
			settled bool
		}, err error) {
			err = r.Scan(&v.Value, &v.ID, &v.settled)
			return v, err
		}, query, integrationID, place.Value, place.ID, sampleRows)
		if err != nil {
			return place, err
		}
		for _, r := range rows {
			place = r.OrderKey
			if r.settled {
				left--
			}
			if left <= 0 {
				return place, nil
			}
		}
		if len(rows) < sampleRows {
			return place, nil
		}
	}
}
