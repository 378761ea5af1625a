package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"probability/shopify"
	"probability/store"
	"probability/store/storetest"
)

// auditAt is a completed audit whose id is as old as it.
func auditAt(t *testing.T, integration int64, at time.Time) store.Audit {
	t.Helper()
	id := uuid.Must(uuid.NewV7())
	ms := at.UnixMilli()
	for i := range 6 {
		id[i] = byte(ms >> (8 * (5 - i)))
	}
	return store.Audit{ID: id, IntegrationID: integration, Cause: store.AuditDaily, State: store.AuditCompleted, Repair: true, QueuedAt: at, FinishedAt: at}
}

func newStore(t *testing.T, s *store.Store) int64 {
	t.Helper()
	return connect(t, s, uuid.New(), "a.myshopify.com")
}

func insertAudit(t *testing.T, s *store.Store, m store.Audit) error {
	t.Helper()
	return s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error { return tx.InsertAudit(ctx, m) })
}

func TestAudit_IsKeptWhole(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		id := newStore(t, s)
		total := 7
		m := store.Audit{
			ID: uuid.Must(uuid.NewV7()), IntegrationID: id, State: store.AuditRunning, Cause: store.AuditAway, Repair: true,
			From: noon.Add(-time.Hour), To: noon, Next: noon.Add(-time.Minute), Pass: 2, Total: &total,
			AuditCounts: store.AuditCounts{Counted: 1, Stored: 2, Checked: 3, Missing: 4, Extra: 5, Stale: 6},
			Created:     1, Updated: 2, Deleted: 3, OldestGap: noon.Add(-2 * time.Hour),
			Windows:  []store.AuditWindow{{From: noon, To: noon.Add(time.Hour), AuditCounts: store.AuditCounts{Missing: 1}, Repaired: 1}, {From: noon}},
			Examples: store.AuditExamples{Missing: []string{"1"}, Stale: []string{"2", "3"}},
			Attempts: 4, ErrorCode: "c", ErrorDetail: "d", QueuedAt: noon, StartedAt: noon, NextAttemptAt: noon.Add(time.Minute),
		}
		if err := insertAudit(t, s, m); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m, must(s.AuditByID(t.Context(), m.ID))(t)); diff != "" {
			t.Error(diff)
		}
		second := auditAt(t, id, noon)
		second.State = store.AuditQueued
		if err := insertAudit(t, s, second); !errors.Is(err, store.ErrConflict) {
			t.Errorf("a second active audit: %v, want ErrConflict", err)
		}
		m.State, m.FinishedAt, m.Total, m.Windows = store.AuditFailed, noon, nil, nil
		if err := s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error { return tx.UpdateAudit(ctx, m) }); err != nil {
			t.Fatal(err)
		}
		got := must(s.Audits(t.Context(), id, 0, 0))(t)
		m.Windows = []store.AuditWindow{}
		if diff := cmp.Diff([]store.Audit{m}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestExpireAudits_KeepsTheLastAndWhatFoundSomething(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		a, b := newStore(t, s), newStore(t, s)
		day := 24 * time.Hour
		old, found, clean, last, failed := auditAt(t, a, noon.Add(-100*day)), auditAt(t, a, noon.Add(-80*day)), auditAt(t, a, noon.Add(-40*day)),
			auditAt(t, a, noon.Add(-day)), auditAt(t, b, noon.Add(-100*day))
		found.Missing, failed.State = 1, store.AuditFailed
		only := auditAt(t, b, noon.Add(-200*day))
		only.Stale = 3
		for _, m := range []store.Audit{old, found, clean, last, failed, only} {
			if err := insertAudit(t, s, m); err != nil {
				t.Fatal(err)
			}
		}
		if more := must(s.ExpireAudits(t.Context(), store.Retention{Runs: 90 * day, Clean: 30 * day}, noon))(t); more {
			t.Error("there is more")
		}
		for m, want := range map[*store.Audit]bool{&old: false, &found: true, &clean: false, &last: true, &failed: false, &only: true} {
			if _, err := s.AuditByID(t.Context(), m.ID); (err == nil) != want {
				t.Errorf("audit of %v: %v, want kept = %v", m.QueuedAt, err, want)
			}
		}
		if diff := cmp.Diff(map[int64]int{a: 0, b: 3}, must(s.Drift(t.Context()))(t)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestStoredInWindow_HasBothSecondsAndNoTombstones(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		id := newStore(t, s)
		at := noon.Truncate(time.Second)
		for n, created := range map[string]time.Time{"1": at.Add(-time.Second), "2": at, "3": at.Add(time.Minute), "4": at.Add(time.Minute + time.Second), "5": at, "6": {}} {
			put(t, s, id, version(n, created.Add(time.Hour), func(o *shopify.Order) { o.CreatedAt = created }))
		}
		if err := s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.DeleteOrder(ctx, id, "5", noon)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		found := map[string]bool{}
		for _, o := range must(s.StoredInWindow(t.Context(), id, at, at.Add(time.Minute)))(t) {
			found[o.ID] = true
			if !o.VersionAt.Equal(o.CreatedAt.Add(time.Hour)) {
				t.Errorf("order %s: version %v of %v", o.ID, o.VersionAt, o.CreatedAt)
			}
		}
		if diff := cmp.Diff(map[string]bool{"2": true, "3": true}, found); diff != "" {
			t.Error(diff)
		}
		known := must(s.StoredOrders(t.Context(), id, []string{"5", "6", "7"}))(t)
		if len(known) != 2 || !known["5"].Deleted || known["6"].Deleted {
			t.Errorf("got %+v", known)
		}
		bodies := must(s.StoredPayloads(t.Context(), id, []string{"2", "5", "7"}))(t)
		if len(bodies) != 1 || len(bodies["2"]) == 0 {
			t.Errorf("got %q", bodies)
		}
	})
}

func TestDueAudits_WaitTheirTurn(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		var ids []int64
		for i, c := range []struct {
			active, imported bool
			next             time.Time
		}{
			{true, true, noon},
			{true, true, noon.Add(-time.Hour)},
			{true, true, noon.Add(time.Second)},
			{true, true, time.Time{}},
			{false, true, noon},
			{true, false, noon},
			{true, true, noon},
		} {
			update(t, s, func(ctx context.Context, tx *store.Tx) error {
				in := store.Integration{UserID: uuid.New(), StoreName: itoa(i), Auth: "token", Active: c.active, CreatedAt: noon, UpdatedAt: noon, NextSyncAt: noon}
				if c.imported {
					in.Watermark = noon
				}
				id, err := tx.InsertIntegration(ctx, in)
				ids = append(ids, id)
				return errors.Join(err, tx.ScheduleAudit(ctx, id, c.next))
			})
		}
		active := auditAt(t, ids[6], noon)
		active.State, active.Cause = store.AuditQueued, store.AuditAway
		if err := insertAudit(t, s, active); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]int64{ids[1], ids[0]}, must(s.DueAudits(t.Context(), noon, 9))(t)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]int64{ids[1]}, must(s.DueAudits(t.Context(), noon, 1))(t)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]int64{ids[2], ids[3]}, must(s.UnplacedAudits(t.Context(), noon))(t)); diff != "" {
			t.Error(diff)
		}
		// A periodic sync waits for the audit after an absence, but not for ever.
		syncs := func(now time.Time) (waits bool) {
			t.Helper()
			return !slices.Contains(must(s.DueIntegrations(t.Context(), now, 99))(t), ids[6])
		}
		if !syncs(noon.Add(time.Hour)) || syncs(noon.Add(7*time.Hour)) {
			t.Error("the sync should wait an hour and not seven")
		}
		active.Cause = store.AuditDaily
		update(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateAudit(ctx, active) })
		if syncs(noon.Add(time.Hour)) {
			t.Error("the sync waits for a daily audit")
		}
	})
}

func TestAlive_IsTheLastNote(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		if at := must(s.Alive(t.Context()))(t); !at.IsZero() {
			t.Errorf("%v before the first note", at)
		}
		for _, at := range []time.Time{noon, noon.Add(time.Minute)} {
			update(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.SetAlive(ctx, at) })
			if got := must(s.Alive(t.Context()))(t); !got.Equal(at) {
				t.Errorf("got %v, want %v", got, at)
			}
		}
	})
}
