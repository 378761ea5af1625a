package simulator

import (
	"cmp"
	"slices"
	"time"
)

// record is what is held of one order: enough to filter and to sort. Times are
// Unix seconds, the precision of Shopify.
type record struct {
	id, created, updated, processed int64
	name                            string
	financial, fulfillment          string // "" is null
	cancelled, closed               bool
	seq                             uint64 // of the generator, when raw is nil
	raw                             []byte // as added or last changed
}

// sortKey names the orderings of a list; each has the id as tie-breaker.
type sortKey int

const (
	byID sortKey = iota
	byCreated
	byUpdated
	byProcessed
	sortKeys
)

func (r *record) key(by sortKey) int64 {
	switch by {
	case byCreated:
		return r.created
	case byUpdated:
		return r.updated
	case byProcessed:
		return r.processed
	case byID, sortKeys:
	}
	return r.id
}

func (r *record) compare(by sortKey, value, id int64) int {
	return cmp.Or(cmp.Compare(r.key(by), value), cmp.Compare(r.id, id))
}

// index keeps the orders sorted in every way a list can ask for, so that a page
// costs a binary search and a walk, however many orders there are.
type index struct {
	orders map[int64]*record
	sorted [sortKeys][]*record // ascending
}

func (ix *index) get(id int64) *record { return ix.orders[id] }

func (ix *index) len() int { return len(ix.orders) }

// add inserts records whose ids are new.
func (ix *index) add(records ...*record) {
	if ix.orders == nil {
		ix.orders = make(map[int64]*record, len(records))
	}
	for _, r := range records {
		ix.orders[r.id] = r
	}
	for by := range sortKeys {
		list := ix.sorted[by]
		if len(records) < 16 {
			for _, r := range records {
				at := ix.find(by, r.key(by), r.id)
				list = slices.Insert(list, at, r)
				ix.sorted[by] = list
			}
			continue
		}
		list = append(list, records...)
		slices.SortFunc(list, func(a, b *record) int { return a.compare(by, b.key(by), b.id) })
		ix.sorted[by] = list
	}
}

// remove takes a record out; it must have the keys it was added with.
func (ix *index) remove(r *record) {
	delete(ix.orders, r.id)
	for by := range sortKeys {
		at := ix.find(by, r.key(by), r.id)
		ix.sorted[by] = slices.Delete(ix.sorted[by], at, at+1)
	}
}

// find returns the place of the first record not before (value, id).
func (ix *index) find(by sortKey, value, id int64) int {
	at, _ := slices.BinarySearchFunc(ix.sorted[by], id, func(r *record, id int64) int { return r.compare(by, value, id) })
	return at
}

// walk visits records in order until visit returns false. From is the
// (value, id) to begin after; nil begins at the end that comes first.
func (ix *index) walk(by sortKey, desc bool, from *position, visit func(*record) bool) {
	list := ix.sorted[by]
	if desc {
		at := len(list)
		if from != nil {
			at = ix.find(by, from.Value, from.ID)
		}
		for i := at - 1; i >= 0; i-- {
			if !visit(list[i]) {
				return
			}
		}
		return
	}
	at := 0
	if from != nil {
		at = ix.find(by, from.Value, from.ID)
		if at < len(list) && list[at].compare(by, from.Value, from.ID) == 0 {
			at++
		}
	}
	for ; at < len(list); at++ {
		if !visit(list[at]) {
			return
		}
	}
}

func unix(t time.Time) int64 { return t.Unix() }
