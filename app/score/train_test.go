package score_test

import (
	"encoding/json"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"probability/app/score"
	"probability/app/score/synthetic"
)

const day = 24 * time.Hour

// now is when tests look at their orders.
var now = time.Date(2026, time.October, 1, 12, 0, 0, 0, time.UTC)

// plain is a store without anything that makes it hard.
var plain = synthetic.Variants()[0]

func variant(t testing.TB, name string) synthetic.Variant {
	t.Helper()
	all := synthetic.Variants()
	i := slices.IndexFunc(all, func(v synthetic.Variant) bool { return v.Name == name })
	if i < 0 {
		t.Fatalf("there is no variant %q", name)
	}
	return all[i]
}

func bytesOf(t testing.TB, values ...any) string {
	t.Helper()
	data, err := json.Marshal(values)
	fatal(t, err)
	return string(data)
}

// What is learnt comes as near to the truth as docs/score.md says; cmd/scorecheck tries the same on more and larger stores.
func TestTrain_ComesNearTheTruth(t *testing.T) {
	t.Parallel()
	for _, of := range []struct {
		variant          string
		outcomes, stores int
	}{
		{"plain", 0, 40},
		{"plain", 50, 40},
		{"plain", 300, 12},
		{"plain", 3_000, 1},
		{"sparse", 300, 12},
		{"drift", 300, 12},
		{"selection", 300, 12},
	} {
		m := average(t, of.variant, of.outcomes, of.stores)
		m.Refused = 1 // so few stores do not tell; see below
		for _, missed := range m.Missed(of.outcomes) {
			t.Errorf("%s, %d outcomes: %s", of.variant, of.outcomes, missed)
		}
		if of.outcomes >= 3_000 && (m.Accepted < 1 || m.BestAUC-m.AUC > 0.04) {
			t.Errorf("%d outcomes: accepted %.2f, AUC %.3f of %.3f: too little was learnt", of.outcomes, m.Accepted, m.AUC, m.BestAUC)
		}
	}
}

func average(t *testing.T, of string, outcomes, stores int) synthetic.Mean {
	t.Helper()
	v := variant(t, of)
	var figures []synthetic.Figures
	for seed := range stores {
		figures = append(figures, synthetic.Measure(uint64(seed+1), v, outcomes, 500))
	}
	return synthetic.Average(figures)
}

// Outcomes dealt out at random teach nothing, and the gate says so.
func TestTrain_RefusesPermutedOutcomes(t *testing.T) {
	t.Parallel()
	const stores = 40
	refused := map[score.GateReason]int{}
	for seed := range uint64(stores) {
		s := synthetic.New(seed+100, plain, 320)
		_, report := score.Train(s.Permuted(seed), nil, s.Now)
		if report.Decision == score.Refused {
			refused[report.Reason]++
		}
	}
	if n := refused[score.ReasonNotBetterThanBase]; n < stores*9/10 {
		t.Errorf("refused as no better than the base rate %d of %d: %v", n, stores, refused)
	}
}

func TestTrain_SameSamplesSameBytes(t *testing.T) {
	t.Parallel()
	s := synthetic.New(7, plain, 600)
	first, report := score.Train(s.Samples, nil, s.Now)
	shuffled := slices.Clone(s.Samples)
	slices.Reverse(shuffled)
	again, reportAgain := score.Train(shuffled, nil, s.Now)
	if a, b := bytesOf(t, first, report), bytesOf(t, again, reportAgain); a != b {
		t.Errorf("two models of the same samples differ:\n%s\n%s", a, b)
	}
	fatal(t, first.Validate())
	data, err := json.Marshal(first)
	fatal(t, err)
	parsed, err := score.ParseModel(data)
	fatal(t, err)
	if diff := cmp.Diff(first, parsed); diff != "" {
		t.Errorf("a model is not what it is stored as:\n%s", diff)
	}
}

func TestTrain_LearnsAsFarAsThereIsEvidence(t *testing.T) {
	t.Parallel()
	shipped := score.Shipped()
	for _, c := range []struct {
		outcomes int
		basis    score.Basis
	}{{0, score.BasisPrior}, {12, score.BasisPrior}, {150, score.BasisBlended}, {900, score.BasisLearned}} {
		s := synthetic.New(4, plain, c.outcomes)
		m, report := score.Train(s.Samples, nil, s.Now)
		if report.Basis != c.basis {
			t.Errorf("%d outcomes: basis %s, want %s", c.outcomes, report.Basis, c.basis)
		}
		if report.N < c.outcomes || len(report.Weights) != score.FactorCount {
			t.Errorf("%d outcomes: the report has %d, and %d weights", c.outcomes, report.N, len(report.Weights))
		}
		moved := 0
		for i, w := range report.Weights {
			if w.Now != shipped.Weights[i] {
				moved++
			}
		}
		if learned := c.basis == score.BasisLearned; learned != (moved > 15) || !learned && moved > 0 {
			t.Errorf("%d outcomes: %d weights moved", c.outcomes, moved)
		}
		if c.basis == score.BasisPrior && (report.Decision != score.Refused || report.Reason != score.ReasonTooFew || m.Basis != score.BasisPrior) {
			t.Errorf("%d outcomes: %s, %s, and basis %s", c.outcomes, report.Decision, report.Reason, m.Basis)
		}
		if c.basis == score.BasisLearned && report.Decision != score.Accepted {
			t.Errorf("%d outcomes: %s, %s", c.outcomes, report.Decision, report.Reason)
		}
	}
}

