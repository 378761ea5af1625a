package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"probability/shopify"
	"probability/store"
)

// codeCountMismatch is the code of a run that brought fewer orders than Shopify counts.
const codeCountMismatch = "count_mismatch"

// prove compares what arrived with Shopify's own count of the window, and completes the run only when
// nothing is missing. For a window of creation times, which never change, what is stored is counted too, and
// first: an order that is deleted in between leaves the window, so a complete run never looks short. A run that
// falls short reads its window again, then fails.
func (a *App) prove(ctx context.Context, in store.Integration, run store.Import) (done bool, err error) {
	arrived, err := a.arrived(ctx, run, run.From, run.To)
	if err != nil {
		return false, err
	}
	var counted int
	err = a.call(ctx, in, func(s shopify.Session) (err error) {
		counted, _, err = a.shopify.CountOrders(ctx, s, query(run))
		return err
	})
	if shopify.KindOf(err) == shopify.KindNotFound {
		return a.proveByReading(ctx, run)
	}
	if err != nil {
		return false, err
	}
	if arrived < counted && counted <= run.Fetched && run.Pass > 1 {
		// Perhaps the store lists and counts orders from beyond the window. They are stored as well; but so may be others from there, of
		// webhooks, and one that was listed twice by chance is not so in a second reading.
		if arrived, err = a.arrived(ctx, run, time.Time{}, time.Time{}); err != nil {
			return false, err
		}
	}
	switch {
	case arrived >= counted:
		return true, a.complete(ctx, run)
	case run.Pass < maxPasses:
		a.log.WarnContext(ctx, "fewer orders arrived than Shopify counts: the window is read again",
			"integration_id", run.IntegrationID, "import_id", run.ID, "counted", counted, "arrived", arrived)
		return false, a.restart(ctx, run, run.Total)
	default:
		return true, a.fail(ctx, run, codeCountMismatch, fmt.Sprintf("Shopify counts %d, %d arrived", counted, arrived), nil)
	}
}

// arrived is how many orders a run has brought, as far as that can be seen in what is stored between from and to.
func (a *App) arrived(ctx context.Context, run store.Import, from, to time.Time) (int, error) {
	if run.Field != store.FieldCreatedAt {
		return run.Fetched, nil
	}
	stored, err := a.store.OrdersInWindow(ctx, run.IntegrationID, run.Field, from, to)
	if err != nil {
		return 0, err
	}
	// Shopify may still list an order whose deletion we were told of.
	deleted, err := a.store.CountDeletedOrders(ctx, run.IntegrationID)
	if err != nil {
		return 0, err
	}
	return min(run.Fetched, stored+run.Failed+deleted), nil
}

// proveByReading is for a store that lists its orders and finds no count of them, as happens behind a proxy. Then the window is
// read until two readings, one after the other, bring the same number: a list that ended early by chance does not do so twice.
func (a *App) proveByReading(ctx context.Context, run store.Import) (done bool, err error) {
	switch {
	case run.Pass > 1 && run.Total != nil && *run.Total == run.Fetched:
		return true, a.complete(ctx, run)
	case run.Pass < maxPasses:
		a.log.WarnContext(ctx, "Shopify has no count of the orders: the window is read again",
			"integration_id", run.IntegrationID, "import_id", run.ID, "arrived", run.Fetched)
		return false, a.restart(ctx, run, &run.Fetched)
	default:
		return true, a.fail(ctx, run, codeCountMismatch, fmt.Sprintf("without a count, the last reading brought %d", run.Fetched), nil)
	}
}

// restart begins the window anew, expecting total orders; nil when nobody knows.
func (a *App) restart(ctx context.Context, run store.Import, total *int) error {
	return a.update(ctx, run, func(_ context.Context, _ *store.Tx, row *store.Import) error {
		beginAgain(row)
		row.Total = total
		row.NextAttemptAt = a.now().Add(passPauses[min(row.Pass, len(passPauses)-1)])
		row.Pass++
		return nil
	})
}

