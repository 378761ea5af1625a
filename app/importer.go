package app

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"probability/shopify"
	"probability/store"
)

const (
	// sliceTime is how long one job carries a run on before it gives way to other stores' runs.
	sliceTime = 10 * time.Second
	// maxPasses is how often a run reads its window when what arrived falls short of Shopify's count.
	maxPasses = 3
	// maxUncounted is how many pages a store may have that does not count its orders: 25 million of them.
	maxUncounted = 100_000
	// maxThrottle is the longest that a run waits at once because Shopify says so.
	maxThrottle = 5 * time.Minute
	// unreachableTries is how often a page is asked for while Shopify cannot be reached: about a day.
	unreachableTries = 300
	// frozenTries is how often a page of a frozen store is asked for, at frozenBackoff: a day.
	frozenTries = 24
	// maxBackoff is the longest wait between two tries of a page.
	maxBackoff = 5 * time.Minute
	// frozenBackoff is the wait for a store that is frozen, unpaid or locked, which ends in hours if at all. It is the longest
	// wait of all.
	frozenBackoff = time.Hour
	// wrongAnswers is how often a page is asked for again when the answer leads away from the store.
	wrongAnswers = 5
)

// Progress says how a job goes on with its run.
type Progress struct {
	Done  bool
	After time.Duration // the wait until the next slice when not done
}

// errSuperseded ends a slice whose run was changed by somebody else: cancelled, or carried on elsewhere.
var errSuperseded = errors.New("the run was changed meanwhile")

// importBatch is how many orders of a page one transaction writes while others wait: a whole page would hold the writer for
// so long that those who deliver notice. When nobody waits, one flush to the disk is enough for a page.
const importBatch = 100

// slice is what one job does for a run.
type slice struct {
	ahead *pages      // nil: pages are asked for one by one
	bulk  *bulkResult // nil: no result of a bulk operation is being read
	until time.Time
}

// over tells whether the slice ends: its time is over, and nothing that was read ahead is left.
func (s *slice) over(now time.Time) bool { return s.ahead == nil && !now.Before(s.until) }

// Import carries a run on by some pages. A page's orders, the run's counts and the cursor to the next are written together,
// so that whoever kills the process loses at most the page in hand. Failures that pass
// are kept in the run, with the time of the next try; the job itself never fails for them.
func (a *App) Import(ctx context.Context, id uuid.UUID) (Progress, error) {
	s := &slice{until: a.now().Add(sliceTime)}
	defer func() {
		a.closePages(s.ahead)
		s.bulk.close()
	}()
	for {
		run, in, err := a.loadImport(ctx, id)
		if errors.Is(err, store.ErrNotFound) || errors.Is(err, errSuperseded) {
			return Progress{Done: true}, nil
		}
		if err != nil {
			return Progress{}, err
		}
		if wait := a.wait(run.NextAttemptAt); wait > 0 {
			return Progress{After: wait}, nil
		}
		if p, paused, err := a.pauseForRoom(ctx, run); paused {
			return p, err
		}
		done, err := a.step(ctx, s, in, run)
		switch {
		case errors.Is(err, errSuperseded):
			return Progress{Done: true}, nil
		case err != nil && ctx.Err() != nil:
			return Progress{}, ctx.Err() // the service stops: the page is asked for again after the next start
		case err != nil:
			return a.failed(ctx, in, run, err)
		case done:
			return Progress{Done: true}, nil
		case s.over(a.now()):
			return Progress{}, nil
		}
	}
}

func (a *App) loadImport(ctx context.Context, id uuid.UUID) (store.Import, store.Integration, error) {
	run, err := a.store.ImportByID(ctx, id)
	if err != nil {
		return run, store.Integration{}, err
	}
	if run.State != store.ImportQueued && run.State != store.ImportRunning {
		return run, store.Integration{}, errSuperseded
	}
	in, err := a.store.IntegrationByID(ctx, run.IntegrationID)
	return run, in, err
}

