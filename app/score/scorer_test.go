package score_test

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"probability/app/score"
)

// prepaid is an order that nothing speaks against.
var prepaid = score.Facts{COD: score.No, DispatchHours: -1}

func TestScore_OfAnOrderByHand(t *testing.T) {
	t.Parallel()
	s := score.NewScorer(nil, score.Settings{})
	for name, c := range map[string]struct {
		facts   score.Facts
		history score.History
		logit   float64
		band    string
	}{
		"paid before":      {prepaid, score.History{}, 3.0, score.BandHigh},
		"on delivery":      {score.Facts{COD: score.Yes}, score.History{}, 3.0 - 1.6, score.BandHigh},
		"not known how":    {score.Facts{}, score.History{}, 3.0 - 0.8, score.BandHigh},
		"refused once":     {score.Facts{COD: score.Yes}, score.History{Failed: 1}, 3.0 - 1.6 - 1.4, score.BandLow},
		"refused nine":     {score.Facts{COD: score.Yes}, score.History{Failed: 9}, 3.0 - 1.6 - 1.8*1.4, score.BandVeryLow},
		"taken twice":      {score.Facts{COD: score.Yes}, score.History{Delivered: 2}, 3.0 - 1.6 + 0.6*math.Log(3), score.BandHigh},
		"a bad phone":      {score.Facts{COD: score.Yes, PhoneInvalid: true}, score.History{}, 3.0 - 1.6 - 0.7, score.BandMedium},
		"allowed":          {score.Facts{COD: score.Yes}, score.History{Mark: score.Allowed}, 3.0 - 1.6 + 2, score.BandHigh},
		"blocked":          {score.Facts{COD: score.Yes}, score.History{Mark: score.Blocked}, 3.0 - 1.6 - 2, score.BandVeryLow},
		"five days":        {score.Facts{COD: score.Yes, DispatchHours: 120}, score.History{}, 3.0 - 1.6 - 0.3, score.BandMedium},
		"a month":          {score.Facts{COD: score.Yes, DispatchHours: 720}, score.History{}, 3.0 - 1.6 - 0.8, score.BandMedium},
		"places count not": {score.Facts{COD: score.No, Country: "co", Products: []string{"p"}}, score.History{}, 3.0, score.BandHigh},
	} {
		got := s.Score(c.facts, c.history)
		if p := 1 / (1 + math.Exp(-c.logit)); math.Abs(got.Probability-p) > 1e-12 || got.Score != int(math.Round(100*p)) || got.Band != c.band {
			t.Errorf("%s: got %d %.6f %s, want %.6f %s", name, got.Score, got.Probability, got.Band, p, c.band)
		}
	}
}

func TestScore_PlacesAddUpAndProductsAreAveraged(t *testing.T) {
	t.Parallel()
	m := score.Shipped()
	m.Cells = map[string]score.Cell{
		"co": {Effect: 0.1}, "co|cundinamarca": {Effect: -0.3}, "co|cundinamarca|soacha": {Effect: -0.5}, "p1": {Effect: -0.6}, "p2": {Effect: 0.3},
	}
	f := prepaid
	f.Country, f.Province, f.City, f.Products = "co", "co|cundinamarca", "co|cundinamarca|soacha", []string{"p1", "p2", "new"}
	e := score.NewScorer(m, score.Settings{}).Explain(f, score.History{}, score.Order{})
	if want := 3.0 + (0.1 - 0.3 - 0.5) + (-0.6+0.3+0)/3; math.Abs(e.Logit-want) > 1e-12 {
		t.Errorf("got %v, want %v", e.Logit, want)
	}
	off := map[score.Code]score.FactorSetting{score.AreaRate: {Weight: new(2.0)}, score.ProductRate: {Off: true}}
	e = score.NewScorer(m, score.Settings{Factors: off}).Explain(f, score.History{}, score.Order{})
	if want := 3.0 + 2*(0.1-0.3-0.5); math.Abs(e.Logit-want) > 1e-12 {
		t.Errorf("places twice, products off: got %v, want %v", e.Logit, want)
	}
}

