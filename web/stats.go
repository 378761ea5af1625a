package web

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/shopspring/decimal"

	"probability/shopify"
	"probability/store"
)

const (
	defaultStatsDays = 90
	maxStatsDays     = 5*366 - 3 // any five years
	day              = 24 * time.Hour
)

// Names of what an order does not have. The first two are what the list of orders takes as a filter, the third is
// ISO 4217's for no currency.
const (
	noFinancialStatus   = "null"
	noFulfillmentStatus = "unfulfilled"
	noCurrency          = "XXX"
	notScored           = "unscored"
)

// When orders are paid, in words for programs.
const (
	paidOnDelivery = "on_delivery"
	paidBefore     = "before"
	paymentUnknown = "unknown"
)

// listedPlaces is how many provinces and cities the statistics name.
const listedPlaces = 100

// statsView is figures for plots. Days has every day, also those without orders: a line over missing days would
// be drawn as if there had been some.
type statsView struct {
	Since  string       `json:"since"`
	Until  string       `json:"until"`
	Totals figures      `json:"totals"`
	Days   []dayFigures `json:"days"`
}

type dayFigures struct {
	Date string `json:"date"`
	figures
}

// figures is what orders add up to.
type figures struct {
	Orders            int                       `json:"orders"`
	Revenue           amounts                   `json:"revenue"` // without what was given back or never taken
	FinancialStatus   map[string]*statusFigures `json:"financial_status"`
	FulfillmentStatus map[string]int            `json:"fulfillment_status"`
	Scores            map[string]int            `json:"scores"`
	MeanScore         *float64                  `json:"mean_score"` // to a hundredth; null: none is scored
	Payment           map[string]int            `json:"payment"`

	scored int
	points int64 // of all that are scored
}

// statusFigures is what the orders with one financial status add up to, all of them.
type statusFigures struct {
	Orders int     `json:"orders"`
	Total  amounts `json:"total"`
}

// amounts are exact sums by currency.
type amounts map[string]amountView

// amountView is written as an order's total is: text with two or more decimals.
type amountView decimal.Decimal

// MarshalText writes the amount.
func (a amountView) MarshalText() ([]byte, error) {
	text, err := shopify.Money(decimal.Decimal(a).String())
	return []byte(text), err
}

// orderStats is GET /api/integrations/shopify/{id}/stats/.
func (s *Server) orderStats(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	q := readQuery(c)
	since, until := readDays(q, s.cfg.Now())
	if err := q.err(); err != nil {
		return err
	}
	ctx := c.Request().Context()
	view, err := s.readStats(ctx, in.ID, since, until)
	if err != nil {
		return err
	}
	bands, err := s.app.Store().BandOutcomes(ctx, in.ID, since, until)
	if err != nil {
		return err
	}
	places, err := s.app.Store().Places(ctx, in.ID, since, until, listedPlaces)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, wholeStats{view, viewOutcomes(bands), viewPlaces(places, view.Totals.Orders)})
}

// readStats reads what orders add up to by day.
func (s *Server) readStats(ctx context.Context, id int64, since, until time.Time) (statsView, error) {
	rows, err := s.app.Store().DayStats(ctx, id, since, until)
	if err != nil {
		return statsView{}, err
	}
	payments, err := s.app.Store().DayPayments(ctx, id, since, until)
	if err != nil {
		return statsView{}, err
	}
	scores, err := s.app.Store().DayScores(ctx, id, since, until)
	if err != nil {
		return statsView{}, err
	}
	return viewStats(since, until, rows, payments, scores), nil
}

// readDays gives the first and the last day. A time stands for the whole day that it is in, in UTC.
func readDays(q *query, now time.Time) (since, until time.Time) {
	since, until = q.moment("since", false).Truncate(day), q.moment("until", false).Truncate(day)
	from, to := q.text("since") != "", q.text("until") != ""
	if len(q.errs) > 0 {
		return since, until
	}
	if !to {
		until = now.UTC().Truncate(day)
		if from && until.Before(since) {
			until = since // east of Greenwich the day has begun already
		}
	}
	if !from {
		since = until.AddDate(0, 0, 1-defaultStatsDays)
	}
	switch {
	case until.Before(since):
		q.complain("until", "before_since", nil)
	case until.Sub(since) >= maxStatsDays*day:
		q.complain("since", "too_many_days", map[string]any{"Max": maxStatsDays})
	}
	return since, until
}

