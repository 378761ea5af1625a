package store

import (
	"context"
	"fmt"
	"time"
)

// SetReported stores what the merchant or a carrier says became of an order's parcel, and when; it counts before what the platform
// says. ParcelPending takes it back. ErrNotFound for an order that is deleted, was never read or is another integration's.
func (tx *Tx) SetReported(ctx context.Context, integrationID, orderID int64, outcome ParcelOutcome, at time.Time, carrier string) error {
	op := fmt.Sprintf("scores: report of order %d of integration %d", orderID, integrationID)
	moved, err := tx.setReported(ctx, op, integrationID, orderID, outcome, at, carrier)
	if err != nil {
		return err
	}
	return tx.disturb(ctx, op, integrationID, []place{moved})
}

// setReported is SetReported without telling the orders that depend on it, which disturb does for the place that it gives.
func (tx *Tx) setReported(ctx context.Context, op string, integrationID, orderID int64, outcome ParcelOutcome, at time.Time, carrier string) (place, error) {
	before, err := tx.readFacts(ctx, op, integrationID, orderID)
	if err != nil {
		return place{}, err
	}
	if outcome == ParcelPending {
		at, carrier = time.Time{}, ""
	}
	if _, err := tx.tx.ExecContext(ctx, `UPDATE order_facts SET reported = $2, reported_at = $3, reported_carrier = $4, due = 1 WHERE order_id = $1`,
		orderID, outcome, millis(at), null(carrier)); err != nil {
		return place{}, failed(op, err)
	}
	tx.dueIn(integrationID).written = append(tx.dueIn(integrationID).written, orderID)
	after, counts := before, newOutcomeCounts()
	after.reported = outcome
	counts.add(before, -1)
	counts.add(after, 1)
	moved := before.place()
	moved.keys[keyAddress], moved.keys[keyIP] = 0, 0 // they tell of many orders at once, whatever became of them
	return moved, tx.countOutcomes(ctx, op, integrationID, counts)
}

// SetMark stores what the merchant says of an order: 1 allowed, -1 blocked, 0 nothing any more. ErrNotFound as for SetReported.
func (tx *Tx) SetMark(ctx context.Context, integrationID, orderID int64, mark int8) error {
	op := fmt.Sprintf("scores: mark of order %d of integration %d", orderID, integrationID)
	if _, err := tx.readFacts(ctx, op, integrationID, orderID); err != nil {
		return err
	}
	tx.dueIn(integrationID).written = append(tx.dueIn(integrationID).written, orderID)
	_, err := tx.tx.ExecContext(ctx, `UPDATE order_facts SET mark = $2, due = 1 WHERE order_id = $1`, orderID, mark)
	return failed(op, err)
}

// SetCustomerMark stores what the merchant says of an order's customer, for all orders with the same telephone number or e-mail,
// those to come too: 1 allowed, -1 blocked, 0 nothing any more. ErrNotFound as for SetReported, and known is false when the order tells
// neither, so that nobody can be marked.
func (tx *Tx) SetCustomerMark(ctx context.Context, integrationID, orderID int64, mark int8, now time.Time) (known bool, err error) {
	op := fmt.Sprintf("scores: mark of the customer of order %d of integration %d", orderID, integrationID)
	f, err := tx.readFacts(ctx, op, integrationID, orderID)
	if err != nil {
		return false, err
	}
	all := make(map[int64]bool)
	for _, key := range f.keys.customer() {
		if key == 0 {
			continue
		}
		known = true
		if mark == 0 {
			_, err = tx.tx.ExecContext(ctx, `DELETE FROM customer_marks WHERE integration_id = $1 AND key = $2`, integrationID, key)
		} else {
			_, err = tx.tx.ExecContext(ctx, `INSERT INTO customer_marks (integration_id, key, mark, marked_at) VALUES ($1, $2, $3, $4)
				ON CONFLICT (integration_id, key) DO UPDATE SET mark = excluded.mark, marked_at = excluded.marked_at`, integrationID, key, mark, now.UnixMilli())
		}
		if err != nil {
			return false, failed(op, err)
		}
		all[key] = true
	}
	n := &neighbours{tx: tx, op: op, integrationID: integrationID}
	if err := n.readCustomers(ctx, all); err != nil {
		return false, err
	}
	due := make(map[int64]bool)
	for _, orders := range n.customer {
		for _, o := range orders {
			due[o.id] = true
		}
	}
	return known, tx.makeDue(ctx, op, integrationID, due)
}

// readFacts reads an order's facts within the transaction.
func (tx *Tx) readFacts(ctx context.Context, op string, integrationID, orderID int64) (storedFacts, error) {
	if _, err := tx.connected(ctx, op, integrationID); err != nil {
		return storedFacts{}, err
	}
	return get(ctx, tx.tx, op, scanFacts, `SELECT `+factsColumns+` FROM order_facts f WHERE f.order_id = $1 AND f.integration_id = $2`, orderID, integrationID)
}
