package app

import (
	"context"
	"fmt"

	"github.com/riverqueue/river"

	"probability/store"
)

// sweepLimit is how many periodic syncs one sweep starts at most.
const sweepLimit = 100

// Sweep starts what is due: periodic syncs, and the processing of deliveries whose next try has come or whose
// job was lost. The tables say what is to be done; a job that is there already is left alone.
func (a *App) Sweep(ctx context.Context) error {
	if a.cfg.SyncInterval > 0 {
		if err := a.sweepSyncs(ctx); err != nil {
			return err
		}
	}
	waiting, err := a.store.IntegrationsWithDueDeliveries(ctx, a.now())
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	for _, id := range waiting {
		if err := a.hint(ctx, ProcessDeliveries{IntegrationID: id}); err != nil {
			return err
		}
	}
	return nil
}

func (a *App) sweepSyncs(ctx context.Context) error {
	due, err := a.store.DueIntegrations(ctx, a.now(), sweepLimit)
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	for _, id := range due {
		if err := a.StartPeriodic(ctx, id); err != nil && KindOf(err) == Internal {
			return fmt.Errorf("sweep: sync of integration %d: %w", id, err)
		}
	}
	return nil
}

// Recover inserts the jobs of unfinished work that may have lost them: after a start, and now and then.
func (a *App) Recover(ctx context.Context) error {
	runs, err := a.store.ActiveImports(ctx)
	if err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	for _, run := range runs {
		if err := a.hint(ctx, ImportOrders{ImportID: run.ID}); err != nil {
			return err
		}
	}
	gone, err := a.store.DeletedIntegrations(ctx)
	if err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	for _, id := range gone {
		if err := a.hint(ctx, PurgeIntegration{IntegrationID: id}); err != nil {
			return err
		}
	}
	return a.scheduleAll(ctx)
}

// scheduleAll gives every active integration that has never been scheduled, because periodic syncs were off
// when it was connected, its place in the schedule.
func (a *App) scheduleAll(ctx context.Context) error {
	if a.cfg.SyncInterval == 0 {
		return nil
	}
	ids, err := a.store.ActiveIntegrations(ctx)
	if err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	for _, id := range ids {
		in, err := a.store.IntegrationByID(ctx, id)
		if err != nil {
			return fmt.Errorf("recover: integration %d: %w", id, err)
		}
		problems, err := a.store.Problems(ctx, []int64{id})
		if err != nil {
			return fmt.Errorf("recover: %w", err)
		}
		stopped := false
		for _, p := range problems[id] {
			stopped = stopped || p.Code == ProblemReauthorize
		}
		if stopped || !in.NextSyncAt.IsZero() {
			continue
		}
		err = a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
			row, err := tx.Integration(ctx, id)
			if err != nil {
				return err
			}
			row.NextSyncAt = a.nextSync(a.now(), 0)
			return tx.UpdateIntegration(ctx, row)
		})
		if err != nil {
			return fmt.Errorf("recover: schedule integration %d: %w", id, err)
		}
	}
	return nil
}

func (a *App) hint(ctx context.Context, args river.JobArgs) error {
	return a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error { return a.queue.insert(ctx, tx, args) })
}
