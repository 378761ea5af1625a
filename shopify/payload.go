package shopify

import (
	"errors"
	"log/slog"
	"strings"
	"time"
)

// The two ways in which a payload is no order. Nothing else about it fails.
var (
	ErrNotObject = errors.New("shopify: payload is not a JSON object")
	ErrNoOrderID = errors.New("shopify: order has no id")
)

// Order is what we keep of a payload in columns. An empty text and a zero time
// mean that the payload does not say. Texts are kept at any length.
type Order struct {
	ID                string // the platform's id, digits as sent
	Number            string // as the merchant sees it, such as "#1001"
	TotalPrice        string // exact decimal with at least two decimals, see Money
	Currency          string
	CustomerName      string
	CustomerEmail     string
	Phone             string
	PaymentType       string
	SourceName        string
	FinancialStatus   string
	FulfillmentStatus string // empty means unfulfilled at Shopify
	Address           string
	AddressComplement string
	City              string
	Province          string
	Country           string
	Tags              string
	CreatedAt         time.Time // UTC, like the other two
	UpdatedAt         time.Time
	CancelledAt       time.Time
	Test              bool
	Raw               []byte // the payload, byte for byte; shared with the caller's slice
}

// LogValue names the order and shows none of its customer's data.
func (o Order) LogValue() slog.Value {
	return slog.GroupValue(slog.String("id", o.ID), slog.Time("updated_at", o.UpdatedAt))
}

// ParseOrder maps a payload in the shape of Shopify's REST API and webhooks.
//
// A member with several possible names takes the first value that counts: null,
// "", zero, false and empty lists or objects do not. A number where a text is
// expected is kept as it is written; booleans, lists and objects never become a
// text. Of a member given twice the last one holds. Invalid UTF-8 becomes
// U+FFFD, and control characters other than tab and line feed are left out of
// the columns. Raw keeps everything.
func ParseOrder(raw []byte) (Order, error) {
	var p payload
	if !p.read(raw) {
		return Order{}, ErrNotObject
	}
	id := p.first(memberID, memberOrderNumber, memberName, memberOrderID)
	if id == "" {
		return Order{}, ErrNoOrderID
	}
	return Order{
		ID:                id,
		Number:            p.first(memberName, memberOrderNumber, memberNumber),
		TotalPrice:        p.totalPrice(),
		Currency:          p.first(memberCurrency, memberCurrencyCode, memberCurrencyUpper),
		CustomerName:      p.customerName(),
		CustomerEmail:     p.pick(lookupEmail).text,
		Phone:             p.phone(),
		PaymentType:       p.paymentType(),
		SourceName:        p.first(memberSourceName, memberSource),
		FinancialStatus:   p.first(memberFinancialStatus),
		FulfillmentStatus: p.first(memberFulfillmentStatus),
		Address:           p.pick(lookupAddress).text,
		AddressComplement: p.pick(lookupComplement).text,
		City:              p.pick(lookupCity).text,
		Province:          p.pick(lookupProvince).text,
		Country:           p.pick(lookupCountry).text,
		Tags:              p.tags(),
		CreatedAt:         parseTime(p.first(memberCreatedAt, memberCreatedDate, memberDate)),
		UpdatedAt:         parseTime(p.first(memberUpdatedAt)),
		CancelledAt:       parseTime(p.first(memberCancelledAt)),
		Test:              p.test(),
		Raw:               raw,
	}, nil
}

// payload holds the members of an order that are mapped, and those of the two
// objects in which customer data is looked up as well.
type payload struct {
	order    members
	shipping members
	customer members
}

// read finds the members; it reports whether raw is one valid JSON object.
func (p *payload) read(raw []byte) bool {
	if !p.order.read(raw) {
		return false
	}
	for _, m := range [...]member{memberShippingAddress, memberShipping} {
		if nonEmptyObject(p.order[m]) {
			p.shipping.read(p.order[m])
			break
		}
	}
	if nonEmptyObject(p.order[memberCustomer]) {
		p.customer.read(p.order[memberCustomer])
	}
	return true
}

// first returns the text of the first of the order's own members that counts.
func (p *payload) first(names ...member) string {
	for _, m := range names {
		if v := scalarOf(p.order[m]); v.truthy() {
			return v.text
		}
	}
	return ""
}

// pick looks customer data up: name by name, each in the order, then in the
// shipping address, then in the customer. Here a zero counts.
func (p *payload) pick(lookup member) scalar {
	for m := lookup; m < lookup+lookupWidth; m++ {
		for _, in := range [...]*members{&p.order, &p.shipping, &p.customer} {
			if v := scalarOf(in[m]); v.text != "" {
				return v
			}
		}
	}
	return scalar{}
}

// totalPrice is the one chain in which a zero is better than nothing: an order
// that cost 0 has a price.
func (p *payload) totalPrice() string {
	zero := ""
	for _, m := range [...]member{memberTotalPrice, memberOrderTotal, memberTotal} {
		v := scalarOf(p.order[m])
		if v.truthy() {
			return moneyOrEmpty(v.text)
		}
		if zero == "" {
			zero = v.text
		}
	}
	return moneyOrEmpty(zero)
}

// customerName prefers the whole name of the address to one put together from
// its parts. A zero is not a part of a name.
func (p *payload) customerName() string {
	whole := p.pick(lookupWholeName)
	if whole.truthy() {
		return whole.text
	}
	first, last := p.pick(lookupFirstName), p.pick(lookupLastName)
	if !first.truthy() && !last.truthy() {
		return whole.text
	}
	if !first.truthy() {
		first.text = ""
	}
	if !last.truthy() {
		last.text = ""
	}
	return strings.TrimSpace(first.text + " " + last.text)
}

// phone lets a real number of the customer win over a zero found before it.
func (p *payload) phone() string {
	v := p.pick(lookupPhone)
	if v.zero {
		if own := scalarOf(p.customer[lookupPhone]); own.truthy() {
			return own.text
		}
	}
	return v.text
}

// paymentType is the first gateway, which some senders give as a plain text.
func (p *payload) paymentType() string {
	gateways := p.order[memberPaymentGatewayNames]
	v := scalarOf(gateways)
	if len(gateways) > 0 && gateways[0] == '[' {
		for element := range elements(gateways) {
			v = scalarOf(element)
			break
		}
	}
	if v.truthy() {
		return v.text
	}
	return p.first(memberPaymentMethod)
}

// tags come as one text from REST and as a list from elsewhere.
func (p *payload) tags() string {
	raw := p.order[memberTags]
	if len(raw) == 0 || raw[0] != '[' {
		return p.first(memberTags)
	}
	var tags []string
	for element := range elements(raw) {
		if v := scalarOf(element); v.text != "" {
			tags = append(tags, v.text)
		}
	}
	return strings.Join(tags, ", ")
}

// test takes true, and what else is surely meant as true.
func (p *payload) test() bool {
	switch raw := string(p.order[memberTest]); raw {
	case "true", "1":
		return true
	default:
		return strings.EqualFold(scalarOf(p.order[memberTest]).text, "true")
	}
}

func moneyOrEmpty(s string) string {
	amount, err := Money(s)
	if err != nil {
		return ""
	}
	return amount
}
