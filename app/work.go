package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"probability/shopify"
	"probability/store"
)

// Kinds of Work.
const (
	WorkAudit      = "audit"
	WorkDeliveries = "deliveries"
	WorkErasure    = "erasure"
	WorkImport     = "import"
	WorkRequest    = "data_request" // a person has to do it
	WorkScores     = "scores"
	WorkTraining   = "training"
	WorkWebhooks   = "webhooks"
)

// States of Work.
const (
	WorkFailed  = "failed"
	WorkRunning = "running"
	WorkWaiting = "waiting"
)

// codeCancelled is the reason of what a person ended.
const codeCancelled = "cancelled"

// Work is something that runs, waits or failed for a store: what its owner wants to know of the background. It is read from the
// tables that promise it, never from the queue, whose jobs come and go.
type Work struct {
	Kind          string
	ID            uuid.UUID // of the run, the audit or the request; uuid.Nil where a store has one of the kind at most
	IntegrationID int64
	StoreName     string
	State         string
	Detail        string // technical, of Reason
	Done, Total   int    // orders or deliveries; Total 0: unknown
	Label         string // the kind of a run, the cause of an audit, the topic of a request
	NextAt        time.Time
	Reason        string // the code of what went wrong last; "" when nothing did
	Since         time.Time
	Tries         int // in a row that failed

	repair bool
}

// Key names the work among all of its owner's, for as long as there is anything to be done about it.
func (w Work) Key() string {
	id := strconv.FormatInt(w.IntegrationID, 10)
	if w.ID != uuid.Nil {
		id = w.ID.String()
	}
	return w.Kind + "-" + w.State + "-" + id
}

// CanRetry tells whether Retry makes anything happen sooner.
func (w Work) CanRetry() bool {
	switch w.Kind {
	case WorkImport, WorkAudit:
		return w.State != WorkRunning
	case WorkDeliveries, WorkWebhooks:
		return w.State == WorkFailed
	}
	return false
}

// CanCancel tells whether Cancel ends it. What the law asks for cannot be ended, and a delivery that was taken is processed.
func (w Work) CanCancel() bool {
	return (w.Kind == WorkImport || w.Kind == WorkAudit) && w.State != WorkFailed
}

// Work lists what runs, waits and failed for the account's stores: what failed first, then what runs, the newest of each first.
func (a *App) Work(ctx context.Context, userID uuid.UUID) ([]Work, error) {
	stores, err := a.store.Integrations(ctx, userID)
	if err != nil {
		return nil, fmt.Errorf("work: %w", err)
	}
	var all []Work
	for _, read := range []func(context.Context, uuid.UUID) ([]Work, error){
		a.importWork, a.auditWork, a.deliveryWork, a.checkWork, a.scoreWork, a.privacyWork,
	} {
		some, err := read(ctx, userID)
		if err != nil {
			return nil, fmt.Errorf("work: %w", err)
		}
		all = append(all, some...)
	}
	if err := a.stumbled(ctx, all); err != nil {
		return nil, fmt.Errorf("work: %w", err)
	}
	names := make(map[int64]string, len(stores))
	for _, in := range stores {
		names[in.ID] = in.StoreName
	}
	for i := range all {
		all[i].StoreName = names[all[i].IntegrationID]
	}
	all = slices.DeleteFunc(all, func(w Work) bool { return w.StoreName == "" }) // connected since, or disconnected
	slices.SortStableFunc(all, func(x, y Work) int {
		rank := map[string]int{WorkFailed: 0, WorkRunning: 1, WorkWaiting: 2}
		return cmp.Or(rank[x.State]-rank[y.State], y.Since.Compare(x.Since), cmp.Compare(x.Key(), y.Key()))
	})
	return all, nil
}

// stateOf is what a run's state and the time of its next try mean for whoever waits for it.
func (a *App) stateOf(state string, next time.Time) string {
	switch {
	case state == store.ImportFailed:
		return WorkFailed
	case state == store.ImportQueued || next.After(a.now()):
		return WorkWaiting
	}
	return WorkRunning
}

func (a *App) importWork(ctx context.Context, userID uuid.UUID) ([]Work, error) {
	runs, err := a.store.OpenImports(ctx, userID)
	out := make([]Work, len(runs))
	for i, m := range runs {
		out[i] = Work{
			Kind: WorkImport, ID: m.ID, IntegrationID: m.IntegrationID, State: a.stateOf(m.State, m.NextAttemptAt), Detail: m.ErrorDetail, Done: m.Fetched,
			Label: m.Kind, NextAt: m.NextAttemptAt, Reason: m.ErrorCode, Since: cmp.Or(m.StartedAt, m.QueuedAt), Tries: m.Attempts,
		}
		if m.Total != nil {
			out[i].Total = *m.Total
		}
	}
	return out, err
}

func (a *App) auditWork(ctx context.Context, userID uuid.UUID) ([]Work, error) {
	audits, err := a.store.OpenAudits(ctx, userID)
	out := make([]Work, len(audits))
	for i, m := range audits {
		out[i] = Work{
			Kind: WorkAudit, ID: m.ID, IntegrationID: m.IntegrationID, State: a.stateOf(m.State, m.NextAttemptAt), Detail: m.ErrorDetail, Done: m.Checked,
			Label: m.Cause, NextAt: m.NextAttemptAt, Reason: m.ErrorCode, Since: cmp.Or(m.StartedAt, m.QueuedAt), Tries: m.Attempts, repair: m.Repair,
		}
		if m.Total != nil {
			out[i].Total = *m.Total
		}
	}
	return out, err
}

