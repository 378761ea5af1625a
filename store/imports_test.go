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

func TestImports_KeepEveryMember(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		id := connect(t, s, uuid.New(), "a.myshopify.com")
		at := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Millisecond) }
		total := 9
		m := store.Import{ID: uuid.New(), IntegrationID: id, Kind: "initial", State: "queued", Field: "created_at", From: at(-1), QueuedAt: at(0), Way: store.WayREST}
		update(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.InsertImport(ctx, m) })
		if diff := cmp.Diff(m, must(s.Import(t.Context(), id, m.ID))(t)); diff != "" {
			t.Errorf("inserted: %s", diff)
		}
		m = store.Import{
			ID: m.ID, IntegrationID: id, Kind: "reconcile", State: "running", Field: "updated_at", From: at(1), To: at(2), Total: &total, Fetched: 1, Created: 2, Updated: 3,
			Unchanged: 4, Failed: 5, Cursor: "page_info=x", Pass: 6, Pages: 7, Attempts: 8, ErrorCode: "e", ErrorDetail: "d",
			Way: store.WayBulk, Withheld: "email,phone", QueuedAt: at(3), StartedAt: at(4), FinishedAt: at(5), NextAttemptAt: at(6),
		}
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.UpdateImport(ctx, m); err != nil {
				return err
			}
			if diff := cmp.Diff(m, must(tx.Import(ctx, m.ID))(t)); diff != "" {
				t.Errorf("in the transaction: %s", diff)
			}
			if diff := cmp.Diff(m, must(tx.ActiveImport(ctx, id))(t)); diff != "" {
				t.Errorf("active: %s", diff)
			}
			return nil
		})
		if diff := cmp.Diff(m, must(s.ImportByID(t.Context(), m.ID))(t)); diff != "" {
			t.Errorf("updated: %s", diff)
		}
		if diff := cmp.Diff([]store.Import{m}, must(s.ActiveImports(t.Context()))(t)); diff != "" {
			t.Errorf("active: %s", diff)
		}
		if _, err := s.Import(t.Context(), id+1, m.ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("of another integration: got %v, want ErrNotFound", err)
		}
	})
}

func TestInsertImport_OneActiveAnIntegration(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		id := connect(t, s, uuid.New(), "a.myshopify.com")
		fresh := func(state string) store.Import {
			return store.Import{ID: uuid.New(), IntegrationID: id, Kind: "manual", State: state, Field: "updated_at", QueuedAt: noon}
		}
		insert := func(m store.Import) error {
			return s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error { return tx.InsertImport(ctx, m) })
		}
		active := fresh("queued")
		for i, err := range []error{insert(fresh("completed")), insert(fresh("failed")), insert(active)} {
			if err != nil {
				t.Errorf("insert %d: %v", i, err)
			}
		}
		for _, state := range []string{"queued", "running"} {
			if err := insert(fresh(state)); !errors.Is(err, store.ErrConflict) {
				t.Errorf("second %s: got %v, want ErrConflict", state, err)
			}
		}
		err := s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			active.State = "completed"
			if err := tx.UpdateImport(ctx, active); err != nil {
				return err
			}
			if _, err := tx.ActiveImport(ctx, id); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("none active: got %v, want ErrNotFound", err)
			}
			return tx.InsertImport(ctx, fresh("running"))
		})
		if err != nil {
			t.Error(err)
		}
		if n := must(s.CountImports(t.Context(), id))(t); n != 4 {
			t.Errorf("%d imports, want 4", n)
		}
		if err := s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error { return tx.UpdateImport(ctx, fresh("failed")) }); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("update of none: got %v, want ErrNotFound", err)
		}
	})
}

func TestImports_NewestFirst(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		id := connect(t, s, uuid.New(), "a.myshopify.com")
		var want []uuid.UUID
		for n := range 5 {
			m := store.Import{ID: uuid.New(), IntegrationID: id, Kind: "manual", State: "completed", Field: "updated_at", QueuedAt: noon.Add(time.Duration(n) * time.Second)}
			want = append([]uuid.UUID{m.ID}, want...)
			update(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.InsertImport(ctx, m) })
		}
		var got []uuid.UUID
		for offset := 0; offset < 6; offset += 2 {
			for _, m := range must(s.Imports(t.Context(), id, 2, offset))(t) {
				got = append(got, m.ID)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}
