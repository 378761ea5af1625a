package score

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"gonum.org/v1/gonum/stat/distuv"
)

// Figures of the recommendation of a carrier.
const (
	carrierStrength  = 10.0   // parcels that what is above a place counts for
	carrierQuantile  = 0.2    // of what a carrier may be worth: three of three do not beat 180 of 200
	minShipments     = 20     // with fewer a carrier is recommended by a rule only
	firstCarrierRate = 0.75   // of parcels on cash on delivery, where nothing is known
	carrierMargin    = 0.01   // what a place or a carrier above says is never surer than that
	maxCachedPlaces  = 50_000 // some 10 MB
)

// CarrierAdvice is a carrier for one destination, with what speaks for it.
type CarrierAdvice struct {
	Name      string         `json:"name"`
	P         *float64       `json:"p"`         // estimated share delivered at the destination; nil under 20 shipments
	Low       *float64       `json:"low"`       // the true share is above in 80 of 100 cases; carriers are ranked by it
	Shipments int            `json:"shipments"` // that ended, at the place
	Delivered int            `json:"delivered"` // of them
	Level     Level          `json:"level"`     // of the place
	Place     string         `json:"place"`     // the most exact with 20 shipments of this carrier; empty: everywhere
	Preferred bool           `json:"preferred"` // by a rule
	Next      *CarrierAdvice `json:"next,omitempty"`
}

// carriers recommends for a destination. What was worked out is kept by place, since a quantile costs more than a score. Places
// are those that the model or a rule knows, so that junk in orders does not fill the memory.
type carriers struct {
	model *Model
	rules ruleBook
	kept  sync.Map // destination → *CarrierAdvice, nil for none
	size  atomic.Int64
}

func newCarriers(m *Model, rules []CarrierRule) *carriers {
	if len(m.Carriers) == 0 && len(rules) == 0 {
		return nil
	}
	return &carriers{model: m, rules: newRuleBook(rules)}
}

// destination is the places of an order as far as anything is known of them.
type destination struct{ country, province, city string }

// at recommends a carrier; the advice is shared and must not be changed.
func (c *carriers) at(f *Facts) *CarrierAdvice {
	if c == nil {
		return nil
	}
	to := c.destination(f)
	if kept, ok := c.kept.Load(to); ok {
		return kept.(*CarrierAdvice)
	}
	advice := c.advise(to)
	if c.size.Load() < maxCachedPlaces {
		if _, was := c.kept.LoadOrStore(to, advice); !was {
			c.size.Add(1)
		}
	}
	return advice
}

func (c *carriers) destination(f *Facts) destination {
	known := func(key string) bool { return len(c.model.Carriers[key]) > 0 }
	switch {
	case f.City != "" && (known(f.City) || c.rules.knowsCity(f)):
		return destination{f.Country, f.Province, f.City}
	case f.Province != "" && (known(f.Province) || c.rules.knowsProvince(f)):
		return destination{f.Country, f.Province, ""}
	default:
		return destination{country: f.Country}
	}
}

// candidate is a carrier on its way from everywhere down to the destination.
type candidate struct {
	key, name string
	alpha     float64 // of the beta distribution of its rate
	beta      float64
	abroad    bool // was never seen in the country of the destination
	shipments int  // at the most exact place that has enough, else everywhere
	delivered int
	level     Level
	place     string
	use       string
	p, low    float64
}

func (c *candidate) rate() float64 { return c.alpha / (c.alpha + c.beta) }

// advise estimates each carrier's rate at the destination. At every level it is a beta distribution around what is expected from
// above: the carrier's own rate there, moved by how much harder or easier the place is for all. Without that move whoever
// never went to a hard place would look best for it.
func (c *carriers) advise(to destination) *CarrierAdvice {
	found := c.candidates(to)
	for _, one := range found {
		one.use = c.rules.use(one.key, to)
		if one.shipments >= minShipments {
			one.p = one.rate()
			one.low = distuv.Beta{Alpha: one.alpha, Beta: one.beta}.Quantile(carrierQuantile)
		}
		if named := c.rules.names[one.key]; one.name == "" && named != "" {
			one.name = named
		}
	}
	for _, key := range c.rules.preferred(to) {
		if !slices.ContainsFunc(found, func(one *candidate) bool { return one.key == key }) {
			found = append(found, &candidate{key: key, name: c.rules.names[key], use: UsePrefer, level: LevelEverywhere})
		}
	}
	found = slices.DeleteFunc(found, func(one *candidate) bool {
		return one.use == UseExclude || one.use != UsePrefer && (one.abroad || one.shipments < minShipments)
	})
	if len(found) == 0 {
		return nil
	}
	slices.SortFunc(found, func(a, b *candidate) int {
		return cmp.Or(-compareBool(a.use == UsePrefer, b.use == UsePrefer), cmp.Compare(b.low, a.low), cmp.Compare(b.p, a.p),
			cmp.Compare(b.shipments, a.shipments), cmp.Compare(a.key, b.key))
	})
	best := found[0].advice()
	if len(found) > 1 {
		best.Next = found[1].advice()
	}
	return best
}