// step does the next thing for the run: begin it, read a page, or prove and complete it.
func (a *App) step(ctx context.Context, s *slice, in store.Integration, run store.Import) (done bool, err error) {
	switch {
	case run.To.IsZero():
		return false, a.begin(ctx, in, run)
	case run.Pages > 0 && run.Cursor == "":
		return a.prove(ctx, in, run)
	case run.Way == store.WayBulk:
		return false, a.bulk(ctx, s, in, run)
	default:
		return false, a.page(ctx, s, in, run)
	}
}

// query is the run's window as Shopify is asked for it. Both ends are fixed, so that what changes while the
// run is under way leaves the window or was never in it, and the next run finds it.
func query(run store.Import) shopify.OrdersQuery {
	q := shopify.OrdersQuery{UpdatedAtMin: run.From, UpdatedAtMax: run.To, Way: shopify.WayREST}
	if run.Field == store.FieldCreatedAt {
		q = shopify.OrdersQuery{CreatedAtMin: run.From, CreatedAtMax: run.To, Way: shopify.WayREST}
	}
	if run.Way == store.WayGraphQL || run.Way == store.WayBulk {
		q.Way = shopify.WayGraphQL
	}
	return q
}

// begin chooses the way, counts the window and fixes its end. The end, from which the next watermark comes, is Shopify's own
// time where it tells it: a clock of ours that runs ahead would leave a gap, one that is behind the newest orders out.
func (a *App) begin(ctx context.Context, in store.Integration, run store.Import) error {
	var total int
	var date time.Time
	asked := a.now()
	if run.Way = store.WayREST; a.wayOf(in) == shopify.WayGraphQL {
		run.Way = store.WayGraphQL
	}
	err := a.call(ctx, in, func(s shopify.Session) (err error) {
		total, date, err = a.shopify.CountOrders(ctx, s, query(run))
		return err
	})
	if err != nil && run.Way == store.WayREST {
		err = a.otherWay(ctx, in, err)
	}
	known := &total
	if shopify.KindOf(err) == shopify.KindNotFound { // the list tells whether the store is there
		known, err = nil, nil
	}
	if err != nil {
		return err
	}
	return a.update(ctx, run, func(ctx context.Context, tx *store.Tx, row *store.Import) error {
		if row.Way = run.Way; row.Way == store.WayREST {
			if err := a.noteWay(ctx, tx, in.ID, store.WayREST); err != nil {
				return err
			}
		} else if row.Field == store.FieldCreatedAt && total >= a.bulkFrom {
			row.Way = store.WayBulk
		}
		row.To = asked.Truncate(time.Second)
		if !date.IsZero() {
			row.To = date.UTC()
		}
		row.State, row.StartedAt, row.Total, row.Pass = store.ImportRunning, a.now(), known, 1
		return nil
	})
}

// page stores the run's next page.
func (a *App) page(ctx context.Context, s *slice, in store.Integration, run store.Import) error {
	page := a.nextPage(ctx, s, in, run)
	if page.err != nil {
		return page.err
	}
	if page.Next != "" && page.Next == run.Cursor {
		return &shopify.Error{Kind: shopify.KindForeignLink, Op: "orders", Messages: []string{"the next page is the same page"}}
	}
	if page.Next != "" && endless(run) {
		return &shopify.Error{Kind: shopify.KindForeignLink, Op: "orders", Messages: []string{"the pages do not end"}}
	}
	a.giveWay(ctx, importYield)
	rest := page.versions
	for len(rest) > importBatch && (a.store.WriterWanted() || a.inbox.pressed()) {
		part := rest[:importBatch]
		rest = rest[importBatch:]
		// Counted with what it counts: should the page be read again, these come back unchanged.
		if err := a.update(ctx, run, func(ctx context.Context, tx *store.Tx, row *store.Import) error {
			return a.putPart(ctx, tx, row, part)
		}); err != nil {
			return err
		}
		a.giveWay(ctx, importYield)
	}
	return a.update(ctx, run, func(ctx context.Context, tx *store.Tx, row *store.Import) error {
		if err := a.putPart(ctx, tx, row, rest); err != nil {
			return err
		}
		return a.countPage(ctx, tx, row, page, page.Next)
	})
}

