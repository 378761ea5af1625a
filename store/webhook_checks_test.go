package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"probability/store"
	"probability/store/storetest"
)

func TestWebhookChecks_DueOnesLongestFirst(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		ids := make([]int64, 6)
		for i := range ids {
			ids[i] = connect(t, s, uuid.New(), "s"+itoa(i)+".myshopify.com")
		}
		later, due, never, refused, paused, gone := ids[0], ids[1], ids[2], ids[3], ids[4], ids[5]
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			row := must(tx.Integration(ctx, paused))(t)
			row.Active = false
			return errors.Join(
				tx.SetWebhookCheckDue(ctx, later, noon.Add(time.Minute)), tx.SetWebhookCheckDue(ctx, due, noon),
				tx.PutProblem(ctx, refused, store.Problem{Code: "reauthorize", Since: noon}), tx.UpdateIntegration(ctx, row))
		})
		disconnect(t, s, gone)
		want := func(what string, now time.Time, limit int, want ...int64) {
			t.Helper()
			if diff := cmp.Diff(want, must(s.DueWebhookChecks(t.Context(), now, "reauthorize", limit))(t)); diff != "" {
				t.Errorf("%s: %s", what, diff)
			}
		}
		want("now", noon, 9, never, due)
		want("one", noon, 1, never)
		want("later", noon.Add(time.Minute), 9, never, due, later)
		want("with a clock that was a day ahead before", noon.Add(-24*time.Hour), 9, never, due, later)
		want("an hour before", noon.Add(-time.Hour), 9, never)
		update(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.SetAllWebhookChecksDue(ctx, noon) })
		want("after a start", noon, 9, never, later, due)
	})
}

func TestWebhookChecks_KeepEveryMember(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		id := connect(t, s, uuid.New(), "a.myshopify.com")
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			if _, err := tx.WebhookCheck(ctx, id); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("before the first: %v, want ErrNotFound", err)
			}
			want := store.WebhookCheck{DueAt: noon, Failures: 3, Recreated: []string{"orders/create"}}
			if err := tx.PutWebhookCheck(ctx, id, want); err != nil {
				return err
			}
			if diff := cmp.Diff(want, must(tx.WebhookCheck(ctx, id))(t)); diff != "" {
				t.Error(diff)
			}
			want.DueAt = noon.Add(time.Hour)
			if err := tx.SetWebhookCheckDue(ctx, id, want.DueAt); err != nil {
				return err
			}
			if diff := cmp.Diff(want, must(tx.WebhookCheck(ctx, id))(t)); diff != "" {
				t.Errorf("another time: %s", diff)
			}
			return nil
		})
	})
}
