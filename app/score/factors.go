package score

import "math"

// Factor is one addend of the score: units × weight, in log-odds.
type Factor struct {
	Code   Code
	Weight float64 // the shipped one, in log-odds for each unit
	Spread float64 // how far a store's own weight may lie from it: a standard deviation
	units  func(f *Facts, h *History, m *Model) float64
}

// FactorCount is how many Factors there are.
const FactorCount = 20

// Factors are the addends but for places and products, in a fixed order: that of Model.Weights and Model.Covariance.
//
// The weights are experts' priors, not learnt: their order follows what tools for cash on delivery publish (address before
// phone before e-mail, past refusals above all), their size what such stores report, some 75 of 100 parcels on cash on delivery
// delivered and 95 of those that were paid before. A weight keeps its sign whatever is learnt, so each factor is monotone.
var Factors = [FactorCount]Factor{
	{PaymentCOD, -1.6, 0.5, unitsPaymentCOD},
	{CustomerRefusedBefore, -1.4, 0.5, unitsRefused},
	{CustomerDeliveredBefore, 0.6, 0.3, unitsDelivered},
	{PhoneMissing, -0.9, 0.4, when(func(f *Facts) bool { return f.lacks(MissingPhone) })},
	{PhoneInvalid, -0.7, 0.4, when(func(f *Facts) bool { return f.PhoneInvalid })},
	{PhoneRepeatedDigits, -0.8, 0.4, when(func(f *Facts) bool { return f.PhoneRepeated })},
	{AddressMissing, -0.9, 0.4, when(func(f *Facts) bool { return f.lacks(MissingAddress) })},
	{AddressNoNumber, -0.6, 0.3, when(func(f *Facts) bool { return f.AddressNoNumber })},
	{AddressShort, -0.4, 0.3, when(func(f *Facts) bool { return f.AddressShort })},
	{AddressGibberish, -0.7, 0.4, when(func(f *Facts) bool { return f.AddressGibberish })},
	{CityProvinceMismatch, -0.5, 0.3, when(func(f *Facts) bool { return f.CityMismatch })},
	{ValueHigh, -0.4, 0.3, unitsValueHigh},
	{QuantityHigh, -0.3, 0.2, unitsQuantityHigh},
	{Velocity, -0.9, 0.4, func(_ *Facts, h *History, _ *Model) float64 { return unit(h.Recent >= 2) }},
	{NightOrder, -0.2, 0.15, when(func(f *Facts) bool { return f.Night })},
	{EmailMissing, -0.1, 0.1, when(func(f *Facts) bool { return f.lacks(MissingEmail) })},
	{EmailDisposable, -0.5, 0.3, when(func(f *Facts) bool { return f.EmailDisposable })},
	{NameSuspicious, -0.5, 0.3, when(func(f *Facts) bool { return f.NameSuspicious })},
	{ShipDays, -0.1, 0.05, unitsShipDays},
	{ShopifyRiskHigh, -0.8, 0.4, when(func(f *Facts) bool { return f.RiskHigh })},
}

// priorIntercept is the log-odds of an order without any factor: 0.95 when paid before, and 0.80 on cash on delivery, which
// leaves some 0.75 on average once the other factors take their share. Its spread covers stores from about 0.5 to 0.9 on cash on delivery.
const (
	priorIntercept       = 3.0
	priorInterceptSpread = 0.6
)

// manualWeight is what the merchant's own word adds or takes, in log-odds. It is not learnt.
const manualWeight = 2.0

func unit(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func when(is func(*Facts) bool) func(*Facts, *History, *Model) float64 {
	return func(f *Facts, _ *History, _ *Model) float64 { return unit(is(f)) }
}

// lacks tells whether the customer left that out. What is withheld from us says nothing.
func (f *Facts) lacks(what Missing) bool { return f.Missing&(what|MissingPersonal) == what }

// unitsPaymentCOD takes an unknown payment for half of each.
func unitsPaymentCOD(f *Facts, _ *History, _ *Model) float64 {
	switch f.COD {
	case Yes:
		return 1
	case No:
		return 0
	default:
		return 0.5
	}
}

// maxRefusedUnits caps what refusals cost: 1.8 × 1.4 are 2.5 log-odds.
const maxRefusedUnits = 1.8

// unitsRefused is 1 for one refusal and nothing delivered, grows with each further one, and shrinks with what was delivered.
func unitsRefused(_ *Facts, h *History, _ *Model) float64 {
	refused, delivered := float64(max(0, h.Failed)), float64(max(0, h.Delivered))
	return min(maxRefusedUnits, 2*refused/(refused+delivered+1))
}

// maxDeliveredCounted is how many deliveries count: beyond, a customer is as good as known.
const maxDeliveredCounted = 10

func unitsDelivered(_ *Facts, h *History, _ *Model) float64 {
	return math.Log1p(float64(max(0, min(h.Delivered, maxDeliveredCounted))))
}

// unitsValueHigh compares with the store's own orders in that currency.
func unitsValueHigh(f *Facts, _ *History, m *Model) float64 {
	limit, known := m.HighValue[f.Currency]
	return unit(known && f.Missing&MissingTotal == 0 && f.Total > limit)
}

// highQuantity is how many of one product are many for somebody who never bought.
const highQuantity = 3

func unitsQuantityHigh(f *Facts, h *History, _ *Model) float64 {
	return unit(f.Quantity >= highQuantity && h.Delivered <= 0)
}

// Days from order to dispatch: the first two are usual, and no more than eight beyond count.
const (
	usualShipDays = 2
	maxShipDays   = 8
)

func unitsShipDays(f *Facts, _ *History, _ *Model) float64 {
	return min(maxShipDays, max(0, float64(f.DispatchHours)/24-usualShipDays))
}

// unitsOf fills in the units of an order.
func unitsOf(into *[FactorCount]float64, f *Facts, h *History, m *Model) {
	for i := range Factors {
		into[i] = Factors[i].units(f, h, m)
	}
}