func TestExplain_IsTheScore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m, settings, f, h := drawModel(t), drawSettings(t), drawFacts(t), drawHistory(t)
		fatalIn(t, settings.Validate())
		fatalIn(t, m.Validate())
		s := score.NewScorer(m, settings)
		r, e := s.Score(f, h), s.Explain(f, h, score.Order{})
		if r.Score != e.Score || r.Probability != e.Probability || r.Band != e.Band {
			t.Fatalf("Score says %+v, Explain %+v", r, e)
		}
		var sum float64
		seen := map[score.Code]bool{}
		for _, a := range e.Addends {
			if math.Abs(a.Units*a.Weight-a.LogOdds) > 1e-12 {
				t.Fatalf("%s: %v × %v is not %v", a.Code, a.Units, a.Weight, a.LogOdds)
			}
			if seen[a.Code] {
				t.Fatalf("%s is added twice", a.Code)
			}
			seen[a.Code] = true
			sum += a.LogOdds
		}
		if math.Abs(sum-e.Logit) > 1e-9 {
			t.Fatalf("the addends make %v, not %v", sum, e.Logit)
		}
		if p := 1 / (1 + math.Exp(-e.Logit)); p != e.Probability || e.Score != int(math.Round(100*p)) {
			t.Fatalf("a logit of %v is no %v, %d", e.Logit, e.Probability, e.Score)
		}
		if !(0 <= e.Interval80[0] && e.Interval80[0] <= e.Probability && e.Probability <= e.Interval80[1] && e.Interval80[1] <= 1) {
			t.Fatalf("%v lies outside of %v", e.Probability, e.Interval80)
		}
		if len(r.Negative) != len(e.NegativeFactors) {
			t.Fatalf("%d and %d negative factors", len(r.Negative), len(e.NegativeFactors))
		}
		for i, n := range e.NegativeFactors {
			if r.Negative[i] != (score.Points{Code: n.Code, Points: n.Points}) || n.Points >= 0 || i > 0 && n.Points < e.NegativeFactors[i-1].Points {
				t.Fatalf("negative factors %+v against %+v", e.NegativeFactors, r.Negative)
			}
		}
		for i, p := range e.PositiveFactors {
			if p.Points <= 0 || i > 0 && p.Points > e.PositiveFactors[i-1].Points {
				t.Fatalf("positive factors %+v", e.PositiveFactors)
			}
		}
	})
}

func fatalIn(t *rapid.T, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

// What a factor is said to cost is what comes back when the merchant switches it off.
func TestExplain_PointsAreWhatSwitchingOffGivesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m, f, h := drawModel(t), drawFacts(t), drawHistory(t)
		e := score.NewScorer(m, score.Settings{}).Explain(f, h, score.Order{})
		reasons := map[score.Code]int{}
		for _, r := range slices.Concat(e.NegativeFactors, e.PositiveFactors) {
			reasons[r.Code] = r.Points
		}
		for _, code := range score.FactorCodes() {
			off := score.Settings{Factors: map[score.Code]score.FactorSetting{code: {Off: true}}}
			if got, want := reasons[code], e.Score-score.NewScorer(m, off).Score(f, h).Score; got != want {
				t.Fatalf("%s: %d points, switching it off gives back %d", code, got, want)
			}
		}
	})
}

func TestExplain_SameInputSameBytes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m, settings, f, h := drawModel(t), drawSettings(t), drawFacts(t), drawHistory(t)
		m.Carriers = someCarriers()
		explain := func(m *score.Model) []byte {
			data, err := json.Marshal(score.NewScorer(m, settings).Explain(f, h, soacha))
			fatalIn(t, err)
			return data
		}
		stored, err := json.Marshal(m)
		fatalIn(t, err)
		again, err := score.ParseModel(stored)
		fatalIn(t, err)
		if a, b := explain(m), explain(again); !bytes.Equal(a, b) {
			t.Fatalf("the stored model explains otherwise:\n%s", cmp.Diff(string(a), string(b)))
		}
	})
}

