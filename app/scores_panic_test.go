package app_test

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"probability/app"
	"probability/app/score"
	"probability/shopify"
	"probability/store"
)

// stumbling is a log that panics when it is told that an order could not be rated: in the midst of the rating, and beyond what the
// rating of one order catches by itself.
type stumbling struct {
	slog.Handler
	on    *atomic.Bool
	times *atomic.Int64
}

func (s stumbling) Handle(ctx context.Context, r slog.Record) error {
	if s.on.Load() && r.Message == "an order could not be rated" {
		s.times.Add(1)
		panic("stumbled")
	}
	return s.Handler.Handle(ctx, r)
}

func (s stumbling) WithAttrs(as []slog.Attr) slog.Handler {
	return stumbling{s.Handler.WithAttrs(as), s.on, s.times}
}

func (s stumbling) WithGroup(name string) slog.Handler {
	return stumbling{s.Handler.WithGroup(name), s.on, s.times}
}

// What panics while scores are made keeps no order from being stored. The scores stay due, and are made once nothing panics.
func TestScores_APanicLeavesTheOrdersStored(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var on atomic.Bool
	var times atomic.Int64
	on.Store(true)
	log := &lockedBuffer{}
	a, err := app.New(app.Config{Now: w.clock.Now}, w.store, w.client(t), slog.New(stumbling{slog.NewTextHandler(log, nil), &on, &times}))
	if err != nil {
		t.Fatal(err)
	}
	w.app = a
	id := w.connect(t).Integration.ID
	w.store.RateWith(nil) // so that scores are made in the transaction's second part
	w.store.ReadWith(score.FactsVersion, func(shopify.Order) store.Reading {
		return store.Reading{Facts: []byte("damaged"), Version: score.FactsVersion}
	})
	parsed, err := shopify.ParseOrder([]byte(order(77, "2026-11-01T10:00:00Z", "paid")))
	if err != nil {
		t.Fatal(err)
	}
	if err := app.StoreOrders(t.Context(), a, id, []store.Version{{Order: parsed, ObservedAt: w.clock.Now()}}); err != nil {
		t.Fatal(err)
	}
	o, stored := w.orders(t, id)["77"]
	if !stored || times.Load() == 0 {
		t.Fatalf("stored %v after %d panics", stored, times.Load())
	}
	if said := log.String(); !strings.Contains(said, "orders were stored without their scores") || !strings.Contains(said, "stumbled") {
		t.Errorf("the log has\n%s", said)
	}
	if f, err := w.store.OrderFacts(t.Context(), id, o.ID); err != nil || !f.Due || f.Score != nil {
		t.Errorf("got %+v, %v, want a score that is due", f, err)
	}

	on.Store(false)
	w.rateAll(t, id)
	if f, err := w.store.OrderFacts(t.Context(), id, o.ID); err != nil || f.Due || !f.Failed {
		t.Errorf("got %+v, %v, want a score that cannot be made", f, err)
	}
	w.wantSums(t)
}
