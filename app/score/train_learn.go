package score

import (
	"math"
	"time"

	"gonum.org/v1/gonum/mat"
)

// From so many outcomes on a store's own level and places are learnt, and from learnedFrom with learnedFailed failures among
// them the weights as well: with fewer, twenty weights would follow chance.
const (
	blendedFrom   = 20
	learnedFrom   = 300
	learnedFailed = 50
)

func basisFor(n, failed int) Basis {
	switch {
	case n < blendedFrom:
		return BasisPrior
	case n < learnedFrom || failed < learnedFailed:
		return BasisBlended
	default:
		return BasisLearned
	}
}

// halfLife is the age at which an outcome counts half.
const halfLife = 180 * 24 * time.Hour

// Spreads of the cells are estimated as if strengthOfSpreads cells had been seen with the shipped one, and stay within
// widestSpread times of it either way.
const (
	strengthOfSpreads = 10
	widestSpread      = 3
	spreadRounds      = 4
)

// learnt is what was learnt from the outcomes known at some time.
type learnt struct {
	d         *design
	basis     Basis
	n, failed int
	until     time.Time // these outcomes were known
	placed    time.Time // of these orders
	spread    Spread
	x         []float64
	obs       []float64 // how much each order counts
	c         *curvature
	level     level // has been added to x
}

// learn fits the model to the outcomes known at a time of orders that had settled by then, and no further than to a basis. It begins where
// another fit ended, if given.
func (d *design) learn(at time.Time, settling time.Duration, most Basis, from *learnt) *learnt {
	l := &learnt{d: d, until: at, spread: shippedSpread, x: make([]float64, d.parameters())}
	obs := make([]float64, d.rows())
	for row := range obs {
		if d.known[row].Before(at) && !d.at[row].After(at.Add(-settling)) {
			obs[row] = math.Exp2(-float64(at.Sub(d.at[row])) / float64(halfLife))
			l.n++
			l.failed += int(unit(!d.delivered[row]))
			l.placed = d.at[row]
		}
	}
	if l.basis = basisFor(l.n, l.failed); l.basis == BasisLearned {
		l.basis = most
	}
	p := newPrior(d, l.spread, l.basis == BasisLearned)
	copy(l.x, p.mean)
	l.obs = obs
	if l.basis == BasisPrior {
		obs = make([]float64, d.rows())
	}
	if from != nil && from.basis == l.basis {
		copy(l.x, from.x)
		l.spread = from.spread
		p.spread(d, l.spread)
	}
	l.c = fit(d, p, obs, l.x)
	if l.basis == BasisLearned {
		rounds := spreadRounds
		if from != nil && from.basis == l.basis {
			rounds = 1 // the spreads are nearly there
		}
		for range rounds {
			before := l.spread
			l.spread = l.spreads()
			p.spread(d, l.spread)
			l.c = fit(d, p, obs, l.x)
			if l.spread.near(before) {
				break
			}
		}
	}
	if l.basis != BasisPrior {
		ahead := at.Sub(l.placed) + levelPeriod/2 + levelServes
		l.level = follow(l.residuals(), p.mean[0]-l.x[0], 1/p.precision[0], ahead)
		l.x[0] += l.level.mean
	}
	return l
}

// spreads is one step towards the spreads that explain the effects found: their squares, less what chance alone makes of them, over
// how much of a true one is found.
func (l *learnt) spreads() Spread {
	var squares, found [placeLevels + 1]float64
	n := l.c.nest()
	for c, of := range l.d.kinds {
		part := 1 - l.c.p.precision[dense+c]/n.precision[c]
		squares[of] += l.x[dense+c]*l.x[dense+c] - n.noise[c]/(n.precision[c]*n.precision[c])
		found[of] += part * part
	}
	by := shippedSpread.byKind()
	for of, shipped := range by {
		square := (strengthOfSpreads*shipped*shipped + squares[of]) / (strengthOfSpreads + found[of])
		by[of] = min(widestSpread*shipped, max(shipped/widestSpread, math.Sqrt(max(0, square))))
	}
	return spreadOf(by)
}

func (s Spread) near(other Spread) bool {
	a, b := s.byKind(), other.byKind()
	for i := range a {
		if math.Abs(a[i]/b[i]-1) > 0.03 {
			return false
		}
	}
	return true
}

// covariance is that of intercept and weights, the lower triangle by rows, given the effects of the cells.
//
// While weights are not learnt, each is as uncertain as shipped, and the intercept makes up for their mean effect: what it is off
// by is −mean units · (what the weights are off by), and chance.
func (l *learnt) covariance() []float64 {
	full := mat.NewSymDense(dense, nil)
	if l.basis == BasisLearned {
		var factor mat.Cholesky
		factor.Factorize(mat.NewSymDense(dense, append([]float64(nil), l.c.block...)))
		if err := factor.InverseTo(full); err != nil {
			panic("score: covariance: " + err.Error()) // each prior has a precision above 0
		}
		var half, whole mat.Dense
		half.Mul(full, mat.NewSymDense(dense, l.c.noisy))
		whole.Mul(&half, full)
		for i := range dense {
			for j := i; j < dense; j++ {
				full.SetSym(i, j, (whole.At(i, j)+whole.At(j, i))/2)
			}
		}
	} else {
		own := l.c.block[0]
		full.SetSym(0, 0, l.c.noisy[0]/(own*own))
		for k := 1; k < dense; k++ {
			variance, mean := Factors[k-1].Spread*Factors[k-1].Spread, l.c.block[k]/own
			full.SetSym(k, k, variance)
			full.SetSym(0, k, -mean*variance)
			full.SetSym(0, 0, full.At(0, 0)+mean*mean*variance)
		}
	}
	var lower []float64
	for i := range dense {
		for j := range i + 1 {
			lower = append(lower, full.At(i, j))
		}
	}
	return lower
}

// model writes down what was learnt, after a last correction.
func (l *learnt) model(by Calibration) *Model {
	m := &Model{Basis: l.basis, Until: l.until, Placed: l.placed, N: l.n, Failed: l.failed, Spread: l.spread}
	m.Intercept = by.Shift + by.Slope*l.x[0]
	for k := range m.Weights {
		m.Weights[k] = by.Slope * l.x[1+k]
	}
	m.Covariance = l.covariance()
	m.Covariance[0] += l.level.variance
	for i := range m.Covariance {
		m.Covariance[i] *= by.Slope * by.Slope
	}
	variances := l.c.variances()
	m.Cells = make(map[string]Cell, len(l.d.keys))
	for c, key := range l.d.keys {
		cell := l.d.counts[c]
		cell.Effect = by.Slope * l.x[dense+c]
		cell.Variance = by.Slope * by.Slope * variances[c]
		m.Cells[key] = cell
	}
	return m
}
