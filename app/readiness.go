package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"probability/store"
)

// Why the service may not be ready.
const (
	UnreadyDatabase   = "database"   // it cannot be written
	UnreadyDeliveries = "deliveries" // one has waited for too long
	UnreadyDisk       = "disk"       // there is no room
	UnreadyJobs       = "jobs"       // they are due and nobody works on any
	UnreadyWorkers    = "workers"    // they do not run
)

// UnreadyReasons are all of them.
var UnreadyReasons = []string{UnreadyDatabase, UnreadyDeliveries, UnreadyDisk, UnreadyJobs, UnreadyWorkers}

// Unready is a reason why the service cannot do its work now.
type Unready struct {
	Err    error
	Reason string
}

// Error gives reason and cause, for the log.
func (u *Unready) Error() string { return u.Reason + ": " + u.Err.Error() }

// Unwrap gives the cause.
func (u *Unready) Unwrap() error { return u.Err }

// ReasonsOf are the reasons in err, each once, sorted. What names none counts as the database.
func ReasonsOf(err error) []string {
	if err == nil {
		return nil
	}
	var out []string
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			out = append(out, ReasonsOf(e)...)
		}
	} else if u, ok := errors.AsType[*Unready](err); ok {
		out = append(out, u.Reason)
	} else {
		out = append(out, UnreadyDatabase)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

const (
	// oldestDue is how long a delivery may be due until the service is not ready. They are worked off within seconds; catching
	// up with the first hour after an outage takes minutes.
	oldestDue = 10 * time.Minute
	// oldestJob is how long a job may be due in a queue in which nothing runs. River looks every half second.
	oldestJob = 2 * time.Minute
)

// Ready tells why the service cannot do its work, nil when it can. What waited before the start counts from the start on.
func (a *App) Ready(ctx context.Context) error {
	if a.Disk() == DiskFull {
		return &Unready{Reason: UnreadyDisk, Err: ErrDiskFull}
	}
	if err := a.store.Ping(ctx); err != nil {
		return &Unready{Reason: UnreadyDatabase, Err: err}
	}
	due, err := a.store.DueSince(ctx, a.now())
	if err != nil {
		return &Unready{Reason: UnreadyDatabase, Err: err}
	}
	jobs, err := a.store.JobFigures(ctx)
	if err != nil {
		return &Unready{Reason: UnreadyDatabase, Err: err}
	}
	var errs []error
	if !due.IsZero() && a.now().Sub(later(due, a.started)) > oldestDue {
		errs = append(errs, &Unready{Reason: UnreadyDeliveries, Err: fmt.Errorf("one has been due since %s", due.Format(time.RFC3339))})
	}
	for queue, since := range standing(jobs) {
		if time.Since(later(since, a.startedAt)) > oldestJob {
			errs = append(errs, &Unready{Reason: UnreadyJobs, Err: fmt.Errorf("none runs in queue %s, and one has been due since %s", queue, since.Format(time.RFC3339))})
		}
	}
	return errors.Join(errs...)
}

// standing are the queues with jobs that are due, and none that runs, and since when.
func standing(jobs []store.JobFigure) map[string]time.Time {
	due, runs := map[string]time.Time{}, map[string]bool{}
	for _, j := range jobs {
		switch j.State {
		case "running":
			runs[j.Queue] = true
		case "available":
			if t, there := due[j.Queue]; !there || j.Since.Before(t) {
				due[j.Queue] = j.Since
			}
		}
	}
	for queue := range runs {
		delete(due, queue)
	}
	return due
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
