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

// calibrate finds the most probable correction for predictions and what became of them.
func calibrate(logits []float64, delivered []bool) Calibration {
	const a0, b0 = 1 / (calibrationShift * calibrationShift), 1 / (calibrationSlope * calibrationSlope)
	by := identity
	for range maxSteps {
		ga, gb := -a0*by.Shift, -b0*(by.Slope-1)
		haa, hab, hbb := a0, 0.0, b0
		for i, x := range logits {
			p := probability(by.of(x))
			r, h := unit(delivered[i])-p, p*(1-p)
			ga, gb = ga+r, gb+r*x
			haa, hab, hbb = haa+h, hab+h*x, hbb+h*x*x
		}
		det := haa*hbb - hab*hab // above a0·b0
		da, db := (hbb*ga-hab*gb)/det, (haa*gb-hab*ga)/det
		// Newton's steps from the identity are short, as the prior is narrow; the bounds keep what is odd from running off.
		by.Shift = min(1, max(-1, by.Shift+da))
		by.Slope = min(steepest, max(flattest, by.Slope+db))
		if math.Abs(da)+math.Abs(db) < stepDone {
			break
		}
	}
	return by
}

func (c Calibration) of(logit float64) float64 { return c.Shift + c.Slope*logit }

// most log-odds that the level is taken to move by.
const mostDrift = 0.3

// drift is by how much the level was off from block to block, beyond what chance does to blocks of that size.
func drift(logits []float64, delivered []bool, blocks []int) float64 {
	var squares, noise, n float64
	from := 0
	for _, to := range blocks {
		var off, information float64
		for i := from; i < to; i++ {
			p := probability(logits[i])
			off, information = off+unit(delivered[i])-p, information+p*(1-p)
		}
		if from = to; information > 0 {
			squares, noise, n = squares+(off/information)*(off/information), noise+1/information, n+1
		}
	}
	if n < 2 {
		return 0
	}
	return min(mostDrift, math.Sqrt(max(0, (squares-noise)/n)))
}
