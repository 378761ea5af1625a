package storetest_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"testing"

	"probability/store"
	"probability/store/storetest"
)

// on opens a store whose folder is on a disk of the test's.
func on(t *testing.T) (*storetest.Disk, *store.Store) {
	t.Helper()
	dir := t.TempDir() + "/data"
	disk := storetest.NewDisk(t, dir)
	return disk, storetest.Open(t, store.Config{Dir: dir, Key: storetest.Key(), Exclusive: true})
}

func note(t *testing.T, s *store.Store, n int) error {
	t.Helper()
	return s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.SQL().ExecContext(ctx, `INSERT INTO meta (name, value) VALUES ($1, x'00')`, fmt.Sprint("note ", n))
		return err
	})
}

func notes(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM meta WHERE name LIKE 'note %'`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestDisk_FailsAsTold(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]storetest.Trouble{"broken": storetest.Broken, "full": storetest.Full} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			disk, s := on(t)
			disk.Fail(how, 1, 0)
			if err := note(t, s, 1); err == nil || !store.Unavailable(err) {
				t.Errorf("got %v, want it unavailable", err)
			}
			if disk.Met() == 0 {
				t.Error("nothing met the trouble")
			}
			disk.Heal()
			if err := note(t, s, 1); err != nil || notes(t, s.Writer()) != 1 {
				t.Errorf("healed: %v, %d notes, want 1", err, notes(t, s.Writer()))
			}
			storetest.Sound(t, s)
		})
	}
}

// What is committed survives when commits are flushed. When they are not, the disk must show it, or it would prove nothing.
func TestDisk_LosesWhatWasNotFlushed(t *testing.T) {
	t.Parallel()
	for mode, kept := range map[string]bool{"FULL": true, "OFF": false} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			disk, s := on(t)
			if _, err := s.Writer().ExecContext(t.Context(), `PRAGMA synchronous = `+mode); err != nil {
				t.Fatal(err)
			}
			random := rand.New(rand.NewPCG(1, 2))
			lost := 0
			for n := range 6 {
				if err := note(t, s, n); err != nil {
					t.Fatal(err)
				}
				dir := t.TempDir() + "/left"
				if err := disk.LosePower(random, dir); err != nil {
					t.Fatal(err)
				}
				left := storetest.Open(t, store.Config{Dir: dir, Key: storetest.Key()})
				storetest.Sound(t, left)
				lost += n + 1 - notes(t, left.Writer())
			}
			if (lost == 0) != kept {
				t.Errorf("%d notes are lost, want none: %v", lost, kept)
			}
		})
	}
}

// Files of other folders, and of the same folder under another store, are not touched.
func TestDisk_IsOfOneFolder(t *testing.T) {
	t.Parallel()
	disk, _ := on(t)
	other := storetest.New(t)
	disk.Fail(storetest.Broken, 1, 0)
	if err := note(t, other, 1); err != nil || disk.Met() != 0 {
		t.Errorf("a store elsewhere: %v, %d operations met the trouble", err, disk.Met())
	}
	disk.Heal()
}
