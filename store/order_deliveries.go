package store

import (
	"context"
	"encoding/json"
	"fmt"
)

// OrderDelivery is a delivery that changed an order.
type OrderDelivery struct {
	PlatformOrderID string
	Seq             int64 // of the delivery
}

// NoteOrderDeliveries writes down which deliveries changed which orders of an integration. Orders and deliveries that are not there
// are passed over, and what is noted already is no error.
func (tx *Tx) NoteOrderDeliveries(ctx context.Context, integrationID int64, changed []OrderDelivery) error {
	if len(changed) == 0 {
		return nil
	}
	op := fmt.Sprintf("deliveries: note %d orders of integration %d", len(changed), integrationID)
	pairs := make([][2]any, len(changed))
	for i, c := range changed {
		pairs[i] = [2]any{storedID(tx.dialect(), c.PlatformOrderID), c.Seq}
	}
	list, err := json.Marshal(pairs)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	_, err = tx.tx.ExecContext(ctx, noteOrderDeliveries(tx.dialect()), string(list), integrationID)
	return failed(op, err)
}

// noteOrderDeliveries takes the pairs as a JSON list, and the integration. Order and delivery are looked up for each pair: of a join a
// server that has no statistics yet would go through all orders of the integration for each.
func noteOrderDeliveries(d dialect) string {
	return `INSERT INTO order_deliveries (order_id, seq)
	SELECT c.id, c.seq FROM (SELECT
			(SELECT o.id FROM orders o WHERE o.integration_id = $2 AND o.platform = '` + platformShopify + `' AND o.platform_order_id = n.value ->> 0) AS id,
			(SELECT d.seq FROM deliveries d WHERE d.seq = CAST(n.value ->> 1 AS BIGINT)) AS seq
		FROM ` + d.elements("$1") + ` n) c
	WHERE c.id IS NOT NULL AND c.seq IS NOT NULL
	ON CONFLICT DO NOTHING`
}

// DeliveriesOf lists the deliveries that changed an order and are still kept, without their bodies, newest first, at most limit.
func (s *Store) DeliveriesOf(ctx context.Context, integrationID, orderID int64, limit int) ([]Delivery, error) {
	return list(ctx, s.readers, fmt.Sprintf("deliveries: of order %d", orderID), scanDelivery, deliveriesOfOrder, orderID, integrationID, pageSize(limit))
}

const deliveriesOfOrder = `SELECT ` + deliveryColumns + ` FROM order_deliveries c JOIN deliveries d ON d.seq = c.seq
	WHERE c.order_id = $1 AND d.integration_id = $2 ORDER BY c.seq DESC LIMIT $3`
