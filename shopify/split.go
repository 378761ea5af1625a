package shopify

import (
	"encoding/json"
	"iter"
)

// SplitOrders returns the orders in the body of a delivery or of an uploaded
// file, byte for byte: one order, {"order": {…}}, {"orders": […]} or a list.
// Whether each of them is an order is for ParseOrder to say. They share the
// memory of body.
func SplitOrders(body []byte) ([]json.RawMessage, error) {
	start := skipSpace(body, 0)
	if isList(body[start:]) {
		orders, end := splitList(body, start)
		if !endsAt(body, end) {
			return nil, ErrNotObject
		}
		return orders, nil
	}
	w, ok := unwrap(body)
	switch {
	case !ok:
		return nil, ErrNotObject
	case nonEmptyObject(w.order):
		return []json.RawMessage{w.order}, nil
	case w.orders != nil:
		return w.orders, nil
	}
	return []json.RawMessage{w.whole}, nil
}

// ParseOrders is SplitOrders and then ParseOrder of each: how many orders body
// has, and what each of them is or why it is none. They are read one at a time,
// as the sequence is walked. A bare order, as Shopify delivers it, is read in the
// one pass that finds out that it is bare.
func ParseOrders(body []byte) (n int, orders iter.Seq2[Order, error], err error) {
	var p payload
	start := skipSpace(body, 0)
	end := p.read(body, start)
	if endsAt(body, end) && !nonEmptyObject(p.order.values[memberWrappedOrder]) && !isList(p.order.values[memberWrappedOrders]) {
		order, err := p.mapped(body[start:end:end])
		return 1, func(yield func(Order, error) bool) { yield(order, err) }, nil
	}
	raws, err := SplitOrders(body)
	if err != nil {
		return 0, nil, err
	}
	return len(raws), func(yield func(Order, error) bool) {
		for _, raw := range raws {
			if !yield(ParseOrder(raw)) {
				return
			}
		}
	}, nil
}

// wrapping is an object around orders, which may be an order itself.
type wrapping struct {
	whole   json.RawMessage
	members int
	order   json.RawMessage
	orders  []json.RawMessage // nil when there is no list, empty when the list is
}

// unwrap takes a body apart while it checks it; ok is false when it is not one
// valid object. Of a member given twice the last one holds.
func unwrap(body []byte) (w wrapping, ok bool) {
	start := skipSpace(body, 0)
	i, more := openObject(body, start)
	for more {
		name, value := memberAt(body, i)
		if value < 0 {
			return wrapping{}, false
		}
		w.members++
		switch string(name) {
		case "order":
			if i = skipValue(body, value); i >= 0 {
				w.order = body[value:i:i]
			}
		case "orders":
			if w.orders = nil; isList(body[value:]) {
				w.orders, i = splitList(body, value)
			} else {
				i = skipValue(body, value)
			}
		default:
			i = skipValue(body, value)
		}
		i, more = nextMember(body, i)
	}
	if !endsAt(body, i) {
		return wrapping{}, false
	}
	w.whole = body[start:i:i]
	return w, true
}

// LineItems returns the order's line_items, else its items, as they came; an
// empty list when neither is a list with something in it.
func LineItems(raw []byte) json.RawMessage {
	if lists, ok := lastMembers(raw, "line_items", "items"); ok {
		for _, items := range lists {
			if nonEmptyArray(items) {
				return items
			}
		}
	}
	return json.RawMessage("[]")
}

// ParseDeletions reads the body of orders/delete: an object with the id of the
// order, or such ones in {"order": {…}} or {"orders": […]}. The topic of a
// delivery is not signed, so a recorded body of another topic may come back under
// this one: an object that has anything of an order in it is not a deletion, and
// neither is what carries an order's id beside members of its own, as a return
// does. Of several objects each must be a deletion, or none is.
func ParseDeletions(body []byte) (ids []string, ok bool) {
	orders := []json.RawMessage{body}
	switch w, _ := unwrap(body); {
	case w.members != 1: // an object with an id, or nothing that can be read
	case nonEmptyObject(w.order):
		orders = []json.RawMessage{w.order}
	case w.orders != nil:
		orders = w.orders
	}
	for _, order := range orders {
		id, ok := deletedID(order)
		if !ok {
			return nil, false
		}
		ids = append(ids, id)
	}
	return ids, len(ids) > 0
}

// deletedID is the id of an object that says no more of an order than that.
func deletedID(order []byte) (id string, ok bool) {
	var value []byte
	content := false
	if !eachMember(order, func(name, v []byte) {
		switch string(name) {
		case "id":
			value = v
		case "name", "number", "order_number", "order_id", "created_at", "updated_at", "line_items", "items", "currency", "total_price",
			"customer", "email", "shipping_address", "billing_address", "financial_status", "fulfillment_status":
			content = true
		}
	}) || content {
		return "", false
	}
	if !counts(value) {
		return "", false
	}
	return textOf(value), true
}

func isList(raw []byte) bool { return len(raw) > 0 && raw[0] == '[' }
