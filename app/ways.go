package app

import (
	"context"
	"errors"
	"strings"
	"time"

	"probability/shopify"
	"probability/store"
)

// restAgain is how long orders are asked for by GraphQL until REST is tried again: it may come back, when access to protected
// customer data is granted for instance, and it is the way that has been proven for longest.
const restAgain = 24 * time.Hour

// errOtherWay: REST refuses the orders and GraphQL shows them; it is noted, and what was under way goes on with the other way.
var errOtherWay = errors.New("the orders are had by GraphQL from now on")

// wayOf is how a store's orders are asked for now.
func (a *App) wayOf(in store.Integration) shopify.Way {
	if in.OrdersWay == store.WayGraphQL && a.toCome(in.RESTDueAt) {
		return shopify.WayGraphQL
	}
	return shopify.WayREST
}

// toCome tells whether a time has still to come. One that is further off than any was put there by a clock that ran ahead.
func (a *App) toCome(due time.Time) bool {
	left := due.Sub(a.now())
	return left > 0 && left <= restAgain
}

// otherWay takes REST's refusal of orders. When it is for want of access to protected customer data and GraphQL shows the
// orders all the same, that is noted and the error is errOtherWay; else it is what stands in the way of both.
func (a *App) otherWay(ctx context.Context, in store.Integration, refusal error) error {
	if shopify.KindOf(refusal) != shopify.KindProtectedData {
		return refusal
	}
	err := a.call(ctx, in, func(s shopify.Session) error { return a.shopify.SeesOrders(ctx, s) })
	if e := asShopify(err); e != nil && !e.Temporary() {
		a.log.DebugContext(ctx, "GraphQL does not show the orders either", "integration_id", in.ID, "error", err)
		return refusal
	}
	if err != nil {
		return err
	}
	err = a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error { return a.noteWay(ctx, tx, in.ID, store.WayGraphQL) })
	if err != nil {
		return err
	}
	a.log.InfoContext(ctx, "REST refuses the orders: they are read by GraphQL", "integration_id", in.ID, "reason", detailOf(refusal))
	return errOtherWay
}

// noteWay writes down how a store's orders are had, and when REST is tried again.
func (a *App) noteWay(ctx context.Context, tx *store.Tx, id int64, way string) error {
	in, err := tx.Integration(ctx, id)
	if err != nil || way == store.WayREST && in.OrdersWay != store.WayGraphQL {
		return err
	}
	in.OrdersWay, in.RESTDueAt = way, time.Time{}
	if way == store.WayGraphQL {
		in.RESTDueAt = a.now().Add(restAgain)
	}
	return tx.UpdateIntegration(ctx, in)
}

// goOver carries a run on by another way: its window is read from the beginning, since a place in the one list is none in the
// other.
func (a *App) goOver(ctx context.Context, run store.Import, way string) error {
	return a.update(ctx, run, func(_ context.Context, _ *store.Tx, row *store.Import) error {
		beginAgain(row)
		row.Way, row.ErrorCode, row.ErrorDetail = way, "", ""
		return nil
	})
}

// maxWithheld bounds the text that names what was withheld, in bytes. All that can be fits.
const maxWithheld = 1000

// noteWithheld keeps what of the customers' data a page did not show, in the run and in the store's health: without it scores are
// worse and parcels have no address.
func (a *App) noteWithheld(ctx context.Context, tx *store.Tx, row *store.Import, fields []string) error {
	if len(fields) == 0 {
		return nil
	}
	text := strings.Join(fields, ", ")
	if text = text[:min(len(text), maxWithheld)]; text == row.Withheld {
		return nil
	}
	row.Withheld = text
	return tx.PutProblem(ctx, row.IntegrationID, store.Problem{Code: ProblemPersonalData, Detail: text, Since: a.now()})
}
