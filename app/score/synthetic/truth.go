package synthetic

import (
	"fmt"
	"math"

	"probability/app/score"
)

// place is where orders go, from the country down to the postcode.
type place struct{ country, province, city, postcode string }

// How many places there are at each level, and how steeply they fall from common to rare.
type geography struct {
	provinces, cities, postcodes int
	steep                        float64
}

var (
	usual    = geography{provinces: 20, cities: 12, postcodes: 6, steep: 1.1}
	scarce   = geography{provinces: 30, cities: 40, postcodes: 12, steep: 0.7}
	products = 60
)

// months is for how long levels are drawn; later, the level stays.
const months = 60

// draw makes the truth: weights of the shipped sign, effects of all places and products.
func (s *Store) draw() {
	truth := score.Shipped()
	truth.Cells = map[string]score.Cell{}
	truth.Intercept += s.normal(sdOf(truth, 0))
	for k, f := range score.Factors {
		for {
			truth.Weights[k] = f.Weight + s.normal(f.Spread)
			if truth.Weights[k]*f.Weight > 0 {
				break
			}
		}
	}
	truth.HighValue = map[string]int64{currency: highValue}
	s.Truth = truth
	s.levels = make([]float64, months)
	for i := 1; i < months; i++ {
		s.levels[i] = s.levels[i-1] + s.normal(s.variant.Drift)
	}
	s.drawPlaces()
	for i := range products {
		key := fmt.Sprintf("product %d", i)
		s.products = append(s.products, key)
		truth.Cells[key] = score.Cell{Effect: s.normal(truth.Spread.Product)}
	}
}

func (s *Store) drawPlaces() {
	g := s.geography()
	spread, cells := s.Truth.Spread, s.Truth.Cells
	cells["co"] = score.Cell{Effect: s.normal(spread.Country)}
	for p := range g.provinces {
		province := fmt.Sprintf("co|p%d", p)
		cells[province] = score.Cell{Effect: s.normal(spread.Province)}
		for c := range g.cities {
			city := fmt.Sprintf("%s|c%d", province, c)
			cells[city] = score.Cell{Effect: s.normal(spread.City)}
			for z := range g.postcodes {
				postcode := fmt.Sprintf("%s|%d%d%d", city, p, c, z)
				cells[postcode] = score.Cell{Effect: s.normal(spread.Postcode)}
				s.places = append(s.places, place{"co", province, city, postcode})
			}
		}
	}
}

func (s *Store) geography() geography {
	if s.variant.Sparse {
		return scarce
	}
	return usual
}

// where draws a place; a few orders do not tell all of it.
func (s *Store) where() place {
	g := s.geography()
	p, c, z := s.zipf(g.provinces, g.steep), s.zipf(g.cities, g.steep), s.zipf(g.postcodes, g.steep)
	at := s.places[(p*g.cities+c)*g.postcodes+z]
	switch {
	case s.chance(0.01):
		at.city, at.postcode = "", ""
	case s.chance(0.05):
		at.postcode = ""
	}
	return at
}

// sdOf is the standard deviation of the shipped model's parameter i, the intercept being the first.
func sdOf(m *score.Model, i int) float64 { return math.Sqrt(m.Covariance[i*(i+1)/2+i]) }
