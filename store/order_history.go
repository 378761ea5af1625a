package store

import (
	"context"
	"maps"
	"slices"
)

// History is what was known of an order's customer when it was placed. Orders placed at the same time are not earlier, and what
// ended at the same time was not known.
type History struct {
	Delivered int
	Failed    int
	Earlier   int  // orders, whatever became of them
	Recent    int  // of them, and of those from the same address or network, within the 24 hours before
	Mark      int8 // what the merchant says of the customer: 1 allowed, -1 blocked
}

// disturb notes that the scores of orders that may depend on these places are due.
func (tx *Tx) disturb(ctx context.Context, op string, integrationID int64, places []place) error {
	if len(places) == 0 {
		return nil
	}
	n := &neighbours{tx: tx, op: op, integrationID: integrationID}
	if err := n.read(ctx, places, 0, recentSpan); err != nil {
		return err
	}
	due := make(map[int64]bool)
	for _, p := range places {
		if err := n.dependents(ctx, p, due); err != nil {
			return err
		}
	}
	return tx.makeDue(ctx, op, integrationID, due)
}

// dependents adds the orders whose histories may depend on whether there is one at a place.
func (n *neighbours) dependents(ctx context.Context, p place, due map[int64]bool) error {
	for _, key := range p.keys.customer() {
		for _, o := range n.customer[key] {
			if o.placed >= p.placed {
				due[o.id] = true
			}
		}
	}
	for _, key := range p.keys.day() {
		if key == 0 {
			continue
		}
		// Behind so many it is nobody's key; the one that comes or goes and a tie are among them.
		after, err := n.between(ctx, key, p.placed, p.placed+recentSpan, false, n.tx.store.shared.day+3)
		if err != nil {
			return err
		}
		for _, o := range after {
			due[o.id] = true
		}
	}
	return nil
}

// makeDue notes that scores are due.
func (tx *Tx) makeDue(ctx context.Context, op string, integrationID int64, ids map[int64]bool) error {
	if len(ids) == 0 {
		return nil
	}
	list := slices.Sorted(maps.Keys(ids))
	tx.dueIn(integrationID).others = append(tx.dueIn(integrationID).others, list...)
	_, err := tx.tx.ExecContext(ctx, `UPDATE order_facts SET due = 1 WHERE due <> 1 AND order_id IN (SELECT n.value FROM `+tx.dialect().numbers("$1")+` n)`,
		tx.dialect().numberList(list))
	return failed(op, err)
}

// read reads the neighbours of places: before and after are how far those on the same days may be off, in milliseconds.
func (n *neighbours) read(ctx context.Context, places []place, before, after int64) error {
	customers, days := make(map[int64]bool), make(map[int64]map[int64]bool)
	for _, p := range places {
		for _, key := range p.keys.customer() {
			if key != 0 {
				customers[key] = true
			}
		}
		for bucket := dayBucket(p.placed - before); bucket <= dayBucket(p.placed+after); bucket++ {
			for _, key := range p.keys.day() {
				if key == 0 {
					continue
				}
				if days[bucket] == nil {
					days[bucket] = make(map[int64]bool)
				}
				days[bucket][key] = true
			}
		}
	}
	if err := n.readCustomers(ctx, customers); err != nil {
		return err
	}
	return n.readDays(ctx, days)
}

// histories are what was known of the customers of orders when they were placed; ids are the orders'.
func (tx *Tx) histories(ctx context.Context, op string, integrationID int64, ids []int64, places []place) ([]History, error) {
	n := &neighbours{tx: tx, op: op, integrationID: integrationID, ended: true}
	if err := n.read(ctx, places, recentSpan, 0); err != nil {
		return nil, err
	}
	marks, err := tx.customerMarks(ctx, op, integrationID, n.customer)
	if err != nil {
		return nil, err
	}
	out := make([]History, len(places))
	for i, p := range places {
		if out[i], err = n.history(ctx, ids[i], p, marks); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// history is one order's.
func (n *neighbours) history(ctx context.Context, id int64, p place, marks map[int64]int8) (h History, err error) {
	var earlier, recent []int64
	for _, key := range p.keys.customer() {
		orders, own := others(n.customer[key], id, p.placed, n.tx.store.shared.orders)
		if key == 0 || !own {
			continue
		}
		if mark := marks[key]; h.Mark != -1 && mark != 0 { // of two words the careful one
			h.Mark = mark
		}
		for _, o := range orders {
			if o.placed == p.placed || slices.Contains(earlier, o.id) {
				continue
			}
			earlier = append(earlier, o.id)
			if o.placed >= p.placed-recentSpan {
				recent = append(recent, o.id)
			}
			switch {
			case o.ended >= p.placed:
			case o.outcome == ParcelDelivered:
				h.Delivered++
			case o.outcome == ParcelFailed:
				h.Failed++
			}
		}
	}
	for _, key := range p.keys.day() {
		if key == 0 {
			continue
		}
		there, err := n.between(ctx, key, p.placed-recentSpan, p.placed, true, n.tx.store.shared.day+2)
		if err != nil {
			return History{}, err
		}
		orders, own := others(there, id, p.placed, n.tx.store.shared.day)
		if !own {
			continue
		}
		for _, o := range orders {
			if o.placed < p.placed && !slices.Contains(recent, o.id) {
				recent = append(recent, o.id)
			}
		}
	}
	h.Earlier, h.Recent = len(earlier), len(recent)
	return h, nil
}

// others are the orders of a key but for one itself, placed until then; own is false when they are so many that the key is nobody's.
func others(orders []neighbour, id, until int64, most int) (out []neighbour, own bool) {
	for _, o := range orders {
		if o.id != id && o.placed <= until {
			out = append(out, o)
		}
	}
	return out, len(out) <= most
}

// customerMarks reads what the merchant says of customers, by key.
func (tx *Tx) customerMarks(ctx context.Context, op string, integrationID int64, keys map[int64][]neighbour) (map[int64]int8, error) {
	marks := make(map[int64]int8)
	if len(keys) == 0 {
		return marks, nil
	}
	ids := make([]int64, 0, len(keys))
	for key := range keys {
		ids = append(ids, key)
	}
	type marked struct {
		key  int64
		mark int8
	}
	found, err := list(ctx, tx.tx, op, func(r row) (m marked, err error) {
		err = r.Scan(&m.key, &m.mark)
		return m, err
	}, `SELECT m.key, m.mark FROM `+tx.dialect().numbers("$1")+` n CROSS JOIN customer_marks m WHERE m.integration_id = $2 AND m.key = n.value`,
		tx.dialect().numberList(ids), integrationID)
	for _, m := range found {
		marks[m.key] = m.mark
	}
	return marks, err
}
