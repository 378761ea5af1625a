package simulator

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

// Add puts an order in as it is, byte for byte, and fires orders/create; an
// order with a known id is replaced and fires orders/updated. Times that cannot
// be read count as now for the filters. It returns the id, or 0 for something
// that has none.
func (sh *Shop) Add(raw []byte) int64 {
	order, ok := decodeObject(raw)
	if !ok {
		return 0
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	rec := sh.describe(order)
	if rec.id == 0 {
		return 0
	}
	rec.raw = slices.Clone(raw)
	topic := "orders/create"
	if old := sh.index.get(rec.id); old != nil {
		sh.index.remove(old)
		topic = "orders/updated"
	}
	sh.index.add(rec)
	sh.fire(sh.srv.newID("event"), topic, sh.deliverable(rec))
	return rec.id
}

// NewOrder makes a customer buy something now. It fires orders/create, and
// orders/paid when it is paid for at once.
func (sh *Shop) NewOrder() (raw []byte) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	now := unix(sh.srv.now())
	p := sh.planOrder(sh.next)
	sh.next++
	rec := sh.recordOf(&p, now, now)
	sh.index.add(rec)
	event := sh.srv.newID("event")
	sh.fire(event, "orders/create", sh.deliverable(rec))
	if rec.financial == "paid" {
		sh.fire(event, "orders/paid", sh.deliverable(rec))
	}
	return sh.appendRaw(nil, rec)
}

// Update changes an order as change says; numbers in the map are json.Number.
// updated_at becomes now, and at least a second more than it was, since that is
// as fine as Shopify's stamps are: many changes within one second run ahead of
// the clock. It fires orders/updated, and orders/paid, orders/cancelled,
// orders/fulfilled or orders/partially_fulfilled when the change amounts to
// that. It returns the new bytes, or nil for an unknown order or a change that
// JSON cannot hold.
func (sh *Shop) Update(id int64, change func(order map[string]any)) []byte {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	old := sh.index.get(id)
	if old == nil {
		return nil
	}
	order, ok := decodeObject(sh.appendRaw(nil, old))
	if !ok {
		return nil
	}
	change(order)
	updated := max(unix(sh.srv.now()), old.updated+1)
	order["id"] = json.Number(strconv.FormatInt(id, 10))
	order["updated_at"] = sh.stamp(time.Unix(updated, 0))
	raw := encodeObject(order)
	if raw == nil {
		return nil
	}
	rec := sh.describe(order)
	rec.raw = raw
	rec.created = keepCreated(order, rec, old)
	sh.index.remove(old)
	sh.index.add(rec)

	event, body := sh.srv.newID("event"), sh.deliverable(rec)
	sh.fire(event, "orders/updated", body)
	if rec.financial == "paid" && old.financial != "paid" {
		sh.fire(event, "orders/paid", body)
	}
	if rec.cancelled && !old.cancelled {
		sh.fire(event, "orders/cancelled", body)
	}
	if rec.fulfillment != old.fulfillment {
		switch rec.fulfillment {
		case "fulfilled":
			sh.fire(event, "orders/fulfilled", body)
		case "partial":
			sh.fire(event, "orders/partially_fulfilled", body)
		}
	}
	return slices.Clone(raw)
}

// keepCreated keeps the place of an order whose created_at is unreadable.
func keepCreated(order map[string]any, rec, old *record) int64 {
	if text, ok := order["created_at"].(string); ok {
		if _, err := time.Parse(time.RFC3339Nano, text); err == nil {
			return rec.created
		}
	}
	return old.created
}

// Cancel cancels and archives an order; money that was paid is given back.
func (sh *Shop) Cancel(id int64) []byte {
	now := sh.stamp(sh.srv.now())
	return sh.Update(id, func(order map[string]any) {
		order["cancelled_at"], order["closed_at"], order["cancel_reason"] = now, now, "customer"
		switch order["financial_status"] {
		case "paid", "partially_paid":
			order["financial_status"] = "refunded"
		default:
			order["financial_status"] = "voided"
		}
	})
}

// Delete removes an order for good and fires orders/delete, whose body is only
// the id. It reports whether there was such an order.
func (sh *Shop) Delete(id int64) bool {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	rec := sh.index.get(id)
	if rec == nil {
		return false
	}
	sh.index.remove(rec)
	sh.fire(sh.srv.newID("event"), "orders/delete", []byte(`{"id":`+strconv.FormatInt(id, 10)+`}`))
	return true
}

// Uninstall removes the app: app/uninstalled is fired, all tokens are dead and
// all subscriptions gone. Deliveries already on their way may still arrive.
func (sh *Shop) Uninstall() {
	body := sh.shopBody()
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.fire(sh.srv.newID("event"), "app/uninstalled", body)
	sh.removed = true
	clear(sh.tokens)
	sh.subs = nil
}

// Count returns how many orders there are, seen or not.
func (sh *Shop) Count() int {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return sh.index.len()
}

// OrderIDs returns the ids of all orders, oldest first.
func (sh *Shop) OrderIDs() []int64 {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	ids := make([]int64, 0, sh.index.len())
	for _, rec := range sh.index.sorted[byCreated] {
		ids = append(ids, rec.id)
	}
	return ids
}

// Payload returns an order's bytes as they are, whatever the app may see of
// them; nil when there is no such order.
func (sh *Shop) Payload(id int64) []byte {
	sh.mu.Lock()
	rec := sh.index.get(id)
	if rec == nil {
		sh.mu.Unlock()
		return nil
	}
	kept := *rec
	sh.mu.Unlock()
	return sh.appendRaw(nil, &kept)
}

// Orders returns the bytes of all orders, oldest first.
func (sh *Shop) Orders() [][]byte {
	ids := sh.OrderIDs()
	orders := make([][]byte, 0, len(ids))
	for _, id := range ids {
		if raw := sh.Payload(id); raw != nil {
			orders = append(orders, raw)
		}
	}
	return orders
}

// describe reads what the index needs out of an order. The caller holds the
// lock.
func (sh *Shop) describe(order map[string]any) *record {
	text := func(name string) string {
		s, _ := order[name].(string) // anything else is as good as null
		return s
	}
	now := unix(sh.srv.now())
	at := func(name string, otherwise int64) int64 {
		if t, ok := sh.parseTime(text(name)); ok {
			return unix(t)
		}
		return otherwise
	}
	rec := &record{
		name: text("name"), financial: text("financial_status"), fulfillment: text("fulfillment_status"),
		cancelled: text("cancelled_at") != "", closed: text("closed_at") != "",
	}
	if n, ok := order["id"].(json.Number); ok {
		rec.id, _ = n.Int64() // 0 when it is none
	}
	rec.created = at("created_at", now)
	rec.updated = at("updated_at", rec.created)
	rec.processed = at("processed_at", rec.created)
	return rec
}

// deliverable is an order as a webhook shows it to the app. The caller holds
// the lock.
func (sh *Shop) deliverable(rec *record) []byte {
	if len(sh.subs) == 0 {
		return nil
	}
	return sh.appendPayload(nil, rec, sh.cfg.PersonalData, "")
}
