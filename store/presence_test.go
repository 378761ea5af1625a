package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"probability/store"
	"probability/store/storetest"
)

// two opens a PostgreSQL database as two processes do.
func two(t *testing.T) (a, b *store.Store) {
	t.Helper()
	url := storetest.Postgres(t)
	var both [2]*store.Store
	for i := range both {
		cfg := storetest.Config(t)
		cfg.URL = url
		both[i] = storetest.Open(t, cfg)
	}
	return both[0], both[1]
}

// running makes a job that a process has in its hands since some time.
func running(t *testing.T, s *store.Store, p store.Process, attempt, most int, metadata string) (id int64) {
	t.Helper()
	err := s.Pool().QueryRow(t.Context(), `INSERT INTO river_job (kind, args, queue, state, attempt, max_attempts, attempted_at, attempted_by, metadata)
		VALUES ('x', '{}', 'q', 'running', $1, $2, now() - interval '1 minute', ARRAY[$3::text], $4::jsonb) RETURNING id`, attempt, most, p.Client(), metadata).Scan(&id)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func jobState(t *testing.T, s *store.Store, id int64) (state string, most int) {
	t.Helper()
	if err := s.Pool().QueryRow(t.Context(), `SELECT state::text, max_attempts FROM river_job WHERE id = $1`, id).Scan(&state, &most); err != nil {
		t.Fatal(err)
	}
	return state, most
}

func TestAttend_IsSeenByTheOthersUntilItEnds(t *testing.T) {
	t.Parallel()
	a, b := two(t)
	p := store.Process(0xfffffff0) // more than fits a signed number
	running(t, b, p, 1, 25, `{}`)
	absent := func() []string { return must(b.AbsentClients(t.Context()))(t) }
	if got := absent(); len(got) != 1 || got[0] != p.Client() {
		t.Fatalf("before: absent are %v", got)
	}
	keep := must(a.Attend(t.Context(), p))(t)
	if got := absent(); len(got) != 0 {
		t.Errorf("attending: absent are %v", got)
	}
	// A connection that breaks is made anew.
	ctx, leave := context.WithCancel(t.Context())
	lost, done := make(chan error, 10), make(chan struct{})
	held := func() (pid int32) {
		const by = `SELECT COALESCE(max(a.pid), 0) FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid
			WHERE a.application_name = $1 AND a.datname = current_database() AND l.locktype = 'advisory' AND l.granted`
		if err := b.Pool().QueryRow(t.Context(), by, p.Client()).Scan(&pid); err != nil {
			t.Fatal(err)
		}
		return pid
	}
	before := held()
	go func() {
		defer close(done)
		keep(ctx, func(err error) { lost <- err })
	}()
	if _, err := b.Pool().Exec(t.Context(), `SELECT pg_terminate_backend($1)`, before); err != nil {
		t.Fatal(err)
	}
	if err := <-lost; err == nil {
		t.Error("the loss has no reason")
	}
	eventually := func(what string, is func() bool) {
		t.Helper()
		for deadline := time.Now().Add(patience); !is(); {
			if time.Now().After(deadline) {
				t.Fatalf("not within %s: %s", patience, what)
			}
		}
	}
	eventually("the connection is made anew", func() bool { pid := held(); return pid != 0 && pid != before })
	leave()
	<-done
	// The server learns of the end of a connection some time after it.
	eventually("it is absent after its end", func() bool { return len(absent()) == 1 })
}

func TestReclaimFrom_LeavesTheOthersJobsAlone(t *testing.T) {
	t.Parallel()
	a, _ := two(t)
	dead, other := store.Process(1), store.Process(2)
	theirs := running(t, a, other, 1, 25, `{}`)
	job := running(t, a, dead, 1, 25, `{}`)
	last := running(t, a, dead, 25, 25, `{}`)
	poison := running(t, a, dead, 25, 25, `{"probability_reclaimed": 1}`)
	if n := must(a.ReclaimFrom(t.Context(), []string{dead.Client()}))(t); n != 2 {
		t.Errorf("%d jobs run again, want 2", n)
	}
	for id, want := range map[int64]string{theirs: "running", job: "available", last: "available", poison: "discarded"} {
		if got, _ := jobState(t, a, id); got != want {
			t.Errorf("job %d is %s, want %s", id, got, want)
		}
	}
	if _, most := jobState(t, a, last); most != 26 {
		t.Errorf("the last attempt's job may be tried %d times, want 26", most)
	}
	if n := must(a.ReclaimOwn(t.Context(), other, []int64{theirs}, time.Now()))(t); n != 0 {
		t.Errorf("%d jobs that are worked on were given back", n)
	}
	if n := must(a.ReclaimOwn(t.Context(), other, nil, time.Now().Add(-time.Hour)))(t); n != 0 {
		t.Errorf("%d jobs that were taken just now were given back", n)
	}
	if n := must(a.ReclaimOwn(t.Context(), other, nil, time.Now()))(t); n != 1 {
		t.Errorf("%d lost jobs were given back, want 1", n)
	}
}

func TestTakeOutcomes_OneProcessAtOnce(t *testing.T) {
	t.Parallel()
	a, b := two(t)
	release := must(a.TakeOutcomes(t.Context(), 7))(t)
	if _, err := b.TakeOutcomes(t.Context(), 7); !errors.Is(err, store.ErrTaken) {
		t.Errorf("the other process takes it too: %v", err)
	}
	must(b.TakeOutcomes(t.Context(), 8))(t)()
	release()
	must(b.TakeOutcomes(t.Context(), 7))(t)()
}

func TestServerOf_TellsWhereAndNeverThePassword(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"postgres://ana:hush@db.example.com:6432/p?sslmode=verify-full": "PostgreSQL at db.example.com:6432 (database p, role ana)",
		"postgresql://ana:hush@[::1]/p":                                 "PostgreSQL at [::1]:5432 (database p, role ana)",
		"postgres://ana@/p?host=/run/postgresql&port=5433":              "PostgreSQL at /run/postgresql, port 5433 (database p, role ana)",
		"postgres://ana:hush@h":                                         "PostgreSQL at h:5432 (database ana, role ana)",
	} {
		if got := must(store.ServerOf(url))(t); got.String() != want {
			t.Errorf("%s: got %s, want %s", url, got, want)
		}
	}
	for url, want := range map[string]bool{"?sslmode=verify-full": true, "?sslmode=require": true, "?sslmode=prefer": false, "": false, "?sslmode=disable": false} {
		if got := must(store.ServerOf("postgres://a:b@h/d" + url))(t); got.TLS != want {
			t.Errorf("%s: encrypted %v, want %v", url, got.TLS, want)
		}
	}
	for _, url := range []string{"", "host=h", "mysql://h", "postgres://a:hush@h:port/d", "postgres://a:hush@h/d?sslmode=maybe", "postgres://a:hu\x00sh@h/d"} {
		if _, err := store.ServerOf(url); !errors.Is(err, store.ErrServerURL) || err.Error() != store.ErrServerURL.Error() {
			t.Errorf("%q: got %v", url, err)
		}
	}
}
