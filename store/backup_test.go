package store_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/shopify"
	"probability/store"
	"probability/store/storetest"
)

func untold(string, int64, int64) {}

// filled has a user, a store with a secret, and orders.
func filled(t *testing.T, s *store.Store, orders int) int64 {
	t.Helper()
	update(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.InsertUser(ctx, newUser()) })
	id := secretsOf(t, s)
	var vs []store.Version
	for n := range orders {
		vs = append(vs, version(itoa(n), noon, func(o *shopify.Order) {
			o.CustomerName, o.CustomerEmail = "Nadia Ferrero", "nadia.ferrero@example.com"
		}))
	}
	put(t, s, id, vs...)
	return id
}

func backedUp(t *testing.T, s *store.Store) (string, store.Backup) {
	t.Helper()
	path := t.TempDir() + "/a.backup"
	return path, must(s.Backup(t.Context(), path, "1.2.3", untold))(t)
}

func TestBackup_ComesBackAsItWas(t *testing.T) {
	t.Parallel()
	cfg := store.Config{Dir: t.TempDir() + "/data", Key: storetest.Key(), Exclusive: true}
	s := storetest.Open(t, cfg)
	id := filled(t, s, 300)
	stages := map[string]int64{}
	path := t.TempDir() + "/a.backup"
	b := must(s.Backup(t.Context(), path, "1.2.3", func(stage string, done, total int64) {
		if done < stages[stage] || done > total {
			t.Errorf("%s: %d of %d after %d", stage, done, total, stages[stage])
		}
		stages[stage] = done
	}))(t)
	if stages[store.StageEncrypt] != b.Database || stages[store.StageCopy] == 0 {
		t.Errorf("told of %v", stages)
	}
	if info := must(os.Stat(path))(t); info.Mode().Perm() != 0o600 || info.Size() != b.Bytes+1024 {
		t.Errorf("%d bytes with mode %v, want %d and 0600", info.Size(), info.Mode(), b.Bytes+1024)
	}
	if left := must(filepath.Glob(cfg.Dir + "/copy*"))(t); len(left) > 0 {
		t.Errorf("left in the data folder: %v", left)
	}
	into := store.Config{Dir: t.TempDir() + "/new/data", Key: storetest.Key(), Exclusive: true}
	r := must(store.Restore(t.Context(), into, path, untold, quiet()))(t)
	if r.Backup != b || b.Program != "1.2.3" || r.Rows["orders"] != 300 || r.Rows["users"] != 1 {
		t.Errorf("got %+v", r)
	}
	back := storetest.Open(t, into)
	mustOpen(t, "restored", back, id)
	for _, o := range must(s.Orders(t.Context(), store.OrderFilter{IntegrationID: id, Limit: 100}))(t) {
		if got := must(back.Order(t.Context(), id, o.ID))(t); !bytes.Equal(got.Raw, must(s.Order(t.Context(), id, o.ID))(t).Raw) || len(got.Raw) == 0 {
			t.Errorf("order %d has another payload", o.ID)
		}
	}
	if wrong := must(store.CheckSums(t.Context(), back))(t); wrong != nil {
		t.Errorf("sums: %v", wrong)
	}
}

func TestBackup_ShowsNothingInClear(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, store.Config{Dir: t.TempDir() + "/data"})
	filled(t, s, 50)
	path, b := backedUp(t, s)
	content := must(os.ReadFile(path))(t)
	key := must(os.ReadFile(filepath.Dir(must(s.RotateKey(t.Context()))(t).KeyFile) + "/key." + b.KeyID + ".old"))(t)
	raw := must(base64.StdEncoding.DecodeString(strings.TrimSpace(string(key))))(t)
	for _, text := range []string{
		"Nadia", "nadia.ferrero", "first", "second", "token", hushShop, "CREATE TABLE", "SQLite format", string(raw), string(key[:20]),
	} {
		if bytes.Contains(content, []byte(text)) {
			t.Errorf("the backup holds %q in clear", text)
		}
	}
}

