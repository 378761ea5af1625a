package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// SampleOrder is an order to learn from.
type SampleOrder struct {
	PlacedAt time.Time
	Facts    []byte
	Version  int
	History  History
	Mark     int8
	Settled  Settled // reported before what the platform says
	Reported bool
}

// sampleRows is how many orders one read goes through, so that no read lasts.
const sampleRows = 5_000

// settledOrder is the condition for an order f that the merchant, a carrier or the platform says the end of.
const settledOrder = `(f.reported <> 0 OR f.outcome <> 0)`

// sampleFrom reads a slice of an integration's orders in the order in which they were placed, or against it.
func (s *Store) sampleFrom(columns, sign, direction string) string {
	return `SELECT o.listed_at, o.id, ` + columns + ` FROM (SELECT o.listed_at, o.id FROM ` + s.ordersIndexed("orders_list") + `
		WHERE o.integration_id = $1 AND o.deleted_at IS NULL AND (o.listed_at, o.id) ` + sign + ` ($2, $3)
		ORDER BY o.listed_at` + direction + `, o.id` + direction + ` LIMIT $4) o
		LEFT JOIN order_facts f ON f.order_id = o.id ORDER BY o.listed_at` + direction + `, o.id` + direction
}

// window is where the samples begin, and how many of those without an end are passed over at its beginning.
type window struct {
	from OrderKey
	skip int
}

// EachSample gives orders of an integration to yield, in the order in which they were placed: the newest whose end is known, at
// most settled, and the newest others from the same time, at most open. Only a slice of them is in memory at a time. What changes meanwhile
// may be given or not.
func (s *Store) EachSample(ctx context.Context, integrationID int64, settled, open int, yield func(SampleOrder) error) error {
	op := fmt.Sprintf("scores: samples of integration %d", integrationID)
	w, err := s.sampleWindow(ctx, op, integrationID, settled, open)
	if err != nil {
		return err
	}
	type sample struct {
		key   OrderKey
		there bool
		order SampleOrder
	}
	query := s.sampleFrom(`f.order_id IS NOT NULL, f.facts, f.facts_version, f.delivered, f.failed, f.earlier, f.recent, f.customer_mark, f.mark,
		CASE f.reported WHEN 0 THEN f.outcome ELSE f.reported END, CASE f.reported WHEN 0 THEN f.outcome_at ELSE f.reported_at END, f.reported`, ">=", "")
	for {
		rows, err := list(ctx, s.work, op, func(r row) (v sample, err error) {
			var (
				o     SampleOrder
				ended sql.NullInt64
				ints  [9]sql.NullInt64
			)
			err = r.Scan(&v.key.Value, &v.key.ID, &v.there, &o.Facts, &ints[0], &ints[1], &ints[2], &ints[3], &ints[4], &ints[5], &ints[6], &ints[7], &ended, &ints[8])
			o.Version = int(ints[0].Int64)
			o.History = History{int(ints[1].Int64), int(ints[2].Int64), int(ints[3].Int64), int(ints[4].Int64), int8(ints[5].Int64)}
			o.Mark = int8(ints[6].Int64)
			o.Settled = Settled{ParcelOutcome(ints[7].Int64), fromMillis(ended)}
			o.Reported = ints[8].Int64 != 0
			o.PlacedAt = time.UnixMilli(v.key.Value).UTC()
			v.order = o
			return v, err
		}, query, integrationID, w.from.Value, w.from.ID, sampleRows)
		if err != nil {
			return err
		}
		for _, r := range rows {
			w.from = OrderKey{r.key.Value, r.key.ID + 1}
			if !r.there {
				continue
			}
			left := &settled
			if r.order.Settled.Outcome == ParcelPending {
				if left = &open; w.skip > 0 {
					w.skip--
					continue
				}
			}
			if *left--; *left < 0 { // more came meanwhile
				continue
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

// sampleWindow finds the oldest of the newest orders whose end is known, at most settled of them.
func (s *Store) sampleWindow(ctx context.Context, op string, integrationID int64, settled, open int) (w window, err error) {
	const last = int64(1)<<62 - 1
	w.from = OrderKey{last, last}
	type seen struct {
		OrderKey
		state int // 0: its end is not known, 1: it is, -1: the order was not read
	}
	query := s.sampleFrom(`CASE WHEN f.order_id IS NULL THEN -1 WHEN `+settledOrder+` THEN 1 ELSE 0 END`, "<", " DESC")
	for others := 0; ; {
		rows, err := list(ctx, s.work, op, func(r row) (v seen, err error) {
			err = r.Scan(&v.Value, &v.ID, &v.state)
			return v, err
		}, query, integrationID, w.from.Value, w.from.ID, sampleRows)
		if err != nil {
			return w, err
		}
		for _, r := range rows {
			w.from = r.OrderKey
			switch r.state {
			case 0:
				others++
			case 1:
				settled--
			}
			if w.skip = max(0, others-open); settled <= 0 {
				return w, nil
			}
		}
		if len(rows) < sampleRows {
			return w, nil
		}
	}
}
