package score

import "time"

// Outcome is what became of a parcel.
type Outcome uint8

// Outcomes. Cancelled means before it was shipped: that is no failure of delivery, and nothing is learnt from it.
const (
	Pending Outcome = iota
	Delivered
	Failed
	Cancelled
)

// Settled is an outcome with the time at which it was known. The zero value is pending.
type Settled struct {
	Outcome Outcome
	At      time.Time
}

// Sample is an order to learn from: what was known when it was placed, and what became of it.
type Sample struct {
	At      time.Time // when it was placed
	Facts   Facts
	History History
	Settled Settled
	Source  string // who told the outcome, such as platform, merchant or carrier; empty where that is not known
}
