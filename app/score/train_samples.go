package score

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// MaxSamples bounds what is learnt from: the newest outcomes count.
const MaxSamples = 50_000

// The settling time is within which 95 of 100 outcomes are known. Below minSettled outcomes the usual one is taken: parcels on
// cash on delivery in Latin America arrive within a week or two, and those that come back take another.
const (
	usualSettling   = 21 * 24 * time.Hour
	shortestSettled = 3 * 24 * time.Hour
	longestSettled  = 60 * 24 * time.Hour
	minSettled      = 20
	settledShare    = 0.95
)

// settled is an order to learn from: that it was delivered, and when that was known.
type settled struct {
	*Sample
	known     time.Time
	delivered bool
}

// ended says whether a sample has an outcome of delivery that was known by then.
func ended(s *Sample, now time.Time) bool {
	return (s.Settled.Outcome == Delivered || s.Settled.Outcome == Failed) && !s.Settled.At.After(now)
}

// settlingTime looks only at orders that are at least twice as old as the answer: among younger ones the slow outcomes are
// still missing. The answer only grows, so that it ends.
func settlingTime(samples []Sample, now time.Time) (settling time.Duration, known bool) {
	type order struct{ age, took time.Duration }
	var orders []order
	for i := range samples {
		s := &samples[i]
		if ended(s, now) && !s.Settled.At.IsZero() && !s.Facts.Test {
			orders = append(orders, order{now.Sub(s.At), max(0, s.Settled.At.Sub(s.At))})
		}
	}
	slices.SortFunc(orders, func(a, b order) int { return cmp.Compare(b.age, a.age) })
	settling = shortestSettled
	for range 10 {
		old, _ := slices.BinarySearchFunc(orders, 2*settling, func(o order, age time.Duration) int { return cmp.Compare(age, o.age) })
		if old < minSettled {
			return max(settling, usualSettling), known
		}
		took := make([]time.Duration, old)
		for i := range took {
			took[i] = orders[i].took
		}
		slices.Sort(took)
		longer := took[int(math.Ceil(settledShare*float64(old)))-1]
		known = true
		if longer <= settling {
			break
		}
		settling = min(longer, longestSettled)
	}
	return settling, known
}

// choose takes the orders to learn from, oldest first, and counts the others by reason.
func choose(samples []Sample, now time.Time, settling time.Duration) (chosen []settled, excluded Excluded) {
	oldEnough := now.Add(-settling)
	for i := range samples {
		s := &samples[i]
		switch {
		case s.Facts.Test:
			excluded.Test++
		case s.At.After(oldEnough):
			excluded.Young++
		case s.Settled.Outcome == Cancelled:
			excluded.Cancelled++
		case ended(s, now):
			known := s.Settled.At
			if known.Before(s.At) { // not told, or by a clock that runs behind
				known = s.At.Add(settling)
			}
			chosen = append(chosen, settled{s, known, s.Settled.Outcome == Delivered})
		case s.Facts.DispatchHours < 0:
			excluded.NotShipped++
		default:
			excluded.Pending++
		}
	}
	slices.SortStableFunc(chosen, func(a, b settled) int { return a.At.Compare(b.At) })
	if excluded.Old = max(0, len(chosen)-MaxSamples); excluded.Old > 0 {
		chosen = chosen[excluded.Old:]
	}
	return chosen, excluded
}

// notShippedShare is of the orders that are old enough to have an outcome.
func notShippedShare(outcomes int, e Excluded) float64 {
	held := e.NotShipped + e.Cancelled
	if all := outcomes + held + e.Pending + e.Old; all > 0 {
		return float64(held) / float64(all)
	}
	return 0
}