// worse are single changes for the worse; each tells whether it was one.
var worse = map[string]func(*score.Facts, *score.History) bool{
	"on delivery": func(f *score.Facts, _ *score.History) bool {
		next := map[score.Tri]score.Tri{score.No: score.Unknown, score.Unknown: score.Yes, score.Yes: score.Yes}
		was := f.COD
		f.COD = next[f.COD]
		return f.COD != was
	},
	"no phone":      missing(score.MissingPhone),
	"no address":    missing(score.MissingAddress),
	"no email":      missing(score.MissingEmail),
	"phone":         turn(func(f *score.Facts) *bool { return &f.PhoneInvalid }),
	"digits":        turn(func(f *score.Facts) *bool { return &f.PhoneRepeated }),
	"number":        turn(func(f *score.Facts) *bool { return &f.AddressNoNumber }),
	"short":         turn(func(f *score.Facts) *bool { return &f.AddressShort }),
	"gibberish":     turn(func(f *score.Facts) *bool { return &f.AddressGibberish }),
	"mismatch":      turn(func(f *score.Facts) *bool { return &f.CityMismatch }),
	"disposable":    turn(func(f *score.Facts) *bool { return &f.EmailDisposable }),
	"name":          turn(func(f *score.Facts) *bool { return &f.NameSuspicious }),
	"night":         turn(func(f *score.Facts) *bool { return &f.Night }),
	"risk":          turn(func(f *score.Facts) *bool { return &f.RiskHigh }),
	"dearer":        func(f *score.Facts, _ *score.History) bool { f.Total += 1 << 40; return true },
	"more":          func(f *score.Facts, _ *score.History) bool { f.Quantity += 2; return true },
	"later":         func(f *score.Facts, _ *score.History) bool { f.DispatchHours += 30; return true },
	"refused":       func(_ *score.Facts, h *score.History) bool { h.Failed++; return true },
	"not delivered": func(_ *score.Facts, h *score.History) bool { h.Delivered--; return true },
	"again":         func(_ *score.Facts, h *score.History) bool { h.Recent++; return true },
	"mark":          func(_ *score.Facts, h *score.History) bool { h.Mark--; return true },
}

func missing(bit score.Missing) func(*score.Facts, *score.History) bool {
	return func(f *score.Facts, _ *score.History) bool {
		was := f.Missing
		f.Missing |= bit
		return f.Missing != was
	}
}

func turn(of func(*score.Facts) *bool) func(*score.Facts, *score.History) bool {
	return func(f *score.Facts, _ *score.History) bool {
		was := *of(f)
		*of(f) = true
		return !was
	}
}

// Whatever was learnt or set: a change for the worse never helps, and so a change for the better never hurts.
func TestScore_EveryFactorIsMonotone(t *testing.T) {
	t.Parallel()
	if len(worse) < score.FactorCount { // delivered, refused and their like cover the rest
		t.Fatalf("%d changes cannot cover %d factors", len(worse), score.FactorCount)
	}
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		if rapid.Bool().Draw(t, "shipped") {
			m = nil
		}
		s := score.NewScorer(m, drawSettings(t))
		f, h := drawFacts(t), drawHistory(t)
		before := s.Explain(f, h, score.Order{})
		for name, change := range worse {
			f, h := f, h
			if !change(&f, &h) {
				continue
			}
			after := s.Explain(f, h, score.Order{})
			if after.Logit > before.Logit || after.Score > before.Score || after.Probability > before.Probability+1e-15 {
				t.Fatalf("%s: from %v (%d) to %v (%d)", name, before.Logit, before.Score, after.Logit, after.Score)
			}
		}
	})
}

// On an order that nothing speaks against, each change is felt.
func TestScore_EveryFactorCounts(t *testing.T) {
	t.Parallel()
	m := score.Shipped()
	m.HighValue = map[string]int64{"COP": 1 << 39}
	s := score.NewScorer(m, score.Settings{})
	f, h := score.Facts{COD: score.No, Currency: "COP", Quantity: 1, DispatchHours: 47}, score.History{Recent: 1}
	fine := s.Score(f, h).Probability
	for name, change := range worse {
		f, h := f, h
		if name == "not delivered" {
			h.Delivered = 1
			if s.Score(f, h).Probability <= fine {
				t.Errorf("a delivery does not help")
			}
			continue
		}
		if change(&f, &h); s.Score(f, h).Probability >= fine {
			t.Errorf("%s costs nothing", name)
		}
	}
}

func TestScore_HostileNumbersStayFinite(t *testing.T) {
	t.Parallel()
	s := score.NewScorer(nil, score.Settings{})
	for _, n := range []int{math.MinInt, -1, 0, math.MaxInt} {
		for _, k := range []int{math.MinInt, -1, 0, math.MaxInt} {
			f := score.Facts{COD: 200, Quantity: n, DispatchHours: k, Total: int64(n), Currency: "COP"}
			h := score.History{Delivered: n, Failed: k, Recent: n, Mark: -128}
			p := s.Score(f, h).Probability
			if h.Mark = score.Blocked; !(p >= 0 && p <= 1) || p != s.Score(f, h).Probability {
				t.Errorf("%d, %d: %v", n, k, p)
			}
			_, err := json.Marshal(s.Explain(f, h, score.Order{}))
			fatal(t, err)
		}
	}
}
