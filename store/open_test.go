package store_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	_ "modernc.org/sqlite"

	"probability/store"
	"probability/store/storetest"
)

func TestOpen_MakesEverythingForItsOwnerAlone(t *testing.T) {
	// The umask belongs to the process: a process of its own has to set it.
	for _, mask := range []string{"000", "022", "077"} {
		dir := filepath.Join(t.TempDir(), "deep", "data")
		cmd := exec.CommandContext(t.Context(), "sh", "-c", "umask "+mask+" && exec \"$0\"", os.Args[0])
		cmd.Env = append(os.Environ(), openEnv+"="+dir)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("umask %s: %v: %s", mask, err, out)
		}
		seen := 0
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			want := fs.FileMode(0o600)
			if d.IsDir() {
				want = 0o700
			}
			if got := info.Mode().Perm(); got != want {
				t.Errorf("umask %s: %s has mode %04o, want %04o", mask, path, got, want)
			}
			seen++
			return nil
		})
		if err != nil || seen < 5 {
			t.Errorf("umask %s: %d files, %v", mask, seen, err)
		}
	}
}

func TestOpen_WhileOpenTheLogIsPrivateToo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/data"
	old := syscall.Umask(0)
	storetest.Open(t, store.Config{Dir: dir, Key: storetest.Key()})
	syscall.Umask(old)
	for _, name := range []string{"probability.db", "probability.db-wal", "probability.db-shm"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("%s has mode %04o, want 0600", name, got)
		}
	}
}

func TestOpen_ClosesWhatWasOpenToOthers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/data"
	if err := must(store.Open(t.Context(), store.Config{Dir: dir}, quiet()))(t).Close(); err != nil {
		t.Fatal(err)
	}
	for path, mode := range map[string]fs.FileMode{dir: 0o755, dir + "/key": 0o644, dir + "/probability.db": 0o666} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	var log bytes.Buffer
	if err := must(store.Open(t.Context(), store.Config{Dir: dir}, slog.New(slog.NewTextHandler(&log, nil))))(t).Close(); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]fs.FileMode{dir: 0o700, dir + "/key": 0o600, dir + "/probability.db": 0o600} {
		info := must(os.Stat(path))(t)
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %04o, want %04o", path, got, want)
		}
		if !strings.Contains(log.String(), "path="+path+" ") {
			t.Errorf("nothing is said about %s in %s", path, log.String())
		}
	}
}

