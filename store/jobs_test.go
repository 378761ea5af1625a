package store_test

import (
	"testing"

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
