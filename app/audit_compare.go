package app

import (
	"context"
	"maps"
	"slices"
	"time"

	"probability/shopify"
	"probability/store"
)

// finding is an order that differs.
type finding struct {
	created time.Time // zero when nobody tells
	id      string    // the platform's
	kind    findingKind
	version time.Time // of the order at Shopify
}

// findingKind is the way in which an order differs.
type findingKind int

const (
	missing findingKind = iota
	stale
	extra
)

// note counts the finding, and that it was mended.
func (f finding) note(row *store.Audit, mended bool) {
	w := openWindow(row)
	since, mends := f.created, 0
	if mended {
		mends = 1
	}
	keep := func(examples *[]string) {
		if len(*examples) < maxAuditExamples {
			*examples = append(slices.Clip(*examples), f.id)
		}
	}
	var c store.AuditCounts
	switch f.kind {
	case missing:
		c.Missing, row.Created = 1, row.Created+mends
		keep(&row.Examples.Missing)
	case stale:
		c.Stale, row.Updated = 1, row.Updated+mends
		since = f.version
		keep(&row.Examples.Stale)
	case extra:
		c.Extra, row.Deleted = 1, row.Deleted+mends
		since = time.Time{} // when it vanished nobody knows
		keep(&row.Examples.Extra)
	}
	w.Add(c)
	row.Add(c)
	w.Repaired += mends
	if !since.IsZero() && (row.OldestGap.IsZero() || since.Before(row.OldestGap)) {
		row.OldestGap = since
	}
}

// listedFields are the members that a comparison needs of an order.
var listedFields = []string{"id", "created_at", "updated_at"}

// listing is an order as a list shows it. Its version is reckoned as that of a stored order is.
func listing(raw []byte) (f finding, ok bool) {
	o, err := shopify.ParseOrder(raw)
	if err != nil {
		return finding{}, false
	}
	f = finding{id: o.ID, created: o.CreatedAt, version: o.UpdatedAt}
	if f.version.IsZero() {
		f.version = o.CreatedAt
	}
	if f.version.IsZero() {
		f.version = time.Unix(0, 0)
	}
	return f, true
}

// list asks for what Shopify has in the window in hand.
func (r *auditing) list(ctx context.Context, to time.Time, counted int) (map[string]finding, error) {
	q := shopify.OrdersQuery{CreatedAtMin: r.row.Next, CreatedAtMax: to, Fields: listedFields}
	listed := make(map[string]finding, counted)
	for cursor, pages := "", 0; ; pages++ {
		page, err := r.page(ctx, q, cursor)
		if err != nil {
			return nil, err
		}
		for _, raw := range page.Orders {
			if f, ok := listing(raw); ok {
				listed[f.id] = f
			}
		}
		if page.Next == "" {
			return listed, nil
		}
		if page.Next == cursor || pages > counted/10+1000 {
			return nil, &shopify.Error{Kind: shopify.KindForeignLink, Op: "list orders", Messages: []string{"the pages do not end"}}
		}
		cursor = page.Next
	}
}

// compare tells what is missing or stale of the listed orders, and which stored ones are not listed.
func (r *auditing) compare(ctx context.Context, listed map[string]finding, stored []store.StoredOrder) (gaps []finding, extra []store.StoredOrder, err error) {
	unseen := maps.Clone(listed)
	for _, o := range stored {
		f, ok := listed[o.ID]
		if !ok {
			extra = append(extra, o)
			continue
		}
		delete(unseen, o.ID)
		if o.VersionAt.Before(f.version) {
			f.kind = stale
			gaps = append(gaps, f)
		}
	}
	// A listed order that is not stored in this window may be deleted, or stored with another time of creation.
	known, err := r.app.store.StoredOrders(ctx, r.in.ID, slices.Sorted(maps.Keys(unseen)))
	if err != nil {
		return nil, nil, err
	}
	for id, f := range unseen {
		o, ok := known[id]
		switch {
		case !ok:
			f.kind = missing
		case o.Deleted || !o.VersionAt.Before(f.version):
			continue
		default:
			f.kind = stale
		}
		gaps = append(gaps, f)
	}
	slices.SortFunc(gaps, func(a, b finding) int { return a.created.Compare(b.created) })
	return gaps, extra, nil
}

