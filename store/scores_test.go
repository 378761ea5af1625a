package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/shopify"
	"probability/store"
	"probability/store/storetest"
)

// readTest reads an order in the way of these tests: the customer from the order's own members, the network from the source, the end
// from the financial status and the tags, which say when.
func readTest(o shopify.Order) store.Reading {
	r := store.Reading{Facts: []byte(o.Number), Version: 1, Identity: store.Identity{Phone: o.Phone, Email: o.CustomerEmail, Address: o.Address, IP: o.SourceName}}
	ends := map[string]store.ParcelOutcome{"paid": store.ParcelDelivered, "voided": store.ParcelFailed, "cancelled": store.ParcelCancelled}
	if end, ok := ends[o.FinancialStatus]; ok {
		r.Settled = store.Settled{Outcome: end}
		if at, err := time.Parse(time.RFC3339, o.Tags); err == nil {
			r.Settled.At = at
		}
	}
	return r
}

// rateTest gives a score that tells every part of a history.
func rateTest(o store.OrderToRate) *store.Rating {
	if o.Version == 0 {
		return nil
	}
	h := o.History
	mark := o.Mark
	if mark == 0 {
		mark = h.Mark
	}
	score := max(0, min(100, 50+9*h.Delivered-7*h.Failed+3*h.Earlier-2*h.Recent+20*int(mark)))
	r := &store.Rating{Score: score, Probability: "low", Carrier: fmt.Sprintf("%d/%d/%d/%d/%d", h.Delivered, h.Failed, h.Earlier, h.Recent, mark)}
	if score >= 50 {
		r.Probability = "high"
	}
	if h.Failed > 0 {
		r.Negative = append(r.Negative, store.Factor{Code: "customer_refused_before", Points: -7 * h.Failed}, store.Factor{Code: "velocity", Points: -1})
	}
	return r
}

// rateDue rates until nothing is due, a few orders in each transaction.
func rateDue(tb tester, s *store.Store, id int64, batch int) {
	tb.Helper()
	for more := true; more; {
		update(tb, s, func(ctx context.Context, tx *store.Tx) error {
			due, err := tx.DueScores(ctx, id, batch)
			if err != nil {
				return err
			}
			more = len(due) == batch
			rated := make([]store.Rated, len(due))
			for i, o := range due {
				rated[i] = store.Rated{Order: o, Rating: rateTest(o)}
			}
			return tx.PutScores(ctx, id, rated)
		})
	}
}

// scoring runs fn on a store of each engine that reads orders.
func scoring(t *testing.T, fn func(t *testing.T, s *store.Store)) {
	t.Helper()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		s.ReadWith(1, readTest)
		fn(t, s)
	})
}

// order is a version of an order that is placed so many hours after noon.
func order(id string, hours float64, edit func(*shopify.Order)) store.Version {
	v := version(id, noon.AddDate(0, 0, 10), func(o *shopify.Order) {
		o.CreatedAt = noon.Add(time.Duration(hours * float64(time.Hour)))
		if edit != nil {
			edit(o)
		}
	})
	o := v.Order
	v.Order.Raw = fmt.Appendf(nil, `{"id":%q,"of":%q}`, o.ID, strings.Join([]string{o.CreatedAt.String(), o.Phone, o.CustomerEmail, o.Address, o.SourceName, o.FinancialStatus, o.Tags}, "|"))
	return v
}

func phone(number string) func(*shopify.Order) { return func(o *shopify.Order) { o.Phone = number } }

// ended is an order of a number that ended so many hours after noon.
func ended(number, status string, hours float64) func(*shopify.Order) {
	return func(o *shopify.Order) {
		o.Phone, o.FinancialStatus, o.Tags = number, status, noon.Add(time.Duration(hours*float64(time.Hour))).Format(time.RFC3339)
	}
}

// facts are an order's, by the platform's id.
func facts(tb tester, s *store.Store, integration int64, platformID string) store.OrderFacts {
	tb.Helper()
	for _, o := range must(s.Orders(tb.Context(), store.OrderFilter{IntegrationID: integration, Limit: 1000}))(tb) {
		if o.Order.ID == platformID {
			return must(s.OrderFacts(tb.Context(), integration, o.ID))(tb)
		}
	}
	tb.Fatal("no order " + platformID)
	return store.OrderFacts{}
}

