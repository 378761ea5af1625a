package score_test

import (
	"math"
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"probability/app/score"
)

// periods are n, a third of a month each, in which the level is off by as much as off says and each tells as much; chance is a
// fixed pattern of its usual size.
func periods(n int, information float64, off func(i int) float64) (all []score.Period) {
	pattern := [...]float64{0.7, -1.2, 0.3, 1.1, -0.4, -0.9, 1.4, -0.2, -1.1, 0.3}
	for i := range n {
		all = append(all, score.Period{Off: information*off(i) + pattern[i%len(pattern)]*math.Sqrt(information), Information: information})
	}
	return all
}

func TestFollow_ALevelThatSteps(t *testing.T) {
	t.Parallel()
	moved, more, monthly := score.Follow(periods(27, 200, func(i int) float64 {
		return 0.4 * bit(i >= 18)
	}), 0, 0.36, 30*day)
	if math.Abs(moved-0.4) > 0.08 || monthly < 0.06 || monthly > 0.25 {
		t.Errorf("a step of 0.4: moved by %.3f, by %.3f a month", moved, monthly)
	}
	// The last levels are known to within a fifteenth or so; what may come in a month is more.
	if sd := math.Sqrt(more); sd < monthly || sd > monthly+0.1 {
		t.Errorf("less sure by %.3f, where a month moves it by %.3f", sd, monthly)
	}
	if _, later, _ := score.Follow(periods(27, 200, func(i int) float64 { return 0.4 * bit(i >= 18) }), 0, 0.36, 60*day); math.Abs(later-more-monthly*monthly) > 1e-12 {
		t.Errorf("a month later it is less sure by %v, want %v", later-more, monthly*monthly)
	}
}

func TestFollow_ALevelThatStays(t *testing.T) {
	t.Parallel()
	for _, information := range []float64{20, 200, 2_000} {
		moved, more, monthly := score.Follow(periods(27, information, func(int) float64 { return 0 }), 0, 0.36, 30*day)
		// What chance makes of all the periods is the most that it may seem to have moved by.
		if chance := 1 / math.Sqrt(27*information); math.Abs(moved) > chance || monthly > 0.05 || math.Sqrt(more) > 0.06 {
			t.Errorf("%v a period: moved by %.3f, by %.3f a month, less sure by %.3f", information, moved, monthly, math.Sqrt(more))
		}
	}
}

// What was fitted stays, where it is off by the same in all periods: that is the prior's doing, or that of old outcomes' lesser weight.
func TestFollow_TheSameThroughout(t *testing.T) {
	t.Parallel()
	if moved, _, _ := score.Follow(periods(27, 500, func(int) float64 { return 0.05 }), 0, 0.36, 30*day); moved < 0 || moved > 0.03 {
		t.Errorf("moved by %.3f, want most of 0.05 left", moved)
	}
}

// A level of which nobody knows how much it walks is less sure by that, too: mean and variance are those of the mixture.
func TestFollow_IsAMixture(t *testing.T) {
	t.Parallel()
	all := periods(9, 40, func(i int) float64 { return 0.5 * bit(i >= 8) }) // one that is far off, and may be chance
	sds, beliefs := score.LevelSteps()
	_, _, still := score.Walked(all, 0, 0.36, 0)
	var mass, mean, square float64
	for i, sd := range sds {
		logs, last, unsure := score.Walked(all, 0, 0.36, sd*sd/3)
		share := beliefs[i] * math.Exp(logs)
		last *= bit(sd > 0)
		mass, mean, square = mass+share, mean+share*last, square+share*(last*last+unsure-still+2*sd*sd)
	}
	mean, square = mean/mass, square/mass
	if moved, more, _ := score.Follow(all, 0, 0.36, 60*day); math.Abs(moved-mean) > 1e-9 || math.Abs(more-square+mean*mean) > 1e-9 {
		t.Errorf("moved by %v, variance %v, want %v, %v", moved, more, mean, square-mean*mean)
	}
}

// Few outcomes cannot tell: the belief held beforehand remains, and what was fitted.
func TestFollow_FewOutcomes(t *testing.T) {
	t.Parallel()
	_, none, believed := score.Follow(nil, 0, 0.36, 0)
	if none != 0 || believed < 0.03 || believed > 0.08 {
		t.Errorf("of nothing: less sure by %v, %v a month", none, believed)
	}
	moved, more, monthly := score.Follow(periods(27, 0.3, func(i int) float64 { return 0.4 * bit(i >= 18) }), 0, 0.36, 30*day)
	if math.Abs(moved) > 0.12 || math.Abs(monthly-believed) > 0.02 || more > 0.02 {
		t.Errorf("two outcomes a period: moved by %.3f, %.3f a month, variance %.4f", moved, monthly, more)
	}
}

