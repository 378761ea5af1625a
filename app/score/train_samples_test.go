package score_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"probability/app/score"
)

func TestTrain_CountsWhatItDoesNotLearnFrom(t *testing.T) {
	t.Parallel()
	samples := orders(200, func(i int, s *score.Sample) {
		switch {
		case i < 10:
			s.Facts.Test = true
		case i < 30:
			s.Settled = score.Settled{Outcome: score.Cancelled, At: s.At.Add(day)}
		case i < 55:
			s.Settled, s.Facts.DispatchHours = score.Settled{}, -1
		case i < 60:
			s.Settled = score.Settled{}
		case i < 63: // told by a clock that runs ahead: nobody knows yet
			s.Settled.At = now.Add(time.Hour)
		case i < 80:
			s.Source = "merchant"
		}
	})
	_, report := score.Train(samples, nil, now)
	want := score.Excluded{Test: 10, Cancelled: 20, NotShipped: 25, Pending: 8}
	if diff := cmp.Diff(want, report.Excluded); diff != "" {
		t.Error(diff)
	}
	if report.N != 137 || report.Sources["merchant"] != 17 {
		t.Errorf("%d outcomes, %v; want 137, 17 of the merchant's", report.N, report.Sources)
	}
	if want := 45.0 / 190; math.Abs(report.NotShippedShare-want) > 1e-9 || !slices.Contains(report.Warnings, score.WarnNotShipped) {
		t.Errorf("not shipped %v, want %v; warnings %v", report.NotShippedShare, want, report.Warnings)
	}
}

// Of young orders only the fast outcomes are known, and these are not like the others.
func TestTrain_LeavesYoungOrdersOutWhateverBecameOfThem(t *testing.T) {
	t.Parallel()
	samples := orders(200, func(int, *score.Sample) {})
	before, report := score.Train(samples, nil, now)
	young := slices.Clone(samples)
	for i := range 300 {
		at := now.Add(-2*day - time.Duration(i)*time.Second)
		young = append(young, score.Sample{
			At: at, Facts: score.Facts{Missing: score.MissingTotal, DispatchHours: 1}, Settled: score.Settled{Outcome: score.Delivered, At: at.Add(day)},
		})
	}
	after, with := score.Train(young, nil, now)
	if with.Excluded.Young != 300 || with.N != report.N || bytesOf(t, before) != bytesOf(t, after) {
		t.Errorf("young orders changed what was learnt: %+v", with.Excluded)
	}
}

func TestSettlingTime(t *testing.T) {
	t.Parallel()
	if got, known := score.Settling(nil, now); known || got != 21*day {
		t.Errorf("of nothing: %v, %v; want three weeks, not known", got, known)
	}
	var samples []score.Sample
	for i := range 2000 { // 90 of 100 within 5 days, the others within 12, and of the youngest only the fast ones are known
		at := now.Add(-time.Duration(i) * time.Hour)
		took := 5 * day
		if i%10 == 0 {
			took = 12 * day
		}
		if at.Add(took).Before(now) {
			samples = append(samples, score.Sample{At: at, Settled: score.Settled{Outcome: score.Delivered, At: at.Add(took)}})
		}
	}
	if got, known := score.Settling(samples, now); !known || got != 12*day {
		t.Errorf("got %v, %v, want 12 days", got, known)
	}
	for i := range samples {
		samples[i].Settled.At = samples[i].At.Add(400 * day)
	}
	if got, _ := score.Settling(samples, now.Add(400*day)); got != 60*day {
		t.Errorf("got %v, want no more than 60 days", got)
	}
}

func TestHighValues(t *testing.T) {
	t.Parallel()
	var samples []score.Sample
	for i := range 101 {
		samples = append(samples, score.Sample{At: now, Facts: score.Facts{Currency: "COP", Total: int64(i)}})
	}
	samples = append(samples,
		score.Sample{At: now, Facts: score.Facts{Currency: "COP", Total: 1 << 40, Test: true}},
		score.Sample{At: now, Facts: score.Facts{Currency: "COP", Total: 1 << 40, Missing: score.MissingTotal}},
		score.Sample{At: now, Facts: score.Facts{Currency: "USD", Total: 5}}) // one does not make a limit
	if diff := cmp.Diff(map[string]int64{"COP": 90}, score.HighValues(samples, now.Add(1))); diff != "" {
		t.Error(diff)
	}
}

func TestCarrierRates(t *testing.T) {
	t.Parallel()
	samples := orders(60, func(i int, s *score.Sample) {
		s.Facts.Country, s.Facts.Province, s.Facts.City = "co", "co|x", "co|x|a"
		s.Facts.Carrier = []string{"alfa", "beta", "alfa"}[i%3]
		if i < 4 {
			s.Facts.City = "co|x|b" // too few parcels
		}
		if i >= 50 {
			s.Facts.Country, s.Facts.Province, s.Facts.City = "", "", ""
		}
		if i == 10 {
			s.At = now.Add(-400 * day)
		}
	})
	got := score.CarriersOf(samples, now)
	sum := func(place string) (n int) {
		for _, r := range got[place] {
			n += r.Delivered + r.Failed
		}
		return n
	}
	if sum("") != 59 || sum("co") != 49 || sum("co|x|a") != 45 || len(got["co|x|b"]) != 0 {
		t.Errorf("got %v", got)
	}
	if got[""][0].Carrier != "alfa" {
		t.Errorf("the largest is not first: %v", got[""])
	}
}

// A place is learnt of from five outcomes on.
func TestTrain_KeepsNoCellOfFewOutcomes(t *testing.T) {
	t.Parallel()
	m := score.Learn(orders(100, func(i int, s *score.Sample) {
		s.Facts.Country, s.Facts.Province = "co", "co|x"
		if i < 9 {
			s.Facts.Province = fmt.Sprintf("co|y%d", i/5) // five and four
		}
		s.Facts.Products = []string{fmt.Sprint("p", i%30)} // three or four each
	}), now)
	var keys []string
	for key := range m.Cells {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	if diff := cmp.Diff([]string{"co", "co|x", "co|y0"}, keys); diff != "" {
		t.Error(diff)
	}
	if c := m.Cells["co|y0"]; c.Delivered != 3 || c.Failed != 2 {
		t.Errorf("got %+v, want 3 delivered and 2 failed", c)
	}
}
