package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"probability/store"
	"probability/store/storetest"
)

func receive(t *testing.T, s *store.Store, ds ...store.Delivery) (inserted []bool) {
	t.Helper()
	update(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
		inserted, err = tx.InsertDeliveries(ctx, ds)
		return err
	})
	return inserted
}

func delivery(integration int64, webhook string) store.Delivery {
	return store.Delivery{ID: uuid.Must(uuid.NewV7()), IntegrationID: integration, WebhookID: webhook, Topic: "orders/create", State: "pending", ReceivedAt: noon, Body: []byte("{}")}
}

func TestInsertDeliveries_EachWebhookOnceAnIntegration(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		a, b, gone := connect(t, s, uuid.New(), "a.myshopify.com"), connect(t, s, uuid.New(), "a.myshopify.com"), connect(t, s, uuid.New(), "c.myshopify.com")
		disconnect(t, s, gone)
		got := receive(t, s, delivery(a, "1"), delivery(a, "1"), delivery(b, "1"), delivery(a, ""), delivery(a, ""), delivery(gone, "1"), delivery(999, "1"), delivery(a, "2"))
		if diff := cmp.Diff([]bool{true, false, true, true, true, false, false, true}, got); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]bool{false, true}, receive(t, s, delivery(a, "2"), delivery(b, "2"))); diff != "" {
			t.Errorf("a second time: %s", diff)
		}
		var many []store.Delivery
		want := make([]bool, 120)
		for i := range want {
			many = append(many, delivery(a, "m"+itoa(i%90)))
			want[i] = i < 90
		}
		if diff := cmp.Diff(want, receive(t, s, many...)); diff != "" {
			t.Errorf("several statements: %s", diff)
		}
		if n := must(s.CountDeliveries(t.Context(), a, store.DeliveryFilter{}))(t); n != 4+90 {
			t.Errorf("%d deliveries, want 94", n)
		}
		if got := receive(t, s); len(got) != 0 {
			t.Errorf("none: %v", got)
		}
		again := delivery(a, "")
		err := s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.InsertDeliveries(ctx, []store.Delivery{again, again})
			return err
		})
		if !errors.Is(err, store.ErrConflict) {
			t.Errorf("one id twice: got %v, want ErrConflict", err)
		}
	})
}

func TestDeliveries_KeepEveryMember(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		id := connect(t, s, uuid.New(), "a.myshopify.com")
		at := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Millisecond) }
		d := store.Delivery{
			ID: uuid.New(), IntegrationID: id, WebhookID: "w", EventID: "e", Topic: "orders/updated", APIVersion: "2026-10", TriggeredAt: at(1), ReceivedAt: at(2),
			State: "pending", Body: manyVersions(0, 1)[0].Order.Raw,
		}
		receive(t, s, d)
		if diff := cmp.Diff(d, must(s.Delivery(t.Context(), id, d.ID))(t), stored); diff != "" {
			t.Errorf("inserted: %s", diff)
		}
		d.Seq = must(s.Delivery(t.Context(), id, d.ID))(t).Seq
		d.State, d.Attempts, d.ErrorCode, d.ErrorDetail, d.ProcessedAt, d.NextAttemptAt = "failed", 3, "invalid_json", "x", at(3), at(4)
		d.Duration = 12 * time.Millisecond
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.MarkDeliveries(ctx, []store.Delivery{d, delivery(id, "gone")}); err != nil {
				return err
			}
			if diff := cmp.Diff(d, must(tx.Delivery(ctx, id, d.ID))(t), stored); diff != "" {
				t.Errorf("in the transaction: %s", diff)
			}
			return tx.MarkDeliveries(ctx, nil)
		})
		d.Body = nil
		if diff := cmp.Diff([]store.Delivery{d}, must(s.Deliveries(t.Context(), id, store.DeliveryFilter{}))(t), stored); diff != "" {
			t.Errorf("listed: %s", diff)
		}
		if _, err := s.Delivery(t.Context(), id+1, d.ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("of another integration: got %v, want ErrNotFound", err)
		}
	})
}

// stored passes over what only the database knows.
var stored = cmp.Options{cmpopts.IgnoreUnexported(store.Delivery{}), cmpopts.IgnoreFields(store.Delivery{}, "Seq")}

