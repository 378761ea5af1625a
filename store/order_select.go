package store

import (
	"context"
	"fmt"
	"slices"
)

// How pages of orders are found. There are three ways, and which one is short depends on the filter:
//
//	walk    along the index of the order that is asked for, until the page is full. Short when many orders match.
//	gather  all that match, by an index that only has those (a term, a range of totals), and sort them. Short when few match.
//	skip    by the sums of days over what a page does not need. Short for deep pages and for rare statuses.
//
// Counts come from the sums of days, from what was gathered, or from a walk over one index that is remembered. Only the count
// of a term that very many orders have is not worth its time: it is given as "at least".
type readBounds struct {
	gather int // how many orders are gathered at most: reading and sorting them takes some 15 ms
	walk   int // how many texts are looked at for a term while walking, some 25 ms; and how many others may be passed on the way to a page
	found  int // how many orders with a term are counted on such a walk
	skip   int // how far into a list it is worth to skip days
	days   int // how many orders a range of days has at least: fewer are not worth a query of their own
	dear   int // how large a store is whose count is remembered for a moment although orders change
}

var defaultBounds = readBounds{gather: 5_000, walk: 10_000, found: 1_000, skip: 2_000, days: 2_000, dear: 50_000}

// OrderSelection is the orders that a filter chooses: how many there are, and the way to their pages.
type OrderSelection struct {
	Count   int
	AtLeast bool // there are more than Count; how many was not counted

	read     orderRead
	gathered []OrderKey // all of them, or with AtLeast the first ones; in order
	all      bool       // gathered is all there is
}

// orderRead is one question for orders.
type orderRead struct {
	s    *Store
	op   string
	f    OrderFilter
	term string // folded
	none bool   // nothing can match
}

func (s *Store) orderRead(f OrderFilter) orderRead {
	r := orderRead{s: s, op: fmt.Sprintf("orders: list of integration %d", f.IntegrationID), f: f}
	if f.Search != "" {
		term, ok := foldTerm(f.Search)
		r.term, r.none = term, !ok
	}
	return r
}

// SelectOrders counts the orders of a filter; After, Limit and Offset do not matter.
func (s *Store) SelectOrders(ctx context.Context, f OrderFilter) (*OrderSelection, error) {
	f.After = nil
	sel := &OrderSelection{read: s.orderRead(f)}
	r := sel.read
	if r.none {
		sel.all = true
		return sel, nil
	}
	base, err := r.countBase(ctx)
	if err != nil {
		return nil, err
	}
	if sel.Count = base; base == 0 {
		sel.all = true
		return sel, nil
	}
	keys, ok, err := r.gather(ctx, base)
	if err != nil {
		return nil, err
	}
	if ok {
		sel.gathered, sel.all, sel.Count = keys, true, len(keys)
		return sel, nil
	}
	if r.term == "" {
		return sel, nil
	}
	sel.gathered, err = r.walkTexts(ctx, s.bounds.found)
	sel.Count, sel.AtLeast = len(sel.gathered), true
	return sel, err
}

// Page reads limit orders from the offset on; limit is at most 1,000.
func (sel *OrderSelection) Page(ctx context.Context, limit, offset int) ([]Order, error) {
	r := sel.read
	limit, offset = pageSize(limit), max(offset, 0)
	if sel.all || offset+limit <= len(sel.gathered) {
		return r.rows(ctx, slice(sel.gathered, offset, limit))
	}
	keys, err := r.page(ctx, limit, offset, sel.Count)
	if err != nil {
		return nil, err
	}
	return r.rows(ctx, keys)
}

// Orders lists a page of orders that are not deleted, without counting them.
func (s *Store) Orders(ctx context.Context, f OrderFilter) ([]Order, error) {
	r := s.orderRead(f)
	limit, offset := pageSize(f.Limit), max(f.Offset, 0)
	if r.none {
		return nil, nil
	}
	if r.selective() {
		base := s.bounds.walk + 1
		if r.term != "" {
			var err error
			if base, err = r.countBase(ctx); err != nil {
				return nil, err
			}
		}
		keys, ok, err := r.gather(ctx, base)
		if err != nil {
			return nil, err
		}
		if ok {
			if f.After != nil {
				at, found := slices.BinarySearchFunc(keys, *f.After, f.Order.compare)
				if found {
					at++
				}
				keys = keys[at:]
			}
			return r.rows(ctx, slice(keys, offset, limit))
		}
	}
	if r.term != "" {
		keys, err := r.walkTexts(ctx, offset+limit)
		if err != nil {
			return nil, err
		}
		if len(keys) >= offset+limit {
			return r.rows(ctx, slice(keys, offset, limit))
		}
	}
	keys, err := r.page(ctx, limit, offset, -1)
	if err != nil {
		return nil, err
	}
	return r.rows(ctx, keys)
}

