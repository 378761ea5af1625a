package score_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"probability/app/score"
)

func fatal(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// places and products that random models and orders share, so that they meet.
var (
	somePlaces = [][4]string{
		{"", "", "", ""},
		{"co", "", "", ""},
		{"co", "co|cundinamarca", "", ""},
		{"co", "co|cundinamarca", "co|cundinamarca|soacha", ""},
		{"co", "co|cundinamarca", "co|cundinamarca|soacha", "co|cundinamarca|soacha|250051"},
		{"co", "co|ant", "co|ant|medellin", ""},
		{"mx", "mx|jal", "mx|jal|zapopan", ""},
	}
	someProducts = []string{"p1", "p2", "p3", "p4"}
)

func drawFacts(t *rapid.T) score.Facts {
	is := func(name string) bool { return rapid.Bool().Draw(t, name) }
	place := rapid.SampledFrom(somePlaces).Draw(t, "place")
	return score.Facts{
		Missing: score.Missing(rapid.Uint16().Draw(t, "missing")), COD: score.Tri(rapid.IntRange(0, 2).Draw(t, "cod")),
		PhoneInvalid: is("phone invalid"), PhoneRepeated: is("phone repeated"), AddressNoNumber: is("no number"), AddressShort: is("short"),
		AddressGibberish: is("gibberish"), CityMismatch: is("mismatch"), EmailDisposable: is("disposable"), NameSuspicious: is("name"),
		Night: is("night"), RiskHigh: is("risk"), Total: rapid.Int64Range(-1, 1<<50).Draw(t, "total"), Currency: rapid.SampledFrom([]string{"", "COP", "MXN"}).Draw(t, "currency"),
		Quantity: rapid.IntRange(-1, 9).Draw(t, "quantity"), DispatchHours: rapid.IntRange(-1, 400).Draw(t, "hours"),
		Country: place[0], Province: place[1], City: place[2], Postcode: place[3],
		Products: rapid.SliceOfN(rapid.SampledFrom(someProducts), 0, 3).Draw(t, "products"),
	}
}

func drawHistory(t *rapid.T) score.History {
	n := rapid.IntRange(-2, 20) // below zero is nobody's history, and must not hurt
	return score.History{
		Delivered: n.Draw(t, "delivered"), Failed: n.Draw(t, "failed"), Orders: n.Draw(t, "orders"), Recent: n.Draw(t, "recent"),
		Mark: score.Mark(rapid.IntRange(-1, 1).Draw(t, "mark")),
	}
}

// drawModel makes a learnt model: weights of the right sign, a covariance that is one, some places and products known.
func drawModel(t *rapid.T) *score.Model {
	m := score.Shipped()
	m.Basis = rapid.SampledFrom([]score.Basis{score.BasisPrior, score.BasisBlended, score.BasisLearned}).Draw(t, "basis")
	m.N = rapid.IntRange(0, 5000).Draw(t, "n")
	m.Failed = m.N / 4
	m.Version = 3
	m.Until = time.Date(2026, 11, 20, 7, 0, 0, 0, time.UTC)
	m.Intercept = rapid.Float64Range(-3, 5).Draw(t, "intercept")
	size := rapid.Float64Range(0, 5)
	for i, f := range score.Factors {
		m.Weights[i] = math.Copysign(size.Draw(t, string(f.Code)), f.Weight)
	}
	const n = score.FactorCount + 1
	var root [n][n]float64
	noise := rapid.SliceOfN(rapid.Float64Range(-0.5, 0.5), n, n).Draw(t, "noise")
	for i := range n {
		for j := range i + 1 {
			root[i][j] = noise[(i*7+j)%n]
		}
	}
	at := 0
	for i := range n {
		for j := range i + 1 {
			m.Covariance[at] = 0
			for k := range n {
				m.Covariance[at] += root[i][k] * root[j][k]
			}
			at++
		}
	}
	m.Cells = map[string]score.Cell{}
	for _, place := range somePlaces {
		for _, key := range place {
			if key != "" && rapid.Bool().Draw(t, "knows "+key) {
				m.Cells[key] = drawCell(t)
			}
		}
	}
	for _, key := range someProducts[:3] {
		m.Cells[key] = drawCell(t)
	}
	m.HighValue = map[string]int64{"COP": 200_000_000_000}
	return m
}

func drawCell(t *rapid.T) score.Cell {
	n := rapid.IntRange(0, 40)
	return score.Cell{
		Effect: rapid.Float64Range(-1, 1).Draw(t, "effect"), Variance: rapid.Float64Range(0, 0.2).Draw(t, "variance"),
		Delivered: n.Draw(t, "cell delivered"), Failed: n.Draw(t, "cell failed"),
	}
}

func drawSettings(t *rapid.T) score.Settings {
	s := score.Settings{Factors: map[score.Code]score.FactorSetting{}}
	for _, code := range score.FactorCodes() {
		switch rapid.IntRange(0, 5).Draw(t, "set "+string(code)) {
		case 0:
			w := math.Copysign(rapid.Float64Range(0, 5).Draw(t, "weight"), sign(code))
			s.Factors[code] = score.FactorSetting{Weight: &w}
		case 1:
			s.Factors[code] = score.FactorSetting{Off: true}
		}
	}
	return s
}

// sign is the direction of a factor.
func sign(code score.Code) float64 {
	for _, f := range score.Factors {
		if f.Code == code {
			return f.Weight
		}
	}
	return 1
}

func ptr[T any](v T) *T { return &v }
