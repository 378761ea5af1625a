package store_test

import (
	"errors"
	"os"
	"testing"
	"time"

	"probability/store"
	"probability/store/storetest"
)

func examined(t *testing.T, cfg store.Config) store.Condition {
	t.Helper()
	before := folderState(t, cfg.Dir)
	c := must(store.Examine(t.Context(), cfg, true))(t)
	for path, content := range folderState(t, cfg.Dir) {
		if was, there := before[path]; there && was != content && path != cfg.Dir+"/probability.db-shm" {
			t.Errorf("looking changed %s", path)
		}
	}
	return c
}

func TestExamine_TellsHowAFolderIs(t *testing.T) {
	t.Parallel()
	cfg := store.Config{Dir: t.TempDir() + "/data"}
	if c := examined(t, cfg); c.There || c.Database || c.Space.Used == 0 || c.Space.FreeShare() <= 0 || c.Space.FreeShare() > 1 {
		t.Errorf("nothing there: got %+v", c)
	}
	if _, err := os.Stat(cfg.Dir); err == nil {
		t.Error("the folder was made")
	}
	service := must(store.Open(t.Context(), store.Config{Dir: cfg.Dir, Exclusive: true}, quiet()))(t)
	secretsOf(t, service)
	c := examined(t, cfg)
	if !c.There || !c.Database || !c.Running || c.Err != nil || c.Key != nil || len(c.KeyID) != 16 || c.Schema != c.KnownSchema || c.Queue != c.KnownQueue ||
		c.Complaints != nil || c.Open != nil || c.Bytes == 0 || c.Log == 0 || c.Unfinished {
		t.Errorf("beside a service: got %+v", c)
	}
	if err := service.Close(); err != nil {
		t.Fatal(err)
	}
	if c := examined(t, cfg); c.Running || c.Err != nil || c.KeyID == "" {
		t.Errorf("without a service: got %+v", c)
	}
	if err := os.Chmod(cfg.Dir+"/probability.db", 0o640); err != nil {
		t.Fatal(err)
	}
	if c := examined(t, cfg); len(c.Open) != 1 || c.Open[0] != cfg.Dir+"/probability.db (0640)" {
		t.Errorf("open to others: %v", c.Open)
	}
	file := t.TempDir() + "/file"
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Examine(t.Context(), store.Config{Dir: file}, false); err == nil {
		t.Error("a file was taken for a folder")
	}
}

func TestExamine_SchemaKeyAndIntegrity(t *testing.T) {
	t.Parallel()
	cfg := store.Config{Dir: t.TempDir() + "/data"}
	if err := closed(t, cfg, func(s *store.Store) {
		secretsOf(t, s)
		if err := store.RotateInSteps(t.Context(), s, 2); err != nil {
			t.Fatal(err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if c := examined(t, cfg); !c.Unfinished || c.Key != nil || c.KeyID == "" {
		t.Errorf("a rotation that was killed: got %+v", c)
	}
	if err := closed(t, cfg, nil); err != nil {
		t.Fatal(err)
	}
	if c := examined(t, cfg); c.Unfinished || len(c.FormerKeys) != 1 {
		t.Errorf("finished: got %+v", c)
	}
	if c := examined(t, store.Config{Dir: cfg.Dir, Key: storetest.Key()}); !errors.Is(c.Key, store.ErrKeyInFile) {
		t.Errorf("a stale configured key: got %v", c.Key)
	}
	rawExec(t, cfg.Dir, `INSERT INTO schema_version (version_id, is_applied) VALUES (9999, 1)`)
	if c := examined(t, cfg); c.Schema != 9999 || c.KnownSchema == 9999 || c.Err != nil {
		t.Errorf("a newer schema: got %+v", c)
	}
	old := t.TempDir() + "/old"
	if err := must(store.OldSchema(t.Context(), old))(t).Close(); err != nil {
		t.Fatal(err)
	}
	if c := examined(t, store.Config{Dir: old}); c.Err != nil || c.Schema >= c.KnownSchema || len(c.Complaints) > 0 {
		t.Errorf("an older schema: got %+v", c)
	}
	f := must(os.OpenFile(cfg.Dir+"/probability.db", os.O_WRONLY, 0))(t)
	if _, err := f.WriteAt(make([]byte, 20*4096), 10*4096); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if c := examined(t, cfg); c.Err == nil && len(c.Complaints) == 0 {
		t.Error("a damaged database is called whole")
	}
	if err := os.WriteFile(cfg.Dir+"/probability.db", []byte("no database, whatever its name says, and long enough"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c := examined(t, cfg); !errors.Is(c.Err, store.ErrNotDatabase) {
		t.Errorf("no database: got %v", c.Err)
	}
}

func TestLastBackup_IsTheNewest(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		if at, path, err := s.LastBackup(t.Context()); err != nil || !at.IsZero() || path != "" {
			t.Errorf("of none: got %s, %q, %v", at, path, err)
		}
		for n, path := range []string{"/a", "/b"} {
			if err := s.NoteBackup(t.Context(), path, noon.Add(time.Duration(n)*time.Hour), 9); err != nil {
				t.Fatal(err)
			}
		}
		if at, path, err := s.LastBackup(t.Context()); err != nil || path != "/b" || !at.Equal(noon.Add(time.Hour)) {
			t.Errorf("got %s, %q, %v", at, path, err)
		}
	})
}
