package store

import (
	"context"

	"probability/shopify"
)

// otherDocuments reads the payloads of those stored orders that a version of the same time meets in a document of the other
// way: see versionKey. They are few: what changed within the overlap of two syncs.
func (tx *Tx) otherDocuments(ctx context.Context, op string, ready []*preparedOrder, stored map[string]storedVersion) (map[string][]byte, error) {
	orders := make(map[int64]string)
	var rows []int64
	for _, p := range ready {
		last, known := stored[p.order.ID]
		if !known || last.deleted || !p.key.twoWays(last.key) {
			continue
		}
		if _, twice := orders[last.id]; !twice {
			orders[last.id] = p.order.ID
			rows = append(rows, last.id)
		}
	}
	documents := make(map[string][]byte, len(rows))
	err := eachChunk(tx.dialect(), rows, nil, func(in string, args []any) error {
		found, err := tx.tx.QueryContext(ctx, `SELECT order_id, codec, body FROM order_payloads WHERE order_id IN (`+in+`)`, args...)
		if err != nil {
			return failed(op, err)
		}
		defer found.Close()
		for found.Next() {
			var (
				row int64
				p   packedBody
			)
			if err := found.Scan(&row, &p.codec, &p.body); err != nil {
				return failed(op, err)
			}
			body, err := tx.store.bodies.unpack(p)
			if err != nil {
				return failed(op, err)
			}
			documents[orders[row]] = body
		}
		return failed(op, found.Err())
	})
	return documents, err
}

// sameDocuments tells whether a version says the same as the one that is about to be written, or else as the stored document.
func sameDocuments(p, writing *preparedOrder, stored []byte) bool {
	if writing != nil {
		stored = writing.order.Raw
	}
	return stored != nil && shopify.SameOrder(p.order.Raw, stored)
}

// seen is the version as one that was seen at another time. Others may hold the one it is made from.
func (p *preparedOrder) seen(observed int64) *preparedOrder {
	other := *p
	other.key.observed = observed
	return &other
}
