package store_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"probability/shopify"
	"probability/store"
	"probability/store/storetest"
)

// expire runs the slices until they are done, and returns the webhook ids that are left, oldest first.
func expire(t *testing.T, s *store.Store, integration int64, r store.Retention, now time.Time) []string {
	t.Helper()
	for after, done := int64(0), false; !done; {
		var err error
		if after, done, err = s.ExpireDeliveries(t.Context(), r, now, after); err != nil {
			t.Fatal(err)
		}
	}
	left := []string{}
	for offset := 0; ; offset += 1000 {
		page := must(s.Deliveries(t.Context(), integration, store.DeliveryFilter{Limit: 1000, Offset: offset}))(t)
		for _, d := range page {
			left = append([]string{d.WebhookID}, left...)
		}
		if len(page) < 1000 {
			return left
		}
	}
}

func TestExpireDeliveries(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	r := store.Retention{Done: 14 * day, Failed: 60 * day, Most: 1000}
	at := func(id int64, name, state string, age time.Duration) store.Delivery {
		d := delivery(id, name)
		d.State, d.ReceivedAt = state, noon.Add(-age)
		return d
	}
	t.Run("by age and state", func(t *testing.T) {
		t.Parallel()
		storetest.Run(t, func(t *testing.T, s *store.Store) {
			id := connect(t, s, uuid.New(), "a.myshopify.com")
			receive(t, s,
				at(id, "ancient failed", "failed", 61*day), at(id, "ancient pending", "pending", 99*day), at(id, "old failed", "failed", 59*day),
				at(id, "old", "processed", 15*day), at(id, "old duplicate", "duplicate", 15*day), at(id, "old stale", "stale", 14*day+time.Second),
				at(id, "young", "processed", 14*day-time.Second), at(id, "new", "processed", 0))
			want := []string{"ancient pending", "old failed", "young", "new"}
			if diff := cmp.Diff(want, expire(t, s, id, r, noon)); diff != "" {
				t.Error(diff)
			}
		})
	})
	t.Run("by number, over many slices", func(t *testing.T) {
		t.Parallel()
		storetest.Run(t, func(t *testing.T, s *store.Store) {
			id := connect(t, s, uuid.New(), "a.myshopify.com")
			var all []store.Delivery
			for n := range 2500 {
				all = append(all, at(id, itoa(n), "processed", time.Minute))
			}
			all[3].State = "pending"
			receive(t, s, all...)
			left := expire(t, s, id, r, noon)
			if len(left) != 1001 || left[0] != "3" || left[1] != "1500" || left[1000] != "2499" {
				t.Errorf("%d are left, from %s, %s to %s", len(left), left[0], left[1], left[len(left)-1])
			}
		})
	})
}

func TestExpireImports_OnlyOldPeriodicRunsThatCompleted(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		id := connect(t, s, uuid.New(), "a.myshopify.com")
		idAt := func(t time.Time) (u uuid.UUID) {
			u = uuid.Must(uuid.NewV7())
			for i, ms := 5, t.UnixMilli(); i >= 0; i, ms = i-1, ms>>8 {
				u[i] = byte(ms)
			}
			return u
		}
		want := 0
		for _, m := range []struct {
			kind, state string
			age         time.Duration
			kept        bool
		}{
			{"periodic", "completed", 91 * 24 * time.Hour, false},
			{"periodic", "completed", 90*24*time.Hour + time.Second, false},
			{"periodic", "completed", 90*24*time.Hour - time.Second, true},
			{"periodic", "failed", 99 * 24 * time.Hour, true},
			{"initial", "completed", 99 * 24 * time.Hour, true},
			{"manual", "completed", 99 * 24 * time.Hour, true},
			{"periodic", "running", 99 * 24 * time.Hour, true},
		} {
			update(t, s, func(ctx context.Context, tx *store.Tx) error {
				return tx.InsertImport(ctx, store.Import{ID: idAt(noon.Add(-m.age)), IntegrationID: id, Kind: m.kind, State: m.state, Field: "created_at", QueuedAt: noon.Add(-m.age)})
			})
			if m.kept {
				want++
			}
		}
		if more := must(s.ExpireImports(t.Context(), store.Retention{Runs: 90 * 24 * time.Hour}, noon))(t); more {
			t.Error("there is more")
		}
		left := must(s.Imports(t.Context(), id, 100, 0))(t)
		for _, m := range left {
			if m.Kind == "periodic" && m.State == "completed" && noon.Sub(m.QueuedAt) > 90*24*time.Hour {
				t.Errorf("left: %+v", m)
			}
		}
		if len(left) != want {
			t.Errorf("%d runs are left, want %d", len(left), want)
		}
	})
}

func TestPurge_LeavesNothingInTheIndexAndGivesThePagesBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/data"
	s := storetest.Open(t, store.Config{Dir: dir, Key: storetest.Key()})
	gone, stays := connect(t, s, uuid.New(), "a.myshopify.com"), connect(t, s, uuid.New(), "b.myshopify.com")
	for page := range storetest.Size(24, 14) {
		vs := manyVersions(page*250, 250)
		for i := range vs {
			vs[i].Order.Raw = []byte(longText(page*250 + i))
		}
		put(t, s, gone, vs...)
	}
	put(t, s, stays, version("1", noon, func(o *shopify.Order) { o.CustomerName = "Ana María 7" }))
	size := func() int64 {
		t.Helper()
		if _, err := s.Writer().ExecContext(t.Context(), `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
			t.Fatal(err)
		}
		info := must(os.Stat(filepath.Join(dir, "probability.db")))(t)
		return info.Size()
	}
	before := size()
	disconnect(t, s, gone)
	for more := true; more; {
		update(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
			more, err = tx.PurgeIntegration(ctx, gone, 500)
			return err
		})
	}
	if n := must(store.Indexed(t.Context(), s, gone))(t); n != 0 {
		t.Errorf("%d orders are still in the search index", n)
	}
	if wrong := must(store.CheckSums(t.Context(), s))(t); wrong != nil {
		t.Errorf("sums: %v", wrong)
	}
	store.TightenBounds(s, 100, 0, 1, 100, 100)
	if found := must(s.Orders(t.Context(), store.OrderFilter{IntegrationID: stays, Search: "maría 7"}))(t); len(found) != 1 {
		t.Errorf("the other store's search finds %d, want 1", len(found))
	}
	rounds := 0
	for more := true; more; rounds++ {
		more = must(s.GiveBack(t.Context()))(t)
	}
	if after := size(); after > before/2 || rounds < 2 {
		t.Errorf("the file has %d bytes of %d after %d rounds", after, before, rounds)
	}
	var state string
	if err := s.Writer().QueryRowContext(t.Context(), `PRAGMA integrity_check`).Scan(&state); err != nil || state != "ok" {
		t.Errorf("integrity: %s, %v", state, err)
	}
}
