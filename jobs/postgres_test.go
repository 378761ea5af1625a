package jobs_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"probability/app"
	"probability/jobs"
	"probability/shopify/simulator"
	"probability/store"
	"probability/store/storetest"
)

// processes are several services on one PostgreSQL database, each with a data folder of its own, and the same Shopify.
func processes(t *testing.T, n int, cfg jobs.Config) []*service {
	t.Helper()
	url, sim := storetest.Postgres(t), simulator.New(simulator.WithSeed(1))
	all := make([]*service, n)
	for i := range all {
		at := storetest.Config(t)
		at.URL = url
		all[i] = setupOn(t, storetest.Open(t, at), sim, cfg)
	}
	return all
}

// All of the background's work once on PostgreSQL, with its jobs in River's tables there.
func TestPostgres_ImportsProcessesAuditsAndErases(t *testing.T) {
	t.Parallel()
	s := processes(t, 1, jobs.Config{})[0]
	s.start(t)
	const orders = 300
	_, c := s.connect(t, simulator.ShopConfig{Domain: "uno.myshopify.com"}, orders)
	id := c.Integration.ID
	eventually(t, "the end of the import", func() bool { return s.state(t, c) == store.ImportCompleted })
	if got := s.count(t, id); got != orders {
		t.Fatalf("%d orders, want %d", got, orders)
	}
	for i := range 60 { // also while a drain is about to end
		s.accept(t, "uno.myshopify.com", fmt.Sprint(i), fmt.Sprintf(`{"id":%d,"updated_at":"2026-11-01T10:00:00Z"}`, 100+i))
	}
	eventually(t, "the last order", func() bool { return s.count(t, id) == orders+60 })
	eventually(t, "the scores", func() bool {
		f, err := s.store.ScoreFigures(t.Context())
		return err == nil && f.Due == 0 && f.Rescoring == 0
	})
	audit, err := s.app.StartAudit(t.Context(), c.Integration.UserID, id, false)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the end of the audit", func() bool {
		audit, err = s.store.AuditByID(t.Context(), audit.ID)
		return err == nil && audit.State == store.AuditCompleted
	})
	if audit.Missing != 0 || audit.Checked < orders {
		t.Errorf("the audit says %+v", audit)
	}
	if _, err := s.app.Disconnect(t.Context(), c.Integration.UserID, id); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the rows of the disconnected store to go", func() bool {
		gone, err := s.store.DeletedIntegrations(t.Context())
		return err == nil && len(gone) == 0
	})
	if err := s.runner.Healthy(); err != nil {
		t.Error(err)
	}
}

