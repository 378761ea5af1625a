package shopify

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Sizes of what is nested in an order. What an order has more of is asked for by
// itself, so that they only decide how often that is.
const (
	pageLines       = 25
	pageRefundLines = 10
)

// selection is one field of a query with what is asked of it.
type selection struct {
	name string
	args string
	sub  []selection
}

func one(name string, sub ...selection) selection { return selection{name: name, sub: sub} }

func plain(names ...string) []selection {
	all := make([]selection, len(names))
	for i, n := range names {
		all[i] = selection{name: n}
	}
	return all
}

func with(fields []selection, more ...selection) []selection {
	return append(fields[:len(fields):len(fields)], more...)
}

func moneyBag(name string) selection {
	return one(name, one("shopMoney", plain("amount", "currencyCode")...), one("presentmentMoney", plain("amount", "currencyCode")...))
}

func connection(name, args string, nodes ...selection) selection {
	return selection{name: name, args: args, sub: []selection{one("nodes", nodes...), one("pageInfo", plain("hasNextPage", "endCursor")...)}}
}

func address(name string) selection {
	return one(name, plain("firstName", "lastName", "name", "company", "address1", "address2", "city", "province", "provinceCode",
		"country", "countryCodeV2", "zip", "phone", "latitude", "longitude")...)
}

func lineFields() []selection {
	return with(plain("id", "title", "name", "sku", "quantity", "currentQuantity", "unfulfilledQuantity", "vendor", "variantTitle",
		"requiresShipping", "taxable", "isGiftCard"),
		moneyBag("originalUnitPriceSet"), moneyBag("totalDiscountSet"), one("customAttributes", plain("key", "value")...),
		one("product", plain("id")...), one("variant", plain("id")...))
}

func refundLineFields() []selection {
	return with(plain("quantity", "restockType"), one("lineItem", plain("id")...), moneyBag("subtotalSet"))
}

// orderHead is what is asked of an order beside what is nested in it as a list
// of its own.
func orderHead() []selection {
	return with(plain("id", "legacyResourceId", "name", "email", "phone", "note", "test", "confirmed", "confirmationNumber", "poNumber",
		"createdAt", "updatedAt", "processedAt", "cancelledAt", "closedAt", "cancelReason", "displayFinancialStatus", "displayFulfillmentStatus",
		"currencyCode", "presentmentCurrencyCode", "taxesIncluded", "taxExempt", "estimatedTaxes", "paymentGatewayNames", "tags",
		"sourceName", "sourceIdentifier", "registeredSourceUrl", "statusPageUrl", "clientIp", "customerLocale", "customerAcceptsMarketing",
		"totalWeight", "discountCodes"),
		one("customAttributes", plain("key", "value")...),
		one("app", plain("id")...),
		moneyBag("totalPriceSet"), moneyBag("currentTotalPriceSet"), moneyBag("subtotalPriceSet"), moneyBag("currentSubtotalPriceSet"),
		moneyBag("totalTaxSet"), moneyBag("currentTotalTaxSet"), moneyBag("totalDiscountsSet"), moneyBag("currentTotalDiscountsSet"),
		moneyBag("totalShippingPriceSet"), moneyBag("totalOutstandingSet"), moneyBag("totalTipReceivedSet"),
		one("customer", with(plain("id", "legacyResourceId", "firstName", "lastName"),
			one("defaultEmailAddress", plain("emailAddress")...), one("defaultPhoneNumber", plain("phoneNumber")...), address("defaultAddress"))...),
		address("billingAddress"),
		address("shippingAddress"),
		one("fulfillments", with(plain("legacyResourceId", "name", "createdAt", "updatedAt", "status", "displayStatus"),
			one("trackingInfo", plain("company", "number", "url")...))...))
}

// orderFields is a whole order.
func orderFields() []selection {
	return with(orderHead(),
		connection("lineItems", "first: "+strconv.Itoa(pageLines), lineFields()...),
		one("refunds", with(plain("legacyResourceId", "createdAt", "note"),
			connection("refundLineItems", "first: "+strconv.Itoa(pageRefundLines), refundLineFields()...))...))
}

// bulkFields is a whole order as far as a bulk operation may ask for it: it
// allows no connection within a list, so refunds come without their lines.
func bulkFields() []selection {
	lines := selection{name: "lineItems", sub: []selection{one("edges", one("node", lineFields()...))}}
	return with(orderHead(), lines, one("refunds", plain("legacyResourceId", "createdAt", "note")...))
}