// CountOrders counts what Orders lists, on all pages; where SelectOrders says "at least", so does this.
func (s *Store) CountOrders(ctx context.Context, f OrderFilter) (int, error) {
	sel, err := s.SelectOrders(ctx, f)
	if err != nil {
		return 0, err
	}
	return sel.Count, nil
}

func (r orderRead) rows(ctx context.Context, keys []OrderKey) ([]Order, error) {
	ids := make([]int64, len(keys))
	for i, k := range keys {
		ids[i] = k.ID
	}
	return r.s.ordersByID(ctx, r.op, r.f, ids)
}

// slice is a page of keys.
func slice(keys []OrderKey, offset, limit int) []OrderKey {
	offset = min(offset, len(keys))
	return keys[offset:min(len(keys), offset+limit)]
}

func scanKey(r row) (k OrderKey, err error) {
	err = r.Scan(&k.ID, &k.Value)
	return k, err
}

// keys reads places in the list.
func (r orderRead) keys(ctx context.Context, query string, args ...any) ([]OrderKey, error) {
	return list(ctx, r.s.readers, r.op, scanKey, query, args...)
}

// selectKeys is the beginning of a query for places in the list.
func (r orderRead) selectKeys(from string) string {
	return `SELECT o.id, ` + r.f.Order.expression() + ` FROM ` + from
}

// ordersIndexed is the orders by one of their indexes.
func (s *Store) ordersIndexed(index string) string { return "orders o" + s.dialect.indexed(index) }

// selective tells whether the filter has something that few orders may have and that an index finds.
func (r orderRead) selective() bool {
	return r.term != "" || !r.f.ImportedSince.IsZero() || r.f.MinTotal != nil || r.f.MaxTotal != nil || r.f.scored()
}

// gather finds all orders of the filter when they are few; base is how many there are without the term. ok is false when they are many.
func (r orderRead) gather(ctx context.Context, base int) (keys []OrderKey, ok bool, err error) {
	switch {
	case r.term != "" && base <= r.s.bounds.walk:
		// So few that their texts are read sooner than the search index is asked.
		keys, err = r.gatherFrom(ctx, r.s.ordersIndexed("orders_list"))
		return keys, err == nil, err
	case r.term != "":
		keys, ok, err = r.gatherTerm(ctx)
	}
	if ok || err != nil || r.f.summed() {
		return keys, ok, err
	}
	for _, index := range r.rangeIndexes() {
		few, err := r.few(ctx, index)
		if err != nil {
			return nil, false, err
		}
		if few {
			keys, err := r.gatherFrom(ctx, r.s.ordersIndexed(index))
			return keys, err == nil, err
		}
	}
	return nil, false, nil
}

// gatherFrom finds all orders of the filter in one way and sorts them.
func (r orderRead) gatherFrom(ctx context.Context, from string, args ...any) ([]OrderKey, error) {
	c := r.f.where()
	r.rangeWhere(c)
	r.hasTerm(c)
	c.args = append(c.args, args...)
	keys, err := r.keys(ctx, r.selectKeys(from)+` WHERE `+c.String(), c.args...)
	slices.SortFunc(keys, r.f.Order.compare)
	return keys, err
}

// hasTerm completes a condition with the look at the text.
func (r orderRead) hasTerm(c *conditions) {
	if r.term != "" {
		c.parts = append(c.parts, r.s.dialect.contains("o.search_text", c.param(r.term)))
	}
}

// rangeIndexes are the indexes that have the filter's ranges.
func (r orderRead) rangeIndexes() []string {
	var out []string
	if !r.f.ImportedSince.IsZero() {
		out = append(out, "orders_imported")
	}
	if r.f.MinTotal != nil || r.f.MaxTotal != nil {
		out = append(out, "orders_total")
	}
	if r.f.scored() {
		out = append(out, "orders_score")
	}
	return out
}

// rangeWhere says the ranges of totals and scores once more, in the words of their indexes.
func (r orderRead) rangeWhere(c *conditions) {
	r.totalsWhere(c)
	r.scoresWhere(c)
}

