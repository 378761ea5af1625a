package score

import "time"

// Code names a factor. Codes are stable: programs and settings use them.
type Code string

// Codes of the factors.
const (
	PaymentCOD              Code = "payment_cod"
	CustomerRefusedBefore   Code = "customer_refused_before"
	CustomerDeliveredBefore Code = "customer_delivered_before"
	PhoneMissing            Code = "phone_missing"
	PhoneInvalid            Code = "phone_invalid"
	PhoneRepeatedDigits     Code = "phone_repeated_digits"
	AddressMissing          Code = "address_missing"
	AddressNoNumber         Code = "address_no_number"
	AddressShort            Code = "address_short"
	AddressGibberish        Code = "address_gibberish"
	CityProvinceMismatch    Code = "city_province_mismatch"
	AreaRate                Code = "area_rate"
	ProductRate             Code = "product_rate"
	ValueHigh               Code = "value_high"
	QuantityHigh            Code = "quantity_high"
	Velocity                Code = "velocity"
	NightOrder              Code = "night_order"
	EmailMissing            Code = "email_missing"
	EmailDisposable         Code = "email_disposable"
	NameSuspicious          Code = "name_suspicious"
	ShipDays                Code = "ship_days"
	ShopifyRiskHigh         Code = "shopify_risk_high"
	Manual                  Code = "manual"
	Base                    Code = "base" // an order without any factor: no factor itself, and not for settings
)

// Basis says what a model rests on.
type Basis string

// Values of Basis: on the shipped weights alone; base rate and places from the store's outcomes and weights shipped; all learnt.
const (
	BasisPrior   Basis = "prior"
	BasisBlended Basis = "blended"
	BasisLearned Basis = "learned"
)

// Model is everything that was learnt from a store's outcomes. Shipped gives the one that knows none. It is stored as its JSON.
//
// The log-odds of an order are Intercept + Σ units × Weights + the effects of its places, added up + the mean of the effects of
// its products.
type Model struct {
	Basis   Basis     `json:"basis"`
	Version int       `json:"version"`
	Until   time.Time `json:"until"`  // outcomes known by then were learnt from
	Placed  time.Time `json:"placed"` // the newest order that was learnt from
	N       int       `json:"n"`      // outcomes
	Failed  int       `json:"failed"` // of them

	Intercept  float64                  `json:"intercept"`
	Weights    [FactorCount]float64     `json:"weights"`    // in the order of Factors
	Covariance []float64                `json:"covariance"` // of intercept and weights, rows of the lower triangle, intercept first
	Cells      map[string]Cell          `json:"cells"`      // by key of a place or a product
	Spread     Spread                   `json:"spread"`
	HighValue  map[string]int64         `json:"high_value"` // by currency: nine of ten orders are not above, in millionths
	Carriers   map[string][]CarrierRate `json:"carriers"`   // by key of a place; "" is everywhere
}

// Cell is what is learnt of one place or product beyond what is above it.
type Cell struct {
	Effect    float64 `json:"effect"`   // in log-odds
	Variance  float64 `json:"variance"` // of the effect
	Delivered int     `json:"delivered"`
	Failed    int     `json:"failed"`
}

// Spread is how much places and products differ: the standard deviation of the effects of each kind, in log-odds.
type Spread struct {
	Country  float64 `json:"country"`
	Province float64 `json:"province"`
	City     float64 `json:"city"`
	Postcode float64 `json:"postcode"`
	Product  float64 `json:"product"`
}

// CarrierRate is what became of a carrier's parcels at some place.
type CarrierRate struct {
	Carrier   string `json:"carrier"`        // its key: folded
	Name      string `json:"name,omitempty"` // as it is written; empty: the key
	Delivered int    `json:"delivered"`
	Failed    int    `json:"failed"`
}

// shippedSpread is how much places and products differ before anything is known.
var shippedSpread = Spread{Country: 0.2, Province: 0.3, City: 0.3, Postcode: 0.2, Product: 0.25}

// Shipped is the model that has learnt nothing yet.
func Shipped() *Model {
	m := &Model{Basis: BasisPrior, Intercept: priorIntercept, Spread: shippedSpread}
	m.Covariance = append(m.Covariance, priorInterceptSpread*priorInterceptSpread)
	for i, f := range Factors {
		m.Weights[i] = f.Weight
		m.Covariance = append(m.Covariance, make([]float64, i+2)...)
		m.Covariance[len(m.Covariance)-1] = f.Spread * f.Spread
	}
	return m
}