// essential are the fields without which an order is none.
var essential = map[string]bool{"id": true, "legacyResourceId": true, "createdAt": true, "updatedAt": true, "lineItems": true, "lineItems.id": true}

// personalFields begin the paths of what is a customer's.
var personalFields = [...]string{"email", "phone", "note", "clientIp", "statusPageUrl", "customer", "shippingAddress", "billingAddress"}

// isPersonal tells whether a refused field holds a customer's data.
func isPersonal(path string) bool {
	for _, p := range personalFields {
		if path == p || strings.HasPrefix(path, p+".") {
			return true
		}
	}
	return false
}

// render writes the fields, but for those whose paths are refused.
func render(b *strings.Builder, fields []selection, prefix string, without map[string]bool) {
	b.WriteByte('{')
	first := true
	for _, f := range fields {
		path := prefix + f.name
		if wraps(f.name) {
			path = strings.TrimSuffix(prefix, ".")
		}
		if without[path] && !wraps(f.name) || len(f.sub) > 0 && !anyLeft(f.sub, path, without) {
			continue
		}
		if !first {
			b.WriteByte(' ')
		}
		first = false
		b.WriteString(f.name)
		if f.args != "" {
			b.WriteString("(" + f.args + ")")
		}
		if len(f.sub) > 0 {
			next := path + "."
			if path == "" {
				next = ""
			}
			render(b, f.sub, next, without)
		}
	}
	b.WriteByte('}')
}

// wraps tells the steps of a path that name no field of their own.
func wraps(name string) bool { return name == "nodes" || name == "edges" || name == "node" }

func anyLeft(fields []selection, path string, without map[string]bool) bool {
	for _, f := range fields {
		at := path + "." + f.name
		if wraps(f.name) {
			at = path
		}
		if wraps(f.name) || !without[at] {
			return true
		}
	}
	return false
}

// steps is how many places of a connection's first cost as much as one element
// of it: 2·ln n. That fits what Shopify asked of real queries in August 2026:
// 250 orders by themselves 13 points, with 250 line items each 156, with the
// product and variant of each 431 (2 for a connection, 1 for an object, nothing
// for texts, numbers, money and pageInfo).
func steps(first int) float64 { return math.Floor(2 * math.Log(float64(first))) }

// What one order, one line and one line of a refund cost, by the objects in
// them: app, customer with three, two addresses, attributes, fulfillments with
// their tracking, and the two connections.
const (
	pointsOfConnection = 2
	pointsOfLine       = 4
	pointsOfRefundLine = 2
	pointsOfHead       = 12
)

// pointsOfPage is what a page of whole orders may cost: 442 of the 1,000 that one
// query may, for 100 orders.
func pointsOfPage(orders int) float64 {
	refunds := 1 + pointsOfConnection + steps(pageRefundLines)*pointsOfRefundLine
	order := pointsOfHead + pointsOfConnection + steps(pageLines)*pointsOfLine + refunds
	return 1 + pointsOfConnection + steps(orders)*order
}

// search is the text by which the orders of a query are looked for. Both bounds
// of a window are inclusive, to the second. No status is named: then all are
// meant.
func (q OrdersQuery) search() string {
	var terms []string
	for _, bound := range [...]struct {
		name string
		at   time.Time
	}{
		{"created_at:>=", q.CreatedAtMin}, {"created_at:<=", q.CreatedAtMax},
		{"updated_at:>=", q.UpdatedAtMin}, {"updated_at:<=", q.UpdatedAtMax},
	} {
		if !bound.at.IsZero() {
			terms = append(terms, bound.name+graphTime(bound.at))
		}
	}
	if len(q.IDs) > 0 {
		ids := "id:" + strings.Join(q.IDs, " OR id:")
		if len(terms) > 0 {
			ids = "(" + ids + ")"
		}
		terms = append(terms, ids)
	}
	return strings.Join(terms, " AND ")
}

// sortKey fits the window: sorted by anything else, a search may run out of time.
func (q OrdersQuery) sortKey() string {
	switch {
	case !q.UpdatedAtMin.IsZero() || !q.UpdatedAtMax.IsZero():
		return "UPDATED_AT"
	case len(q.IDs) > 0:
		return "ID"
	}
	return "CREATED_AT"
}
