package store_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"probability/store"
	"probability/store/storetest"
)

func TestBacklog_CountsWhatWaitsAndSinceWhen(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		a, b, gone := connect(t, s, uuid.New(), "a.myshopify.com"), connect(t, s, uuid.New(), "b.myshopify.com"), connect(t, s, uuid.New(), "c.myshopify.com")
		at := func(integration int64, id string, received time.Time, state string) store.Delivery {
			d := delivery(integration, id)
			d.ReceivedAt, d.State = received, state
			return d
		}
		if got := must(s.Backlog(t.Context(), noon))(t); got != (store.Backlog{}) {
			t.Errorf("got %+v of nothing", got)
		}
		off := at(a, "off", noon.Add(-time.Hour), store.DeliveryPending)
		off.NextAttemptAt = noon.Add(time.Minute)
		receive(t, s, off, at(a, "1", noon.Add(-time.Minute), store.DeliveryPending), at(b, "2", noon.Add(-2*time.Minute), store.DeliveryPending),
			at(b, "3", noon.Add(-3*time.Hour), store.DeliveryFailed), at(b, "4", noon.Add(-4*time.Hour), store.DeliveryProcessed),
			at(b, "5", noon, store.DeliveryStale), at(gone, "6", noon.Add(-time.Hour), store.DeliveryPending))
		disconnect(t, s, gone)
		want := store.Backlog{Pending: 3, Failed: 1, DueSince: noon.Add(-2 * time.Minute), LastReceived: noon.Add(-time.Hour)} // the last of them
		if diff := cmp.Diff(want, must(s.Backlog(t.Context(), noon))(t)); diff != "" {
			t.Error(diff)
		}
		// The one that was put off is due now, but only since a minute.
		if got := must(s.DueSince(t.Context(), noon.Add(2*time.Minute)))(t); !got.Equal(want.DueSince) {
			t.Errorf("due since %s, want %s", got, want.DueSince)
		}
	})
}

func TestStoreFigures_CountStoresAndTheirProblems(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		a, b, gone := connect(t, s, uuid.New(), "a.myshopify.com"), connect(t, s, uuid.New(), "b.myshopify.com"), connect(t, s, uuid.New(), "c.myshopify.com")
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			for _, id := range []int64{a, b, gone} {
				if err := tx.PutProblem(ctx, id, store.Problem{Code: "reauthorize", Since: noon}); err != nil {
					return err
				}
			}
			in, err := tx.Integration(ctx, a)
			if err != nil {
				return err
			}
			in.Active, in.WebhookTopics = true, []string{"orders/create"}
			if err := tx.UpdateIntegration(ctx, in); err != nil {
				return err
			}
			if in, err = tx.Integration(ctx, b); err != nil {
				return err
			}
			in.Active = false
			return tx.UpdateIntegration(ctx, in)
		})
		disconnect(t, s, gone)
		want := store.StoreFigures{Active: 1, Paused: 1, Subscribed: 1, Problems: map[string]int{"reauthorize": 2}}
		if diff := cmp.Diff(want, must(s.StoreFigures(t.Context()))(t)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestSpace_IsThatOfTheDataFolder(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	space := must(s.Space())(t)
	if space.Used <= 0 || space.Free <= 0 {
		t.Errorf("got %+v", space)
	}
	connect(t, s, uuid.New(), "a.myshopify.com") // which is in the log
	database, log, err := s.Sizes(t.Context())
	if err != nil || database <= 0 || log <= 0 {
		t.Errorf("sizes %d, %d, %v", database, log, err)
	}
}

func TestTryRoom_EndsWhatTheDatabaseSaid(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	id := connect(t, s, uuid.New(), "a.myshopify.com")
	limit := func(n int) {
		t.Helper()
		if err := s.Writer().QueryRowContext(t.Context(), `PRAGMA max_page_count = `+itoa(n)).Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
	limit(1)
	for n := 0; !s.OutOfRoom(); n++ {
		if n > 1000 {
			t.Fatal("the database does not fill up")
		}
		d := delivery(id, itoa(n))
		d.Body = []byte(strings.Repeat(uuid.NewString(), 300))
		_ = s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.InsertDeliveries(ctx, []store.Delivery{d})
			return err
		})
	}
	if err := s.TryRoom(t.Context()); err == nil || !s.OutOfRoom() {
		t.Errorf("room is found where there is none: %v", err)
	}
	limit(1 << 30)
	before := pages(t, s)
	for range 5 {
		if err := s.TryRoom(t.Context()); err != nil || s.OutOfRoom() {
			t.Fatalf("no room is found: %v", err)
		}
	}
	if grown := pages(t, s) - before; grown > 200 {
		t.Errorf("trying five times costs %d pages", grown)
	}
}

func pages(t *testing.T, s *store.Store) (n int) {
	t.Helper()
	if err := s.Writer().QueryRowContext(t.Context(), `PRAGMA page_count`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestPlans_FiguresReadNoMoreThanTheyCount(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	for _, analyzed := range []bool{false, true} {
		if analyzed {
			if _, err := s.Writer().ExecContext(t.Context(), `ANALYZE`); err != nil {
				t.Fatal(err)
			}
		}
		for name, c := range map[string]struct {
			query, want string
			args        []any
		}{
			"backlog":      {store.BacklogQuery, "SEARCH d USING COVERING INDEX deliveries_state (integration_id=? AND state=?)", nil},
			"due since":    {store.DueSinceQuery, "SEARCH d USING INDEX deliveries_state (integration_id=? AND state=?)", []any{0}},
			"jobs":         {store.JobFiguresQuery, "SEARCH j USING INDEX river_job_prioritized_fetching_index (state=?)", nil},
			"jobs waiting": {store.JobsWaitingQuery, "SEARCH j USING COVERING INDEX river_job_prioritized_fetching_index (state=? AND queue=?)", []any{"q", ""}},
			"runs":         {store.ImportFiguresQuery, "SCAN m USING INDEX imports_active", nil},
		} {
			plan := must(store.Plan(t.Context(), s, c.query, c.args...))(t)
			if !strings.Contains(plan, c.want) || strings.Contains(plan, "SCAN d") || strings.Contains(plan, "SCAN j") {
				t.Errorf("%s: got plan\n%s\nwant %s", name, plan, c.want)
			}
		}
	}
}
