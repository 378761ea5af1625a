package score_test

import (
	"fmt"
	"testing"

	"probability/app/score"
)

// largeModel knows 20,000 places and products, and five carriers in each of 3,000 cities.
func largeModel() *score.Model {
	m := soachaModel()
	for i := range 10_000 {
		cell := score.Cell{Effect: float64(i%20-10) / 20, Variance: 0.02, Delivered: i % 50, Failed: i % 13}
		m.Cells[fmt.Sprintf("co|cundinamarca|city %d", i)] = cell
		m.Cells[fmt.Sprintf("product %d", i)] = cell
	}
	m.Carriers = someCarriers()
	for i := range 3_000 {
		key := fmt.Sprintf("co|cundinamarca|city %d", i)
		for c, name := range []string{"coordinadora", "envia", "interrapidisimo", "servientrega", "tcc"} {
			m.Carriers[key] = append(m.Carriers[key], rate(name, 20+c*i%40, c+i%9))
		}
	}
	return m
}

// bad is an order with ten factors that count.
func bad() (score.Facts, score.History) {
	f := toSoacha
	f.City, f.Postcode, f.Products = "co|cundinamarca|city 77", "co|cundinamarca|city 77|110111", []string{"product 1", "product 2"}
	f.PhoneInvalid, f.AddressNoNumber, f.AddressShort, f.NameSuspicious, f.Night, f.EmailDisposable = true, true, true, true, true, true
	return f, score.History{Failed: 1, Delivered: 1, Recent: 3}
}

func BenchmarkScore(b *testing.B) {
	s := score.NewScorer(largeModel(), score.Settings{})
	for name, f := range map[string]func() (score.Facts, score.History){
		"good": func() (score.Facts, score.History) { f, _ := bad(); return withoutFaults(f), score.History{} },
		"bad":  bad,
	} {
		b.Run(name, func(b *testing.B) {
			f, h := f()
			b.ReportAllocs()
			for b.Loop() {
				s.Score(f, h)
			}
		})
	}
}

func withoutFaults(f score.Facts) score.Facts {
	return score.Facts{
		COD: score.Yes, DispatchHours: -1, Country: f.Country, Province: f.Province, City: f.City, Postcode: f.Postcode, Products: f.Products,
	}
}

func BenchmarkExplain(b *testing.B) {
	s := score.NewScorer(largeModel(), score.Settings{Economy: someEconomy, Explore: new(0.05)})
	f, h := bad()
	b.ReportAllocs()
	for b.Loop() {
		s.Explain(f, h, soacha)
	}
}

func BenchmarkNewScorer(b *testing.B) {
	m := largeModel()
	b.ReportAllocs()
	for b.Loop() {
		score.NewScorer(m, score.Settings{})
	}
}

// Each place of carriers is worked out once for a scorer.
func BenchmarkCarrierOfANewPlace(b *testing.B) {
	m := largeModel()
	facts := make([]score.Facts, 3_000)
	for i := range facts {
		facts[i] = toSoacha
		facts[i].City = fmt.Sprintf("co|cundinamarca|city %d", i)
	}
	b.ReportAllocs()
	i := 0
	var s *score.Scorer
	for b.Loop() {
		if i%len(facts) == 0 {
			s = score.NewScorer(m, score.Settings{})
		}
		s.Score(facts[i%len(facts)], score.History{})
		i++
	}
}
