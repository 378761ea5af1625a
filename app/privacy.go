package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"probability/shopify"
	"probability/store"
)

const (
	// subjectLife is how long it is kept whose data somebody asked for. Shopify gives 30 days to answer.
	subjectLife = 60 * 24 * time.Hour
	// eraseTime is how long one job goes on with an erasure before it gives way to others.
	eraseTime = 30 * time.Second
	// cleanPause is the wait until the log is tried to be emptied again, when somebody was reading.
	cleanPause = time.Second
)

// decodeCompliance reads the body of a compliance topic. Topic and shop of a delivery are not signed, but the shop's domain
// stands in the body as well, and only that counts.
func (w *work) decodeCompliance(shop string) {
	w.delivery.Body = nil // not needed any more, and no log should have it
	c, ok := shopify.ParseCompliance(w.delivery.Topic, w.body)
	switch {
	case !ok:
		w.fail("not_a_privacy_request", "")
	case c.Done: // replayed, after it was carried out
	case !strings.EqualFold(c.Shop, shop):
		w.fail("another_shops_request", "")
	default:
		w.compliance = &c
	}
}

// applyCompliance carries out, of what a compliance topic asks, what must happen at once, and enqueues the rest. Whatever
// becomes of it, the body that named somebody is not kept.
func (a *App) applyCompliance(ctx context.Context, tx *store.Tx, id int64, w *work, now time.Time) error {
	kept := shopify.Forgotten(w.body)
	if w.delivery.State == store.DeliveryFailed {
		kept = []byte("{}") // which fails again, should it be replayed
	}
	if err := tx.ReplaceBody(ctx, w.delivery.Seq, kept); err != nil {
		return err
	}
	if w.compliance == nil {
		return nil
	}
	in, err := tx.Integration(ctx, id)
	if err != nil {
		return err
	}
	person := w.compliance.Person
	switch w.delivery.Topic {
	case shopify.TopicDataRequest:
		r, err := newPrivacyRequest(in, w.delivery.Topic, now)
		if err != nil {
			return err
		}
		r.ExpiresAt = now.Add(subjectLife)
		if err := tx.InsertPrivacyRequest(ctx, r, &person); err != nil {
			return err
		}
		return tx.PutProblem(ctx, id, store.Problem{Code: ProblemDataRequest, Since: now})
	case shopify.TopicCustomersRedact:
		if err := tx.Suppress(ctx, in.StoreName, in.UserID, person); err != nil {
			return err
		}
		if err := tx.ForgetSubject(ctx, id, person, now); err != nil {
			return err
		}
		if err := a.settleDataRequests(ctx, tx, id); err != nil {
			return err
		}
		r, err := newPrivacyRequest(in, w.delivery.Topic, now)
		if err != nil {
			return err
		}
		if err := tx.InsertPrivacyRequest(ctx, r, nil); err != nil {
			return err
		}
		return a.queue.insert(ctx, tx, RedactCustomer{RequestID: r.ID})
	case shopify.TopicShopRedact:
		if t := w.delivery.TriggeredAt; in.Active && !t.IsZero() && t.Before(in.TokenIssuedAt) {
			w.outcomes = append(w.outcomes, store.Stale) // the app was installed again since
			return nil
		}
		return a.beginErasure(ctx, tx, in, w.delivery.Topic, now)
	}
	return nil
}

func newPrivacyRequest(in store.Integration, topic string, now time.Time) (store.PrivacyRequest, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return store.PrivacyRequest{}, fmt.Errorf("privacy: id: %w", err)
	}
	return store.PrivacyRequest{
		ID: id, IntegrationID: in.ID, StoreName: in.StoreName, UserID: in.UserID, Topic: topic, State: store.PrivacyOpen, ReceivedAt: now,
	}, nil
}

// settleDataRequests takes the problem of open requests for data away when there are none.
func (a *App) settleDataRequests(ctx context.Context, tx *store.Tx, id int64) error {
	n, err := tx.OpenDataRequests(ctx, id)
	if err != nil || n > 0 {
		return err
	}
	return tx.ClearProblems(ctx, id, ProblemDataRequest)
}

// beginErasure ends the work for a store whose data goes, takes its secrets, and enqueues the job that deletes its rows. What
// stays is the integration itself, as it was before it was first connected.
func (a *App) beginErasure(ctx context.Context, tx *store.Tx, in store.Integration, topic string, now time.Time) error {
	if erasing, err := tx.Erasing(ctx, in.ID); err != nil || erasing {
		return err
	}
	if err := tx.DeleteSecrets(ctx, in.ID); err != nil {
		return err
	}
	if err := a.cancelRuns(ctx, tx, in.ID, ProblemShopRedacted); err != nil {
		return err
	}
	if err := tx.ForgetSubjectsOf(ctx, in.ID, now); err != nil {
		return err
	}
	if err := tx.SetUninstalled(ctx, in.ID, time.Time{}); err != nil {
		return err
	}
	if err := tx.ClearProblems(ctx, in.ID); err != nil {
		return err
	}
	if err := tx.PutProblem(ctx, in.ID, store.Problem{Code: ProblemShopRedacted, Detail: now.Format(time.DateOnly), Since: now}); err != nil {
		return err
	}
	r, err := newPrivacyRequest(in, topic, now)
	if err != nil {
		return err
	}
	if err := tx.InsertPrivacyRequest(ctx, r, nil); err != nil {
		return err
	}
	in.Active, in.UpdatedAt, in.ClientID, in.Permissions = false, now, "", nil
	in.NextSyncAt, in.LastSync, in.Watermark, in.TokenIssuedAt, in.TokenExpiresAt = time.Time{}, time.Time{}, time.Time{}, time.Time{}, time.Time{}
	in.WebhookTopics, in.WebhookAddress, in.WebhooksCheckedAt = nil, "", time.Time{}
	if err := tx.UpdateIntegration(ctx, in); err != nil {
		return err
	}
	return a.queue.insert(ctx, tx, EraseStore{RequestID: r.ID})
}

