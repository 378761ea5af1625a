package app

import (
	"context"
	"fmt"
	"time"

	"probability/store"
)

// longestAbsence is how long the service may be away without asking what it missed: Shopify repeats a webhook for four
// hours, so that what happened in less arrives by itself.
const longestAbsence = 4 * time.Hour

// Alive notes that the service is at work: at the start, every minute, and at the end. When the last note is older than
// Shopify repeats its webhooks, whatever the reason, everything is audited. The audits are stored before the note is
// renewed, so that a process killed in between finds the same absence again.
func (a *App) Alive(ctx context.Context) error {
	last, err := a.store.Alive(ctx)
	if err != nil {
		return fmt.Errorf("alive: %w", err)
	}
	now := a.now()
	if gap := now.Sub(last); !last.IsZero() && gap > longestAbsence {
		a.log.WarnContext(ctx, "the service was away for longer than Shopify repeats webhooks: what was missed is looked for",
			"since", last, "away", gap.Round(time.Second))
		if err := a.startAway(ctx); err != nil {
			return fmt.Errorf("alive: %w", err)
		}
	}
	err = a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.SetAlive(ctx, now) })
	if err != nil {
		return fmt.Errorf("alive: %w", err)
	}
	return nil
}
