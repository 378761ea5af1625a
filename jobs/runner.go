package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"probability/app"
)

const (
	// fetchCooldown is River's shortest time between two fetches of a queue; jobs a second are bounded by
	// workers ÷ cooldown.
	fetchCooldown = 20 * time.Millisecond
	// fetchPoll is how often a queue is looked at without a notice. It bounds the delay of a job whose notice
	// was merged into another's. An idle service spends most of its time on it: at 200 ms half as much again.
	fetchPoll = 500 * time.Millisecond
	// waitingWorkers is how many imports, and how many jobs for deliveries, run at once for each other job: those wait for
	// Shopify most of the time, these for more deliveries.
	waitingWorkers = 4
	// auditShare is for how many other jobs there is one audit at once. They are in no hurry, and each holds the ids of a
	// window in memory.
	auditShare = 2
	// jobTimeout is the longest that a job may take. An import's slice takes seconds, and one call to
	// Shopify half a minute at most.
	jobTimeout = 3 * time.Minute
	// rescueAfter gives a job back that a dead process held, should the reclaiming at start have missed it.
	rescueAfter = jobTimeout + time.Minute
	// softStop is how long running jobs may go on after a stop, before their contexts end.
	softStop = 3 * time.Second
	// keepFinished is how long River keeps the row of a finished job. Runs and deliveries have rows of their own.
	keepFinished = time.Hour
	// sweepEvery is how often what is due is looked for.
	sweepEvery = time.Second
	// recoverEvery is how often unfinished work is checked for a lost job.
	recoverEvery = 15 * time.Second
	// tidyEvery is how often what nobody needs any more is deleted.
	tidyEvery = time.Minute
	// lostAfter is how long ago a job must have been taken, and left by its worker, to count as lost when it still looks as if it
	// ran. A worker has a job milliseconds after it was taken, and its end is written down a quarter of a second after it at most,
	// while the database can be written to.
	lostAfter = 5 * time.Second
	// maxJobAttempts is how often a job is tried whose failure is our own, not Shopify's.
	maxJobAttempts = 25
)

// Config is what the runner needs to know of the configuration.
type Config struct {
	// Workers is how many jobs of one queue run at once; 0 is four for each CPU, eight at least. Imports and deliveries
	// get waitingWorkers times as many, since most of them wait.
	Workers int

	timeout time.Duration // of a job, for tests; 0: jobTimeout
}

// Runner runs the background work of one process.
type Runner struct {
	app    *app.App
	client client
	live   live
	others others
	log    *slog.Logger

	attendance

	mu        sync.Mutex
	cancel    context.CancelFunc
	swept     sync.WaitGroup
	lastSweep time.Time
	sweepErr  error
}

// NewRunner builds a runner; nothing runs before Start.
func NewRunner(a *app.App, cfg Config, log *slog.Logger) (*Runner, error) {
	if cfg.Workers < 0 {
		return nil, errors.New("jobs: the number of workers cannot be negative")
	}
	if cfg.Workers == 0 {
		cfg.Workers = max(8, 4*runtime.NumCPU())
	}
	if cfg.timeout == 0 {
		cfg.timeout = jobTimeout
	}
	r := &Runner{app: a, log: log, others: newOthers(a.Store())}
	client, err := newClient(a.Store(), &river.Config{
		ID:                          r.others.client(),
		CompletedJobRetentionPeriod: keepFinished,
		ErrorHandler:                &failures{counters: a.Counters(), log: log},
		FetchCooldown:               fetchCooldown,
		FetchPollInterval:           fetchPoll,
		JobTimeout:                  cfg.timeout,
		Logger:                      slog.New(quieter{log.Handler()}),
		MaxAttempts:                 maxJobAttempts,
		Middleware:                  []rivertype.Middleware{river.WorkerMiddlewareFunc(r.live.during)},
		Queues: map[string]river.QueueConfig{
			app.QueueAudits:      {MaxWorkers: max(1, cfg.Workers/auditShare)},
			app.QueueDeliveries:  {MaxWorkers: waitingWorkers * cfg.Workers},
			app.QueueImports:     {MaxWorkers: waitingWorkers * cfg.Workers},
			app.QueueMaintenance: {MaxWorkers: 1},
			app.QueuePrivacy:     {MaxWorkers: 2},
			app.QueueScores:      {MaxWorkers: 2}, // they write all the time, and there is one writer
			app.QueueTrainings:   {MaxWorkers: 1}, // it holds what it learns from in memory
		},
		RescueStuckJobsAfter: rescueAfter,
		RetryPolicy:          retries{},
		SoftStopTimeout:      softStop,
		Workers:              workers(a),
	})
	if err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	r.client = client
	return r, nil
}

