package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Scopes of a mark (OrderMark.Scope).
const (
	MarkOrder    = "order"
	MarkCustomer = "customer" // all orders of the customer, those to come too
)

// OrderMark is who marked an order, and why. What a mark does is told by SetMark and SetCustomerMark.
type OrderMark struct {
	IntegrationID int64
	OrderID       int64
	Mark          int8 // 1 allowed, -1 blocked
	Scope         string
	Note          string
	UserID        uuid.UUID
	MarkedAt      time.Time
}

// PutOrderMark stores who marked an order; a mark of 0 forgets it.
func (tx *Tx) PutOrderMark(ctx context.Context, m OrderMark) error {
	op := fmt.Sprintf("marks: put of order %d", m.OrderID)
	if m.Mark == 0 {
		_, err := tx.tx.ExecContext(ctx, `DELETE FROM order_marks WHERE order_id = $1`, m.OrderID)
		return failed(op, err)
	}
	_, err := tx.tx.ExecContext(ctx, `INSERT INTO order_marks (order_id, integration_id, mark, scope, note, user_id, marked_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (order_id) DO UPDATE SET mark = excluded.mark, scope = excluded.scope, note = excluded.note, user_id = excluded.user_id,
			marked_at = excluded.marked_at`, m.OrderID, m.IntegrationID, m.Mark, m.Scope, null(m.Note), m.UserID.String(), m.MarkedAt.UnixMilli())
	return failed(op, err)
}

// OrderMark is the mark of an order; ErrNotFound when it has none.
func (s *Store) OrderMark(ctx context.Context, integrationID, orderID int64) (OrderMark, error) {
	return get(ctx, s.readers, fmt.Sprintf("marks: of order %d", orderID), func(r row) (m OrderMark, err error) {
		var (
			note sql.NullString
			at   int64
		)
		err = r.Scan(&m.IntegrationID, &m.OrderID, &m.Mark, &m.Scope, &note, &m.UserID, &at)
		m.Note, m.MarkedAt = note.String, time.UnixMilli(at).UTC()
		return m, err
	}, `SELECT m.integration_id, m.order_id, m.mark, m.scope, m.note, m.user_id, m.marked_at FROM order_marks m
		WHERE m.order_id = $1 AND m.integration_id = $2`, orderID, integrationID)
}