// endless tells whether a run has read far more than there can be.
func endless(run store.Import) bool {
	if run.Total == nil {
		return run.Pages > maxUncounted
	}
	return run.Fetched > 2**run.Total+10_000 || run.Pages > *run.Total/10+1000
}

// countPage notes that a page is stored, and where the next one is.
func (a *App) countPage(ctx context.Context, tx *store.Tx, row *store.Import, page orderPage, next string) error {
	row.Fetched += len(page.Orders)
	row.Failed += len(page.Orders) - len(page.versions)
	// What a former pass of this run wrote comes back unchanged: no order counts twice.
	row.Unchanged = max(0, row.Fetched-row.Failed-row.Created-row.Updated)
	row.Cursor, row.Pages, row.Attempts, row.ErrorCode, row.ErrorDetail = next, row.Pages+1, 0, "", ""
	if page.reason != "" {
		row.ErrorCode, row.ErrorDetail = "orders_unreadable", page.reason
	}
	return a.noteWithheld(ctx, tx, row, page.Withheld)
}

// nextPage is the run's next page, read ahead if it can be.
func (a *App) nextPage(ctx context.Context, s *slice, in store.Integration, run store.Import) orderPage {
	if s.ahead == nil && a.now().Before(s.until) {
		s.ahead = a.readAhead(ctx, in, run, s.until)
	}
	if s.ahead != nil {
		page, ok := s.ahead.next()
		if ok && page.cursor == run.Cursor {
			if page.err != nil || page.Next == "" {
				a.closePages(s.ahead)
				s.ahead = nil
			}
			return page
		}
		a.closePages(s.ahead)
		s.ahead = nil
	}
	page := a.fetchPage(ctx, in, query(run), run.Cursor)
	if page.err == nil {
		a.prepare(&page, run.Pages+1)
	}
	return page
}

// putPart writes some of a page's orders and counts them.
func (a *App) putPart(ctx context.Context, tx *store.Tx, row *store.Import, part []store.Version) error {
	outcomes, err := a.putOrders(ctx, tx, row.IntegrationID, part)
	if err != nil {
		return err
	}
	count(row, outcomes)
	return nil
}

func count(run *store.Import, outcomes []store.Outcome) {
	for _, o := range outcomes {
		switch o {
		case store.Created:
			run.Created++
		case store.Updated:
			run.Updated++
		case store.Unchanged, store.Stale, store.Deleted:
		}
	}
}

// update writes the run within one transaction, with whatever belongs to it, unless somebody else
// carried it on or ended it since it was read.
func (a *App) update(ctx context.Context, run store.Import, fn func(context.Context, *store.Tx, *store.Import) error) error {
	var before, after store.Import
	err := a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := tx.Import(ctx, run.ID)
		if errors.Is(err, store.ErrNotFound) {
			return errSuperseded
		}
		if err != nil {
			return err
		}
		if row.State != run.State || row.Cursor != run.Cursor || row.Pages != run.Pages || row.Pass != run.Pass {
			return errSuperseded
		}
		before = row
		row.NextAttemptAt = time.Time{}
		if err := fn(ctx, tx, &row); err != nil {
			return err
		}
		after = row
		return tx.UpdateImport(ctx, row)
	})
	if err == nil {
		a.counters.carriedOn(before, after)
	}
	return err
}

// wait is how long the next try has to wait still. One that is further off than anything waits was put there by a clock that ran
// ahead, and is due.
func (a *App) wait(next time.Time) time.Duration {
	wait := next.Sub(a.now())
	if wait > frozenBackoff {
		return 0
	}
	return max(0, wait)
}

// backoff doubles from half a second to maxBackoff, with a jitter that keeps stores from coming in step.
func backoff(attempts int) time.Duration {
	wait := maxBackoff
	if attempts < 10 {
		wait = min(wait, 250*time.Millisecond<<attempts)
	}
	return wait/2 + rand.N(wait/2+1) //nolint:gosec // a jitter needs no secret randomness
}
