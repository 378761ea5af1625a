package synthetic

import "fmt"

// Mean is the average of many stores' figures.
type Mean struct {
	Stores      int
	Accepted    float64 // share
	Refused     float64 // share of those whose outcomes were dealt out anew
	Coverage    float64
	OverBase    float64
	Calibration float64
	AUC         float64
	BestAUC     float64
}

// Average of figures.
func Average(figures []Figures) Mean {
	m := Mean{Stores: len(figures)}
	part := 1 / float64(len(figures))
	for _, f := range figures {
		if f.Accepted {
			m.Accepted += part
		}
		if !f.Permuted {
			m.Refused += part
		}
		m.Coverage += part * f.Coverage
		m.OverBase += part * f.OverBase
		m.Calibration += part * f.Calibration
		m.AUC += part * f.AUC
		m.BestAUC += part * f.BestAUC
	}
	return m
}

// Bounds that hold on average over stores, whatever the variant.
const (
	leastCoverage   = 0.75
	mostCoverage    = 0.85
	mostOverBase    = 0.01
	mostCalibration = 0.05 // from calibratedFrom outcomes on
	calibratedFrom  = 3_000
	mostAUCGap      = 0.02 // from rankedFrom outcomes on
	rankedFrom      = 30_000
	// Of stores whose outcomes are dealt out anew, so many are refused; fewer while only level and places are learnt, of which the level
	// is there to be learnt.
	leastRefused     = 0.95
	leastRefusedFew  = 0.80
	refusedOfManyFor = 300
)

// Missed says which bounds do not hold for stores with so many outcomes.
func (m Mean) Missed(outcomes int) (missed []string) {
	check := func(holds bool, format string, args ...any) {
		if !holds {
			missed = append(missed, fmt.Sprintf(format, args...))
		}
	}
	check(m.Coverage >= leastCoverage && m.Coverage <= mostCoverage,
		"80 %% intervals hold the truth in %.3f, not %.2f to %.2f", m.Coverage, leastCoverage, mostCoverage)
	check(m.OverBase <= mostOverBase, "log-loss is %.4f above the base rate's, more than %.2f", m.OverBase, mostOverBase)
	check(outcomes < calibratedFrom || m.Calibration <= mostCalibration,
		"calibration error is %.4f, more than %.2f", m.Calibration, mostCalibration)
	check(outcomes < rankedFrom || m.BestAUC-m.AUC <= mostAUCGap,
		"AUC is %.4f below the best possible, more than %.2f", m.BestAUC-m.AUC, mostAUCGap)
	refused := leastRefused
	if outcomes < refusedOfManyFor {
		refused = leastRefusedFew
	}
	check(m.Refused >= refused, "permuted outcomes are refused in %.3f of the stores, less than %.2f", m.Refused, refused)
	return missed
}
