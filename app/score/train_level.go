package score

import (
	"math"
	"time"
)

// A store's level moves: other customers, another carrier, another season. What was fitted to all outcomes is then off for the newest
// ones, by what their residuals tell. The level is taken to walk at random, by as much in a month as one of levelSteps says. Which of
// them it is, nobody knows: each counts by how probable it makes the residuals, and by a belief held beforehand.
//
// That belief is that every second store stands still, and that each step is half as probable as the one before: a level that moves by 0.1
// a month turns 75 of 100 deliveries into 73 or 77 within one, and into 68 or 81 within a year.
var levelSteps = [...]struct{ sd, belief float64 }{
	{0, 64}, {0.03, 32}, {0.06, 16}, {0.1, 8}, {0.15, 4}, {0.2, 2}, {0.3, 1},
}

// Residuals are added up over periods of a third of a month, back from the newest order, levelPeriods at most: three years.
const (
	levelMonth   = 30 * 24 * time.Hour
	levelPeriod  = levelMonth / 3
	levelPeriods = 108
)

// levelServes is for how long, on average, a model goes on predicting after it was learnt: half of the month that it takes until
// outcomes have come that a later one can prove itself on.
const levelServes = levelMonth / 2

// level is where a level has gone to, as seen from the one that was fitted.
type level struct {
	mean     float64 // log-odds
	variance float64 // beyond that of a level that stands still, until predictions are needed
	monthly  float64 // standard deviation of its movement in a month
}

// residuals of a period: how many more were delivered than was predicted, and how much they tell (Σ p(1−p)).
type residuals struct{ off, information float64 }

// residuals by period, the oldest first, with all orders counting in full: what is old is discounted by the walk.
func (l *learnt) residuals() []residuals {
	var all [levelPeriods]residuals
	oldest := levelPeriods
	for row, weight := range l.obs {
		if weight == 0 {
			continue
		}
		at := levelPeriods - 1 - int(l.placed.Sub(l.d.at[row])/levelPeriod)
		if at < 0 {
			continue
		}
		p := probability(l.d.dot(row, l.x))
		all[at].off += unit(l.d.delivered[row]) - p
		all[at].information += p * (1 - p)
		oldest = min(oldest, at)
	}
	return all[oldest:]
}

// follow finds where the level has gone to from residuals by period. The first period's level is beforehand normal about mean. Predictions
// are needed so long after the last one. A level that stands still leaves everything as it was fitted.
func follow(periods []residuals, mean, variance float64, ahead time.Duration) (l level) {
	var logs, means, variances, shares [len(levelSteps)]float64
	most, sum := math.Inf(-1), 0.0
	for i, step := range levelSteps {
		square := step.sd * step.sd
		logs[i], means[i], variances[i] = walked(periods, mean, variance, square*float64(levelPeriod)/float64(levelMonth))
		logs[i] += math.Log(step.belief)
		most = max(most, logs[i])
	}
	for i := range shares {
		shares[i] = math.Exp(logs[i] - most)
		sum += shares[i]
	}
	for i, step := range levelSteps {
		shares[i] /= sum
		if step.sd == 0 {
			means[i] = 0
		}
		l.mean += shares[i] * means[i]
		l.monthly += shares[i] * step.sd * step.sd
	}
	for i := range levelSteps {
		own := max(0, variances[i]-variances[0]) // the fitted level's own is known already
		l.variance += shares[i] * (own + (means[i]-l.mean)*(means[i]-l.mean))
	}
	l.variance += l.monthly * float64(ahead) / float64(levelMonth)
	l.monthly = math.Sqrt(l.monthly)
	return l
}

// walked is Kalman's filter (1960) for a level that walks by a variance of step from period to period: the log of how probable the
// residuals are, and the last level with its variance.
func walked(periods []residuals, mean, variance, step float64) (logs, last, unsure float64) {
	last, unsure = mean, variance
	for i, r := range periods {
		if i > 0 {
			unsure += step
		}
		if r.information > 0 {
			surprise, spread := r.off/r.information-last, unsure+1/r.information
			logs -= (math.Log(spread) + surprise*surprise/spread) / 2
			gain := unsure / spread
			last += gain * surprise
			unsure *= 1 - gain
		}
	}
	return logs, last, unsure
}
