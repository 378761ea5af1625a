package simulator

import (
	"strconv"
	"strings"
)

// oddity is one way in which a payload is not what the reference says. Each
// has been met by somebody. None of them touches id, created_at or updated_at,
// by which a list is filtered.
type oddity int

const (
	oddNothing oddity = iota
	oddPhoneNumber
	oddTotalNumber
	oddTotalGrouped
	oddTotalHuge
	oddTotalExponent
	oddGatewayText
	oddGatewayNumber
	oddTagsList
	oddTaxLinesObject
	oddProperties
	oddCustomerText
	oddLongName
	oddLongPhone
	oddNUL
	oddProcessedAt
	oddOrderNumber
	oddStatus
	oddAddressList
	oddLatitude
	oddEmpty
	oddUnknown
	oddities
)

// write repeats members with another value at the end of the object: readers
// of JSON take the last of two, and so one payload shows both the oddity and
// the doubled member.
func (o oddity) write(w *writer, d *draft) {
	switch o {
	case oddPhoneNumber:
		w.int("phone", 573_001_112_233)
	case oddTotalNumber:
		w.lit("total_price", strconv.FormatInt(d.total/100, 10)+".5")
	case oddTotalGrouped:
		w.str("total_price", "12.345,67")
	case oddTotalHuge:
		w.str("total_price", "9999999999999.99")
	case oddTotalExponent:
		w.lit("total_price", "1.5e5")
	case oddGatewayText:
		w.str("payment_gateway_names", "Cash on Delivery (COD)")
	case oddGatewayNumber:
		w.lit("payment_gateway_names", "[17]")
	case oddTagsList:
		w.strs("tags", "COD", "VIP")
	case oddTaxLinesObject:
		w.lit("tax_lines", "{}")
	case oddProperties:
		w.lit("line_items", `[{"id":`+strconv.FormatInt(d.items[0].id, 10)+
			`,"title":"Pedido especial","quantity":"2","price":89900,"properties":{"Talla":"M","Grabado":null}}]`)
	case oddCustomerText:
		w.str("customer", d.who.name())
	case oddLongName:
		w.lit("customer", `{"id":`+strconv.FormatInt(d.who.id, 10)+`,"first_name":"`+strings.Repeat("Ñ", 200)+`","last_name":null}`)
	case oddLongPhone:
		w.str("phone", "+57 "+strings.Repeat("300 111 22 33 / ", 4))
	case oddNUL:
		w.str("note", "sin\x00sentido\x07")
	case oddProcessedAt:
		w.str("processed_at", "ayer")
	case oddOrderNumber:
		w.str("order_number", "A-"+strconv.FormatUint(d.number, 10))
	case oddStatus:
		w.str("fulfillment_status", d.fulfillment)
		w.str("source_name", "")
	case oddAddressList:
		w.lit("shipping_address", "[]")
	case oddLatitude:
		w.lit("shipping_address", `{"name":"Solo Nombre","city":"Bogotá","latitude":"4.60971","longitude":"-74.08175","zip":110111,"address1":null}`)
	case oddEmpty:
		w.str("email", "")
		w.lit("customer", "{}")
	case oddUnknown:
		w.lit("returns", "[]")
		w.lit("line_item_groups", `[{"id":null}]`)
		w.lit("checkout_id", "null")
		w.lit("total_price_usd", `"0.70"`)
	case oddNothing, oddities:
	}
}
