package web

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"probability/store"
)

// Sizes of what is read at once. With payloads, which may have any size, the number of orders follows the bytes that
// the batch before had.
const (
	exportBatch       = 500     // orders
	exportFirstBatch  = 100     // orders, while the size of the payloads is not known
	exportLeastBatch  = 10      // orders
	exportBatchBudget = 2 << 20 // bytes of payloads
)

// exportWalk reads all orders of a filter in batches. Each batch is a query of its own: a transaction over the whole
// export would keep the database's log from being cleared, and the log would grow as long as the slowest client reads.
//
// Every order that matches from the beginning to the end is given exactly once. With an ordering whose value never changes,
// the place to go on from takes care of that. With the others an order may move meanwhile: to where it would come
// again, which seen prevents, or to where the walk has been already, for which the orders are gone through once more in a
// lasting order. Those come last.
type exportWalk struct {
	batch  int // orders, at most
	filter store.OrderFilter
	seen   idSet // nil for a lasting order
	store  *store.Store
}

func newExportWalk(st *store.Store, f store.OrderFilter) *exportWalk {
	w := &exportWalk{batch: exportBatch, filter: f, store: st}
	switch f.Order.Field {
	case store.ByUpdatedAt, store.ByTotalPrice, store.ByDeliveryScore:
		w.seen = idSet{}
	}
	return w
}

// each gives the batches to yield and ends with the first error.
func (w *exportWalk) each(ctx context.Context, yield func([]store.Order) error) error {
	err := w.pass(ctx, w.filter, func(orders []store.Order) error { return yield(w.unseen(orders)) })
	if err != nil || w.seen == nil {
		return err
	}
	again := w.filter
	again.Order, again.Payload = store.OrderBy{Field: store.ByCreatedAt}, false
	return w.pass(ctx, again, func(orders []store.Order) error {
		missed, err := w.complete(ctx, w.unseen(orders))
		if err != nil {
			return err
		}
		return yield(missed) // mostly none, which still tells that the walk goes on
	})
}

// pass reads the filter's list from its beginning to its end.
func (w *exportWalk) pass(ctx context.Context, f store.OrderFilter, yield func([]store.Order) error) error {
	f.Limit = w.batch
	if f.Payload {
		f.Limit = min(w.batch, exportFirstBatch)
	}
	for {
		orders, err := w.store.Orders(ctx, f)
		if err != nil {
			return err
		}
		last := len(orders) < f.Limit
		if !last {
			key := store.KeyOf(orders[len(orders)-1], f.Order)
			f.After = &key
		}
		if f.Payload {
			f.Limit = min(w.batch, nextBatch(orders))
		}
		if err := yield(orders); err != nil || last {
			return err
		}
	}
}

// nextBatch is how many orders like these fit the budget.
func nextBatch(like []store.Order) int {
	bytes := 1
	for i := range like {
		bytes += len(like[i].Raw)
	}
	return max(exportBatchBudget*len(like)/bytes, exportLeastBatch)
}

// unseen are the orders that were not given yet; from now on they were.
func (w *exportWalk) unseen(orders []store.Order) []store.Order {
	if w.seen == nil {
		return orders
	}
	fresh := orders[:0]
	for _, o := range orders {
		if w.seen.add(o.ID) {
			fresh = append(fresh, o)
		}
	}
	return fresh
}

// complete adds the payloads to orders that were read without. They are few.
func (w *exportWalk) complete(ctx context.Context, orders []store.Order) ([]store.Order, error) {
	if !w.filter.Payload {
		return orders, nil
	}
	whole := orders[:0]
	for _, o := range orders {
		o, err := w.store.Order(ctx, o.IntegrationID, o.ID)
		if errors.Is(err, store.ErrNotFound) {
			continue // deleted since
		}
		if err != nil {
			return nil, err
		}
		whole = append(whole, o)
	}
	return whole, nil
}

// idSet is a set of ids in one bit each, as the ids of a store's orders lie close together.
type idSet map[int64]uint64

// add tells whether the id is new.
func (s idSet) add(id int64) bool {
	word, bit := id>>6, uint64(1)<<(id&63)
	if s[word]&bit != 0 {
		return false
	}
	s[word] |= bit
	return true
}

// readAhead is a walk that reads the next batch while the last one is being written, and no further.
type readAhead struct {
	batches chan []store.Order
	cancel  context.CancelFunc
	err     error // of the walk; valid once batches is closed
}

func startReadAhead(ctx context.Context, w *exportWalk) *readAhead {
	ctx, cancel := context.WithCancel(ctx)
	r := &readAhead{batches: make(chan []store.Order), cancel: cancel}
	go func() {
		defer close(r.batches)
		defer func() {
			if cause := recover(); cause != nil { // here it would end the process, not the request
				r.err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
			}
		}()
		r.err = w.each(ctx, func(orders []store.Order) error {
			select {
			case r.batches <- orders:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	return r
}

// stop ends the reading and waits for it. It tells how many batches were read in vain: what was on its way.
func (r *readAhead) stop() (dropped int) {
	r.cancel()
	for range r.batches {
		dropped++
	}
	return dropped
}
