package simulator

import (
	"bytes"
	"encoding/json"
)

// What an app without access to personal data finds null, in the order and in
// each address. City, province and country stay.
var (
	personalOfOrder = []string{
		"email", "contact_email", "phone", "browser_ip", "client_details", "note", "order_status_url",
	}
	personalOfAddress = []string{
		"first_name", "last_name", "name", "company", "address1", "address2", "phone", "zip", "latitude", "longitude",
	}
)

// withhold returns an order without personal data; the customer keeps only the
// id.
func withhold(raw []byte) []byte {
	order, ok := decodeObject(raw)
	if !ok {
		return raw
	}
	blank(order, personalOfOrder)
	if customer, ok := order["customer"].(map[string]any); ok {
		order["customer"] = map[string]any{"id": customer["id"]}
	}
	for _, name := range []string{"billing_address", "shipping_address"} {
		if address, ok := order[name].(map[string]any); ok {
			blank(address, personalOfAddress)
		}
	}
	return encodeObject(order)
}

func blank(object map[string]any, names []string) {
	for _, name := range names {
		if _, ok := object[name]; ok {
			object[name] = nil
		}
	}
}

// decodeObject keeps numbers as they are written.
func decodeObject(raw []byte) (map[string]any, bool) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var object map[string]any
	if err := dec.Decode(&object); err != nil || object == nil {
		return nil, false
	}
	return object, true
}

// encodeObject is empty for a value JSON cannot hold, which only a caller of
// Update can bring in.
func encodeObject(object map[string]any) []byte {
	body, err := json.Marshal(object)
	if err != nil {
		return nil
	}
	return body
}
