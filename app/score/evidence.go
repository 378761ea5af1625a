package score

import (
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

// EvidenceKind says what an Evidence is about, and so which of its members it has.
type EvidenceKind string

// Kinds of evidence.
const (
	EvidenceOutcomes EvidenceKind = "outcomes" // of the store, which the model learnt from: Counts
	EvidenceCustomer EvidenceKind = "customer" // earlier orders of the customer: Counts
	EvidenceRecent   EvidenceKind = "recent"   // orders of the customer within a day before: Number
	EvidencePlace    EvidenceKind = "place"    // the most exact with outcomes: Level, Name, Counts, Parts
	EvidenceProduct  EvidenceKind = "product"  // the one that counts most: Name, Counts, Parts
	EvidenceCountry  EvidenceKind = "country"  // whose plan a phone number was held against: Name
	EvidenceAmount   EvidenceKind = "amount"   // Amount, Limit, Currency
	EvidenceQuantity EvidenceKind = "quantity" // of one product: Number
	EvidenceDays     EvidenceKind = "days"     // from order to dispatch: Number
	EvidenceUnknown  EvidenceKind = "unknown"  // the order does not say, and the factor counts half
)

// Evidence is what a factor rests on, in figures and names.
type Evidence struct {
	Kind     EvidenceKind `json:"kind"`
	Counts   *Counts      `json:"counts,omitempty"`
	Level    Level        `json:"level,omitempty"`
	Name     string       `json:"name,omitempty"`
	Number   *int         `json:"number,omitempty"`
	Amount   string       `json:"amount,omitempty"` // exact decimal
	Limit    string       `json:"limit,omitempty"`  // nine of ten orders of the store are not above
	Currency string       `json:"currency,omitempty"`
	Parts    []Part       `json:"parts,omitempty"` // all places or products of the order with what each adds
}

// Counts is what became of parcels.
type Counts struct {
	Delivered int `json:"delivered"`
	Failed    int `json:"failed"`
}

// Part is one place or product of an order.
type Part struct {
	Level  Level   `json:"level,omitempty"`
	Name   string  `json:"name"`
	Effect float64 `json:"effect"` // in log-odds, before the weight
	Counts Counts  `json:"counts"`
}

// maxQuote is how many characters of an order's text are quoted.
const maxQuote = 80

// quoter finds what speaks for an addend.
type quoter struct {
	model   *Model
	facts   *Facts
	history *History
	order   *Order
}

// value quotes the order.
func (q *quoter) value(at int) string {
	o := q.order
	switch codes[at] {
	case PaymentCOD:
		return shorten(o.Payment, maxQuote)
	case PhoneInvalid, PhoneRepeatedDigits:
		return shorten(o.Phone, maxQuote)
	case AddressNoNumber, AddressShort, AddressGibberish:
		return joined(o.Address, o.Complement)
	case CityProvinceMismatch:
		return joined(o.City, o.Province)
	case AreaRate:
		return joined(o.City, o.Province)
	case ProductRate, QuantityHigh:
		titles := make([]string, 0, 3)
		for _, item := range o.Items[:min(len(o.Items), cap(titles))] {
			titles = append(titles, item.Title)
		}
		return joined(titles...)
	case ValueHigh:
		return strings.TrimSpace(amount(q.facts.Total) + " " + shorten(q.facts.Currency, maxQuote))
	case NightOrder:
		// A time in UTC tells nothing of the store's clock.
		if _, offset := o.CreatedAt.Zone(); offset != 0 {
			return o.CreatedAt.Format("15:04")
		}
	case EmailDisposable:
		return shorten(o.Email, maxQuote)
	case NameSuspicious:
		return shorten(o.Name, maxQuote)
	case ShipDays:
		return strconv.Itoa(q.facts.DispatchHours / 24)
	case ShopifyRiskHigh:
		return shorten(o.RiskLevel, maxQuote)
	case Base, CustomerRefusedBefore, CustomerDeliveredBefore, PhoneMissing, AddressMissing, Velocity, EmailMissing, Manual:
	}
	return ""
}

// evidence says what an addend rests on; nil where the value says it all.
func (q *quoter) evidence(at int) *Evidence {
	f, h := q.facts, q.history
	switch codes[at] {
	case Base:
		return &Evidence{Kind: EvidenceOutcomes, Counts: &Counts{q.model.N - q.model.Failed, q.model.Failed}}
	case PaymentCOD:
		if f.COD == Unknown {
			return &Evidence{Kind: EvidenceUnknown}
		}
		return nil
	case CustomerRefusedBefore, CustomerDeliveredBefore:
		return &Evidence{Kind: EvidenceCustomer, Counts: &Counts{h.Delivered, h.Failed}}
	case Velocity:
		return &Evidence{Kind: EvidenceRecent, Number: &h.Recent}
	case AreaRate:
		return q.place()
	case ProductRate:
		return q.product()
	case PhoneInvalid:
		return &Evidence{Kind: EvidenceCountry, Name: placeName(q.order, LevelCountry, f.Country)}
	case ValueHigh:
		return &Evidence{Kind: EvidenceAmount, Amount: amount(f.Total), Limit: amount(q.model.HighValue[f.Currency]), Currency: f.Currency}
	case QuantityHigh:
		return &Evidence{Kind: EvidenceQuantity, Number: &f.Quantity}
	case ShipDays:
		days := f.DispatchHours / 24
		return &Evidence{Kind: EvidenceDays, Number: &days}
	default:
		return nil
	}
}

// place is the most exact place of the order with outcomes, nil when there is none.
func (q *quoter) place() *Evidence {
	if len(q.model.Cells) == 0 {
		return nil
	}
	var e *Evidence
	var parts []Part
	for i, key := range q.facts.places() {
		cell, seen := q.model.Cells[key]
		if key == "" || !seen {
			continue
		}
		part := Part{levels[i], placeName(q.order, levels[i], lastPart(key)), cell.Effect, Counts{cell.Delivered, cell.Failed}}
		parts = append(parts, part)
		if cell.Delivered+cell.Failed > 0 {
			e = &Evidence{Kind: EvidencePlace, Level: part.Level, Name: part.Name, Counts: &part.Counts}
		}
	}
	if e != nil {
		e.Parts = parts
	}
	return e
}

// product is the product of the order with outcomes that counts most, nil when there is none.
func (q *quoter) product() *Evidence {
	if len(q.model.Cells) == 0 {
		return nil
	}
	var e *Evidence
	var parts []Part
	var most float64
	for _, key := range q.facts.Products {
		cell, seen := q.model.Cells[key]
		if !seen {
			continue
		}
		part := Part{Name: q.productName(key), Effect: cell.Effect, Counts: Counts{cell.Delivered, cell.Failed}}
		parts = append(parts, part)
		if size := max(cell.Effect, -cell.Effect); cell.Delivered+cell.Failed > 0 && (e == nil || size > most) {
			e = &Evidence{Kind: EvidenceProduct, Name: part.Name, Counts: &part.Counts}
			most = size
		}
	}
	if e != nil {
		e.Parts = parts
	}
	return e
}

// productName is the title that the order gives a product, else the product's key.
func (q *quoter) productName(key string) string {
	key = strings.TrimPrefix(key, "#")
	for _, item := range q.order.Items {
		if item.Title != "" && strings.EqualFold(strings.TrimSpace(item.Product), key) {
			return shorten(item.Title, maxQuote)
		}
	}
	return shorten(key, maxQuote)
}

// placeName is a place as the order writes it, else by its own part of the key.
func placeName(o *Order, level Level, part string) string {
	var written string
	switch level {
	case LevelCountry:
		written = o.Country
	case LevelProvince:
		written = o.Province
	case LevelCity:
		written = o.City
	case LevelPostcode:
		written = o.Postcode
	case LevelEverywhere:
	}
	if written = shorten(written, maxQuote); written != "" {
		return written
	}
	return shorten(part, maxQuote)
}

// joined puts texts into one, the empty ones left out.
func joined(texts ...string) string {
	var kept []string
	for _, text := range texts {
		if text = shorten(text, maxQuote); text != "" {
			kept = append(kept, text)
		}
	}
	return shorten(strings.Join(kept, ", "), maxQuote)
}

// amount writes millionths as an exact decimal, two places at least.
func amount(millionths int64) string {
	d := decimal.New(millionths, -6)
	if d.Equal(d.Truncate(2)) {
		return d.StringFixed(2)
	}
	return d.String()
}