// Redact goes on with a request to erase a customer. again is when it is to be called once more; it is done when that is negative.
func (a *App) Redact(ctx context.Context, id uuid.UUID) (again time.Duration, err error) {
	return a.carryOut(ctx, id, func(ctx context.Context) (bool, error) { return a.store.Redact(ctx, id) })
}

// EraseShop goes on with the erasure of a store's rows, as Redact does.
func (a *App) EraseShop(ctx context.Context, id uuid.UUID) (again time.Duration, err error) {
	merging := false
	return a.carryOut(ctx, id, func(ctx context.Context) (more bool, err error) {
		if !merging {
			err = a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
				more, err = tx.EraseIntegration(ctx, id, purgeRows)
				return err
			})
			if merging = err == nil && !more; !merging {
				return more, err
			}
			return a.store.MergeSearch(ctx, true)
		}
		return a.store.MergeSearch(ctx, false)
	})
}

// carryOut works an erasure off slice by slice, then sees to it that nothing is left in the files, and only then completes it.
func (a *App) carryOut(ctx context.Context, id uuid.UUID, slice func(context.Context) (more bool, err error)) (again time.Duration, err error) {
	const done = -1
	r, err := a.store.PrivacyRequestByID(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && r.State != store.PrivacyOpen { // disconnected: all rows go anyway
		return done, nil
	}
	if err != nil {
		return done, fmt.Errorf("privacy request %s: %w", id, err)
	}
	until := time.Now().Add(eraseTime)
	for more := true; more; {
		if time.Now().After(until) {
			return 0, nil
		}
		if more, err = slice(ctx); errors.Is(err, store.ErrNotFound) {
			return done, nil
		}
		if err != nil {
			return done, fmt.Errorf("privacy request %s: %w", id, err)
		}
	}
	err = a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.ForgetSamples(ctx), tx.DropReports(ctx, r.IntegrationID))
	})
	if err != nil {
		return done, fmt.Errorf("privacy request %s: %w", id, err)
	}
	if clean, err := a.store.CleanLog(ctx); err != nil || !clean {
		return cleanPause, err
	}
	err = a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.CompletePrivacyRequest(ctx, id, 0, a.now()) })
	if err != nil {
		return done, fmt.Errorf("privacy request %s: %w", id, err)
	}
	a.log.InfoContext(ctx, "privacy request carried out", "request_id", id, "integration_id", r.IntegrationID, "topic", r.Topic)
	return done, nil
}

// sweepPrivacy begins the erasures whose time has come, and forgets whose data was asked for long ago.
func (a *App) sweepPrivacy(ctx context.Context) error {
	var errs []error
	if a.cfg.EraseAfterUninstall > 0 {
		due, err := a.store.UninstalledBefore(ctx, a.now().Add(-a.cfg.EraseAfterUninstall))
		errs = append(errs, err)
		for _, id := range due {
			errs = append(errs, a.eraseUninstalled(ctx, id))
		}
	}
	old, err := a.store.HasOldSubjects(ctx, a.now())
	errs = append(errs, err)
	if old {
		errs = append(errs, a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
			ids, err := tx.ForgetSubjects(ctx, a.now())
			if err != nil {
				return err
			}
			for _, id := range ids {
				if err := a.settleDataRequests(ctx, tx, id); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	return errors.Join(errs...)
}

// eraseUninstalled erases a store whose app is still removed.
func (a *App) eraseUninstalled(ctx context.Context, id int64) error {
	return a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		in, err := tx.Integration(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		at, err := tx.Uninstalled(ctx, id)
		if err != nil || at.IsZero() || in.Active || a.now().Before(at.Add(a.cfg.EraseAfterUninstall)) {
			return err
		}
		return a.beginErasure(ctx, tx, in, store.PrivacyUninstalled, a.now())
	})
}

// recoverPrivacy makes the jobs of open erasures due that have lost them.
func (a *App) recoverPrivacy(ctx context.Context) error {
	open, err := a.store.OpenErasures(ctx)
	errs := []error{err}
	for _, r := range open {
		if r.Erases() {
			errs = append(errs, a.hint(ctx, EraseStore{RequestID: r.ID}))
		} else {
			errs = append(errs, a.hint(ctx, RedactCustomer{RequestID: r.ID}))
		}
	}
	return errors.Join(errs...)
}