func (r orderRead) scoresWhere(c *conditions) {
	score := OrderBy{Field: ByDeliveryScore}.expression()
	if r.f.MinScore != nil {
		c.add(score+" >= ?", *r.f.MinScore)
	}
	if r.f.MaxScore != nil {
		c.add(score+" <= ?", *r.f.MaxScore)
		if r.f.MinScore == nil {
			c.add(score+" > ?", notScored)
		}
	}
}

func (r orderRead) totalsWhere(c *conditions) {
	total := OrderBy{Field: ByTotalPrice}.expression()
	if r.f.MinTotal != nil {
		c.add(total+" >= ?", *r.f.MinTotal)
	}
	if r.f.MaxTotal != nil {
		c.add(total+" <= ?", *r.f.MaxTotal)
		if r.f.MinTotal == nil {
			c.add(total+" > ?", int64(unknownTotal))
		}
	}
}

// few tells whether a range holds so few orders that they can be gathered.
func (r orderRead) few(ctx context.Context, index string) (bool, error) {
	c := &conditions{}
	c.add("o.integration_id = ?", r.f.IntegrationID)
	c.add("o.deleted_at IS NULL")
	switch index {
	case "orders_imported":
		c.add("o.imported_at >= ?", r.f.ImportedSince.UnixMilli())
	case "orders_score":
		r.scoresWhere(c)
	default:
		r.totalsWhere(c)
	}
	n, err := get(ctx, r.s.readers, r.op, scanOne[int], `SELECT count(*) FROM (SELECT 1 FROM `+r.s.ordersIndexed(index)+
		` WHERE `+c.String()+` LIMIT `+c.param(r.s.bounds.gather+1)+`) few`, c.args...)
	return n <= r.s.bounds.gather, err
}

// page finds a page by walking the list; count is how many orders there are, -1 when it was not counted.
func (r orderRead) page(ctx context.Context, limit, offset, count int) ([]OrderKey, error) {
	if r.term == "" {
		sparse, err := r.sparse(ctx, limit+offset, count)
		switch {
		case err != nil:
			return nil, err
		case r.f.Order.index() == "orders_list" && r.f.summed() && (sparse || offset >= r.s.bounds.skip):
			return r.skip(ctx, limit, offset)
		case r.f.Order.index() != "orders_list" && sparse && count <= r.s.bounds.gather:
			// The other indexes do not have what is filtered by: one walk along the one that has is shorter.
			keys, err := r.gatherFrom(ctx, r.s.ordersIndexed("orders_list"))
			return slice(keys, offset, limit), err
		}
	}
	c := r.f.where()
	r.f.after(c)
	if r.term != "" {
		if err := r.s.dialect.narrow(ctx, r, c); err != nil {
			return nil, err
		}
		r.hasTerm(c)
	}
	return r.keys(ctx, r.selectKeys(r.s.ordersIndexed(r.f.Order.index()))+` WHERE `+c.String()+r.f.orderBy()+
		` LIMIT `+c.param(limit)+` OFFSET `+c.param(offset), c.args...)
}

// sparse tells whether a walk to the n-th of the count orders would pass very many others.
func (r orderRead) sparse(ctx context.Context, n, count int) (bool, error) {
	if count < 0 {
		return false, nil
	}
	total, err := r.s.sumOrders(ctx, r.op, OrderFilter{IntegrationID: r.f.IntegrationID})
	return total/max(count, 1)*n > max(r.s.bounds.walk, 2*n), err
}

// walkTexts walks the list from the place that the page begins behind, looks at the texts of the first orders that
// meet the rest of the filter, and returns at most limit that have the term.
func (r orderRead) walkTexts(ctx context.Context, limit int) ([]OrderKey, error) {
	c := r.f.where()
	r.f.after(c)
	direction := r.f.Order.direction()
	return r.keys(ctx, `SELECT o.id, w.place FROM (`+`SELECT o.id, `+r.f.Order.expression()+` AS place FROM `+r.s.ordersIndexed(r.f.Order.index())+
		` WHERE `+c.String()+r.f.orderBy()+` LIMIT `+c.param(r.s.bounds.walk)+`) w CROSS JOIN orders o
		WHERE o.id = w.id AND `+r.s.dialect.contains("o.search_text", c.param(r.term))+
		r.s.dialect.inOrder("w.place"+direction+", w.id"+direction)+` LIMIT `+c.param(limit), c.args...)
}
