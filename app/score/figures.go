package score

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// z95 is the 97.5 % quantile of the normal distribution.
const z95 = 1.959963984540054

// Bins hold orders of about the same probability, ten of them when there are enough for minBin in each.
const (
	maxBins = 10
	minBin  = 30
)

// reliability compares predictions with what happened. The error is the mean distance of the two over the bins; chance is what it would
// be, on average, if each prediction were exactly right.
func reliability(logits []float64, delivered []bool) (bins []Reliability, calibrationError, chance float64) {
	order := make([]int, len(logits))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(logits[a], logits[b]) })
	bins = []Reliability{}
	n := min(maxBins, max(1, len(order)/minBin))
	for b := range n {
		members := order[b*len(order)/n : (b+1)*len(order)/n]
		if len(members) == 0 {
			continue
		}
		var predicted, variance, happened float64
		for _, i := range members {
			p := probability(logits[i])
			predicted, variance, happened = predicted+p, variance+p*(1-p), happened+unit(delivered[i])
		}
		size := float64(len(members))
		bin := Reliability{N: len(members), Predicted: predicted / size, Delivered: happened / size}
		bin.Low, bin.High = wilson(happened, size)
		bins = append(bins, bin)
		share := size / float64(len(order))
		calibrationError += share * math.Abs(bin.Predicted-bin.Delivered)
		chance += share * math.Sqrt(2/math.Pi*variance) / size // mean distance of a normal from its mean
	}
	return bins, calibrationError, chance
}

// wilson are the bounds of a share at 95 %.
func wilson(happened, n float64) (low, high float64) {
	p, zz := happened/n, z95*z95
	center := (p + zz/(2*n)) / (1 + zz/n)
	half := z95 / (1 + zz/n) * math.Sqrt(p*(1-p)/n+zz/(4*n*n))
	return max(0, center-half), min(1, center+half)
}

// auc is the share of pairs of a delivered and a failed order in which the delivered one was rated higher, a tie being half, with
// bounds after Hanley and McNeil (1982). It is nil where there is no pair.
func auc(logits []float64, delivered []bool) *Interval {
	order := make([]int, len(logits))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(logits[a], logits[b]) })
	var pairs, good, bad float64
	for i := 0; i < len(order); {
		var g, b float64 // of one rating
		j := i
		for ; j < len(order) && logits[order[j]] == logits[order[i]]; j++ {
			g += unit(delivered[order[j]])
			b += unit(!delivered[order[j]])
		}
		pairs += g * (bad + b/2)
		good, bad, i = good+g, bad+b, j
	}
	if good == 0 || bad == 0 {
		return nil
	}
	a := pairs / (good * bad)
	q1, q2 := a/(2-a), 2*a*a/(1+a)
	variance := (a*(1-a) + (good-1)*(q1-a*a) + (bad-1)*(q2-a*a)) / (good * bad)
	half := z95 * math.Sqrt(max(0, variance))
	return &Interval{Value: a, Low: max(0, a-half), High: min(1, a+half)}
}

// gain is the mean of differences and its standard error, which is infinite for fewer than two and never 0: what looks exact with a
// few orders is not.
func gain(differences []float64) (mean, standardError float64) {
	if len(differences) < 2 {
		return 0, math.MaxFloat64
	}
	mean, sd := stat.MeanStdDev(differences, nil)
	return mean, max(sd/math.Sqrt(float64(len(differences))), 1e-12)
}
