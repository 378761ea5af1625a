package score

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Learnt is what a model has learnt of one place or product.
type Learnt struct {
	Level  Level    `json:"level,omitempty"` // of a place
	Name   string   `json:"name"`            // as its key has it: folded
	Within []string `json:"within"`          // the places that it lies in, the least exact first
	Effect float64  `json:"effect"`          // in log-odds, beyond what it lies in
	Counts
}

// Largest are the places and the products with the largest effects, at most most of each, the largest first. Those with fewer than
// least outcomes are left out: they say little, and might tell of one customer.
func (m *Model) Largest(least, most int) (places, products []Learnt) {
	for _, key := range slices.Sorted(maps.Keys(m.Cells)) {
		c := m.Cells[key]
		if c.Delivered+c.Failed < least {
			continue
		}
		l := Learnt{Effect: c.Effect, Counts: Counts{c.Delivered, c.Failed}, Within: []string{}}
		if name, ok := strings.CutPrefix(key, productMark); ok {
			l.Name = name
			products = append(products, l)
			continue
		}
		parts := strings.Split(key, "|")
		if len(parts) > placeLevels {
			continue
		}
		l.Level, l.Name, l.Within = levels[len(parts)-1], parts[len(parts)-1], append(l.Within, parts[:len(parts)-1]...)
		places = append(places, l)
	}
	return mostMoving(places, most), mostMoving(products, most)
}

func mostMoving(all []Learnt, most int) []Learnt {
	slices.SortStableFunc(all, func(a, b Learnt) int { return cmp.Compare(max(b.Effect, -b.Effect), max(a.Effect, -a.Effect)) })
	return slices.Clip(all[:min(len(all), most)])
}

// CarriersAnywhere are the carriers of all parcels, the most used first, each with its name.
func (m *Model) CarriersAnywhere() []CarrierRate {
	rates := slices.Clone(m.Carriers[""])
	for i := range rates {
		if rates[i].Name == "" {
			rates[i].Name = carrierName(rates[i].Carrier)
		}
	}
	slices.SortStableFunc(rates, func(a, b CarrierRate) int {
		return cmp.Or(cmp.Compare(b.Delivered+b.Failed, a.Delivered+a.Failed), cmp.Compare(a.Carrier, b.Carrier))
	})
	return rates
}

// SettableFactor is a factor that settings may change.
type SettableFactor struct {
	Code   Code
	Weight float64 // the shipped one
}

// SettableFactors are the factors that settings may change, by their codes.
func SettableFactors() []SettableFactor {
	weights := settable()
	out := make([]SettableFactor, 0, len(weights))
	for _, code := range FactorCodes() {
		out = append(out, SettableFactor{code, weights[code]})
	}
	return out
}

// Complete makes lists that are not there empty ones, so that their JSON is a list in any case.
func (r *Report) Complete() {
	empty(&r.Warnings)
	empty(&r.Months)
	empty(&r.Weights)
	empty(&r.Reliability)
	if r.Sources == nil {
		r.Sources = map[string]int{}
	}
}

func empty[T any](list *[]T) {
	if *list == nil {
		*list = []T{}
	}
}
