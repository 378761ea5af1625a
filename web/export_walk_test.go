package web_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"probability/shopify"
	"probability/store"
	"probability/web"
)

// TestExport_WalkGivesWhatStaysOnce changes, adds and deletes orders after each batch, also while the orders are gone through once more.
func TestExport_WalkGivesWhatStaysOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id := b.connected()
	first, last, version, run := 1, 0, 0, 0 // the orders of a run, and what grows over the runs
	rapid.Check(t, func(rt *rapid.T) {
		run++
		state := func(n int) store.Version { // a new state of the order, anywhere in the orderings that are not lasting
			version++
			o, err := shopify.ParseOrder([]byte(order(n, map[string]any{
				"email": fmt.Sprintf("run%d-@example.com", run), "total_price": fmt.Sprint(rapid.IntRange(-3, 9).Draw(rt, "total")),
				"created_at": noon.Add(-time.Duration(n%4) * time.Hour).Format(time.RFC3339),
				"updated_at": noon.Add(time.Duration(version) * time.Second).Format(time.RFC3339),
			})))
			fatal(t, err)
			return store.Version{Order: o, ObservedAt: noon}
		}
		gone := map[int]bool{}
		change := func(changes int, newOnes bool) {
			fatal(t, b.store.Update(rt.Context(), func(ctx context.Context, tx *store.Tx) error {
				var errs []error
				for range changes {
					n := last + 1
					if !newOnes || last >= first && rapid.IntRange(0, 3).Draw(rt, "kind") > 0 {
						n = rapid.IntRange(first, max(first, last)).Draw(rt, "order")
					}
					if last = max(last, n); n <= last && rapid.IntRange(0, 7).Draw(rt, "deletes") == 0 && !newOnes {
						_, err := tx.DeleteOrder(ctx, id, fmt.Sprint(5_000_000_000_000+n), noon)
						errs, gone[n] = append(errs, err), true
						continue
					}
					_, err := tx.PutOrders(ctx, id, []store.Version{state(n)}, noon)
					errs = append(errs, err)
				}
				return errors.Join(errs...)
			}))
		}
		first = last + 1
		for range rapid.IntRange(0, 12).Draw(rt, "orders") {
			change(1, true)
		}
		staying := last
		filter := store.OrderFilter{
			IntegrationID: id, Payload: rapid.Bool().Draw(rt, "payload"), Search: fmt.Sprintf("run%d-", run),
			Order: store.OrderBy{Field: rapid.SampledFrom([]string{"created_at", "updated_at", "imported_at", "total_price"}).Draw(rt, "field"), Desc: rapid.Bool().Draw(rt, "desc")},
		}
		seen, batches := map[string]int{}, 0
		err := web.Walk(rt.Context(), b.store, filter, rapid.SampledFrom([]int{1, 1, 2, 5}).Draw(rt, "batch"), func(orders []store.Order) error {
			for _, o := range orders {
				seen[o.Number]++
				if filter.Payload != (o.Raw != nil) {
					rt.Errorf("%s: the payload is there: %v", o.Number, o.Raw != nil)
				}
			}
			if batches++; batches > 50 {
				return fmt.Errorf("no end after %d batches", batches)
			}
			if changes := rapid.IntRange(0, 4).Draw(rt, "changes"); last >= first && batches < 20 {
				change(changes, rapid.IntRange(0, 5).Draw(rt, "new") == 0)
			}
			return nil
		})
		if err != nil {
			rt.Fatal(err)
		}
		for n := first; n <= staying; n++ {
			if got := seen[fmt.Sprintf("#%d", n)]; got > 1 || got == 0 && !gone[n] {
				rt.Fatalf("by %+v, order %d, deleted %v, was given %d times", filter.Order, n, gone[n], got)
			}
		}
	})
}

func TestExport_ReadsOneBatchAheadAndNoFurther(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id := b.connected()
	b.fill(id, 300, func(n int) string { return order(n) })
	for range 20 {
		if dropped := web.ReadOne(t.Context(), b.store, store.OrderFilter{IntegrationID: id}, 10); dropped > 5 {
			t.Errorf("%d batches were read for nobody", dropped)
		}
	}
}
