package score_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"probability/app/score"
)

// spread reads an interval back into the variance of the log-odds, by both of its ends.
func spread(t interface{ Fatalf(string, ...any) }, e score.Explanation) float64 {
	low, high := (e.Logit-logit(e.Interval80[0]))/1.2816, (logit(e.Interval80[1])-e.Logit)/1.2816
	if math.Abs(low-high) > 1e-6*(1+low) {
		t.Fatalf("the interval %v is not even around %v", e.Interval80, e.Logit)
	}
	return low * low
}

// The variance is that of the whole quadratic form, written out.
func TestInterval_IsThatOfTheWholeCovariance(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m, f := drawModel(t), drawFacts(t)
		m.Intercept = 0 // the ends of the interval can be read back
		for i := range m.Weights {
			m.Weights[i] *= 0.1
		}
		h := score.History{}
		e := score.NewScorer(m, score.Settings{}).Explain(f, h, score.Order{})
		units := [score.FactorCount + 1]float64{1}
		for _, a := range e.Addends {
			for i, factor := range score.Factors {
				if factor.Code == a.Code {
					units[i+1] = a.Units
				}
			}
		}
		var want float64
		at := 0
		for i := range units {
			for j := range i + 1 {
				twice := 2.0
				if i == j {
					twice = 1
				}
				want += twice * units[i] * units[j] * m.Covariance[at]
				at++
			}
		}
		for i, key := range []string{f.Country, f.Province, f.City, f.Postcode} {
			unseen := []float64{m.Spread.Country, m.Spread.Province, m.Spread.City, m.Spread.Postcode}[i]
			if c, ok := m.Cells[key]; ok && key != "" {
				want += c.Variance
			} else {
				want += unseen * unseen
			}
		}
		products := m.Spread.Product * m.Spread.Product
		if n := float64(len(f.Products)); n > 0 {
			products = 0
			for _, key := range f.Products {
				if c, ok := m.Cells[key]; ok {
					products += c.Variance / (n * n)
				} else {
					products += m.Spread.Product * m.Spread.Product / (n * n)
				}
			}
		}
		want += products
		if e.Interval80[0] < 1e-9 || e.Interval80[1] > 1-1e-9 {
			return // cannot be read back exactly enough
		}
		if got := spread(t, e); math.Abs(got-want) > 1e-4*(1+want) {
			t.Fatalf("a variance of %v, want %v", got, want)
		}
	})
}

func TestInterval_WhatIsSetIsCertainAndWhatIsOffIsUnknown(t *testing.T) {
	t.Parallel()
	m := score.Shipped()
	m.Intercept = 0
	m.Cells = map[string]score.Cell{"co": {Variance: 0.01}, "co|cundinamarca": {Variance: 0.02}, "p1": {Variance: 0.03}}
	m.Covariance[1*2/2] = -0.1    // payment with the intercept
	m.Covariance[9*10/2+1] = 0.07 // payment with a later factor, address_short
	f := score.Facts{COD: score.Yes, AddressShort: true, Country: "co", Province: "co|cundinamarca", Products: []string{"p1"}}
	const (
		cellsUnseen = 0.3*0.3 + 0.2*0.2
		short       = 0.3 * 0.3
		paid        = -0.2 + 0.25 + 2*0.07 // the payment's own, with the intercept and with the short address
	)
	for name, c := range map[string]struct {
		set  map[score.Code]score.FactorSetting
		want float64
	}{
		"as learnt":   {nil, 0.36 + short + paid + 0.01 + 0.02 + cellsUnseen + 0.03},
		"payment set": {map[score.Code]score.FactorSetting{score.PaymentCOD: {Weight: new(-1.0)}}, 0.36 + short + 0.01 + 0.02 + cellsUnseen + 0.03},
		"payment off": {map[score.Code]score.FactorSetting{score.PaymentCOD: {Off: true}}, 0.36 + short + 0.01 + 0.02 + cellsUnseen + 0.03},
		"places off":  {map[score.Code]score.FactorSetting{score.AreaRate: {Off: true}}, 0.36 + short + paid + 0.04 + 0.09 + cellsUnseen + 0.03},
		"places at 0": {map[score.Code]score.FactorSetting{score.AreaRate: {Weight: new(0.0)}}, 0.36 + short + paid + 0.04 + 0.09 + cellsUnseen + 0.03},
		"places × 2":  {map[score.Code]score.FactorSetting{score.AreaRate: {Weight: new(2.0)}}, 0.36 + short + paid + 0.01 + 0.02 + cellsUnseen + 0.03},
		"goods off":   {map[score.Code]score.FactorSetting{score.ProductRate: {Off: true}}, 0.36 + short + paid + 0.01 + 0.02 + cellsUnseen + 0.0625},
	} {
		e := score.NewScorer(m, score.Settings{Factors: c.set}).Explain(f, score.History{}, score.Order{})
		if got := spread(t, e); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestConfidence_ByWidthAndBasis(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		basis    score.Basis
		variance float64
		want     string
	}{
		{score.BasisLearned, 0.01, score.ConfidenceHigh},
		{score.BasisLearned, 0.1, score.ConfidenceMedium},
		{score.BasisLearned, 1, score.ConfidenceLow},
		{score.BasisBlended, 0.01, score.ConfidenceMedium},
		{score.BasisBlended, 1, score.ConfidenceLow},
		{score.BasisPrior, 0.01, score.ConfidenceLow},
	} {
		m := certain(0)
		m.Basis, m.Covariance[0] = c.basis, c.variance
		if e := score.NewScorer(m, score.Settings{}).Explain(prepaid, score.History{}, score.Order{}); e.Confidence != c.want {
			t.Errorf("%s, %v: got %s, want %s", c.basis, e.Interval80, e.Confidence, c.want)
		}
	}
}
