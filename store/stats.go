package store

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"
)

// DayStats is what the orders of one UTC day with the same statuses, currency and probability add up to. What an order
// does not have is the empty text.
type DayStats struct {
	Day                 time.Time // its midnight
	FinancialStatus     string
	FulfillmentStatus   string
	Currency            string
	DeliveryProbability string
	Orders              int
	Revenue             decimal.Decimal // of all of them, whatever their status; an unknown total adds nothing
}

const dayMillis = 24 * 60 * 60 * 1000

// DayStats adds up the orders that are not deleted, for every UTC day from that of since to that of until, both whole. An order
// belongs to the day of its created_at, else of its imported_at. Days without orders have no row; the others come in order.
//
// Revenue is exact to a millionth, with a single order counting for 9.2 million million at most.
func (s *Store) DayStats(ctx context.Context, integrationID int64, since, until time.Time) ([]DayStats, error) {
	from, to := floorDay(since.UnixMilli()), floorDay(until.UnixMilli())+dayMillis
	return list(ctx, s.readers, fmt.Sprintf("stats: days of integration %d", integrationID), scanDayStats, dayStatsQuery, integrationID, from, to)
}

// dayStatsQuery takes integration, first millisecond and the one after the last. The days count from the first one, so that
// the division never meets a negative number, which it would round up. Totals are summed in two parts, since a sum of
// whole millionths can leave 64 bits, which SQLite refuses.
const dayStatsQuery = `SELECT $2 + (o.listed_at - $2) / 86400000 * 86400000 AS day, COALESCE(o.financial_status, ''), COALESCE(o.fulfillment_status, ''),
		COALESCE(o.currency, ''), COALESCE(o.delivery_probability, ''), count(*),
		COALESCE(sum(o.total_millionths / 1000000000), 0), COALESCE(sum(o.total_millionths % 1000000000), 0)
	FROM orders o WHERE o.integration_id = $1 AND o.deleted_at IS NULL AND o.listed_at >= $2 AND o.listed_at < $3
	GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5`

func scanDayStats(r row) (d DayStats, err error) {
	var day, thousands, millionths int64
	err = r.Scan(&day, &d.FinancialStatus, &d.FulfillmentStatus, &d.Currency, &d.DeliveryProbability, &d.Orders, &thousands, &millionths)
	d.Day = time.UnixMilli(day).UTC()
	d.Revenue = decimal.New(thousands, 3).Add(decimal.New(millionths, -6))
	return d, err
}

// floorDay is the midnight at or before ms, also before 1970.
func floorDay(ms int64) int64 {
	rest := ms % dayMillis
	if rest < 0 {
		rest += dayMillis
	}
	return ms - rest
}
