package store

import (
	"cmp"
	"context"
	"slices"
)

// Payment is when an order is paid. The numbers are those of the score.
type Payment uint8

// Values of Payment.
const (
	PaymentUnknown    Payment = iota
	PaymentBefore             // before it is delivered
	PaymentOnDelivery         // to whoever brings it
)

// outlook is a row of order_outlooks within its integration: what is known of when an order is paid, whether it is likely to arrive,
// and whether it did.
type outlook struct {
	day        int64
	payment    Payment
	likelihood string
	outcome    ParcelOutcome
}

func (f storedFacts) outlook() outlook {
	o := outlook{day: dayOf(f.placed), payment: f.payment, likelihood: f.likelihood, outcome: f.outcome}
	if f.reported != ParcelPending {
		o.outcome = f.reported
	}
	return o
}

// outlookCounts is by how much the counts of outlooks change.
type outlookCounts map[outlook]int64

// move counts an order that had one outlook and has another.
func (c outlookCounts) move(from, to outlook) {
	c[from]--
	c[to]++
}

// countOutlooks brings the counts of outlooks up to date.
func (tx *Tx) countOutlooks(ctx context.Context, op string, integrationID int64, counts outlookCounts) error {
	keys := make([]outlook, 0, len(counts))
	for k, n := range counts {
		if n != 0 {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b outlook) int { // neighbours in the table follow each other
		return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.payment, b.payment), cmp.Compare(a.likelihood, b.likelihood), cmp.Compare(a.outcome, b.outcome))
	})
	for _, size := range dayBatches {
		for ; len(keys) >= size; keys = keys[size:] {
			args := make([]any, 0, size*6)
			for _, k := range keys[:size] {
				args = append(args, integrationID, k.day, k.payment, k.likelihood, k.outcome, counts[k])
			}
			if _, err := tx.tx.ExecContext(ctx, `INSERT INTO order_outlooks (integration_id, day, payment, delivery_probability, outcome, orders) VALUES `+
				tx.dialect().values(size, 6)+` ON CONFLICT (integration_id, day, payment, delivery_probability, outcome) DO UPDATE SET
					orders = order_outlooks.orders + excluded.orders`, args...); err != nil {
				return failed(op, err)
			}
		}
	}
	return nil
}

// likelihoods are the bands of some orders that are stored.
func (tx *Tx) likelihoods(ctx context.Context, op string, ids []int64) (map[int64]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	type band struct {
		id   int64
		name string
	}
	found, err := list(ctx, tx.tx, op, func(r row) (b band, err error) {
		err = r.Scan(&b.id, &b.name)
		return b, err
	}, `SELECT o.id, COALESCE(o.delivery_probability, '') FROM `+tx.dialect().numbers("$1")+` n CROSS JOIN orders o WHERE o.id = n.value`, tx.dialect().numberList(ids))
	out := make(map[int64]string, len(found))
	for _, b := range found {
		out[b.id] = b.name
	}
	return out, err
}
