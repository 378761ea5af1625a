package app

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"probability/shopify"
	"probability/store"
)

const (
	// farewellTimeout bounds the polite part of a disconnection: removing subscriptions at Shopify.
	farewellTimeout = 10 * time.Second
	// purgeRows is how many rows one transaction of a purge deletes; it holds the writer for some milliseconds.
	purgeRows = 500
)

// Disconnect removes the store's subscriptions at Shopify as far as they can be reached, hides the
// integration at once, deletes its secrets, cancels its run, and enqueues the job that deletes its rows.
func (a *App) Disconnect(ctx context.Context, userID uuid.UUID, id int64) (storeName string, err error) {
	in, err := a.Owned(ctx, userID, id)
	if err != nil {
		return "", err
	}
	a.unsubscribe(ctx, in)
	err = a.store.Update(context.WithoutCancel(ctx), func(ctx context.Context, tx *store.Tx) error {
		if err := a.cancelRuns(ctx, tx, id, "integration_disconnected"); err != nil {
			return err
		}
		if err := tx.MarkIntegrationDeleted(ctx, id, a.now()); err != nil {
			return err
		}
		return a.queue.insert(ctx, tx, PurgeIntegration{IntegrationID: id})
	})
	if err != nil {
		return "", fmt.Errorf("disconnect integration %d: %w", id, err)
	}
	a.log.InfoContext(ctx, "store disconnected", "integration_id", id, "store", in.StoreName)
	return in.StoreName, nil
}

// unsubscribe deletes the subscriptions that point at this service. What fails is logged and left: Shopify
// gives a subscription up by itself after some refused deliveries.
func (a *App) unsubscribe(ctx context.Context, in store.Integration) {
	if in.WebhookAddress == "" {
		return
	}
	shared, err := a.sharesSubscriptions(ctx, in)
	if err != nil || shared {
		if err != nil {
			a.log.WarnContext(ctx, "subscriptions are left at Shopify", "integration_id", in.ID, "error", err)
		}
		return
	}
	ctx, cancel := context.WithTimeout(ctx, farewellTimeout)
	defer cancel()
	err = a.call(ctx, in, func(s shopify.Session) error {
		hooks, err := a.shopify.Webhooks(ctx, s)
		if err != nil {
			return err
		}
		for _, h := range hooks {
			if h.Address != in.WebhookAddress {
				continue
			}
			if err := a.shopify.DeleteWebhook(ctx, s, h.ID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		a.log.WarnContext(ctx, "subscriptions could not be removed at Shopify", "integration_id", in.ID, "error", err)
	}
}

// sharesSubscriptions tells whether another integration of the same shop receives at the same address.
// Subscriptions belong to app and shop, so they may well be the same ones.
func (a *App) sharesSubscriptions(ctx context.Context, in store.Integration) (bool, error) {
	owners, err := a.store.ShopSecrets(ctx, in.StoreName, a.now())
	if err != nil {
		return false, err
	}
	for _, o := range owners {
		if o.IntegrationID == in.ID {
			continue
		}
		other, err := a.store.IntegrationByID(ctx, o.IntegrationID)
		if err != nil {
			return false, err
		}
		if other.WebhookAddress == in.WebhookAddress {
			return true, nil
		}
	}
	return false, nil
}

// Purge deletes the rows of a disconnected integration, some in each transaction so that webhooks of
// other stores come through in between. It ends when all are gone.
func (a *App) Purge(ctx context.Context, id int64) error {
	for more := true; more; {
		err := a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
			more, err = tx.PurgeIntegration(ctx, id, purgeRows)
			return err
		})
		if err != nil {
			return fmt.Errorf("purge integration %d: %w", id, err)
		}
	}
	return nil
}
