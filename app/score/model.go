package score

import (
	"math"
	"time"
)

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
)

// Basis says what a model rests on.
type Basis string

// Values of Basis: on the shipped weights alone; base rate and places from the store's outcomes and weights shipped; all learnt.
const (
	BasisPrior   Basis = "prior"
	BasisBlended Basis = "blended"
	BasisLearned Basis = "learned"
)

// Model is everything that was learnt from a store's outcomes; the zero Model is the shipped one. It is stored as its JSON.
type Model struct {
	Basis   Basis     `json:"basis"`
	Version int       `json:"version"`
	Until   time.Time `json:"until"` // outcomes known by then were learnt from
	N       int       `json:"n"`     // outcomes
	Failed  int       `json:"failed"`
}

// Result is the score of one order, without the words.
type Result struct {
	Score       int     // 0 to 100
	Probability float64 // that the parcel is delivered and paid
	Band        string  // high, medium, low, very_low
	Carrier     string  // recommended; empty: none
	Negative    []Points
}

// Points is by how much one factor changes the score: the score less what it would be with that factor neutral.
type Points struct {
	Code   Code `json:"code"`
	Points int  `json:"points"`
}

// Scorer rates orders with one model and one set of settings. It is safe for concurrent use.
type Scorer struct {
	model    *Model
	settings Settings
}

// NewScorer prepares a model and settings; a nil model is the shipped one.
func NewScorer(m *Model, s Settings) *Scorer {
	if m == nil {
		m = &Model{Basis: BasisPrior}
	}
	return &Scorer{model: m, settings: s}
}

// Score rates an order.
func (s *Scorer) Score(f Facts, h History) Result {
	logit := 3.0
	if f.COD == Yes {
		logit--
	}
	if f.Missing&MissingPhone != 0 {
		logit--
	}
	logit -= float64(h.Failed)
	p := 1 / (1 + math.Exp(-logit))
	return Result{Score: int(math.Round(100 * p)), Probability: p, Band: "high"}
}
