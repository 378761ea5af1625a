package store

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"probability/shopify"
)

// Fields that orders can be sorted by.
const (
	ByCreatedAt  = "created_at" // imported_at where the payload has none
	ByUpdatedAt  = "updated_at" // created_at where the payload has none
	ByImportedAt = "imported_at"
	ByTotalPrice = "total_price" // unknown totals before all others

	ByDeliveryScore = "delivery_score" // orders that are not scored before all others
)

// OrderBy is how a list of orders is sorted; rows with the same value by id. The zero value is the oldest order first.
type OrderBy struct {
	Field string // one of the By constants; empty or unknown: ByCreatedAt
	Desc  bool
}

// unknownTotal stands for a total that is not known when orders are sorted by it. It is not the smallest integer because
// SQL has no literal for that one.
const unknownTotal = math.MinInt64 + 1

// notScored stands for the score of an order that has none when orders are sorted by it.
const notScored = -1

// expression is what is sorted by: never NULL, so that every row has its place.
func (by OrderBy) expression() string {
	switch by.Field {
	case ByUpdatedAt:
		return "o.version_at"
	case ByImportedAt:
		return "o.imported_at"
	case ByTotalPrice:
		return "COALESCE(o.total_millionths, " + strconv.FormatInt(unknownTotal, 10) + ")"
	case ByDeliveryScore:
		return "COALESCE(o.delivery_score, " + strconv.Itoa(notScored) + ")"
	default:
		return "o.listed_at"
	}
}

// index is the index that has the orders in this order.
func (by OrderBy) index() string {
	switch by.Field {
	case ByUpdatedAt:
		return "orders_version"
	case ByImportedAt:
		return "orders_imported"
	case ByTotalPrice:
		return "orders_total"
	case ByDeliveryScore:
		return "orders_score"
	default:
		return "orders_list"
	}
}

// OrderKey is the place of an order in a sorted list. It stays valid while orders come and go.
type OrderKey struct{ Value, ID int64 }

// KeyOf is the place of o in a list sorted by by, for OrderFilter.After.
func KeyOf(o Order, by OrderBy) OrderKey {
	k := OrderKey{ID: o.ID}
	switch by.Field {
	case ByUpdatedAt:
		k.Value = keyOfVersion(Version{Order: shopify.Order{CreatedAt: o.CreatedAt, UpdatedAt: o.UpdatedAt}}).at
	case ByImportedAt:
		k.Value = o.ImportedAt.UnixMilli()
	case ByTotalPrice:
		if k.Value = unknownTotal; o.TotalPrice != "" {
			k.Value = shopify.Millionths(o.TotalPrice)
		}
	case ByDeliveryScore:
		if k.Value = notScored; o.DeliveryScore != nil {
			k.Value = int64(*o.DeliveryScore)
		}
	default:
		if k.Value = o.ImportedAt.UnixMilli(); !o.CreatedAt.IsZero() {
			k.Value = o.CreatedAt.UnixMilli()
		}
	}
	return k
}

// OrderFilter chooses, sorts and pages orders of one integration. Empty members choose all.
type OrderFilter struct {
	IntegrationID       int64
	ImportedSince       time.Time
	MinTotal, MaxTotal  *int64    // millionths, inclusive; an unknown total meets neither
	Since, Until        time.Time // created_at, inclusive; an order without one meets neither
	Search              string    // anywhere in number, id, name, e-mail, address or city; case is ignored, the rest literal
	FinancialStatus     string
	FulfillmentStatus   string // "unfulfilled" or "null": those that have none
	DeliveryProbability string // "unscored": those that have none
	MinScore, MaxScore  *int   // inclusive; an order without a score meets neither
	Order               OrderBy
	Limit, Offset       int       // Limit 0: 20; at most 1,000
	After               *OrderKey // begin behind this place; costs the same on every page, unlike Offset
	Payload             bool      // with Raw
}

// conditions collects SQL conditions and their arguments.
type conditions struct {
	parts []string
	args  []any
}

// add takes a condition with a "?" for each argument.
func (c *conditions) add(condition string, args ...any) {
	for _, a := range args {
		c.args = append(c.args, a)
		condition = strings.Replace(condition, "?", "$"+strconv.Itoa(len(c.args)), 1)
	}
	c.parts = append(c.parts, condition)
}

// param adds an argument and returns its placeholder.
func (c *conditions) param(v any) string {
	c.args = append(c.args, v)
	return "$" + strconv.Itoa(len(c.args))
}

func (c *conditions) String() string { return strings.Join(c.parts, " AND ") }

// where is the condition without the search and the place in the list. All of it can be decided in the list's index;
// deleted_at IS NULL is what lets partial indexes be used.
func (f OrderFilter) where() *conditions { return f.whereListed(f.listed()) }

