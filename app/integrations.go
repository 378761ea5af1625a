package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"probability/shopify"
	"probability/store"
)

// Integration is a connected store with what its owner wants to know of it.
type Integration struct {
	store.Integration

	Audit          *store.Audit // the last that was completed; nil when there is none
	HealthStatus   string       // ok, degraded or needs_attention
	LastReceivedAt time.Time
	Problems       []store.Problem
	Topics         []TopicState
	WebhookStatus  string // active, missing, unsigned or off
}

// Owned gives the caller's integration; somebody else's is not found, as one that does not exist.
func (a *App) Owned(ctx context.Context, userID uuid.UUID, id int64) (store.Integration, error) {
	in, err := a.store.Integration(ctx, userID, id)
	if errors.Is(err, store.ErrNotFound) {
		return store.Integration{}, notFound(err)
	}
	return in, err
}

// Integration gives one of the caller's stores.
func (a *App) Integration(ctx context.Context, userID uuid.UUID, id int64) (Integration, error) {
	in, err := a.Owned(ctx, userID, id)
	if err != nil {
		return Integration{}, err
	}
	views, err := a.views(ctx, []store.Integration{in})
	if err != nil {
		return Integration{}, err
	}
	return views[0], nil
}

// Integrations lists the caller's stores, newest first.
func (a *App) Integrations(ctx context.Context, userID uuid.UUID) ([]Integration, error) {
	rows, err := a.store.Integrations(ctx, userID)
	if err != nil {
		return nil, err
	}
	return a.views(ctx, rows)
}

func (a *App) views(ctx context.Context, rows []store.Integration) ([]Integration, error) {
	ids := make([]int64, len(rows))
	for i, in := range rows {
		ids[i] = in.ID
	}
	received, err := a.store.LastReceived(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("integrations: %w", err)
	}
	problems, err := a.store.Problems(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("integrations: %w", err)
	}
	signed, err := a.store.Signed(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("integrations: %w", err)
	}
	audits, err := a.store.LastAudits(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("integrations: %w", err)
	}
	habits, err := a.store.Habits(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("integrations: %w", err)
	}
	refused, err := a.store.RefusalsSince(ctx, ids, a.now().Add(-refusedLately), RefusedNoSecret, RefusedWrongSecret)
	if err != nil {
		return nil, fmt.Errorf("integrations: %w", err)
	}
	views := make([]Integration, len(rows))
	for i, in := range rows {
		status := a.webhookStatus(in, signed[in.ID] || a.cfg.AppSecret != "")
		v := Integration{Integration: in, LastReceivedAt: received[in.ID], WebhookStatus: status}
		if audit, ok := audits[in.ID]; ok {
			v.Audit = &audit
		}
		v.Topics = topicStates(in, habits[in.ID], a.now())
		found := problems[in.ID]
		if p, ok := silence(v.Topics); ok {
			found = append(found, p)
		}
		if p, ok := refusedProblem(refused[in.ID], v.LastReceivedAt); ok && in.Active {
			found = append(found, p)
		}
		v.HealthStatus, v.Problems = a.health(in, v.WebhookStatus, found)
		views[i] = v
	}
	return views, nil
}

// canVerify tells whether any secret is known that signs this store's webhooks.
func (a *App) canVerify(ctx context.Context, in store.Integration) (bool, error) {
	if a.cfg.AppSecret != "" {
		return true, nil
	}
	signed, err := a.store.Signed(ctx, []int64{in.ID})
	return signed[in.ID], err
}

// webhookStatus is unsigned without a secret, off when nothing was ever subscribed and no public address is
// known, else active or missing by the last look at the store's subscriptions.
func (a *App) webhookStatus(in store.Integration, signed bool) string {
	subscribed := in.WebhookAddress != "" && subscribedAll(in.WebhookTopics)
	switch {
	case !signed:
		return WebhooksUnsigned
	case subscribed:
		return WebhooksActive
	case in.WebhookAddress == "" && a.cfg.PublicURL == "":
		return WebhooksOff
	default:
		return WebhooksMissing
	}
}

// TestResult is what a test of the connection found. Err is set when it failed.
type TestResult struct {
	Err         *Error
	Permissions []string
	Shop        shopify.Shop
}

// Test asks the store who it is and what the token may do, and keeps what it learns: the scopes, and
// whether the credentials still work. It never touches the time of the last sync.
func (a *App) Test(ctx context.Context, userID uuid.UUID, id int64) (TestResult, error) {
	in, err := a.Owned(ctx, userID, id)
	if err != nil {
		return TestResult{}, err
	}
	var got reach
	var topics []string // nil: not looked at
	var refused error
	err = a.call(ctx, in, func(s shopify.Session) error {
		got, refused = a.look(ctx, s, reach{}, nil)
		if e, ok := errors.AsType[*shopify.Error](refused); ok {
			return e // seen by call, which may renew the token and come again
		}
		if refused == nil && in.WebhookAddress != "" {
			var err error
			if topics, err = a.found(ctx, s, in.WebhookAddress); err != nil {
				a.log.WarnContext(ctx, "subscriptions could not be looked at", "integration_id", id, "error", err)
			}
		}
		return nil
	})
	switch {
	case refused != nil:
		err = refused
	case err != nil:
		err = fromShopify(err)
	default:
		return TestResult{Permissions: got.token.Scopes, Shop: got.shop}, a.tested(ctx, id, got, topics)
	}
	result := TestResult{Err: AsError(err)}
	if result.Err.Kind != Invalid { // ours, not the store's
		return TestResult{}, err
	}
	return result, a.noteProblem(ctx, id, err)
}

func (a *App) tested(ctx context.Context, id int64, got reach, topics []string) error {
	return a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := tx.Integration(ctx, id)
		if err != nil {
			return err
		}
		if got.token.Scopes != nil {
			row.Permissions = got.token.Scopes
		}
		row.ServedVersion = got.served
		row.RESTDueAt = time.Time{} // whoever tests may have changed what the app is allowed
		if topics != nil {
			row.WebhookTopics, row.WebhooksCheckedAt = topics, a.now()
			if !subscribedAll(topics) {
				if err := tx.SetWebhookCheckDue(ctx, id, a.now()); err != nil {
					return err
				}
			}
		}
		if row.Active && row.NextSyncAt.IsZero() { // the schedule was stopped, perhaps for what is mended now
			row.NextSyncAt = a.nextSync(a.now(), 0)
		}
		if err := tx.ClearProblems(ctx, id, credentialProblems...); err != nil {
			return err
		}
		if err := a.noteVersion(ctx, tx, row); err != nil {
			return err
		}
		return tx.UpdateIntegration(ctx, row)
	})
}

// HasAddress tells whether a public address is configured, which webhooks need.
func (a *App) HasAddress() bool { return a.cfg.PublicURL != "" }
