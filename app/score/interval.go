package score

import "math"

// Values of Explanation.Confidence.
const (
	ConfidenceHigh   = "high"
	ConfidenceMedium = "medium"
	ConfidenceLow    = "low"
)

// z80 is the 90 % quantile of the normal distribution: 80 of 100 lie within so many standard deviations.
const z80 = 1.2816

// variance is how unsure the log-odds of an order are: those of the weights by the units that count, those of places and
// products beside them. What the merchant set adds none.
func (s *Scorer) variance(u *[addendCount]float64, f *Facts) float64 {
	var counts [denseCount]int
	n := 0
	for at := range denseCount {
		if u[at] != 0 {
			counts[n] = at
			n++
		}
	}
	var dense float64
	for i, a := range counts[:n] {
		dense += u[a] * u[a] * s.covariance[a][a]
		for _, b := range counts[:i] {
			dense += 2 * u[a] * u[b] * s.covariance[a][b]
		}
	}
	// A covariance has no negative forms; rounding, or a damaged one, might.
	return max(0, dense) + max(0, s.model.areaVariance(f, s.noArea)) + max(0, s.model.productVariance(f, s.noProducts))
}

// interval holds the true probability in 80 of 100 cases.
func (s *Scorer) interval(sum *sums, f *Facts) [2]float64 {
	half := z80 * math.Sqrt(s.variance(&sum.units, f))
	return [2]float64{min(sum.p, probability(sum.logit-half)), max(sum.p, probability(sum.logit+half))}
}

// Widths of the interval up to which a score is sure enough to be called so.
const (
	highConfidenceWidth   = 0.15
	mediumConfidenceWidth = 0.30
)

// confidence puts the interval into a word. Without any outcome of the store's own it is low, however narrow; while only the base
// rate and places are learnt, no more than medium.
func confidence(interval [2]float64, basis Basis) string {
	width := interval[1] - interval[0]
	switch {
	case basis != BasisBlended && basis != BasisLearned, width > mediumConfidenceWidth:
		return ConfidenceLow
	case basis == BasisBlended, width > highConfidenceWidth:
		return ConfidenceMedium
	default:
		return ConfidenceHigh
	}
}
