package score

import (
	"maps"
	"slices"
)

// Settings is what a merchant sets. What is not set is inherited: by a store from the installation, by that from Defaults.
type Settings struct {
	Factors  map[Code]FactorSetting `json:"factors,omitzero"`
	Bands    Bands                  `json:"bands,omitzero"`
	Economy  *Economy               `json:"economy,omitempty"` // nil inherits; the zero one is none
	Carriers []CarrierRule          `json:"carriers,omitzero"` // nil inherits; empty is none
	// Explore is the share of the orders that would be held which are recommended to be shipped all the same, so that what is
	// learnt does not come from the good orders alone: 0 to 0.1. Nil inherits, and nothing is explored by default.
	Explore *float64 `json:"explore,omitempty"`
}

// FactorSetting changes one factor. Weight nil: the model's.
type FactorSetting struct {
	Weight *float64 `json:"weight,omitempty"` // in log-odds for each unit of the factor
	Off    bool     `json:"off,omitempty"`
}

// Bands are the smallest scores of the bands; below Low is very_low. A 0 inherits.
type Bands struct {
	High   int `json:"high,omitempty"`
	Medium int `json:"medium,omitempty"`
	Low    int `json:"low,omitempty"`
}

// Economy is what a parcel brings and what a failed one costs, as exact decimal text.
type Economy struct {
	Currency   string `json:"currency,omitempty"`
	Margin     string `json:"margin,omitempty"`      // of a delivered order
	ReturnCost string `json:"return_cost,omitempty"` // of a failed one, both ways
}

// none tells that nothing is known of what parcels bring, whatever the settings above say.
func (e *Economy) none() bool { return e == nil || *e == Economy{} }

// CarrierRule prefers or excludes a carrier at some destination. Empty places mean everywhere below; the most exact rule wins.
type CarrierRule struct {
	Country  string `json:"country,omitempty"`
	Province string `json:"province,omitempty"`
	City     string `json:"city,omitempty"`
	Carrier  string `json:"carrier"`
	Use      string `json:"use"` // prefer, exclude
}

// Values of CarrierRule.Use.
const (
	UsePrefer  = "prefer"
	UseExclude = "exclude"
)

// Defaults are the settings that the service ships with: all factors as the model has them, no economy, no rules.
func Defaults() Settings {
	return Settings{Bands: Bands{High: 80, Medium: 60, Low: 40}}
}

// Merge gives the settings in force: those of a store, and where they are silent, those above it. Factors are taken over one by
// one, a factor's setting as a whole, so that an empty one puts a factor back to the model's weight. Nothing of either is shared
// with the result.
func Merge(above, own Settings) Settings {
	out := Settings{
		Bands: Bands{
			High:   either(own.Bands.High, above.Bands.High),
			Medium: either(own.Bands.Medium, above.Bands.Medium),
			Low:    either(own.Bands.Low, above.Bands.Low),
		},
		Economy: copied(either(own.Economy, above.Economy)),
		Explore: copied(either(own.Explore, above.Explore)),
	}
	out.Carriers = slices.Clone(above.Carriers)
	if own.Carriers != nil {
		out.Carriers = slices.Clone(own.Carriers)
	}
	for _, factors := range []map[Code]FactorSetting{above.Factors, own.Factors} {
		for code, f := range factors {
			if out.Factors == nil {
				out.Factors = make(map[Code]FactorSetting, len(factors))
			}
			f.Weight = copied(f.Weight)
			out.Factors[code] = f
		}
	}
	return out
}

func either[T comparable](own, above T) T {
	var unset T
	if own != unset {
		return own
	}
	return above
}

func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	value := *p
	return &value
}

// FactorCodes are the codes that settings may name, sorted.
func FactorCodes() []Code {
	return slices.Sorted(maps.Keys(settable()))
}

// settable are the codes that settings may name, with their shipped weights.
func settable() map[Code]float64 {
	out := make(map[Code]float64, addendCount)
	for at, code := range codes {
		if at != baseAt {
			out[code] = shippedWeight(at)
		}
	}
	return out
}
