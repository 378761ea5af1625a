package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"probability/shopify"
)

// Order is a stored order: what the platform says, and what we add. The embedded Order's ID is the platform's id; its Raw and
// ours are the same bytes, set only when the payload was asked for.
type Order struct {
	ID            int64
	IntegrationID int64
	Platform      string
	shopify.Order
	ImportedAt          time.Time
	DeletedAt           time.Time
	PurchaseCount       int // orders of this integration with this e-mail, this one included; 0 without an e-mail
	DeliveryProbability string
	RecommendedCarrier  string
	DeliveryScore       *int     // 0 to 100; nil: not scored
	NegativeFactors     []Factor // what takes points from the score, most first
	Raw                 []byte
}

const orderFields = `o.id, o.integration_id, o.platform, o.platform_order_id, o.imported_at, o.created_at, o.updated_at, o.cancelled_at,
	o.deleted_at, o.order_number, o.total_price, o.currency, o.customer_name, o.customer_email, o.email_key, o.phone, o.payment_type,
	o.source_name, o.financial_status, o.fulfillment_status, o.address, o.address_complement, o.city, o.province, o.country, o.tags,
	o.test, o.delivery_probability, o.delivery_score, o.recommended_carrier,
	(SELECT f.factors FROM order_facts f WHERE f.order_id = o.id)`

// readOrder is an order with the key that its purchases are counted by.
type readOrder struct {
	Order
	emailKey string
}

// scanOrder scans orderFields, then codec and body when payload is set.
func (s *Store) scanOrder(payload bool) func(row) (readOrder, error) {
	return func(r row) (o readOrder, err error) {
		var (
			imported, created, updated, cancelled, deleted sql.NullInt64
			texts                                          [19]sql.NullString
			factors                                        sql.NullString
			score                                          sql.NullFloat64
			codec                                          sql.NullInt64
			packed                                         []byte
		)
		p := &o.Order.Order
		into := [...]*string{
			&p.Number, &p.TotalPrice, &p.Currency, &p.CustomerName, &p.CustomerEmail, &o.emailKey, &p.Phone, &p.PaymentType,
			&p.SourceName, &p.FinancialStatus, &p.FulfillmentStatus, &p.Address, &p.AddressComplement, &p.City, &p.Province, &p.Country, &p.Tags,
			&o.DeliveryProbability, &o.RecommendedCarrier,
		}
		dest := []any{&o.Order.ID, &o.IntegrationID, &o.Platform, &p.ID, &imported, &created, &updated, &cancelled, &deleted}
		for i := range 17 {
			dest = append(dest, &texts[i])
		}
		dest = append(dest, &p.Test, &texts[17], &score, &texts[18], &factors)
		if payload {
			dest = append(dest, &codec, &packed)
		}
		if err := r.Scan(dest...); err != nil {
			return readOrder{}, err
		}
		for i, t := range into {
			*t = texts[i].String
		}
		o.ImportedAt, o.DeletedAt = fromMillis(imported), fromMillis(deleted)
		p.CreatedAt, p.UpdatedAt, p.CancelledAt = fromMillis(created), fromMillis(updated), fromMillis(cancelled)
		if score.Valid {
			n := int(score.Float64)
			o.DeliveryScore = &n
		}
		o.NegativeFactors = parseFactors(factors.String)
		if payload && codec.Valid {
			if o.Order.Raw, err = s.bodies.unpack(packedBody{int(codec.Int64), packed}); err != nil {
				return readOrder{}, err
			}
			p.Raw = o.Order.Raw
		}
		return o, nil
	}
}

// selectOrders is the beginning of a query for orders, with their payloads or without; from follows the columns.
func selectOrders(payload bool, from string) string {
	if payload {
		return `SELECT ` + orderFields + `, p.codec, p.body FROM ` + from + ` LEFT JOIN order_payloads p ON p.order_id = o.id`
	}
	return `SELECT ` + orderFields + ` FROM ` + from
}

// ordersByID reads orders in the order of the ids; those that are gone meanwhile are left out.
func (s *Store) ordersByID(ctx context.Context, op string, f OrderFilter, ids []int64) ([]Order, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := list(ctx, s.readers, op, s.scanOrder(f.Payload),
		selectOrders(f.Payload, s.dialect.numbers("$1")+` n CROSS JOIN orders o`)+
			` WHERE o.id = n.value AND o.integration_id = $2 AND o.deleted_at IS NULL`, s.dialect.numberList(ids), f.IntegrationID)
	if err != nil {
		return nil, err
	}
	place := make(map[int64]int, len(ids))
	for i, id := range ids {
		place[id] = i
	}
	slices.SortFunc(rows, func(a, b readOrder) int { return cmp.Compare(place[a.Order.ID], place[b.Order.ID]) })
	return s.counted(ctx, op, f.IntegrationID, rows)
}

// eachPayloadNumbers is how many numbers of orders one call of EachPayload goes through.
const eachPayloadNumbers = 500

