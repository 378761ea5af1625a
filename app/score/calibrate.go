package score

import "math"

// A last correction of two numbers, after Platt: log-odds become shift + slope × log-odds. It is learnt from predictions of outcomes
// that were not known when they were made, from calibratedFrom outcomes on, and held near the identity by a normal prior with
// these standard deviations. A finer one, such as isotonic regression, would break the sum that the explanation is.
const (
	calibratedFrom   = learnedFrom
	calibrationShift = 0.1
	calibrationSlope = 0.1
	flattest         = 0.5
	steepest         = 1.5
)

var identity = Calibration{Slope: 1}

// calibrate finds the most probable correction for predictions and what became of them. The level was unsure by a variance of moved when they
// were made: that it had moved, by as much for all of them, says nothing of the next ones. Of what the level seems to be off by, only as
// much is a fault of the model's as the two variances leave to it.
func calibrate(logits []float64, delivered []bool, moved float64) Calibration {
	if len(logits) == 0 {
		return identity
	}
	const fault, b0 = calibrationShift * calibrationShift, 1 / (calibrationSlope * calibrationSlope)
	a0, middle := 1/(fault+moved), sum(logits)/float64(len(logits))
	off, slope := 0.0, 1.0 // middle + off + slope × (log-odds − middle)
	for range maxSteps {
		ga, gb := -a0*off, -b0*(slope-1)
		haa, hab, hbb := a0, 0.0, b0
		for i, logit := range logits {
			x := logit - middle
			p := probability(middle + off + slope*x)
			r, h := unit(delivered[i])-p, p*(1-p)
			ga, gb = ga+r, gb+r*x
			haa, hab, hbb = haa+h, hab+h*x, hbb+h*x*x
		}
		det := haa*hbb - hab*hab // above a0·b0
		da, db := (hbb*ga-hab*gb)/det, (haa*gb-hab*ga)/det
		// Newton's steps from the identity are short, as the prior is narrow; the bounds keep what is odd from running off.
		off = min(1, max(-1, off+da))
		slope = min(steepest, max(flattest, slope+db))
		if math.Abs(da)+math.Abs(db) < stepDone {
			break
		}
	}
	return Calibration{Shift: middle*(1-slope) + off*fault*a0, Slope: slope}
}

func (c Calibration) of(logit float64) float64 { return c.Shift + c.Slope*logit }

func sum(values []float64) (total float64) {
	for _, v := range values {
		total += v
	}
	return total
}
