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
// taken in theirs. It costs some 15 µs an outcome and keeps some 200 bytes of each while it runs.
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
	candidate := learnAndTest(samples, orders, d, settling, current, now, &report)
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

// learnAndTest fills in what the report says of the candidate.
func learnAndTest(samples []Sample, orders []settled, d *design, settling time.Duration, current *Model, now time.Time, report *Report) *Model {
	failed := 0
	for _, delivered := range d.delivered {
		failed += int(unit(!delivered))
	}
	report.N, report.Failed, report.Basis = len(orders), failed, basisFor(len(orders), failed)

	var tested evaluation
	if report.Basis != BasisPrior {
		begin := orders[len(orders)-int(testedShareBlended*float64(len(orders)))].At
		d.limit(highValues(samples, begin))
		tested = walk(orders, d, report.Basis, settling)
	}
	compared := current
	since := tested
	if current == nil {
		compared = Shipped()
	} else if since = tested.after(current.Placed); len(since.logits) == 0 {
		since, compared = tested, nil
	}
	report.Tested, report.Reliability = since.test(compared)
	report.Decision, report.Reason = judge(report.Basis, report.Tested)
	if report.Basis != BasisPrior && report.Tested.Skill <= 0 {
		report.Warnings = append(report.Warnings, WarnNoSkill)
	}

	limits := highValues(samples, now)
	d.limit(limits)
	l := d.learn(now, settling, nil)
	report.Calibration = identity
	if l.n >= calibratedFrom {
		report.Calibration = calibrate(tested.raw, tested.delivered)
	}
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
