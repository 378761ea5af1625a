package score_test

import (
	"math"
	"testing"
	"time"

	"probability/app/score"
)

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// age is how much an order counts by its age.
func age(s score.Sample) float64 { return math.Exp2(-float64(now.Sub(s.At)) / float64(score.HalfLife)) }

// With nothing but the level to learn, the answer is where the pull of the prior and that of the outcomes are equal.
func TestTrain_LevelIsTheMostProbableOne(t *testing.T) {
	t.Parallel()
	samples := orders(120, func(int, *score.Sample) {})
	m := score.Learn(samples, now)
	if m.Basis != score.BasisBlended {
		t.Fatalf("basis %s", m.Basis)
	}
	mean, spread := score.Prior()
	low, high := -10.0, 10.0
	for range 60 {
		b := (low + high) / 2
		pull := -(b - mean) / (spread * spread)
		for _, s := range samples {
			pull -= age(s) * sigmoid(b)
			if s.Settled.Outcome == score.Delivered {
				pull += age(s)
			}
		}
		if pull > 0 {
			low = b
		} else {
			high = b
		}
	}
	// In one week nothing is seen to move. Where the level is taken to walk, outcomes count in full, and pull it a little further.
	week := score.Period{}
	for _, s := range samples {
		week.Off += bit(s.Settled.Outcome == score.Delivered) - sigmoid(low)
		week.Information += sigmoid(low) * (1 - sigmoid(low))
	}
	ahead := now.Sub(samples[len(samples)-1].At) + 5*day + 15*day
	moved, more, _ := score.Follow([]score.Period{week}, mean-low, spread*spread, ahead)
	if math.Abs(m.Intercept-low-moved) > 1e-3 || math.Abs(moved) > 0.05 {
		t.Errorf("the intercept is %v, want %v and %v", m.Intercept, low, moved)
	}
	// An outcome that counts half tells half as much, but chance moves the sum by a quarter.
	information, noise := 1/(spread*spread), 1/(spread*spread)
	for _, s := range samples {
		information += age(s) * sigmoid(low) * (1 - sigmoid(low))
		noise += age(s) * age(s) * sigmoid(low) * (1 - sigmoid(low))
	}
	if got, want := m.Covariance[0], noise/(information*information)+more; math.Abs(got/want-1) > 0.01 {
		t.Errorf("its variance is %v, want %v", got, want)
	}
}

// Everything at once against plain coordinate descent on the same posterior: an intercept, two weights, a country, three cities and
// a product.
func TestTrain_FindsTheMostProbableParameters(t *testing.T) {
	t.Parallel()
	places := []string{"co|x|a", "co|x|b", "co|x|c"}
	samples := orders(1_200, func(i int, s *score.Sample) {
		f := &s.Facts
		f.Country, f.Province, f.City = "co", "co|x", places[i%7%3]
		f.PhoneInvalid, f.AddressNoNumber = i%5 == 0, i%6 == 1
		if i%3 == 0 {
			f.Products = []string{"shoes"}
		}
		u := float64(i*7919%1000) / 1000 // an even spread that has nothing to do with the rest
		logit := 1.4 - 1.1*bit(f.PhoneInvalid) - 0.2*bit(f.AddressNoNumber) + []float64{0.5, 0, -0.6}[i%7%3] - 0.3*bit(i%3 == 0)
		s.Settled.Outcome = score.Failed
		if u < sigmoid(logit) {
			s.Settled.Outcome = score.Delivered
		}
	})
	m := score.Learn(samples, now)
	if m.Basis != score.BasisLearned {
		t.Fatalf("basis %s", m.Basis)
	}
	shipped := map[score.Code]score.Factor{}
	for _, f := range score.Factors {
		shipped[f.Code] = f
	}
	mean, spread := score.Prior()
	type parameter struct {
		mean, sd float64
		on       func(s score.Sample) bool
	}
	at := func(key string) func(score.Sample) bool {
		return func(s score.Sample) bool { return s.Facts.City == key }
	}
	all := func(score.Sample) bool { return true }
	parameters := []parameter{
		{mean, spread, all},
		{shipped[score.PhoneInvalid].Weight, shipped[score.PhoneInvalid].Spread, func(s score.Sample) bool { return s.Facts.PhoneInvalid }},
		{shipped[score.AddressNoNumber].Weight, shipped[score.AddressNoNumber].Spread, func(s score.Sample) bool { return s.Facts.AddressNoNumber }},
		{0, m.Spread.Country, all},
		{0, m.Spread.Province, all},
		{0, m.Spread.City, at(places[0])},
		{0, m.Spread.City, at(places[1])},
		{0, m.Spread.City, at(places[2])},
		{0, m.Spread.Product, func(s score.Sample) bool { return len(s.Facts.Products) > 0 }},
	}
	x := make([]float64, len(parameters))
	on := make([][]bool, len(samples))
	for i, s := range samples {
		for _, p := range parameters {
			on[i] = append(on[i], p.on(s))
		}
	}
	for range 120 {
		for k, p := range parameters {
			slope, bend := -(x[k]-p.mean)/(p.sd*p.sd), 1/(p.sd*p.sd)
			for i, s := range samples {
				if !on[i][k] {
					continue
				}
				logit := 0.0
				for j := range x {
					logit += x[j] * bit(on[i][j])
				}
				q := sigmoid(logit)
				slope += age(s) * (bit(s.Settled.Outcome == score.Delivered) - q)
				bend += age(s) * q * (1 - q)
			}
			x[k] += slope / bend
		}
	}
	got := map[string][2]float64{
		"intercept":    {m.Intercept, x[0]},
		"country":      {m.Cells["co"].Effect, x[3]},
		"province":     {m.Cells["co|x"].Effect, x[4]},
		"first city":   {m.Cells[places[0]].Effect, x[5]},
		"third city":   {m.Cells[places[2]].Effect, x[7]},
		"product":      {m.Cells["shoes"].Effect, x[8]},
		"phone":        {weight(m, score.PhoneInvalid), x[1]},
		"house number": {weight(m, score.AddressNoNumber), x[2]},
	}
	for name, pair := range got {
		if math.Abs(pair[0]-pair[1]) > 0.01 {
			t.Errorf("%s is %.4f, want %.4f", name, pair[0], pair[1])
		}
	}
	if c := m.Cells[places[0]]; c.Delivered+c.Failed != count(samples, at(places[0])) || c.Variance < 0 {
		t.Errorf("the first city has %+v, of %d orders", c, count(samples, at(places[0])))
	}
}

func bit(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func weight(m *score.Model, code score.Code) float64 {
	for i, f := range score.Factors {
		if f.Code == code {
			return m.Weights[i]
		}
	}
	return math.NaN()
}

func count(samples []score.Sample, is func(score.Sample) bool) (n int) {
	for _, s := range samples {
		n += int(bit(is(s)))
	}
	return n
}

// An order of two half-lives ago counts a quarter of one of today.
func TestTrain_OldOutcomesCountLess(t *testing.T) {
	t.Parallel()
	const older = 2 * 180 * 24 * time.Hour
	level := func(shift time.Duration) float64 {
		return score.Learn(orders(200, func(i int, s *score.Sample) {
			s.Settled.Outcome = score.Delivered
			if i < 100 { // the older half fails
				s.At, s.Settled.At = s.At.Add(-shift), s.Settled.At.Add(-shift)
				if i%2 == 0 {
					s.Settled.Outcome = score.Failed
				}
			}
		}), now).Intercept
	}
	if recent, old := level(0), level(older); old < recent+0.3 {
		t.Errorf("failures of a year ago weigh as those of this month: %v and %v", old, recent)
	}
}
