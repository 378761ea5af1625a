package score

import (
	"strings"
	"time"
)

// SettledOf says what the platform's own data tell of an order's end, and when it was known. Reports of the merchant or the
// carrier know better, and win over it.
//
//	                             what left            what the data say                                       outcome
//	shipped                      every parcel         delivered                                               Delivered
//	                             any parcel           came back: failure, returned, …                         Failed, once none is under way
//	                             any parcel           order cancelled, and nothing was delivered              Failed
//	on delivery                  any parcel           voided, or refunded with the goods back                 Failed
//	                             any parcel           paid, half a day or more after it left                  Delivered
//	not shipped                                       order cancelled                                         Cancelled
//	all else                                                                                                  Pending
//
// Of several parcels those count that left. One that came back makes the order a failed one, as its way was paid for nothing. What
// a customer sends back after it was delivered is no failure; but on delivery, a parcel that is delivered and voided was delivered
// to the sender. An order that was paid before is delivered only when the carrier says so: that it was paid says nothing.
func SettledOf(o Order) Settled {
	var left, delivered, failed int
	var firstLeft, lastHeard time.Time
	for i := range o.Parcels {
		p := &o.Parcels[i]
		if !p.left() {
			continue
		}
		if left++; left == 1 || p.At.Before(firstLeft) {
			firstLeft = p.At
		}
		switch p.end() {
		case Delivered:
			delivered++
		case Failed:
			failed++
		case Pending, Cancelled:
			continue
		}
		if p.Changed.After(lastHeard) {
			lastHeard = p.Changed
		}
	}
	updated := later(o.Updated, lastHeard)
	cancelled := !o.Cancelled.IsZero()
	if left == 0 {
		if cancelled {
			return known(Cancelled, o.Cancelled)
		}
		return Settled{}
	}
	cod, _ := payment(o.Payment, o.Tags)
	status := strings.ToLower(o.FinancialStatus)
	back, returned := returnedAt(o.Refunds)
	switch {
	case cod == Yes && status == "voided":
		return known(Failed, firstKnown(o.Cancelled, back, updated))
	case failed > 0 && failed+delivered == left:
		return known(Failed, firstKnown(lastHeard, updated))
	case delivered == left:
		return known(Delivered, firstKnown(lastHeard, updated))
	case delivered > 0:
		return Settled{}
	case cancelled:
		return known(Failed, later(o.Cancelled, lastHeard))
	case cod == Yes && returned && (status == "refunded" || status == "partially_refunded" || status == "pending"):
		return known(Failed, firstKnown(back, updated))
	case failed == 0 && cod == Yes && status == "paid" && !firstLeft.IsZero() && o.Updated.Sub(firstLeft) >= soonestPaid:
		return known(Delivered, o.Updated)
	}
	return Settled{}
}

// known is an outcome with its time; one that nobody can date cannot be learnt from, and stays pending.
func known(what Outcome, at time.Time) Settled {
	if at.IsZero() {
		return Settled{}
	}
	return Settled{what, at}
}

// soonestPaid is how long after a parcel left it can have been paid at the door. What is marked as paid while it is packed tells
// how a store keeps its books.
const soonestPaid = 12 * time.Hour

// left tells whether a parcel was handed over. A label that was printed is none yet, and neither is a fulfillment that was given up,
// unless it was on its way by then.
func (p *Parcel) left() bool {
	switch strings.ToLower(p.Status) {
	case "", "success":
		switch strings.ToLower(p.Shipment) {
		case "label_printed", "label_purchased", "confirmed":
			return false
		}
		return true
	case "cancelled":
		return p.end() != Pending || underWay[strings.ToLower(p.Shipment)]
	}
	return false // pending, open, error, failure: of the fulfillment, not of the delivery
}

// underWay are the states of a shipment that is with the carrier.
var underWay = setOf("in_transit", "out_for_delivery", "attempted_delivery", "ready_for_pickup", "picked_up", "carrier_picked_up", "delayed", "submitted")

// end is what became of one parcel.
func (p *Parcel) end() Outcome {
	switch shipment := strings.ToLower(p.Shipment); {
	case shipment == "delivered":
		return Delivered
	case shipment == "failure", shipment == "not_delivered", shipment == "lost", strings.HasPrefix(shipment, "return"), strings.Contains(shipment, "to_sender"):
		return Failed
	}
	return Pending
}

// refusals are how people note, folded, that goods came back from the door.
var refusals = []string{
	"rechazado", "rechazada", "rechazo", "rechaza", "rehusado", "no recibido", "no recibe", "no recibio", "devuelto", "devuelta", "devolucion", "devolucion transportadora",
	"retorno", "retornado", "no entregado", "no contesta", "recusado", "recusada", "devolvido", "devolucao", "nao entregue", "refused", "rejected", "returned", "return to sender", "rto", "undelivered", "not delivered",
}

// returnedAt is when it was noted last that goods came back.
func returnedAt(refunds []Refund) (at time.Time, returned bool) {
	for _, r := range refunds {
		if r.Returned || says(fold(r.Note), refusals) {
			at, returned = later(at, r.At), true
		}
	}
	return at, returned
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// firstKnown is the first of the times that is known.
func firstKnown(times ...time.Time) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}