// Two processes work on one database: each does a part, none is done twice, and what one accepts the other's drain works off.
func TestPostgres_TwoProcessesShareTheWork(t *testing.T) {
	t.Parallel()
	both := processes(t, 2, jobs.Config{Workers: 1})
	const shops, orders, sent = 4, 60, 25
	ids := make([]int64, shops)
	for i := range shops {
		_, c := both[i%2].connect(t, simulator.ShopConfig{Domain: fmt.Sprintf("shop-%d.myshopify.com", i)}, orders)
		ids[i] = c.Integration.ID
	}
	both[0].start(t)
	both[1].start(t)
	var senders sync.WaitGroup
	for i := range shops {
		senders.Go(func() {
			for n := range sent { // each delivery to both, as a proxy does when Shopify repeats itself
				body := fmt.Sprintf(`{"id":%d,"updated_at":"2026-11-01T10:00:00Z"}`, 1000+n)
				both[n%2].accept(t, fmt.Sprintf("shop-%d.myshopify.com", i), fmt.Sprint(n), body)
				both[(n+1)%2].accept(t, fmt.Sprintf("shop-%d.myshopify.com", i), fmt.Sprint(n), body)
			}
		})
	}
	senders.Wait()
	for _, id := range ids {
		eventually(t, "all orders", func() bool { return both[0].count(t, id) == orders+sent })
		page, err := both[1].store.Deliveries(t.Context(), id, store.DeliveryFilter{Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		if len(page) != sent {
			t.Errorf("%d deliveries are kept, want %d", len(page), sent)
		}
	}
	eventually(t, "no job to be left", func() bool {
		jobs, err := both[0].store.JobCounts(t.Context())
		return err == nil && jobs["available"]+jobs["running"]+jobs["retryable"] == 0
	})
}

// A delivery that one process accepts wakes the drain that lingers in the other.
func TestPostgres_ADeliveryWakesTheOthersDrain(t *testing.T) {
	t.Parallel()
	both := processes(t, 2, jobs.Config{})
	both[0].start(t)
	_, c := both[0].connect(t, simulator.ShopConfig{Domain: "uno.myshopify.com"}, 1)
	eventually(t, "the end of the import", func() bool { return both[0].state(t, c) == store.ImportCompleted })
	took := []time.Duration{time.Hour}
	for n := 0; n < 40 && slices.Min(took) > 500*time.Millisecond; n++ { // once is enough, and a busy machine may need several
		// The first is accepted by the process that works, so that its drain lingers; the second by one that has no workers at all.
		for i, s := range both {
			id := 100 + 2*n + i
			s.accept(t, "uno.myshopify.com", fmt.Sprint(id), fmt.Sprintf(`{"id":%d,"updated_at":"2026-11-01T10:00:00Z"}`, id))
			begun := time.Now()
			eventually(t, "the order", func() bool { return both[0].count(t, c.Integration.ID) == 2+2*n+i })
			if i == 1 {
				took = append(took, time.Since(begun))
			}
		}
	}
	if least := slices.Min(took); least > 500*time.Millisecond { // without a word each waits until the drain has lingered for a second
		t.Errorf("the deliveries to the other process took %v", took[1:])
	}
}

// What a process had in its hands when it died others take over, in seconds and not after the minutes that the queue would let pass; what
// a living one has stays with it.
func TestPostgres_TakesOverWhatADeadProcessHad(t *testing.T) {
	t.Parallel()
	both := processes(t, 2, jobs.Config{})
	st := both[0].store
	living, dead := store.Process(1), store.Process(2)
	keep, err := st.Attend(t.Context(), living)
	if err != nil {
		t.Fatal(err)
	}
	ctx, leave := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		keep(ctx, func(err error) { t.Error(err) })
	}()
	defer func() { leave(); <-done }()
	_, theirs := both[0].connect(t, simulator.ShopConfig{Domain: "living.myshopify.com"}, 10)
	_, lost := both[0].connect(t, simulator.ShopConfig{Domain: "dead.myshopify.com"}, 10)
	for owner, c := range map[store.Process]app.Connected{living: theirs, dead: lost} {
		if _, err := st.Pool().Exec(t.Context(), `UPDATE river_job SET state = 'running', attempt = 1, attempted_at = now() - interval '1 minute', attempted_by = ARRAY[$1::text]
			WHERE kind = 'import_orders' AND args->>'import_id' = $2`, owner.Client(), c.Import.ID.String()); err != nil {
			t.Fatal(err)
		}
	}
	if absent, err := st.AbsentClients(t.Context()); err != nil || len(absent) != 1 || absent[0] != dead.Client() {
		t.Fatalf("absent are %v, %v; want %s", absent, err, dead.Client())
	}
	both[1].start(t)
	eventually(t, "the end of the dead one's import", func() bool { return both[0].state(t, lost) == store.ImportCompleted })
	if got := both[0].state(t, theirs); got != store.ImportQueued {
		t.Errorf("the living one's import is %s", got)
	}
}

// Whoever follows a store in one process hears of what another one changes.
func TestPostgres_EventsCrossProcesses(t *testing.T) {
	t.Parallel()
	both := processes(t, 2, jobs.Config{})
	both[0].start(t)
	both[1].start(t)
	_, c := both[0].connect(t, simulator.ShopConfig{Domain: "uno.myshopify.com"}, 1)
	id := c.Integration.ID
	eventually(t, "the end of the import", func() bool { return both[0].state(t, c) == store.ImportCompleted })
	here := both[1].app.Events().Follow(id, "")
	defer here.Close()
	// It is followed nowhere else, so that the first event says to read again: what was changed before the others knew.
	heard := map[app.EventType]int{}
	next := func(until func() bool) {
		t.Helper()
		for deadline := time.Now().Add(patience); !until(); {
			events, open := here.Next(t.Context().Done(), time.Second)
			if !open || time.Now().After(deadline) {
				t.Fatalf("heard %v, and no more", heard)
			}
			for _, e := range events {
				heard[e.Type]++
			}
		}
	}
	next(func() bool { return heard[app.EventReset] > 0 })
	other := both[0]
	if err := other.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		run, err := tx.Import(ctx, c.Import.ID)
		if err != nil {
			return err
		}
		return tx.UpdateImport(ctx, run)
	}); err != nil {
		t.Fatal(err)
	}
	next(func() bool { return heard[app.EventImport] > 0 })
	// What another program says on the same channel is not understood, and does no harm.
	for _, text := range []string{"?", "{}", `{"from":"x","changes":{"IntegrationID":-1}}`, `{"from":"x","wake":-1}`} {
		if err := other.store.Tell(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	// More than a word can carry becomes the word to read again.
	resets := heard[app.EventReset]
	many := make([]string, 300)
	for i := range many {
		many[i] = fmt.Sprintf(`{"id":%d,"updated_at":"2026-11-01T10:00:00Z"}`, 5_000_000_000_000+i)
	}
	other.accept(t, "uno.myshopify.com", "many", `{"orders":[`+strings.Join(many, ",")+`]}`)
	next(func() bool { return heard[app.EventReset] > resets || heard[app.EventOrder] > 0 })
}

// River's screens read through connections on which the server itself refuses to write.
func TestPostgres_TheConsoleReadsWithoutWriting(t *testing.T) {
	t.Parallel()
	s := processes(t, 1, jobs.Config{Workers: 2})[0]
	console, err := jobs.NewConsole(s.store, "/admin/river", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, path string) *httptest.ResponseRecorder {
		t.Helper()
		w := httptest.NewRecorder()
		console.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, "/admin/river"+path, strings.NewReader("{}")))
		return w
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
	if _, err := s.store.ReadPool().Exec(t.Context(), `DELETE FROM river_job`); err == nil {
		t.Error("what reads can write")
	}
}
