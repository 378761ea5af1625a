package app

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"probability/shopify"
	"probability/store"
)

const (
	// subscribeTimeout bounds the subscribing that is part of connecting a store.
	subscribeTimeout = 15 * time.Second
	// checkTimeout bounds a look that nobody waits for.
	checkTimeout = time.Minute
	// checkEvery is how often a store's subscriptions are looked at, at the latest: Shopify deletes those whose deliveries
	// failed too often, and tells nobody here.
	checkEvery = time.Hour
	// checkJitter is how much earlier a look may come, so that not all stores come in step.
	checkJitter = 5 * time.Minute
	// checkRetry is the wait after a failed look; it doubles with each more, up to checkEvery.
	checkRetry = time.Minute
	// checkLease is when a look is due again whose job was inserted: should the job be lost, it is found then.
	checkLease = 5 * time.Minute
	// checkLimit is how many looks one sweep starts at most.
	checkLimit = 50
	// recreatedTime is for how long the health tells that subscriptions were gone.
	recreatedTime = 24 * time.Hour
)

// subscribe makes sure of the store's subscriptions at an address and notes the outcome, a failure too.
func (a *App) subscribe(ctx context.Context, in store.Integration, address string) (Registration, error) {
	shared, err := a.sharesSubscriptions(ctx, in)
	if err != nil {
		return Registration{}, err
	}
	b := &subscriber{address: address, formerly: in.WebhookAddress, shopify: a.shopify}
	if shared || b.formerly == address { // what is there may be the other's: it is not moved
		b.formerly = ""
	}
	lookErr := a.call(ctx, in, func(s shopify.Session) error { return b.run(ctx, s) })
	lost := b.created
	if in.WebhookAddress == "" || shared && in.WebhookAddress != address { // they are new
		lost = nil
	}
	if err := a.noteLook(context.WithoutCancel(ctx), in.ID, b, lost, lookErr); err != nil {
		return Registration{}, errors.Join(lookErr, err)
	}
	return Registration{Changed: b.changed, Webhooks: b.kept}, lookErr
}

// noteLook writes down what a look at the subscriptions found and did, and when the next one is due. lost are topics that
// had been subscribed and were not any more.
func (a *App) noteLook(ctx context.Context, id int64, b *subscriber, lost []string, lookErr error) error {
	recreated := []string(nil)
	err := a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := tx.Integration(ctx, id)
		if err != nil {
			return err
		}
		check, err := tx.WebhookCheck(ctx, id)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		now := a.now()
		for _, topic := range lost {
			if !slices.Contains(check.Recreated, topic) {
				check.Recreated = append(check.Recreated, topic)
			}
		}
		if b.listed != nil {
			row.WebhookTopics = b.topics()
		}
		if lookErr != nil {
			check.Failures++
			check.DueAt = now.Add(checkWait(check.Failures, lookErr))
			if !subscribedAll(row.WebhookTopics) {
				if err := tx.PutProblem(ctx, id, store.Problem{Code: ProblemNoWebhooks, Detail: detailOf(lookErr), Since: now}); err != nil {
					return err
				}
			}
		} else {
			recreated = check.Recreated
			check = store.WebhookCheck{DueAt: now.Add(checkEvery - rand.N(checkJitter))} //nolint:gosec // a jitter needs no secret randomness
			row.WebhookAddress, row.WebhooksCheckedAt = b.address, now
			if err := a.noteHealed(ctx, tx, &row, recreated); err != nil {
				return err
			}
		}
		if err := tx.PutWebhookCheck(ctx, id, check); err != nil {
			return err
		}
		return tx.UpdateIntegration(ctx, row)
	})
	if err != nil || len(recreated) == 0 {
		return err
	}
	a.log.WarnContext(ctx, "subscriptions were gone at Shopify and have been made again; a sync brings what was not delivered",
		"integration_id", id, "topics", recreated)
	if a.cfg.SyncInterval > 0 { // the row says that one is due
		return nil
	}
	if _, err := a.start(ctx, id, store.KindPeriodic, time.Time{}); err != nil && KindOf(err) != Invalid && KindOf(err) != NotFound {
		return fmt.Errorf("sync after lost subscriptions: %w", err)
	}
	return nil
}

