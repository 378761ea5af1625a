package score_test

import (
	"encoding/json"
	"math"
	"testing"

	"pgregory.net/rapid"

	"probability/app/score"
	"probability/app/score/synthetic"
)

// AUC against its definition: all pairs.
func TestAUC(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 40).Draw(t, "n")
		logits, delivered := make([]float64, n), make([]bool, n)
		for i := range n {
			logits[i] = float64(rapid.IntRange(-3, 3).Draw(t, "logit"))
			delivered[i] = rapid.Bool().Draw(t, "delivered")
		}
		var pairs, right float64
		for i := range n {
			for j := range n {
				if delivered[i] && !delivered[j] {
					pairs++
					right += bit(logits[i] > logits[j]) + bit(logits[i] == logits[j])/2
				}
			}
		}
		got := score.AUC(logits, delivered)
		if pairs == 0 {
			if got != nil {
				t.Errorf("got %v of no pair", got)
			}
			return
		}
		if math.Abs(got.Value-right/pairs) > 1e-12 || got.Low > got.Value || got.High < got.Value || got.Low < 0 || got.High > 1 {
			t.Errorf("got %+v, want %v", got, right/pairs)
		}
	})
}

func TestReliability(t *testing.T) {
	t.Parallel()
	var logits []float64
	var delivered []bool
	for i := range 400 { // half rated 0.2 of which 0.3 are delivered, half 0.8 of which 0.8 are
		low := i%2 == 0
		logits = append(logits, map[bool]float64{true: math.Log(0.25), false: math.Log(4)}[low])
		delivered = append(delivered, low && i%20 < 6 || !low && i%10 < 8)
	}
	bins, off, chance := score.Reliable(logits, delivered)
	if len(bins) != 10 || bins[0].N != 40 || math.Abs(bins[0].Predicted-0.2) > 1e-9 || math.Abs(bins[9].Predicted-0.8) > 1e-9 {
		t.Fatalf("got %+v", bins)
	}
	for _, b := range bins {
		if b.Low > b.Delivered || b.High < b.Delivered || b.Low < 0 || b.High > 1 {
			t.Errorf("%v is not within %v and %v", b.Delivered, b.Low, b.High)
		}
	}
	if off < 0.04 || off > 0.12 || math.Abs(chance-math.Sqrt(2/math.Pi*0.16/40)) > 1e-9 {
		t.Errorf("error %v, chance %v", off, chance)
	}
	if bins, _, _ := score.Reliable(logits[:70], delivered[:70]); len(bins) != 2 {
		t.Errorf("70 orders make %d bins, want 2 of 30 at least", len(bins))
	}
	if low, high := score.Wilson(0, 10); low != 0 || math.Abs(high-0.2775) > 1e-3 { // Wilson (1927), as tables give it
		t.Errorf("0 of 10: %v to %v", low, high)
	}
}

func TestCalibrate(t *testing.T) {
	t.Parallel()
	var logits []float64
	var delivered []bool
	for i := range 20_000 { // in truth 0.4 + 0.7 × what was said
		x := float64(i%41)/10 - 2
		logits = append(logits, x)
		delivered = append(delivered, float64(i*7919%9973)/9973 < sigmoid(0.4+0.7*x))
	}
	if by := score.Calibrate(logits, delivered, 0); math.Abs(by.Shift-0.4) > 0.05 || math.Abs(by.Slope-0.7) > 0.05 {
		t.Errorf("got %+v, want shift 0.4, slope 0.7", by)
	}
	if by := score.Calibrate(logits[:40], delivered[:40], 0); math.Abs(by.Shift) > 0.1 || math.Abs(by.Slope-1) > 0.1 {
		t.Errorf("40 orders moved it to %+v", by)
	}
	if by := score.Calibrate(nil, nil, 0); by.Shift != 0 || by.Slope != 1 {
		t.Errorf("of nothing: %+v", by)
	}
}

// A level that was off for all predictions says little about the next ones where levels move, and the slope is found all the same.
func TestCalibrate_LeavesToTheLevelWhatMoves(t *testing.T) {
	t.Parallel()
	var logits []float64
	var delivered []bool
	for i := range 20_000 {
		x := 1 + float64(i%41)/10 - 2
		logits = append(logits, x)
		delivered = append(delivered, float64(i*7919%9973)/9973 < sigmoid(1.2+0.8*(x-1)))
	}
	at := func(by score.Calibration) float64 { return by.Shift + by.Slope - 1 } // what is added to the mean log-odds
	still, moving := score.Calibrate(logits, delivered, 0), score.Calibrate(logits, delivered, 0.03)
	if got := at(still); math.Abs(got-0.2) > 0.03 {
		t.Errorf("a level that stands still is corrected by %v, want 0.2", got)
	}
	if got := at(moving); math.Abs(got-0.05) > 0.01 {
		t.Errorf("a level that moves by 0.17 is corrected by %v, want a quarter of 0.2", got)
	}
	if math.Abs(still.Slope-0.8) > 0.05 || math.Abs(moving.Slope-0.8) > 0.05 {
		t.Errorf("slopes %v and %v, want 0.8", still.Slope, moving.Slope)
	}
}

// The report of any store is JSON: no figure of it is no number.
func TestReport_IsJSON(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 20, 40, 320} {
		for _, v := range synthetic.Variants() {
			s := synthetic.New(uint64(n), v, n)
			for i := range s.Samples {
				if n == 40 {
					s.Samples[i].Settled.Outcome = score.Delivered // only one kind
				}
			}
			m, report := score.Train(s.Samples, nil, s.Now)
			if _, err := json.Marshal(report); err != nil {
				t.Errorf("%s, %d outcomes: %v", v.Name, n, err)
			}
			fatal(t, m.Validate())
			if len(report.Months) > 24 || report.N != sumOf(report.Months) {
				t.Errorf("%d outcomes, by month %v", report.N, report.Months)
			}
		}
	}
}

func sumOf(months []score.Month) (n int) {
	for _, m := range months {
		n += m.N
	}
	return n
}
