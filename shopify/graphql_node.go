package shopify

import (
	"bytes"
	"time"
	_ "time/tzdata" // a store's clock must be known wherever this runs: two machines would write an order differently
)

// madeMark begins each document that was made from an order of GraphQL, so that
// what Shopify sent and what was put together from its answers can be told apart.
const madeMark = `{"read_by":"graphql",`

// MadeFromGraphQL tells whether a payload was put together from an order of
// GraphQL.
func MadeFromGraphQL(raw []byte) bool { return bytes.HasPrefix(raw, []byte(madeMark)) }

// The shapes of an order. Every member is named as REST names it, and holds what
// REST would hold: numbers for ids, texts for money, lower case for enums, times
// by the store's clock.
//
// GraphQL does not tell, or only to those with other scopes, and so these members
// are not there: number and order_number; token, cart_token, checkout_id and
// checkout_token; client_details (browser_ip is), landing_site, referring_site,
// device_id, location_id, user_id, merchant_of_record_app_id; contact_email;
// discount_applications, tax_lines, shipping_lines and payment_terms; of customers
// all but id, name, e-mail, phone and address; of items fulfillment_status, grams
// and the allocations; of refunds transactions and adjustments. Neither is the
// risk of an order, which GraphQL tells and orders of REST do not: it would make
// the same order another one. Nothing of all this is mapped to an Order or read
// into Details, with this exception: an order without a name has no number.
var (
	moneyShape = shapeOf(
		rule{"amount", "amount", amount},
		rule{"currency_code", "currencyCode", asIs})
	bagShape = shapeOf(
		rule{"shop_money", "shopMoney", objectOf(moneyShape)},
		rule{"presentment_money", "presentmentMoney", objectOf(moneyShape)})
	pairShape = shapeOf(
		rule{"name", "key", asIs},
		rule{"value", "value", asIs})
	addressShape = shapeOf(
		rule{"first_name", "firstName", asIs},
		rule{"last_name", "lastName", asIs},
		rule{"name", "name", asIs},
		rule{"company", "company", asIs},
		rule{"address1", "address1", asIs},
		rule{"address2", "address2", asIs},
		rule{"city", "city", asIs},
		rule{"province", "province", asIs},
		rule{"province_code", "provinceCode", asIs},
		rule{"country", "country", asIs},
		rule{"country_code", "countryCodeV2", asIs},
		rule{"zip", "zip", asIs},
		rule{"phone", "phone", asIs},
		rule{"latitude", "latitude", asIs},
		rule{"longitude", "longitude", asIs})
	customerShape = shapeOf(
		rule{"id", "legacyResourceId", digits},
		rule{"admin_graphql_api_id", "id", asIs},
		rule{"email", "defaultEmailAddress", within("emailAddress", asIs)},
		rule{"first_name", "firstName", asIs},
		rule{"last_name", "lastName", asIs},
		rule{"phone", "defaultPhoneNumber", within("phoneNumber", asIs)},
		rule{"default_address", "defaultAddress", objectOf(addressShape)})
	lineShape = shapeOf(
		rule{"id", "id", number},
		rule{"admin_graphql_api_id", "id", asIs},
		rule{"title", "title", asIs},
		rule{"name", "name", asIs},
		rule{"sku", "sku", asIs},
		rule{"quantity", "quantity", asIs},
		rule{"current_quantity", "currentQuantity", asIs},
		rule{"fulfillable_quantity", "unfulfilledQuantity", asIs},
		rule{"price", "originalUnitPriceSet", shopAmount},
		rule{"price_set", "originalUnitPriceSet", objectOf(bagShape)},
		rule{"total_discount", "totalDiscountSet", shopAmount},
		rule{"total_discount_set", "totalDiscountSet", objectOf(bagShape)},
		rule{"product_id", "product", within("id", number)},
		rule{"variant_id", "variant", within("id", number)},
		rule{"variant_title", "variantTitle", asIs},
		rule{"vendor", "vendor", asIs},
		rule{"gift_card", "isGiftCard", flag},
		rule{"requires_shipping", "requiresShipping", flag},
		rule{"taxable", "taxable", flag},
		rule{"properties", "customAttributes", listOf(pairShape)})
	refundLineShape = shapeOf(
		rule{"line_item_id", "lineItem", within("id", number)},
		rule{"quantity", "quantity", asIs},
		rule{"restock_type", "restockType", lower},
		rule{"subtotal_set", "subtotalSet", objectOf(bagShape)})
	refundShape = shapeOf(
		rule{"id", "legacyResourceId", digits},
		rule{"order_id", "", ownOrder},
		rule{"created_at", "createdAt", when},
		rule{"note", "note", asIs},
		rule{"refund_line_items", "refundLineItems", listOf(refundLineShape)})
	fulfillmentShape = shapeOf(
		rule{"id", "legacyResourceId", digits},
		rule{"order_id", "", ownOrder},
		rule{"name", "name", asIs},
		rule{"created_at", "createdAt", when},
		rule{"updated_at", "updatedAt", when},
		rule{"status", "status", lower},
		rule{"shipment_status", "displayStatus", oneOf(shipmentWords)},
		rule{"tracking_company", "trackingInfo", tracked("company", false)},
		rule{"tracking_number", "trackingInfo", tracked("number", false)},
		rule{"tracking_numbers", "trackingInfo", tracked("number", true)},
		rule{"tracking_url", "trackingInfo", tracked("url", false)},
		rule{"tracking_urls", "trackingInfo", tracked("url", true)})
	orderShape = shapeOf(
		rule{"id", "legacyResourceId", digits},
		rule{"admin_graphql_api_id", "id", asIs},
		rule{"app_id", "app", within("id", number)},
		rule{"browser_ip", "clientIp", asIs},
		rule{"buyer_accepts_marketing", "customerAcceptsMarketing", flag},
		rule{"cancel_reason", "cancelReason", lower},
		rule{"cancelled_at", "cancelledAt", when},
		rule{"closed_at", "closedAt", when},
		rule{"confirmation_number", "confirmationNumber", asIs},
		rule{"confirmed", "confirmed", flag},
		rule{"created_at", "createdAt", when},
		rule{"currency", "currencyCode", asIs},
		rule{"current_subtotal_price", "currentSubtotalPriceSet", shopAmount},
		rule{"current_subtotal_price_set", "currentSubtotalPriceSet", objectOf(bagShape)},
		rule{"current_total_discounts", "currentTotalDiscountsSet", shopAmount},
		rule{"current_total_discounts_set", "currentTotalDiscountsSet", objectOf(bagShape)},
		rule{"current_total_price", "currentTotalPriceSet", shopAmount},
		rule{"current_total_price_set", "currentTotalPriceSet", objectOf(bagShape)},
		rule{"current_total_tax", "currentTotalTaxSet", shopAmount},
		rule{"current_total_tax_set", "currentTotalTaxSet", objectOf(bagShape)},
		rule{"customer_locale", "customerLocale", asIs},
		rule{"display_fulfillment_status", "displayFulfillmentStatus", lower}, // which says more than fulfillment_status
		rule{"discount_codes", "discountCodes", codes},
		rule{"email", "email", asIs},
		rule{"estimated_taxes", "estimatedTaxes", flag},
		rule{"financial_status", "displayFinancialStatus", lower},
		rule{"fulfillment_status", "displayFulfillmentStatus", oneOf(fulfillmentWords)},
		rule{"name", "name", asIs},
		rule{"note", "note", asIs},
		rule{"note_attributes", "customAttributes", listOf(pairShape)},
		rule{"order_status_url", "statusPageUrl", asIs},
		rule{"payment_gateway_names", "paymentGatewayNames", textList},
		rule{"phone", "phone", asIs},
		rule{"po_number", "poNumber", asIs},
		rule{"presentment_currency", "presentmentCurrencyCode", asIs},
		rule{"processed_at", "processedAt", when},
		rule{"source_identifier", "sourceIdentifier", asIs},
		rule{"source_name", "sourceName", asIs},
		rule{"source_url", "registeredSourceUrl", asIs},
		rule{"subtotal_price", "subtotalPriceSet", shopAmount},
		rule{"subtotal_price_set", "subtotalPriceSet", objectOf(bagShape)},
		rule{"tags", "tags", commas},
		rule{"tax_exempt", "taxExempt", flag},
		rule{"taxes_included", "taxesIncluded", flag},
		rule{"test", "test", flag},
		rule{"total_discounts", "totalDiscountsSet", shopAmount},
		rule{"total_discounts_set", "totalDiscountsSet", objectOf(bagShape)},
		rule{"total_outstanding", "totalOutstandingSet", shopAmount},
		rule{"total_price", "totalPriceSet", shopAmount},
		rule{"total_price_set", "totalPriceSet", objectOf(bagShape)},
		rule{"total_shipping_price_set", "totalShippingPriceSet", objectOf(bagShape)},
		rule{"total_tax", "totalTaxSet", shopAmount},
		rule{"total_tax_set", "totalTaxSet", objectOf(bagShape)},
		rule{"total_tip_received", "totalTipReceivedSet", shopAmount},
		rule{"total_weight", "totalWeight", digits},
		rule{"updated_at", "updatedAt", when},
		rule{"billing_address", "billingAddress", objectOf(addressShape)},
		rule{"customer", "customer", objectOf(customerShape)},
		rule{"fulfillments", "fulfillments", listOf(fulfillmentShape)},
		rule{"line_items", "lineItems", listOf(lineShape)},
		rule{"refunds", "refunds", listOf(refundShape)},
		rule{"shipping_address", "shippingAddress", objectOf(addressShape)})
)

