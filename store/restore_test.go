package store_test

import (
	"encoding/base64"
	"errors"
	"maps"
	"os"
	"slices"
	"testing"

	"probability/store"
	"probability/store/storetest"
)

// refusal restores a changed backup into a folder and wants an error, and the folder as it was.
func refusal(t *testing.T, what string, cfg store.Config, path string, want error) {
	t.Helper()
	before := folderState(t, cfg.Dir)
	_, err := store.Restore(t.Context(), cfg, path, untold, quiet())
	if !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", what, err, want)
	}
	if after := folderState(t, cfg.Dir); !maps.Equal(before, after) {
		t.Errorf("%s: the folder was changed: %d files, now %d", what, len(before), len(after))
	}
	if _, err := os.Stat(cfg.Dir); len(before) == 0 && err == nil {
		t.Errorf("%s: the folder was made", what)
	}
}

func TestRestore_RefusesWhatIsNotAsItWasWritten(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	filled(t, s, 100)
	path, b := backedUp(t, s)
	whole := must(os.ReadFile(path))(t)
	cfg := store.Config{Dir: t.TempDir() + "/data", Key: storetest.Key()}
	broken := t.TempDir() + "/broken"
	write := func(content []byte) string {
		t.Helper()
		if err := os.WriteFile(broken, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return broken
	}
	for _, n := range []int{0, 1, 18, 19, 400, 1023, 1024, 1025, 1024 + int(b.Bytes)/2, len(whole) - 1} {
		want := store.ErrBackupTruncated
		if n < 19 {
			want = store.ErrNotBackup
		}
		refusal(t, "cut after "+itoa(n), cfg, write(whole[:n]), want)
	}
	refusal(t, "longer", cfg, write(append(slices.Clip(whole), 0)), store.ErrBackupAltered)
	// Each part: magic, format, JSON, blanks, checksum, age's header, its sealed key, its MAC, the database, the end.
	for _, at := range []int{0, 10, 19, 21, 60, 200, 350, 700, 958, 959, 1000, 1022, 1023, 1024, 1050, 1100, 1150, 1200, 1260, 5000, len(whole) / 2, len(whole) - 1} {
		flipped := append([]byte(nil), whole...)
		flipped[at] ^= 1
		want := store.ErrBackupAltered
		if at < 19 {
			want = store.ErrNotBackup
		}
		refusal(t, "flipped at "+itoa(at), cfg, write(flipped), want)
	}
	refusal(t, "another file", cfg, write([]byte("SQLite format 3")), store.ErrNotBackup)
	refusal(t, "no file", cfg, broken+"-not", os.ErrNotExist)
	must(store.Restore(t.Context(), cfg, path, untold, quiet()))(t)
}

// A header in clear can be made to fit its checksum by anybody.
func TestRestore_BelievesNoHeaderThatTheKeyDidNotSeal(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	filled(t, s, 10)
	path, _ := backedUp(t, s)
	whole := must(os.ReadFile(path))(t)
	cfg := store.Config{Dir: t.TempDir() + "/data", Key: storetest.Key()}
	for what, c := range map[string]struct {
		change func(*store.Backup)
		want   error
	}{
		"newer schema":  {func(b *store.Backup) { b.Schema = 9999 }, store.ErrSchemaNewer},
		"newer queue":   {func(b *store.Backup) { b.Queue = 9999 }, store.ErrSchemaNewer},
		"older schema":  {func(b *store.Backup) { b.Schema = 1 }, store.ErrBackupAltered},
		"program":       {func(b *store.Backup) { b.Program = "2" }, store.ErrBackupAltered},
		"another time":  {func(b *store.Backup) { b.CreatedAt = noon }, store.ErrBackupAltered},
		"another size":  {func(b *store.Backup) { b.Database-- }, store.ErrBackupAltered},
		"another hash":  {func(b *store.Backup) { b.SHA256 = newID() }, store.ErrBackupAltered},
		"another bytes": {func(b *store.Backup) { b.Bytes-- }, store.ErrBackupAltered},
		"another key":   {func(b *store.Backup) { b.KeyID = "0011223344556677" }, store.ErrBackupKey},
	} {
		if err := errors.Join(os.WriteFile(path, whole, 0o600), store.RewriteHeader(path, c.change)); err != nil {
			t.Fatal(err)
		}
		refusal(t, what, cfg, path, c.want)
	}
}

func TestRestore_WantsTheKey(t *testing.T) {
	t.Parallel()
	source := store.Config{Dir: t.TempDir() + "/data"}
	s := storetest.Open(t, source)
	filled(t, s, 10)
	path, _ := backedUp(t, s)
	cfg := store.Config{Dir: t.TempDir() + "/data"}
	refusal(t, "no folder", cfg, path, store.ErrKeyLost)
	if err := os.Mkdir(cfg.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	key := func(content []byte) {
		t.Helper()
		if err := os.WriteFile(cfg.Dir+"/key", content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	key([]byte(base64.StdEncoding.EncodeToString(storetest.Key())))
	refusal(t, "another key file", cfg, path, store.ErrBackupKey)
	refusal(t, "another configured key", store.Config{Dir: cfg.Dir, Key: storetest.Key()}, path, store.ErrBackupKey)
	key([]byte("rubbish"))
	refusal(t, "a file that is no key", cfg, path, store.ErrWrongKey)

	// After a rotation the former key is what opens it.
	former := must(s.RotateKey(t.Context()))(t)
	key(must(os.ReadFile(former.KeyFile))(t))
	refusal(t, "the key of after a rotation", cfg, path, store.ErrBackupKey)
	key(must(os.ReadFile(former.FormerFile))(t))
	must(store.Restore(t.Context(), cfg, path, untold, quiet()))(t)
	if err := closed(t, cfg, nil); err != nil {
		t.Errorf("opened with the former key: %v", err)
	}
}

func TestRestore_ReplacesNoDatabase(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	filled(t, s, 10)
	path, _ := backedUp(t, s)
	for _, service := range []bool{true, false} {
		cfg := store.Config{Dir: t.TempDir() + "/data", Key: storetest.Key(), Exclusive: true}
		there := must(store.Open(t.Context(), cfg, quiet()))(t)
		if !service {
			if err := there.Close(); err != nil {
				t.Fatal(err)
			}
		}
		refusal(t, "a database is there", cfg, path, store.ErrDatabaseThere)
		if service { // even if its file is gone
			for _, name := range []string{"probability.db", "probability.db-wal", "probability.db-shm"} {
				if err := os.Rename(cfg.Dir+"/"+name, t.TempDir()+"/"+name); err != nil {
					t.Fatal(err)
				}
			}
			refusal(t, "a service runs", cfg, path, store.ErrFolderInUse)
			_ = there.Close()
		}
	}
	cfg := store.Config{Dir: t.TempDir() + "/data", Key: storetest.Key()}
	if err := errors.Join(os.Mkdir(cfg.Dir, 0o700), os.WriteFile(cfg.Dir+"/probability.db-wal", []byte("log"), 0o600)); err != nil {
		t.Fatal(err)
	}
	refusal(t, "the log of another database", cfg, path, store.ErrDatabaseThere)
	if err := os.Remove(cfg.Dir + "/probability.db-wal"); err != nil {
		t.Fatal(err)
	}
	release := must(store.HoldCopy(cfg.Dir))(t)
	if _, err := store.Restore(t.Context(), cfg, path, untold, quiet()); !errors.Is(err, store.ErrBackupRunning) {
		t.Errorf("two at once: got %v, want ErrBackupRunning", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	must(store.Restore(t.Context(), cfg, path, untold, quiet()))(t)
}

// What the key sealed is still tried: the database must be whole, complete and the key's.
func TestRestore_TriesTheDatabase(t *testing.T) {
	t.Parallel()
	source := store.Config{Dir: t.TempDir() + "/data", Key: storetest.Key()}
	var rows map[string]int64
	if err := closed(t, source, func(s *store.Store) {
		filled(t, s, 100)
		path, _ := backedUp(t, s)
		rows = must(store.Restore(t.Context(), store.Config{Dir: t.TempDir() + "/data", Key: storetest.Key()}, path, untold, quiet()))(t).Rows
	}); err != nil {
		t.Fatal(err)
	}
	database := must(os.ReadFile(source.Dir + "/probability.db"))(t)
	forged := t.TempDir() + "/forged"
	forge := func(rows map[string]int64, database []byte) string {
		t.Helper()
		if err := store.ForgeBackup(forged, storetest.Key(), rows, database); err != nil {
			t.Fatal(err)
		}
		return forged
	}
	fresh := func() store.Config { return store.Config{Dir: t.TempDir() + "/data", Key: storetest.Key()} }
	must(store.Restore(t.Context(), fresh(), forge(rows, database), untold, quiet()))(t)

	fewer := maps.Clone(rows)
	fewer["orders"]++
	damaged := append([]byte(nil), database...)
	for i := 8 * 4096; i < 12*4096; i++ {
		damaged[i] = 0xff
	}
	for what, file := range map[string]func() string{
		"other rows":         func() string { return forge(fewer, database) },
		"a damaged database": func() string { return forge(rows, damaged) },
		"an empty one":       func() string { return forge(rows, nil) },
	} {
		cfg := fresh()
		_, err := store.Restore(t.Context(), cfg, file(), untold, quiet())
		if !errors.Is(err, store.ErrBackupAltered) {
			t.Errorf("%s: got %v, want ErrBackupAltered", what, err)
		}
		if _, err := os.Stat(cfg.Dir); err == nil {
			t.Errorf("%s: the folder was made", what)
		}
	}
	other := store.Config{Dir: t.TempDir() + "/data", Key: []byte("ffffffffffffffffffffffffffffffff")}
	if err := closed(t, other, func(s *store.Store) { filled(t, s, 100) }); err != nil {
		t.Fatal(err)
	}
	cfg := fresh()
	refusal(t, "a database of another key", cfg, forge(rows, must(os.ReadFile(other.Dir+"/probability.db"))(t)), store.ErrWrongKey)
}
