package score

import "time"

// What Train is made of, for tests that look at one part.
var (
	AUC        = auc
	Reliable   = reliability
	Calibrate  = calibrate
	Judge      = judge
	Settling   = settlingTime
	HighValues = highValues
	Wilson     = wilson
	TestedOf   = testedOf
	CarriersOf = func(samples []Sample, now time.Time) map[string][]CarrierRate {
		orders, _ := choose(samples, now, 0)
		return carrierRates(orders, now)
	}
)

// Dense is how many parameters are not cells.
const (
	Dense    = dense
	HalfLife = halfLife
)

// Prior is the shipped model's intercept with its spread.
func Prior() (mean, spread float64) { return priorIntercept, priorInterceptSpread }

// Period is what residuals by period are made of: how many more were delivered than was predicted, and Σ p(1−p).
type Period struct{ Off, Information float64 }

func periodsOf(of []Period) (periods []residuals) {
	for _, p := range of {
		periods = append(periods, residuals{p.Off, p.Information})
	}
	return periods
}

// Follow is how far a level has moved, its variance beyond that of one that stands still, and its movement in a month.
func Follow(of []Period, mean, variance float64, ahead time.Duration) (moved, more, monthly float64) {
	l := follow(periodsOf(of), mean, variance, ahead)
	return l.mean, l.variance, l.monthly
}

// Walked is the filter alone.
func Walked(of []Period, mean, variance, step float64) (logs, last, unsure float64) {
	return walked(periodsOf(of), mean, variance, step)
}

// LevelSteps are the movements in a month that are held possible, with how probable they are held beforehand, about.
func LevelSteps() (sds, beliefs []float64) {
	for _, step := range levelSteps {
		sds, beliefs = append(sds, step.sd), append(beliefs, step.belief)
	}
	return sds, beliefs
}

// Learn is what Train would learn at a time, before the last correction and whatever the gate says.
func Learn(samples []Sample, now time.Time) *Model {
	settling, _ := settlingTime(samples, now)
	orders, _ := choose(samples, now, settling)
	return newDesign(orders).learn(now, settling, BasisLearned, nil).model(identity)
}
