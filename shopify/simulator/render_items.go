package simulator

import (
	"fmt"
	"strconv"
)

// writeItems writes line items; those inside a fulfillment are brief.
func (d *draft) writeItems(w *writer, name string, items []item, brief bool) {
	w.open(name, '[')
	for i, it := range items {
		full := it.title
		if it.option != "" {
			full += " - " + it.option
		}
		done := d.fulfillment == "fulfilled" || d.fulfillment == "partial" && i == 0
		w.open("", '{')
		w.int("id", it.id)
		w.str("admin_graphql_api_id", "gid://shopify/LineItem/"+strconv.FormatInt(it.id, 10))
		w.str("title", it.title)
		w.str("name", full)
		w.str("sku", it.sku)
		w.int("quantity", it.quantity)
		w.str("price", d.money(it.price))
		if brief {
			w.close('}')
			continue
		}
		w.lit("attributed_staffs", "[]")
		w.int("current_quantity", it.quantity)
		if done {
			w.int("fulfillable_quantity", 0)
			w.str("fulfillment_status", "fulfilled")
		} else {
			w.int("fulfillable_quantity", it.quantity)
			w.nulls("fulfillment_status")
		}
		w.str("fulfillment_service", "manual")
		w.bool("gift_card", false)
		w.int("grams", it.grams)
		w.set("price_set", d.money(it.price), d.currency)
		w.bool("product_exists", true)
		w.int("product_id", it.product)
		w.lit("properties", "[]")
		w.bool("requires_shipping", true)
		w.nulls("sales_line_item_group_id")
		w.bool("taxable", true)
		w.str("total_discount", d.money(0))
		w.int("variant_id", it.variant)
		w.str("variant_inventory_management", "shopify")
		w.text("variant_title", it.option)
		w.nulls("vendor")
		for _, list := range [...]string{"tax_lines", "duties", "discount_allocations"} {
			w.lit(list, "[]")
		}
		w.close('}')
	}
	w.close(']')
}

func (d *draft) writeFulfillments(w *writer) {
	w.open("fulfillments", '[')
	if d.shipped != 0 {
		items := d.items
		if d.fulfillment == "partial" {
			items = items[:1]
		}
		id := 4_700_000_000_000 + int64(d.seq)*16
		w.open("", '{')
		w.int("id", id)
		w.str("admin_graphql_api_id", "gid://shopify/Fulfillment/"+strconv.FormatInt(id, 10))
		w.str("created_at", d.time(d.shipped))
		w.int("location_id", d.shopID+7)
		w.str("name", d.name+".1")
		w.int("order_id", d.id)
		w.lit("origin_address", "{}")
		w.lit("receipt", "{}")
		w.str("service", "manual")
		w.text("shipment_status", d.shipment)
		w.str("status", "success")
		if d.shipment == "" {
			w.nulls("tracking_company", "tracking_number", "tracking_url")
			w.lit("tracking_numbers", "[]")
			w.lit("tracking_urls", "[]")
		} else {
			url := "https://tracking.example.com/" + d.tracking
			w.str("tracking_company", d.carrier)
			w.str("tracking_number", d.tracking)
			w.strs("tracking_numbers", d.tracking)
			w.str("tracking_url", url)
			w.strs("tracking_urls", url)
		}
		w.str("updated_at", d.time(d.updated))
		d.writeItems(w, "line_items", items, true)
		w.close('}')
	}
	w.close(']')
}

// writeRefunds has amounts as numbers beside amounts as texts, like the real one. A parcel that was refused is a refund of nothing.
func (d *draft) writeRefunds(w *writer) {
	w.open("refunds", '[')
	refused := d.refused && d.financial == "voided" && d.shipped != 0
	if refused || d.financial == "refunded" || d.financial == "partially_refunded" {
		it := d.items[0]
		id := 900_000_000_000 + int64(d.seq)*4
		note := "Devolución"
		if refused {
			note = [...]string{"Rechazado por el cliente", "No contesta, devuelto a bodega", "Dirección errada, devolución"}[d.seq%3]
		}
		w.open("", '{')
		w.int("id", id)
		w.str("created_at", d.time(d.updated))
		w.lit("duties", "[]")
		w.text("note", note)
		w.int("order_id", d.id)
		w.bool("restock", true)
		w.lit("order_adjustments", "[]")
		w.open("refund_line_items", '[')
		w.open("", '{')
		w.int("id", id+1)
		w.int("line_item_id", it.id)
		w.int("quantity", it.quantity)
		w.str("restock_type", "return")
		w.lit("subtotal", fmt.Sprintf("%d.%02d", it.price*it.quantity/100, it.price*it.quantity%100))
		w.set("subtotal_set", d.money(it.price*it.quantity), d.currency)
		w.lit("total_tax", "0.0")
		w.close('}')
		w.close(']')
		w.open("transactions", '[')
		if !refused {
			w.open("", '{')
			w.int("id", id+2)
			w.str("amount", d.money(it.price*it.quantity))
			w.str("currency", d.currency)
			w.str("gateway", "manual")
			w.str("kind", "refund")
			w.str("status", "success")
			w.close('}')
		}
		w.close(']')
		w.close('}')
	}
	w.close(']')
}

func (d *draft) writeShipping(w *writer) {
	w.open("shipping_lines", '[')
	if d.shipTo {
		w.open("", '{')
		w.int("id", 3_900_000_000_000+int64(d.seq)*4)
		w.nulls("carrier_identifier")
		w.str("code", "Estándar")
		w.bool("is_removed", false)
		w.nulls("phone")
		w.str("price", d.money(d.shipping))
		w.nulls("requested_fulfillment_service_id")
		w.str("source", "shopify")
		w.lit("tax_lines", "[]")
		w.str("title", "Envío estándar")
		w.lit("discount_allocations", "[]")
		w.close('}')
	}
	w.close(']')
}