// Enough outcomes, but few failures: the weights stay.
func TestTrain_FewFailuresMoveNoWeight(t *testing.T) {
	t.Parallel()
	samples := orders(600, func(i int, s *score.Sample) {
		s.Settled.Outcome = score.Delivered
		if i%20 == 0 {
			s.Settled.Outcome = score.Failed
			s.Facts.PhoneInvalid = i%40 == 0
		}
	})
	_, report := score.Train(samples, nil, now)
	if report.Failed != 30 || report.Basis != score.BasisBlended {
		t.Errorf("%d of %d failed: basis %s, want blended", report.Failed, report.N, report.Basis)
	}
	for _, w := range report.Weights {
		if w.Now != w.Shipped {
			t.Errorf("%s moved from %v to %v", w.Code, w.Shipped, w.Now)
		}
	}
}

// A factor that seems to do good gets no weight, and never the wrong sign.
func TestTrain_WeightsKeepTheirSign(t *testing.T) {
	t.Parallel()
	samples := orders(4_000, func(i int, s *score.Sample) {
		s.Facts.PhoneInvalid = i%2 == 0
		s.Settled.Outcome = score.Failed
		if s.Facts.PhoneInvalid && i%8 != 0 || i%3 == 0 {
			s.Settled.Outcome = score.Delivered
		}
	})
	m, report := score.Train(samples, nil, now)
	at := slices.IndexFunc(report.Weights, func(w score.Moved) bool { return w.Code == score.PhoneInvalid })
	if report.Basis != score.BasisLearned || report.Weights[at].Now != 0 {
		t.Errorf("basis %s, weight %v; want learned, 0", report.Basis, report.Weights[at].Now)
	}
	fatal(t, m.Validate())
	for seed := range uint64(3) {
		s := synthetic.New(seed, plain, 700)
		_, report := score.Train(s.Permuted(seed), nil, s.Now)
		for _, w := range report.Weights {
			if w.Now*w.Shipped < 0 || math.IsNaN(w.Now) || w.SD <= 0 {
				t.Errorf("seed %d: %s is %v ± %v, shipped %v", seed, w.Code, w.Now, w.SD, w.Shipped)
			}
		}
	}
}

// What Train takes a model to say is what the scorer says.
func TestModel_LogOddsAreTheScorers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m, f, h := drawModel(t), drawFacts(t), drawHistory(t)
		h.Mark = score.Unmarked
		logit, variance := m.LogOdds(&f, &h)
		e := score.NewScorer(m, score.Settings{}).Explain(f, h, score.Order{})
		if math.Abs(logit-e.Logit) > 1e-9 {
			t.Errorf("log-odds %v, want %v", logit, e.Logit)
		}
		low := 1 / (1 + math.Exp(1.2816*math.Sqrt(variance)-logit))
		if math.Abs(low-e.Interval80[0]) > 1e-9 {
			t.Errorf("the interval begins at %v, want %v", low, e.Interval80[0])
		}
		h.Mark = score.Blocked
		if marked, _ := m.LogOdds(&f, &h); marked != logit {
			t.Errorf("the merchant's word changed the log-odds from %v to %v", logit, marked)
		}
	})
}

// orders are n of them, an hour apart, the last two months ago, each with an outcome after five days.
func orders(n int, change func(i int, s *score.Sample)) []score.Sample {
	samples := make([]score.Sample, n)
	for i := range samples {
		at := now.Add(-60*day - time.Duration(n-i)*time.Hour)
		samples[i] = score.Sample{
			At:      at,
			Facts:   score.Facts{COD: score.No, Currency: "COP", Quantity: 1, DispatchHours: 24},
			Settled: score.Settled{Outcome: score.Delivered, At: at.Add(5 * day)},
		}
		if i%4 == 0 {
			samples[i].Settled.Outcome = score.Failed
		}
		change(i, &samples[i])
	}
	return samples
}
