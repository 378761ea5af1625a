package app

import (
	"context"
	"slices"
	"strconv"

	"probability/shopify"
	"probability/store"
)

// shown tells which of the orders Shopify lists when it is asked for them by their ids.
func (r *auditing) shown(ctx context.Context, ids []string) (map[string]bool, error) {
	page, err := r.byID(ctx, shopify.OrdersQuery{IDs: ids, Fields: []string{"id"}})
	if err != nil {
		return nil, err
	}
	there := make(map[string]bool, len(ids))
	for _, raw := range page.Orders {
		if f, ok := listing(raw); ok {
			there[f.id] = true
		}
	}
	return there, nil
}

// confirmExtra looks a second time for stored orders that were not listed, and marks them deleted if the audit repairs.
// Nothing brings a deleted order back, so it takes more than a list: the payload must carry the id that Shopify is asked
// for, an order older than the wall of 60 days must be within our sight, and one of them is looked for by itself.
func (r *auditing) confirmExtra(ctx context.Context, candidates []store.StoredOrder) (open []finding, err error) {
	for some := range slices.Chunk(candidates, shopify.MaxOrderIDs) {
		gone, err := r.vanished(ctx, some)
		if err != nil {
			return nil, err
		}
		if len(gone) == 0 || !r.row.Repair {
			open = append(open, gone...)
			continue
		}
		err = r.write(ctx, func(ctx context.Context, tx *store.Tx, row *store.Audit) error {
			for _, f := range gone {
				outcome, err := tx.DeleteOrder(ctx, r.in.ID, f.id, r.app.now())
				if err != nil {
					return err
				}
				if outcome == store.Deleted { // not by somebody else meanwhile
					f.note(row, true)
				}
			}
			return r.app.score(ctx, tx, r.in.ID)
		})
		if err != nil {
			return nil, err
		}
	}
	return open, nil
}

// vanished are those of the orders that Shopify really has no more.
func (r *auditing) vanished(ctx context.Context, candidates []store.StoredOrder) ([]finding, error) {
	var ids []string
	old := make(map[string]bool)
	for _, o := range candidates {
		if _, err := strconv.ParseInt(o.ID, 10, 64); err != nil {
			continue // no id of Shopify's
		}
		ids = append(ids, o.ID)
		old[o.ID] = o.CreatedAt.Before(r.app.now().AddDate(0, 0, -visibleDays))
	}
	if len(ids) == 0 {
		return nil, nil
	}
	there, err := r.shown(ctx, ids)
	if err != nil {
		return nil, err
	}
	ids = slices.DeleteFunc(ids, func(id string) bool { return there[id] })
	// The scopes as they are after the lists: one that was taken away in between made them shorter.
	if slices.ContainsFunc(ids, func(id string) bool { return old[id] }) {
		all, err := r.seesAll(ctx)
		if err != nil {
			return nil, err
		}
		ids = slices.DeleteFunc(ids, func(id string) bool { return old[id] && !all })
	}
	payloads, err := r.app.store.StoredPayloads(ctx, r.in.ID, ids)
	if err != nil {
		return nil, err
	}
	var gone []finding
	for _, id := range ids {
		if shopify.GivenID(payloads[id]) == id {
			gone = append(gone, finding{id: id, kind: extra})
		}
	}
	if len(gone) == 0 {
		return nil, nil
	}
	return gone, r.proveGone(ctx, gone[0].id)
}

// proveGone asks for one order by itself. When it is there, the lists leave out what they should show, and nothing that they
// say is believed.
func (r *auditing) proveGone(ctx context.Context, id string) error {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return err
	}
	return r.call(ctx, func(s shopify.Session) error {
		there, err := r.app.shopify.HasOrder(ctx, s, r.app.wayOf(r.in), n)
		if err == nil && there {
			return &shopify.Error{Kind: shopify.KindUnavailable, Op: "list orders", Messages: []string{"an order that is there was not listed"}}
		}
		return err
	})
}
