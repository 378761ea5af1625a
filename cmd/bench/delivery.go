package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"runtime"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// bodySpace is the room that a payload is given; most need less.
const bodySpace = 8 << 10

// deliveries renders and signs webhooks for a store.
type deliveries struct {
	t    *templates
	shop string
	addr string // of the service
	from catalog
	next int // index of the next order
	mac  hash.Hash
}

// newDeliveries makes webhooks about orders that come after those of the catalogue.
func newDeliveries(t *templates, shop, addr string, from catalog) *deliveries {
	return &deliveries{t: t, shop: shop, addr: addr, from: from, next: from.size, mac: hmac.New(sha256.New, []byte(shopSecret))}
}

// pool renders n deliveries, each of an order of its own.
func (d *deliveries) pool(n int) *pool {
	p := &pool{requests: make([][]byte, n)}
	for i := range p.requests {
		o := d.from.order(d.next)
		d.next++
		p.requests[i] = d.request(&o)
	}
	runtime.GC() // now, and not while the clock runs
	return p
}

// fresh renders one delivery of an order that is created now, and gives the order's id.
func (d *deliveries) fresh() (request []byte, id string) {
	o := d.from.order(d.next)
	d.next++
	o.created = time.Now().UTC().Truncate(time.Second)
	o.updated = o.created
	return d.request(&o), strconv.FormatUint(o.id, 10)
}

func (d *deliveries) request(o *order) []byte {
	body := d.t.payload(make([]byte, 0, bodySpace), o)
	d.mac.Reset()
	d.mac.Write(body)
	head := fmt.Appendf(make([]byte, 0, len(body)+640), "POST /api/webhooks/shopify/orders/ HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"+
		"User-Agent: Shopify-Captain-Hook\r\nX-Shopify-Api-Version: 2026-10\r\nX-Shopify-Topic: orders/create\r\nX-Shopify-Shop-Domain: %s\r\n"+
		"X-Shopify-Hmac-Sha256: %s\r\nX-Shopify-Webhook-Id: %s\r\nX-Shopify-Event-Id: %s\r\nX-Shopify-Triggered-At: %s\r\n\r\n",
		d.addr, len(body), d.shop, base64.StdEncoding.EncodeToString(d.mac.Sum(nil)), newID(), newID(), o.updated.Format(time.RFC3339Nano))
	return append(head, body...)
}

// newID is a random UUID; reading random bytes never fails.
func newID() string {
	var id uuid.UUID
	_, _ = rand.Read(id[:])
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id.String()
}
