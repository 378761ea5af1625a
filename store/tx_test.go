package store_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"probability/shopify"
	"probability/store"
	"probability/store/storetest"
)

func TestUpdate_KeepsNothingOfAFailure(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		boom := errors.New("boom")
		insert := func(ctx context.Context, tx *store.Tx) {
			if err := tx.InsertUser(ctx, newUser()); err != nil {
				t.Error(err)
			}
		}
		if err := s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error { insert(ctx, tx); return boom }); !errors.Is(err, boom) {
			t.Errorf("got %v, want boom", err)
		}
		func() {
			defer func() {
				if r := recover(); r != "panic" {
					t.Errorf("recovered %v, want the panic itself", r)
				}
			}()
			_ = s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error { insert(ctx, tx); panic("panic") })
		}()
		ctx, cancel := context.WithCancel(t.Context())
		if err := s.Update(ctx, func(ctx context.Context, tx *store.Tx) error { insert(ctx, tx); cancel(); return nil }); err == nil {
			t.Error("a cancelled transaction was committed")
		}
		if n := must(s.CountUsers(t.Context()))(t); n != 0 {
			t.Errorf("%d accounts are left, want 0", n)
		}
		update(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.InsertUser(ctx, newUser()) })
	})
}

func TestUpdate_RefusesToWaitForItself(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		err := s.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
			if err := s.Ping(ctx); !errors.Is(err, store.ErrNested) {
				t.Errorf("ping: got %v, want ErrNested", err)
			}
			return s.Update(ctx, func(context.Context, *store.Tx) error { return nil })
		})
		if !errors.Is(err, store.ErrNested) {
			t.Errorf("update: got %v, want ErrNested", err)
		}
	})
}

func TestUpdate_ReadersSeeTheStateBefore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.InsertUser(ctx, newUser()); err != nil {
				return err
			}
			if n := must(tx.CountUsers(ctx))(t); n != 1 {
				t.Errorf("inside: %d", n)
			}
			if n := must(s.CountUsers(ctx))(t); n != 0 {
				t.Errorf("outside: %d", n)
			}
			return nil
		})
	})
}

func TestUpdate_FullDisk(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	user := newUser()
	update(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.InsertUser(ctx, user) })
	id := connect(t, s, user.ID, "full.myshopify.com")
	setPages := func(n int) {
		var pages int
		if err := s.Writer().QueryRowContext(t.Context(), `PRAGMA page_count`).Scan(&pages); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			n = pages
		}
		var most int
		if err := s.Writer().QueryRowContext(t.Context(), `PRAGMA max_page_count = `+itoa(n)).Scan(&most); err != nil {
			t.Fatal(err)
		}
	}
	vs := make([]store.Version, 300)
	for i := range vs {
		vs[i] = version(itoa(1000+i), noon, func(o *shopify.Order) { o.Address = longText(i) })
	}
	setPages(0)
	for range 3 {
		err := s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.PutOrders(ctx, id, vs, noon)
			return err
		})
		if err == nil {
			t.Fatal("stored on a full disk")
		}
	}
	if n := must(s.CountOrders(t.Context(), store.OrderFilter{IntegrationID: id}))(t); n != 0 {
		t.Errorf("%d orders were left half-way", n)
	}
	setPages(1_000_000)
	put(t, s, id, vs...)
	if n := must(s.CountOrders(t.Context(), store.OrderFilter{IntegrationID: id}))(t); n != len(vs) {
		t.Errorf("with space again: %d orders, want %d", n, len(vs))
	}
}

func TestUpdate_ClosedStore(t *testing.T) {
	t.Parallel()
	s := must(store.Open(t.Context(), store.Config{Dir: t.TempDir() + "/data"}, quiet()))(t)
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("ping: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Ping(t.Context()); err == nil {
		t.Error("ping of a closed store")
	}
	if err := s.Update(t.Context(), func(context.Context, *store.Tx) error { t.Error("it ran"); return nil }); err == nil {
		t.Error("update of a closed store")
	}
	if _, err := s.CountUsers(t.Context()); err == nil {
		t.Error("read of a closed store")
	}
}

func TestUpdate_GivesTheQueueItsTransaction(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			const insert = `INSERT INTO river_queue (name, updated_at) VALUES ('q', CURRENT_TIMESTAMP)`
			if s.Engine() == store.PostgreSQL {
				_, err := tx.Pgx().Exec(ctx, insert)
				return err
			}
			_, err := tx.SQL().ExecContext(ctx, insert)
			return err
		})
		var name string
		if err := s.Writer().QueryRowContext(t.Context(), `SELECT name FROM river_queue`).Scan(&name); err != nil || name != "q" {
			t.Errorf("got %q, %v", name, err)
		}
		if err := s.Writer().QueryRowContext(t.Context(), `SELECT name FROM river_queue WHERE name = 'x'`).Scan(&name); !errors.Is(err, sql.ErrNoRows) {
			t.Errorf("got %v", err)
		}
	})
}
