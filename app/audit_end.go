package app

import (
	"context"
	"errors"
	"strconv"

	"probability/shopify"
	"probability/store"
)

// complete ends the audit. Its result is the integration's from now on, and what it mended stands among the runs.
func (r *auditing) complete(ctx context.Context) error {
	a := r.app
	run, err := a.newImport(store.KindReconcile)
	if err != nil {
		return err
	}
	err = r.write(ctx, func(ctx context.Context, tx *store.Tx, row *store.Audit) error {
		now := a.now()
		row.State, row.FinishedAt = store.AuditCompleted, now
		problem := store.Problem{Code: ProblemDrift, Detail: strconv.Itoa(row.Drift()), Since: now}
		if row.Drift() > 0 {
			err = tx.PutProblem(ctx, r.in.ID, problem)
		} else {
			err = tx.ClearProblems(ctx, r.in.ID, ProblemDrift)
		}
		if err != nil {
			return err
		}
		if row.Repaired() > 0 {
			run.IntegrationID, run.State, run.Field, run.From, run.To = r.in.ID, store.ImportCompleted, store.FieldCreatedAt, row.From, row.To
			run.Created, run.Updated, run.Fetched = row.Created, row.Updated, row.Created+row.Updated
			run.Total, run.QueuedAt, run.StartedAt, run.FinishedAt = &run.Fetched, row.QueuedAt, row.StartedAt, now
			if err := tx.InsertImport(ctx, run); err != nil {
				return err
			}
		}
		if r.kept {
			return nil
		}
		return tx.InsertAudit(ctx, *row)
	})
	if err == nil {
		row := r.row
		a.log.InfoContext(ctx, "audit completed", "integration_id", r.in.ID, "audit_id", row.ID, "cause", row.Cause, "checked", row.Checked,
			"missing", row.Missing, "extra", row.Extra, "stale", row.Stale, "repaired", row.Repaired(), "took", a.now().Sub(row.StartedAt))
	}
	return err
}

// fail ends the audit with its reason. What it found until then is kept, but says nothing about the rest, so the
// integration keeps the result of the audit before.
func (r *auditing) fail(ctx context.Context, code, detail string, cause error) error {
	err := r.write(ctx, func(ctx context.Context, tx *store.Tx, row *store.Audit) error {
		row.State, row.FinishedAt, row.ErrorCode, row.ErrorDetail = store.AuditFailed, r.app.now(), code, detail
		if problem := problemOf(cause); problem != "" {
			return tx.PutProblem(ctx, r.in.ID, store.Problem{Code: problem, Detail: detail, Since: row.FinishedAt})
		}
		return nil
	})
	if err == nil {
		r.app.log.WarnContext(ctx, "audit failed", "integration_id", r.in.ID, "audit_id", r.row.ID, "code", code, "detail", detail)
	}
	return err
}

// failed decides what a failure means for the audit: another try, when, or the end.
func (r *auditing) failed(ctx context.Context, cause error) (Progress, error) {
	if short, ok := errors.AsType[*auditMismatch](cause); ok {
		return Progress{Done: true}, ignoreSuperseded(r.fail(ctx, codeCountMismatch, short.detail, nil))
	}
	e := asShopify(cause)
	if e == nil {
		return Progress{}, cause // ours: the job's own retries deal with it
	}
	tries, wait := 0, backoff(r.row.Attempts+1)
	switch e.Kind {
	case shopify.KindThrottled, shopify.KindUnavailable:
		tries = unreachableTries
	case shopify.KindPaymentRequired, shopify.KindLocked, shopify.KindSecurity:
		tries, wait = frozenTries, frozenBackoff
	case shopify.KindForeignLink, shopify.KindRedirected, shopify.KindNotFound:
		tries = wrongAnswers
	case shopify.KindInvalid: // a cursor does not live for ever
		tries = maxPasses
	case shopify.KindUnauthorized, shopify.KindTokenKind, shopify.KindBadCredentials, shopify.KindNotInstalled,
		shopify.KindNotPermitted, shopify.KindMissingScope, shopify.KindProtectedData, shopify.KindForbidden, shopify.KindConflict:
	}
	if r.row.Attempts+1 >= tries {
		return Progress{Done: true}, ignoreSuperseded(r.fail(ctx, codeOf(cause), detailOf(cause), cause))
	}
	wait = max(wait, min(e.RetryAfter, maxThrottle))
	err := r.write(ctx, func(_ context.Context, _ *store.Tx, row *store.Audit) error {
		row.Attempts++
		row.NextAttemptAt, row.ErrorCode, row.ErrorDetail = r.app.now().Add(wait), codeOf(cause), detailOf(cause)
		return nil
	})
	if err == nil {
		r.app.log.InfoContext(ctx, "audit put off", "integration_id", r.in.ID, "audit_id", r.row.ID, "attempt", r.row.Attempts,
			"again_in", wait, "reason", detailOf(cause))
	}
	return Progress{After: wait}, ignoreSuperseded(err)
}

// pauseForRoom puts the audit off while the disk is short, and says so in it.
func (r *auditing) pauseForRoom(ctx context.Context) (Progress, error) {
	err := r.write(ctx, func(_ context.Context, _ *store.Tx, row *store.Audit) error {
		row.NextAttemptAt, row.ErrorCode, row.ErrorDetail = r.app.now().Add(diskPause), ProblemDiskLow, ""
		return nil
	})
	if store.Unavailable(err) { // not even for that is there room
		err = nil
	}
	return Progress{After: diskPause}, ignoreSuperseded(err)
}
