package store_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/uuid"

	"probability/store"
	"probability/store/storetest"
)

// observer watches one integration, and looks at what is stored when it is told of a change.
type observer struct {
	look  func(store.Changes)
	watch int64
}

func (o *observer) Watches(id int64) bool     { return id == o.watch }
func (o *observer) Committed(c store.Changes) { o.look(c) }

func TestObserve_IsToldOfWhatIsStoredAlready(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		id, other := connect(t, s, uuid.New(), "a.myshopify.com"), connect(t, s, uuid.New(), "b.myshopify.com")
		var told []store.ChangedOrder
		s.Observe(&observer{watch: id, look: func(c store.Changes) {
			if c.IntegrationID != id {
				t.Errorf("told of %d, which nobody watches", c.IntegrationID)
			}
			for _, o := range c.Orders {
				stored, err := s.Order(t.Context(), id, o.ID)
				if err != nil || stored.Order.ID != o.PlatformID {
					t.Errorf("told of %+v, stored is %q, %v", o, stored.Order.ID, err)
				}
			}
			told = append(told, c.Orders...)
		}})
		put(t, s, id, version("1", noon, nil), version("2", noon, nil))
		put(t, s, other, version("1", noon, nil))
		put(t, s, id, version("1", noon, nil))
		if !slices.ContainsFunc(told, func(o store.ChangedOrder) bool { return o.PlatformID == "2" && o.Change == store.Created }) || len(told) != 2 {
			t.Errorf("told of %+v", told)
		}
		// One transaction of both tells of the watched one alone.
		if err := s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			for _, i := range []int64{other, id} {
				if _, err := tx.DeleteOrder(ctx, i, "9", noon); err != nil {
					return err
				}
			}
			return nil
		}); err != nil || len(told) != 2 {
			t.Errorf("told of an order that nobody saw: %+v, %v", told, err)
		}
	})
}