func TestOpen_RefusesAFolderOfOthers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := errors.Join(os.Chmod(dir, 0o755), os.WriteFile(dir+"/notes.txt", nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	_, err := store.Open(t.Context(), store.Config{Dir: dir}, quiet())
	if !errors.Is(err, store.ErrFolderUnsafe) {
		t.Fatalf("got %v, want ErrFolderUnsafe", err)
	}
	if info := must(os.Stat(dir))(t); info.Mode().Perm() != 0o755 {
		t.Errorf("mode was changed to %v", info.Mode())
	}
	for _, path := range []string{"", dir + "/notes.txt"} {
		if _, err := store.Open(t.Context(), store.Config{Dir: path}, quiet()); err == nil {
			t.Errorf("opened %q", path)
		}
	}
}

func TestOpen_AnyFolderName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"with space", "what?mode=memory", "50%25", "a#b", "ñandú", "semi;colon&_pragma=x"} {
		dir := filepath.Join(t.TempDir(), name)
		storetest.Open(t, store.Config{Dir: dir, Key: storetest.Key()})
		if _, err := os.Stat(filepath.Join(dir, "probability.db-wal")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOpen_OneServiceAFolder(t *testing.T) {
	t.Parallel()
	cfg := store.Config{Dir: t.TempDir() + "/data", Exclusive: true}
	first := must(store.Open(t.Context(), cfg, quiet()))(t)
	if _, err := store.Open(t.Context(), cfg, quiet()); !errors.Is(err, store.ErrFolderInUse) {
		t.Errorf("second service: got %v, want ErrFolderInUse", err)
	}
	beside := must(store.Open(t.Context(), store.Config{Dir: cfg.Dir}, quiet()))(t)
	update(t, beside, func(ctx context.Context, tx *store.Tx) error { return tx.InsertUser(ctx, newUser()) })
	if n := must(first.CountUsers(t.Context()))(t); n != 1 {
		t.Errorf("the service sees %d accounts, want 1", n)
	}
	if err := errors.Join(beside.Close(), first.Close()); err != nil {
		t.Fatal(err)
	}
	if err := must(store.Open(t.Context(), cfg, quiet()))(t).Close(); err != nil {
		t.Errorf("after the first has ended: %v", err)
	}
}

func TestOpen_ManyProcessesOnAnEmptyFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/data"
	start := func(serve bool) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), openEnv+"="+dir)
		if serve {
			cmd.Env = append(cmd.Env, "STORE_TEST_SERVE=1")
		}
		cmd.Stderr = os.Stderr
		return cmd
	}
	const services, commands = 3, 5
	var wg sync.WaitGroup
	codes := make(chan int, services)
	for range services {
		cmd := start(true)
		in, out := must(cmd.StdinPipe())(t), must(cmd.StdoutPipe())(t)
		wg.Go(func() {
			if err := cmd.Start(); err != nil {
				t.Error(err)
				return
			}
			opened := bufio.NewScanner(out).Scan()
			wg.Go(func() { // after all have tried: the one that serves may end
				for range services - 1 {
					if opened {
						<-codes
					}
				}
				_ = in.Close()
				_ = cmd.Wait()
				if code := cmd.ProcessState.ExitCode(); opened && code != 0 || !opened && code != 3 {
					t.Errorf("service: exit %d, open %v", code, opened)
				} else if !opened {
					codes <- code
				}
			})
		})
	}
	for range commands {
		cmd := start(false)
		wg.Go(func() {
			if err := cmd.Run(); err != nil {
				t.Errorf("command: %v", err)
			}
		})
	}
	wg.Wait()
	s := storetest.Open(t, store.Config{Dir: dir, Exclusive: true})
	if n := must(s.CountUsers(t.Context()))(t); n != commands+1 {
		t.Errorf("got %d accounts, want %d", n, commands+1)
	}
	if left, _ := filepath.Glob(dir + "/key*"); len(left) != 1 {
		t.Errorf("key files: %v", left)
	}
	if got := must(rawQuery[string](t, dir, `PRAGMA integrity_check`))(t); got != "ok" {
		t.Errorf("integrity check: %s", got)
	}
}

func TestOpen_RefusesANewerSchema(t *testing.T) {
	t.Parallel()
	for _, newer := range []string{
		`INSERT INTO schema_version (version_id, is_applied) VALUES (9999, 1)`,
		`INSERT INTO river_migration (line, version) VALUES ('main', 9999)`,
	} {
		dir := t.TempDir() + "/data"
		if err := must(store.Open(t.Context(), store.Config{Dir: dir}, quiet()))(t).Close(); err != nil {
			t.Fatal(err)
		}
		rawExec(t, dir, newer)
		if _, err := store.Open(t.Context(), store.Config{Dir: dir}, quiet()); !errors.Is(err, store.ErrSchemaNewer) {
			t.Errorf("%s: got %v, want ErrSchemaNewer", newer, err)
		}
	}
}

func TestOpen_LeavesTheSchemaOfARunningServiceAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/data"
	service := storetest.Open(t, store.Config{Dir: dir, Exclusive: true})
	if _, err := service.Writer().ExecContext(t.Context(), `DELETE FROM river_migration WHERE version > 7`); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), store.Config{Dir: dir}, quiet()); !errors.Is(err, store.ErrSchemaOlder) {
		t.Errorf("got %v, want ErrSchemaOlder", err)
	}
}

func TestOpen_ReadersCannotWriteAndCommitsAreFlushed(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1", "busy_timeout": "3500"} {
		var got string
		if err := s.Writer().QueryRowContext(t.Context(), `PRAGMA `+pragma).Scan(&got); err != nil || got != want {
			t.Errorf("writer: %s is %s (%v), want %s", pragma, got, err, want)
		}
	}
	if err := store.ExecReader(t.Context(), s, `DELETE FROM users`); err == nil {
		t.Error("a read connection wrote")
	}
}

// rawExec changes the database file beside the store.
func rawExec(t *testing.T, dir, query string, args ...any) {
	t.Helper()
	db := must(sql.Open("sqlite", dir+"/probability.db"))(t)
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatal(err)
	}
}

func rawQuery[T any](t *testing.T, dir, query string) (v T, err error) {
	t.Helper()
	db := must(sql.Open("sqlite", dir+"/probability.db"))(t)
	defer db.Close()
	err = db.QueryRowContext(t.Context(), query).Scan(&v)
	return v, err
}
