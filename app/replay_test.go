package app_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/app"
	"probability/store"
)

func TestReplayAll_FailedOnesInSlices(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	rows := make([]store.Delivery, 600)
	for n := range rows {
		rows[n] = store.Delivery{
			ID: uuid.Must(uuid.NewV7()), IntegrationID: id, WebhookID: fmt.Sprint(n), Topic: app.TopicOrdersCreate, State: store.DeliveryPending,
			ReceivedAt: w.clock.Now(), Body: []byte(`"no order"`),
		}
		if n%2 == 0 {
			rows[n].Body = []byte(orderBody(n))
		}
	}
	if err := w.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.InsertDeliveries(ctx, rows)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	w.process(t, id)
	count := func(state string) int {
		t.Helper()
		n, err := w.store.CountDeliveries(t.Context(), id, store.DeliveryFilter{State: state})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if count(store.DeliveryFailed) != 300 || count(store.DeliveryProcessed) != 300 {
		t.Fatalf("%d failed, %d processed", count(store.DeliveryFailed), count(store.DeliveryProcessed))
	}
	n, err := w.app.ReplayAll(t.Context(), w.user, id, store.DeliveryFilter{})
	if err != nil || n != 300 || count(store.DeliveryPending) != 300 || count(store.DeliveryProcessed) != 300 {
		t.Fatalf("replayed %d, %v; %d are due and %d still processed", n, err, count(store.DeliveryPending), count(store.DeliveryProcessed))
	}
	if jobs := w.waitingJobs(t); jobs != 1 {
		t.Errorf("%d jobs, want 1", jobs)
	}
	w.process(t, id)
	d := w.delivery(t, id, "1")
	if d.State != store.DeliveryFailed || d.ErrorCode != "not_an_order" || d.Attempts != 1 {
		t.Errorf("replayed in vain: %+v", d)
	}
	// What is processed is replayed only when that is asked for, and what it brought is not undone.
	n, err = w.app.ReplayAll(t.Context(), w.user, id, store.DeliveryFilter{State: store.DeliveryProcessed, Topic: app.TopicOrdersCreate})
	if err != nil || n != 300 {
		t.Fatalf("replayed %d processed, %v", n, err)
	}
	w.process(t, id)
	if len(w.orders(t, id)) != 300 || count(store.DeliveryDuplicate) != 300 {
		t.Errorf("%d orders, %d duplicates", len(w.orders(t, id)), count(store.DeliveryDuplicate))
	}
	if n, err = w.app.ReplayAll(t.Context(), w.user, id, store.DeliveryFilter{Topic: "orders/delete"}); err != nil || n != 0 {
		t.Errorf("of another topic: %d, %v", n, err)
	}
	if n, err = w.app.ReplayAll(t.Context(), w.user, id, store.DeliveryFilter{Since: w.clock.Now().Add(time.Second)}); err != nil || n != 0 {
		t.Errorf("of later: %d, %v", n, err)
	}
	_, err = w.app.ReplayAll(t.Context(), uuid.New(), id, store.DeliveryFilter{})
	wantError(t, err, app.NotFound, "not_found")
}

func TestProcess_NotesHowLongItTook(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	w.accept(t, w.incoming(app.TopicOrdersCreate, "1", orderBody(1)))
	app.SetClock(w.app, func() time.Time { w.clock.Add(time.Second); return w.clock.Now() })
	w.process(t, id)
	if d := w.delivery(t, id, "1"); d.Duration < time.Second || d.Duration > 10*time.Second {
		t.Errorf("took %s, want the seconds between taking it up and writing it", d.Duration)
	}
	if _, err := w.app.Replay(t.Context(), w.user, id, w.delivery(t, id, "1").ID); err != nil {
		t.Fatal(err)
	}
	if d := w.delivery(t, id, "1"); d.Duration != 0 || d.State != store.DeliveryPending {
		t.Errorf("replayed: %+v", d)
	}
}
