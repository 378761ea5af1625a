package simulator

import (
	"math/rand/v2"
	"strconv"
	"time"
)

// fate is how an order ends when it has the time to.
type fate int

const (
	fateDelivered fate = iota
	fateReturned       // refused at the door or never found
	fateCancelled
	fateRefunded
	fatePartial // part of it is shipped, the rest waits
	fateStuck   // nobody works on it
)

// plan is what is decided about an order before a byte is written. It follows
// from the seed and the sequence number alone; only times come from outside.
type plan struct {
	seq       uint64
	id        int64
	buyer     uint64 // number of the person
	cod       bool
	source    string // web, pos, shopify_draft_order, …
	customer  customerForm
	fate      fate
	work      int64 // seconds until it is shipped or cancelled
	transit   int64 // seconds from shipping to the end
	gap       int64 // seconds between two orders that this one may move by
	oddity    oddity
	processed int64 // seconds the order was processed before its creation
	product   int   // of the first line
	carrier   int
	refused   bool // the courier told nobody: the merchant notes it in a refund
}

// customerForm is how the customer is told.
type customerForm int

const (
	customerPresent customerForm = iota
	customerNull
	customerAbsent
)

const (
	hour = 3600
	day  = 24 * hour

	// hugeIDs begins a range of ids that no float64 holds exactly, such as
	// Shopify's own test notifications use.
	hugeIDs = 820_000_000_000_000_000
)

// planOrder draws an order. The numbers are consumed in a fixed sequence;
// payload details use another stream.
func (sh *Shop) planOrder(seq uint64) plan {
	r := dice(sh.seed, seq)
	p := plan{seq: seq, source: "web", gap: r.Int64N(1 << 20)}
	step := int64(seq)*32_768 + r.Int64N(32_768)
	p.id = 5_000_000_000_000 + int64(sh.seed%900)*1_000_000_000 + step
	if r.IntN(100) == 0 {
		p.id = hugeIDs + step<<5 + 3
	}
	p.buyer = 1<<36 + seq
	if r.IntN(100) < 42 { // one of the regulars
		p.buyer = r.Uint64N(seq/6 + 1)
	}
	switch draw := r.IntN(100); {
	case draw < 4:
		p.source = "pos"
	case draw < 8:
		p.source = "shopify_draft_order"
	case draw < 14:
		p.source = [...]string{"iphone", "android", "2329312", "580111", "tiktok"}[r.IntN(5)]
	}
	p.cod = r.IntN(100) < 63 && p.source != "pos"
	switch draw := r.IntN(100); {
	case p.source == "pos" && draw < 60, p.source == "shopify_draft_order" && draw < 40:
		p.customer = customerAbsent
	case draw < 2:
		p.customer = customerNull
	}
	p.fate = fateFor(r, p.cod)
	p.work = hour + r.Int64N(40*hour)
	p.transit = day + r.Int64N(6*day)
	if r.IntN(50) == 0 {
		p.processed = r.Int64N(90 * day) // brought over from another system
	}
	if r.Float64() < sh.cfg.Oddities {
		p.oddity = 1 + oddity(r.IntN(int(oddities)-1))
	}
	sh.tryLuck(&p)
	return p
}

// tryLuck draws whether a parcel that is sent reaches its customer, from a stream of its own.
func (sh *Shop) tryLuck(p *plan) {
	r := dice(sh.seed^saltLuck, p.seq)
	m := mannersOf(sh.seed, p.buyer, sh.cfg.Country)
	p.product, p.carrier = r.IntN(len(products)), r.IntN(len(m.place.carriers))
	luck, told := r.Float64(), r.IntN(10)
	if p.fate != fateDelivered && p.fate != fateReturned {
		return
	}
	if p.fate = fateDelivered; luck < sh.comesBack(p, &m) {
		p.fate = fateReturned
		p.refused = p.cod && told < 3
	}
}

// fateFor draws the end of an order. Which of the sent ones come back is decided later: see tryLuck.
func fateFor(r *rand.Rand, cod bool) fate {
	shares := [...]int{86, 88, 93, 97, 98, 100}
	if cod {
		shares = [...]int{66, 82, 94, 95, 97, 100}
	}
	draw := r.IntN(100)
	for i, share := range shares {
		if draw < share {
			return fate(i)
		}
	}
	return fateStuck
}

// progress is how far an order has come at some moment.
type progress struct {
	financial   string
	fulfillment string // "" is null
	shipment    string // shipment_status of the fulfillment; "" is null
	shipped     int64  // Unix seconds; 0: not shipped
	cancelled   int64
	closed      int64
	updated     int64
}

// progressAt follows from the plan and from the time between created and now.
func (p *plan) progressAt(created, now int64) progress {
	g := progress{financial: "paid", updated: created}
	if p.cod || p.fate == fateStuck {
		g.financial = "pending"
	}
	worked, ended := created+p.work, created+p.work+p.transit
	if p.source == "pos" {
		g.fulfillment, g.financial, g.shipped, g.closed = "fulfilled", "paid", created, created
		return g
	}
	if p.fate == fateStuck || now < worked {
		return g
	}
	g.updated = worked
	if p.fate == fateCancelled {
		g.cancelled, g.closed = worked, worked
		g.financial = "refunded"
		if p.cod {
			g.financial = "voided"
		}
		return g
	}
	g.shipped, g.fulfillment, g.shipment = worked, "fulfilled", "in_transit"
	if p.fate == fatePartial {
		g.fulfillment = "partial"
	}
	if halfway := worked + p.transit*3/4; now >= halfway && now < ended {
		g.shipment, g.updated = "out_for_delivery", halfway
	}
	if now < ended {
		return g
	}
	g.updated, g.shipment = ended, "delivered"
	switch p.fate {
	case fateDelivered:
		g.financial, g.closed = "paid", ended
	case fateReturned:
		if g.shipment = "failure"; p.refused {
			g.shipment = "out_for_delivery"
		}
		if p.cod {
			g.financial = "voided"
		}
	case fateRefunded:
		g.financial, g.closed = "refunded", ended
	case fatePartial:
		g.financial = "partially_refunded"
	case fateCancelled, fateStuck:
	}
	return g
}

// recordOf is what the index holds of a generated order.
func (sh *Shop) recordOf(p *plan, created, now int64) *record {
	g := p.progressAt(created, now)
	return &record{
		id: p.id, seq: p.seq, name: "#" + strconv.FormatUint(1001+p.seq, 10),
		created: created, updated: g.updated, processed: created - p.processed,
		financial: g.financial, fulfillment: g.fulfillment, cancelled: g.cancelled != 0, closed: g.closed != 0,
	}
}

// Generate adds n realistic orders, created over the last stretch of time up
// to a minute ago and as far along as their age lets them be. Their payloads
// are written when they are asked for.
func (sh *Shop) Generate(n int, within time.Duration) {
	if n <= 0 {
		return
	}
	now := unix(sh.srv.now())
	span := max(int64(within/time.Second)-60, 1)
	start := now - 60 - span
	sh.mu.Lock()
	defer sh.mu.Unlock()
	records := make([]*record, n)
	for i := range records {
		p := sh.planOrder(sh.next)
		sh.next++
		slot := start + span*int64(i)/int64(n)
		width := max(start+span*int64(i+1)/int64(n)-slot, 1)
		records[i] = sh.recordOf(&p, slot+p.gap%width, now)
	}
	sh.index.add(records...)
}
