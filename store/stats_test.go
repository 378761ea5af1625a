package store_test

import (
	"context"
	"fmt"
	"math/big"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"probability/shopify"
	"probability/store"
	"probability/store/storetest"
)

// totalsFrom gives the rows with their revenue as text, which compares.
func totalsFrom(rows []store.DayStats) map[string]string {
	out := map[string]string{}
	for _, r := range rows {
		key := fmt.Sprintf("%s %q %q %q %q", r.Day.Format(time.DateTime), r.FinancialStatus, r.FulfillmentStatus, r.Currency, r.DeliveryProbability)
		if out[key] != "" {
			out[key] += " and again "
		}
		out[key] += fmt.Sprintf("%d: %s", r.Orders, r.Revenue)
	}
	return out
}

// TestDayStats_AreARecountOfTheOrders adds up random orders by itself.
func TestDayStats_AreARecountOfTheOrders(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		days := []string{"1969-12-30", "1969-12-31", "1970-01-01", "2026-05-03", "2026-05-04"}
		storetest.Check(t, s, func(rt *rapid.T) {
			id := connect(rt, s, uuid.New(), "p.myshopify.com")
			other := connect(rt, s, uuid.New(), "p.myshopify.com")
			var versions []store.Version
			for n := range rapid.IntRange(0, 25).Draw(rt, "orders") {
				versions = append(versions, version(fmt.Sprint(n), noon, func(o *shopify.Order) {
					o.CreatedAt = time.Time{}
					if day := rapid.SampledFrom(append(days, "")).Draw(rt, "day"); day != "" {
						start := must(time.Parse(time.DateOnly, day))(rt)
						at := rapid.SampledFrom([]time.Duration{0, time.Millisecond, 12 * time.Hour, 24*time.Hour - time.Millisecond}).Draw(rt, "at")
						o.CreatedAt = start.Add(at)
					}
					o.FinancialStatus = rapid.SampledFrom([]string{"", "paid", "voided"}).Draw(rt, "financial")
					o.FulfillmentStatus = rapid.SampledFrom([]string{"", "fulfilled"}).Draw(rt, "fulfillment")
					o.Currency = rapid.SampledFrom([]string{"", "COP", "USD"}).Draw(rt, "currency")
					o.TotalPrice = rapid.SampledFrom([]string{
						"", "0.00", "0.10", "-0.30", "0.000001", "-0.000001", "1500.50", "999999999.999999", "-999999999.999999", "9223372036854.775807", "-9223372036854.775808",
					}).Draw(rt, "total")
				}))
			}
			put(rt, s, id, versions...)
			put(rt, s, other, versions...)
			deleted := map[string]bool{}
			for range min(len(versions), rapid.IntRange(0, 3).Draw(rt, "deletions")) {
				gone := rapid.SampledFrom(versions).Draw(rt, "deleted").Order.ID
				deleted[gone] = true
				update(rt, s, func(ctx context.Context, tx *store.Tx) error {
					_, err := tx.DeleteOrder(ctx, id, gone, noon)
					return err
				})
			}

			since := must(time.Parse(time.DateOnly, rapid.SampledFrom(days).Draw(rt, "since")))(rt)
			until := must(time.Parse(time.DateOnly, rapid.SampledFrom(days).Draw(rt, "until")))(rt)
			type sum struct {
				orders int
				total  *big.Rat
			}
			sums := map[string]*sum{}
			for _, v := range versions {
				at := v.Order.CreatedAt
				if at.IsZero() {
					at = noon // imported_at
				}
				day := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
				if deleted[v.Order.ID] || day.Before(since) || day.After(until) {
					continue
				}
				key := fmt.Sprintf("%s %q %q %q %q", day.Format(time.DateTime), v.Order.FinancialStatus, v.Order.FulfillmentStatus, v.Order.Currency, "")
				if sums[key] == nil {
					sums[key] = &sum{total: new(big.Rat)}
				}
				sums[key].orders++
				if v.Order.TotalPrice != "" {
					total, ok := new(big.Rat).SetString(v.Order.TotalPrice)
					if !ok {
						rt.Fatal("no number")
					}
					sums[key].total.Add(sums[key].total, total)
				}
			}
			want := map[string]string{}
			for key, sum := range sums {
				exact := must(decimal.NewFromString(sum.total.FloatString(6)))(rt)
				want[key] = fmt.Sprintf("%d: %s", sum.orders, exact)
			}
			// Any time of a day means that day.
			late := rapid.SampledFrom([]time.Duration{0, 1, time.Hour, 24*time.Hour - 1}).Draw(rt, "late")
			got := must(s.DayStats(rt.Context(), id, since.Add(late), until.Add(late)))(rt)
			if diff := gocmp.Diff(want, totalsFrom(got)); diff != "" {
				rt.Fatalf("from %v to %v (-want +got):\n%s", since, until, diff)
			}
		})
	})
}

// TestDayStats_SumBeyondAnInteger adds up more than 64 bits of millionths can hold.
func TestDayStats_SumBeyondAnInteger(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		id := connect(t, s, uuid.New(), "a.myshopify.com")
		var versions []store.Version
		for n := range 30 {
			versions = append(versions, version(itoa(n), noon, func(o *shopify.Order) { o.TotalPrice = "9223372036854.775807" }))
		}
		put(t, s, id, versions...)
		got := must(s.DayStats(t.Context(), id, noon, noon))(t)
		if len(got) != 1 || got[0].Orders != 30 || got[0].Revenue.String() != "276701161105643.27421" || !got[0].Day.Equal(noon.Truncate(24*time.Hour)) {
			t.Errorf("got %+v", got)
		}
	})
}

func TestDayStats_ComeInOrder(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		id := connect(t, s, uuid.New(), "a.myshopify.com")
		var versions []store.Version
		for n := range 60 {
			versions = append(versions, version(itoa(n), noon, func(o *shopify.Order) {
				o.CreatedAt = noon.AddDate(0, 0, -n*7%30)
				o.FinancialStatus = []string{"paid", "voided", ""}[n%3]
			}))
		}
		put(t, s, id, versions...)
		got := must(s.DayStats(t.Context(), id, noon.AddDate(0, 0, -20), noon))(t)
		for i := 1; i < len(got); i++ {
			if a, b := got[i-1], got[i]; b.Day.Before(a.Day) || b.Day.Equal(a.Day) && b.FinancialStatus <= a.FinancialStatus {
				t.Errorf("%v %s comes before %v %s", a.Day, a.FinancialStatus, b.Day, b.FinancialStatus)
			}
		}
		if len(got) < 20 || got[0].Day.Before(noon.AddDate(0, 0, -21)) {
			t.Errorf("%d rows from %v", len(got), got[0].Day)
		}
	})
}
