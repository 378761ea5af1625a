package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"probability/store"
	"probability/store/storetest"
)

func TestReplay_SlicesOfAFilterUpToTheLast(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		id, other := connect(t, s, uuid.New(), "a.myshopify.com"), connect(t, s, uuid.New(), "b.myshopify.com")
		for n := range 8 {
			d := delivery(id, itoa(n))
			d.State, d.ReceivedAt = "failed", noon.Add(time.Duration(n)*time.Second)
			if n == 2 {
				d.State = "processed"
			}
			d.ErrorCode, d.Attempts, d.ProcessedAt = "not_an_order", 4, noon
			receive(t, s, d)
		}
		theirs := delivery(other, "x")
		theirs.State = "failed"
		receive(t, s, theirs)
		last := must(s.LastDelivery(t.Context(), id))(t)
		if last == 0 || must(s.LastDelivery(t.Context(), 999))(t) != 0 {
			t.Fatalf("the last is %d", last)
		}
		filter := store.DeliveryFilter{State: "failed", Since: noon.Add(time.Second), Until: noon.Add(6 * time.Second)}
		first := must(s.MatchingDeliveries(t.Context(), id, filter, 0, last, 3))(t)
		second := must(s.MatchingDeliveries(t.Context(), id, filter, first[2], last, 3))(t)
		if diff := cmp.Diff([]int64{2, 4, 5, 6, 7}, append(first, second...)); diff != "" {
			t.Error(diff)
		}
		if rest := must(s.MatchingDeliveries(t.Context(), id, filter, 0, 4, 9))(t); len(rest) != 2 {
			t.Errorf("up to the fourth: %v", rest)
		}
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			// The third is processed by now: it stays.
			if n := must(tx.ReplayDeliveries(ctx, "failed", []int64{2, 3, 4}, noon))(t); n != 2 {
				t.Errorf("replayed %d, want 2", n)
			}
			return nil
		})
		for _, d := range must(s.PendingDeliveries(t.Context(), id, noon, 0, 9))(t) {
			if d.ErrorCode != "" || d.Attempts != 0 || !d.ProcessedAt.IsZero() || string(d.Body) != "{}" {
				t.Errorf("got %+v", d)
			}
		}
		if n := must(s.CountDeliveries(t.Context(), id, store.DeliveryFilter{State: "pending"}))(t); n != 2 {
			t.Errorf("%d are due, want 2", n)
		}
	})
}
