package app_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"
	"time"

	"probability/app"
	"probability/store"
	"probability/store/storetest"
)

// orderBody is a small order; its number is also its place in time.
func orderBody(n int) string {
	return fmt.Sprintf(`{"id":%d,"name":"#%d","created_at":"2026-11-01T10:00:00Z","updated_at":"2026-11-01T10:%02d:%02dZ","total_price":"10.00"}`, 7000+n, n, n/60%60, n%60)
}

// waitingJobs counts the jobs for deliveries that wait to be run.
func (w *world) waitingJobs(t *testing.T) int {
	t.Helper()
	var n int
	err := w.store.Writer().QueryRowContext(t.Context(), `SELECT count(*) FROM river_job WHERE kind = 'process_deliveries' AND state = 'available'`).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// take begins the one job that waits, as the queue does, and returns its number; 0 when none waits.
func (w *world) take(t *testing.T) (job int64) {
	t.Helper()
	err := w.store.Writer().QueryRowContext(t.Context(), `UPDATE river_job SET state = 'running', attempt = attempt + 1, attempted_at = CURRENT_TIMESTAMP
		WHERE id = (SELECT COALESCE(min(id), 0) FROM river_job WHERE kind = 'process_deliveries' AND state = 'available') RETURNING id`).Scan(&job)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		t.Fatal(err)
	}
	return job
}

// drain runs a job that was taken; it completes as the queue's would.
func (w *world) drain(ctx context.Context, id, job int64) (again bool, err error) {
	return w.app.Drain(ctx, id, func(ctx context.Context, tx *store.Tx) error {
		return storetest.Within(ctx, tx, `UPDATE river_job SET state = 'completed', finalized_at = CURRENT_TIMESTAMP WHERE id = $1`, job)
	})
}

