package app_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"probability/app"
)

func (w *world) wantReasons(t *testing.T, when string, want ...string) {
	t.Helper()
	if got := app.ReasonsOf(w.app.Ready(t.Context())); !slices.Equal(got, want) {
		t.Errorf("%s: reasons %v, want %v", when, got, want)
	}
}

func TestReady_ADeliveryWaitsForTooLong(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	w.wantReasons(t, "at first")
	w.accept(t, w.incoming(app.TopicOrdersCreate, "w", orderBody(1)))
	w.clock.Add(9 * time.Minute)
	w.wantReasons(t, "after nine minutes")
	w.clock.Add(2 * time.Minute)
	w.wantReasons(t, "after eleven", app.UnreadyDeliveries)
	app.Restart(w.app)
	w.wantReasons(t, "after a start") // what waited meanwhile is being worked off
	w.clock.Add(11 * time.Minute)
	w.wantReasons(t, "eleven minutes after the start", app.UnreadyDeliveries)
	f, err := w.app.Figures(t.Context())
	if err != nil || f.Backlog.Pending != 1 || f.OldestDue != 22*time.Minute {
		t.Errorf("figures %+v, %v, want one that waits for 22 minutes", f, err)
	}
	// One that was put off is due from then on.
	w.exec(t, `UPDATE deliveries SET next_attempt_at = $1`, w.clock.Now().Add(time.Minute).UnixMilli())
	w.wantReasons(t, "put off")
	w.clock.Add(2 * time.Minute)
	w.wantReasons(t, "due again")
	w.process(t, id)
	w.clock.Add(time.Hour)
	w.wantReasons(t, "processed")
	// A replay of an old one has not waited since it was received.
	if _, err := w.app.Replay(t.Context(), w.user, id, w.delivery(t, id, "w").ID); err != nil {
		t.Fatal(err)
	}
	w.wantReasons(t, "replayed")
}

func TestReady_JobsThatNobodyTakes(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.connect(t)
	w.wantReasons(t, "just queued")
	w.exec(t, `UPDATE river_job SET scheduled_at = '2020-01-01 00:00:00.000'`)
	w.wantReasons(t, "due before the start")
	app.StartedAt(w.app, time.Now().Add(-3*time.Minute))
	w.wantReasons(t, "due for long", app.UnreadyJobs)
	w.exec(t, `UPDATE river_job SET state = 'running'`)
	w.wantReasons(t, "running")
}

func TestReady_DatabaseCannotBeWritten(t *testing.T) {
	t.Parallel()
	w := setup(t)
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	w.wantReasons(t, "closed", app.UnreadyDatabase)
}

func TestReasonsOf(t *testing.T) {
	t.Parallel()
	disk := &app.Unready{Reason: app.UnreadyDisk, Err: errors.New("x")}
	jobs := &app.Unready{Reason: app.UnreadyJobs, Err: errors.New("x")}
	for _, c := range []struct {
		err  error
		want []string
	}{
		{nil, nil},
		{errors.Join(jobs, nil, errors.Join(disk, jobs)), []string{app.UnreadyDisk, app.UnreadyJobs}},
		{errors.New("something"), []string{app.UnreadyDatabase}},
	} {
		if got := app.ReasonsOf(c.err); !slices.Equal(got, c.want) {
			t.Errorf("%v: got %v, want %v", c.err, got, c.want)
		}
	}
}
