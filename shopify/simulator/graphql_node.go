package simulator

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// object is something of GraphQL with its fields by name.
type object map[string]any

// connected is a connection: all that is in it.
type connected []object

// nodeOf tells a payload the way GraphQL does. What has another type than GraphQL
// knows is told as far as that goes: GraphQL has no odd payloads.
func (sh *Shop) nodeOf(raw []byte) object {
	o, ok := decodeObject(raw)
	if !ok {
		return nil
	}
	id := digitsOf(o["id"])
	currency := stringOf(o["currency"])
	other := currency
	if s := stringOf(o["presentment_currency"]); s != nil {
		other = s
	}
	bag := func(v any) object { return moneyBag(v, currency, other) }
	n := object{
		"id": globalID("Order", id), "legacyResourceId": id, "name": textOf(o["name"]), "email": stringOf(o["email"]), "phone": stringOf(o["phone"]),
		"note": stringOf(o["note"]), "test": o["test"] == true, "confirmed": o["confirmed"] == true, "confirmationNumber": stringOf(o["confirmation_number"]),
		"poNumber": stringOf(o["po_number"]), "createdAt": sh.zulu(o["created_at"]), "updatedAt": sh.zulu(o["updated_at"]),
		"processedAt": sh.zulu(o["processed_at"]), "cancelledAt": sh.zulu(o["cancelled_at"]), "closedAt": sh.zulu(o["closed_at"]),
		"closed": o["closed_at"] != nil, "cancelReason": upper(o["cancel_reason"]), "displayFinancialStatus": upper(o["financial_status"]),
		"displayFulfillmentStatus": fulfillmentStatus(o["fulfillment_status"]), "currencyCode": currency, "presentmentCurrencyCode": other,
		"taxesIncluded": o["taxes_included"] == true, "taxExempt": o["tax_exempt"] == true, "estimatedTaxes": o["estimated_taxes"] == true,
		"paymentGatewayNames": stringsOf(o["payment_gateway_names"]), "tags": tagsOf(o["tags"]), "sourceName": stringOf(o["source_name"]),
		"sourceIdentifier": stringOf(o["source_identifier"]), "registeredSourceUrl": stringOf(o["source_url"]), "statusPageUrl": textOf(o["order_status_url"]),
		"clientIp": stringOf(o["browser_ip"]), "customerLocale": stringOf(o["customer_locale"]), "customerAcceptsMarketing": o["buyer_accepts_marketing"] == true,
		"totalWeight": digitsOf(o["total_weight"]), "discountCodes": []any{}, "customAttributes": pairsOf(o["note_attributes"], "name"),
		"totalPriceSet": bag(o["total_price"]), "currentTotalPriceSet": bag(o["current_total_price"]), "subtotalPriceSet": bag(o["subtotal_price"]),
		"currentSubtotalPriceSet": bag(o["current_subtotal_price"]), "totalTaxSet": bag(o["total_tax"]), "currentTotalTaxSet": bag(o["current_total_tax"]),
		"totalDiscountsSet": bag(o["total_discounts"]), "currentTotalDiscountsSet": bag(o["current_total_discounts"]),
		"totalShippingPriceSet": bag(inSet(o["total_shipping_price_set"])), "totalOutstandingSet": bag(o["total_outstanding"]),
		"totalTipReceivedSet": bag(o["total_tip_received"]), "customer": customerOf(o["customer"]),
		"billingAddress": addressOf(o["billing_address"]), "shippingAddress": addressOf(o["shipping_address"]),
	}
	if app := digitsOf(o["app_id"]); app != "" {
		n["app"] = object{"id": globalID("App", app), "name": "Online Store"}
	}
	lines := connected{}
	for _, it := range objectsOf(o["line_items"]) {
		lines = append(lines, lineOf(it, bag))
	}
	n["lineItems"] = lines
	var parcels, refunds []any
	for _, f := range objectsOf(o["fulfillments"]) {
		parcels = append(parcels, sh.fulfillmentOf(f))
	}
	for _, r := range objectsOf(o["refunds"]) {
		refunds = append(refunds, sh.refundOf(r, bag))
	}
	n["fulfillments"], n["refunds"] = parcels, refunds
	return n
}

func lineOf(it map[string]any, bag func(any) object) object {
	line := object{
		"id": globalID("LineItem", digitsOf(it["id"])), "title": textOf(it["title"]), "name": textOf(it["name"]), "sku": stringOf(it["sku"]),
		"quantity": wholeOf(it["quantity"]), "currentQuantity": wholeOf(it["current_quantity"]), "unfulfilledQuantity": wholeOf(it["fulfillable_quantity"]),
		"vendor": stringOf(it["vendor"]), "variantTitle": stringOf(it["variant_title"]), "requiresShipping": it["requires_shipping"] == true,
		"taxable": it["taxable"] == true, "isGiftCard": it["gift_card"] == true, "originalUnitPriceSet": bag(it["price"]),
		"totalDiscountSet": bag(it["total_discount"]), "customAttributes": pairsOf(it["properties"], "name"),
	}
	if id := digitsOf(it["product_id"]); id != "" {
		line["product"] = object{"id": globalID("Product", id)}
	}
	if id := digitsOf(it["variant_id"]); id != "" {
		line["variant"] = object{"id": globalID("ProductVariant", id)}
	}
	return line
}

