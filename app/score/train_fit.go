package score

import "math"

// prior is what is believed before the outcomes: each parameter normal about its mean, a weight of no other sign than the
// shipped one. What is fixed stays at its mean.
type prior struct {
	mean, precision []float64
	sign            []int8 // −1: at most 0, 1: at least 0, 0: any
	fixed           []bool
}

// newPrior is the shipped model's, with these spreads of the cells.
func newPrior(d *design, spread Spread, weightsToo bool) *prior {
	n := d.parameters()
	p := &prior{make([]float64, n), make([]float64, n), make([]int8, n), make([]bool, n)}
	p.mean[0], p.precision[0] = priorIntercept, 1/(priorInterceptSpread*priorInterceptSpread)
	for k, f := range Factors {
		p.mean[1+k], p.precision[1+k] = f.Weight, 1/(f.Spread*f.Spread)
		p.sign[1+k] = int8(math.Copysign(1, f.Weight))
		p.fixed[1+k] = !weightsToo
	}
	p.spread(d, spread)
	return p
}

// spread sets how much cells differ.
func (p *prior) spread(d *design, s Spread) {
	by := s.byKind()
	for c, of := range d.kinds {
		p.precision[dense+c] = 1 / (by[of] * by[of])
	}
}

func (s Spread) byKind() [placeLevels + 1]float64 {
	return [...]float64{s.Country, s.Province, s.City, s.Postcode, s.Product}
}

func spreadOf(by [placeLevels + 1]float64) Spread {
	return Spread{by[0], by[1], by[2], by[3], by[4]}
}

// Newton's method ends when no parameter moves by more than stepDone, in log-odds, and after maxSteps at the latest.
const (
	stepDone = 1e-3
	maxSteps = 30
	maxHalve = 12
)

// fit finds the most probable parameters for rows that count obs each. x is where it begins, and is changed.
func fit(d *design, p *prior, obs, x []float64) *curvature {
	c := newCurvature(d, p)
	for i := range x {
		if p.fixed[i] {
			x[i] = p.mean[i]
		}
	}
	value := objective(d, p, obs, x)
	tried, step := make([]float64, len(x)), make([]float64, len(x))
	for range maxSteps {
		c.at(obs, x)
		c.solve(c.gradient, step)
		size, moved := 1.0, 0.0
		for range maxHalve {
			moved = 0
			for i := range x {
				tried[i] = clampSign(x[i]+size*step[i], p.sign[i])
				moved = max(moved, math.Abs(tried[i]-x[i]))
			}
			if better := objective(d, p, obs, tried); better >= value {
				value = better
				copy(x, tried)
				break
			}
			size, moved = size/2, 0
		}
		if moved < stepDone {
			break
		}
	}
	c.at(obs, x)
	return c
}

func clampSign(x float64, sign int8) float64 {
	if x*float64(sign) < 0 {
		return 0
	}
	return x
}

// objective is the log of the posterior but for a constant.
func objective(d *design, p *prior, obs, x []float64) (sum float64) {
	for row, weight := range obs {
		if weight > 0 {
			sum -= weight * logLoss(d.dot(row, x), d.delivered[row])
		}
	}
	for i, mean := range p.mean {
		if !p.fixed[i] {
			sum -= p.precision[i] * (x[i] - mean) * (x[i] - mean) / 2
		}
	}
	return sum
}
