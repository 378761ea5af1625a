package app

import (
	"context"
	"errors"
	"fmt"
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
	// maxThrottle is the longest that a run waits at once because Shopify says so.
	maxThrottle = 5 * time.Minute
	// unreachableTries is how often a page is asked for while Shopify cannot be reached: about a day.
	unreachableTries = 300
	// frozenTries is how often a page of a frozen store is asked for, at frozenBackoff: a day.
	frozenTries = 24
	// maxBackoff is the longest wait between two tries of a page.
	maxBackoff = 5 * time.Minute
	// frozenBackoff is the wait for a store that is frozen, unpaid or locked, which ends in hours if at all.
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

// Import carries a run on by some pages. Each page is one transaction of its orders, the run's counts and the
// cursor to the next, so that whoever kills the process loses at most the page in hand. Failures that pass
// are kept in the run, with the time of the next try; the job itself never fails for them.
func (a *App) Import(ctx context.Context, id uuid.UUID) (Progress, error) {
	until := a.now().Add(sliceTime)
	for {
		run, in, err := a.loadImport(ctx, id)
		if errors.Is(err, store.ErrNotFound) || errors.Is(err, errSuperseded) {
			return Progress{Done: true}, nil
		}
		if err != nil {
			return Progress{}, err
		}
		if wait := run.NextAttemptAt.Sub(a.now()); !run.NextAttemptAt.IsZero() && wait > 0 {
			return Progress{After: wait}, nil
		}
		done, err := a.step(ctx, in, run)
		switch {
		case errors.Is(err, errSuperseded):
			return Progress{Done: true}, nil
		case err != nil && ctx.Err() != nil:
			return Progress{}, ctx.Err() // the service stops: the page is asked for again after the next start
		case err != nil:
			return a.failed(ctx, in, run, err)
		case done:
			return Progress{Done: true}, nil
		case !a.now().Before(until):
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
func (a *App) step(ctx context.Context, in store.Integration, run store.Import) (done bool, err error) {
	switch {
	case run.To.IsZero():
		return false, a.begin(ctx, in, run)
	case run.Pages > 0 && run.Cursor == "":
		return a.prove(ctx, in, run)
	default:
		return false, a.page(ctx, in, run)
	}
}

// query is the run's window as Shopify is asked for it. Both ends are fixed, so that what changes while the
// run is under way leaves the window or was never in it, and the next run finds it.
func query(run store.Import) shopify.OrdersQuery {
	if run.Field == store.FieldCreatedAt {
		return shopify.OrdersQuery{CreatedAtMin: run.From, CreatedAtMax: run.To}
	}
	return shopify.OrdersQuery{UpdatedAtMin: run.From, UpdatedAtMax: run.To}
}

// begin counts the window and fixes its end. The end, from which the next watermark comes, is Shopify's own
// time where it tells it: a clock of ours that runs ahead would leave a gap, one that is behind the newest orders out.
func (a *App) begin(ctx context.Context, in store.Integration, run store.Import) error {
	var total int
	var date time.Time
	asked := a.now()
	err := a.call(ctx, in, func(s shopify.Session) (err error) {
		total, date, err = a.shopify.CountOrders(ctx, s, query(run))
		return err
	})
	if err != nil {
		return err
	}
	return a.update(ctx, run, func(ctx context.Context, tx *store.Tx, row *store.Import) error {
		row.To = asked.Truncate(time.Second)
		if !date.IsZero() {
			row.To = date.UTC()
		}
		row.State, row.StartedAt, row.Total, row.Pass = store.ImportRunning, a.now(), &total, 1
		return nil
	})
}

// page reads one page and stores it.
func (a *App) page(ctx context.Context, in store.Integration, run store.Import) error {
	var page shopify.OrdersPage
	err := a.call(ctx, in, func(s shopify.Session) (err error) {
		page, err = a.shopify.Orders(ctx, s, query(run), run.Cursor)
		return err
	})
	if err != nil {
		return err
	}
	if page.Next != "" && page.Next == run.Cursor {
		return &shopify.Error{Kind: shopify.KindForeignLink, Op: "orders", Messages: []string{"the next page is the same page"}}
	}
	if run.Total != nil && page.Next != "" && (run.Fetched > 2**run.Total+10_000 || run.Pages > *run.Total/10+1000) {
		return &shopify.Error{Kind: shopify.KindForeignLink, Op: "orders", Messages: []string{"the pages do not end"}}
	}
	versions := make([]store.Version, 0, len(page.Orders))
	var reason string
	for i, raw := range page.Orders {
		order, err := shopify.ParseOrder(raw)
		if err != nil {
			reason = fmt.Sprintf("page %d, order %d: %v", run.Pages+1, i+1, err)
			continue
		}
		versions = append(versions, store.Version{Order: order, ObservedAt: page.RequestedAt})
	}
	a.store.Prepare(versions)
	return a.update(ctx, run, func(ctx context.Context, tx *store.Tx, row *store.Import) error {
		outcomes, err := tx.PutOrders(ctx, run.IntegrationID, versions, a.now())
		if err != nil {
			return err
		}
		count(row, outcomes)
		row.Fetched += len(page.Orders)
		row.Failed += len(page.Orders) - len(versions)
		// What a former pass of this run wrote comes back unchanged: no order counts twice.
		row.Unchanged = max(0, row.Fetched-row.Failed-row.Created-row.Updated)
		row.Cursor, row.Pages, row.Attempts, row.ErrorCode, row.ErrorDetail = page.Next, row.Pages+1, 0, "", ""
		if reason != "" {
			row.ErrorCode, row.ErrorDetail = "orders_unreadable", reason
		}
		return nil
	})
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
	return a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
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
		row.NextAttemptAt = time.Time{}
		if err := fn(ctx, tx, &row); err != nil {
			return err
		}
		return tx.UpdateImport(ctx, row)
	})
}

// backoff doubles from half a second to maxBackoff, with a jitter that keeps stores from coming in step.
func backoff(attempts int) time.Duration {
	wait := maxBackoff
	if attempts < 10 {
		wait = min(wait, 250*time.Millisecond<<attempts)
	}
	return wait/2 + rand.N(wait/2+1) //nolint:gosec // a jitter needs no secret randomness
}
