package synthetic

import (
	"math"
	"math/rand/v2"
	"time"

	"probability/app/score"
)

// Variant is in which way a store is hard to learn from.
type Variant struct {
	Name   string
	Sparse bool    // many places with few orders each
	Drift  float64 // standard deviation of the change of level from one month to the next, in log-odds
	Holds  float64 // share that is not shipped of the orders that the shipped model rates below holdBelow
}

// Variants are those that the figures are made of.
func Variants() []Variant {
	return []Variant{
		{Name: "plain"},
		{Name: "sparse", Sparse: true},
		{Name: "drift", Drift: 0.12},
		{Name: "selection", Holds: 0.7},
	}
}

const holdBelow = 0.6

// Store is one whose truth is known.
type Store struct {
	Truth *score.Model
	// Samples are its orders until Now, by time; Outcomes of them ended at least a month before.
	Samples []score.Sample
	Now     time.Time

	variant  Variant
	random   *rand.Rand
	places   []place
	products []string
	people   []*customer
	again    bool      // the last order's customer orders once more
	levels   []float64 // by month since begin
	shipped  *score.Model
	at       time.Time
	step     time.Duration
}

// Times of a store's life: outcomes are spread over span, and young is how long after the last of them it is looked at.
const (
	span  = 270 * 24 * time.Hour
	young = 30 * 24 * time.Hour
	month = 30 * 24 * time.Hour
)

var begin = time.Date(2025, time.January, 6, 8, 0, 0, 0, time.UTC)

// New makes a store with so many outcomes of orders placed at least a month ago.
func New(seed uint64, v Variant, outcomes int) *Store {
	s := &Store{
		variant: v, random: rand.New(rand.NewPCG(seed, 0x5eed)), at: begin, shipped: score.Shipped(), //nolint:gosec // the same seed must give the same store
		step: span / time.Duration(max(outcomes, 20)),
	}
	s.draw()
	for n := 0; n < outcomes; {
		sample, _ := s.order()
		s.Samples = append(s.Samples, sample)
		if o := sample.Settled.Outcome; o == score.Delivered || o == score.Failed {
			n++
		}
	}
	s.Now = s.at.Add(young)
	for outcomes > 0 && s.at.Before(s.Now) {
		sample, _ := s.order()
		s.Samples = append(s.Samples, sample)
	}
	return s
}

// Fresh is an order with how probable its delivery is in truth.
type Fresh struct {
	score.Sample
	LogOdds float64
}

// Next are orders of the month that begins now, whatever the merchant would do with them.
func (s *Store) Next(n int) []Fresh {
	s.variant.Holds, s.step = 0, month/time.Duration(max(n, 1))
	fresh := make([]Fresh, n)
	for i := range fresh {
		fresh[i].Sample, fresh[i].LogOdds = s.order()
	}
	return fresh
}

// Live lets time go on by so much: more samples, and a later Now.
func (s *Store) Live(d time.Duration) {
	for s.Now = s.Now.Add(d); s.at.Before(s.Now); {
		sample, _ := s.order()
		s.Samples = append(s.Samples, sample)
	}
}

// level is by how much the store's log-odds differ at a time from the truth's intercept.
func (s *Store) level(at time.Time) float64 {
	months := float64(at.Sub(begin)) / float64(month)
	i := min(int(months), len(s.levels)-2)
	part := min(1, months-float64(i))
	return s.levels[i]*(1-part) + s.levels[i+1]*part
}

// Permuted are the samples with their outcomes dealt out anew, so that there is nothing to learn but their share.
func (s *Store) Permuted(seed uint64) []score.Sample {
	samples := make([]score.Sample, len(s.Samples))
	copy(samples, s.Samples)
	var ended []int
	for i, sample := range samples {
		if o := sample.Settled.Outcome; o == score.Delivered || o == score.Failed {
			ended = append(ended, i)
		}
	}
	rand.New(rand.NewPCG(seed, 0xdea1)).Shuffle(len(ended), func(i, j int) { //nolint:gosec // the same seed must give the same order
		a, b := &samples[ended[i]].Settled, &samples[ended[j]].Settled
		a.Outcome, b.Outcome = b.Outcome, a.Outcome
	})
	return samples
}

func (s *Store) normal(sd float64) float64 { return sd * s.random.NormFloat64() }

func (s *Store) chance(p float64) bool { return s.random.Float64() < p }

// zipf chooses one of n, of which the first is the most common.
func (s *Store) zipf(n int, steep float64) int {
	// The inverse of the continuous distribution with density falling as rank to the −steep.
	u, top := s.random.Float64(), float64(n)+1
	if steep == 1 {
		return min(n-1, int(math.Pow(top, u))-1)
	}
	e := 1 - steep
	return min(n-1, int(math.Pow(1+u*(math.Pow(top, e)-1), 1/e))-1)
}
