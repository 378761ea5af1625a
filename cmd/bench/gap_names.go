package main

import (
	"strconv"
	"time"
)

// gaps are the names between « and » in the templates, and what they stand for.
func gaps() map[string]gap {
	total := func(w *writer) uint64 { return w.total() }
	subtotal := func(w *writer) uint64 { return w.subtotal }
	shipping := func(w *writer) uint64 { return w.shipping }
	tax := func(w *writer) uint64 { return w.subtotal * 19 / 119 } // which the prices include
	return map[string]gap{
		// The order.
		"id":           number(func(w *writer) uint64 { return w.id }),
		"number":       number(func(w *writer) uint64 { return uint64(w.number) }),
		"number0":      number(func(w *writer) uint64 { return uint64(w.number) - firstNumber + 1 }),
		"created":      moment(func(w *writer) time.Time { return w.created }),
		"updated":      moment(func(w *writer) time.Time { return w.updated }),
		"financial":    text(func(w *writer) string { return w.financial }),
		"fulfillment":  text(func(w *writer) string { return orNull(w.fulfillment) }),
		"gateway":      text(func(w *writer) string { return w.gateway }),
		"source":       one(12, "web", "web", "web", "580111", "shopify_draft_order"),
		"note":         one(13, "null", "null", "null", `""`, `"Llamar antes de llegar"`, `"Entregar después de las 5pm"`),
		"tags":         one(14, "", "", "cliente frecuente", "COD, WhatsApp", "revisar dirección"),
		"handle":       one(5, "faja-uso-diario", "audifonos-estuche", "crema-noche-50", "lampara-luna", "tenis-livianos", "serum-facial"),
		"campaign":     drawn(6, 120_211_000_000, 400_000_000),
		"chrome":       drawn(7, 118, 14),
		"ip":           browserIP,
		"marketing":    one(8, "true", "false"),
		"token":        token(9),
		"token2":       token(10),
		"checkout":     drawn(11, 33_100_000_000_000, 900_000_000_000),
		"confirmation": confirmation,
		"grams":        drawn(15, 100, 2900),

		// Money.
		"total":       amount(total),
		"totalset":    set(total),
		"subtotal":    amount(subtotal),
		"subtotalset": set(subtotal),
		"shipping":    amount(shipping),
		"shippingset": set(shipping),
		"tax":         amount(tax),
		"taxset":      set(tax),
		"outstanding": amount(func(w *writer) uint64 { return w.outstanding() }),

		// The customer and where it goes.
		"customer":   number(func(w *writer) uint64 { return 7_200_000_000_000 + w.customer*32 }),
		"since":      moment(func(w *writer) time.Time { return w.created.AddDate(0, 0, -int(w.customer%700)) }),
		"first":      text(func(w *writer) string { return w.first }),
		"last":       text(func(w *writer) string { return w.last }),
		"email":      text(func(w *writer) string { return w.email }),
		"phone":      text(func(w *writer) string { return w.phone }),
		"orderphone": one(1, "null", "null", `""`),
		"address":    address,
		"addressid":  number(func(w *writer) uint64 { return 8_400_000_000_000 + w.customer*64 }),
		"street":     text(func(w *writer) string { return w.street }),
		"complement": text(func(w *writer) string { return w.complement }),
		"barrio":     one(4, barrios[:]...),
		"city":       text(func(w *writer) string { return w.place.city }),
		"province":   text(func(w *writer) string { return w.place.province }),
		"code":       text(func(w *writer) string { return w.place.code }),
		"zip":        number(func(w *writer) uint64 { return w.zip }),
		"latitude":   degrees(2, func(p *place) float64 { return p.latitude }),
		"longitude":  degrees(3, func(p *place) float64 { return p.longitude }),

		// How it goes there.
		"shippingid":    drawn(16, 4_500_000_000_000, 300_000_000_000),
		"fulfillments":  fulfillments,
		"fulfillmentid": drawn(17, 4_900_000_000_000, 90_000_000_000),
		"carrier":       one(18, carriers[:]...),
		"tracking":      drawn(19, 2_000_000_000, 7_000_000_000),

		// What was bought.
		"items":     items,
		"itemid":    number(func(w *writer) uint64 { return 13_000_000_000_000 + w.item.seed%900_000_000_000 }),
		"title":     text(func(w *writer) string { return w.item.title }),
		"variant":   text(func(w *writer) string { return w.item.variant }),
		"price":     amount(func(w *writer) uint64 { return w.item.price }),
		"priceset":  set(func(w *writer) uint64 { return w.item.price }),
		"quantity":  number(func(w *writer) uint64 { return w.item.quantity }),
		"itemgrams": number(func(w *writer) uint64 { return 100 + w.item.price/50_000 }),
		"product":   number(func(w *writer) uint64 { return 8_000_000_000_000 + uint64(len(w.item.title))*4096 }),
		"variantid": number(func(w *writer) uint64 {
			return 44_000_000_000_000 + uint64(len(w.item.title))*64 + uint64(len(w.item.variant))
		}),
		"sku": text(func(w *writer) string { return "SKU-" + strconv.Itoa(1000+len(w.item.title)*len(w.item.variant)) }),
	}
}

// orNull is a text as JSON, null when it is empty.
func orNull(s string) string {
	if s == "" {
		return "null"
	}
	return `"` + s + `"`
}
