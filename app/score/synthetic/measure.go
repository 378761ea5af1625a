package synthetic

import (
	"cmp"
	"math"
	"slices"

	"probability/app/score"
)

// Figures are how near what was learnt comes to the truth, measured on orders placed afterwards. No figure but Gate and Permuted
// depends on how outcomes happened to fall there: the truth says how probable each was.
type Figures struct {
	Basis       score.Basis
	Accepted    bool    // what was learnt
	Permuted    bool    // what was learnt of outcomes dealt out anew: it should not be
	Coverage    float64 // of the truth by the 80 % intervals
	OverBase    float64 // log-loss less that of the base rate
	Calibration float64 // mean distance of predicted and true probability, over tenths of the orders
	AUC         float64
	BestAUC     float64 // of the truth itself
}

// z80 is the 90 % quantile of the normal distribution.
const z80 = 1.2815515655446004

// Measure learns from one store and looks at the next orders, so many.
func Measure(seed uint64, v Variant, outcomes, next int) Figures {
	s := New(seed, v, outcomes)
	m, report := score.Train(s.Samples, nil, s.Now)
	f := Figures{Basis: m.Basis, Accepted: report.Decision == score.Accepted}
	_, permuted := score.Train(s.Permuted(seed), nil, s.Now)
	f.Permuted = permuted.Decision == score.Accepted
	f.compare(m, baseRate(s.Samples), s.Next(next))
	return f
}

func (f *Figures) compare(m *score.Model, base float64, fresh []Fresh) {
	n := float64(len(fresh))
	truth, learnt := make([]rated, len(fresh)), make([]rated, len(fresh))
	for i := range fresh {
		logit, variance := m.LogOdds(&fresh[i].Facts, &fresh[i].History)
		p := probability(fresh[i].LogOdds)
		truth[i], learnt[i] = rated{fresh[i].LogOdds, p}, rated{logit, p}
		if math.Abs(logit-fresh[i].LogOdds) <= z80*math.Sqrt(variance) {
			f.Coverage += 1 / n
		}
		f.OverBase += (expectedLoss(p, probability(logit)) - expectedLoss(p, base)) / n
	}
	f.AUC, f.BestAUC = expectedAUC(learnt), expectedAUC(truth)
	f.Calibration = calibrationError(learnt)
}

// rated is an order's rating and its true probability.
type rated struct{ logit, truth float64 }

func byRating(a, b rated) int { return cmp.Compare(a.logit, b.logit) }

// expectedAUC counts each order as delivered and failed by as much as it is probable.
func expectedAUC(orders []rated) float64 {
	slices.SortFunc(orders, byRating)
	var good, bad, pairs float64
	for _, o := range orders {
		pairs += o.truth * (bad + (1-o.truth)/2)
		good, bad = good+o.truth, bad+1-o.truth
	}
	return pairs / (good * bad)
}

func calibrationError(orders []rated) (sum float64) {
	slices.SortFunc(orders, byRating)
	const bins = 10
	for b := range bins {
		members := orders[b*len(orders)/bins : (b+1)*len(orders)/bins]
		var off float64
		for _, o := range members {
			off += probability(o.logit) - o.truth
		}
		sum += math.Abs(off) / float64(len(orders))
	}
	return sum
}

// baseRate is the share delivered of the outcomes, half a year ago counting half; the shipped one where there is none.
func baseRate(samples []score.Sample) float64 {
	delivered, all := 2*0.75, 2.0
	for _, s := range samples {
		if s.Settled.Outcome != score.Delivered && s.Settled.Outcome != score.Failed {
			continue
		}
		weight := math.Exp2(-float64(samples[len(samples)-1].At.Sub(s.At)) / float64(180*24*60*60*1e9))
		all += weight
		if s.Settled.Outcome == score.Delivered {
			delivered += weight
		}
	}
	return delivered / all
}

func expectedLoss(truth, said float64) float64 {
	return -truth*math.Log(said) - (1-truth)*math.Log(1-said)
}

func probability(logit float64) float64 { return 1 / (1 + math.Exp(-logit)) }
