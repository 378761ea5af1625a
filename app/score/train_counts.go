package score

import (
	"cmp"
	"slices"
	"time"
)

// Nine of ten orders in a currency are not above its limit; with fewer orders there is none.
const (
	highValueShare  = 0.9
	minHighValueFor = 20
)

// highValues are the limits by currency, of all orders that tell their total: what became of them does not matter.
func highValues(samples []Sample, before time.Time) map[string]int64 {
	totals := map[string][]int64{}
	for i := range samples {
		f := &samples[i].Facts
		if !f.Test && f.Missing&MissingTotal == 0 && samples[i].At.Before(before) {
			totals[f.Currency] = append(totals[f.Currency], f.Total)
		}
	}
	limits := map[string]int64{}
	for currency, all := range totals {
		if len(all) >= minHighValueFor {
			slices.Sort(all)
			limits[currency] = all[int(highValueShare*float64(len(all)-1))]
		}
	}
	return limits
}

// Carriers are counted over the last year, since they change. A place with fewer parcels than minCell, and the smallest beyond
// maxCarrierPlaces, are left to the place above; so are carriers beyond the largest maxCarriers.
const (
	carrierWindow    = 365 * 24 * time.Hour
	maxCarrierPlaces = 5_000
	maxCarriers      = 20
)

// carrierRates counts what became of carriers' parcels, by place down to the city, most parcels first.
func carrierRates(chosen []settled, now time.Time) map[string][]CarrierRate {
	type at struct{ place, carrier string }
	counts, parcels := map[at]*CarrierRate{}, map[string]int{}
	for _, s := range chosen {
		if s.Facts.Carrier == "" || now.Sub(s.At) > carrierWindow {
			continue
		}
		for i, place := range [...]string{"", s.Facts.Country, s.Facts.Province, s.Facts.City} {
			if place == "" && i > 0 {
				break // unknown, and then all below are
			}
			rate := counts[at{place, s.Facts.Carrier}]
			if rate == nil {
				rate = &CarrierRate{Carrier: s.Facts.Carrier}
				counts[at{place, s.Facts.Carrier}] = rate
			}
			parcels[place]++
			count(&rate.Delivered, &rate.Failed, s.delivered)
		}
	}
	kept := largest(parcels, minCell, maxCarrierPlaces)
	rates := map[string][]CarrierRate{}
	for of, rate := range counts {
		if kept[of.place] {
			rates[of.place] = append(rates[of.place], *rate)
		}
	}
	for place, of := range rates {
		slices.SortFunc(of, func(a, b CarrierRate) int {
			return cmp.Or(cmp.Compare(b.Delivered+b.Failed, a.Delivered+a.Failed), cmp.Compare(a.Carrier, b.Carrier))
		})
		rates[place] = slices.Clip(of[:min(len(of), maxCarriers)])
	}
	return rates
}

func count(delivered, failed *int, was bool) {
	if was {
		*delivered++
	} else {
		*failed++
	}
}

// largest are the keys that were counted most, at least so often and at most so many. A place is before those within it,
// which cannot have more and whose keys are longer.
func largest(counts map[string]int, atLeast, atMost int) map[string]bool {
	var keys []string
	for key, n := range counts {
		if n >= atLeast {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	kept := map[string]bool{}
	for _, key := range keys[:min(len(keys), atMost)] {
		kept[key] = true
	}
	return kept
}

// byMonth counts the newest months by when orders were placed, so that a change of the base rate is seen.
func byMonth(chosen []settled) []Month {
	months := []Month{}
	for _, s := range chosen {
		month := s.At.UTC().Format("2006-01")
		if len(months) == 0 || months[len(months)-1].Month != month {
			months = append(months, Month{Month: month})
		}
		last := &months[len(months)-1]
		last.N++
		if !s.delivered {
			last.Failed++
		}
	}
	return months[max(0, len(months)-maxMonths):]
}

const maxMonths = 24
