package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"probability/store"
	"probability/store/storetest"
)

func TestReclaimJobs_GivesRunningJobsBack(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	exec := func(query string, args ...any) {
		t.Helper()
		if _, err := s.Writer().ExecContext(t.Context(), query, args...); err != nil {
			t.Fatal(err)
		}
	}
	run := func(id, attempt, limit int) {
		t.Helper()
		exec(`INSERT INTO river_job (id, kind, state, attempt, max_attempts) VALUES ($1, 'k', 'running', $2, $3)
			ON CONFLICT (id) DO UPDATE SET state = 'running', attempt = $2`, id, attempt, limit)
	}
	run(1, 1, 5)
	run(2, 5, 5) // used up
	exec(`INSERT INTO river_job (id, kind, state, finalized_at) VALUES (3, 'k', 'completed', CURRENT_TIMESTAMP)`)
	exec(`INSERT INTO river_leader (elected_at, expires_at, leader_id) VALUES (CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, 'gone')`)

	if n := must(s.ReclaimJobs(t.Context()))(t); n != 2 {
		t.Errorf("reclaimed %d, want 2", n)
	}
	if diff := cmp.Diff(map[string]int{"available": 2, "completed": 1}, must(s.JobCounts(t.Context()))(t)); diff != "" {
		t.Error(diff)
	}
	attempts := map[int]int{}
	for id := 1; id <= 2; id++ {
		var n int
		if err := s.Writer().QueryRowContext(t.Context(), `SELECT max_attempts FROM river_job WHERE id = $1`, id).Scan(&n); err != nil {
			t.Fatal(err)
		}
		attempts[id] = n
	}
	if diff := cmp.Diff(map[int]int{1: 5, 2: 6}, attempts); diff != "" {
		t.Errorf("attempts: %s", diff)
	}
	var leaders int
	if err := s.Writer().QueryRowContext(t.Context(), `SELECT count(*) FROM river_leader`).Scan(&leaders); err != nil || leaders != 0 {
		t.Errorf("%d leaders, %v", leaders, err)
	}

	run(2, 6, 0) // killed again in its extra attempt
	if n := must(s.ReclaimJobs(t.Context()))(t); n != 0 {
		t.Errorf("reclaimed %d the second time, want 0", n)
	}
	if diff := cmp.Diff(map[string]int{"available": 1, "completed": 1, "discarded": 1}, must(s.JobCounts(t.Context()))(t)); diff != "" {
		t.Error(diff)
	}
}

func TestReclaimLost_GivesOnlyJobsBackThatNobodyHas(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	now := time.Now()
	put := func(id int, state string, taken time.Time) {
		t.Helper()
		if _, err := s.Writer().ExecContext(t.Context(), `INSERT INTO river_job (id, kind, state, attempt, max_attempts, attempted_at, queue)
			VALUES ($1, 'k', $2, 1, 5, $3, 'q')`, id, state, taken.UTC().Format("2006-01-02 15:04:05.000")); err != nil {
			t.Fatal(err)
		}
	}
	put(1, "running", now.Add(-time.Minute)) // lost
	put(2, "running", now.Add(-time.Minute)) // a worker has it
	put(3, "running", now)                   // just taken
	put(4, "retryable", now.Add(-time.Minute))
	if n := must(s.ReclaimLost(t.Context(), []int64{2, 99}, now.Add(-5*time.Second)))(t); n != 1 {
		t.Errorf("reclaimed %d, want 1", n)
	}
	if diff := cmp.Diff(map[string]int{"available": 1, "running": 2, "retryable": 1}, must(s.JobCounts(t.Context()))(t)); diff != "" {
		t.Error(diff)
	}
	if n := must(s.ReclaimLost(t.Context(), nil, now.Add(-time.Hour)))(t); n != 0 {
		t.Errorf("reclaimed %d the second time, want 0", n)
	}
}

// TestReclaim_LeavesTheJobsOnAServer: another process may be at work on them.
func TestReclaim_LeavesTheJobsOnAServer(t *testing.T) {
	t.Parallel()
	s := storetest.NewPostgres(t)
	putJob(t, s, 1, "running", time.Now().Add(-time.Hour))
	if n := must(s.ReclaimJobs(t.Context()))(t); n != 0 {
		t.Errorf("reclaimed %d", n)
	}
	if n := must(s.ReclaimLost(t.Context(), nil, time.Now()))(t); n != 0 {
		t.Errorf("reclaimed %d lost ones", n)
	}
	if diff := cmp.Diff(map[string]int{"running": 1}, must(s.JobCounts(t.Context()))(t)); diff != "" {
		t.Error(diff)
	}
}

// putJob adds a job of queue q that is due at a time and was taken then.
func putJob(t *testing.T, s *store.Store, id int, state string, at time.Time) {
	t.Helper()
	if _, err := s.Writer().ExecContext(t.Context(), `INSERT INTO river_job (id, args, kind, state, attempt, max_attempts, attempted_at, scheduled_at, queue)
		VALUES ($1, '{"integration_id": 7}', 'k', $2, 1, 5, $3, $3, 'q')`, id, state, store.JobTime(s, at)); err != nil {
		t.Fatal(err)
	}
}

func TestJobs_AreLookedAt(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		due := time.Date(2026, 5, 4, 12, 0, 0, 250e6, time.UTC)
		putJob(t, s, 1, "available", due)
		putJob(t, s, 2, "running", due)
		putJob(t, s, 3, "retryable", due.Add(time.Hour))
		for queue, want := range map[string]bool{"q": true, "other": false} {
			if got := must(s.JobsWaiting(t.Context(), queue, due.Add(time.Minute)))(t); got != want {
				t.Errorf("jobs wait in %s: %v, want %v", queue, got, want)
			}
		}
		if must(s.JobsWaiting(t.Context(), "q", due.Add(-time.Minute)))(t) {
			t.Error("a job that is due later waits")
		}
		want := []store.JobFigure{
			{Kind: "k", Queue: "q", State: "available", Count: 1, Since: due},
			{Kind: "k", Queue: "q", State: "retryable", Count: 1, Since: due.Add(time.Hour)},
			{Kind: "k", Queue: "q", State: "running", Count: 1, Since: due},
		}
		if diff := cmp.Diff(want, must(s.JobFigures(t.Context()))(t)); diff != "" {
			t.Error(diff)
		}
		stumbled := []store.StumbledJob{{Kind: "k", Attempt: 1, NextAt: due.Add(time.Hour), IntegrationID: 7}}
		if diff := cmp.Diff(stumbled, must(s.StumbledJobs(t.Context()))(t)); diff != "" {
			t.Error(diff)
		}
	})
}
