package shopify

import (
	"reflect"
	"slices"
	"time"
)

// SameOrder tells whether two payloads say the same of an order in all that is
// mapped to an Order or read into its Details. Of the time of creation the offset
// counts as well, for it tells the hour by the store's clock.
func SameOrder(a, b []byte) bool {
	one, err := ParseOrder(a)
	if err != nil {
		return false
	}
	other, err := ParseOrder(b)
	if err != nil {
		return false
	}
	one.Raw, other.Raw = nil, nil
	return reflect.DeepEqual(one, other) && ReadDetails(a).same(ReadDetails(b))
}

func (d Details) same(e Details) bool {
	if !slices.Equal(d.Gateways, e.Gateways) || !slices.Equal(d.Items, e.Items) || !sameClock(d.CreatedAt, e.CreatedAt) ||
		!slices.EqualFunc(d.Fulfillments, e.Fulfillments, func(x, y Fulfillment) bool {
			ok := x.CreatedAt.Equal(y.CreatedAt) && x.UpdatedAt.Equal(y.UpdatedAt)
			x.CreatedAt, x.UpdatedAt, y.CreatedAt, y.UpdatedAt = time.Time{}, time.Time{}, time.Time{}, time.Time{}
			return ok && x == y
		}) || !slices.EqualFunc(d.Refunds, e.Refunds, func(x, y Refund) bool {
		ok := x.CreatedAt.Equal(y.CreatedAt)
		x.CreatedAt, y.CreatedAt = time.Time{}, time.Time{}
		return ok && x == y
	}) {
		return false
	}
	return d.CountryCode == e.CountryCode && d.ProvinceCode == e.ProvinceCode && d.Zip == e.Zip && d.OtherPhone == e.OtherPhone &&
		d.BrowserIP == e.BrowserIP && d.CancelReason == e.CancelReason && d.Risk == e.Risk
}

// sameClock tells whether two times say the same, offset included.
func sameClock(x, y time.Time) bool {
	_, ox := x.Zone()
	_, oy := y.Zone()
	return x.Equal(y) && ox == oy
}
