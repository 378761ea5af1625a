package app

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/uuid"

	"probability/store"
)

const (
	// auditEvery is the time between two audits of a store that nobody asked for.
	auditEvery = 24 * time.Hour
	// auditSpread is by how much one may come later, so that stores do not stay in step.
	auditSpread = 2 * time.Hour
	// auditStarts is how many audits one sweep starts at most, and how many one transaction after an absence.
	auditStarts = 20
)

// newAudit is a queued audit, not yet stored.
func (a *App) newAudit(integrationID int64, cause string, repair bool) (store.Audit, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return store.Audit{}, fmt.Errorf("audits: id: %w", err)
	}
	return store.Audit{
		ID: id, IntegrationID: integrationID, Cause: cause, Repair: repair, State: store.AuditQueued, QueuedAt: a.now(),
	}, nil
}

// StartAudit enqueues an audit and returns it. While one is queued or under way it returns that one; a queued one will
// repair if this call asks for it, one that is under way stays what it is.
func (a *App) StartAudit(ctx context.Context, userID uuid.UUID, id int64, repair bool) (store.Audit, error) {
	in, err := a.Owned(ctx, userID, id)
	if err != nil {
		return store.Audit{}, err
	}
	audit, err := a.newAudit(in.ID, store.AuditManual, repair)
	if err != nil {
		return store.Audit{}, err
	}
	err = a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		in, err := tx.Integration(ctx, id)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return notFound(err)
		case err != nil:
			return err
		case !in.Active:
			return invalid("integration_inactive", "")
		}
		active, err := tx.ActiveAudit(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			return a.enqueueAudit(ctx, tx, audit)
		}
		if err != nil {
			return err
		}
		active.Repair = active.Repair || repair && active.State == store.AuditQueued
		active.NextAttemptAt = time.Time{}
		audit = active
		if err := tx.UpdateAudit(ctx, active); err != nil {
			return err
		}
		return a.queue.wake(ctx, tx, AuditOrders{AuditID: active.ID})
	})
	return audit, err
}

// enqueueAudit stores the audit with the job that carries it out, and puts the next daily one off: this one does its work.
func (a *App) enqueueAudit(ctx context.Context, tx *store.Tx, audit store.Audit) error {
	if err := tx.InsertAudit(ctx, audit); err != nil {
		return err
	}
	if audit.Repair {
		if err := tx.ScheduleAudit(ctx, audit.IntegrationID, a.nextAudit()); err != nil {
			return err
		}
	}
	return a.queue.insert(ctx, tx, AuditOrders{AuditID: audit.ID})
}

// nextAudit is when a store is audited next by itself.
func (a *App) nextAudit() time.Time {
	return a.now().Add(auditEvery + rand.N(auditSpread)) //nolint:gosec // a jitter needs no secret randomness
}

// startDaily enqueues the audit of an active integration that is due.
func (a *App) startDaily(ctx context.Context, id int64) error {
	audit, err := a.newAudit(id, store.AuditDaily, true)
	if err != nil {
		return err
	}
	return a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		in, err := tx.Integration(ctx, id)
		if errors.Is(err, store.ErrNotFound) || err == nil && !in.Active { // changed since it was found due
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := tx.ActiveAudit(ctx, id); !errors.Is(err, store.ErrNotFound) {
			return err
		}
		return a.enqueueAudit(ctx, tx, audit)
	})
}

// startAway enqueues the audit of every active integration after an absence. An audit that was under way begins anew: what
// it had compared may have changed since. A store whose first import is not complete misses nothing by its own account.
func (a *App) startAway(ctx context.Context) error {
	active, err := a.store.ActiveIntegrations(ctx)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(active, auditStarts) {
		err := a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
			for _, in := range some {
				if err := a.auditAfterAbsence(ctx, tx, in.ID); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *App) auditAfterAbsence(ctx context.Context, tx *store.Tx, id int64) error {
	in, err := tx.Integration(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && (!in.Active || in.Watermark.IsZero()) {
		return nil
	}
	if err != nil {
		return err
	}
	audit, err := a.newAudit(id, store.AuditAway, true)
	if err != nil {
		return err
	}
	former, err := tx.ActiveAudit(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return a.enqueueAudit(ctx, tx, audit)
	}
	if err != nil {
		return err
	}
	audit.ID = former.ID
	if err := tx.UpdateAudit(ctx, audit); err != nil {
		return err
	}
	return a.queue.wake(ctx, tx, AuditOrders{AuditID: audit.ID})
}

// cancelAudit ends the audit that is queued or under way, if there is one.
func (a *App) cancelAudit(ctx context.Context, tx *store.Tx, id int64, code string) error {
	audit, err := tx.ActiveAudit(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	audit.State, audit.ErrorCode, audit.ErrorDetail, audit.FinishedAt = store.AuditCancelled, code, "", a.now()
	return tx.UpdateAudit(ctx, audit)
}

// sweepAudits starts the daily audits that are due.
func (a *App) sweepAudits(ctx context.Context) error {
	due, err := a.store.DueAudits(ctx, a.now(), auditStarts)
	errs := []error{err}
	for _, id := range due {
		if err := a.startDaily(ctx, id); err != nil {
			errs = append(errs, fmt.Errorf("audit of integration %d: %w", id, err))
		}
	}
	return errors.Join(errs...)
}

// recoverAudits makes the jobs of audits due that have lost them, and gives every active integration its place in the
// schedule: one that has none yet, and one whose place is further off than any can be, because the clock was ahead.
func (a *App) recoverAudits(ctx context.Context) error {
	var errs []error
	active, err := a.store.ActiveAudits(ctx)
	errs = append(errs, err)
	for _, audit := range active {
		job := AuditOrders{AuditID: audit.ID}
		if audit.NextAttemptAt.After(a.now()) {
			errs = append(errs, a.hint(ctx, job))
			continue
		}
		errs = append(errs, a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error { return a.queue.wake(ctx, tx, job) }))
	}
	unplaced, err := a.store.UnplacedAudits(ctx, a.now().Add(auditEvery+auditSpread))
	errs = append(errs, err)
	for some := range slices.Chunk(unplaced, auditStarts) {
		errs = append(errs, a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
			for _, id := range some {
				if err := tx.ScheduleAudit(ctx, id, a.nextAudit()); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	return errors.Join(errs...)
}