// Start gives back what a former process left running, then starts workers and sweeper. It returns when they run.
// The process must hold the lock of the data folder, unless several share a database.
func (r *Runner) Start(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cancel != nil {
		return errors.New("jobs: started already")
	}
	if err := r.begin(ctx); err != nil {
		return err
	}
	if err := r.app.Alive(ctx); err != nil {
		return fmt.Errorf("jobs: %w", err)
	}
	if err := r.app.Recover(ctx); err != nil {
		return fmt.Errorf("jobs: %w", err)
	}
	// Nobody knows what became of the subscriptions while nothing ran here.
	if err := r.app.CheckAllSubscriptions(ctx); err != nil {
		return fmt.Errorf("jobs: %w", err)
	}
	// Not the caller's context: stopping is Stop's business, in its own order.
	ctx = context.WithoutCancel(ctx)
	if err := r.client.Start(ctx); err != nil {
		return fmt.Errorf("jobs: %w", err)
	}
	ctx, r.cancel = context.WithCancel(ctx)
	r.lastSweep = time.Now()
	r.swept.Go(func() { r.sweep(ctx) })
	r.swept.Go(func() { r.tidy(ctx) })
	r.swept.Go(func() { r.guard(ctx) })
	r.swept.Go(func() { r.watch(ctx) })
	r.swept.Go(func() { r.app.KeepInTouch(ctx) })
	return nil
}

// begin makes sure of the jobs that are marked as running: a process that is alone gives back what a former one left so, and one of
// several lets the others see that it is there, so that they leave its jobs alone.
func (r *Runner) begin(ctx context.Context) error {
	if r.others.several() {
		return r.attend(ctx)
	}
	n, err := r.app.Store().ReclaimJobs(ctx)
	if err != nil {
		return fmt.Errorf("jobs: %w", err)
	}
	if n > 0 {
		r.log.InfoContext(ctx, "jobs of a former process go on", "jobs", n)
	}
	return nil
}

// Stop lets running jobs finish for a moment, then ends their contexts; what they did not finish is done
// after the next start. It returns when nothing runs any more, or when ctx ends.
func (r *Runner) Stop(ctx context.Context) error {
	r.mu.Lock()
	cancel := r.cancel
	r.cancel = nil
	r.mu.Unlock()
	if cancel == nil {
		r.attendance.end() // of a start that failed half-way
		return nil
	}
	cancel()
	r.swept.Wait()
	err := r.client.Stop(ctx)
	r.attendance.end()
	if err != nil {
		return fmt.Errorf("jobs: stop: %w", err)
	}
	// Neither is worth a failed stop: the last note, of a minute ago, does almost as well.
	if err := errors.Join(r.app.WriteRefusals(ctx), r.app.Alive(ctx)); err != nil {
		r.log.WarnContext(ctx, "the end of the service could not be noted", "error", err)
	}
	return nil
}

// Healthy tells whether the background works: started, and the sweeper came round lately. That it met an error, which
// may be one store's, is for the log.
func (r *Runner) Healthy() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.cancel == nil:
		return &app.Unready{Reason: app.UnreadyWorkers, Err: errors.New("they are not started")}
	case time.Since(r.lastSweep) > 30*sweepEvery:
		return &app.Unready{Reason: app.UnreadyWorkers, Err: errors.New("the sweeper stands still")}
	}
	return nil
}

// sweep looks for what is due until ctx ends. An error is told once, and once more when it is over.
func (r *Runner) sweep(ctx context.Context) {
	ticks := time.NewTicker(sweepEvery)
	defer ticks.Stop()
	recovered := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		err := r.app.Sweep(ctx)
		if err == nil && time.Since(recovered) >= recoverEvery {
			if err = errors.Join(r.reclaim(ctx), r.app.Recover(ctx)); err == nil {
				recovered = time.Now()
			}
		}
		if ctx.Err() != nil {
			return
		}
		r.note(ctx, err)
	}
}

// tidy deletes what nobody needs any more until ctx ends. What fails is tried again with the next round; an error that stays
// is told once.
func (r *Runner) tidy(ctx context.Context) {
	ticks := time.NewTicker(tidyEvery)
	defer ticks.Stop()
	told := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		if err := r.app.Alive(ctx); err != nil && ctx.Err() == nil && !told {
			r.log.ErrorContext(ctx, "it could not be noted that the service is at work", "error", err)
		}
		err := r.app.Tidy(ctx)
		if err != nil && ctx.Err() == nil && !told {
			r.log.ErrorContext(ctx, "old rows could not be cleared away; it is tried again every minute", "error", err)
		}
		told = err != nil
	}
}

func (r *Runner) note(ctx context.Context, err error) {
	r.mu.Lock()
	was := r.sweepErr
	r.lastSweep, r.sweepErr = time.Now(), err
	r.mu.Unlock()
	switch {
	case err != nil && was == nil:
		r.log.ErrorContext(ctx, "due work could not be looked for; it is tried again every second", "error", err)
	case err == nil && was != nil:
		r.log.InfoContext(ctx, "due work is looked for again")
	}
}
