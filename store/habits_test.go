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

func TestHabits_LearnTheLongestGapAndForgetItSlowly(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		id := connect(t, s, uuid.New(), "a.myshopify.com")
		note := func(n int, first, last time.Duration) store.Habit {
			t.Helper()
			update(t, s, func(ctx context.Context, tx *store.Tx) error {
				return tx.NoteDeliveries(ctx, id, "orders/create", n, noon.Add(first), noon.Add(last))
			})
			return must(s.Habits(t.Context(), []int64{id, 999}))(t)[id][0]
		}
		want := store.Habit{IntegrationID: id, Topic: "orders/create", Deliveries: 2, FirstAt: noon, LastAt: noon.Add(time.Second)}
		if diff := cmp.Diff(want, note(2, 0, time.Second)); diff != "" {
			t.Errorf("the first batch: %s", diff)
		}
		want.Deliveries, want.LastAt, want.LongestGap = 3, noon.Add(10*time.Hour+time.Second), 10*time.Hour
		if diff := cmp.Diff(want, note(1, 10*time.Hour+time.Second, 10*time.Hour+time.Second)); diff != "" {
			t.Errorf("after a gap: %s", diff)
		}
		// Older ones come again, alone and beside a new one.
		if h := note(3, -time.Hour, time.Second); h.LongestGap != 10*time.Hour || !h.LastAt.Equal(want.LastAt) || h.Deliveries != 6 {
			t.Errorf("after a replay: %+v", h)
		}
		if h := note(2, -time.Hour, 11*time.Hour+time.Second); h.LongestGap < 9*time.Hour+59*time.Minute || h.LongestGap > 10*time.Hour || !h.LastAt.Equal(noon.Add(11*time.Hour+time.Second)) {
			t.Errorf("after a replay beside a new one: %+v", h)
		}
		// A month of one delivery each hour.
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			for n := range 30 * 24 {
				at := noon.Add(time.Duration(12+n) * time.Hour)
				if err := tx.NoteDeliveries(ctx, id, "orders/create", 1, at, at); err != nil {
					return err
				}
			}
			return nil
		})
		h := must(s.Habits(t.Context(), []int64{id}))(t)[id][0]
		if h.LongestGap < 4*time.Hour || h.LongestGap > 6*time.Hour {
			t.Errorf("after a month the longest gap is %s, want about half of ten hours", h.LongestGap)
		}
		next := h.LastAt.Add(30 * time.Hour).Sub(noon) // the first in long, in a batch with a replayed one
		if h = note(2, 0, next); h.LongestGap != 30*time.Hour {
			t.Errorf("a gap that ends beside a replay: %s, want 30 h", h.LongestGap)
		}
	})
}

func TestHabits_BusyTopicsForgetToo(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		id := connect(t, s, uuid.New(), "a.myshopify.com")
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			at := noon.Add(-20 * time.Hour)
			for n := range 500 { // ten milliseconds apart: each alone would make it less by less than one
				if err := tx.NoteDeliveries(ctx, id, "orders/create", 1, at, at); err != nil {
					return err
				}
				at = noon.Add(time.Duration(n*10) * time.Millisecond)
			}
			return nil
		})
		if gap := must(s.Habits(t.Context(), []int64{id}))(t)[id][0].LongestGap; gap >= 20*time.Hour || gap < 20*time.Hour-time.Second {
			t.Errorf("got %s, want a little less than 20 h", gap)
		}
	})
}

func TestOpen_LearnsHabitsFromTheDeliveriesThatAreThere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/data"
	db := must(store.OldSchema(t.Context(), dir))(t)
	exec := func(query string, args ...any) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec(`INSERT INTO integrations (id, user_id, store_name, auth, client_id, active, permissions, created_at, updated_at, served_version, webhook_address, webhook_topics)
		VALUES (7, 'u', 'a.myshopify.com', 'token', '', TRUE, '[]', 0, 0, '', '', '[]')`)
	for _, d := range []struct {
		topic, state string
		after        time.Duration
	}{
		{"orders/create", "processed", time.Minute},
		{"orders/create", "failed", 0},
		{"orders/create", "stale", 3 * time.Hour},
		{"orders/create", "pending", 9 * time.Hour},
		{"orders/paid", "processed", 0},
		{"orders/delete", "processed", 0},
	} {
		exec(`INSERT INTO deliveries (id, integration_id, event_id, topic, api_version, received_at, state, attempts, error_code, error_detail, codec, body)
			VALUES ($1, 7, 'e', $2, '', $3, $4, 0, '', '', 0, '{}')`, uuid.NewString(), d.topic, noon.Add(d.after).UnixMilli(), d.state)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s := must(store.Open(t.Context(), store.Config{Dir: dir, Key: storetest.Key()}, quiet()))(t)
	defer s.Close()
	want := map[int64][]store.Habit{7: {
		{IntegrationID: 7, Topic: "orders/create", Deliveries: 3, FirstAt: noon, LastAt: noon.Add(3 * time.Hour), LongestGap: 3*time.Hour - time.Minute},
		{IntegrationID: 7, Topic: "orders/delete", Deliveries: 1, FirstAt: noon, LastAt: noon},
	}}
	if diff := cmp.Diff(want, must(s.Habits(t.Context(), []int64{7}))(t)); diff != "" {
		t.Error(diff)
	}
}