// listed is the range of listed_at, in milliseconds and both included, that the filter and the place that the page begins
// behind leave. Said in one condition for each end: of two, the engine would walk from either.
func (f OrderFilter) listed() (from, to int64) {
	from, to = math.MinInt64, math.MaxInt64
	if !f.Since.IsZero() {
		from = ceilMillis(f.Since)
	}
	if !f.Until.IsZero() {
		to = f.Until.UnixMilli()
	}
	switch {
	case f.After == nil || f.Order.index() != "orders_list":
	case f.Order.Desc:
		to = min(to, f.After.Value)
	default:
		from = max(from, f.After.Value)
	}
	return from, to
}

// whereListed is where with another range of listed_at, which lies within the filter's.
func (f OrderFilter) whereListed(from, to int64) *conditions {
	c := &conditions{}
	c.add("o.integration_id = ?", f.IntegrationID)
	c.add("o.deleted_at IS NULL")
	if !f.ImportedSince.IsZero() {
		c.add("o.imported_at >= ?", f.ImportedSince.UnixMilli())
	}
	if f.MinTotal != nil {
		c.add("o.total_millionths >= ?", *f.MinTotal)
	}
	if f.MaxTotal != nil {
		c.add("o.total_millionths <= ?", *f.MaxTotal)
	}
	if f.MinScore != nil {
		c.add("o.delivery_score >= ?", *f.MinScore)
	}
	if f.MaxScore != nil {
		c.add("o.delivery_score <= ?", *f.MaxScore)
	}
	// listed_at is created_at where there is one, and is indexed.
	if from > math.MinInt64 {
		c.add("o.listed_at >= ?", from)
	}
	if to < math.MaxInt64 {
		c.add("o.listed_at <= ?", to)
	}
	if f.bounded() {
		c.add("o.created_at IS NOT NULL")
	}
	f.statuses(c, "o.", " IS NULL")
	return c
}

// statuses adds the conditions on the columns that orders and their sums share; unknown is how one says that it has none.
func (f OrderFilter) statuses(c *conditions, table, unknown string) {
	switch f.FinancialStatus {
	case "":
	case "null":
		c.add(table + "financial_status" + unknown)
	default:
		c.add(table+"financial_status = ?", f.FinancialStatus)
	}
	switch f.FulfillmentStatus {
	case "":
	case "unfulfilled", "null":
		c.add("(" + table + "fulfillment_status" + unknown + " OR " + table + "fulfillment_status = 'unfulfilled')")
	default:
		c.add(table+"fulfillment_status = ?", f.FulfillmentStatus)
	}
	switch f.DeliveryProbability {
	case "":
	case "unscored":
		c.add(table + "delivery_probability" + unknown)
	default:
		c.add(table+"delivery_probability = ?", f.DeliveryProbability)
	}
}

// bounded tells whether the filter has a range of creation times.
func (f OrderFilter) bounded() bool { return !f.Since.IsZero() || !f.Until.IsZero() }

// scored tells whether the filter has a range of scores.
func (f OrderFilter) scored() bool { return f.MinScore != nil || f.MaxScore != nil }

// summed tells whether order_days can answer how many orders the filter chooses, apart from the search.
func (f OrderFilter) summed() bool {
	return f.ImportedSince.IsZero() && f.MinTotal == nil && f.MaxTotal == nil && !f.scored()
}

// daysWhere is the condition on order_days that is where's on orders, without the days.
func (f OrderFilter) daysWhere() *conditions {
	c := &conditions{}
	c.add("d.integration_id = ?", f.IntegrationID)
	if f.bounded() {
		c.add("d.dated")
	}
	f.statuses(c, "d.", " = ''")
	return c
}

// ceilMillis is t in milliseconds, rounded up: a time of less than a millisecond before t is not since t.
func ceilMillis(t time.Time) int64 { return t.Add(time.Millisecond - time.Nanosecond).UnixMilli() }

// after completes the condition with the place that the page begins behind.
func (f OrderFilter) after(c *conditions) {
	if f.After == nil {
		return
	}
	sign := ">"
	if f.Order.Desc {
		sign = "<"
	}
	if f.Order.index() != "orders_list" { // where has said it already
		// It follows from the other condition, which on an index over an expression is not seen.
		c.parts = slices.Insert(c.parts, 0, f.Order.expression()+" "+sign+"= "+c.param(f.After.Value))
	}
	c.add("("+f.Order.expression()+", o.id) "+sign+" (?, ?)", f.After.Value, f.After.ID)
}

// orderBy is the order of the list.
func (f OrderFilter) orderBy() string {
	direction := f.Order.direction()
	return " ORDER BY " + f.Order.expression() + direction + ", o.id" + direction
}

// direction is that of the list, for behind an expression.
func (by OrderBy) direction() string {
	if by.Desc {
		return " DESC"
	}
	return ""
}

// compare orders two places as the list does.
func (by OrderBy) compare(a, b OrderKey) int {
	order := cmp.Or(cmp.Compare(a.Value, b.Value), cmp.Compare(a.ID, b.ID))
	if by.Desc {
		return -order
	}
	return order
}
