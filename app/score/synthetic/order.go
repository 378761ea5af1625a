package synthetic

import (
	"math"
	"slices"
	"time"

	"probability/app/score"
)

const (
	currency  = "COP"
	highValue = int64(203_000e6) // nine of ten of the totals drawn below are not above
)

// customer is who came before.
type customer struct {
	ended  []end
	placed []time.Time
}

type end struct {
	known     time.Time
	delivered bool
}

// order places the next order, and says how probable its delivery was.
func (s *Store) order() (score.Sample, float64) {
	s.at = s.at.Add(time.Duration(s.random.ExpFloat64() * float64(s.step)))
	who := s.who()
	sample := score.Sample{At: s.at, Facts: s.facts(), History: who.history(s.at)}
	who.placed = append(who.placed, s.at)

	logit, _ := s.Truth.LogOdds(&sample.Facts, &sample.History)
	logit += s.level(s.at)
	sample.Settled = s.outcome(&sample, logit)
	if o := sample.Settled.Outcome; o == score.Delivered || o == score.Failed {
		who.ended = append(who.ended, end{sample.Settled.At, o == score.Delivered})
		sample.Source = "platform"
	}
	return sample, logit
}

// who is a new customer, one of the last thousand, or once in a while the one before again and again.
func (s *Store) who() *customer {
	n := len(s.people)
	if s.again = n > 0 && (s.chance(0.01) || s.again && s.chance(0.7)); s.again {
		return s.people[n-1]
	}
	if n > 0 && s.chance(0.3) {
		return s.people[n-1-s.random.IntN(min(n, 1000))]
	}
	s.people = append(s.people, &customer{})
	return s.people[len(s.people)-1]
}

func (c *customer) history(at time.Time) (h score.History) {
	h.Orders = len(c.placed)
	for _, placed := range c.placed {
		if at.Sub(placed) < 24*time.Hour {
			h.Recent++
		}
	}
	for _, e := range c.ended {
		switch {
		case !e.known.Before(at):
		case e.delivered:
			h.Delivered++
		default:
			h.Failed++
		}
	}
	return h
}

// facts draws what an order tells. A careless customer leaves out and mistypes more than one thing.
func (s *Store) facts() score.Facts {
	careless := s.random.NormFloat64()
	flag := func(share float64) bool {
		return s.chance(1 / (1 + (1-share)/share*math.Exp(-careless)))
	}
	f := score.Facts{
		Currency: currency, COD: score.Yes, Quantity: 1, DispatchHours: 12 + s.random.IntN(96),
		Total: int64(90_000e6 * math.Exp(0.6345*s.random.NormFloat64())),
		Night: s.chance(0.1), RiskHigh: flag(0.02), EmailDisposable: flag(0.02), NameSuspicious: flag(0.05),
		CityMismatch: flag(0.03), PhoneRepeated: flag(0.015),
	}
	switch u := s.random.Float64(); {
	case u < 0.22:
		f.COD = score.No
	case u < 0.25:
		f.COD, f.Missing = score.Unknown, score.MissingPayment
	}
	if flag(0.03) {
		f.Missing |= score.MissingPhone
	} else {
		f.PhoneInvalid = flag(0.06)
	}
	if flag(0.02) {
		f.Missing |= score.MissingAddress
	} else {
		f.AddressNoNumber, f.AddressShort, f.AddressGibberish = flag(0.12), flag(0.08), flag(0.03)
	}
	if flag(0.25) {
		f.Missing |= score.MissingEmail
	}
	if s.chance(0.08) {
		f.Quantity = 3 + s.random.IntN(3)
	}
	if s.chance(0.1) {
		f.DispatchHours += s.random.IntN(150)
	}
	at := s.where()
	f.Country, f.Province, f.City, f.Postcode = at.country, at.province, at.city, at.postcode
	f.Carrier = [...]string{"alfa", "beta", "gamma"}[s.zipf(3, 1)]
	for n := 1 + s.zipf(3, 2); len(f.Products) < n; {
		if key := s.products[s.zipf(len(s.products), 1)]; !slices.Contains(f.Products, key) {
			f.Products = append(f.Products, key)
		}
	}
	return f
}

// outcome draws what becomes of an order: deliveries are heard of in days, failures in weeks, a few never.
func (s *Store) outcome(sample *score.Sample, logit float64) score.Settled {
	delivered, days := s.chance(1/(1+math.Exp(-logit))), 2+3*math.Exp(s.normal(0.5))
	if !delivered {
		days = 6 + 6*math.Exp(s.normal(0.4))
	}
	lost, held := s.chance(0.02), s.chance(s.variant.Holds)
	rated, _ := s.shipped.LogOdds(&sample.Facts, &sample.History)
	at := sample.At.Add(time.Duration(days * 24 * float64(time.Hour)))
	switch {
	case held && rated < math.Log(holdBelow/(1-holdBelow)):
		sample.Facts.DispatchHours = -1
		return score.Settled{}
	case lost:
		return score.Settled{}
	case delivered:
		return score.Settled{Outcome: score.Delivered, At: at}
	default:
		return score.Settled{Outcome: score.Failed, At: at}
	}
}
