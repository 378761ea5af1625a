package jobs

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"probability/store"
)

// lookEvery is how often a process looks whether another one that shares the database has died with jobs in its hands. They are given
// back when it is missing for the second time: a connection that broke is made anew before that.
const lookEvery = 5 * time.Second

// others are the processes that share the database, as far as they concern the queue. The zero value is for a process that is alone.
type others struct {
	shared  bool // there may be some
	process store.Process
	absent  map[string]bool // clients that were missing at the last look; only watch touches it
}

// newOthers gives this process a name that no other has.
func newOthers(st *store.Store) others {
	if st.Engine() != store.PostgreSQL {
		return others{}
	}
	return others{shared: true, process: store.Process(rand.Uint32())} //nolint:gosec // a name is no secret
}

// several tells whether there may be other processes.
func (o *others) several() bool { return o.shared }

// client is the name of this process in the queue; empty leaves it to River.
func (o *others) client() string {
	if !o.several() {
		return ""
	}
	return o.process.Client()
}

// attend makes this process known to the others until the attendance ends.
func (r *Runner) attend(ctx context.Context) error {
	keep, err := r.app.Store().Attend(ctx, r.others.process)
	if err != nil {
		return fmt.Errorf("jobs: %w", err)
	}
	ctx, r.leave = context.WithCancel(context.WithoutCancel(ctx))
	r.attending.Go(func() {
		keep(ctx, func(err error) {
			r.log.WarnContext(ctx, "the other processes cannot see that this one works, and may take its jobs over; it is tried again every second", "error", err)
		})
	})
	return nil
}

// watch gives back the jobs of processes that have died, until ctx ends.
func (r *Runner) watch(ctx context.Context) {
	if !r.others.several() {
		return
	}
	ticks := time.NewTicker(lookEvery)
	defer ticks.Stop()
	told := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		err := r.takeOver(ctx)
		if err != nil && ctx.Err() == nil && !told {
			r.log.ErrorContext(ctx, "it cannot be seen whether other processes have died; their jobs go on after some minutes", "error", err)
		}
		told = err != nil
	}
}

// takeOver looks once, and gives back what was in the hands of processes that are missing for the second time.
func (r *Runner) takeOver(ctx context.Context) error {
	missing, err := r.app.Store().AbsentClients(ctx)
	if err != nil {
		return err
	}
	var gone []string
	absent := make(map[string]bool, len(missing))
	for _, name := range missing {
		if absent[name] = true; r.others.absent[name] {
			gone = append(gone, name)
		}
	}
	r.others.absent = absent
	if len(gone) == 0 {
		return nil
	}
	n, err := r.app.Store().ReclaimFrom(ctx, gone)
	if n > 0 {
		r.log.InfoContext(ctx, "jobs of a process that has died go on", "jobs", n)
	}
	return err
}

// attendance ends when nothing runs any more.
type attendance struct {
	attending sync.WaitGroup
	leave     context.CancelFunc
}

func (a *attendance) end() {
	if a.leave != nil {
		a.leave()
		a.attending.Wait()
	}
}
