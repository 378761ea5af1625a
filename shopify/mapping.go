package shopify

import (
	"math/bits"
	"strings"
	"time"
)

// payload holds the members of an order that are mapped, and those of the two
// objects in which customer data is looked up as well.
type payload struct {
	order    members
	shipping members
	customer members
	texts    texts
}

// read finds the members of the object at i; it returns the index after it, -1
// when there is none.
func (p *payload) read(data []byte, i int) int {
	end := p.order.read(data, i)
	if end < 0 {
		return -1
	}
	for _, m := range [...]member{memberShippingAddress, memberShipping} {
		if object := p.order.values[m]; nonEmptyObject(object) {
			p.shipping.read(object, 0)
			break
		}
	}
	if object := p.order.values[memberCustomer]; nonEmptyObject(object) {
		p.customer.read(object, 0)
	}
	return end
}

// mapped makes the order; raw is what was read, as it came.
func (p *payload) mapped(raw []byte) (Order, error) {
	p.texts.all.Grow(roomForTexts)
	id := p.text(memberID, memberOrderNumber, memberName, memberOrderID)
	if id == "" {
		return Order{}, ErrNoOrderID
	}
	return Order{
		ID:                id,
		Number:            p.text(memberName, memberOrderNumber, memberNumber),
		TotalPrice:        p.totalPrice(),
		Currency:          p.text(memberCurrency, memberCurrencyCode, memberCurrencyUpper),
		CustomerName:      p.customerName(),
		CustomerEmail:     p.looked(lookupEmail),
		Phone:             p.phone(),
		PaymentType:       p.paymentType(),
		SourceName:        p.text(memberSourceName, memberSource),
		FinancialStatus:   p.text(memberFinancialStatus),
		FulfillmentStatus: p.text(memberFulfillmentStatus),
		Address:           p.looked(lookupAddress),
		AddressComplement: p.looked(lookupComplement),
		City:              p.looked(lookupCity),
		Province:          p.looked(lookupProvince),
		Country:           p.looked(lookupCountry),
		Tags:              p.tags(),
		CreatedAt:         p.time(memberCreatedAt, memberCreatedDate, memberDate),
		UpdatedAt:         p.time(memberUpdatedAt),
		CancelledAt:       p.time(memberCancelledAt),
		Test:              p.test(),
		Raw:               raw,
	}, nil
}

// first returns the first of the order's own members that counts.
func (p *payload) first(names ...member) []byte {
	for _, m := range names {
		if v := p.order.values[m]; counts(v) {
			return v
		}
	}
	return nil
}

func (p *payload) text(names ...member) string { return p.texts.of(p.first(names...)) }

func (p *payload) time(names ...member) time.Time { return timeOf(p.first(names...)) }

// pick looks customer data up: name by name, each in the order, then in the
// shipping address, then in the customer. Here a zero counts.
func (p *payload) pick(lookup member) []byte {
	group := (lookup - lookups) / lookupWidth
	for names := p.order.given[group] | p.shipping.given[group] | p.customer.given[group]; names != 0; names &= names - 1 {
		m := lookup + member(bits.TrailingZeros8(names))
		for _, in := range [...]*members{&p.order, &p.shipping, &p.customer} {
			if v := in.values[m]; hasText(v) {
				return v
			}
		}
	}
	return nil
}

func (p *payload) looked(lookup member) string { return p.texts.of(p.pick(lookup)) }

// totalPrice is the one chain in which a zero is better than nothing: an order
// that cost 0 has a price.
func (p *payload) totalPrice() string {
	names := [...]member{memberTotalPrice, memberOrderTotal, memberTotal}
	price := p.first(names[:]...)
	for i := 0; price == nil && i < len(names); i++ {
		if v := p.order.values[names[i]]; hasText(v) {
			price = v
		}
	}
	amount, err := Money(p.texts.of(price))
	if err != nil {
		return ""
	}
	return amount
}

// customerName prefers the whole name of the address to one put together from
// its parts. A zero is not a part of a name.
func (p *payload) customerName() string {
	whole := p.pick(lookupWholeName)
	first, last := p.pick(lookupFirstName), p.pick(lookupLastName)
	if counts(whole) || !counts(first) && !counts(last) {
		return p.texts.of(whole)
	}
	start := p.texts.all.Len()
	if counts(first) {
		p.texts.add(first)
	}
	p.texts.all.WriteByte(' ')
	if counts(last) {
		p.texts.add(last)
	}
	return strings.TrimSpace(p.texts.since(start))
}

// phone lets a real number of the customer win over a zero found before it.
func (p *payload) phone() string {
	v := p.pick(lookupPhone)
	if own := p.customer.values[lookupPhone]; hasText(v) && !counts(v) && counts(own) {
		v = own
	}
	return p.texts.of(v)
}

// paymentType is the first gateway, which some senders give as a plain text.
func (p *payload) paymentType() string {
	gateway := []byte(p.order.values[memberPaymentGatewayNames])
	if isList(gateway) {
		gateway = firstElement(gateway)
	}
	if !counts(gateway) {
		gateway = p.first(memberPaymentMethod)
	}
	return p.texts.of(gateway)
}

// tags come as one text from REST and as a list from elsewhere.
func (p *payload) tags() string {
	raw := p.order.values[memberTags]
	if !isList(raw) {
		return p.text(memberTags)
	}
	start, separator := p.texts.all.Len(), ""
	for element := range elements(raw) {
		if hasText(element) {
			p.texts.all.WriteString(separator)
			p.texts.add(element)
			separator = ", "
		}
	}
	return p.texts.since(start)
}

// test takes true, and what else is surely meant as true.
func (p *payload) test() bool {
	switch raw := p.order.values[memberTest]; {
	case string(raw) == "true", string(raw) == "1":
		return true
	default:
		return hasText(raw) && strings.EqualFold(textOf(raw), "true")
	}
}
