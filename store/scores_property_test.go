package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"probability/shopify"
	"probability/store"
	"probability/store/storetest"
)

// Bounds of the property test: few orders make a key nobody's.
const (
	testShared = 4
	testDay    = 3
)

func TestScores_AnyOrderOfArrivalGivesTheSameScores(t *testing.T) {
	t.Parallel()
	storetest.RunConfig(t, func(t *testing.T, cfg store.Config) {
		cfg.Exclusive = false
		waiting, rating := storetest.Open(t, cfg), storetest.Open(t, cfg)
		waiting.ReadWith(1, readTest)
		rating.ReadWith(1, readTest)
		rating.RateWith(func(context.Context, *store.Tx, int64) store.Rate { return rateTest })
		storetest.Check(t, waiting, func(rt *rapid.T) {
			s := waiting
			if rapid.Bool().Draw(rt, "rated before they are stored") {
				s = rating
			}
			store.TightenSharing(s, testShared, testDay, rapid.IntRange(0, 2).Draw(rt, "for each key"), rapid.SampledFrom([]int{1, 3, 100}).Draw(rt, "more"))
			text := func(name string, values ...string) string { return rapid.SampledFrom(values).Draw(rt, name) }
			versions := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) store.Version {
				// At hours that touch the bounds of days, and of the 24 hours before an order.
				hours := rapid.SampledFrom([]float64{-37, -36, -13, -12.5, -12, -1, 0, 0, 1, 11.5, 12}).Draw(rt, "hours")
				v := order(fmt.Sprint(rapid.IntRange(0, 9).Draw(rt, "order")), hours, func(o *shopify.Order) {
					o.Phone, o.CustomerEmail = text("phone", "", "1", "2"), text("email", "", "", "a@x.co")
					o.Address, o.SourceName = text("address", "", "", "Calle 1"), text("ip", "", "1.1.1.1", "2.2.2.2")
					o.FinancialStatus = text("status", "pending", "paid", "voided", "cancelled")
					o.Tags = noon.Add(time.Duration(rapid.IntRange(-40, 12).Draw(rt, "ended")) * time.Hour).Format(time.RFC3339)
				})
				v.Order.UpdatedAt = noon.AddDate(0, 0, 9).Add(time.Duration(rapid.IntRange(0, 3).Draw(rt, "updated")) * time.Second)
				v.ObservedAt = v.Order.UpdatedAt
				return v
			}), 1, 25).Draw(rt, "versions")
			var events []event
			for _, v := range versions {
				events = append(events, event{version: v})
			}
			for range rapid.IntRange(0, 2).Draw(rt, "deletions") {
				events = append(events, event{deleted: fmt.Sprint(rapid.IntRange(0, 9).Draw(rt, "deleted"))})
			}
			reported := rapid.MapOfN(rapid.IntRange(0, 9), rapid.SampledFrom([]store.ParcelOutcome{store.ParcelDelivered, store.ParcelFailed}), 0, 3).Draw(rt, "reported")

			var want map[string]store.OrderFacts
			for arrival := range 2 {
				id := connect(rt, s, uuid.New(), "p.myshopify.com")
				rest := events
				if arrival > 0 {
					rest = rapid.Permutation(events).Draw(rt, "arrival")
				}
				for len(rest) > 0 {
					n := rapid.IntRange(1, len(rest)).Draw(rt, "batch")
					arrive(rt, s, id, rest[:n], rapid.Bool().Draw(rt, "prepared"))
					rest = rest[n:]
					if rapid.Bool().Draw(rt, "rated meanwhile") {
						rateDue(rt, s, id, rapid.IntRange(1, 5).Draw(rt, "at once"))
					}
				}
				report(rt, s, id, reported)
				rateDue(rt, s, id, 5)
				got := allFacts(rt, s, id)
				if arrival == 0 {
					want = got
					expectHistories(rt, got, versions, s, id)
					continue
				}
				if diff := gocmp.Diff(want, got); diff != "" {
					rt.Fatalf("another order of arrival, other scores (-first +this):\n%s", diff)
				}
			}
			expectSound(rt, s)
		})
	})
}

