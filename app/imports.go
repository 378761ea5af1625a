package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"probability/store"
)

// newImport is a queued run of the kind, not yet stored.
func (a *App) newImport(kind string) (store.Import, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return store.Import{}, fmt.Errorf("imports: id: %w", err)
	}
	return store.Import{ID: id, Kind: kind, State: store.ImportQueued, QueuedAt: a.now()}, nil
}

// window gives the run what it has to read. After a completed run that is what changed since the
// watermark, with the overlap; before one it is everything created within the initial window.
func (a *App) window(in store.Integration, run *store.Import, since time.Time) {
	switch {
	case !since.IsZero():
		run.Field, run.From = store.FieldUpdatedAt, since
	case !in.Watermark.IsZero():
		run.Field, run.From = store.FieldUpdatedAt, in.Watermark.Add(-Overlap)
	default:
		run.Field, run.From = store.FieldCreatedAt, a.now().Add(-a.cfg.InitialWindow)
	}
}

// enqueue stores the run with the job that carries it out, and when the next periodic sync is due.
func (a *App) enqueue(ctx context.Context, tx *store.Tx, in *store.Integration, run store.Import) error {
	if err := tx.InsertImport(ctx, run); err != nil {
		return err
	}
	in.NextSyncAt = a.nextSync(a.now(), a.cfg.SyncInterval)
	if err := tx.UpdateIntegration(ctx, *in); err != nil {
		return err
	}
	return a.queue.insert(ctx, tx, ImportOrders{ImportID: run.ID})
}

// nextSync is when the next periodic sync is due, never when they are turned off.
func (a *App) nextSync(now time.Time, after time.Duration) time.Time {
	if a.cfg.SyncInterval == 0 {
		return time.Time{}
	}
	return now.Add(after)
}

// StartSync enqueues a manual sync and returns its run. While a run is queued or under way it returns
// that one, and makes it due now if it waits for another try. A since reads everything updated since then.
func (a *App) StartSync(ctx context.Context, userID uuid.UUID, id int64, since time.Time) (store.Import, error) {
	in, err := a.Owned(ctx, userID, id)
	if err != nil {
		return store.Import{}, err
	}
	if !in.Active {
		return store.Import{}, invalid("integration_inactive", "")
	}
	if since.After(a.now()) {
		return store.Import{}, &Error{Kind: Invalid, Code: "validation_failed", Fields: map[string][]FieldError{
			"since": {{Code: "in_the_future"}},
		}}
	}
	return a.start(ctx, id, store.KindManual, since)
}

// StartPeriodic enqueues the periodic sync of an active integration that is due. One that is under way
// anyway is left alone.
func (a *App) StartPeriodic(ctx context.Context, id int64) error {
	_, err := a.start(ctx, id, store.KindPeriodic, time.Time{})
	return err
}

func (a *App) start(ctx context.Context, id int64, kind string, since time.Time) (store.Import, error) {
	run, err := a.newImport(kind)
	if err != nil {
		return store.Import{}, err
	}
	err = a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		in, err := tx.Integration(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			return notFound(err)
		}
		if err != nil {
			return err
		}
		if !in.Active {
			return invalid("integration_inactive", "")
		}
		if kind == store.KindPeriodic && in.NextSyncAt.After(a.now()) && in.NextSyncAt.Sub(a.now()) <= max(a.cfg.SyncInterval, frozenBackoff) {
			return nil // another process has just started it
		}
		active, err := tx.ActiveImport(ctx, id)
		switch {
		case err == nil && kind == store.KindPeriodic:
			run = active
			return nil
		case err == nil:
			run = active
			run.NextAttemptAt = time.Time{}
			if err := tx.UpdateImport(ctx, run); err != nil {
				return err
			}
			return a.queue.wake(ctx, tx, ImportOrders{ImportID: run.ID})
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
		run.IntegrationID = id
		a.window(in, &run, since)
		return a.enqueue(ctx, tx, &in, run)
	})
	return run, err
}

// cancelRuns ends the import and the audit that are queued or under way.
func (a *App) cancelRuns(ctx context.Context, tx *store.Tx, id int64, code string) error {
	if err := a.cancelAudit(ctx, tx, id, code); err != nil {
		return err
	}
	return a.cancelImport(ctx, tx, id, code)
}

// cancelImport ends the import that is queued or under way, if there is one.
func (a *App) cancelImport(ctx context.Context, tx *store.Tx, id int64, code string) error {
	run, err := tx.ActiveImport(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	before := run
	run.State, run.ErrorCode, run.ErrorDetail, run.FinishedAt = store.ImportCancelled, code, "", a.now()
	if err := tx.UpdateImport(ctx, run); err != nil {
		return err
	}
	a.counters.carriedOn(before, run)
	return nil
}