// noteHealed keeps the health in step with a look that succeeded. Where subscriptions had been gone, deliveries were lost, so
// a sync is due at once.
func (a *App) noteHealed(ctx context.Context, tx *store.Tx, row *store.Integration, recreated []string) error {
	now := a.now()
	if err := tx.ClearProblems(ctx, row.ID, ProblemNoWebhooks); err != nil {
		return err
	}
	if len(recreated) == 0 {
		return tx.ClearOldProblem(ctx, row.ID, ProblemRecreated, now.Add(-recreatedTime))
	}
	if row.Active {
		row.NextSyncAt = a.nextSync(now, 0)
	}
	if err := tx.ClearProblems(ctx, row.ID, ProblemRecreated); err != nil { // its time begins anew
		return err
	}
	return tx.PutProblem(ctx, row.ID, store.Problem{
		Code: ProblemRecreated, Since: now, Detail: strings.Join(recreated, ", ") + " at " + now.Format(time.RFC3339),
	})
}

// checkWait is how long after so many failed looks in a row the next one comes, and not before Shopify wants it.
func checkWait(failures int, cause error) time.Duration {
	wait := checkEvery
	if failures < 7 {
		wait = min(wait, checkRetry<<(failures-1))
	}
	if e := asShopify(cause); e != nil {
		wait = max(wait, min(e.RetryAfter, checkEvery))
	}
	return wait - rand.N(wait/8) //nolint:gosec // a jitter needs no secret randomness
}

// wanted is the address at which the store is to be subscribed: below the configured public address, else where it is
// subscribed already. It is empty when no address or no secret is known.
func (a *App) wanted(ctx context.Context, in store.Integration) (string, error) {
	base := a.cfg.PublicURL
	if base == "" {
		base = strings.TrimSuffix(in.WebhookAddress, WebhookPath)
	}
	if base == "" {
		return "", nil
	}
	signed, err := a.canVerify(ctx, in)
	if err != nil || !signed {
		return "", err
	}
	return webhookAddress(base)
}

// resubscribe makes sure of the subscriptions of a store that was just connected or switched on, if all that is
// needed is known. A failure is none of the connection: the health says webhooks_missing until it is made good.
func (a *App) resubscribe(ctx context.Context, in store.Integration) {
	address, err := a.wanted(ctx, in)
	if err == nil && address != "" {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), subscribeTimeout)
		defer cancel()
		_, err = a.subscribe(ctx, in, address)
	}
	if err != nil {
		a.log.WarnContext(ctx, "webhooks could not be subscribed", "integration_id", in.ID, "error", err)
	}
}

// CheckAllSubscriptions makes a look at every store's subscriptions due, as after a start.
func (a *App) CheckAllSubscriptions(ctx context.Context) error {
	err := a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.SetAllWebhookChecksDue(ctx, a.now()) })
	if err != nil {
		return fmt.Errorf("check all subscriptions: %w", err)
	}
	return nil
}

// startChecks inserts the jobs of looks that are due.
func (a *App) startChecks(ctx context.Context) error {
	due, err := a.store.DueWebhookChecks(ctx, a.now(), ProblemReauthorize, checkLimit)
	if err != nil || len(due) == 0 {
		return err
	}
	return a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		now := a.now()
		due, err := tx.DueWebhookChecks(ctx, now, ProblemReauthorize, checkLimit)
		if err != nil {
			return err
		}
		for _, id := range due {
			if err := tx.SetWebhookCheckDue(ctx, id, now.Add(checkLease)); err != nil {
				return err
			}
			if err := a.queue.insert(ctx, tx, CheckWebhooks{IntegrationID: id}); err != nil {
				return err
			}
		}
		return nil
	})
}

// CheckSubscriptions is one look at a store's subscriptions, which mends them, and at whether its topics are silent. What
// Shopify refuses is no failure of the job: the table says when the next look is due.
func (a *App) CheckSubscriptions(ctx context.Context, id int64) error {
	in, err := a.store.IntegrationByID(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("check subscriptions: %w", err)
	}
	if err := a.tellSilence(ctx, in); err != nil {
		return fmt.Errorf("check subscriptions: %w", err)
	}
	address, err := a.wanted(ctx, in)
	if err == nil && address != "" && in.Active {
		bounded, cancel := context.WithTimeout(ctx, checkTimeout)
		defer cancel()
		_, err = a.subscribe(bounded, in, address)
	} else if putErr := a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.SetWebhookCheckDue(ctx, id, a.now().Add(checkEvery-rand.N(checkJitter))) //nolint:gosec // a jitter needs no secret randomness
	}); putErr != nil {
		return fmt.Errorf("check subscriptions: %w", putErr)
	}
	switch {
	case err == nil, errors.Is(err, store.ErrNotFound): // disconnected meanwhile
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	a.log.WarnContext(ctx, "subscriptions could not be looked at", "integration_id", id, "error", err)
	if problemOf(err) != ProblemReauthorize {
		return nil
	}
	return a.noteProblem(ctx, id, err)
}