// beginAgain forgets how far a run has come. What it wrote stays, and comes back unchanged.
func beginAgain(row *store.Import) {
	if row.Way == store.WayBulk { // what an operation left out, another would leave out again
		row.Way = store.WayGraphQL
	}
	row.Cursor, row.Pages, row.Fetched, row.Failed, row.Unchanged, row.Attempts = "", 0, 0, 0, 0, 0
}

// passPauses are the waits before the second and the third pass: Shopify's lists and counts may disagree for a moment.
var passPauses = [...]time.Duration{0, time.Second, 5 * time.Second}

// complete ends the run as a success. Only here the watermark moves, and only for a run that leaves no gap
// behind: one with a later since than the watermark does not prove what lies between.
func (a *App) complete(ctx context.Context, run store.Import) error {
	err := a.update(ctx, run, func(ctx context.Context, tx *store.Tx, row *store.Import) error {
		in, err := tx.Integration(ctx, run.IntegrationID)
		if err != nil {
			return err
		}
		now := a.now()
		row.State, row.FinishedAt, row.Total = store.ImportCompleted, now, &row.Fetched
		in.LastSync = now
		gapless := run.Field == store.FieldCreatedAt || !in.Watermark.IsZero() && !run.From.After(in.Watermark)
		if gapless && run.To.After(in.Watermark) {
			in.Watermark = run.To
		}
		if v := a.shopify.ServedVersion(in.StoreName); v != "" {
			in.ServedVersion = v
		}
		if err := a.noteVersion(ctx, tx, in); err != nil {
			return err
		}
		over := append(slices.Clone(credentialProblems), ProblemSyncFailed)
		if row.Withheld != "" { // which this run has proven anew
			over = slices.DeleteFunc(over, func(code string) bool { return code == ProblemPersonalData })
		}
		if err := tx.ClearProblems(ctx, in.ID, over...); err != nil {
			return err
		}
		if run.Field == store.FieldCreatedAt { // a first one
			if err := a.trainAfter(ctx, tx, in.ID); err != nil {
				return err
			}
		}
		return tx.UpdateIntegration(ctx, in)
	})
	if err == nil {
		a.log.InfoContext(ctx, "import completed", "integration_id", run.IntegrationID, "import_id", run.ID, "kind", run.Kind,
			"fetched", run.Fetched, "created", run.Created, "updated", run.Updated, "failed", run.Failed, "took", a.now().Sub(run.StartedAt))
	}
	return err
}

// fail ends the run with its reason and says so in the integration's health. The watermark stays, so the
// next run asks for everything that this one did not bring.
func (a *App) fail(ctx context.Context, run store.Import, code, detail string, cause error) error {
	err := a.update(ctx, run, func(ctx context.Context, tx *store.Tx, row *store.Import) error {
		in, err := tx.Integration(ctx, run.IntegrationID)
		if err != nil {
			return err
		}
		now := a.now()
		row.State, row.FinishedAt, row.ErrorCode, row.ErrorDetail = store.ImportFailed, now, code, detail
		problem := problemOf(cause)
		if problem == "" {
			problem = ProblemSyncFailed
		}
		if problem == ProblemPersonalData || problem == ProblemMissingScope || problem == ProblemAccessDenied {
			in.RESTDueAt = time.Time{} // whichever way it was, the next run begins with the first one
		}
		if err := tx.PutProblem(ctx, in.ID, store.Problem{Code: problem, Detail: detail, Since: now}); err != nil {
			return err
		}
		switch {
		case problem == ProblemReauthorize: // asking again with the same credentials would only get refused again
			in.NextSyncAt = time.Time{}
		case code == codeCountMismatch, problem != ProblemSyncFailed && problem != ProblemUnreachable:
			// Nothing that passes in minutes, and after a mismatch the next run reads the window three times as well.
			in.NextSyncAt = a.nextSync(now, max(a.cfg.SyncInterval, frozenBackoff))
		}
		return tx.UpdateIntegration(ctx, in)
	})
	if err == nil {
		a.log.WarnContext(ctx, "import failed", "integration_id", run.IntegrationID, "import_id", run.ID, "kind", run.Kind,
			"code", code, "detail", detail, "fetched", run.Fetched)
	}
	return err
}

