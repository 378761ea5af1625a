package score_test

import (
	"testing"
	"time"

	"probability/app/score"
	"probability/app/score/synthetic"
)

func TestGate(t *testing.T) {
	t.Parallel()
	loss := 0.5
	good := score.Tested{
		N: 200, CurrentLoss: &loss, Gain: 0.02, GainError: 0.01, BaseGain: 0.05, BaseGainError: 0.02, CalibrationErr: 0.06, Chance: 0.03,
	}
	for _, c := range []struct {
		name   string
		basis  score.Basis
		change func(t *score.Tested)
		reason score.GateReason
	}{
		{"good", score.BasisLearned, func(*score.Tested) {}, score.ReasonBetter},
		{"too few", score.BasisPrior, func(*score.Tested) {}, score.ReasonTooFew},
		{"few to test on", score.BasisLearned, func(t *score.Tested) { t.N = 49 }, score.ReasonTooFewNew},
		{"few, blended", score.BasisBlended, func(t *score.Tested) { t.N = 49 }, score.ReasonBetter},
		{"too few, blended", score.BasisBlended, func(t *score.Tested) { t.N = 9 }, score.ReasonTooFewNew},
		{"none new to the current one", score.BasisLearned, func(t *score.Tested) { t.CurrentLoss = nil }, score.ReasonTooFewNew},
		{"within one error of the current one", score.BasisLearned, func(t *score.Tested) { t.Gain = 0.01 }, score.ReasonNotBetter},
		{"the same, blended", score.BasisBlended, func(t *score.Tested) { t.Gain = 0.01 }, score.ReasonBetter},
		{"worse, blended", score.BasisBlended, func(t *score.Tested) { t.Gain = 0 }, score.ReasonNotBetter},
		{"within one error of the base rate", score.BasisLearned, func(t *score.Tested) { t.BaseGain = 0.02 }, score.ReasonNotBetterThanBase},
		{"the same, and the current one far off", score.BasisLearned, func(t *score.Tested) { t.BaseGain, t.Gain = 0.011, 0.031 }, score.ReasonBetter},
		{"within half an error, however far off", score.BasisLearned, func(t *score.Tested) { t.BaseGain, t.Gain = 0.01, 1 }, score.ReasonNotBetterThanBase},
		{"worse than the base rate, however far off", score.BasisLearned, func(t *score.Tested) { t.BaseGain, t.Gain = 0, 1 }, score.ReasonNotBetterThanBase},
		{"worse than the base rate, blended", score.BasisBlended, func(t *score.Tested) { t.BaseGain = -0.001 }, score.ReasonNotBetterThanBase},
		{"badly calibrated", score.BasisLearned, func(t *score.Tested) { t.CalibrationErr = 0.081 }, score.ReasonBadlyCalibrated},
		{"by chance", score.BasisLearned, func(t *score.Tested) { t.CalibrationErr = 0.079 }, score.ReasonBetter},
	} {
		tested := good
		c.change(&tested)
		decision, reason := score.Judge(c.basis, tested)
		if reason != c.reason || (decision == score.Accepted) != (reason == score.ReasonBetter) {
			t.Errorf("%s: got %s, %s, want %s", c.name, decision, reason, c.reason)
		}
	}
}

// A model is not judged by what it was learnt from.
func TestTrain_TheCurrentModelIsJudgedByWhatIsNewToIt(t *testing.T) {
	t.Parallel()
	s := synthetic.New(3, plain, 800)
	current, report := score.Train(s.Samples, nil, s.Now)
	if report.Decision != score.Accepted {
		t.Fatalf("%s, %s", report.Decision, report.Reason)
	}
	same, again := score.Train(s.Samples, current, s.Now)
	if again.Decision != score.Refused || again.Reason != score.ReasonTooFewNew || again.Live {
		t.Errorf("of the same outcomes: %s, %s, live %v", again.Decision, again.Reason, again.Live)
	}
	if bytesOf(t, same) != bytesOf(t, current) {
		t.Error("a refusal changed the model")
	}
	s.Live(60 * day)
	_, later := score.Train(s.Samples, current, s.Now)
	if later.Tested.N == 0 || !later.Tested.From.After(current.Placed) {
		t.Errorf("tested on %d orders from %s on; learnt from those until %s", later.Tested.N, later.Tested.From, current.Placed)
	}
}

