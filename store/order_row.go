package store

import (
	"database/sql"
	"strings"
	"time"

	"probability/shopify"
)

// platformShopify is the one platform orders come from so far.
const platformShopify = "shopify"

// orderColumns are the columns that PutOrders writes, in the order of preparedOrder.values. The first seven identify the row
// or are written once; the others are replaced by a newer version.
var orderColumns = [...]string{
	"integration_id", "platform", "platform_order_id", "imported_at", // never replaced
	"version_at", "observed_at", "digest", "listed_at", "created_at", "updated_at", "cancelled_at",
	"order_number", "total_price", "total_millionths", "currency", "customer_name", "customer_email", "email_key", "phone",
	"payment_type", "source_name", "financial_status", "fulfillment_status", "address", "address_complement", "city",
	"province", "country", "tags", "test", "search_text",
	"delivery_score", "delivery_probability", "recommended_carrier", // written once, and then by PutScores
}

// fixedOrderColumns is how many of orderColumns stay as they were first written, and scoreColumns how many at their end a newer
// version leaves alone.
const (
	fixedOrderColumns = 4
	scoreColumns      = 3
)

// replacedOrderColumns are those that a newer version writes.
var replacedOrderColumns = orderColumns[fixedOrderColumns : len(orderColumns)-scoreColumns]

// preparedOrder is a version made ready for its statement.
type preparedOrder struct {
	key    versionKey
	order  shopify.Order
	search string
	words  string // of the search text, but for the integration's
	packed packedBody

	reading *Reading // for the score; nil when none is made
	fresh   *freshScore
}

func (s *Store) prepare(v Version) *preparedOrder {
	reading := s.reading(v.Order)
	v.Order = s.dialect.fitted(v.Order)
	p := &preparedOrder{key: keyOfVersion(v), order: v.Order, search: searchText(v.Order), reading: reading}
	p.words = searchWords(p.search)
	if p.packed = v.packed; p.packed.body == nil {
		p.packed = s.bodies.pack(v.Order.Raw)
	}
	return p
}

// total is the order's total as it is compared and summed.
func (p *preparedOrder) total() sql.NullInt64 {
	if p.order.TotalPrice == "" {
		return sql.NullInt64{}
	}
	return sql.NullInt64{Int64: shopify.Millionths(p.order.TotalPrice), Valid: true}
}

// sum is the order in the sums of its day. imported is when it was imported first, in milliseconds.
func (p *preparedOrder) sum(imported int64) orderSum {
	o := p.order
	s := orderSum{
		listedAt: imported, dated: !o.CreatedAt.IsZero(), financial: o.FinancialStatus, fulfillment: o.FulfillmentStatus, currency: o.Currency, total: p.total(),
		province: o.Province, city: o.City,
	}
	if s.dated {
		s.listedAt = o.CreatedAt.UnixMilli()
	}
	return s
}

// searchText is what a search looks through.
func searchText(o shopify.Order) string {
	return fold(strings.Join([]string{o.Number, o.ID, o.CustomerName, o.CustomerEmail, o.Address, o.City}, fieldSeparator))
}

// appendValues adds the values of orderColumns.
func (p *preparedOrder) appendValues(args []any, integrationID int64, now time.Time) []any {
	o := p.order
	listed := o.CreatedAt
	if listed.IsZero() {
		listed = now
	}
	return append(args,
		integrationID, platformShopify, o.ID, now.UnixMilli(),
		p.key.at, p.key.observed, p.key.digest, listed.UnixMilli(), millis(o.CreatedAt), millis(o.UpdatedAt), millis(o.CancelledAt),
		null(o.Number), null(o.TotalPrice), p.total(), null(o.Currency), null(o.CustomerName), null(o.CustomerEmail), null(fold(o.CustomerEmail)), null(o.Phone),
		null(o.PaymentType), null(o.SourceName), null(o.FinancialStatus), null(o.FulfillmentStatus), null(o.Address), null(o.AddressComplement), null(o.City),
		null(o.Province), null(o.Country), null(o.Tags), o.Test, p.search, p.fresh.score(), null(p.fresh.likelihood()), null(p.fresh.carrier()))
}

// upsertOrders is the statement that writes n orders, each only over an older version that is not deleted. listed_at of an
// order without a date stays the time of its first import.
func upsertOrders(d dialect, n int) string {
	var b strings.Builder
	id, values := d.orderValues(n, len(orderColumns))
	b.WriteString("INSERT INTO orders (" + id + strings.Join(orderColumns[:], ", ") + ") VALUES " + values +
		" ON CONFLICT (integration_id, platform, platform_order_id) DO UPDATE SET ")
	for i, c := range replacedOrderColumns {
		if i > 0 {
			b.WriteString(", ")
		}
		if c == "listed_at" {
			b.WriteString("listed_at = COALESCE(excluded.created_at, orders.imported_at)")
			continue
		}
		b.WriteString(c + " = excluded." + c)
	}
	b.WriteString(" WHERE orders.deleted_at IS NULL AND (excluded.version_at, excluded.observed_at, excluded.digest) >" +
		" (orders.version_at, orders.observed_at, orders.digest) RETURNING id, platform_order_id")
	return b.String()
}
