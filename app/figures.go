package app

import (
	"context"
	"fmt"
	"time"

	"probability/store"
)

// Figures are the measures of one moment: what is counted nowhere and must be looked up.
type Figures struct {
	Backlog   store.Backlog
	Database  int64 // bytes
	Disk      DiskState
	Drift     map[int64]int // orders missing, extra or stale by integration, after its last audit
	Imports   []store.ImportFigure
	Jobs      []store.JobFigure
	JobAge    time.Duration // of the job that has been due for longest and does not run
	Log       int64         // bytes of the database's log of changes
	OldestDue time.Duration // of the delivery that has been due for longest
	Scores    store.ScoreFigures
	Space     store.Space // zero where it is not known
	Stores    store.StoreFigures
}

// Figures looks the measures up. It reads no more than some thousand rows, however much is stored.
func (a *App) Figures(ctx context.Context) (f Figures, err error) {
	f.Disk = a.Disk()
	a.disk.mu.Lock()
	f.Space = a.disk.space
	a.disk.mu.Unlock()
	for _, look := range []func() error{
		func() (err error) { f.Backlog, err = a.store.Backlog(ctx, a.now()); return err },
		func() (err error) { f.Imports, err = a.store.ImportFigures(ctx); return err },
		func() (err error) { f.Jobs, err = a.store.JobFigures(ctx); return err },
		func() (err error) { f.Stores, err = a.store.StoreFigures(ctx); return err },
		func() (err error) { f.Database, f.Log, err = a.store.Sizes(ctx); return err },
		func() (err error) { f.Scores, err = a.store.ScoreFigures(ctx); return err },
		func() (err error) { f.Drift, err = a.store.Drift(ctx); return err },
	} {
		if err := look(); err != nil {
			return f, fmt.Errorf("figures: %w", err)
		}
	}
	f.OldestDue = age(a.now(), f.Backlog.DueSince)
	for _, j := range f.Jobs {
		if j.State == "available" {
			f.JobAge = max(f.JobAge, age(time.Now(), j.Since))
		}
	}
	return f, nil
}