// report says what became of orders, by the platform's ids.
func report(tb tester, s *store.Store, id int64, reported map[int]store.ParcelOutcome) {
	tb.Helper()
	for _, o := range must(s.Orders(tb.Context(), store.OrderFilter{IntegrationID: id, Limit: 1000}))(tb) {
		for n, end := range reported {
			if fmt.Sprint(n) == o.Order.ID {
				update(tb, s, func(ctx context.Context, tx *store.Tx) error {
					return tx.SetReported(ctx, id, o.ID, end, noon.Add(-5*time.Hour), "")
				})
			}
		}
	}
}

// allFacts are those of all orders by the platform's ids, without what follows the order of arrival.
func allFacts(tb tester, s *store.Store, id int64) map[string]store.OrderFacts {
	tb.Helper()
	out := make(map[string]store.OrderFacts)
	for _, o := range must(s.Orders(tb.Context(), store.OrderFilter{IntegrationID: id, Limit: 1000}))(tb) {
		f := must(s.OrderFacts(tb.Context(), id, o.ID))(tb)
		f.OrderID = 0
		out[o.Order.ID] = f
	}
	return out
}

// expectHistories holds the histories against a reckoning of its own, which looks at every other order.
func expectHistories(rt *rapid.T, got map[string]store.OrderFacts, _ []store.Version, s *store.Store, id int64) {
	orders := must(s.Orders(rt.Context(), store.OrderFilter{IntegrationID: id, Limit: 1000}))(rt)
	for _, o := range orders {
		var want store.History
		earlier, recent := map[int64]bool{}, map[int64]bool{}
		for kind, of := range []func(store.Order) string{
			func(o store.Order) string { return o.Phone }, func(o store.Order) string { return o.CustomerEmail },
			func(o store.Order) string { return o.Address }, func(o store.Order) string { return o.SourceName },
		} {
			if of(o) == "" {
				continue
			}
			day := o.CreatedAt.Add(-24 * time.Hour)
			others := slices.DeleteFunc(slices.Clone(orders), func(other store.Order) bool {
				return other.ID == o.ID || of(other) != of(o) || other.CreatedAt.After(o.CreatedAt) || kind > 1 && other.CreatedAt.Before(day)
			})
			if most := [...]int{testShared, testShared, testDay, testDay}[kind]; len(others) > most {
				continue
			}
			for _, other := range others {
				if !other.CreatedAt.Before(o.CreatedAt) {
					continue
				}
				if kind < 2 {
					earlier[other.ID] = true
				}
				if !other.CreatedAt.Before(day) {
					recent[other.ID] = true
				}
			}
		}
		for _, other := range orders {
			f := got[other.Order.ID]
			end := f.Platform
			if f.Reported.Outcome != store.ParcelPending {
				end = f.Reported
			}
			if !earlier[other.ID] || !end.At.Before(o.CreatedAt) {
				continue
			}
			switch end.Outcome {
			case store.ParcelDelivered:
				want.Delivered++
			case store.ParcelFailed:
				want.Failed++
			case store.ParcelPending, store.ParcelCancelled:
			}
		}
		want.Earlier, want.Recent = len(earlier), len(recent)
		if f := got[o.Order.ID]; f.History != want || f.Due || f.Score == nil {
			rt.Fatalf("order %s: got %+v, due %v, want %+v", o.Order.ID, f.History, f.Due, want)
		}
	}
}

// What fails in a part of a transaction leaves the rest of it, and what it was for.
func TestTry_KeepsTheRest(t *testing.T) {
	t.Parallel()
	scoring(t, func(t *testing.T, s *store.Store) {
		id := connect(t, s, uuid.New(), "p.myshopify.com")
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			if _, err := tx.PutOrders(ctx, id, []store.Version{order("1", 0, phone("300"))}, noon); err != nil {
				return err
			}
			for _, end := range []func() error{func() error { return context.Canceled }, func() error { panic("stumbled") }} {
				err := tx.Try(ctx, func(ctx context.Context) error {
					due := must(tx.DueScores(ctx, id, 9))(t)
					if err := tx.PutScores(ctx, id, []store.Rated{{Order: due[0], Rating: &store.Rating{Score: 99, Probability: "high"}}}); err != nil {
						return err
					}
					return end()
				})
				if err == nil {
					t.Error("no error")
				}
			}
			return nil
		})
		if f := facts(t, s, id, "1"); !f.Due || f.Score != nil {
			t.Errorf("got %+v, want an order that is due", f)
		}
		rateDue(t, s, id, 9)
		if f := facts(t, s, id, "1"); f.Score == nil {
			t.Errorf("got %+v, want a score", f)
		}
		expectSound(t, s)
	})
}
