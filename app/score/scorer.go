package score

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Result is the score of one order, without the words.
type Result struct {
	Score       int     // 0 to 100
	Probability float64 // that the parcel is delivered and paid
	Band        string  // high, medium, low, very_low
	Carrier     string  // recommended; empty: none
	Negative    []Points
}

// Points is by how much one factor changes the score: the score less what it would be with that factor neutral.
type Points struct {
	Code   Code `json:"code"`
	Points int  `json:"points"`
}

// Names of the bands.
const (
	BandHigh    = "high"
	BandMedium  = "medium"
	BandLow     = "low"
	BandVeryLow = "very_low"
)

// The addends of a score in their fixed order: the base, the Factors, places, products, the merchant's word.
const (
	baseAt      = 0
	factorsAt   = 1
	areaAt      = factorsAt + FactorCount
	productAt   = areaAt + 1
	manualAt    = productAt + 1
	addendCount = manualAt + 1
	denseCount  = factorsAt + FactorCount // those that the covariance knows
)

// codes are the addends' codes.
var codes = func() (out [addendCount]Code) {
	out[baseAt] = Base
	for i := range Factors {
		out[factorsAt+i] = Factors[i].Code
	}
	out[areaAt], out[productAt], out[manualAt] = AreaRate, ProductRate, Manual
	return out
}()

// Codes are the codes of everything that is added up, in a fixed order, Base first.
func Codes() []Code { return slices.Clone(codes[:]) }

// shippedWeight is the weight of an addend before anything is learnt or set. Places and products have 1: their units are what
// was learnt, in log-odds already.
func shippedWeight(at int) float64 {
	switch at {
	case baseAt:
		return priorIntercept
	case areaAt, productAt:
		return 1
	case manualAt:
		return manualWeight
	default:
		return Factors[at-factorsAt].Weight
	}
}

// Scorer rates orders with one model and one set of settings. It is safe for concurrent use.
type Scorer struct {
	model      *Model
	bands      Bands
	weights    [addendCount]float64
	covariance [denseCount][denseCount]float64 // without what the merchant set
	noArea     bool                            // places do not count
	noProducts bool
	name       string // of the model
	economy    *economy
	explore    float64
	carriers   *carriers
}

// NewScorer prepares a model and settings; a nil model is the shipped one. Both must be valid, see Model.Validate and
// Settings.Validate, and must not be changed afterwards. Members of the settings that are not set are those of Defaults.
func NewScorer(m *Model, s Settings) *Scorer {
	if m == nil {
		m = Shipped()
	}
	s = Merge(Defaults(), s)
	out := &Scorer{model: m, bands: s.Bands, name: modelName(m), economy: newEconomy(s.Economy), carriers: newCarriers(m, s.Carriers)}
	if s.Explore != nil {
		out.explore = *s.Explore
	}
	for at, code := range codes {
		weight, set := shippedWeight(at), false
		if at == baseAt {
			weight = m.Intercept
		} else if at < areaAt {
			weight = m.Weights[at-factorsAt]
		}
		if f, ok := s.Factors[code]; ok && at != baseAt {
			if f.Weight != nil {
				weight, set = *f.Weight, true
			}
			if f.Off {
				weight, set = 0, true
			}
		}
		out.weights[at] = weight
		if at < denseCount && !set {
			out.takeCovariance(at, s.Factors)
		}
	}
	out.noArea, out.noProducts = out.weights[areaAt] == 0, out.weights[productAt] == 0
	return out
}

// takeCovariance takes one row of the model's covariance. What the merchant set is certain to them: its row and column stay zero.
func (s *Scorer) takeCovariance(at int, set map[Code]FactorSetting) {
	row := at * (at + 1) / 2
	for other := range at + 1 {
		if f, ok := set[codes[other]]; ok && other != baseAt && (f.Weight != nil || f.Off) || row+other >= len(s.model.Covariance) {
			continue
		}
		v := s.model.Covariance[row+other]
		s.covariance[at][other], s.covariance[other][at] = v, v
	}
}

// modelName tells versions of a model apart, such as "v7 2026-11-20 n=1842".
func modelName(m *Model) string {
	if m.Until.IsZero() {
		return fmt.Sprintf("v%d n=%d", m.Version, m.N)
	}
	return fmt.Sprintf("v%d %s n=%d", m.Version, m.Until.UTC().Format(time.DateOnly), m.N)
}

// sums is a score before it is put into anything.
type sums struct {
	units   [addendCount]float64
	logOdds [addendCount]float64 // units × weights
	logit   float64              // their sum, in the order of the addends
	p       float64
	score   int
	points  [addendCount]int
}

func (s *Scorer) add(into *sums, f *Facts, h *History) {
	u := &into.units
	u[baseAt] = 1
	unitsOf((*[FactorCount]float64)(u[factorsAt:areaAt]), f, h, s.model)
	u[areaAt] = s.model.areaEffect(f)
	u[productAt] = s.model.productEffect(f)
	u[manualAt] = float64(max(Blocked, min(Allowed, h.Mark)))
	for at := range u {
		into.logOdds[at] = u[at] * s.weights[at]
		into.logit += into.logOdds[at]
	}
	into.p = probability(into.logit)
	into.score = percent(into.p)
	for at := factorsAt; at < addendCount; at++ {
		if d := into.logOdds[at]; d != 0 {
			into.points[at] = into.score - percent(probability(into.logit-d))
		}
	}
}

// Score rates an order.
func (s *Scorer) Score(f Facts, h History) Result {
	var sum sums
	s.add(&sum, &f, &h)
	r := Result{Score: sum.score, Probability: sum.p, Band: s.band(sum.score), Negative: sum.negative()}
	if best := s.carriers.at(&f); best != nil {
		r.Carrier = best.Name
	}
	return r
}

// negative are the factors that take from the score, the largest first; those of a size in the order of the addends.
func (s *sums) negative() []Points { return s.sorted(-1) }

// sorted are the factors whose points have that sign, the largest first.
func (s *sums) sorted(sign int) []Points {
	n := 0
	for _, p := range s.points {
		if p*sign > 0 {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	out := make([]Points, 0, n)
	for at, p := range s.points {
		if p*sign > 0 {
			out = append(out, Points{codes[at], p})
		}
	}
	slices.SortStableFunc(out, func(a, b Points) int { return sign * (b.Points - a.Points) })
	return out
}

func (s *Scorer) band(score int) string {
	switch {
	case score >= s.bands.High:
		return BandHigh
	case score >= s.bands.Medium:
		return BandMedium
	case score >= s.bands.Low:
		return BandLow
	default:
		return BandVeryLow
	}
}

// probability of log-odds. It is finite for all finite ones.
func probability(logit float64) float64 { return 1 / (1 + math.Exp(-logit)) }

func percent(p float64) int { return int(math.Round(100 * p)) }