// When the level moves, a later version must be able to win, and does better than the first would have.
func TestTrain_LaterVersionsFollowADrift(t *testing.T) {
	t.Parallel()
	drifting := variant(t, "drift")
	drifting.Drift = 0.25
	followed, accepted := 0, 0
	const stores = 4
	for seed := range uint64(stores) {
		s := synthetic.New(seed+20, drifting, 400)
		live, report := score.Train(s.Samples, nil, s.Now)
		first := live
		for range 6 {
			s.Live(30 * day)
			live, report = score.Train(s.Samples, live, s.Now)
			if report.Decision == score.Accepted {
				accepted++
			}
		}
		var gain float64
		for _, o := range s.Next(400) {
			a, _ := live.LogOdds(&o.Facts, &o.History)
			b, _ := first.LogOdds(&o.Facts, &o.History)
			gain += (b-o.LogOdds)*(b-o.LogOdds) - (a-o.LogOdds)*(a-o.LogOdds)
		}
		if gain > 0 {
			followed++
		}
	}
	if accepted < stores || followed < stores-1 {
		t.Errorf("%d versions were accepted over %d stores, and %d ended nearer to the truth than they began", accepted, stores, followed)
	}
}

// A refusal of what was learnt does not withhold what needs no proof: counts of carriers, and what a high value is.
func TestTrain_ARefusalKeepsCountsUpToDate(t *testing.T) {
	t.Parallel()
	samples := orders(120, func(_ int, s *score.Sample) {
		s.Facts.Carrier, s.Facts.Country, s.Facts.Total = "alfa", "co", 50e6
	})
	m, report := score.Train(samples, nil, now)
	if report.Decision != score.Refused || !report.Live {
		t.Fatalf("%s, live %v", report.Decision, report.Live)
	}
	if m.Weights != score.Shipped().Weights || m.Intercept != score.Shipped().Intercept || m.Basis != score.BasisPrior || m.Version != 1 {
		t.Errorf("the model changed: basis %s, version %d, intercept %v", m.Basis, m.Version, m.Intercept)
	}
	if got := m.Carriers["co"]; len(got) != 1 || got[0].Delivered+got[0].Failed != 120 || m.HighValue["COP"] != 50e6 {
		t.Errorf("carriers %v, high value %v", m.Carriers, m.HighValue)
	}
	fatal(t, m.Validate())
	again, second := score.Train(samples, m, now.Add(time.Hour))
	if second.Live || again.Version != 1 {
		t.Errorf("nothing is new, and yet live %v, version %d", second.Live, again.Version)
	}
}

// What was heard later was not known then: with all outcomes reported yesterday, nothing could have been predicted from them.
func TestTrain_PredictsFromWhatWasKnownThen(t *testing.T) {
	t.Parallel()
	late := func(known func(i int, s *score.Sample)) score.Report {
		_, report := score.Train(orders(1_000, func(i int, s *score.Sample) {
			s.At = now.Add(-60*day - time.Duration(1_000-i)*6*time.Hour)
			s.Facts.Missing, s.Settled.At = score.MissingTotal, s.At.Add(5*day)
			known(i, s)
		}), nil, now)
		return report
	}
	report := late(func(_ int, s *score.Sample) { s.Settled.At = now.Add(-day) })
	if report.N != 1_000 || report.Tested.N == 0 || report.Tested.Gain != 0 {
		t.Errorf("of %d outcomes, tested on %d: gained %v, want 0", report.N, report.Tested.N, report.Tested.Gain)
	}
	report = late(func(int, *score.Sample) {})
	if report.Tested.Gain < 0.05 {
		t.Errorf("outcomes known in time gained %v, want more", report.Tested.Gain)
	}
	// Orders that had not settled then are left out as well: here failures are heard of at once, deliveries after 59 days.
	report = late(func(i int, s *score.Sample) {
		s.At = now.Add(-60*day - time.Duration(1_000-i)*3*time.Hour)
		s.Settled = score.Settled{Outcome: score.Delivered, At: s.At.Add(59 * day)}
		if i%5 == 0 {
			s.Settled = score.Settled{Outcome: score.Failed, At: s.At.Add(time.Hour)}
		}
	})
	if report.SettlingDays != 59 || report.Tested.Loss > 0.53 { // 0.50 is what saying 0.8 to all costs
		t.Errorf("settled within %v days, loss %v: young failures were learnt from", report.SettlingDays, report.Tested.Loss)
	}
}

// How much places differ is found, too: the truth is drawn with the shipped spreads.
func TestTrain_FindsHowMuchPlacesDiffer(t *testing.T) {
	t.Parallel()
	s := synthetic.New(1, variant(t, "sparse"), 6_000)
	got, want := score.Learn(s.Samples, s.Now).Spread, score.Shipped().Spread
	for name, pair := range map[string][2]float64{
		"province": {got.Province, want.Province}, "city": {got.City, want.City}, "product": {got.Product, want.Product},
	} {
		if ratio := pair[0] / pair[1]; ratio < 0.75 || ratio > 1.3 {
			t.Errorf("%s: spread %.3f, in truth %.3f", name, pair[0], pair[1])
		}
	}
}
