package score

import "math"

// A new model goes live when it predicted outcomes that neither it nor the current one had seen better than the current one by more
// than one standard error of the paired differences of log-loss, and better than the base rate likewise; and when its
// calibration error is within maxCalibrationError, over what chance alone shows with so few orders. Where the current one is far off, it
// must beat the base rate by half of one: a store where nearly all is delivered has little to beat it with.
//
// A blended model moves but the level and places, of which the shipped ones know nothing, and from outcomes too few for such proofs:
// it must have predicted better than both, by however little. Of outcomes dealt out at random, which leave but the level to learn,
// that lets one in nine through at 50 outcomes, and of 300 on five in a hundred at most.
const (
	gateErrors          = 1.0
	farOff              = 3.0 // standard errors
	gateErrorsFarOff    = 0.5
	maxCalibrationError = 0.05
	testedFrom          = 50
	testedFromBlended   = 10
)

// judge decides by what was tested.
func judge(basis Basis, t Tested) (Decision, GateReason) {
	learned, enough, errors := basis == BasisLearned, testedFromBlended, 0.0
	if learned {
		enough, errors = testedFrom, gateErrors
	}
	baseErrors := errors
	if learned && t.Gain > farOff*t.GainError {
		baseErrors = gateErrorsFarOff
	}
	switch {
	case basis == BasisPrior:
		return Refused, ReasonTooFew
	case t.N < enough || t.CurrentLoss == nil:
		return Refused, ReasonTooFewNew
	case t.BaseGain <= baseErrors*t.BaseGainError:
		return Refused, ReasonNotBetterThanBase
	case t.Gain <= errors*t.GainError:
		return Refused, ReasonNotBetter
	case learned && t.CalibrationErr-t.Chance > maxCalibrationError:
		return Refused, ReasonBadlyCalibrated
	default:
		return Accepted, ReasonBetter
	}
}

// test compares the predictions with those of the current model.
func (e evaluation) test(current *Model) (t Tested, bins []Reliability) {
	t.N = len(e.logits)
	if t.N == 0 {
		return t, []Reliability{}
	}
	t.From, t.To = e.orders[0].At, e.orders[t.N-1].At
	gains, baseGains := make([]float64, t.N), make([]float64, t.N)
	var currentLoss float64
	for i, delivered := range e.delivered {
		loss, base := logLoss(e.logits[i], delivered), logLoss(e.base[i], delivered)
		t.Loss, t.BaseLoss = t.Loss+loss/float64(t.N), t.BaseLoss+base/float64(t.N)
		baseGains[i] = base - loss
		if current != nil {
			logit, _ := current.LogOdds(&e.orders[i].Facts, &e.orders[i].History)
			gains[i] = logLoss(logit, delivered) - loss
			currentLoss += logLoss(logit, delivered) / float64(t.N)
		}
		p, rate, y := probability(e.logits[i]), probability(e.base[i]), unit(delivered)
		t.Brier += (p - y) * (p - y) / float64(t.N)
		t.BaseBrier += (rate - y) * (rate - y) / float64(t.N)
	}
	t.BaseGain, t.BaseGainError = gain(baseGains)
	if current != nil {
		t.CurrentLoss = &currentLoss
		t.Gain, t.GainError = gain(gains)
	}
	t.Skill = 1 - t.Brier/math.Max(t.BaseBrier, 1e-9)
	t.AUC = auc(e.logits, e.delivered)
	bins, t.CalibrationErr, t.Chance = reliability(e.logits, e.delivered)
	return t, bins
}