// failed decides what a failure means for the run: another try, when, or the end.
func (a *App) failed(ctx context.Context, in store.Integration, run store.Import, cause error) (Progress, error) {
	if errors.Is(cause, errOtherWay) {
		return Progress{}, nil
	}
	e := asShopify(cause)
	if e == nil {
		return Progress{}, cause // ours: the job's own retries deal with it
	}
	if in.Auth == store.AuthToken && problemOf(cause) == ProblemReauthorize {
		now, err := a.store.IntegrationByID(ctx, in.ID)
		if err == nil && !now.TokenIssuedAt.Equal(in.TokenIssuedAt) {
			return Progress{}, nil // the owner brought credentials while the old ones were being refused
		}
	}
	if e.Kind == shopify.KindProtectedData && cmp.Or(run.Way, store.WayREST) == store.WayREST && !run.To.IsZero() {
		err := a.otherWay(ctx, in, cause)
		if errors.Is(err, errOtherWay) {
			return Progress{}, ignoreSuperseded(a.goOver(ctx, run, store.WayGraphQL))
		}
		if cause, e = err, asShopify(err); e == nil {
			return Progress{}, err
		}
	}
	switch e.Kind {
	case shopify.KindThrottled:
		if e.RetryAfter > time.Minute { // worth telling
			return a.later(ctx, run, cause, unreachableTries, min(e.RetryAfter, maxThrottle))
		}
		return Progress{After: max(e.RetryAfter, 100*time.Millisecond)}, nil
	case shopify.KindUnavailable:
		return a.later(ctx, run, cause, unreachableTries, backoff(run.Attempts+1))
	case shopify.KindPaymentRequired, shopify.KindLocked, shopify.KindSecurity:
		return a.later(ctx, run, cause, frozenTries, frozenBackoff)
	case shopify.KindForeignLink, shopify.KindRedirected, shopify.KindNotFound: // a list is not found now and then
		return a.later(ctx, run, cause, wrongAnswers, backoff(run.Attempts+1))
	case shopify.KindInvalid:
		if run.Cursor != "" && run.Pass < maxPasses && run.Way != store.WayBulk { // a cursor does not live for ever
			return Progress{}, ignoreSuperseded(a.restart(ctx, run, run.Total))
		}
	case shopify.KindUnauthorized, shopify.KindTokenKind, shopify.KindBadCredentials, shopify.KindNotInstalled,
		shopify.KindNotPermitted, shopify.KindMissingScope, shopify.KindProtectedData, shopify.KindForbidden, shopify.KindConflict:
	}
	return Progress{Done: true}, ignoreSuperseded(a.fail(ctx, run, codeOf(cause), detailOf(cause), cause))
}

// later notes the failure in the run and when the next try is due; after tries failures in a row the run fails.
func (a *App) later(ctx context.Context, run store.Import, cause error, tries int, wait time.Duration) (Progress, error) {
	if run.Attempts+1 >= tries {
		return Progress{Done: true}, ignoreSuperseded(a.fail(ctx, run, codeOf(cause), detailOf(cause), cause))
	}
	if e := asShopify(cause); e != nil {
		wait = max(wait, min(e.RetryAfter, maxThrottle))
	}
	err := a.update(ctx, run, func(ctx context.Context, tx *store.Tx, row *store.Import) error {
		row.Attempts++
		row.NextAttemptAt, row.ErrorCode, row.ErrorDetail = a.now().Add(wait), codeOf(cause), detailOf(cause)
		if row.Attempts < unreachableAfter && wait < frozenBackoff {
			return nil
		}
		code := problemOf(cause)
		if code == "" {
			code = ProblemSyncFailed
		}
		return tx.PutProblem(ctx, run.IntegrationID, store.Problem{Code: code, Detail: detailOf(cause), Since: a.now()})
	})
	if err == nil {
		a.log.InfoContext(ctx, "page put off", "integration_id", run.IntegrationID, "import_id", run.ID,
			"attempt", run.Attempts+1, "again_in", wait, "reason", detailOf(cause))
	}
	return Progress{After: wait}, ignoreSuperseded(err)
}

// ignoreSuperseded takes a run that somebody else changed meanwhile for what it is: no failure.
func ignoreSuperseded(err error) error {
	if errors.Is(err, errSuperseded) {
		return nil
	}
	return err
}
