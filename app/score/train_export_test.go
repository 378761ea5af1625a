package score

import "time"

// What Train is made of, for tests that look at one part.
var (
	AUC        = auc
	Reliable   = reliability
	Calibrate  = calibrate
	Drift      = drift
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

// Learn is what Train would learn at a time, before the last correction and whatever the gate says.
func Learn(samples []Sample, now time.Time) *Model {
	settling, _ := settlingTime(samples, now)
	orders, _ := choose(samples, now, settling)
	return newDesign(orders).learn(now, settling, BasisLearned, nil).model(identity)
}
