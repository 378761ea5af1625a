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
	storetest.Run(t, func(t *testing.T, s *store.Store) {
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
	})
}

func TestReclaimLost_GivesOnlyJobsBackThatNobodyHas(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
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
		for queue, want := range map[string]bool{"q": true, "other": false} {
			if got := must(s.JobsWaiting(t.Context(), queue, now.Add(time.Minute)))(t); got != want {
				t.Errorf("jobs wait in %s: %v, want %v", queue, got, want)
			}
		}
		if must(s.JobsWaiting(t.Context(), "q", now.Add(-time.Hour)))(t) {
			t.Error("a job that is due later waits")
		}
		var running int
		for _, f := range must(s.JobFigures(t.Context()))(t) {
			if f.State == "running" {
				running = f.Count
			}
		}
		if running != 2 {
			t.Errorf("the figures count %d running jobs, want 2", running)
		}
	})
}
