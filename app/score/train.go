package score

import (
	"maps"
	"slices"
	"time"
)

// Train learns from what became of orders: all of the window, also those without an outcome, as what was not shipped is part of the
// report. It returns the model to go on with, which is the newly learnt one when the gate accepts it and otherwise the current
// one (nil: the shipped one) with today's counts of carriers; the report's Live says whether that differs from current.
//
// It is pure: the same samples and times give the same bytes. Samples may come in any order of time; those of the same time are
// taken in theirs. It costs some 40 µs and 1 KB an outcome, beside the samples: 30,000 take a second of one core, the most that it takes two.
func Train(samples []Sample, current *Model, now time.Time) (*Model, Report) {
	settling, known := settlingTime(samples, now)
	orders, excluded := choose(samples, now, settling)
	d := newDesign(orders)
	report := Report{
		At: now, Excluded: excluded, Sources: map[string]int{}, Months: byMonth(orders), Warnings: []string{},
		SettlingDays: settling.Hours() / 24, NotShippedShare: notShippedShare(len(orders), excluded),
	}
	for _, o := range orders {
		if o.Source != "" {
			report.Sources[o.Source]++
		}
	}
	if !known {
		report.Warnings = append(report.Warnings, WarnNoSettling)
	}
	if report.NotShippedShare > maxNotShipped {
		report.Warnings = append(report.Warnings, WarnNotShipped)
	}
	t := training{samples: samples, orders: orders, d: d, settling: settling, current: current, now: now}
	candidate := t.try(BasisLearned, &report)
	if report.Decision == Refused && report.Basis == BasisLearned && (current == nil || current.Basis != BasisLearned) {
		lesser := report
		if m := t.try(BasisBlended, &lesser); lesser.Decision == Accepted {
			candidate, report = m, lesser
		}
	}
	if report.Basis != BasisPrior && report.Tested.Skill <= 0 {
		report.Warnings = append(report.Warnings, WarnNoSkill)
	}
	carriers := carrierRates(orders, now)
	if report.Decision == Accepted {
		candidate.Carriers, candidate.Version = carriers, nextVersion(current)
		report.Live = true
		return candidate, report
	}
	refreshed, changed := refresh(current, carriers, highValues(samples, now))
	report.Live = changed
	return refreshed, report
}

// maxNotShipped is the share of orders held back from which a report warns: what is learnt is then about the orders that were shipped.
const maxNotShipped = 0.15

// training is what a model is learnt from and compared with.
type training struct {
	samples  []Sample
	orders   []settled
	d        *design
	settling time.Duration
	current  *Model
	now      time.Time
}

// try learns a model of that basis at most, tests the way it is learnt and fills in what the report says of it.
func (t *training) try(most Basis, report *Report) *Model {
	failed := 0
	for _, delivered := range t.d.delivered {
		failed += int(unit(!delivered))
	}
	report.N, report.Failed = len(t.orders), failed
	if report.Basis = basisFor(report.N, failed); report.Basis == BasisLearned {
		report.Basis = most
	}
	var tested evaluation
	if report.Basis != BasisPrior {
		t.d.limit(highValues(t.samples, t.orders[len(t.orders)-testedOf(len(t.orders))].At))
		tested = walk(t.orders, t.d, most, t.settling)
	}
	since, compared := tested, t.current
	if compared == nil {
		compared = Shipped()
	} else if since = tested.after(compared.Placed); len(since.logits) == 0 {
		since, compared = tested, nil
	}
	report.Tested, report.Reliability = since.test(compared)
	report.Decision, report.Reason = judge(report.Basis, report.Tested)

	limits := highValues(t.samples, t.now)
	t.d.limit(limits)
	l := t.d.learn(t.now, t.settling, most, nil)
	report.Calibration = identity
	if l.basis == BasisLearned {
		report.Calibration = calibrate(tested.raw, tested.delivered, tested.unsure())
	}
	report.Calibration.Drift = l.level.monthly
	m := l.model(report.Calibration)
	m.HighValue = limits
	report.Weights = moved(m)
	return m
}

func moved(m *Model) []Moved {
	weights := make([]Moved, FactorCount)
	for k, f := range Factors {
		weights[k] = Moved{Code: f.Code, Shipped: f.Weight, Now: m.Weights[k], SD: m.sd(1 + k)}
	}
	return weights
}

// refresh is the current model with today's counts of carriers, and a limit of high value for currencies that had none. Neither is
// learnt from outcomes of the kind that the gate judges.
func refresh(current *Model, carriers map[string][]CarrierRate, limits map[string]int64) (m *Model, changed bool) {
	if current == nil {
		current = Shipped()
	}
	copied := *current
	copied.HighValue = maps.Clone(current.HighValue)
	if copied.HighValue == nil {
		copied.HighValue = map[string]int64{}
	}
	for currency, limit := range limits {
		if _, known := copied.HighValue[currency]; !known {
			copied.HighValue[currency], changed = limit, true
		}
	}
	if !maps.EqualFunc(current.Carriers, carriers, slices.Equal) {
		copied.Carriers, changed = carriers, true
	}
	if changed {
		copied.Version = nextVersion(current)
	}
	return &copied, changed
}

func nextVersion(current *Model) int {
	if current == nil {
		return 1
	}
	return current.Version + 1
}