// EachPayload gives an integration's orders behind a number to yield, with their payloads and the deleted ones too, some in each
// call: next is where the next one begins. Only one order is in memory at a time.
func (s *Store) EachPayload(ctx context.Context, integrationID, after int64, yield func(*Order) error) (next int64, done bool, err error) {
	op := fmt.Sprintf("orders: each payload of integration %d", integrationID)
	last, err := get(ctx, s.readers, op, scanOne[int64], `SELECT COALESCE(max(id), 0) FROM orders`)
	if err != nil || after >= last {
		return after, true, err
	}
	next = after + eachPayloadNumbers
	rows, err := s.readers.QueryContext(ctx, selectOrders(true, "orders o")+` WHERE o.id > $1 AND o.id <= $2 AND o.integration_id = $3 ORDER BY o.id`,
		after, next, integrationID)
	if err != nil {
		return after, false, failed(op, err)
	}
	defer rows.Close()
	scan := s.scanOrder(true)
	for rows.Next() {
		o, err := scan(rows)
		if err != nil {
			return after, false, failed(op, err)
		}
		if err := yield(&o.Order); err != nil {
			return after, false, err
		}
	}
	return next, false, failed(op, rows.Err())
}

// HasOrder tells whether an integration has an order of that number that is not deleted.
func (s *Store) HasOrder(ctx context.Context, integrationID, id int64) (bool, error) {
	return get(ctx, s.readers, fmt.Sprintf("orders: is there %d of integration %d", id, integrationID), scanOne[bool],
		`SELECT EXISTS (SELECT 1 FROM orders o WHERE o.id = $1 AND o.integration_id = $2 AND o.deleted_at IS NULL)`, id, integrationID)
}

// Order is one order with its payload; a deleted one is ErrNotFound.
func (s *Store) Order(ctx context.Context, integrationID, id int64) (Order, error) {
	op := fmt.Sprintf("orders: get %d of integration %d", id, integrationID)
	o, err := get(ctx, s.readers, op, s.scanOrder(true),
		selectOrders(true, "orders o")+` WHERE o.id = $1 AND o.integration_id = $2 AND o.deleted_at IS NULL`, id, integrationID)
	if err != nil {
		return Order{}, err
	}
	orders, err := s.counted(ctx, op, integrationID, []readOrder{o})
	if err != nil {
		return Order{}, err
	}
	return orders[0], nil
}

// counted fills in the purchase counts of a page with one grouped query over an index.
func (s *Store) counted(ctx context.Context, op string, integrationID int64, rows []readOrder) ([]Order, error) {
	var emails []string
	counts := make(map[string]int)
	for _, o := range rows {
		if _, seen := counts[o.emailKey]; !seen && o.emailKey != "" {
			counts[o.emailKey] = 0
			emails = append(emails, o.emailKey)
		}
	}
	type count struct {
		email string
		n     int
	}
	err := eachChunk(s.dialect, emails, []any{integrationID}, func(in string, args []any) error {
		found, err := list(ctx, s.readers, op, func(r row) (c count, err error) {
			err = r.Scan(&c.email, &c.n)
			return c, err
		}, purchaseCounts(in), args...)
		for _, c := range found {
			counts[c.email] = c.n
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	out := make([]Order, len(rows))
	for i, o := range rows {
		o.PurchaseCount = counts[o.emailKey]
		out[i] = o.Order
	}
	return out, nil
}

// purchaseCounts counts the orders of each e-mail in the list in.
func purchaseCounts(in string) string {
	return `SELECT o.email_key, count(*) FROM orders o WHERE o.integration_id = $1 AND o.email_key IN (` + in + `)
		AND o.email_key IS NOT NULL AND o.deleted_at IS NULL GROUP BY o.email_key`
}

// OrdersInWindow counts the orders that are stored, not deleted and whose field (created_at or updated_at) lies between from
// and to, both seconds included: the count that the platform gives for the same window. A zero end is open.
func (s *Store) OrdersInWindow(ctx context.Context, integrationID int64, field string, from, to time.Time) (int, error) {
	op := fmt.Sprintf("orders: count by %s of integration %d", field, integrationID)
	query, err := windowQuery(field)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", op, err)
	}
	return get(ctx, s.readers, op, scanOne[int], query, integrationID, secondStart(from), secondEnd(to))
}

// CountDeletedOrders counts the tombstones of an integration.
func (s *Store) CountDeletedOrders(ctx context.Context, integrationID int64) (int, error) {
	return get(ctx, s.readers, fmt.Sprintf("orders: count deleted of integration %d", integrationID), scanOne[int],
		`SELECT count(*) FROM orders o WHERE o.integration_id = $1 AND o.deleted_at IS NOT NULL`, integrationID)
}

// windowQuery counts by the indexed column that holds the field wherever the payload has it. An order whose payload
// tells no time of creation may be anywhere, so it counts as inside: it must not make a complete window look short.
func windowQuery(field string) (string, error) {
	const head = `SELECT count(*) FROM orders o WHERE o.integration_id = $1 AND o.deleted_at IS NULL AND o.`
	switch field {
	case ByCreatedAt:
		return head + `listed_at >= $2 AND (o.listed_at <= $3 OR o.created_at IS NULL)`, nil
	case ByUpdatedAt:
		return head + `version_at >= $2 AND o.version_at <= $3 AND o.updated_at IS NOT NULL`, nil
	default:
		return "", fmt.Errorf("no window over %q", field)
	}
}