func compareBool(a, b bool) int { return cmp.Compare(unit(a), unit(b)) }

func (c *candidate) advice() *CarrierAdvice {
	a := &CarrierAdvice{
		Name: c.name, Shipments: c.shipments, Delivered: c.delivered, Level: c.level, Place: lastPart(c.place), Preferred: c.use == UsePrefer,
	}
	if a.Name == "" {
		a.Name = carrierName(c.key)
	}
	if c.shipments >= minShipments {
		a.P, a.Low = &c.p, &c.low
	}
	return a
}

// candidates are all carriers of the store, in the order of their keys.
func (c *carriers) candidates(to destination) []*candidate {
	placeRate := shrunk(firstCarrierRate, total(c.model.Carriers[""]))
	var out []*candidate
	for _, r := range summed(c.model.Carriers[""]) {
		one := &candidate{
			key: r.Carrier, name: r.Name, level: LevelEverywhere, shipments: r.Delivered + r.Failed, delivered: r.Delivered,
			alpha: carrierStrength*placeRate + float64(r.Delivered), beta: carrierStrength*(1-placeRate) + float64(r.Failed),
			abroad: to.country != "",
		}
		out = append(out, one)
	}
	for i, key := range []string{to.country, to.province, to.city} {
		rates := summed(c.model.Carriers[key])
		if key == "" || len(rates) == 0 {
			continue
		}
		above := placeRate
		placeRate = shrunk(placeRate, total(rates))
		for _, one := range out {
			var here CarrierRate
			if at, ok := slices.BinarySearchFunc(rates, one.key, func(r CarrierRate, key string) int { return cmp.Compare(r.Carrier, key) }); ok {
				here = rates[at]
			}
			expected := bounded(probability(logOdds(bounded(one.rate())) + logOdds(bounded(placeRate)) - logOdds(bounded(above))))
			one.alpha = carrierStrength*expected + float64(here.Delivered)
			one.beta = carrierStrength*(1-expected) + float64(here.Failed)
			n := here.Delivered + here.Failed
			if n > 0 {
				one.abroad = false
			}
			if n >= minShipments {
				one.shipments, one.delivered, one.level, one.place = n, here.Delivered, levels[i], key
			}
			if one.name == "" {
				one.name = here.Name
			}
		}
	}
	return out
}

// summed are the rates of a place sorted by carrier, one for each.
func summed(rates []CarrierRate) []CarrierRate {
	out := slices.Clone(rates)
	slices.SortStableFunc(out, func(a, b CarrierRate) int { return cmp.Compare(a.Carrier, b.Carrier) })
	n := 0
	for _, r := range out {
		if n > 0 && out[n-1].Carrier == r.Carrier {
			out[n-1].Delivered += r.Delivered
			out[n-1].Failed += r.Failed
			continue
		}
		out[n] = r
		n++
	}
	return out[:n]
}

func total(rates []CarrierRate) (sum CarrierRate) {
	for _, r := range rates {
		sum.Delivered += r.Delivered
		sum.Failed += r.Failed
	}
	return sum
}

// shrunk is a rate that begins at the one above and moves with the parcels counted.
func shrunk(above float64, r CarrierRate) float64 {
	return (carrierStrength*above + float64(r.Delivered)) / (carrierStrength + float64(r.Delivered) + float64(r.Failed))
}

func bounded(p float64) float64 { return max(carrierMargin, min(1-carrierMargin, p)) }

func logOdds(p float64) float64 { return math.Log(p / (1 - p)) }
