package simulator

import (
	"fmt"
	"strconv"
	"strings"
)

// appendGenerated writes the payload of a generated order: the same bytes for
// the same record, every time.
func (sh *Shop) appendGenerated(b []byte, rec *record) []byte {
	d := sh.draftOf(rec)
	w := &writer{b: b}
	w.open("", '{')
	d.writeHead(w)
	d.writeMoney(w)
	d.writeTail(w)
	d.writePeople(w)
	w.lit("discount_applications", "[]")
	d.writeFulfillments(w)
	d.writeItems(w, "line_items", d.items, false)
	w.lit("payment_terms", "null")
	d.writeRefunds(w)
	d.writeShipping(w)
	d.oddity.write(w, d)
	w.close('}')
	return w.b
}

func (d *draft) writeHead(w *writer) {
	w.int("id", d.id)
	w.str("admin_graphql_api_id", "gid://shopify/Order/"+strconv.FormatInt(d.id, 10))
	w.lit("app_id", "580111")
	w.str("browser_ip", fmt.Sprintf("2001:db8:%x:%x::%x", d.buyer>>16&0xffff, d.buyer&0xffff, d.seq%254+1)) // one household, of those set aside for examples
	w.bool("buyer_accepts_marketing", d.seq%3 == 0)
	if d.cancelled == 0 {
		w.nulls("cancel_reason", "cancelled_at")
	} else {
		w.str("cancel_reason", [...]string{"customer", "fraud", "inventory", "declined", "other"}[d.seq%5])
		w.str("cancelled_at", d.time(d.cancelled))
	}
	w.str("cart_token", d.token)
	w.str("checkout_token", d.token[16:]+d.token[:16])
	w.open("client_details", '{')
	w.str("accept_language", "es-"+d.who.place.code)
	w.lit("browser_height", "null")
	w.str("user_agent", "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Mobile Safari/537.36")
	w.close('}')
	if d.closed == 0 {
		w.nulls("closed_at")
	} else {
		w.str("closed_at", d.time(d.closed))
	}
	w.str("confirmation_number", strings.ToUpper(d.token[:9]))
	w.bool("confirmed", true)
	w.text("contact_email", d.email)
	w.str("created_at", d.time(d.created))
	w.str("currency", d.currency)
}

func (d *draft) writeMoney(w *writer) {
	c, none := d.currency, d.money(0)
	outstanding := none
	if d.financial == "pending" {
		outstanding = d.money(d.total)
	}
	net := d.subtotal - d.discount
	w.str("current_subtotal_price", d.money(net))
	w.nulls("current_total_additional_fees_set")
	w.str("current_total_discounts", d.money(d.discount))
	w.nulls("current_total_duties_set")
	w.price("current_total_price", d.money(d.total), c)
	w.str("current_total_tax", none)
	w.str("customer_locale", map[bool]string{true: "pt-BR", false: "es"}[d.who.place.code == "BR"])
	w.nulls("device_id")
	w.lit("discount_codes", "[]")
	w.bool("duties_included", false)
	w.text("email", d.email)
	w.bool("estimated_taxes", false)
	w.text("financial_status", d.financial)
	w.text("fulfillment_status", d.fulfillment)
	w.price("subtotal_price", d.money(net), c)
	w.price("total_discounts", d.money(d.discount), c)
	w.str("total_line_items_price", d.money(d.subtotal))
	w.str("total_outstanding", outstanding)
	w.price("total_price", d.money(d.total), c)
	w.set("total_shipping_price_set", d.money(d.shipping), c)
	w.str("total_tax", none)
	w.str("total_tip_received", none)
	var grams int64
	for _, it := range d.items {
		grams += it.grams * it.quantity
	}
	w.int("total_weight", grams)
}

func (d *draft) writeTail(w *writer) {
	w.str("landing_site", "/products/"+strings.ToLower(d.items[0].sku)+"?utm_source=facebook")
	if d.source == "pos" {
		w.int("location_id", d.shopID+7)
	} else {
		w.nulls("location_id")
	}
	w.nulls("merchant_of_record_app_id")
	w.str("name", d.name)
	w.text("note", d.note)
	w.open("note_attributes", '[')
	if d.seq%4 == 0 {
		w.open("", '{')
		w.str("name", "Barrio")
		w.str("value", "La Peña")
		w.close('}')
	}
	w.close(']')
	w.int("number", int64(d.number)-1000)
	w.int("order_number", int64(d.number))
	w.str("order_status_url", "https://"+d.shopDomain+"/"+strconv.FormatInt(d.shopID, 10)+"/orders/"+d.token+"/authenticate?key="+d.token[:12])
	w.strs("payment_gateway_names", d.gateways...)
	w.text("phone", d.phone)
	w.nulls("po_number")
	w.str("presentment_currency", d.currency)
	w.str("processed_at", d.time(d.processed))
	w.nulls("reference", "referring_site", "source_identifier", "source_url")
	w.str("source_name", d.source)
	w.str("tags", strings.Join(d.tags, ", "))
	w.bool("tax_exempt", false)
	w.lit("tax_lines", "[]")
	w.bool("taxes_included", true)
	w.bool("test", d.seq%97 == 96)
	w.str("token", d.token)
	w.str("updated_at", d.time(d.updated))
	w.nulls("user_id")
}

func (d *draft) writePeople(w *writer) {
	if d.shipTo {
		d.writeAddress(w, "billing_address", false)
	}
	switch d.customer {
	case customerAbsent:
	case customerNull:
		w.nulls("customer")
	case customerPresent:
		w.open("customer", '{')
		w.int("id", d.who.id)
		w.text("email", d.who.email)
		w.str("created_at", d.time(d.created-3600))
		w.str("updated_at", d.time(d.updated))
		w.str("first_name", d.who.first)
		w.str("last_name", d.who.last)
		w.str("state", "disabled")
		w.nulls("note")
		w.bool("verified_email", true)
		w.nulls("multipass_identifier")
		w.bool("tax_exempt", false)
		if d.seq%2 == 0 {
			w.text("phone", d.who.phone)
		} else {
			w.nulls("phone")
		}
		w.str("tags", "")
		w.str("currency", d.currency)
		w.str("admin_graphql_api_id", "gid://shopify/Customer/"+strconv.FormatInt(d.who.id, 10))
		d.writeAddress(w, "default_address", true)
		w.close('}')
	}
	if d.shipTo {
		d.writeAddress(w, "shipping_address", false)
	}
}

func (d *draft) writeAddress(w *writer, name string, ofCustomer bool) {
	p := &d.who
	w.open(name, '{')
	if ofCustomer {
		w.int("id", p.id+1)
		w.int("customer_id", p.id)
	}
	w.str("first_name", p.first)
	w.str("last_name", p.last)
	w.str("name", p.name())
	w.nulls("company")
	w.str("address1", p.address1)
	w.text("address2", p.address2)
	w.str("city", p.city.name)
	w.str("province", p.city.province)
	w.str("province_code", p.city.provinceCode)
	w.str("country", p.place.name)
	w.str("country_code", p.place.code)
	w.text("zip", p.city.zip)
	w.text("phone", p.phone)
	switch {
	case ofCustomer:
		w.str("country_name", p.place.name)
		w.bool("default", true)
	case d.seq%3 == 0:
		w.lit("latitude", fmt.Sprintf("%d.%06d", d.seq%30, d.seq*7919%1_000_000))
		w.lit("longitude", fmt.Sprintf("-%d.%06d", 60+d.seq%20, d.seq*104_729%1_000_000))
	default:
		w.nulls("latitude", "longitude")
	}
	w.close('}')
}