// fulfillmentWords are what REST tells of how far an order is sent. Whatever else
// GraphQL says of it (on hold, scheduled, under way …) is not fulfilled to REST.
var fulfillmentWords = map[string]string{"PARTIALLY_FULFILLED": "partial", "FULFILLED": "fulfilled", "RESTOCKED": "restocked"}

// shipmentWords are what is told of a parcel. FULFILLED, SUBMITTED and the like
// are no news of the carrier's, and null to REST.
var shipmentWords = map[string]string{
	"ATTEMPTED_DELIVERY": "attempted_delivery", "CARRIER_PICKED_UP": "carrier_picked_up", "CONFIRMED": "confirmed", "DELAYED": "delayed",
	"DELIVERED": "delivered", "FAILURE": "failure", "IN_TRANSIT": "in_transit", "LABEL_PRINTED": "label_printed",
	"LABEL_PURCHASED": "label_purchased", "NOT_DELIVERED": "not_delivered", "OUT_FOR_DELIVERY": "out_for_delivery",
	"PICKED_UP": "picked_up", "READY_FOR_PICKUP": "ready_for_pickup",
}

var shopAmount = within("shopMoney", within("amount", amount))

// ownOrder writes the id of the order that a part of it belongs to.
func ownOrder(d *document, _ []byte) { digits(d, d.orderID) }

