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

// DayStats are the orders that are not deleted, for every UTC day from that of since to that of until, both whole. An order
// belongs to the day of its created_at, else of its imported_at. Days without orders have no row; the others come in order.
//
// Revenue is exact to a millionth, with a single order counting for 9.2 million million at most.
func (s *Store) DayStats(ctx context.Context, integrationID int64, since, until time.Time) ([]DayStats, error) {
	return list(ctx, s.readers, fmt.Sprintf("stats: days of integration %d", integrationID), scanDayStats, dayStatsQuery,
		integrationID, dayOf(since.UnixMilli()), dayOf(until.UnixMilli()))
}

// dayStatsQuery takes integration, first day and last.
const dayStatsQuery = `SELECT d.day, d.financial_status, d.fulfillment_status, d.currency, d.delivery_probability,
		sum(d.orders), sum(d.revenue_high), sum(d.revenue_low)
	FROM order_days d WHERE d.integration_id = $1 AND d.day >= $2 AND d.day <= $3
	GROUP BY 1, 2, 3, 4, 5 HAVING sum(d.orders) > 0 ORDER BY 1, 2, 3, 4, 5`

func scanDayStats(r row) (d DayStats, err error) {
	var day, high, low int64
	err = r.Scan(&day, &d.FinancialStatus, &d.FulfillmentStatus, &d.Currency, &d.DeliveryProbability, &d.Orders, &high, &low)
	d.Day = time.UnixMilli(day * dayMillis).UTC()
	d.Revenue = decimal.New(high, 6).Add(decimal.New(low, -6))
	return d, err
}