func expectHistory(tb testing.TB, s *store.Store, integration int64, platformID string, want store.History) {
	tb.Helper()
	f := facts(tb, s, integration, platformID)
	if f.History != want || f.Due {
		tb.Errorf("order %s: got %+v, due %v, want %+v", platformID, f.History, f.Due, want)
	}
}

func expectSound(tb tester, s *store.Store) {
	tb.Helper()
	for _, check := range []func(context.Context, *store.Store) ([]string, error){store.CheckScores, store.CheckSums} {
		if wrong := must(check(tb.Context(), s))(tb); len(wrong) > 0 {
			tb.Fatal(strings.Join(wrong, "\n"))
		}
	}
}

func TestScores_CountWhatHadEndedBefore(t *testing.T) {
	t.Parallel()
	scoring(t, func(t *testing.T, s *store.Store) {
		id := connect(t, s, uuid.New(), "p.myshopify.com")
		put(t, s, id,
			order("1", -100, ended("300", "paid", -50)),
			order("2", -90, ended("300", "voided", 5)), // ended after the fourth was placed
			order("3", -80, ended("300", "cancelled", -70)),
			order("10", -70, ended("300", "paid", 0)), // just as the fourth was placed
			order("4", 0, phone("300")),
			order("5", 6, phone("300")),
			order("6", 6, phone("300")), // at the same time as the fifth
			order("7", 6, phone("301")),
			order("8", 7, nil), order("9", 8, nil)) // of nobody known
		rateDue(t, s, id, 3)
		expectHistory(t, s, id, "1", store.History{})
		expectHistory(t, s, id, "4", store.History{Delivered: 1, Earlier: 4})
		for _, same := range []string{"5", "6"} {
			expectHistory(t, s, id, same, store.History{Delivered: 2, Failed: 1, Earlier: 5, Recent: 1})
		}
		expectHistory(t, s, id, "7", store.History{})
		expectHistory(t, s, id, "9", store.History{})
		if f := facts(t, s, id, "5"); *f.Score != 50+18-7+15-2 || f.Probability != "high" || f.Carrier != "2/1/5/1/0" || len(f.Negative) != 2 || f.Negative[0].Points != -7 {
			t.Errorf("got %+v", f)
		}
		o := must(s.Orders(t.Context(), store.OrderFilter{IntegrationID: id, Order: store.OrderBy{Field: store.ByDeliveryScore}, Limit: 1}))(t)[0]
		if o.DeliveryScore == nil || *o.DeliveryScore != 50 {
			t.Errorf("the lowest score is %v", o.DeliveryScore)
		}
		expectSound(t, s)
	})
}

// A telephone number that very many orders have is a placeholder, and so is a network address that many have on one day. It counts until then.
func TestScores_AKeyOfManyIsNobodys(t *testing.T) {
	t.Parallel()
	scoring(t, func(t *testing.T, s *store.Store) {
		id := connect(t, s, uuid.New(), "p.myshopify.com")
		var vs []store.Version
		for n := range 120 {
			vs = append(vs, order(itoa(n), -float64(n), func(o *shopify.Order) { // newest first
				if n < 60 {
					o.Phone = "000"
				} else {
					o.SourceName = "10.0.0.1"
				}
			}))
		}
		put(t, s, id, vs...)
		rateDue(t, s, id, 7)
		expectHistory(t, s, id, "59", store.History{})                       // the first of the number
		expectHistory(t, s, id, "9", store.History{Earlier: 50, Recent: 24}) // the fifty-first
		expectHistory(t, s, id, "8", store.History{})                        // the next one has more than fifty before it
		expectHistory(t, s, id, "109", store.History{Recent: 10})            // of the network address: ten before it
		expectHistory(t, s, id, "108", store.History{})                      // eleven
		update(t, s, func(ctx context.Context, tx *store.Tx) error {         // one of the first goes, and all move up
			_, err := tx.DeleteOrder(ctx, id, "50", noon)
			return err
		})
		rateDue(t, s, id, 7)
		expectHistory(t, s, id, "8", store.History{Earlier: 50, Recent: 24})
		expectSound(t, s)
	})
}