// viewStats spreads the rows over the days.
func viewStats(since, until time.Time, rows []store.DayStats, payments []store.DayPayments, scores []store.DayScores) statsView {
	v := statsView{Since: since.Format(time.DateOnly), Until: until.Format(time.DateOnly), Totals: newFigures()}
	for d := since; !d.After(until); d = d.Add(day) {
		v.Days = append(v.Days, dayFigures{Date: d.Format(time.DateOnly), figures: newFigures()})
	}
	for _, row := range rows {
		v.Days[row.Day.Sub(since)/day].add(row)
		v.Totals.add(row)
	}
	for _, row := range payments {
		v.Days[row.Day.Sub(since)/day].pay(row)
		v.Totals.pay(row)
	}
	for _, row := range scores {
		v.Days[row.Day.Sub(since)/day].rate(row)
		v.Totals.rate(row)
	}
	for i := range v.Days {
		v.Days[i].settle()
	}
	v.Totals.settle()
	return v
}

func newFigures() figures {
	return figures{
		Revenue: amounts{}, FinancialStatus: map[string]*statusFigures{},
		FulfillmentStatus: map[string]int{}, Scores: map[string]int{}, Payment: map[string]int{},
	}
}

func (f *figures) add(row store.DayStats) {
	financial := cmp.Or(row.FinancialStatus, noFinancialStatus)
	status := f.FinancialStatus[financial]
	if status == nil {
		status = &statusFigures{Total: amounts{}}
		f.FinancialStatus[financial] = status
	}
	f.Orders += row.Orders
	status.Orders += row.Orders
	f.FulfillmentStatus[cmp.Or(row.FulfillmentStatus, noFulfillmentStatus)] += row.Orders
	f.Scores[cmp.Or(row.DeliveryProbability, notScored)] += row.Orders
	status.Total.add(row)
	if isRevenue(financial) {
		f.Revenue.add(row)
	}
}

// isRevenue: neither voided, which was never paid, nor refunded, which was given back. What is pending counts, as cash on
// delivery is pending until it is delivered; so does what was refunded in part, with its whole total.
func isRevenue(financial string) bool { return financial != "voided" && financial != "refunded" }

// add adds a row's revenue. Orders that name no currency are there only when they come to something: most of them name no
// total either.
func (a amounts) add(row store.DayStats) {
	currency := cmp.Or(row.Currency, noCurrency)
	sum := decimal.Decimal(a[currency]).Add(row.Revenue)
	if row.Currency == "" && sum.IsZero() {
		delete(a, currency)
		return
	}
	a[currency] = amountView(sum)
}

// pay counts orders that tell when they are paid.
func (f *figures) pay(row store.DayPayments) {
	switch row.Payment {
	case store.PaymentOnDelivery:
		f.Payment[paidOnDelivery] += row.Orders
	case store.PaymentBefore:
		f.Payment[paidBefore] += row.Orders
	case store.PaymentUnknown:
	}
}

// rate adds the scores of a day.
func (f *figures) rate(row store.DayScores) {
	f.scored += row.Orders
	f.points += row.Points
	mean := math.Round(100*meanScore(f.points, f.scored)) / 100
	f.MeanScore = &mean
}

func meanScore(points int64, scored int) float64 { return float64(points) / float64(scored) }

// settle counts the orders of which nobody knows when they are paid: those that do not tell, and those that were not read yet.
func (f *figures) settle() {
	if rest := f.Orders - f.Payment[paidOnDelivery] - f.Payment[paidBefore]; rest > 0 {
		f.Payment[paymentUnknown] = rest
	}
}
