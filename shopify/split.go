package shopify

import "encoding/json"

// SplitOrders returns the orders in the body of a delivery or of an uploaded
// file, byte for byte: one order, {"order": {…}}, {"orders": […]} or a list.
// Whether each of them is an order is for ParseOrder to say. They share the
// memory of body.
func SplitOrders(body []byte) ([]json.RawMessage, error) {
	whole := trimValue(body)
	if len(whole) == 0 {
		return nil, ErrNotObject
	}
	switch whole[0] {
	case '[':
		return list(whole), nil
	case '{':
	default:
		return nil, ErrNotObject
	}
	wrapped, _ := lastMembers(whole, "order", "orders")
	switch order, orders := wrapped[0], wrapped[1]; {
	case nonEmptyObject(order):
		return []json.RawMessage{order}, nil
	case isArray(orders):
		return list(orders), nil
	}
	return []json.RawMessage{whole}, nil
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

// ParseDeletion reads the body of orders/delete, an object with the id of the
// order. The topic of a delivery is not signed, so a recorded body of another
// topic may come back under this one: an object that has anything of an order
// in it is not a deletion.
func ParseDeletion(body []byte) (id string, ok bool) {
	var value []byte
	content := false
	if !eachMember(body, func(name, v []byte) {
		switch string(nameOf(name)) {
		case "id":
			value = v
		case "name", "number", "order_number", "order_id", "created_at", "updated_at", "line_items", "items", "currency", "total_price",
			"customer", "email", "shipping_address", "billing_address", "financial_status", "fulfillment_status":
			content = true
		}
	}) || content {
		return "", false
	}
	if v := scalarOf(value); v.truthy() {
		return v.text, true
	}
	return "", false
}

// listMember returns the elements of a list that is a member of the object in
// body; ok is false when it is not there or no list.
func listMember(body []byte, name string) (elements []json.RawMessage, ok bool) {
	values, ok := lastMembers(body, name)
	if !ok || !isArray(values[0]) {
		return nil, false
	}
	return list(values[0]), true
}

func isArray(raw []byte) bool { return len(raw) > 0 && raw[0] == '[' }

func list(array []byte) []json.RawMessage {
	all := []json.RawMessage{}
	for element := range elements(array) {
		all = append(all, element)
	}
	return all
}
