package jobs_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"probability/jobs"
	"probability/shopify/simulator"
)

// The console shows the real queue, reads through connections that cannot write, and changes what it is asked to change.
func TestConsole_ShowsAndPausesTheQueues(t *testing.T) {
	t.Parallel()
	s := setup(t, jobs.Config{Workers: 2})
	console, err := jobs.NewConsole(s.store, "/admin/river", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, path string) *httptest.ResponseRecorder {
		t.Helper()
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), method, "/admin/river"+path, strings.NewReader("{}"))
		console.ServeHTTP(w, r)
		return w
	}
	if got := ask(http.MethodGet, "/"); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), "/admin/river/assets/") {
		t.Fatalf("the page answers %d: %s", got.Code, got.Body)
	}
	s.connect(t, simulator.ShopConfig{Domain: "uno.myshopify.com"}, 1)
	if got := ask(http.MethodGet, "/api/jobs?state=available"); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), "import_orders") {
		t.Errorf("the jobs answer %d: %s", got.Code, got.Body)
	}
	s.start(t)
	eventually(t, "the queues are known", func() bool {
		return strings.Contains(ask(http.MethodGet, "/api/queues").Body.String(), `"imports"`)
	})
	if got := ask(http.MethodPut, "/api/queues/trainings/pause"); got.Code != http.StatusOK {
		t.Fatalf("the pause answers %d: %s", got.Code, got.Body)
	}
	if got := ask(http.MethodGet, "/api/queues/trainings"); !strings.Contains(got.Body.String(), `"paused_at":"`) {
		t.Errorf("the queue is not paused: %s", got.Body)
	}
	if _, err := s.store.Reader().ExecContext(t.Context(), `DELETE FROM river_job`); err == nil {
		t.Error("what reads can write")
	}
}
