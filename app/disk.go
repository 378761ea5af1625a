package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"probability/store"
)

// DiskState says how much room there is on the file system of the data folder.
type DiskState int

// The states of the disk. Each begins at a share that is used together with a rest that is small: a large disk has room for
// years at 95 %, and a small one may be as good as full with little used.
const (
	DiskOK   DiskState = iota
	DiskLow            // imports and other large work pause, deliveries are still taken
	DiskFull           // nothing new is taken; what is there can be read
)

// Where the states begin. 10 GiB is what a million orders take, twice: time enough to do something, and nothing that Shopify
// would not give again later is fetched meanwhile. 1 GiB is room for the database's own log, its tidying up and what was
// acknowledged already.
const (
	lowUsed  = 0.95
	lowFree  = 10 << 30
	fullUsed = 0.99
	fullFree = 1 << 30
	// diskMargin is the part of the free room that must be there beyond the limit for a state to end, one in so many: at the
	// limit itself it would come and go all the time.
	diskMargin = 10
)

// DiskEvery is how often the disk is to be looked at. At a hundred megabytes a second, which is more than is ever written here,
// a state would come 200 MB late.
const DiskEvery = 2 * time.Second

// diskPause is how long large work rests until it looks again whether there is room.
const diskPause = 5 * time.Second

// diskFullRetry is what who delivers is told to wait. Room comes back when somebody makes some.
const diskFullRetry = 30 * time.Second

// ErrDiskFull is in the error of what is refused for want of room.
var ErrDiskFull = errors.New("the disk of the database is full")

// String names the state.
func (s DiskState) String() string { return [...]string{"ok", "low", "full"}[s] }

// disk is what was measured last.
type disk struct {
	measure func() (store.Space, error)

	mu    sync.Mutex
	blind bool // measuring failed
	space store.Space
	state DiskState // by what was measured
	told  DiskState
	since time.Time // when that was told
}

// DiskStateOf is the state that a measure means.
func DiskStateOf(s store.Space) DiskState {
	total := float64(s.Used + s.Free)
	used := func(share float64) bool { return total > 0 && float64(s.Used) >= share*total }
	switch {
	case used(fullUsed) && s.Free < fullFree:
		return DiskFull
	case used(lowUsed) && s.Free < lowFree:
		return DiskLow
	}
	return DiskOK
}

// next is the state after one with a new measure: it gets worse at once, and better with something to spare.
func (s DiskState) next(measured store.Space) DiskState {
	now := DiskStateOf(measured)
	if now >= s {
		return now
	}
	spare := measured.Free / diskMargin
	return min(s, DiskStateOf(store.Space{Used: measured.Used + spare, Free: measured.Free - spare}))
}

// Disk is the state of the disk: what was measured last, and full from the moment on at which the database says so.
func (a *App) Disk() DiskState {
	if a.store.OutOfRoom() {
		return DiskFull
	}
	a.disk.mu.Lock()
	defer a.disk.mu.Unlock()
	return a.disk.state
}

// CheckDisk measures the room, finds out whether a database that was out of it can grow again, and tells of a change. It is to
// be called every DiskEvery. resumed is true when the disk was full and is so no longer.
func (a *App) CheckDisk(ctx context.Context) (resumed bool) {
	d := &a.disk
	space, err := d.measure()
	d.mu.Lock()
	if err == nil {
		d.space, d.state = space, d.state.next(space)
	} else {
		d.state = DiskOK // the database still tells when it cannot grow
	}
	measured, wasBlind := d.state, d.blind
	d.blind = err != nil
	d.mu.Unlock()
	if err != nil && !wasBlind && !errors.Is(err, errors.ErrUnsupported) { // of a database server nobody expects it
		a.log.WarnContext(ctx, "the room on the disk cannot be measured; only the database can tell when there is none", "error", err)
	}
	if a.store.OutOfRoom() && measured != DiskFull {
		// Its failure is what OutOfRoom says already.
		_ = a.store.TryRoom(ctx)
	}
	return a.tellDisk(ctx)
}

// tellDisk logs a state that is another than the one told last.
func (a *App) tellDisk(ctx context.Context) (resumed bool) {
	state := a.Disk()
	d := &a.disk
	d.mu.Lock()
	was, space := d.told, d.space
	if state != was {
		d.told, d.since = state, a.now()
	}
	d.mu.Unlock()
	if state == was {
		return false
	}
	log := a.log.With("state", state.String(), "database_refused", a.store.OutOfRoom())
	if a.store.Engine() == store.SQLite {
		log = log.With("disk", "of the data folder", "free_bytes", space.Free, "used_bytes", space.Used)
	} else {
		log = log.With("disk", "of the database server")
	}
	switch state {
	case DiskFull:
		log.ErrorContext(ctx, "the disk of the database is full: webhooks are refused until there is room")
	case DiskLow:
		log.WarnContext(ctx, "the disk of the database is nearly full: imports pause until there is room, webhooks are taken")
	case DiskOK:
		log.InfoContext(ctx, "the disk of the database has room again")
	}
	return was == DiskFull
}

// diskProblem is what a short disk means for every integration's health.
func (a *App) diskProblem() (store.Problem, bool) {
	if a.Disk() == DiskOK {
		return store.Problem{}, false
	}
	a.disk.mu.Lock()
	defer a.disk.mu.Unlock()
	return store.Problem{Code: ProblemDiskLow, Since: a.disk.since}, true
}

// pauseForRoom puts a run off while the disk is short, and says so in the run; ok is false when there is room.
func (a *App) pauseForRoom(ctx context.Context, run store.Import) (p Progress, ok bool, err error) {
	if a.Disk() == DiskOK {
		return Progress{}, false, nil
	}
	err = a.update(ctx, run, func(_ context.Context, _ *store.Tx, row *store.Import) error {
		row.NextAttemptAt, row.ErrorCode, row.ErrorDetail = a.now().Add(diskPause), ProblemDiskLow, ""
		return nil
	})
	if store.Unavailable(err) { // not even for that is there room
		err = nil
	}
	return Progress{After: diskPause}, true, ignoreSuperseded(err)
}
