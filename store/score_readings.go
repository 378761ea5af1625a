package store

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"probability/shopify"
)

// ParcelOutcome is what became of an order's parcel. The numbers are those of the score.
type ParcelOutcome uint8

// Values of ParcelOutcome. Cancelled is before it was shipped.
const (
	ParcelPending ParcelOutcome = iota
	ParcelDelivered
	ParcelFailed
	ParcelCancelled
)

// Settled is an outcome with the time at which it was known; the zero value is pending.
type Settled struct {
	Outcome ParcelOutcome
	At      time.Time
}

// Reading is what an order tells for its delivery score, in the encoding of whoever makes the score.
type Reading struct {
	Facts    []byte
	Version  int // of the facts; 0: the order could not be read
	Settled  Settled
	Identity Identity
	Payment  Payment
}

// Identity is what tells that two orders are of one customer, normalised; what is not known is empty. It is stored as keyed
// hashes only.
type Identity struct{ Phone, Email, Address, IP string }

// ReadWith says how orders are read for their score, and which version of reading that is. It is called once, before orders are
// stored; without it none has a score. read must be safe for concurrent use and must not panic.
func (s *Store) ReadWith(version int, read func(shopify.Order) Reading) {
	s.readingVersion, s.readOrder = version, read
}

// reading reads an order; nil without a reader.
func (s *Store) reading(o shopify.Order) *Reading {
	if s.readOrder == nil {
		return nil
	}
	r := s.readOrder(o)
	return &r
}

// UnreadOrder is a stored order that no score is read of yet, or by another version of reading.
type UnreadOrder struct {
	Raw     []byte  // the payload
	Reading Reading // to be filled in

	id, placed, version int64
	digest              []byte
}

// Bounds of one look for orders to read.
const (
	unreadNumbers = 5_000
	unreadRows    = 200
)

// UnreadOrders are orders of an integration with numbers below one, the largest first, that are to be read anew. next is where the
// next look goes on; 0 when there are no more.
func (s *Store) UnreadOrders(ctx context.Context, integrationID, below int64) (orders []UnreadOrder, next int64, err error) {
	op := fmt.Sprintf("scores: unread orders of integration %d", integrationID)
	next = max(0, below-unreadNumbers)
	orders, err = list(ctx, s.work, op, func(r row) (o UnreadOrder, err error) {
		var p packedBody
		if err := r.Scan(&o.id, &o.placed, &o.version, &o.digest, &p.codec, &p.body); err != nil {
			return o, err
		}
		o.Raw, err = s.bodies.unpack(p)
		return o, err
	}, `SELECT o.id, o.listed_at, o.version_at, o.digest, p.codec, p.body FROM orders o
		JOIN order_payloads p ON p.order_id = o.id LEFT JOIN order_facts f ON f.order_id = o.id
		WHERE o.id < $1 AND o.id >= $2 AND o.integration_id = $3 AND o.deleted_at IS NULL AND (f.order_id IS NULL OR f.facts_version <> $4)
		ORDER BY o.id DESC LIMIT $5`, below, next, integrationID, s.readingVersion, unreadRows)
	if len(orders) == unreadRows {
		next = orders[unreadRows-1].id
	}
	return orders, next, err
}

// PutReadings stores what orders tell that UnreadOrders gave. Those that changed meanwhile have told it already, and are left.
func (tx *Tx) PutReadings(ctx context.Context, integrationID int64, orders []UnreadOrder) error {
	op := fmt.Sprintf("scores: put readings of integration %d", integrationID)
	if _, err := tx.connected(ctx, op, integrationID); err != nil {
		return err
	}
	ids := make([]int64, len(orders))
	for i, o := range orders {
		ids[i] = o.id
	}
	type state struct {
		id, version int64
		digest      []byte
	}
	found, err := list(ctx, tx.tx, op, func(r row) (v state, err error) {
		err = r.Scan(&v.id, &v.version, &v.digest)
		return v, err
	}, `SELECT o.id, o.version_at, o.digest FROM `+tx.dialect().numbers("$1")+` n CROSS JOIN orders o WHERE o.id = n.value AND o.deleted_at IS NULL`, tx.dialect().numberList(ids))
	if err != nil {
		return err
	}
	now := make(map[int64]state, len(found))
	for _, v := range found {
		now[v.id] = v
	}
	rows := make([]readOrderRow, 0, len(orders))
	for i := range orders {
		o := &orders[i]
		if v, there := now[o.id]; there && v.version == o.version && bytes.Equal(v.digest, o.digest) {
			rows = append(rows, readOrderRow{id: o.id, known: true, placed: o.placed, reading: &o.Reading})
		}
	}
	return tx.putReadings(ctx, op, integrationID, rows)
}
