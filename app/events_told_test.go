package app_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/app"
	"probability/app/score"
	"probability/shopify"
	"probability/store"
)

// heard is what a follower was told, put together.
type heard struct {
	deliveries map[uuid.UUID]string
	imports    map[uuid.UUID]bool
	more       int
	orders     map[string]string
	resets     []string
}

// hear gathers what a follower is told until nothing is left to tell.
func hear(t *testing.T, f *app.Follower) heard {
	t.Helper()
	h := heard{deliveries: map[uuid.UUID]string{}, imports: map[uuid.UUID]bool{}, orders: map[string]string{}}
	for {
		events := told(t, f, 2*app.EventGather)
		if len(events) == 0 {
			return h
		}
		for _, e := range events {
			h.more += e.More
			for _, d := range e.Deliveries {
				h.deliveries[d.ID] = d.State
			}
			for _, o := range e.Orders {
				h.orders[o.PlatformID] = o.Change.String()
			}
			switch e.Type {
			case app.EventImport:
				h.imports[e.Import] = true
			case app.EventReset:
				h.resets = append(h.resets, e.Reason)
			case app.EventOrder, app.EventDelivery:
			}
		}
	}
}

func (h heard) quiet() bool {
	return len(h.deliveries)+len(h.imports)+len(h.orders)+len(h.resets) == 0
}

// follow begins to follow for as long as the test lasts.
func (w *world) follow(t *testing.T, id int64) *app.Follower {
	t.Helper()
	f := w.app.Events().Follow(id, "")
	t.Cleanup(f.Close)
	return f
}

func TestEvents_OfAnImport(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.shop.Generate(30, 20*days)
	c := w.connect(t)
	id := c.Integration.ID
	f := w.follow(t, id)
	w.runImport(t, c.Import.ID)
	got := hear(t, f)
	stored := w.orders(t, id)
	for platform := range stored {
		if got.orders[platform] != "created" {
			t.Errorf("order %s: told %q", platform, got.orders[platform])
		}
	}
	if len(got.orders) != len(stored) || got.more != 0 || !got.imports[c.Import.ID] || len(got.resets) != 0 {
		t.Errorf("told %d of %d orders, %+v", len(got.orders), len(stored), got)
	}
	// What is as it was is not told, only the run.
	run := w.sync(t, id)
	if got := hear(t, f); !got.imports[run.ID] || len(got.orders) != 0 {
		t.Errorf("a run without changes: %+v", got)
	}
	w.clock.Add(time.Hour)
	changed := w.shop.OrderIDs()[3]
	w.shop.Update(changed, touch)
	w.sync(t, id)
	if got := hear(t, f); len(got.orders) != 1 || got.orders[fmt.Sprint(changed)] != "updated" {
		t.Errorf("a run with a change: %+v", got)
	}
}

func TestEvents_OfWebhooks(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	f := w.follow(t, id)
	w.accept(t, w.incoming(app.TopicOrdersCreate, "w-1", orderBody(1)))
	d := w.delivery(t, id, "w-1").ID
	if got := hear(t, f); got.deliveries[d] != store.DeliveryPending || len(got.orders) != 0 {
		t.Errorf("accepted: %+v", got)
	}
	w.accept(t, w.incoming(app.TopicOrdersCreate, "w-1", orderBody(1)))
	if got := hear(t, f); !got.quiet() {
		t.Errorf("the same again: %+v", got)
	}
	w.process(t, id)
	if got := hear(t, f); got.deliveries[d] != store.DeliveryProcessed || got.orders["7001"] != "created" {
		t.Errorf("processed: %+v", got)
	}
	if _, err := w.app.Replay(t.Context(), w.user, id, d); err != nil {
		t.Fatal(err)
	}
	if got := hear(t, f); got.deliveries[d] != store.DeliveryPending {
		t.Errorf("replayed: %+v", got)
	}
	w.process(t, id)
	if got := hear(t, f); got.deliveries[d] != store.DeliveryDuplicate || len(got.orders) != 0 {
		t.Errorf("in vain: %+v", got)
	}
	if n, err := w.app.ReplayAll(t.Context(), w.user, id, store.DeliveryFilter{State: store.DeliveryDuplicate}); err != nil || n != 1 {
		t.Fatalf("replayed %d, %v", n, err)
	}
	if got := hear(t, f); got.deliveries[d] != store.DeliveryPending {
		t.Errorf("replayed with a filter: %+v", got)
	}
	w.accept(t, w.incoming(app.TopicOrdersDelete, "w-2", `{"id":7001}`))
	w.accept(t, w.incoming(app.TopicOrdersDelete, "w-3", `{"id":7999}`))
	w.process(t, id)
	if got := hear(t, f); got.orders["7001"] != "deleted" || len(got.orders) != 1 {
		t.Errorf("deleted: %+v, want nothing of the order that nobody saw", got)
	}
}