// Everything that was there when the backup began is in it, however much is written meanwhile.
func TestBackup_WhileMuchIsWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/data"
	service := storetest.Open(t, store.Config{Dir: dir, Key: storetest.Key(), Exclusive: true})
	id := filled(t, service, 500)
	var done atomic.Bool
	var written atomic.Int64
	written.Store(500)
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := 500; !done.Load(); n += 10 {
			var vs []store.Version
			for i := range 10 {
				vs = append(vs, version(itoa(n+i), noon, nil))
			}
			if err := service.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.PutOrders(ctx, id, vs, noon)
				return err
			}); err != nil {
				t.Error(err)
				return
			}
			written.Add(10)
		}
	})
	beside := storetest.Open(t, store.Config{Dir: dir, Key: storetest.Key()})
	for round := range 3 {
		before := written.Load()
		path, _ := backedUp(t, beside)
		into := store.Config{Dir: t.TempDir() + "/data", Key: storetest.Key()}
		r := must(store.Restore(t.Context(), into, path, untold, quiet()))(t)
		if got := r.Rows["orders"]; got < before || got%10 != 0 {
			t.Errorf("round %d: %d orders, want whole transactions and %d at least", round, got, before)
		}
		if err := closed(t, into, func(s *store.Store) {
			if wrong := must(store.CheckSums(t.Context(), s))(t); wrong != nil {
				t.Errorf("sums: %v", wrong)
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	done.Store(true)
	wg.Wait()
	if written.Load() == 500 {
		t.Error("nothing was written meanwhile")
	}
}

func TestBackup_Refuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := storetest.Open(t, store.Config{Dir: dir + "/data"})
	there := dir + "/there"
	if err := os.WriteFile(there, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Backup(t.Context(), there, "", untold); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a file that is there: got %v, want fs.ErrExist", err)
	}
	if got := must(os.ReadFile(there))(t); string(got) != "mine" {
		t.Errorf("it was changed to %q", got)
	}
	if _, err := s.Backup(t.Context(), dir+"/no/such", "", untold); err == nil {
		t.Error("into a folder that is not there")
	}
	release := must(store.HoldCopy(dir + "/data"))(t)
	if _, err := s.Backup(t.Context(), dir+"/second", "", untold); !errors.Is(err, store.ErrBackupRunning) {
		t.Errorf("two at once: got %v, want ErrBackupRunning", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if err := store.NeedRoom(dir, 1<<60); !errors.Is(err, store.ErrNoRoom) || !strings.Contains(err.Error(), "GiB") {
		t.Errorf("no room: got %v, want ErrNoRoom", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Backup(cancelled, dir+"/third", "", untold); err == nil {
		t.Error("a backup that was stopped is made")
	}
	if left := must(os.ReadDir(dir))(t); len(left) != 2 {
		t.Errorf("left: %v", left)
	}
}

func TestBackup_WhatAKillLeftIsRemoved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/data"
	s := storetest.Open(t, store.Config{Dir: dir})
	leave := func() {
		t.Helper()
		for _, name := range []string{"copy.part", "copy.part-journal"} {
			if err := os.WriteFile(dir+"/"+name, []byte("customers"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	wantLeft := func(what string, want int) {
		t.Helper()
		if left := must(filepath.Glob(dir + "/copy*"))(t); len(left) != want {
			t.Errorf("%s: %v are there, want %d", what, left, want)
		}
	}
	leave()
	path, _ := backedUp(t, s)
	wantLeft("after the next backup", 0)
	leave()
	release := must(store.HoldCopy(dir))(t)
	if err := closed(t, store.Config{Dir: dir}, nil); err != nil {
		t.Fatal(err)
	}
	wantLeft("while a backup runs", 2)
	if err := errors.Join(release(), closed(t, store.Config{Dir: dir}, nil)); err != nil {
		t.Fatal(err)
	}
	wantLeft("after the next start", 0)
	if err := os.WriteFile(path+"2.part", []byte("half"), 0o644); err != nil {
		t.Fatal(err)
	}
	must(s.Backup(t.Context(), path+"2", "", untold))(t)
	if left := must(filepath.Glob(path + "*"))(t); len(left) != 2 {
		t.Errorf("got %v, want two backups", left)
	}
	if info := must(os.Stat(path + "2"))(t); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestBackup_UnderTheKeyOfAfterARotation(t *testing.T) {
	t.Parallel()
	cfg := store.Config{Dir: t.TempDir() + "/data"}
	s := storetest.Open(t, cfg)
	filled(t, s, 1)
	var rotated store.Rotation
	if err := closed(t, cfg, func(other *store.Store) { rotated = must(other.RotateKey(t.Context()))(t) }); err != nil {
		t.Fatal(err)
	}
	if _, b := backedUp(t, s); b.KeyID != rotated.KeyID {
		t.Errorf("made with the key %s, want %s", b.KeyID, rotated.KeyID)
	}
}

func TestNoteBackup_ForgetsTheOldest(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	for n := range 110 {
		if err := s.NoteBackup(t.Context(), fmt.Sprintf("/b/%d", n), noon.Add(time.Duration(n)*time.Hour), 1); err != nil {
			t.Fatal(err)
		}
	}
	if n := must(store.Backups(t.Context(), s))(t); n != 100 {
		t.Errorf("%d are remembered, want 100", n)
	}
}

// folderState is every file of a folder with its content.
func folderState(t *testing.T, dir string) map[string]string {
	t.Helper()
	state := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && !d.IsDir() {
			state[path] = string(must(os.ReadFile(path))(t))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func newID() string { return uuid.NewString() }