// young tells whether a difference is so new that it may settle by itself.
func young(gaps []finding, extra []store.StoredOrder, settled time.Time) bool {
	return slices.ContainsFunc(gaps, func(f finding) bool { return f.version.After(settled) || f.created.After(settled) }) ||
		slices.ContainsFunc(extra, func(o store.StoredOrder) bool { return o.CreatedAt.After(settled) })
}

// confirm looks at what is missing or stale a second time, at both sides, and mends it if the audit repairs. It returns what
// differs still.
func (r *auditing) confirm(ctx context.Context, gaps []finding) (open []finding, err error) {
	for some := range slices.Chunk(gaps, shopify.MaxOrderIDs) {
		byID := make(map[string]finding, len(some))
		for _, f := range some {
			byID[f.id] = f
		}
		var left []finding
		if r.row.Repair {
			left, err = r.mend(ctx, byID)
		} else {
			left, err = r.lookAgain(ctx, byID)
		}
		if err != nil {
			return nil, err
		}
		open = append(open, left...)
	}
	return open, nil
}

// settled tells whether what is stored by now, if anything, is at least what was listed.
func (f finding) settled(o store.StoredOrder) bool {
	return o.ID != "" && (f.kind == missing || o.Deleted || !o.VersionAt.Before(f.version))
}

// lookAgain tells which of the findings are so still: Shopify has them, and what is stored by now is not what was listed.
func (r *auditing) lookAgain(ctx context.Context, found map[string]finding) (open []finding, err error) {
	there, err := r.shown(ctx, slices.Sorted(maps.Keys(found)))
	if err != nil {
		return nil, err
	}
	known, err := r.app.store.StoredOrders(ctx, r.in.ID, slices.Sorted(maps.Keys(found)))
	if err != nil {
		return nil, err
	}
	for _, id := range slices.Sorted(maps.Keys(found)) {
		if f := found[id]; there[id] && !f.settled(known[id]) {
			open = append(open, f)
		}
	}
	return open, nil
}

// mend stores the findings as Shopify has them now. The outcome tells what they were: an order that a webhook brought
// meanwhile is no finding. What cannot be mended is returned.
func (r *auditing) mend(ctx context.Context, found map[string]finding) (open []finding, err error) {
	ids := slices.Sorted(maps.Keys(found))
	fetched, err := r.byID(ctx, shopify.OrdersQuery{IDs: ids})
	if err != nil {
		return nil, err
	}
	page := orderPage{OrdersPage: fetched}
	r.app.prepare(&page, 1)
	r.app.giveWay(ctx, importYield)
	known, err := r.app.store.StoredOrders(ctx, r.in.ID, ids)
	if err != nil {
		return nil, err
	}
	err = r.write(ctx, func(ctx context.Context, tx *store.Tx, row *store.Audit) error {
		outcomes, err := r.app.putOrders(ctx, tx, r.in.ID, page.versions)
		if err != nil {
			return err
		}
		open = nil
		for i, v := range page.versions {
			f, ok := found[v.Order.ID]
			if !ok || f.settled(known[f.id]) {
				continue
			}
			switch outcomes[i] {
			case store.Created:
				f.kind = missing
				f.note(row, true)
			case store.Updated:
				f.kind = stale
				f.note(row, true)
			case store.Unchanged, store.Stale:
				if f.kind == stale && v.Order.UpdatedAt.Before(f.version) { // the list shows a change that the order does not
					open = append(open, f)
				}
			case store.Deleted:
			}
		}
		return nil
	})
	return open, err
}
