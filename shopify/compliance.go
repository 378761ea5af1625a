package shopify

import (
	"bytes"
	"encoding/json"
	"strings"
)

// The compliance topics: what Shopify asks of everyone who keeps its customers' data.
const (
	TopicDataRequest     = "customers/data_request"
	TopicCustomersRedact = "customers/redact"
	TopicShopRedact      = "shop/redact"
)

// IsCompliance tells whether a topic is one of the compliance topics.
func IsCompliance(topic string) bool {
	return topic == TopicDataRequest || topic == TopicCustomersRedact || topic == TopicShopRedact
}

// Person is a customer as a compliance request names one. Empty members are not known.
type Person struct {
	CustomerID string   `json:"id"`
	Email      string   `json:"email"`
	Phone      string   `json:"phone"`
	Orders     []string `json:"orders"` // ids
}

// Compliance is the body of a compliance topic.
type Compliance struct {
	Shop   string // the domain that the body names
	Person Person // nobody's for shop/redact
	Done   bool   // it is what Forgotten left of a body: there is nothing left to do
}

// ParseCompliance reads the body of a compliance topic. The topic of a delivery is not signed, so a body that was recorded
// under another topic may come back under this one: a request for data must not erase, nor a customer's erasure the shop.
func ParseCompliance(topic string, body []byte) (c Compliance, ok bool) {
	var all struct {
		ShopDomain string          `json:"shop_domain"`
		Done       bool            `json:"forgotten"`
		Customer   json.RawMessage `json:"customer"`
		Requested  json.RawMessage `json:"orders_requested"`
		ToRedact   json.RawMessage `json:"orders_to_redact"`
		Request    json.RawMessage `json:"data_request"`
	}
	if err := json.Unmarshal(body, &all); err != nil {
		return Compliance{}, false
	}
	c = Compliance{Shop: all.ShopDomain, Done: all.Done}
	var customer struct {
		ID    json.RawMessage `json:"id"`
		Email json.RawMessage `json:"email"`
		Phone json.RawMessage `json:"phone"`
	}
	hasCustomer := nonEmptyObject(all.Customer) && json.Unmarshal(all.Customer, &customer) == nil
	asks, erases := all.Request != nil || all.Requested != nil, all.ToRedact != nil
	orders := all.Requested
	switch topic {
	case TopicDataRequest:
		ok = hasCustomer && asks && !erases
	case TopicCustomersRedact:
		ok, orders = hasCustomer && !asks, all.ToRedact
	case TopicShopRedact:
		ok = all.Customer == nil && !asks && !erases
	}
	c.Person = Person{CustomerID: textOf(customer.ID), Email: strings.TrimSpace(textOf(customer.Email)), Phone: textOf(customer.Phone)}
	if isList(orders) {
		for id := range elements(orders) {
			if counts(id) {
				c.Person.Orders = append(c.Person.Orders, textOf(id))
			}
		}
	}
	return c, ok && c.Shop != "" || c.Done
}

// Forgotten is what is kept of the body of a compliance topic once it was processed: whose it was and that it is done, and
// nothing of the person that it named.
func Forgotten(body []byte) []byte {
	var all struct {
		ShopID     json.RawMessage `json:"shop_id,omitempty"`
		ShopDomain string          `json:"shop_domain,omitempty"`
		Done       bool            `json:"forgotten"`
	}
	// What cannot be read leaves nothing.
	_ = json.Unmarshal(body, &all)
	if !isNumber(bytes.TrimSpace(all.ShopID)) {
		all.ShopID = nil
	}
	if domain, err := ParseShop(all.ShopDomain); err == nil {
		all.ShopDomain = domain
	} else {
		all.ShopDomain = ""
	}
	all.Done = true
	out, err := json.Marshal(all)
	if err != nil {
		return []byte(`{"forgotten":true}`)
	}
	return out
}
