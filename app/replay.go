package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"probability/store"
)

// Replay makes a delivery due again, whatever became of it.
func (a *App) Replay(ctx context.Context, userID uuid.UUID, id int64, delivery uuid.UUID) (store.Delivery, error) {
	in, err := a.Owned(ctx, userID, id)
	if err != nil {
		return store.Delivery{}, err
	}
	d, err := a.store.Delivery(ctx, in.ID, delivery)
	if errors.Is(err, store.ErrNotFound) {
		return store.Delivery{}, notFound(err)
	}
	if err != nil {
		return store.Delivery{}, err
	}
	d.State, d.ErrorCode, d.ErrorDetail = store.DeliveryPending, "", ""
	d.Attempts, d.ProcessedAt, d.NextAttemptAt, d.Duration = 0, time.Time{}, a.now(), 0 // it has not waited since it was received
	err = a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.MarkDeliveries(ctx, []store.Delivery{d}); err != nil {
			return err
		}
		return a.queue.insert(ctx, tx, ProcessDeliveries{IntegrationID: id})
	})
	return d, err
}

// replayBatch is how many deliveries one transaction of a large replay makes due: a row is written with its body.
const replayBatch = 250

// ReplayAll makes the deliveries of a filter due again, the failed ones without a state, and returns how many they are. Those
// that arrive meanwhile are left. It goes through them in slices, between which others write; should it be cut short, what it
// did stays done.
func (a *App) ReplayAll(ctx context.Context, userID uuid.UUID, id int64, f store.DeliveryFilter) (replayed int, err error) {
	in, err := a.Owned(ctx, userID, id)
	if err != nil {
		return 0, err
	}
	if f.State == "" {
		f.State = store.DeliveryFailed
	}
	last, err := a.store.LastDelivery(ctx, in.ID)
	if err != nil {
		return 0, fmt.Errorf("replay deliveries: %w", err)
	}
	for after := int64(0); ; {
		seqs, err := a.store.MatchingDeliveries(ctx, in.ID, f, after, last, replayBatch)
		if err != nil {
			return replayed, fmt.Errorf("replay deliveries: %w", err)
		}
		if len(seqs) == 0 {
			return replayed, nil
		}
		after = seqs[len(seqs)-1]
		err = a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
			n, err := tx.ReplayDeliveries(ctx, f.State, seqs, a.now())
			if err != nil {
				return err
			}
			replayed += n
			return a.queue.insert(ctx, tx, ProcessDeliveries{IntegrationID: in.ID})
		})
		if err != nil {
			return replayed, fmt.Errorf("replay deliveries: %w", err)
		}
		a.drains.wake(in.ID)
		a.giveWay(ctx, processYield)
	}
}