// textList writes a list of texts, empty for what is none.
func textList(d *document, raw []byte) {
	if !isList(raw) {
		raw = []byte("[]")
	}
	asIs(d, raw)
}

// codes writes the codes of discounts as REST does, without the amounts.
func codes(d *document, raw []byte) {
	d.b = append(d.b, '[')
	if isList(raw) {
		first := true
		for element := range elements(raw) {
			if !hasText(element) {
				continue
			}
			if !first {
				d.b = append(d.b, ',')
			}
			first = false
			d.b = append(append(append(d.b, `{"code":`...), element...), '}')
		}
	}
	d.b = append(d.b, ']')
}

// tracked writes one member of the first parcel's tracking, or of all of them.
func tracked(name string, all bool) func(*document, []byte) {
	return func(d *document, raw []byte) {
		var values [][]byte
		if isList(raw) {
			for element := range elements(raw) {
				if parts, ok := lastMembers(element, name); ok && hasText(parts[0]) {
					values = append(values, parts[0])
				} else if ok && !all {
					values = append(values, nil)
				}
				if !all {
					break
				}
			}
		}
		if !all {
			values = append(values, nil)
			asIs(d, values[0])
			return
		}
		d.b = append(append(append(d.b, '['), bytes.Join(values, []byte{','})...), ']')
	}
}

// appendOrder appends the payload of an order of GraphQL. It is the same for the
// same node and zone, byte for byte. ok is false when the node is no order, or
// its id is not a number.
func appendOrder(b, node []byte, zone *time.Location) (out []byte, ok bool) {
	parts, valid := lastMembers(node, "legacyResourceId")
	if !valid || !isPlainNumber(bytes.Trim(parts[0], `"`)) {
		return b, false
	}
	d := &document{b: append(b, madeMark...), zone: zone, orderID: parts[0]}
	d.members(node, orderShape)
	return append(d.b, '}'), true
}

// zoneOf is the clock of a store by the name of its zone; what is not known is UTC.
func zoneOf(name string) *time.Location {
	if zone, err := time.LoadLocation(name); err == nil && name != "Local" {
		return zone
	}
	return time.UTC
}
