package jobs_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/app"
	"probability/jobs"
	"probability/shopify/simulator"
	"probability/store"
)

// fault acts on the calls to a store whose path ends in something.
type fault struct {
	shop, path string
	do         func(*http.Request)
	next       http.RoundTripper
}

func (f *fault) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasPrefix(r.URL.Host, f.shop) && strings.HasSuffix(r.URL.Path, f.path) {
		f.do(r)
	}
	return f.next.RoundTrip(r)
}

// lines is a log that can be read while it is written.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// line is the first about a run that has this message; nil when there is none yet.
func (l *lines) line(t *testing.T, message string, run uuid.UUID) map[string]any {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for text := range bytes.SplitSeq(l.buf.Bytes(), []byte("\n")) {
		var line map[string]any
		if len(text) > 0 {
			if err := json.Unmarshal(text, &line); err != nil {
				t.Fatal(err)
			}
		}
		if line["msg"] == message && line["import_id"] == run.String() {
			return line
		}
	}
	return nil
}

func TestRunner_APanicIsLoggedWithItsJobAndStopsNobodyElse(t *testing.T) {
	t.Parallel()
	f := &fault{shop: "bad", path: "count.json", do: func(*http.Request) { panic("a stone in the way") }}
	s, log := setupFault(t, f, jobs.Config{Workers: 1})
	s.start(t)
	_, bad := s.connect(t, simulator.ShopConfig{Domain: "bad.myshopify.com"}, 20)
	eventually(t, "the panic", func() bool { return log.line(t, "job panicked", bad.Import.ID) != nil })
	_, good := s.connect(t, simulator.ShopConfig{Domain: "good.myshopify.com"}, 20)
	eventually(t, "the end of the good store's import", func() bool { return s.state(t, good) == store.ImportCompleted })
	line := log.line(t, "job panicked", bad.Import.ID)
	if line["job_id"] == nil || line["kind"] != "import_orders" ||
		line["attempt"] != 1.0 || line["panic"] != "a stone in the way" || !strings.Contains(line["trace"].(string), "faults_test.go") {
		t.Errorf("the line says %v", line)
	}
	s.accept(t, "bad.myshopify.com", "w", `{"id":1,"updated_at":"2026-11-01T10:00:00Z"}`)
	eventually(t, "the bad store's delivery", func() bool { return s.count(t, bad.Integration.ID) == 1 })
}

func TestRunner_AHungJobIsEndedAndTriedAgain(t *testing.T) {
	t.Parallel()
	var once sync.Once
	f := &fault{shop: "hung", path: "count.json", do: func(r *http.Request) {
		once.Do(func() { <-r.Context().Done() })
	}}
	// Long enough for a slice of work on a machine with much else to do: whatever takes longer is ended as well.
	s, log := setupFault(t, f, jobs.WithTimeout(jobs.Config{Workers: 1}, 3*time.Second))
	s.start(t)
	_, c := s.connect(t, simulator.ShopConfig{Domain: "hung.myshopify.com"}, 20)
	eventually(t, "the end of the import", func() bool { return s.state(t, c) == store.ImportCompleted })
	line := log.line(t, "job failed", c.Import.ID)
	if line == nil || !strings.Contains(line["error"].(string), "deadline exceeded") {
		t.Errorf("the line says %v, want the job and its time-out", line)
	}
}

// A job whose end could not be written looks as if it ran, and lets no other one in. With the room comes its second life.
func TestRunner_GivesLostJobsBackWhenThereIsRoomAgain(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	space := store.Space{Used: 1 << 40, Free: 1} // full
	s := setup(t, jobs.Config{}, func(c *app.Config) {
		c.Disk = func() (store.Space, error) {
			mu.Lock()
			defer mu.Unlock()
			return space, nil
		}
	})
	_, c := s.connect(t, simulator.ShopConfig{Domain: "uno.myshopify.com"}, 20)
	s.start(t)
	eventually(t, "a full disk", func() bool { return s.app.Disk() == app.DiskFull })
	s.leaveRunning(t, "me")
	mu.Lock()
	space.Free = 1 << 40
	mu.Unlock()
	// River itself would give it back only after minutes.
	eventually(t, "the end of the import", func() bool { return s.state(t, c) == store.ImportCompleted })
}