func TestPendingDeliveries_DueOnesInTheOrderOfArrival(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		id, idle := connect(t, s, uuid.New(), "a.myshopify.com"), connect(t, s, uuid.New(), "b.myshopify.com")
		second, first, later, done := delivery(id, "2"), delivery(id, "1"), delivery(id, "3"), delivery(id, "4")
		first.ReceivedAt, later.NextAttemptAt, done.State = noon.Add(-time.Second), noon.Add(time.Second), "processed"
		waiting := delivery(idle, "5")
		waiting.NextAttemptAt = noon.Add(time.Hour)
		receive(t, s, first, second, later, done, waiting)
		if diff := cmp.Diff([]store.Delivery{first, second}, must(s.PendingDeliveries(t.Context(), id, noon, 0, 9))(t), stored); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]store.Delivery{first}, must(s.PendingDeliveries(t.Context(), id, noon, 0, 1))(t), stored); diff != "" {
			t.Errorf("one: %s", diff)
		}
		behind := must(s.PendingDeliveries(t.Context(), id, noon, 0, 1))(t)[0].Seq
		if diff := cmp.Diff([]store.Delivery{second}, must(s.PendingDeliveries(t.Context(), id, noon, behind, 9))(t), stored); diff != "" {
			t.Errorf("behind the first: %s", diff)
		}
		if n := len(must(s.PendingDeliveries(t.Context(), id, later.NextAttemptAt, 0, 9))(t)); n != 3 {
			t.Errorf("a second later: %d, want 3", n)
		}
		if diff := cmp.Diff([]int64{id}, must(s.IntegrationsWithDueDeliveries(t.Context(), noon))(t)); diff != "" {
			t.Error(diff)
		}
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			for of, want := range map[int64]bool{id: true, idle: false} {
				if got := must(tx.HasDueDeliveries(ctx, of, noon))(t); got != want {
					t.Errorf("integration %d has due ones: %v, want %v", of, got, want)
				}
			}
			return nil
		})
		last := must(s.LastReceived(t.Context(), []int64{id, idle, 999}))(t)
		if diff := cmp.Diff(map[int64]time.Time{id: noon, idle: noon}, last); diff != "" {
			t.Error(diff)
		}
	})
}

func TestDeliveries_FilteredNewestFirst(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		id := connect(t, s, uuid.New(), "a.myshopify.com")
		for n := range 6 {
			d := delivery(id, itoa(n))
			d.ReceivedAt = noon.Add(time.Duration(n) * time.Second)
			if n%2 == 0 {
				d.Topic = "orders/delete"
			}
			if n > 3 {
				d.State = "failed"
			}
			if n == 3 {
				d.State = "processed"
			}
			receive(t, s, d)
		}
		for name, c := range map[string]struct {
			filter store.DeliveryFilter
			want   []string
			count  int
		}{
			"all":      {store.DeliveryFilter{}, []string{"5", "4", "3", "2", "1", "0"}, 6},
			"failed":   {store.DeliveryFilter{State: "failed"}, []string{"5", "4"}, 2},
			"deleted":  {store.DeliveryFilter{Topic: "orders/delete", Limit: 2, Offset: 1}, []string{"2", "0"}, 3},
			"since":    {store.DeliveryFilter{Since: noon.Add(4 * time.Second)}, []string{"5", "4"}, 2},
			"until":    {store.DeliveryFilter{Until: noon.Add(time.Second), State: "pending"}, []string{"1", "0"}, 2},
			"a window": {store.DeliveryFilter{Topic: "orders/delete", Since: noon.Add(time.Second), Until: noon.Add(3 * time.Second)}, []string{"2"}, 1},
			"done":     {store.DeliveryFilter{State: "processed", Since: noon.Add(time.Second)}, []string{"3"}, 1},
			"one done": {store.DeliveryFilter{State: "processed", WebhookID: "3"}, []string{"3"}, 1},
			"webhook":  {store.DeliveryFilter{WebhookID: "3", Since: noon}, []string{"3"}, 1},
			"both":     {store.DeliveryFilter{Topic: "orders/delete", State: "failed"}, []string{"4"}, 1},
			"injected": {store.DeliveryFilter{Topic: "' OR ''='"}, nil, 0},
		} {
			var got []string
			for _, d := range must(s.Deliveries(t.Context(), id, c.filter))(t) {
				got = append(got, d.WebhookID)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
			if n := must(s.CountDeliveries(t.Context(), id, c.filter))(t); n != c.count {
				t.Errorf("%s: counted %d, want %d", name, n, c.count)
			}
		}
	})
}
