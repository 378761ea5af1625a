package score

import (
	"maps"
	"slices"
	"strings"
)

// rulePlace is the destination of a rule, as the parts of the keys that Facts have. Empty ones are everywhere.
type rulePlace struct{ country, province, city string }

// exactness orders rules: a city counts more than a province, and that more than a country.
func (p rulePlace) exactness() int {
	return int(unit(p.country != "") + 2*unit(p.province != "") + 4*unit(p.city != ""))
}

func (p rulePlace) covers(o rulePlace) bool {
	return (p.country == "" || p.country == o.country) && (p.province == "" || p.province == o.province) && (p.city == "" || p.city == o.city)
}

// place folds a rule's places as those of orders are folded. What is a placeholder in an order is a name here: a rule for it must not
// become one for everywhere.
func (r CarrierRule) place() rulePlace {
	country := countryOf(r.Country)
	province, _ := provinceOf(country, r.Province, "")
	return rulePlace{
		country: either(country, fold(r.Country)), province: either(province, fold(r.Province)), city: either(cityOf(country, r.City), fold(r.City)),
	}
}

// carrierKey folds a carrier's name as those of orders are.
func carrierKey(name string) string { return cut(fold(name)) }

// ruleBook is the merchant's rules, the most exact first for each carrier.
type ruleBook struct {
	rules     map[string][]rule // by key of the carrier
	names     map[string]string // of carriers, as the merchant writes them
	places    map[rulePlace]bool
	provinces map[[2]string]bool // country and province of rules for a province
}

type rule struct {
	place rulePlace
	use   string
}

func newRuleBook(rules []CarrierRule) ruleBook {
	b := ruleBook{rules: map[string][]rule{}, names: map[string]string{}, places: map[rulePlace]bool{}, provinces: map[[2]string]bool{}}
	for _, r := range rules {
		key, place := carrierKey(r.Carrier), r.place()
		b.rules[key] = append(b.rules[key], rule{place, r.Use})
		if b.names[key] == "" {
			b.names[key] = shorten(r.Carrier, maxRuleText)
		}
		b.places[place] = true
		if place.province != "" {
			b.provinces[[2]string{place.country, place.province}] = true
		}
	}
	for _, of := range b.rules {
		slices.SortStableFunc(of, func(a, b rule) int { return b.place.exactness() - a.place.exactness() })
	}
	return b
}

// knowsCity tells whether a rule is about the order's city.
func (b *ruleBook) knowsCity(f *Facts) bool {
	if len(b.places) == 0 {
		return false
	}
	city, province := lastPart(f.City), lastPart(f.Province)
	return b.places[rulePlace{f.Country, province, city}] || b.places[rulePlace{f.Country, "", city}]
}

func (b *ruleBook) knowsProvince(f *Facts) bool {
	return len(b.provinces) > 0 && b.provinces[[2]string{f.Country, lastPart(f.Province)}]
}

// use is what the most exact rule says of a carrier at a destination; empty when none does.
func (b *ruleBook) use(carrier string, to destination) string {
	at := rulePlace{to.country, lastPart(to.province), lastPart(to.city)}
	for _, r := range b.rules[carrier] {
		if r.place.covers(at) {
			return r.use
		}
	}
	return ""
}

// preferred are the carriers that rules prefer at a destination, sorted.
func (b *ruleBook) preferred(to destination) (out []string) {
	for _, carrier := range slices.Sorted(maps.Keys(b.rules)) {
		if b.use(carrier, to) == UsePrefer {
			out = append(out, carrier)
		}
	}
	return out
}

// lastPart is a place's own part of its key.
func lastPart(key string) string { return key[strings.LastIndexByte(key, '|')+1:] }
