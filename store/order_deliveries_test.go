package store_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"probability/store"
	"probability/store/storetest"
)

func TestOrderDeliveries(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		id := connect(t, s, uuid.New(), "a.myshopify.com")
		other := connect(t, s, uuid.New(), "b.myshopify.com")
		put(t, s, id, manyVersions(0, 2)...)
		put(t, s, other, manyVersions(0, 1)...)
		ds := []store.Delivery{delivery(id, "w1"), delivery(id, "w2")}
		var seqs []int64
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.InsertDeliveries(ctx, ds)
			return err
		})
		for _, d := range must(s.Deliveries(t.Context(), id, store.DeliveryFilter{}))(t) {
			seqs = append([]int64{d.Seq}, seqs...)
		}
		const first, second = "5000000000000", "5000000000001"
		note := func(changed ...store.OrderDelivery) {
			t.Helper()
			update(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.NoteOrderDeliveries(ctx, id, changed) })
		}
		note()
		note(store.OrderDelivery{PlatformOrderID: first, Seq: seqs[0]}, store.OrderDelivery{PlatformOrderID: first, Seq: seqs[1]},
			store.OrderDelivery{PlatformOrderID: second, Seq: seqs[1]}, store.OrderDelivery{PlatformOrderID: `"]`, Seq: seqs[1]},
			store.OrderDelivery{PlatformOrderID: second, Seq: 999})
		note(store.OrderDelivery{PlatformOrderID: first, Seq: seqs[0]}) // once more
		of := func(integration int64, platformID string, limit int) (webhooks []string) {
			t.Helper()
			for _, o := range must(s.Orders(t.Context(), store.OrderFilter{IntegrationID: integration}))(t) {
				if o.Order.ID == platformID {
					for _, d := range must(s.DeliveriesOf(t.Context(), integration, o.ID, limit))(t) {
						webhooks = append(webhooks, d.WebhookID)
					}
				}
			}
			return webhooks
		}
		for _, c := range []struct {
			integration int64
			order       string
			limit       int
			want        []string
		}{{id, first, 0, []string{"w2", "w1"}}, {id, first, 1, []string{"w2"}}, {id, second, 0, []string{"w2"}}, {other, first, 0, nil}} {
			if got := of(c.integration, c.order, c.limit); !slices.Equal(got, c.want) {
				t.Errorf("order %s of %d: got %v, want %v", c.order, c.integration, got, c.want)
			}
		}
		// An id that is longer than an index takes is found under what is left of it.
		long := strings.Repeat("8", 3000)
		put(t, s, id, version(long, noon, nil))
		note(store.OrderDelivery{PlatformOrderID: long, Seq: seqs[0]}, store.OrderDelivery{PlatformOrderID: "zero\x00", Seq: seqs[0]})
		for _, o := range must(s.Orders(t.Context(), store.OrderFilter{IntegrationID: id}))(t) {
			if strings.HasPrefix(o.Order.ID, "8") && len(must(s.DeliveriesOf(t.Context(), id, o.ID, 0))(t)) != 1 {
				t.Errorf("an order with a long id has no story")
			}
		}
		// Asked for by another integration, an order has no story.
		for _, o := range must(s.Orders(t.Context(), store.OrderFilter{IntegrationID: id}))(t) {
			if got := must(s.DeliveriesOf(t.Context(), other, o.ID, 0))(t); len(got) != 0 {
				t.Errorf("another's deliveries: %v", got)
			}
		}
		// A purge takes all of it along.
		update(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.MarkIntegrationDeleted(ctx, id, noon) })
		for more := true; more; {
			update(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
				more, err = tx.PurgeIntegration(ctx, id, 1)
				return err
			})
		}
	})
}

// BenchmarkNoteOrderDeliveries is what a transaction of a hundred processed deliveries writes down besides.
func BenchmarkNoteOrderDeliveries(b *testing.B) {
	s := storetest.New(b)
	id := connect(b, s, uuid.New(), "a.myshopify.com")
	put(b, s, id, manyVersions(0, 100)...)
	seq := int64(0)
	for b.Loop() {
		b.StopTimer()
		ds := make([]store.Delivery, 100)
		changed := make([]store.OrderDelivery, 100)
		for i := range ds {
			ds[i] = delivery(id, "")
			seq++
			changed[i] = store.OrderDelivery{PlatformOrderID: itoa(5_000_000_000_000 + i), Seq: seq}
		}
		update(b, s, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.InsertDeliveries(ctx, ds)
			return err
		})
		b.StartTimer()
		update(b, s, func(ctx context.Context, tx *store.Tx) error { return tx.NoteOrderDeliveries(ctx, id, changed) })
	}
}
