package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"time"
)

// dayMillis is the length of a day.
const dayMillis = int64(24 * time.Hour / time.Millisecond)

// allDays is the day of the rows that add up all days.
const allDays = math.MinInt64 + 1

// dayOf is the day of a time in milliseconds, in days since 1970; times before count down.
func dayOf(millis int64) int64 {
	day := millis / dayMillis
	if millis%dayMillis < 0 {
		day--
	}
	return day
}

// revenueUnit splits sums of millionths into a high and a low part.
const revenueUnit = 1_000_000_000_000

// orderSum is what is known of an order in the sums: all that order_days is keyed by, its total, its score, and its place where it is
// known.
type orderSum struct {
	listedAt                                     int64
	dated                                        bool
	financial, fulfillment, currency, likelihood string
	total, score                                 sql.NullInt64
	province, city                               string
}

// dayKey is a row of order_days within its integration.
type dayKey struct {
	day                                          int64
	dated                                        bool
	financial, fulfillment, currency, likelihood string
}

// dayDelta is by how much a row changes.
type dayDelta struct{ orders, high, low int64 }

// ledger collects what a transaction changes in the sums, so that each row is written once.
type ledger struct {
	days   map[dayKey]dayDelta
	totals map[int64]int64 // orders by bucket
	places map[placeKey]int64
	scores map[int64]scoreDelta // by day
}

func newLedger() ledger {
	return ledger{make(map[dayKey]dayDelta), make(map[int64]int64), make(map[placeKey]int64), make(map[int64]scoreDelta)}
}

// add counts an order in (sign 1) or out (sign -1).
func (l ledger) add(o orderSum, sign int64) {
	for _, day := range [...]int64{dayOf(o.listedAt), allDays} {
		k := dayKey{day: day, dated: o.dated, financial: o.financial, fulfillment: o.fulfillment, currency: o.currency, likelihood: o.likelihood}
		d := l.days[k]
		d.orders += sign
		d.high += sign * (o.total.Int64 / revenueUnit)
		d.low += sign * (o.total.Int64 % revenueUnit)
		l.days[k] = d
	}
	if o.total.Valid {
		l.totals[totalBucket(o.total.Int64)] += sign
	}
	l.addPlace(o, sign)
	l.addScore(o, sign)
}

// merge adds what another ledger has.
func (l ledger) merge(other ledger) {
	for k, d := range other.days {
		was := l.days[k]
		l.days[k] = dayDelta{was.orders + d.orders, was.high + d.high, was.low + d.low}
	}
	for bucket, n := range other.totals {
		l.totals[bucket] += n
	}
	for k, n := range other.places {
		l.places[k] += n
	}
	for day, d := range other.scores {
		was := l.scores[day]
		l.scores[day] = scoreDelta{was.orders + d.orders, was.points + d.points}
	}
}

// addSums notes what changes in the sums of an integration, for writeSums.
func (tx *Tx) addSums(integrationID int64, l ledger) {
	if tx.sums == nil {
		tx.sums = make(map[int64]ledger)
	}
	if was, there := tx.sums[integrationID]; there {
		was.merge(l)
		return
	}
	tx.sums[integrationID] = l
}

// writeSums writes what the transaction changed in the sums, at its end: most orders are first stored and then rated, and each
// row is written once for both.
func (tx *Tx) writeSums(ctx context.Context) error {
	for id, l := range tx.sums {
		if err := tx.writeLedger(ctx, fmt.Sprintf("orders: sums of integration %d", id), id, l); err != nil {
			return err
		}
	}
	tx.sums = nil
	return nil
}

// dayBatches are the numbers of rows that one statement writes.
var dayBatches = [...]int{25, 5, 1}

// writeLedger brings the sums of an integration up to date.
func (tx *Tx) writeLedger(ctx context.Context, op string, integrationID int64, l ledger) error {
	if err := tx.writeTotals(ctx, op, integrationID, l.totals); err != nil {
		return err
	}
	if err := tx.writePlaces(ctx, op, integrationID, l.places); err != nil {
		return err
	}
	if err := tx.writeScores(ctx, op, integrationID, l.scores); err != nil {
		return err
	}
	var keys []dayKey
	for k, d := range l.days {
		if d != (dayDelta{}) {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b dayKey) int { // neighbours in the table follow each other
		return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.financial, b.financial), cmp.Compare(a.fulfillment, b.fulfillment))
	})
	for _, size := range dayBatches {
		for ; len(keys) >= size; keys = keys[size:] {
			args := make([]any, 0, size*10)
			for _, k := range keys[:size] {
				d := l.days[k]
				args = append(args, integrationID, k.day, k.dated, k.financial, k.fulfillment, k.currency, k.likelihood, d.orders, d.high, d.low)
			}
			if _, err := tx.tx.ExecContext(ctx, `INSERT INTO order_days (integration_id, day, dated, financial_status, fulfillment_status,
					currency, delivery_probability, orders, revenue_high, revenue_low) VALUES `+tx.dialect().values(size, 10)+`
				ON CONFLICT (integration_id, day, dated, financial_status, fulfillment_status, currency, delivery_probability) DO UPDATE SET
					orders = order_days.orders + excluded.orders, revenue_high = order_days.revenue_high + excluded.revenue_high,
					revenue_low = order_days.revenue_low + excluded.revenue_low`, args...); err != nil {
				return failed(op, err)
			}
		}
	}
	return nil
}
