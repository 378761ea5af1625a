package simulator

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// draft is everything that goes into one payload.
type draft struct {
	plan
	progress
	who        person
	place      *place // whose zone and currency the order has
	currency   string
	cents      bool // the currency is written with two decimals
	name       string
	number     uint64
	token      string
	gateways   []string
	items      []item
	subtotal   int64 // hundredths, as all amounts
	discount   int64
	shipping   int64
	total      int64
	created    int64
	processed  int64
	updated    int64
	shipTo     bool
	carrier    string
	tracking   string
	note       string
	tags       []string
	email      string
	phone      string
	shopDomain string
	shopID     int64
}

type item struct {
	id, product, variant int64
	title, option, sku   string
	quantity, grams      int64
	price                int64
}

var products = [...]string{
	"Faja Moldeadora Premium", "Audífonos Bluetooth X9", "Crema Facial Colágeno & Ácido Hialurónico", "Masajeador Cervical Eléctrico", "Lámpara Proyector Galaxia",
	"Zapatillas Running Ñandú", "Organizador de Cocina 360°", "Plancha Alisadora Mini", "Cámara WiFi para Bebé", "Kit Brochas (12 piezas)", "Mochila Antirrobo 15.6\"",
	"Sérum Vitamina C 30ml", "Termo Acero 1L", "Camiseta Algodón Orgánico", "Reloj Inteligente S8", "Calça Legging Térmica", "Cafetera Portátil ☕", "Cojín Ortopédico <Gel>",
}

var codGateways = [...]string{
	"Cash on Delivery (COD)", "Cash on Delivery (COD)", "Cash on Delivery (COD)", "Pago contra entrega", "Contra entrega", "Pago Contraentrega", "COD", "Pagamento na entrega",
	"Pago en la entrega (efectivo)", "Efectivo contra entrega",
}

// draftOf fills in a planned order. Everything beyond the record is drawn from
// a stream of its own, so that a new detail does not move the plan.
func (sh *Shop) draftOf(rec *record) *draft {
	p := sh.planOrder(rec.seq)
	r := dice(sh.seed^0xd1b54a32d192ed03, rec.seq)
	d := &draft{plan: p, who: personOf(sh.seed, p.buyer, sh.cfg.Country), shopDomain: sh.cfg.Domain, shopID: sh.id}
	d.place, d.currency = placeOf(sh.cfg.Country), sh.cfg.Currency
	if sh.cfg.Country == "" {
		d.place = d.who.place
		d.currency = d.place.currency
	}
	d.cents = d.currency != "CLP"
	d.created, d.updated, d.processed = rec.created, rec.updated, rec.processed
	// The state the record was made with is reached at its last change.
	d.progress = p.progressAt(rec.created, rec.updated)
	d.name, d.number = rec.name, 1001+rec.seq
	d.token = fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64())
	d.sell(r)
	d.pay(r)
	d.shipTo = p.source != "pos" && (p.source != "shopify_draft_order" || r.IntN(3) > 0)
	d.carrier = d.who.place.carriers[p.carrier]
	d.tracking = strconv.FormatInt(2_000_000_000+r.Int64N(7_000_000_000), 10)
	d.note = one(r, "", "", "", "", "Llamar antes de llegar", "Entregar después de las 5pm", "Es un regalo 🎁, \"sin factura\"", "Línea 1\nLínea 2")
	for _, tag := range []string{"COD", "cliente frecuente", "revisar dirección", "WhatsApp", "campaña-noviembre"} {
		if r.IntN(6) == 0 {
			d.tags = append(d.tags, tag)
		}
	}
	slices.SortFunc(d.tags, strings.Compare)
	if p.source != "pos" {
		d.email = d.who.email
	}
	if r.IntN(3) == 0 {
		d.phone = d.who.phone
	}
	return d
}

func (d *draft) sell(r *rand.Rand) {
	// Prices are those of the currency's own country, in its own steps.
	p := d.place
	if p.currency != d.currency {
		for i := range places {
			if places[i].currency == d.currency {
				p = &places[i]
			}
		}
	}
	for i := range 1 + []int{0, 0, 0, 0, 1, 1, 2}[r.IntN(7)] {
		k := r.Int64N(int64(len(products)))
		if i == 0 {
			k = int64(d.product)
		}
		it := item{
			id: 13_000_000_000_000 + int64(d.seq)*8 + int64(i), product: 8_000_000_000_000 + k*4_096, variant: 44_000_000_000_000 + k*16,
			title: products[k], option: one(r, "", "", "Negro / M", "Talla Única", "Rosado", "XL"), sku: fmt.Sprintf("SKU-%03d", k),
			quantity: 1, grams: 100 + 50*r.Int64N(30),
			price: p.cheap + r.Int64N((p.dear-p.cheap)/p.step+1)*p.step,
		}
		if r.IntN(5) == 0 {
			it.quantity = 2 + r.Int64N(3)
		}
		if r.IntN(15) == 0 {
			it.sku = ""
		}
		d.items = append(d.items, it)
		d.subtotal += it.price * it.quantity
	}
	if r.IntN(6) == 0 {
		d.discount = d.subtotal / 10 / p.step * p.step
	}
	if r.IntN(3) > 0 && d.source != "pos" {
		d.shipping = p.cheap / 3 / p.step * p.step
	}
	d.total = d.subtotal - d.discount + d.shipping
}

func (d *draft) pay(r *rand.Rand) {
	own := d.who.place.gateways
	switch {
	case d.source == "pos":
		d.gateways = []string{one(r, "cash", "manual", "Datáfono")}
	case d.cod:
		d.gateways = []string{codGateways[r.IntN(len(codGateways))]}
		if d.place.code != "BR" && d.gateways[0] == "Pagamento na entrega" {
			d.gateways[0] = codGateways[0]
		}
	default:
		d.gateways = []string{own[r.IntN(len(own))]}
		if r.IntN(25) == 0 {
			d.gateways = append(d.gateways, "gift_card")
		}
		if r.IntN(60) == 0 {
			d.gateways = []string{}
		}
	}
}

// money writes hundredths in the order's currency.
func (d *draft) money(v int64) string {
	if !d.cents {
		return strconv.FormatInt(v/100, 10)
	}
	return fmt.Sprintf("%d.%02d", v/100, v%100)
}

// time writes Unix seconds in the zone of the order's store.
func (d *draft) time(at int64) string {
	return time.Unix(at, 0).In(d.place.location()).Format("2006-01-02T15:04:05-07:00")
}
