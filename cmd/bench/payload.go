package main

import (
	"embed"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Payloads are pieces of text with gaps between them, so that one of 6 KB costs some microseconds. Their members are those
// of Shopify's REST orders and webhooks.

//go:embed templates/*.json
var templateFiles embed.FS

// gap writes what belongs between two pieces.
type gap func(b []byte, w *writer) []byte

type template struct {
	pieces []string // one more than gaps
	gaps   []gap
}

// templates are the four kinds of text a payload is made of.
type templates struct{ order, address, item, fulfillment template }

// writer is the order that is being written, and which of its items.
type writer struct {
	*order

	t    *templates
	item *item
}

func loadTemplates() (*templates, error) {
	t := &templates{}
	for name, into := range map[string]*template{"order": &t.order, "address": &t.address, "item": &t.item, "fulfillment": &t.fulfillment} {
		text, err := templateFiles.ReadFile("templates/" + name + ".json")
		if err != nil {
			return nil, err
		}
		if *into, err = parseTemplate(strings.ReplaceAll(string(text), "\n", "")); err != nil {
			return nil, fmt.Errorf("templates/%s.json: %w", name, err)
		}
	}
	return t, nil
}

func parseTemplate(text string) (template, error) {
	var t template
	all := gaps()
	for {
		piece, rest, found := strings.Cut(text, "«")
		t.pieces = append(t.pieces, piece)
		if !found {
			return t, nil
		}
		name, after, _ := strings.Cut(rest, "»")
		g, known := all[name]
		if !known {
			return t, fmt.Errorf("nobody knows what «%s» is", name)
		}
		t.gaps, text = append(t.gaps, g), after
	}
}

func (t *template) write(b []byte, w *writer) []byte {
	for i, g := range t.gaps {
		b = append(b, t.pieces[i]...)
		b = g(b, w)
	}
	return append(b, t.pieces[len(t.pieces)-1]...)
}

// payload appends the order's JSON.
func (t *templates) payload(b []byte, o *order) []byte {
	return t.order.write(b, &writer{order: o, t: t})
}

// gaps are the names between « and » in the templates.
func gaps() map[string]gap {
	text := func(of func(*writer) string) gap {
		return func(b []byte, w *writer) []byte { return append(b, of(w)...) }
	}
	number := func(of func(*writer) uint64) gap {
		return func(b []byte, w *writer) []byte { return strconv.AppendUint(b, of(w), 10) }
	}
	amount := func(of func(*writer) uint64) gap {
		return func(b []byte, w *writer) []byte { return appendMoney(b, of(w)) }
	}
	set := func(of func(*writer) uint64) gap { // an amount in both of the order's currencies
		return func(b []byte, w *writer) []byte {
			b = appendMoney(append(b, `{"shop_money":{"amount":"`...), of(w))
			b = appendMoney(append(b, `","currency_code":"COP"},"presentment_money":{"amount":"`...), of(w))
			return append(b, `","currency_code":"COP"}}`...)
		}
	}
	drawn := func(salt, from, n uint64) gap { // a number that only looks real
		return number(func(w *writer) uint64 { d := dice(w.seed ^ salt); return from + d.next()%n })
	}
	one := func(salt uint64, of ...string) gap {
		return text(func(w *writer) string { d := dice(w.seed ^ salt); return of[d.below(len(of))] })
	}
	token := func(salt uint64) gap {
		return func(b []byte, w *writer) []byte { return appendToken(b, w.seed^salt) }
	}
	moment := func(of func(*writer) time.Time) gap {
		return func(b []byte, w *writer) []byte { return of(w).In(bogota).AppendFormat(b, "2006-01-02T15:04:05-07:00") }
	}
	total := func(w *writer) uint64 { return w.total() }
	subtotal := func(w *writer) uint64 { return w.subtotal }
	shipping := func(w *writer) uint64 { return w.shipping }
	tax := func(w *writer) uint64 { return w.subtotal * 19 / 119 }
	zero := func(*writer) uint64 { return 0 }
	id := func(w *writer) uint64 { return w.id }

	return map[string]gap{
		"id": number(id), "number": number(func(w *writer) uint64 { return uint64(w.number) }), "number0": number(func(w *writer) uint64 { return uint64(w.number) - 1000 }),
		"created": moment(func(w *writer) time.Time { return w.created }), "updated": moment(func(w *writer) time.Time { return w.updated }),
		"since": moment(func(w *writer) time.Time { return w.created.AddDate(0, 0, -int(w.customer%700)) }),
		"first": text(func(w *writer) string { return w.first }), "last": text(func(w *writer) string { return w.last }),
		"email": text(func(w *writer) string { return w.email }), "phone": text(func(w *writer) string { return w.phone }), "orderphone": one(1, "null", "null", `""`),
		"customer":  number(func(w *writer) uint64 { return 7_200_000_000_000 + w.customer*32 }),
		"addressid": number(func(w *writer) uint64 { return 8_400_000_000_000 + w.customer*64 }),
		"city":      text(func(w *writer) string { return w.place.city }), "province": text(func(w *writer) string { return w.place.province }), "code": text(func(w *writer) string { return w.place.code }),
		"street": text(func(w *writer) string { return w.street }), "complement": text(func(w *writer) string { return w.complement }), "zip": number(func(w *writer) uint64 { return w.zip }),
		"latitude": degrees(2, func(p *place) float64 { return p.latitude }), "longitude": degrees(3, func(p *place) float64 { return p.longitude }),
		"barrio": one(4, barrios[:]...), "handle": one(5, "faja-uso-diario", "audifonos-estuche", "crema-noche-50", "lampara-luna", "tenis-livianos", "serum-facial"),
		"campaign": drawn(6, 120_211_000_000, 400_000_000), "chrome": drawn(7, 118, 14), "ip": ipGap, "marketing": one(8, "true", "false"),
		"token": token(9), "token2": token(10), "checkout": drawn(11, 33_100_000_000_000, 900_000_000_000), "confirmation": confirmation,
		"total": amount(total), "totalset": set(total), "subtotal": amount(subtotal), "subtotalset": set(subtotal), "shipping": amount(shipping), "shippingset": set(shipping),
		"tax": amount(tax), "taxset": set(tax), "zeroset": set(zero),
		"outstanding": amount(func(w *writer) uint64 {
			if w.financial == "pending" {
				return w.total()
			}
			return 0
		}),
		"financial": text(func(w *writer) string { return w.financial }),
		"fulfillment": text(func(w *writer) string {
			if w.fulfillment == "" {
				return "null"
			}
			return `"` + w.fulfillment + `"`
		}),
		"gateway": text(func(w *writer) string { return w.gateway }), "source": one(12, "web", "web", "web", "580111", "shopify_draft_order"),
		"note": one(13, "null", "null", "null", `""`, `"Llamar antes de llegar"`, `"Entregar después de las 5pm"`), "tags": one(14, "", "", "cliente frecuente", "COD, WhatsApp", "revisar dirección"),
		"grams": drawn(15, 100, 2900), "shippingid": drawn(16, 4_500_000_000_000, 300_000_000_000), "fulfillmentid": drawn(17, 4_900_000_000_000, 90_000_000_000),
		"carrier": one(18, carriers[:]...), "tracking": drawn(19, 2_000_000_000, 7_000_000_000),
		"address": func(b []byte, w *writer) []byte { return w.t.address.write(b, w) },
		"items": func(b []byte, w *writer) []byte {
			for i := range w.items {
				if i > 0 {
					b = append(b, ',')
				}
				b = w.t.item.write(b, &writer{order: w.order, t: w.t, item: &w.items[i]})
			}
			return b
		},
		"fulfillments": func(b []byte, w *writer) []byte {
			if w.fulfillment == "" {
				return b
			}
			return w.t.fulfillment.write(b, w)
		},
		"itemid": number(func(w *writer) uint64 { return 13_000_000_000_000 + w.item.seed%900_000_000_000 }),
		"title":  text(func(w *writer) string { return w.item.title }), "variant": text(func(w *writer) string { return w.item.variant }),
		"price": amount(func(w *writer) uint64 { return w.item.price }), "priceset": set(func(w *writer) uint64 { return w.item.price }),
		"quantity": number(func(w *writer) uint64 { return w.item.quantity }), "itemgrams": number(func(w *writer) uint64 { return 100 + w.item.price/50_000 }),
		"product": number(func(w *writer) uint64 { return 8_000_000_000_000 + uint64(len(w.item.title))*4096 }),
		"variantid": number(func(w *writer) uint64 {
			return 44_000_000_000_000 + uint64(len(w.item.title))*64 + uint64(len(w.item.variant))
		}),
		"sku": text(func(w *writer) string { return "SKU-" + strconv.Itoa(1000+len(w.item.title)*len(w.item.variant)) }),
	}
}

// bogota has no summer time.
var bogota = time.FixedZone("America/Bogota", -5*3600)

func appendMoney(b []byte, hundredths uint64) []byte {
	b = append(strconv.AppendUint(b, hundredths/100, 10), '.')
	return append(b, byte('0'+hundredths/10%10), byte('0'+hundredths%10))
}

func appendToken(b []byte, seed uint64) []byte {
	const digits = "0123456789abcdef"
	d := dice(seed)
	for range 2 {
		for v, i := d.next(), 0; i < 16; i++ {
			b = append(b, digits[v&15])
			v >>= 4
		}
	}
	return b
}

func confirmation(b []byte, w *writer) []byte {
	const letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789" // 32
	d := dice(w.seed ^ 20)
	for v, i := d.next(), 0; i < 9; i++ {
		b = append(b, letters[v&31])
		v >>= 5
	}
	return b
}

func ipGap(b []byte, w *writer) []byte {
	d := dice(w.customer)
	v := d.next()
	b = append(strconv.AppendUint(append(b, "190."...), v&255, 10), '.')
	b = append(strconv.AppendUint(b, v>>8&255, 10), '.')
	return strconv.AppendUint(b, v>>16&255, 10)
}

func degrees(salt uint64, of func(*place) float64) gap {
	return func(b []byte, w *writer) []byte {
		d := dice(w.customer ^ salt)
		return strconv.AppendFloat(b, of(w.place)+float64(d.below(100_000))/1_000_000, 'f', 7, 64)
	}
}