func TestScores_ReportsAndMarks(t *testing.T) {
	t.Parallel()
	scoring(t, func(t *testing.T, s *store.Store) {
		id, other := connect(t, s, uuid.New(), "p.myshopify.com"), connect(t, s, uuid.New(), "q.myshopify.com")
		put(t, s, id, order("1", -100, ended("300", "paid", -50)), order("2", 0, phone("300")), order("3", 1, phone("301")))
		put(t, s, other, order("1", 0, phone("300")))
		rateDue(t, s, id, 10)
		first, second := facts(t, s, id, "1").OrderID, facts(t, s, id, "2").OrderID

		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			return tx.SetReported(ctx, id, first, store.ParcelFailed, noon.Add(-time.Hour), "Coordinadora")
		})
		rateDue(t, s, id, 10)
		expectHistory(t, s, id, "2", store.History{Failed: 1, Earlier: 1})
		if f := facts(t, s, id, "1"); f.Reported != (store.Settled{Outcome: store.ParcelFailed, At: noon.Add(-time.Hour)}) || f.ReportedCarrier != "Coordinadora" ||
			f.Platform.Outcome != store.ParcelDelivered {
			t.Errorf("got %+v", f)
		}
		want := []store.OutcomeCount{{Platform: store.ParcelPending, Orders: 2}, {Platform: store.ParcelDelivered, Reported: store.ParcelFailed, Orders: 1}}
		if got := must(s.OutcomeCounts(t.Context(), id))(t); len(got) != 2 || got[0] != want[0] || got[1] != want[1] || got[1].Outcome() != store.ParcelFailed {
			t.Errorf("got %+v, want %+v", got, want)
		}
		// A later state of the order leaves the report.
		later := order("1", -100, ended("300", "paid", -40))
		later.Order.UpdatedAt = later.Order.UpdatedAt.Add(time.Hour)
		put(t, s, id, later)
		rateDue(t, s, id, 10)
		expectHistory(t, s, id, "2", store.History{Failed: 1, Earlier: 1})
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			return tx.SetReported(ctx, id, first, store.ParcelPending, noon, "taken back")
		})
		rateDue(t, s, id, 10)
		expectHistory(t, s, id, "2", store.History{Delivered: 1, Earlier: 1})

		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			known, err := tx.SetCustomerMark(ctx, id, second, -1, noon)
			if !known {
				t.Error("an order with a number is of nobody")
			}
			return err
		})
		put(t, s, id, order("4", 50, phone("300"))) // orders to come are marked as well
		rateDue(t, s, id, 10)
		expectHistory(t, s, id, "1", store.History{Mark: -1})
		expectHistory(t, s, id, "4", store.History{Delivered: 1, Earlier: 2, Mark: -1})
		expectHistory(t, s, id, "3", store.History{})
		update(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.SetMark(ctx, id, second, 1) })
		rateDue(t, s, id, 10)
		if f := facts(t, s, id, "2"); f.Mark != 1 || *f.Score != 50+9+3+20 {
			t.Errorf("got %+v, want the order's own mark to count", f)
		}
		for name, set := range map[string]func(ctx context.Context, tx *store.Tx) error{
			"report": func(ctx context.Context, tx *store.Tx) error {
				return tx.SetReported(ctx, other, first, store.ParcelFailed, noon, "")
			},
			"mark": func(ctx context.Context, tx *store.Tx) error { return tx.SetMark(ctx, other, first, 1) },
			"customer": func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.SetCustomerMark(ctx, other, first, 1, noon)
				return err
			},
		} {
			if err := s.Update(t.Context(), set); !isNotFound(err) {
				t.Errorf("%s of another's order: got %v", name, err)
			}
		}
		if _, err := s.OrderFacts(t.Context(), other, first); !isNotFound(err) {
			t.Errorf("facts of another's order: got %v", err)
		}
		expectSound(t, s)
	})
}

func isNotFound(err error) bool { return errors.Is(err, store.ErrNotFound) }