// The filter against what it stands for: levels and residuals are normal together, and what is not known follows from what is.
func TestWalked_IsTheNormalDistributions(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "n")
		mean, variance, step := rapid.Float64Range(-1, 1).Draw(t, "mean"), rapid.Float64Range(0.01, 1).Draw(t, "variance"), rapid.Float64Range(0, 0.1).Draw(t, "step")
		var all []score.Period
		var known []int // periods with outcomes
		for i := range n {
			p := score.Period{Information: rapid.SampledFrom([]float64{0, 0.2, 5, 300}).Draw(t, "information")}
			if p.Information > 0 {
				p.Off = p.Information * rapid.Float64Range(-1, 1).Draw(t, "off")
				known = append(known, i)
			}
			all = append(all, p)
		}
		levels := func(i, j int) float64 { return variance + step*float64(min(i, j)) }
		wantLogs, wantLast, wantUnsure := 0.0, mean, levels(n-1, n-1)
		if k := len(known); k > 0 {
			joint, off, last := mat.NewSymDense(k, nil), mat.NewVecDense(k, nil), mat.NewVecDense(k, nil)
			for a, i := range known {
				for b, j := range known {
					joint.SetSym(a, b, levels(i, j)+bit(i == j)/all[i].Information)
				}
				off.SetVec(a, all[i].Off/all[i].Information-mean)
				last.SetVec(a, levels(i, n-1))
			}
			var factor mat.Cholesky
			factor.Factorize(joint)
			var solved, pull mat.VecDense
			fatalIn(t, factor.SolveVecTo(&solved, off))
			fatalIn(t, factor.SolveVecTo(&pull, last))
			wantLogs = -(factor.LogDet() + mat.Dot(off, &solved)) / 2
			wantLast += mat.Dot(&pull, off)
			wantUnsure -= mat.Dot(&pull, last)
		}
		logs, got, unsure := score.Walked(all, mean, variance, step)
		if math.Abs(logs-wantLogs) > 1e-6 || math.Abs(got-wantLast) > 1e-6 || math.Abs(unsure-wantUnsure) > 1e-6 {
			t.Errorf("got %v, %v, %v, want %v, %v, %v", logs, got, unsure, wantLogs, wantLast, wantUnsure)
		}
		moved, more, monthly := score.Follow(all, mean, variance, time.Duration(n)*day)
		if math.IsNaN(moved) || math.Abs(moved) > 2 || more < 0 || more > 5 || monthly < 0 || monthly > 0.3 {
			t.Errorf("moved by %v, variance %v, %v a month", moved, more, monthly)
		}
	})
}

// A share of failures that grew three months ago is followed, and one that stays is left as it was fitted.
func TestTrain_FollowsALevelThatSteps(t *testing.T) {
	t.Parallel()
	predicted := func(later int) (p, variance, monthly float64) {
		samples := orders(4_000, func(i int, s *score.Sample) {
			s.At = now.Add(-60*day - time.Duration(4_000-i)*2*time.Hour)
			s.Settled = score.Settled{Outcome: score.Delivered, At: s.At.Add(5 * day)}
			if i%20 < 4 || i >= 3_000 && i%20 < later {
				s.Settled.Outcome = score.Failed
			}
		})
		logit, variance := score.Learn(samples, now).LogOdds(&samples[0].Facts, &samples[0].History)
		_, report := score.Train(samples, nil, now)
		return sigmoid(logit), variance, report.Calibration.Drift
	}
	stepped, unsure, steps := predicted(8)
	if math.Abs(stepped-0.6) > 0.03 || steps < 0.05 {
		t.Errorf("after a step from 0.8 to 0.6: predicts %.3f, moves by %.3f a month", stepped, steps)
	}
	stayed, sure, stays := predicted(4)
	if math.Abs(stayed-0.8) > 0.01 || stays > 0.05 || sure >= unsure {
		t.Errorf("after none: predicts %.3f, moves by %.3f a month, variance %v, and %v after a step", stayed, stays, sure, unsure)
	}
}

// Where the level goes up and down all the time, what the newest orders are off by is no fault of the model's: the last correction
// leaves it.
func TestTrain_CorrectsNoMovementTwice(t *testing.T) {
	t.Parallel()
	corrected := func(up, down int) float64 {
		samples := orders(4_000, func(i int, s *score.Sample) {
			s.At = now.Add(-60*day - time.Duration(4_000-i)*2*time.Hour)
			s.Settled = score.Settled{Outcome: score.Delivered, At: s.At.Add(59 * day)}
			failing := down
			if i/400%2 == 1 || i >= 3_200 { // a month each, and the tested ones all good
				failing = up
			}
			if i%20 < failing {
				s.Settled.Outcome = score.Failed
			}
		})
		_, report := score.Train(samples, nil, now)
		return report.Calibration.Shift + (report.Calibration.Slope-1)*2
	}
	moves, stays := corrected(3, 7), corrected(3, 3)
	if math.Abs(moves) > 0.1 || math.Abs(stays) > 0.1 {
		t.Errorf("corrected by %.3f, and %.3f where nothing moves", moves, stays)
	}
}