func (a *App) deliveryWork(ctx context.Context, userID uuid.UUID) ([]Work, error) {
	open, err := a.store.OpenInboxes(ctx, userID)
	out := make([]Work, len(open))
	for i, o := range open {
		out[i] = Work{
			Kind: WorkDeliveries, IntegrationID: o.IntegrationID, State: WorkWaiting, Detail: o.ErrorDetail, Total: o.Count,
			NextAt: o.NextAttemptAt, Reason: o.ErrorCode, Since: o.ReceivedAt,
		}
		if o.State == store.DeliveryFailed {
			out[i].State = WorkFailed
		}
	}
	return out, err
}

func (a *App) checkWork(ctx context.Context, userID uuid.UUID) ([]Work, error) {
	failed, err := a.store.OpenChecks(ctx, userID)
	if err != nil || len(failed) == 0 {
		return nil, err
	}
	stores, err := a.Integrations(ctx, userID)
	var out []Work
	for _, in := range stores {
		check, ok := failed[in.ID]
		if !ok {
			continue
		}
		w := Work{Kind: WorkWebhooks, IntegrationID: in.ID, State: WorkFailed, Reason: ProblemNoWebhooks, NextAt: check.DueAt, Tries: check.Failures}
		for _, p := range in.Problems {
			if p.Code == ProblemNoWebhooks {
				w.Detail, w.Since = p.Detail, p.Since
			}
		}
		out = append(out, w)
	}
	return out, err
}

func (a *App) scoreWork(ctx context.Context, userID uuid.UUID) ([]Work, error) {
	states, err := a.store.OpenScores(ctx, userID)
	var out []Work
	for _, s := range states {
		if s.Rescoring {
			out = append(out, Work{Kind: WorkScores, IntegrationID: s.IntegrationID, State: WorkRunning, Done: s.Rescored, Since: s.RescoringSince})
		}
		if s.TrainingAsked {
			out = append(out, Work{Kind: WorkTraining, IntegrationID: s.IntegrationID, State: WorkWaiting, NextAt: s.NextTraining})
		}
	}
	return out, err
}

func (a *App) privacyWork(ctx context.Context, userID uuid.UUID) ([]Work, error) {
	open, err := a.store.OpenPrivacyRequests(ctx, userID)
	out := make([]Work, len(open))
	for i, r := range open {
		out[i] = Work{
			Kind: WorkErasure, ID: r.ID, IntegrationID: r.IntegrationID, State: WorkRunning, Done: r.Orders, Label: r.Topic, Since: r.ReceivedAt,
		}
		if r.Topic == shopify.TopicDataRequest {
			out[i].Kind, out[i].State, out[i].NextAt = WorkRequest, WorkWaiting, r.ExpiresAt
		}
	}
	return out, err
}

// stumbled adds to the work what its jobs failed for here, and when they are tried again.
func (a *App) stumbled(ctx context.Context, all []Work) error {
	jobs, err := a.store.StumbledJobs(ctx)
	if err != nil {
		return err
	}
	kinds := map[string]string{
		CheckWebhooks{}.Kind(): WorkWebhooks, ProcessDeliveries{}.Kind(): WorkDeliveries, ScoreOrders{}.Kind(): WorkScores, TrainModel{}.Kind(): WorkTraining,
	}
	for _, j := range jobs {
		for i := range all {
			w := &all[i]
			mine := w.ID != uuid.Nil && (w.ID == j.ImportID || w.ID == j.AuditID || w.ID == j.RequestID) ||
				w.ID == uuid.Nil && w.IntegrationID == j.IntegrationID && w.Kind == kinds[j.Kind]
			if mine && w.State != WorkFailed {
				w.State, w.Reason, w.Detail, w.NextAt, w.Tries = WorkWaiting, "internal", "", j.NextAt, j.Attempt
			}
		}
	}
	return nil
}

// RetryWork makes what Work gave happen now, for its owner; what cannot be hurried is not found.
func (a *App) RetryWork(ctx context.Context, userID uuid.UUID, w Work) error {
	if !w.CanRetry() {
		return notFound(nil)
	}
	switch w.Kind {
	case WorkImport:
		_, err := a.StartSync(ctx, userID, w.IntegrationID, time.Time{})
		return err
	case WorkAudit:
		_, err := a.StartAudit(ctx, userID, w.IntegrationID, w.repair)
		return err
	case WorkDeliveries:
		_, err := a.ReplayAll(ctx, userID, w.IntegrationID, store.DeliveryFilter{State: store.DeliveryFailed})
		return err
	}
	in, err := a.Owned(ctx, userID, w.IntegrationID)
	if err != nil {
		return err
	}
	return a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.SetWebhookCheckDue(ctx, in.ID, a.now()); err != nil {
			return err
		}
		return a.queue.wake(ctx, tx, CheckWebhooks{IntegrationID: in.ID})
	})
}

// CancelWork ends a run or an audit of the account's that Work gave. One that is over meanwhile is not found. What it did stays
// done; the next sync goes on from the last one that was completed.
func (a *App) CancelWork(ctx context.Context, userID uuid.UUID, w Work) error {
	if !w.CanCancel() {
		return notFound(nil)
	}
	in, err := a.Owned(ctx, userID, w.IntegrationID)
	if err != nil {
		return err
	}
	err = a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		if w.Kind == WorkAudit {
			audit, err := tx.ActiveAudit(ctx, in.ID)
			if err != nil {
				return err
			}
			if audit.ID != w.ID {
				return notFound(nil)
			}
			return a.cancelAudit(ctx, tx, in.ID, codeCancelled)
		}
		run, err := tx.ActiveImport(ctx, in.ID)
		if err != nil {
			return err
		}
		if run.ID != w.ID {
			return notFound(nil)
		}
		return a.cancelImport(ctx, tx, in.ID, codeCancelled)
	})
	if errors.Is(err, store.ErrNotFound) {
		return notFound(err)
	}
	return err
}
