package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"probability/app"
	"probability/store"
)

func workers(a *app.App) *river.Workers {
	w := river.NewWorkers()
	river.AddWorker(w, &importOrders{app: a})
	river.AddWorker(w, &auditOrders{app: a})
	river.AddWorker(w, &processDeliveries{app: a})
	river.AddWorker(w, &purgeIntegration{app: a})
	river.AddWorker(w, &checkWebhooks{app: a})
	river.AddWorker(w, &redactCustomer{app: a})
	river.AddWorker(w, &eraseStore{app: a})
	river.AddWorker(w, &scoreOrders{app: a})
	river.AddWorker(w, &trainModel{app: a})
	return w
}

// importOrders carries a run on and sleeps until its next slice is due.
type importOrders struct {
	river.WorkerDefaults[app.ImportOrders]
	app *app.App
}

// Work runs one slice of the import.
func (w *importOrders) Work(ctx context.Context, job *river.Job[app.ImportOrders]) error {
	p, err := w.app.Import(ctx, job.Args.ImportID)
	return goOn(ctx, p, err)
}

// goOn is what a slice of a run means for its job.
func goOn(ctx context.Context, p app.Progress, err error) error {
	switch {
	case err != nil:
		return unlessStopped(ctx, err)
	case p.Done:
		return nil
	default:
		return river.JobSnooze(p.After)
	}
}

// auditOrders carries an audit on and sleeps until its next slice is due.
type auditOrders struct {
	river.WorkerDefaults[app.AuditOrders]
	app *app.App
}

// Work runs one slice of the audit.
func (w *auditOrders) Work(ctx context.Context, job *river.Job[app.AuditOrders]) error {
	p, err := w.app.Audit(ctx, job.Args.AuditID)
	return goOn(ctx, p, err)
}

// processDeliveries empties an integration's inbox.
type processDeliveries struct {
	river.WorkerDefaults[app.ProcessDeliveries]
	app *app.App
}

// Work processes what is due. The job is completed in the transaction that finds nothing left: a job that is
// still running would swallow the one of the next delivery.
func (w *processDeliveries) Work(ctx context.Context, job *river.Job[app.ProcessDeliveries]) error {
	// River reads its client from the worker's own context, which a transaction's is derived from.
	again, err := w.app.Drain(ctx, job.Args.IntegrationID, func(ctx context.Context, tx *store.Tx) error {
		return complete(ctx, tx, job)
	})
	if again {
		return river.JobSnooze(0)
	}
	return unlessStopped(ctx, err)
}

// purgeIntegration deletes the rows of a disconnected store.
type purgeIntegration struct {
	river.WorkerDefaults[app.PurgeIntegration]
	app *app.App
}

// Work deletes until nothing is left or its time is over; then the next try goes on.
func (w *purgeIntegration) Work(ctx context.Context, job *river.Job[app.PurgeIntegration]) error {
	return unlessStopped(ctx, w.app.Purge(ctx, job.Args.IntegrationID))
}

// checkWebhooks makes sure of a store's subscriptions.
type checkWebhooks struct {
	river.WorkerDefaults[app.CheckWebhooks]
	app *app.App
}

// Work looks once; what fails at Shopify is due again by the table.
func (w *checkWebhooks) Work(ctx context.Context, job *river.Job[app.CheckWebhooks]) error {
	return unlessStopped(ctx, w.app.CheckSubscriptions(ctx, job.Args.IntegrationID))
}

// unlessStopped gives a job that was cut short by the stop of the service back as it was: that is no failure.
func unlessStopped(ctx context.Context, err error) error {
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		return river.JobSnooze(0)
	}
	return err
}

// maxRetryWait is the longest wait until a failed job is tried again. Jobs fail for what is wrong with this machine,
// a full disk above all; once that is mended the work must go on soon. River's own policy would wait for hours.
const maxRetryWait = time.Minute

// retries doubles the wait from a second to maxRetryWait.
type retries struct{}

// NextRetry gives the time of the next try.
func (retries) NextRetry(job *rivertype.JobRow) time.Time {
	wait := maxRetryWait
	if n := len(job.Errors); n < 6 {
		wait = time.Second << n
	}
	return time.Now().UTC().Add(wait)
}

// failures tells of jobs that fail for a reason of our own, with what finds them in River's tables and in ours.
type failures struct {
	counters *app.Counters
	log      *slog.Logger
}

// HandleError logs the failure; River tries the job again.
func (f *failures) HandleError(ctx context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	if ctx.Err() == nil {
		f.counters.JobFailed(job.Kind, app.JobError)
		f.about(job).ErrorContext(ctx, "job failed", "error", err)
	}
	return nil
}

// HandlePanic logs the panic with its trace; River tries the job again.
func (f *failures) HandlePanic(ctx context.Context, job *rivertype.JobRow, panicVal any, trace string) *river.ErrorHandlerResult {
	f.counters.JobFailed(job.Kind, app.JobPanic)
	f.about(job).ErrorContext(ctx, "job panicked", "panic", panicVal, "trace", trace)
	return nil
}

// about is a log that names the job and what it is for, under the names that these ids have in all logs. Jobs carry nothing
// but ids.
func (f *failures) about(job *rivertype.JobRow) *slog.Logger {
	log := f.log.With("job_id", job.ID, "kind", job.Kind, "attempt", job.Attempt)
	var ids map[string]any
	if err := json.Unmarshal(job.EncodedArgs, &ids); err != nil {
		return log
	}
	for _, name := range slices.Sorted(maps.Keys(ids)) {
		log = log.With(name, ids[name])
	}
	return log
}
