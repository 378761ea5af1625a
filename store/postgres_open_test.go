package store_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"probability/store"
	"probability/store/storetest"
)

// Several services and commands open an empty database at once, and go through it one after the other.
func TestServerOpen_ManyAtOnceOnAnEmptyDatabase(t *testing.T) {
	t.Parallel()
	url := storetest.EmptyPostgres(t)
	var wg sync.WaitGroup
	for n := range 4 {
		cfg := store.Config{Dir: t.TempDir() + "/data", URL: url, Key: storetest.Key(), Exclusive: n%2 == 0}
		wg.Go(func() {
			s, err := store.Open(t.Context(), cfg, quiet())
			if err != nil {
				t.Error(err)
				return
			}
			err = s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error { return tx.InsertUser(ctx, newUser()) })
			if err := errors.Join(err, s.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	s := storetest.Open(t, store.Config{Dir: t.TempDir() + "/data", URL: url, Key: storetest.Key()})
	if n := must(s.CountUsers(t.Context()))(t); n != 4 {
		t.Errorf("%d users, want 4", n)
	}
}

// Who opens waits for whoever is opening, and may be bringing the schema up to date.
func TestServerOpen_WaitsForItsTurn(t *testing.T) {
	t.Parallel()
	cfg := storetest.PostgresConfig(t)
	watcher := storetest.Open(t, cfg)
	opening := must(watcher.Writer().Conn(t.Context()))(t)
	if _, err := opening.ExecContext(t.Context(), `SELECT pg_advisory_lock($1)`, store.OpeningLock); err != nil {
		t.Fatal(err)
	}
	opened := make(chan error, 1)
	go func() { opened <- closed(t, cfg, nil) }()
	for begun := time.Now(); ; {
		var waits bool
		if err := watcher.Reader().QueryRowContext(t.Context(), `SELECT EXISTS (SELECT 1 FROM pg_locks
			WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`).Scan(&waits); err != nil {
			t.Fatal(err)
		}
		if waits {
			break
		}
		if time.Since(begun) > patience {
			t.Fatal("nobody waits")
		}
	}
	select {
	case err := <-opened:
		t.Errorf("opened meanwhile: %v", err)
	default:
	}
	if _, err := opening.ExecContext(t.Context(), `SELECT pg_advisory_unlock($1)`, store.OpeningLock); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(<-opened, opening.Close()); err != nil {
		t.Error(err)
	}
}

// The database has one key, and every machine needs it.
func TestServerOpen_AnotherMachineNeedsTheKey(t *testing.T) {
	t.Parallel()
	first := storetest.PostgresConfig(t)
	first.Key = nil
	service := storetest.Open(t, first)
	second := first
	second.Dir = t.TempDir() + "/second"
	if _, err := store.Open(t.Context(), second, quiet()); !errors.Is(err, store.ErrKeyLost) {
		t.Errorf("without the key: got %v, want ErrKeyLost", err)
	}
	if _, err := os.Stat(second.Dir + "/key"); err == nil {
		t.Error("a key of its own was made")
	}
	second.Key = storetest.Key()
	if _, err := store.Open(t.Context(), second, quiet()); !errors.Is(err, store.ErrWrongKey) {
		t.Errorf("with another key: got %v, want ErrWrongKey", err)
	}
	second.Key = nil
	if err := os.WriteFile(second.Dir+"/key", must(os.ReadFile(first.Dir+"/key"))(t), 0o600); err != nil {
		t.Fatal(err)
	}
	other := storetest.Open(t, second)
	withSecret(t, service)
	if found := must(other.ShopSecrets(t.Context(), "secret.myshopify.com", noon))(t); len(found) != 1 || len(found[0].Secrets) != 1 {
		t.Errorf("got %v", found)
	}
	// After a rotation on one machine the other looks at its key file again, as soon as it has been given the new key.
	must(service.RotateKey(t.Context()))(t)
	if _, err := other.ShopSecrets(t.Context(), "secret.myshopify.com", noon.Add(time.Minute)); err == nil {
		t.Error("the former key opens a secret")
	}
	if err := os.WriteFile(second.Dir+"/key", must(os.ReadFile(first.Dir+"/key"))(t), 0o600); err != nil {
		t.Fatal(err)
	}
	if found := must(other.ShopSecrets(t.Context(), "secret.myshopify.com", noon.Add(time.Hour)))(t); len(found) != 1 || len(found[0].Secrets) != 1 || found[0].Secrets[0] != "hush" {
		t.Errorf("with the new key: got %v", found)
	}
}

func TestServerOpen_LeavesOtherVersionsAlone(t *testing.T) {
	t.Parallel()
	cfg := storetest.PostgresConfig(t)
	s := storetest.Open(t, cfg)
	exec := func(statement string) {
		t.Helper()
		if _, err := s.Writer().ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	command := cfg
	command.Exclusive = false
	exec(`DELETE FROM schema_version WHERE version_id = (SELECT max(version_id) FROM schema_version)`)
	exec(`ALTER TABLE imports DROP COLUMN way, DROP COLUMN withheld`)
	exec(`ALTER TABLE integrations DROP COLUMN orders_way, DROP COLUMN rest_due_at`)
	if _, err := store.Open(t.Context(), command, quiet()); !errors.Is(err, store.ErrSchemaOlder) {
		t.Errorf("a command: got %v, want ErrSchemaOlder", err)
	}
	if err := closed(t, cfg, nil); err != nil {
		t.Errorf("a service: %v", err)
	}
	if err := closed(t, command, nil); err != nil {
		t.Errorf("a command after it: %v", err)
	}
	exec(`INSERT INTO schema_version (version_id, is_applied) VALUES (9999, TRUE)`)
	if _, err := store.Open(t.Context(), cfg, quiet()); !errors.Is(err, store.ErrSchemaNewer) {
		t.Errorf("a newer database: got %v, want ErrSchemaNewer", err)
	}
}

func TestServerOpen_SaysWhatIsWrongAndNoPassword(t *testing.T) {
	t.Parallel()
	good := storetest.PostgresConfig(t)
	const nobody = "127.0.0.1:1" // a free port would be anybody's a moment later
	latin := storetest.EmptyPostgres(t)
	and := func(address, parameter string) string {
		if strings.Contains(address, "?") {
			return address + "&" + parameter
		}
		return address + "?" + parameter
	}
	for name, c := range map[string]struct{ url, says string }{
		"no address":    {"postgres://user:hushhush@host:port/x", "postgres://user:password@host:5432/database"},
		"nobody there":  {"postgres://user:hushhush@" + nobody + "/x?sslmode=disable", "refused"},
		"no database":   {strings.Replace(strings.Replace(good.URL, "postgres@", "postgres:hushhush@", 1), "probability_test_", "nothing_", 1), "does not exist"},
		"not durable":   {and(latin, "options=-csynchronous_commit%3Doff"), "synchronous_commit"},
		"not a URL":     {"user=x password=hushhush host=" + nobody + " port=notaport", "not understood"},
		"an odd option": {and(good.URL, "hushhush=1"), "hushhush"},
	} {
		cfg := store.Config{Dir: t.TempDir() + "/data", URL: c.url, Key: storetest.Key()}
		_, err := store.Open(t.Context(), cfg, quiet())
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want it to say %q", name, err, c.says)
		}
		if err != nil && name != "an odd option" && strings.Contains(err.Error(), "hushhush") {
			t.Errorf("%s: the password is in %q", name, err)
		}
	}
}

// notices collects what a store is told.
func notices(ctx context.Context, t *testing.T, s *store.Store) (heard <-chan string) {
	t.Helper()
	all := make(chan string, 100)
	var wg sync.WaitGroup
	ctx, cancel := context.WithCancel(ctx)
	wg.Go(func() {
		if err := s.Listen(ctx, func(payload string) { all <- payload }); !errors.Is(err, context.Canceled) {
			t.Errorf("listen ended: %v", err)
		}
	})
	t.Cleanup(func() { cancel(); wg.Wait() })
	return all
}

// next is the next notice that is heard.
func next(t *testing.T, heard <-chan string) string {
	t.Helper()
	select {
	case payload := <-heard:
		return payload
	case <-time.After(patience):
		t.Fatal("nothing is heard")
		return ""
	}
}

// Every process hears what was committed, in that order, and nothing of what was not; one that lost its connection is told so.
func TestServer_ProcessesTellEachOther(t *testing.T) {
	t.Parallel()
	a, b := servers(t)
	heard := [...]<-chan string{notices(t.Context(), t, a), notices(t.Context(), t, b)}
	for _, h := range heard {
		if payload := next(t, h); payload != "" {
			t.Errorf("first heard %q", payload)
		}
	}
	long := strings.Repeat("x", store.MaxNotice)
	notify := func(s *store.Store, fail error, payloads ...string) {
		t.Helper()
		err := s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			for _, p := range payloads {
				if err := tx.Notify(ctx, p); err != nil {
					return err
				}
			}
			return fail
		})
		if !errors.Is(err, fail) {
			t.Fatalf("got %v, want %v", err, fail)
		}
	}
	notify(a, nil, "1", "2", "2", long)
	notify(b, errors.ErrUnsupported, "never")
	notify(b, nil, "3")
	for _, h := range heard {
		for _, want := range []string{"1", "2", long, "3"} {
			if got := next(t, h); got != want {
				t.Errorf("heard %.20q, want %.20q", got, want)
			}
		}
	}
	for _, wrong := range []string{"", long + "x"} {
		if err := a.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error { return tx.Notify(ctx, wrong) }); err == nil {
			t.Errorf("%d bytes were taken", len(wrong))
		}
	}
	if _, err := a.Writer().ExecContext(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`); err != nil {
		t.Fatal(err)
	}
	for _, h := range heard {
		if payload := next(t, h); payload != "" {
			t.Errorf("heard %q, want that something may have been missed", payload)
		}
	}
	notify(a, nil, "4")
	for _, h := range heard {
		if payload := next(t, h); payload != "4" {
			t.Errorf("heard %q, want 4", payload)
		}
	}
}

func TestListen_IsForSeveralProcesses(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	if err := s.Listen(t.Context(), func(string) {}); !errors.Is(err, store.ErrOneProcess) {
		t.Errorf("listen: got %v, want ErrOneProcess", err)
	}
	err := s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		if tx.Pgx() != nil || tx.SQL() == nil || s.Pool() != nil || s.Engine().String() != "SQLite" {
			t.Error("a SQLite store gives connections to PostgreSQL")
		}
		return tx.Notify(ctx, "x")
	})
	if !errors.Is(err, store.ErrOneProcess) {
		t.Errorf("notify: got %v, want ErrOneProcess", err)
	}
}
