package score

import "math"

// LogOdds is what the model says of an order, as log-odds with their variance. It knows of no settings and leaves out the
// merchant's own word: that is often given after the outcome, and nothing may be learnt from it.
func (m *Model) LogOdds(f *Facts, h *History) (logit, variance float64) {
	var units [FactorCount]float64
	unitsOf(&units, f, h, m)
	logit = m.Intercept + m.areaEffect(f) + m.productEffect(f)
	for k, u := range units {
		logit += u * m.Weights[k]
	}
	return logit, max(0, m.denseVariance(&units)) + m.areaVariance(f, false) + m.productVariance(f, false)
}

// denseVariance is that of intercept and weights.
func (m *Model) denseVariance(units *[FactorCount]float64) (sum float64) {
	at := 0
	for i := range dense {
		row := m.Covariance[at : at+i+1]
		at += i + 1
		ui := unitOf(units, i)
		if ui == 0 {
			continue
		}
		for j, covariance := range row[:i] {
			sum += 2 * ui * unitOf(units, j) * covariance
		}
		sum += ui * ui * row[i]
	}
	return sum
}

// unitOf counts the intercept as the first.
func unitOf(units *[FactorCount]float64, i int) float64 {
	if i == 0 {
		return 1
	}
	return units[i-1]
}

// sd is the standard deviation of the intercept, or of a weight, the first of which is 1.
func (m *Model) sd(i int) float64 {
	return math.Sqrt(max(0, m.Covariance[i*(i+1)/2+i]))
}

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