func TestEvents_OfAuditsAndErasures(t *testing.T) {
	t.Parallel()
	w, id := imported(t, 20)
	f := w.follow(t, id)
	w.clock.Add(time.Hour)
	ids := w.shop.OrderIDs()
	w.shop.Update(ids[0], touch)
	w.shop.Delete(ids[1])
	w.clock.Add(time.Minute)
	w.audit(t, id, true)
	got := hear(t, f)
	if got.orders[fmt.Sprint(ids[0])] != "updated" || got.orders[fmt.Sprint(ids[1])] != "deleted" || len(got.orders) != 2 || len(got.imports) != 1 {
		t.Errorf("mended: %+v", got)
	}
	w.accept(t, w.incoming(app.TopicOrdersCreate, "w-1", herOrder(9001, "2026-11-02T10:00:00Z")))
	w.process(t, id)
	w.accept(t, w.incoming(shopify.TopicCustomersRedact, "w-2", redaction(shopDomain, "9001")))
	w.process(t, id)
	hear(t, f)
	w.carryOut(t, id)
	if got := hear(t, f); got.orders["9001"] != "updated" {
		t.Errorf("redacted: %+v", got)
	}
	w.accept(t, w.incoming(shopify.TopicShopRedact, "w-3", shopRedaction))
	w.process(t, id)
	hear(t, f)
	w.carryOut(t, id)
	if got := hear(t, f); len(got.resets) == 0 || got.resets[0] != app.ResetChanged {
		t.Errorf("erased: %+v", got)
	}
	if _, err := w.app.Disconnect(t.Context(), w.user, id); err != nil {
		t.Fatal(err)
	}
	if _, open := f.Next(nil, time.Minute); open {
		t.Error("the following outlives the store")
	}
}

func TestEvents_NothingOfWhatWasRolledBack(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	f := w.follow(t, id)
	order, err := shopify.ParseOrder([]byte(orderBody(1)))
	if err != nil {
		t.Fatal(err)
	}
	put := func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.PutOrders(ctx, id, []store.Version{{Order: order, ObservedAt: w.clock.Now()}}, w.clock.Now())
		return err
	}
	failure := errors.New("on purpose")
	if err := w.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error { return errors.Join(put(ctx, tx), failure) }); !errors.Is(err, failure) {
		t.Fatal(err)
	}
	if got := hear(t, f); !got.quiet() {
		t.Errorf("told %+v", got)
	}
	during := func(ctx context.Context, tx *store.Tx) error {
		err := put(ctx, tx)
		if got := told(t, f, time.Millisecond); got != nil {
			t.Errorf("told before the commit: %+v", got)
		}
		return err
	}
	if err := w.store.Update(t.Context(), during); err != nil {
		t.Fatal(err)
	}
	if got := hear(t, f); got.orders["7001"] != "created" {
		t.Errorf("told %+v", got)
	}
}

// A transaction that is under way when somebody begins to follow may be missing from what is read then.
func TestEvents_WhoeverBeginsDuringATransactionMissesNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	order, err := shopify.ParseOrder([]byte(orderBody(1)))
	if err != nil {
		t.Fatal(err)
	}
	var f, other *app.Follower
	if err := w.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.PutOrders(ctx, id, []store.Version{{Order: order, ObservedAt: w.clock.Now()}}, w.clock.Now())
		f, other = w.follow(t, id), w.follow(t, id+1)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if got := only(t, f); got.Type != app.EventReset || got.Reason != app.ResetChanged {
		t.Errorf("got %+v, want a reset", got)
	}
	if got := told(t, other, time.Millisecond); got != nil {
		t.Errorf("another store's follower gets %+v", got)
	}
}

// That all orders are rated anew is told when it begins and when it is over, for nothing names them one by one.
func TestEvents_OfARating(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.shop.Generate(30, 20*days)
	c := w.connect(t)
	id := c.Integration.ID
	w.runImport(t, c.Import.ID)
	if err := w.app.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.rateAll(t, id)
	f := w.follow(t, id)
	app.SetScoring(w.app, score.Settings{Bands: score.Bands{High: 99, Medium: 98, Low: 97}})
	if err := w.app.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := hear(t, f); len(got.resets) != 1 || got.resets[0] != app.ResetChanged {
		t.Errorf("at its beginning: %+v", got)
	}
	w.rateAll(t, id)
	if got := hear(t, f); len(got.resets) != 1 || got.resets[0] != app.ResetChanged {
		t.Errorf("at its end: %+v", got)
	}
}