func (sh *Shop) fulfillmentOf(f map[string]any) object {
	var tracking []any
	numbers, urls := stringsOf(f["tracking_numbers"]), stringsOf(f["tracking_urls"])
	for i, number := range numbers {
		info := object{"company": stringOf(f["tracking_company"]), "number": number}
		if i < len(urls) {
			info["url"] = urls[i]
		}
		tracking = append(tracking, info)
	}
	status := upper(f["shipment_status"])
	if status == nil {
		status = "FULFILLED"
	}
	id := digitsOf(f["id"])
	return object{
		"id": globalID("Fulfillment", id), "legacyResourceId": id, "name": textOf(f["name"]), "createdAt": sh.zulu(f["created_at"]),
		"updatedAt": sh.zulu(f["updated_at"]), "status": upper(f["status"]), "displayStatus": status, "trackingInfo": tracking,
	}
}

func (sh *Shop) refundOf(r map[string]any, bag func(any) object) object {
	lines := connected{}
	for _, l := range objectsOf(r["refund_line_items"]) {
		lines = append(lines, object{
			"lineItem": object{"id": globalID("LineItem", digitsOf(l["line_item_id"]))}, "quantity": wholeOf(l["quantity"]),
			"restockType": upper(l["restock_type"]), "subtotalSet": bag(inSet(l["subtotal_set"])),
		})
	}
	id := digitsOf(r["id"])
	return object{
		"id": globalID("Refund", id), "legacyResourceId": id, "createdAt": sh.zulu(r["created_at"]), "note": stringOf(r["note"]), "refundLineItems": lines,
	}
}

func customerOf(v any) any {
	c, ok := v.(map[string]any)
	if !ok || len(c) == 0 {
		return nil
	}
	id := digitsOf(c["id"])
	n := object{
		"id": globalID("Customer", id), "legacyResourceId": id, "firstName": stringOf(c["first_name"]), "lastName": stringOf(c["last_name"]),
		"defaultAddress": addressOf(c["default_address"]),
	}
	if email := stringOf(c["email"]); email != nil {
		n["defaultEmailAddress"] = object{"emailAddress": email}
	}
	if phone := stringOf(c["phone"]); phone != nil {
		n["defaultPhoneNumber"] = object{"phoneNumber": phone}
	}
	return n
}

func addressOf(v any) any {
	a, ok := v.(map[string]any)
	if !ok || len(a) == 0 {
		return nil
	}
	n := object{"id": "gid://shopify/MailingAddress/1?model_name=Address", "latitude": a["latitude"], "longitude": a["longitude"]}
	for to, from := range map[string]string{
		"firstName": "first_name", "lastName": "last_name", "name": "name", "company": "company", "address1": "address1", "address2": "address2",
		"city": "city", "province": "province", "provinceCode": "province_code", "country": "country", "countryCodeV2": "country_code",
		"zip": "zip", "phone": "phone",
	} {
		n[to] = stringOf(a[from])
	}
	return n
}

func globalID(kind, id string) string { return "gid://shopify/" + kind + "/" + id }

// zulu is a time as GraphQL writes it; nil for what is none.
func (sh *Shop) zulu(v any) any {
	text, ok := v.(string)
	if !ok {
		return nil
	}
	t, ok := sh.parseTime(text)
	if !ok {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

// moneyBag writes an amount with as few decimals as it has, one at least.
func moneyBag(v any, currency, other any) object {
	amount := textOf(v)
	if _, err := strconv.ParseFloat(amount, 64); err != nil {
		amount = "0"
	}
	if strings.Contains(amount, ".") {
		amount = strings.TrimRight(amount, "0")
	} else {
		amount += "."
	}
	if strings.HasSuffix(amount, ".") {
		amount += "0"
	}
	return object{"shopMoney": object{"amount": amount, "currencyCode": currency}, "presentmentMoney": object{"amount": amount, "currencyCode": other}}
}

func inSet(v any) any {
	set, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	money, ok := set["shop_money"].(map[string]any)
	if !ok {
		return nil
	}
	return money["amount"]
}

// textOf is a text, or a number as it is written; "" for anything else.
func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// stringOf is textOf, nil for what has no text.
func stringOf(v any) any {
	switch v.(type) {
	case string, json.Number:
		return textOf(v)
	}
	return nil
}

func digitsOf(v any) string {
	if n, ok := v.(json.Number); ok {
		return n.String()
	}
	return ""
}

func wholeOf(v any) any {
	n, err := strconv.Atoi(textOf(v))
	if err != nil {
		return 0
	}
	return n
}

func upper(v any) any {
	if s, ok := v.(string); ok && s != "" {
		return strings.ToUpper(s)
	}
	return nil
}

func fulfillmentStatus(v any) string {
	switch v {
	case "fulfilled":
		return "FULFILLED"
	case "partial":
		return "PARTIALLY_FULFILLED"
	case "restocked":
		return "RESTOCKED"
	}
	return "UNFULFILLED"
}

func stringsOf(v any) []any {
	list, _ := v.([]any)
	out := []any{}
	for _, e := range list {
		if s := stringOf(e); s != nil {
			out = append(out, s)
		}
	}
	return out
}

func tagsOf(v any) []any {
	out := []any{}
	for tag := range strings.SplitSeq(textOf(v), ", ") {
		if tag != "" {
			out = append(out, tag)
		}
	}
	return out
}

func objectsOf(v any) []map[string]any {
	list, _ := v.([]any)
	var out []map[string]any
	for _, e := range list {
		if o, ok := e.(map[string]any); ok {
			out = append(out, o)
		}
	}
	return out
}

func pairsOf(v any, name string) []any {
	out := []any{}
	for _, p := range objectsOf(v) {
		out = append(out, object{"key": textOf(p[name]), "value": stringOf(p["value"])})
	}
	return out
}
