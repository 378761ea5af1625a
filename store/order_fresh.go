package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"
)

// This file rates orders that are not stored yet before they are written, so that each of their rows is written once. Most orders that
// come are such.

// Rate gives what an order gets; nil when it cannot be rated.
type Rate func(OrderToRate) *Rating

// RateWith says how orders of an integration are rated. It is called once, before orders are stored; without it they wait until
// somebody rates what is due. rater may say nil, for orders that are to wait, and neither it nor what it gives must panic.
func (s *Store) RateWith(rater func(ctx context.Context, tx *Tx, integrationID int64) Rate) {
	s.rater = rater
}

// freshScore is what is known of the score of an order that is not stored yet.
type freshScore struct {
	place   place
	state   int // of order_facts.due
	history History
	rating  *Rating
}

// likelihood is the order's band.
func (f *freshScore) likelihood() string {
	if f == nil || f.rating == nil {
		return ""
	}
	return f.rating.Probability
}

// score and carrier are the order's, as they are stored.
func (f *freshScore) score() sql.NullInt64 {
	if f == nil || f.rating == nil {
		return sql.NullInt64{}
	}
	return sql.NullInt64{Int64: int64(f.rating.Score), Valid: true}
}

func (f *freshScore) factors() sql.NullString {
	if f.rating == nil {
		return sql.NullString{}
	}
	return null(factorsText(f.rating.Negative))
}

func (f *freshScore) carrier() string {
	if f == nil || f.rating == nil {
		return ""
	}
	return f.rating.Carrier
}

// rateFresh rates those of the orders that are not stored yet, in the light of what is stored and of each other, and notes whose
// stored scores they change.
func (tx *Tx) rateFresh(ctx context.Context, op string, integrationID int64, batch []*preparedOrder, known map[string]storedVersion, now time.Time) error {
	var fresh []*preparedOrder
	for _, p := range batch {
		p.fresh = nil
		if _, there := known[p.order.ID]; !there && p.reading != nil {
			fresh = append(fresh, p)
		}
	}
	if len(fresh) == 0 || tx.store.rater == nil {
		return nil
	}
	rate := tx.store.rater(ctx, tx, integrationID)
	if rate == nil {
		return nil
	}
	h, err := tx.hasher(ctx, integrationID)
	if err != nil {
		return err
	}
	places := make([]place, len(fresh))
	for i, p := range fresh {
		places[i] = place{p.sum(now.UnixMilli()).listedAt, h.keys(p.reading.Identity)}
	}
	n := &neighbours{tx: tx, op: op, integrationID: integrationID, ended: true}
	if err := n.read(ctx, places, recentSpan, recentSpan); err != nil {
		return err
	}
	n.join(fresh, places)
	marks, err := tx.customerMarks(ctx, op, integrationID, n.customer)
	if err != nil {
		return err
	}
	due := make(map[int64]bool)
	for i, p := range fresh {
		f := &freshScore{place: places[i], state: scoreUpToDate}
		if f.history, err = n.history(ctx, freshID(i), places[i], marks); err != nil {
			return err
		}
		f.rating = rate(OrderToRate{Facts: p.reading.Facts, Version: p.reading.Version, History: f.history})
		if f.rating == nil {
			f.state = scoreFailed
		}
		p.fresh = f
		if err := n.dependents(ctx, places[i], due); err != nil {
			return err
		}
	}
	for id := range due {
		if id < 0 { // it has been rated just now
			delete(due, id)
		}
	}
	return tx.makeDue(ctx, op, integrationID, due)
}

// freshID stands for the number of an order that is not stored yet.
func freshID(i int) int64 { return -1 - int64(i) }

// join takes orders that are not stored yet among those that are.
func (n *neighbours) join(fresh []*preparedOrder, places []place) {
	n.joined = make(map[int64]map[int64][]neighbour)
	for i, p := range places {
		ended := fresh[i].reading.Settled
		o := neighbour{placed: p.placed, id: freshID(i), outcome: ended.Outcome, ended: maxMillis}
		if !ended.At.IsZero() {
			o.ended = ended.At.UnixMilli()
		}
		for kind, key := range p.keys {
			if key == 0 {
				continue
			}
			if o.key = key; kind < keyAddress {
				n.customer[key] = insertNeighbour(n.customer[key], o)
				continue
			}
			bucket := dayBucket(p.placed)
			if n.hot[bucket] {
				if n.joined[bucket] == nil {
					n.joined[bucket] = make(map[int64][]neighbour)
				}
				n.joined[bucket][key] = insertNeighbour(n.joined[bucket][key], o)
				continue
			}
			n.days[bucket][key] = insertNeighbour(n.days[bucket][key], o)
		}
	}
	for key, orders := range n.customer {
		n.customer[key] = orders[:min(len(orders), n.most())]
	}
}

// insertNeighbour keeps orders in the order in which they were placed.
func insertNeighbour(orders []neighbour, o neighbour) []neighbour {
	at, _ := slices.BinarySearchFunc(orders, o, neighbour.compare)
	return slices.Insert(orders, at, o)
}

// withJoined adds the joined orders of a bucket that is too large to be in memory.
func (n *neighbours) withJoined(bucket, key, from, to int64, found []neighbour) []neighbour {
	for _, o := range n.joined[bucket][key] {
		if o.placed >= from && o.placed <= to {
			found = append(found, o)
		}
	}
	slices.SortFunc(found, func(a, b neighbour) int { return cmp.Or(cmp.Compare(a.placed, b.placed), cmp.Compare(a.id, b.id)) })
	return found
}
