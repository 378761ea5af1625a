package app

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"probability/shopify"
	"probability/store"
)

const (
	checkupsAtOnce = 4
	checkupTime    = 15 * time.Second // for one store
)

// Checkup is what a look at one connected store shows. Nothing is changed by it.
type Checkup struct {
	Integration store.Integration

	Err       error // the store or the token refused, or nobody answered; the rest is unknown then
	OrdersErr error // the orders cannot be read
	HooksErr  error // the subscriptions cannot be read

	Shop         string        // its name
	Scopes       []string      // nil: the store does not tell
	Served       string        // API version that it answered with
	Ahead        time.Duration // of our clock before the store's; 0 as well when it does not tell
	Dated        bool          // it tells its time
	Address      string        // where its webhooks should go; empty: nobody knows
	Missing      []string      // topics that are not subscribed there
	Signed       bool          // a secret is known that verifies them
	LastReceived time.Time
}

// Checkups looks at every active store, of whichever user, some at a time.
func (a *App) Checkups(ctx context.Context) ([]Checkup, error) {
	stores, err := a.store.ActiveIntegrations(ctx)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(stores))
	for i, in := range stores {
		ids[i] = in.ID
	}
	received, err := a.store.LastReceived(ctx, ids)
	if err != nil {
		return nil, err
	}
	found := make([]Checkup, len(stores))
	var g errgroup.Group
	g.SetLimit(checkupsAtOnce)
	for i, in := range stores {
		g.Go(func() error {
			ctx, cancel := context.WithTimeout(ctx, checkupTime)
			defer cancel()
			found[i] = a.checkup(ctx, in)
			found[i].LastReceived = received[in.ID]
			return nil
		})
	}
	return found, g.Wait()
}

// ProblemOf is the problem that a failure at Shopify means for a store, as its health would name it; "" for none.
func ProblemOf(err error) string { return problemOf(err) }

// APIVersion is the version that stores are asked for.
func (a *App) APIVersion() string { return a.shopify.APIVersion() }

func (a *App) checkup(ctx context.Context, in store.Integration) Checkup {
	c := Checkup{Integration: in}
	if c.Signed, c.Err = a.canVerify(ctx, in); c.Err != nil {
		return c
	}
	c.Err = a.call(ctx, in, func(s shopify.Session) error {
		shop, err := a.shopify.Shop(ctx, s)
		if err != nil {
			return err
		}
		c.Shop = shop.Name
		c.Served = a.shopify.ServedVersion(in.StoreName)
		scopes, err := a.shopify.Scopes(ctx, s)
		if err == nil {
			c.Scopes = scopes
		}
		began := a.now()
		q := shopify.OrdersQuery{CreatedAtMin: began.Add(-time.Hour)}
		_, date, err := a.shopify.CountOrders(ctx, s, q)
		if shopify.KindOf(err) == shopify.KindProtectedData { // which may be so for REST alone
			q.Way = shopify.WayGraphQL
			if _, other, otherErr := a.shopify.CountOrders(ctx, s, q); otherErr == nil {
				date, err = other, nil
			}
		}
		c.OrdersErr = err
		if !date.IsZero() {
			c.Dated, c.Ahead = true, clockAhead(began, a.now(), date)
		}
		return nil
	})
	if c.Err != nil {
		return c
	}
	if a.cfg.PublicURL != "" {
		c.Address, c.HooksErr = webhookAddress(a.cfg.PublicURL)
	} else {
		c.Address = in.WebhookAddress
	}
	if c.Address == "" || c.HooksErr != nil {
		return c
	}
	c.HooksErr = a.call(ctx, in, func(s shopify.Session) error {
		found, err := a.found(ctx, s, c.Address)
		c.Missing = slices.DeleteFunc(slices.Clone(Topics), func(t string) bool { return slices.Contains(found, t) })
		return err
	})
	return c
}

// clockAhead is by how much our clock is before another that showed date, in whole seconds, between two looks at ours.
func clockAhead(before, after, date time.Time) time.Duration {
	switch {
	case before.After(date.Add(time.Second)):
		return before.Sub(date).Truncate(time.Second)
	case after.Before(date):
		return after.Sub(date).Truncate(time.Second)
	}
	return 0
}
