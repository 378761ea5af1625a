package score

import "math"

// LogOdds is what the model says of an order, as log-odds with their variance. It knows of no settings and leaves out the
// merchant's own word: that is often given after the outcome, and nothing may be learnt from it.
func (m *Model) LogOdds(f *Facts, h *History) (logit, variance float64) {
	var units [FactorCount]float64
	unitsOf(&units, f, h, m)
	logit = m.Intercept
	for k, u := range units {
		logit += u * m.Weights[k]
	}
	variance = m.denseVariance(&units)
	spreads := [placeLevels]float64{m.Spread.Country, m.Spread.Province, m.Spread.City, m.Spread.Postcode}
	for level, key := range f.places() {
		effect, v := m.cell(key, spreads[level])
		logit, variance = logit+effect, variance+v
	}
	share := f.productShare()
	if len(f.Products) == 0 {
		variance += m.Spread.Product * m.Spread.Product
	}
	for _, key := range f.Products {
		effect, v := m.cell(key, m.Spread.Product)
		logit, variance = logit+share*effect, variance+share*share*v
	}
	return logit, max(variance, 0)
}

// denseVariance is that of intercept and weights.
func (m *Model) denseVariance(units *[FactorCount]float64) (sum float64) {
	at := 0
	for i := range FactorCount + 1 {
		ui := 1.0
		if i > 0 {
			ui = units[i-1]
		}
		if ui == 0 {
			at += i + 1
			continue
		}
		for j := range i + 1 {
			uj := 1.0
			if j > 0 {
				uj = units[j-1]
			}
			twice := 2.0
			if i == j {
				twice = 1
			}
			sum += twice * ui * uj * m.Covariance[at]
			at++
		}
	}
	return sum
}

// cell is what is known of a place or product; of one never learnt from, that it may differ as much as its kind does.
func (m *Model) cell(key string, spread float64) (effect, variance float64) {
	if c, known := m.Cells[key]; known && key != "" {
		return c.Effect, c.Variance
	}
	return 0, spread * spread
}

// placeLevels is how many places an order has, each within the one before.
const placeLevels = 4

func (f *Facts) places() [placeLevels]string {
	return [placeLevels]string{f.Country, f.Province, f.City, f.Postcode}
}

// productShare is what each product of an order counts: together they count as one, so that a parcel of three is no
// surer to fail than three parcels of one.
func (f *Facts) productShare() float64 {
	return 1 / float64(max(1, len(f.Products)))
}

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// logLoss is −log of the probability that log-odds give to what happened: finite for any finite log-odds.
func logLoss(logit float64, delivered bool) float64 {
	if delivered {
		logit = -logit
	}
	if logit > 0 {
		return logit + math.Log1p(math.Exp(-logit))
	}
	return math.Log1p(math.Exp(logit))
}

// sd is the standard deviation of the intercept, or of a weight, the first of which is 1.
func (m *Model) sd(i int) float64 {
	return math.Sqrt(max(0, m.Covariance[i*(i+1)/2+i]))
}
