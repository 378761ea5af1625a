package jobs

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/riverqueue/river/rivertype"

	"probability/app"
)

// live are the jobs that workers of this process are at, and those that they have just left: the queue writes the ends of jobs
// down together, a moment later, and until then they look as if they ran.
type live struct {
	mu   sync.Mutex
	jobs map[int64]time.Time // when it ended; zero while it runs
}

// during notes a job for as long as it runs, and for lostAfter more.
func (l *live) during(ctx context.Context, job *rivertype.JobRow, work func(context.Context) error) error {
	l.set(job.ID, time.Time{})
	defer func() { l.set(job.ID, time.Now()) }()
	return work(ctx)
}

func (l *live) set(id int64, ended time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.jobs == nil {
		l.jobs = make(map[int64]time.Time)
	}
	l.jobs[id] = ended
}

// ids are those that do not count as lost now. It forgets the others, so it is to be asked now and then.
func (l *live) ids() []int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	maps.DeleteFunc(l.jobs, func(_ int64, ended time.Time) bool { return !ended.IsZero() && time.Since(ended) > lostAfter })
	return slices.Collect(maps.Keys(l.jobs))
}

// reclaim gives jobs back whose end the queue could not write down: it tries a few times and then leaves them as they are, and
// as long as they look as if they ran, no other job for the same work is let in.
func (r *Runner) reclaim(ctx context.Context) error {
	live, before := r.live.ids(), time.Now().Add(-lostAfter)
	var n int
	var err error
	if r.others.several() {
		n, err = r.app.Store().ReclaimOwn(ctx, r.others.process, live, before)
	} else {
		n, err = r.app.Store().ReclaimLost(ctx, live, before)
	}
	if n > 0 {
		r.log.WarnContext(ctx, "jobs whose end could not be written down go on", "jobs", n)
	}
	if err != nil {
		return fmt.Errorf("jobs: %w", err)
	}
	return nil
}

// guard looks at the disk until ctx ends. When there is room again, what stopped for want of it goes on at once.
func (r *Runner) guard(ctx context.Context) {
	ticks := time.NewTicker(app.DiskEvery)
	defer ticks.Stop()
	for {
		if r.app.CheckDisk(ctx) {
			// What fails here is done again by the sweeper, a little later, and told there.
			if r.reclaim(ctx) == nil {
				_ = r.app.Recover(ctx)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
	}
}