func TestDrain_WhileItLivesDeliveriesCostNoJob(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	app.HurryDrains(w.app, time.Minute, time.Millisecond, time.Minute)
	w.accept(t, w.incoming(app.TopicOrdersCreate, "first", orderBody(0)))
	job := w.take(t)
	if job == 0 {
		t.Fatal("no job for the first delivery")
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := w.drain(ctx, id, job)
		ended <- err
	}()
	eventually(t, "the first order", func() bool { return len(w.orders(t, id)) == 1 })
	for n := 1; n <= 5; n++ {
		w.accept(t, w.incoming(app.TopicOrdersCreate, fmt.Sprint(n), orderBody(n)))
		eventually(t, "the next order", func() bool { return len(w.orders(t, id)) == n+1 })
	}
	if n := w.waitingJobs(t); n != 0 {
		t.Errorf("%d jobs were inserted beside the one that lives", n)
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
	if app.Draining(w.app, id) {
		t.Error("it is still taken for living")
	}
	w.accept(t, w.incoming(app.TopicOrdersCreate, "after", orderBody(9)))
	if n := w.waitingJobs(t); n != 0 { // its job is still running for the queue, which swallows another one
		t.Errorf("%d jobs", n)
	}
}

// A delivery that arrives just when the job ends must find either the job or its own: here every one does, and nothing but
// its job would ever process it.
func TestDrain_EndsWithoutLeavingAnythingBehind(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	app.HurryDrains(w.app, 0, 0, time.Minute)
	const deliveries = 300
	stop := make(chan struct{})
	ended := make(chan int, 1)
	go func() {
		jobs := 0
		for stopped := false; !stopped; {
			select {
			case <-stop:
				stopped = true
			default:
			}
			job := w.take(t)
			if job == 0 {
				continue
			}
			jobs++
			if _, err := w.drain(t.Context(), id, job); err != nil {
				t.Error(err)
			}
		}
		ended <- jobs
	}()
	for n := range deliveries {
		w.accept(t, w.incoming(app.TopicOrdersCreate, fmt.Sprint(n), orderBody(n)))
		for spin := 0; spin < n%5 && app.Draining(w.app, id); spin++ { // at another moment of its end each time
			w.waitingJobs(t)
		}
	}
	pending := func() int {
		n, err := w.store.CountDeliveries(t.Context(), id, store.DeliveryFilter{State: store.DeliveryPending})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	eventually(t, "the last delivery", func() bool { return pending() == 0 })
	close(stop)
	jobs := <-ended
	if len(w.orders(t, id)) != deliveries || w.waitingJobs(t) > 1 {
		t.Errorf("%d orders, %d jobs wait", len(w.orders(t, id)), w.waitingJobs(t))
	}
	if jobs < 2 {
		t.Errorf("only %d jobs ran; none of them ended between two deliveries", jobs)
	}
}

func TestDrain_GivesWayAndTakesNoSecondPlace(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	app.HurryDrains(w.app, time.Minute, 0, time.Nanosecond)
	w.accept(t, w.incoming(app.TopicOrdersCreate, "1", orderBody(1)))
	if again, err := w.drain(t.Context(), id, w.take(t)); err != nil || !again {
		t.Errorf("its time is over: again %v, %v", again, err)
	}
	app.HurryDrains(w.app, time.Minute, 0, time.Minute)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = w.drain(ctx, id, 0)
	}()
	eventually(t, "the job", func() bool { return app.Draining(w.app, id) })
	// A second one, such as a failed job's next try, does not wait beside the first.
	if again, err := w.drain(t.Context(), id, 0); err != nil || again {
		t.Errorf("second: again %v, %v", again, err)
	}
	if !app.Draining(w.app, id) {
		t.Error("the second ended the first")
	}
	stop()
	<-ended
}

// eventually asks until the answer is yes.
func eventually(t *testing.T, what string, ask func() bool) {
	t.Helper()
	deadline := time.After(3 * time.Minute) // on a machine with much else to do
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ask() {
		select {
		case <-deadline:
			t.Fatalf("%s does not come", what)
		case <-tick.C:
		}
	}
}

// While very many deliver at once processing waits, and it does not wait for ever.
func TestDrain_GivesWayToACrowdAndCatchesUp(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	app.HurryDrains(w.app, 0, 0, time.Minute)
	const crowd, each = 32, 8
	errs := make(chan error, crowd)
	for c := range crowd {
		go func() {
			var err error
			for n := range each {
				d := w.incoming(app.TopicOrdersCreate, fmt.Sprint(c, "/", n), orderBody(c*each+n))
				err = errors.Join(err, w.app.Accept(t.Context(), d))
			}
			errs <- err
		}()
	}
	for range crowd {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	if again, err := w.drain(t.Context(), id, w.take(t)); err != nil || again {
		t.Errorf("again %v, %v", again, err)
	}
	if n := len(w.orders(t, id)); n != crowd*each {
		t.Errorf("%d orders, want %d", n, crowd*each)
	}
}

// A store that delivers all the time must not keep a worker for itself while another's job waits for one.
func TestDrain_GivesWayToAJobThatWaits(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	app.HurryDrains(w.app, time.Minute, 0, time.Hour)
	app.ShareDrains(w.app, 0)
	w.accept(t, w.incoming(app.TopicOrdersCreate, "1", orderBody(1)))
	job := w.take(t)
	w.exec(t, `UPDATE river_job SET state = 'completed', finalized_at = scheduled_at WHERE state = 'available'`)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	again := make(chan bool, 1)
	go func() {
		a, _ := w.drain(ctx, id, job)
		again <- a
	}()
	eventually(t, "the order", func() bool { return len(w.orders(t, id)) == 1 })
	select {
	case a := <-again:
		t.Fatalf("it ended (again %v) while nobody waits", a)
	default:
	}
	w.exec(t, `INSERT INTO river_job (args, kind, max_attempts, queue, state) VALUES (jsonb('{}'), 'process_deliveries', 25, 'deliveries', 'available')`)
	w.accept(t, w.incoming(app.TopicOrdersCreate, "2", orderBody(2)))
	if !<-again {
		t.Error("it does not want to be run again")
	}
}
