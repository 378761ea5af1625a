package shopify

import "encoding/json"

// SplitOrders returns the orders in the body of a delivery or of an uploaded
// file, byte for byte: one order, {"order": {…}}, {"orders": […]} or a list.
// Whether each of them is an order is for ParseOrder to say.
func SplitOrders(body []byte) ([]json.RawMessage, error) {
	var whole json.RawMessage
	if err := json.Unmarshal(body, &whole); err != nil {
		return nil, ErrNotObject
	}
	switch whole[0] {
	case '[':
		return list(whole), nil
	case '{':
	default:
		return nil, ErrNotObject
	}

	var wrapper struct {
		Order  json.RawMessage
		Orders json.RawMessage
	}
	if err := readWrapper(whole, &wrapper.Order, &wrapper.Orders); err != nil {
		return nil, err
	}
	switch {
	case nonEmptyObject(wrapper.Order):
		return []json.RawMessage{wrapper.Order}, nil
	case len(wrapper.Orders) > 0 && wrapper.Orders[0] == '[':
		return list(wrapper.Orders), nil
	}
	return []json.RawMessage{whole}, nil
}

func readWrapper(whole json.RawMessage, order, orders *json.RawMessage) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(whole, &all); err != nil {
		return ErrNotObject
	}
	*order, *orders = all["order"], all["orders"]
	return nil
}

func list(raw json.RawMessage) []json.RawMessage {
	all := []json.RawMessage{}
	for element := range elements(raw) {
		all = append(all, element)
	}
	return all
}

// LineItems returns the order's line_items, else its items, as they came; an
// empty list when neither is a list with something in it.
func LineItems(raw []byte) json.RawMessage {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err == nil {
		for _, name := range [...]string{"line_items", "items"} {
			if nonEmptyArray(all[name]) {
				return all[name]
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
	var all map[string]json.RawMessage
	if err := json.Unmarshal(body, &all); err != nil {
		return "", false
	}
	for _, name := range [...]string{
		"name", "order_number", "number", "created_at", "updated_at", "line_items", "items", "currency", "total_price",
		"customer", "email", "shipping_address", "billing_address", "financial_status", "order_id", "topic", "domain",
	} {
		if _, has := all[name]; has {
			return "", false
		}
	}
	v := scalarOf(all["id"])
	return v.text, v.truthy()
}

// listMember returns the elements of a list that is a member of the object in
// body; ok is false when it is not there or no list.
func listMember(body []byte, name string) (elements []json.RawMessage, ok bool) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(body, &all); err != nil {
		return nil, false
	}
	raw := all[name]
	if len(raw) == 0 || raw[0] != '[' {
		return nil, false
	}
	return list(raw), true
}
