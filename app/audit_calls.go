package app

import (
	"context"
	"errors"
	"slices"
	"time"

	"probability/shopify"
	"probability/store"
)

// A window is compared as a whole, so that a call that fails is made again within it, for a little while: callTries times
// at most, waiting no longer than callPatience in all.
const (
	callTries    = 4
	callPatience = 20 * time.Second
)

// call asks Shopify, again when it fails in a way that passes at once.
func (r *auditing) call(ctx context.Context, fn func(shopify.Session) error) error {
	patience, wait := callPatience, 50*time.Millisecond
	for tries := 1; ; {
		err := r.app.call(ctx, r.in, fn)
		e := asShopify(err)
		if e == nil {
			return err
		}
		if e.Kind == shopify.KindProtectedData && r.app.wayOf(r.in) == shopify.WayREST {
			if err := r.otherWay(ctx, err); err != nil {
				return err
			}
			continue
		}
		switch e.Kind {
		case shopify.KindThrottled: // nobody's failure: bounded by time
		case shopify.KindUnavailable, shopify.KindNotFound:
			tries++
		default:
			return err
		}
		wait = max(2*wait, e.RetryAfter)
		if patience -= wait; tries > callTries || patience < 0 {
			return err
		}
		waited(ctx, nil, wait)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// otherWay goes over to GraphQL for the rest of the audit, if that shows the orders.
func (r *auditing) otherWay(ctx context.Context, refusal error) error {
	if err := r.app.otherWay(ctx, r.in, refusal); !errors.Is(err, errOtherWay) {
		return err
	}
	in, err := r.app.store.IntegrationByID(ctx, r.in.ID)
	if err == nil {
		r.in = in
	}
	return err
}

// count is how many orders Shopify counts, and its time.
func (r *auditing) count(ctx context.Context, q shopify.OrdersQuery) (n int, date time.Time, err error) {
	err = r.call(ctx, func(s shopify.Session) (err error) {
		q.Way = r.app.wayOf(r.in)
		n, date, err = r.app.shopify.CountOrders(ctx, s, q)
		return err
	})
	return n, date, err
}

// page is a page of orders.
func (r *auditing) page(ctx context.Context, q shopify.OrdersQuery, cursor string) (page shopify.OrdersPage, err error) {
	err = r.call(ctx, func(s shopify.Session) (err error) {
		q.Way = r.app.wayOf(r.in)
		page, err = r.app.shopify.Orders(ctx, s, q, cursor)
		return err
	})
	return page, err
}

// byID are the orders of a query that names them, on however many pages they come.
func (r *auditing) byID(ctx context.Context, q shopify.OrdersQuery) (all shopify.OrdersPage, err error) {
	for cursor, pages := "", 0; ; pages++ {
		page, err := r.page(ctx, q, cursor)
		if err != nil {
			return all, err
		}
		if pages == 0 {
			all.RequestedAt, all.Date = page.RequestedAt, page.Date
		}
		all.Orders = append(all.Orders, page.Orders...)
		if page.Next == "" {
			return all, nil
		}
		if pages > len(q.IDs) {
			return all, &shopify.Error{Kind: shopify.KindForeignLink, Op: "list orders", Messages: []string{"the pages do not end"}}
		}
		cursor = page.Next
	}
}

// write changes the audit within one transaction, with whatever belongs to it, unless somebody else carried it on or ended
// it since it was read.
func (r *auditing) write(ctx context.Context, fn func(context.Context, *store.Tx, *store.Audit) error) error {
	var next store.Audit
	err := r.app.store.Update(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if next, err = r.fresh(ctx, tx); err != nil {
			return err
		}
		next.NextAttemptAt = time.Time{}
		if err := fn(ctx, tx, &next); err != nil || !r.kept {
			return err
		}
		return tx.UpdateAudit(ctx, next)
	})
	if err == nil {
		r.row = next
	}
	return err
}

// fresh is the audit as the transaction sees it.
func (r *auditing) fresh(ctx context.Context, tx *store.Tx) (store.Audit, error) {
	if !r.kept {
		row := r.row
		row.Windows = slices.Clone(row.Windows) // the transaction may fail
		return row, nil
	}
	row, err := tx.Audit(ctx, r.row.ID)
	if errors.Is(err, store.ErrNotFound) {
		return row, errSuperseded
	}
	if err == nil && (row.State != r.row.State || row.Cause != r.row.Cause || row.Pass != r.row.Pass || !row.Next.Equal(r.row.Next)) {
		return row, errSuperseded
	}
	return row, err
}
