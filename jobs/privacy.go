package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"probability/app"
)

// redactCustomer erases a customer.
type redactCustomer struct {
	river.WorkerDefaults[app.RedactCustomer]
	app *app.App
}

// Work goes on with the request for a while, and comes again until it is done.
func (w *redactCustomer) Work(ctx context.Context, job *river.Job[app.RedactCustomer]) error {
	again, err := w.app.Redact(ctx, job.Args.RequestID)
	return comeAgain(ctx, again, err)
}

// eraseStore deletes the rows of a store whose data goes.
type eraseStore struct {
	river.WorkerDefaults[app.EraseStore]
	app *app.App
}

// Work goes on with the request for a while, and comes again until it is done.
func (w *eraseStore) Work(ctx context.Context, job *river.Job[app.EraseStore]) error {
	again, err := w.app.EraseShop(ctx, job.Args.RequestID)
	return comeAgain(ctx, again, err)
}

// comeAgain makes a job wait for its next slice; a negative wait says that there is none.
func comeAgain(ctx context.Context, again time.Duration, err error) error {
	if err == nil && again >= 0 {
		return river.JobSnooze(again)
	}
	return unlessStopped(ctx, err)
}
