package app

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/riverqueue/river"

	"probability/store"
)

// sweepLimit is how many periodic syncs one sweep starts at most.
const sweepLimit = 100

// Sweep starts what is due: periodic syncs, audits, looks at subscriptions, and the processing of deliveries whose next try
// has come or whose job was lost, scores, and trainings. It also writes down why deliveries were refused. The tables say what is to be done; a job
// that is there already is left alone. What fails for one
// integration does not keep the others waiting.
func (a *App) Sweep(ctx context.Context) error {
	var errs []error
	if a.cfg.SyncInterval > 0 {
		due, err := a.store.DueIntegrations(ctx, a.now(), sweepLimit)
		errs = append(errs, err)
		for _, id := range due {
			if err := a.StartPeriodic(ctx, id); err != nil && KindOf(err) != NotFound && KindOf(err) != Invalid {
				errs = append(errs, fmt.Errorf("sync of integration %d: %w", id, err))
			}
		}
	}
	waiting, err := a.store.IntegrationsWithDueDeliveries(ctx, a.now())
	errs = append(errs, err)
	for _, id := range waiting {
		errs = append(errs, a.hint(ctx, ProcessDeliveries{IntegrationID: id}))
	}
	errs = append(errs, a.sweepAudits(ctx), a.startChecks(ctx), a.sweepPrivacy(ctx), a.sweepScores(ctx))
	if a.refused.due(a.now()) {
		errs = append(errs, a.WriteRefusals(ctx))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	return nil
}

// Recover makes the jobs of unfinished work due that have lost them or sleep beyond their time: after a start, and
// now and then.
func (a *App) Recover(ctx context.Context) error {
	var errs []error
	runs, err := a.store.ActiveImports(ctx)
	errs = append(errs, err)
	for _, run := range runs {
		if a.wait(run.NextAttemptAt) > 0 {
			errs = append(errs, a.hint(ctx, ImportOrders{ImportID: run.ID}))
			continue
		}
		errs = append(errs, a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
			return a.queue.wake(ctx, tx, ImportOrders{ImportID: run.ID})
		}))
	}
	errs = append(errs, a.store.HurryDeliveries(ctx, a.now().Add(frozenBackoff)))
	gone, err := a.store.DeletedIntegrations(ctx)
	errs = append(errs, err)
	for _, id := range gone {
		errs = append(errs, a.hint(ctx, PurgeIntegration{IntegrationID: id}))
	}
	errs = append(errs, a.recoverPrivacy(ctx), a.scheduleAll(ctx), a.recoverAudits(ctx), a.recoverScores(ctx))
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	return nil
}

// scheduleAll gives every active integration its place in the schedule: one that has none, because periodic syncs
// were off when it was connected, and one whose place is further off than the interval, because the interval was
// longer then or the clock ahead.
func (a *App) scheduleAll(ctx context.Context) error {
	if a.cfg.SyncInterval == 0 {
		return nil
	}
	active, err := a.store.ActiveIntegrations(ctx)
	if err != nil {
		return err
	}
	ids := make([]int64, len(active))
	for i, in := range active {
		ids[i] = in.ID
	}
	problems, err := a.store.Problems(ctx, ids)
	if err != nil {
		return err
	}
	var errs []error
	for _, in := range active {
		furthest := a.nextSync(a.now(), a.cfg.SyncInterval)
		if len(problems[in.ID]) > 0 {
			furthest = a.nextSync(a.now(), max(a.cfg.SyncInterval, frozenBackoff))
		}
		stopped := slices.ContainsFunc(problems[in.ID], func(p store.Problem) bool { return p.Code == ProblemReauthorize })
		next := in.NextSyncAt
		if next.IsZero() && !stopped {
			next = a.nextSync(a.now(), 0)
		} else if next.After(furthest) {
			next = furthest
		}
		if next.Equal(in.NextSyncAt) {
			continue
		}
		errs = append(errs, a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
			row, err := tx.Integration(ctx, in.ID)
			if err != nil || !row.Active || !row.NextSyncAt.Equal(in.NextSyncAt) { // changed since it was read
				return err
			}
			row.NextSyncAt = next
			return tx.UpdateIntegration(ctx, row)
		}))
	}
	return errors.Join(errs...)
}

func (a *App) hint(ctx context.Context, args river.JobArgs) error {
	return a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error { return a.queue.insert(ctx, tx, args) })
}
