package store_test

import (
	"cmp"
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

// visible is everything a reader can see of the orders of an integration, and which order ids are tombstones.
type visible struct {
	Orders  []store.Order
	Deleted []string
}

func visibleOrders(tb tester, s *store.Store, integration int64) visible {
	tb.Helper()
	var v visible
	v.Orders = must(s.Orders(tb.Context(), store.OrderFilter{IntegrationID: integration, Limit: 1000, Payload: true}))(tb)
	for i := range v.Orders {
		v.Orders[i].ID, v.Orders[i].IntegrationID = 0, 0 // these follow the order of arrival
	}
	slices.SortFunc(v.Orders, func(a, b store.Order) int { return cmp.Compare(a.Order.ID, b.Order.ID) })
	// A version in the far future tells a tombstone from an order that is not known. It is rolled back.
	_ = s.Update(tb.Context(), func(ctx context.Context, tx *store.Tx) error {
		for n := range 5 {
			id := fmt.Sprint(n)
			out := must(tx.PutOrders(ctx, integration, []store.Version{version(id, noon.AddDate(9, 0, 0), nil)}, noon))(tb)
			if out[0] == store.Deleted {
				v.Deleted = append(v.Deleted, id)
			}
		}
		return context.Canceled
	})
	return v
}

// event is a version of an order, or its deletion.
type event struct {
	version store.Version
	deleted string
}

func TestPutOrders_AnyOrderOfArrivalGivesTheSameOrders(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		storetest.Check(t, s, func(rt *rapid.T) {
			// Few values, so that times and payloads are equal often.
			versions := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) store.Version {
				var updated time.Time
				if at := rapid.IntRange(0, 4).Draw(rt, "updated"); at > 0 {
					updated = noon.Add(time.Duration(at) * time.Second)
				}
				v := version(fmt.Sprint(rapid.IntRange(0, 3).Draw(rt, "order")), updated, func(o *shopify.Order) {
					o.FinancialStatus = rapid.SampledFrom([]string{"", "paid", "voided"}).Draw(rt, "status")
					o.CustomerEmail = rapid.SampledFrom([]string{"", "a@x.co", "A@X.co", "b@x.co"}).Draw(rt, "email")
					if rapid.Bool().Draw(rt, "dateless") {
						o.CreatedAt = time.Time{}
					}
				})
				// created_at is part of the payload.
				v.Order.Raw = fmt.Appendf(v.Order.Raw[:len(v.Order.Raw)-1], `,"created":%q}`, v.Order.CreatedAt)
				v.ObservedAt = noon.Add(time.Duration(rapid.IntRange(0, 3).Draw(rt, "observed")) * time.Second)
				return v
			}), 1, 12).Draw(rt, "versions")
			var events []event
			for _, v := range versions {
				events = append(events, event{version: v})
			}
			for range rapid.IntRange(0, 2).Draw(rt, "deletions") {
				events = append(events, event{deleted: fmt.Sprint(rapid.IntRange(0, 4).Draw(rt, "deleted"))})
			}
			events = append(events, rapid.SliceOfN(rapid.SampledFrom(events), 0, 4).Draw(rt, "repeated")...)

			var want visible
			for arrival := range 3 {
				id := connect(rt, s, uuid.New(), "p.myshopify.com")
				shuffled := events
				if arrival > 0 {
					shuffled = rapid.Permutation(events).Draw(rt, "arrival")
				}
				for len(shuffled) > 0 {
					n := rapid.IntRange(1, len(shuffled)).Draw(rt, "batch")
					arrive(rt, s, id, shuffled[:n], rapid.Bool().Draw(rt, "prepared"))
					shuffled = shuffled[n:]
				}
				got := visibleOrders(rt, s, id)
				if arrival == 0 {
					want = got
					continue
				}
				if diff := gocmp.Diff(want, got); diff != "" {
					rt.Fatalf("another order of arrival, other orders (-first +this):\n%s", diff)
				}
			}
			expectGreatest(rt, events, want)
		})
	})
}

// arrive stores a batch in one transaction, versions in runs between deletions.
func arrive(tb tester, s *store.Store, id int64, events []event, prepared bool) {
	tb.Helper()
	update(tb, s, func(ctx context.Context, tx *store.Tx) error {
		var run []store.Version
		flush := func() error {
			if prepared {
				s.Prepare(run)
			}
			_, err := tx.PutOrders(ctx, id, run, noon)
			run = nil
			return err
		}
		for _, e := range events {
			if e.deleted == "" {
				run = append(run, e.version)
				continue
			}
			if err := flush(); err != nil {
				return err
			}
			if _, err := tx.DeleteOrder(ctx, id, e.deleted, noon); err != nil {
				return err
			}
		}
		return flush()
	})
}

// expectGreatest holds the rows against a reckoning of its own: the latest by payload time, then by observation.
func expectGreatest(rt *rapid.T, events []event, got visible) {
	deleted := map[string]bool{}
	greatest := map[string]store.Version{}
	for _, e := range events {
		if e.deleted != "" {
			deleted[e.deleted] = true
			continue
		}
		was, ok := greatest[e.version.Order.ID]
		at := func(v store.Version) time.Time {
			if v.Order.UpdatedAt.IsZero() && v.Order.CreatedAt.IsZero() {
				return time.UnixMilli(0)
			}
			if v.Order.UpdatedAt.IsZero() {
				return v.Order.CreatedAt
			}
			return v.Order.UpdatedAt
		}
		if !ok || at(e.version).After(at(was)) || at(e.version).Equal(at(was)) && e.version.ObservedAt.After(was.ObservedAt) {
			greatest[e.version.Order.ID] = e.version
		}
	}
	for id := range deleted {
		delete(greatest, id)
	}
	if len(got.Orders) != len(greatest) || len(got.Deleted) != len(deleted) {
		rt.Fatalf("%d orders and tombstones %v, want %d and %v", len(got.Orders), got.Deleted, len(greatest), deleted)
	}
	for _, o := range got.Orders {
		if want := greatest[o.Order.ID].Order.UpdatedAt; !o.UpdatedAt.Equal(want) {
			rt.Fatalf("order %s is of %v, want %v", o.Order.ID, o.UpdatedAt, want)
		}
	}
}
