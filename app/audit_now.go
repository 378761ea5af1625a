package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"probability/store"
)

// nowTries is how often an audit in the foreground tries in a row: somebody waits, and can start it again.
const nowTries = 4

// AuditTargets are the active integrations of a store, whoever connected it, or of all stores when shop is empty. known tells
// whether anybody has it connected, active or not.
func (a *App) AuditTargets(ctx context.Context, shop string) (targets []store.Integration, known bool, err error) {
	active, err := a.store.ActiveIntegrations(ctx)
	if err != nil || shop == "" {
		return active, true, err
	}
	targets = slices.DeleteFunc(active, func(in store.Integration) bool { return in.StoreName != shop })
	if len(targets) > 0 {
		return targets, true, nil
	}
	owners, err := a.store.ShopSecrets(ctx, shop, a.now())
	return nil, len(owners) > 0, err
}

// AuditNow carries an audit out in the foreground and returns its result, which is stored only when it is complete. progress
// is called after each window. Of a service that runs beside it, it needs nothing.
func (a *App) AuditNow(ctx context.Context, in store.Integration, repair bool, progress func(store.Audit)) (store.Audit, error) {
	row, err := a.newAudit(in.ID, store.AuditManual, repair)
	if err != nil {
		return row, err
	}
	for r := (&auditing{app: a, in: in, row: row}); ; {
		if r.in, err = a.store.IntegrationByID(ctx, in.ID); err != nil {
			return r.row, fmt.Errorf("audit %s: %w", in.StoreName, err)
		}
		done, err := r.step(ctx)
		if err != nil && ctx.Err() == nil {
			again := asShopify(err) != nil && asShopify(err).Temporary() && r.row.Attempts+1 < nowTries
			if !again {
				return r.row, fmt.Errorf("audit %s: %w", in.StoreName, err)
			}
			r.row.Attempts++
			r.row.NextAttemptAt = a.now().Add(backoff(r.row.Attempts + 1))
		}
		if ctx.Err() != nil {
			return r.row, fmt.Errorf("audit %s: %w", in.StoreName, ctx.Err())
		}
		if done {
			return r.row, nil
		}
		progress(r.row)
		if wait := r.row.NextAttemptAt.Sub(a.now()); !r.row.NextAttemptAt.IsZero() && wait > 0 {
			waited(ctx, nil, min(wait, time.Minute))
		}
	}
}
