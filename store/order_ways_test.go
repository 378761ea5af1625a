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

// twoWays is a version as REST or as GraphQL tells it: what they tell is the same, their documents are not.
func twoWays(tb tester, id string, updated, observed int, status string, made bool) store.Version {
	tb.Helper()
	begin, end := `{`, `,"token":"of REST alone"}`
	if made {
		begin, end = `{"read_by":"graphql",`, `}`
	}
	raw := fmt.Appendf(nil, `%s"id":%s,"name":"#1","total_price":"10.00","currency":"COP","created_at":"2026-11-01T10:00:00-05:00","updated_at":%q,"financial_status":%q%s`,
		begin, id, noon.Add(time.Duration(updated)*time.Second).Format(time.RFC3339), status, end)
	order, err := shopify.ParseOrder(raw)
	if err != nil {
		tb.Fatal(err)
	}
	return store.Version{Order: order, ObservedAt: noon.Add(time.Duration(observed) * time.Second)}
}

// Whatever comes by which way in which order: what is stored of an order says the same, that of the greatest version; a sync
// that brings it once more changes nothing; and what the platform sent is kept before what was put together.
func TestPutOrders_TwoWaysAreOneOrder(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	rapid.Check(t, func(rt *rapid.T) {
		versions := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) store.Version {
			return twoWays(rt, "1", rapid.IntRange(0, 2).Draw(rt, "updated"), rapid.IntRange(0, 5).Draw(rt, "observed"),
				rapid.SampledFrom([]string{"paid", "voided"}).Draw(rt, "status"), rapid.Bool().Draw(rt, "made"))
		}), 1, 8).Draw(rt, "versions")
		want := versions[0]
		for _, v := range versions[1:] {
			if c := v.Order.UpdatedAt.Compare(want.Order.UpdatedAt); c > 0 || c == 0 && v.ObservedAt.After(want.ObservedAt) {
				want = v
			}
		}
		// Two states seen in the same moment: either may be taken, but the same one always.
		tie := slices.ContainsFunc(versions, func(v store.Version) bool {
			return v.Order.UpdatedAt.Equal(want.Order.UpdatedAt) && v.ObservedAt.Equal(want.ObservedAt) && v.Order.FinancialStatus != want.Order.FinancialStatus
		})
		for range 3 {
			id := connect(rt, s, uuid.New(), "p.myshopify.com")
			rest := rapid.Permutation(versions).Draw(rt, "arrival")
			for len(rest) > 0 {
				n := rapid.IntRange(1, len(rest)).Draw(rt, "batch")
				put(rt, s, id, rest[:n]...)
				rest = rest[n:]
			}
			got := must(s.Orders(rt.Context(), store.OrderFilter{IntegrationID: id, Limit: 10, Payload: true}))(rt)
			if len(got) != 1 || !tie && !shopify.SameOrder(got[0].Raw, want.Order.Raw) {
				rt.Fatalf("stored %s\nwant   %s", got[0].Raw, want.Order.Raw)
			}
			for range 2 {
				for _, o := range put(rt, s, id, versions...) {
					if !tie && o != store.Unchanged && o != store.Stale {
						// Only what was written over in between, by a state of the same second, may come back.
						if !slices.ContainsFunc(versions, func(v store.Version) bool {
							return v.Order.UpdatedAt.Equal(want.Order.UpdatedAt) && v.Order.FinancialStatus != want.Order.FinancialStatus
						}) {
							rt.Fatalf("seen once more: %v", o)
						}
					}
				}
			}
			again := must(s.Orders(rt.Context(), store.OrderFilter{IntegrationID: id, Limit: 10, Payload: true}))(rt)
			if !tie && !shopify.SameOrder(again[0].Raw, want.Order.Raw) {
				rt.Fatalf("seen once more, it became %s\nwant %s", again[0].Raw, want.Order.Raw)
			}
		}
	})
}

func TestPutOrders_ASyncByTheOtherWayWritesNothingOver(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	id := connect(t, s, uuid.New(), "a.myshopify.com")
	raw := func() string {
		return string(must(s.Orders(t.Context(), store.OrderFilter{IntegrationID: id, Limit: 10, Payload: true}))(t)[0].Raw)
	}
	webhook := twoWays(t, "1", 0, 0, "paid", false)
	steps := []struct {
		version store.Version
		outcome store.Outcome
		raw     string
	}{
		{webhook, store.Created, string(webhook.Order.Raw)},
		{twoWays(t, "1", 0, 5, "paid", true), store.Unchanged, string(webhook.Order.Raw)},
		{twoWays(t, "1", 0, 9, "paid", true), store.Unchanged, string(webhook.Order.Raw)},
		{twoWays(t, "1", 0, 7, "voided", false), store.Stale, string(webhook.Order.Raw)}, // seen before the last look
		{twoWays(t, "1", 0, 10, "voided", true), store.Updated, string(twoWays(t, "1", 0, 10, "voided", true).Order.Raw)},
		{twoWays(t, "1", 0, 8, "voided", false), store.Unchanged, string(twoWays(t, "1", 0, 8, "voided", false).Order.Raw)},
		{twoWays(t, "1", 0, 9, "paid", false), store.Stale, string(twoWays(t, "1", 0, 8, "voided", false).Order.Raw)},
		{twoWays(t, "1", 1, 11, "paid", true), store.Updated, string(twoWays(t, "1", 1, 11, "paid", true).Order.Raw)},
		{twoWays(t, "1", 1, 11, "paid", false), store.Unchanged, string(twoWays(t, "1", 1, 11, "paid", false).Order.Raw)},
	}
	for i, step := range steps {
		if got := put(t, s, id, step.version); got[0] != step.outcome || raw() != step.raw {
			t.Fatalf("step %d: %v, stored %s; want %v and %s", i+1, got[0], raw(), step.outcome, step.raw)
		}
	}
}

// In one transaction both ways may come as well, and orders that are new.
func TestPutOrders_BothWaysInOneGo(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	id := connect(t, s, uuid.New(), "a.myshopify.com")
	var all []store.Version
	for n := range 40 {
		order := itoa(100 + n)
		all = append(all, twoWays(t, order, n%2, 3, "paid", n%3 == 0), twoWays(t, order, n%2, 4, "paid", n%3 != 0))
	}
	update(t, s, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.PutOrders(ctx, id, all, noon)
		return err
	})
	orders := must(s.Orders(t.Context(), store.OrderFilter{IntegrationID: id, Limit: 100, Payload: true}))(t)
	var made []string
	for _, o := range orders {
		if shopify.MadeFromGraphQL(o.Raw) {
			made = append(made, o.Order.ID)
		}
	}
	if len(orders) != 40 || len(made) > 0 {
		t.Errorf("%d orders, of GraphQL alone: %s", len(orders), gocmp.Diff([]string(nil), made))
	}
}
