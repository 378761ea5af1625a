package app_test

import (
	"testing"

	"github.com/google/uuid"

	"probability/store"
	"probability/store/storetest"
)

// stubborn carries a run on until it ends, whatever the database refuses meanwhile.
func (w *world) stubborn(t *testing.T, id uuid.UUID) store.Import {
	t.Helper()
	for range 1000 {
		p, err := w.app.Import(t.Context(), id)
		if err != nil && !store.Unavailable(err) {
			t.Fatalf("import: %v", err)
		}
		if p.Done {
			break
		}
		w.clock.Add(p.After)
		w.app.CheckDisk(t.Context())
	}
	run, err := w.store.ImportByID(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// A write of an import fails, each in its turn. The run goes on by itself and has every order once.
func TestImport_WhicheverWriteFails(t *testing.T) {
	t.Parallel()
	const orders = 300 // two pages
	hit := 0
	for nth := 1; nth < 200; nth += 1 + 2*nth {
		how := storetest.Broken + storetest.Trouble(nth%2)
		w, disk, id := onDisk(t)
		w.shop.Generate(orders, 80*days)
		if _, err := w.store.Writer().ExecContext(t.Context(), `PRAGMA wal_autocheckpoint = 100`); err != nil {
			t.Fatal(err)
		}
		run, err := w.store.ActiveImports(t.Context())
		if err != nil || len(run) != 1 {
			t.Fatal(run, err)
		}
		disk.Fail(how, nth, 3)
		done := w.stubborn(t, run[0].ID)
		disk.Heal()
		hit += disk.Met()
		if done.State != store.ImportCompleted || done.Fetched != orders || done.Created != orders || *done.Total != orders {
			t.Errorf("write %d: run %+v, want %d created", nth, done, orders)
		}
		if n := len(w.orders(t, id)); n != orders {
			t.Errorf("write %d: %d orders, want %d", nth, n, orders)
		}
		storetest.Sound(t, w.store)
	}
	if hit < 10 {
		t.Errorf("only %d writes failed", hit)
	}
}
