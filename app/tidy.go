package app

import (
	"context"
	"fmt"
	"time"

	"probability/store"
)

// retention is what is kept of work that is done. A delivery is known for longer than Shopify repeats it (four hours) and
// long enough to look into a complaint; orders themselves are never deleted for their age.
var retention = store.Retention{
	Done:   14 * 24 * time.Hour,
	Failed: 60 * 24 * time.Hour,
	Most:   1_000_000,
	Runs:   90 * 24 * time.Hour,
	Clean:  30 * 24 * time.Hour,
}

// Tidy deletes what nobody needs any more and gives the room back, in slices between which others write.
func (a *App) Tidy(ctx context.Context) error {
	for after, done := int64(0), false; !done; {
		var err error
		if after, done, err = a.store.ExpireDeliveries(ctx, retention, a.now(), after); err != nil {
			return fmt.Errorf("tidy: %w", err)
		}
	}
	if err := a.store.ExpireRefusals(ctx, a.now().Add(-keepRefusals)); err != nil {
		return fmt.Errorf("tidy: %w", err)
	}
	for _, slice := range []func() (bool, error){
		func() (bool, error) { return a.store.ExpireImports(ctx, retention, a.now()) },
		func() (bool, error) { return a.store.ExpireAudits(ctx, retention, a.now()) },
		func() (bool, error) { return a.store.ExpireSessions(ctx, a.now().Add(-SessionLife)) },
		func() (bool, error) { return a.store.ExpireGuesses(ctx, a.now(), a.guessKeys) },
		func() (bool, error) { return a.store.ExpireAttempts(ctx, a.now()) },
		func() (bool, error) { return a.store.ExpireReports(ctx, a.now()) },
		func() (bool, error) { return a.store.GiveBack(ctx) },
	} {
		for more := true; more; {
			var err error
			if more, err = slice(); err != nil {
				return fmt.Errorf("tidy: %w", err)
			}
		}
	}
	return nil
}
