package app

import (
	"context"
	"sync"
	"time"

	"probability/store"
)

const (
	// drainLinger is how long a job waits for more deliveries before it ends. While it lives, a delivery costs no job of
	// its own, and is not delayed by the time that the queue takes to start one.
	drainLinger = time.Second
	// drainGather is how long a job lets deliveries gather that come while it waits: a transaction for each would take
	// the writer from those who deliver.
	drainGather = 50 * time.Millisecond
	// drainTime is how long a job goes on before it gives way to others.
	drainTime = time.Minute
	// drainShare is how long it goes on while others wait for a worker.
	drainShare = time.Second
)

// drains are the integrations whose deliveries a job of this process is working off.
type drains struct {
	linger, gather, time, share time.Duration

	mu    sync.Mutex
	wakes map[int64]chan struct{}
}

// begin registers a job; ok is false when there is one already.
func (d *drains) begin(id int64) (wake chan struct{}, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, there := d.wakes[id]; there {
		return nil, false
	}
	if d.wakes == nil {
		d.wakes = make(map[int64]chan struct{})
	}
	wake = make(chan struct{}, 1)
	d.wakes[id] = wake
	return wake, true
}

// end takes a job out, if it is still the one that is registered.
func (d *drains) end(id int64, wake chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if wake != nil && d.wakes[id] == wake {
		delete(d.wakes, id)
	}
}

// live tells whether a job will look at what is stored now. Ask inside the transaction that stores it: a job ends inside one,
// too, so that it is known to have ended before or to see what is stored.
func (d *drains) live(id int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, there := d.wakes[id]
	return there
}

// wake tells the job of an integration that there is something new.
func (d *drains) wake(id int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case d.wakes[id] <- struct{}{}:
	default: // it has not yet looked since the last time, or has ended
	}
}

// Drain is the job that works an integration's deliveries off and then waits a little for more. finish is called in the
// transaction that saw none left; it completes the job there, so that a delivery stored a moment later finds either this job
// still living or no job at all, and inserts its own. again is true when the job's time is over and it should be run again.
func (a *App) Drain(ctx context.Context, id int64, finish func(context.Context, *store.Tx) error) (again bool, err error) {
	wake, _ := a.drains.begin(id)
	defer func() { a.drains.end(id, wake) }()
	begun := time.Now()
	over := func() bool { return a.drainOver(ctx, begun) }
	for !over() {
		if err := a.process(ctx, id, over); err != nil {
			return false, err
		}
		if over() {
			break
		}
		if wake != nil && waited(ctx, wake, a.drains.linger) {
			waited(ctx, nil, a.drains.gather)
			continue
		}
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		finished := false
		err := a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
			more, err := tx.HasDueDeliveries(ctx, id, a.now())
			if err != nil || more {
				return err
			}
			finished = true
			a.drains.end(id, wake)
			return finish(ctx, tx)
		})
		if err != nil || finished {
			return false, err
		}
	}
	return true, nil
}

// drainOver tells whether a job that began then has had its time. It has less while others wait for a worker: a long backlog, or a
// store that delivers all the time, must not keep another's deliveries waiting.
func (a *App) drainOver(ctx context.Context, begun time.Time) bool {
	lived := time.Since(begun)
	switch {
	case lived >= a.drains.time:
		return true
	case lived < a.drains.share:
		return false
	}
	// What cannot be found out is no reason to end: the next transaction will tell.
	waiting, err := a.store.JobsWaiting(ctx, QueueDeliveries, time.Now())
	return err == nil && waiting
}

// waited waits for a signal, at most for so long, and tells whether it came.
func waited(ctx context.Context, signal <-chan struct{}, most time.Duration) bool {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-signal:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}
