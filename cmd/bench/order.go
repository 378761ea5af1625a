package main

import (
	"fmt"
	"strings"
	"time"
)

const (
	codPercent = 12

	// Half of the orders come from regular customers, the others from a crowd of whom few come twice.
	regulars = 20_000
	crowd    = 3_000_000

	firstNumber = 1001 // "#1001" is a store's first order
)

// order is what a payload says. It follows from the catalogue's seed and the order's index alone.
type order struct {
	seed             uint64 // of details that nobody asks for
	id               uint64
	number           int
	customer         uint64
	first, last      string
	email, phone     string
	place            *place
	street           string
	complement       string
	zip              uint64
	gateway          string
	financial        string
	fulfillment      string // "" is null
	subtotal         uint64 // hundredths, like the others
	shipping         uint64
	items            []item
	created, updated time.Time
}

type item struct {
	seed     uint64
	title    string
	variant  string
	price    uint64
	quantity uint64
}

// dice draws numbers from a seed; the same seed draws the same ones (splitmix64).
type dice uint64

func (d *dice) next() uint64 {
	*d += 0x9e3779b97f4a7c15
	z := uint64(*d)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (d *dice) below(n int) int { return int(d.next() % uint64(n)) }

// weighted draws an index by shares that sum up to sum.
func (d *dice) weighted(shares []uint64, sum uint64) int {
	at := d.next() % sum
	for i, s := range shares {
		if at < s {
			return i
		}
		at -= s
	}
	return len(shares) - 1
}

// catalog is the orders of one store, as many as anybody asks for. The first size of them are what the store has;
// those behind are made by later webhooks.
type catalog struct {
	seed uint64
	size int
	end  time.Time // when the last of size was created, and no change is later
}

const catalogDays = 85

// created is when an order was created: evenly over the days before end, later ones a millisecond after another in
// the hour before it. Payloads have whole seconds.
func (c catalog) created(i int) time.Time {
	span := catalogDays * 24 * time.Hour
	if i >= c.size {
		return c.end.Add(time.Duration((i-c.size)%3_600_000)*time.Millisecond - time.Hour).Truncate(time.Second)
	}
	return c.end.Add(-span + time.Duration(int64(span)/int64(c.size)*int64(i))).Truncate(time.Second)
}

// order makes the order with this index.
func (c catalog) order(i int) order {
	d := dice(c.seed + uint64(i)*0x2545f4914f6cdd1d)
	o := order{seed: d.next(), number: firstNumber + i, id: 5_310_000_000_000 + uint64(i)*32_768 + d.next()%32_768}
	o.customer = d.next() % crowd
	if d.below(2) == 0 {
		o.customer = d.next() % regulars
	}
	o.person(dice(o.customer * 0x9e6c63d0876a9a4b))
	o.financial = financialStates[d.weighted(financialShares[:], 10_000)]
	o.fulfillment = shippingStates[d.weighted(shippingShares[:], 10_000)]
	o.gateway = cardGateways[d.below(len(cardGateways))]
	if d.below(100) < codPercent {
		o.gateway = codGateways[d.below(len(codGateways))]
	}
	for range 1 + []int{0, 0, 0, 0, 0, 0, 0, 1, 1, 2}[d.below(10)] {
		it := item{seed: d.next(), price: 1_000_000 + uint64(d.below(390))*50_000, quantity: 1}
		it.title, it.variant = products[d.below(len(products))], variants[d.below(len(variants))]
		if d.below(6) == 0 {
			it.quantity = 2
		}
		o.subtotal += it.price * it.quantity
		o.items = append(o.items, it)
	}
	if d.below(3) > 0 {
		o.shipping = 900_000
	}
	o.created = c.created(i)
	if o.updated = o.created.Add(time.Duration(d.below(3*24*3600)) * time.Second); o.updated.After(c.end) {
		o.updated = c.end.Truncate(time.Second)
	}
	return o
}

// person fills in the customer, who is the same in each of their orders.
func (o *order) person(d dice) {
	o.first, o.last = firstNames[d.below(len(firstNames))], lastNames[d.below(len(lastNames))]
	shares := [len(places)]uint64{}
	for i := range places {
		shares[i] = places[i].share
	}
	o.place = &places[d.weighted(shares[:], 100)]
	domain := mailDomains[d.weighted(mailShares[:], 100)]
	o.email = fmt.Sprintf("%s.%s%d@%s", plain(o.first), plain(o.last), o.customer, domain)
	o.phone = fmt.Sprintf("+573%09d", d.next()%1_000_000_000)
	o.street = fmt.Sprintf("%s %d # %d-%d", streets[d.below(len(streets))], 1+d.below(180), 1+d.below(120), 1+d.below(99))
	o.complement = complements[d.below(len(complements))]
	o.zip = 10_000 + d.next()%990_000
}

// total is what the order costs, in hundredths.
func (o *order) total() uint64 { return o.subtotal + o.shipping }

// outstanding is what is still to be paid.
func (o *order) outstanding() uint64 {
	if o.financial == "pending" {
		return o.total()
	}
	return 0
}

var accents = strings.NewReplacer("á", "a", "é", "e", "í", "i", "ó", "o", "ú", "u", "ñ", "n", "ü", "u")

// plain is a name as people spell it in an e-mail address.
func plain(name string) string { return accents.Replace(strings.ToLower(name)) }
