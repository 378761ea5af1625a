package score

// Explanation is a score with everything that it was made of. Its JSON has the same bytes for the same input.
type Explanation struct {
	Score              int            `json:"score"`       // 0 to 100
	Probability        float64        `json:"probability"` // that the parcel is delivered and paid
	Interval80         [2]float64     `json:"interval80"`  // holds the true probability in 80 of 100 cases
	Band               string         `json:"band"`
	Confidence         string         `json:"confidence"` // low, medium, high
	Basis              Basis          `json:"basis"`
	Model              string         `json:"model"` // such as "v7 2026-11-20 n=1842"
	Logit              float64        `json:"logit"` // the sum of the addends
	Addends            []Addend       `json:"addends"`
	NegativeFactors    []Reason       `json:"negative_factors"` // the largest first
	PositiveFactors    []Reason       `json:"positive_factors"`
	Missing            []string       `json:"missing"` // what the order does not tell
	RecommendedCarrier *CarrierAdvice `json:"recommended_carrier"`
	RecommendedAction  Action         `json:"recommended_action"`
	ActionBasis        ActionBasis    `json:"action_basis"`
	ExpectedProfit     *Profit        `json:"expected_profit"`
}

// Addend is one part of the log-odds. Those with units 0 are left out, but for places and products with outcomes.
type Addend struct {
	Code     Code      `json:"code"`
	Units    float64   `json:"units"`
	Weight   float64   `json:"weight"`
	LogOdds  float64   `json:"log_odds"`
	Points   int       `json:"points"` // the score less what it would be with this one neutral; of the base 0
	Value    string    `json:"value,omitempty"`
	Evidence *Evidence `json:"evidence,omitempty"`
}

// Reason is an addend that moves the score, without the arithmetic.
type Reason struct {
	Code     Code      `json:"code"`
	Points   int       `json:"points"`
	Value    string    `json:"value,omitempty"` // the order's own text
	Evidence *Evidence `json:"evidence,omitempty"`
}

// missingNames are the names of the bits of Missing, from the lowest.
var missingNames = [...]string{
	"customer", "phone", "email", "address", "city", "country", "payment", "total", "items", "time", "personal",
}

// MissingNames are the names that Explanation.Missing may hold.
func MissingNames() []string { return append([]string(nil), missingNames[:]...) }

// Explain rates an order as Score does and says why. Facts and History decide; the order is quoted and no more.
func (s *Scorer) Explain(f Facts, h History, o Order) Explanation {
	var sum sums
	s.add(&sum, &f, &h)
	e := Explanation{
		Score: sum.score, Probability: sum.p, Interval80: s.interval(&sum, &f), Band: s.band(sum.score),
		Basis: s.model.Basis, Model: s.name, Logit: sum.logit,
		Addends: make([]Addend, 0, 8), Missing: make([]string, 0, 4),
		RecommendedCarrier: s.carrier(&f, &o), ExpectedProfit: s.profit(&f, sum.p),
	}
	e.Confidence = confidence(e.Interval80, e.Basis)
	q := quoter{model: s.model, facts: &f, history: &h, order: &o}
	for at, u := range sum.units {
		if u == 0 && at != areaAt && at != productAt {
			continue
		}
		evidence := q.evidence(at)
		if u == 0 && evidence == nil {
			continue
		}
		e.Addends = append(e.Addends, Addend{
			Code: codes[at], Units: u, Weight: s.weights[at], LogOdds: sum.logOdds[at], Points: sum.points[at],
			Value: q.value(at), Evidence: evidence,
		})
	}
	reasons := func(sign int) []Reason {
		points := sum.sorted(sign)
		out := make([]Reason, len(points))
		for i, p := range points {
			for _, a := range e.Addends {
				if a.Code == p.Code {
					out[i] = Reason{a.Code, a.Points, a.Value, a.Evidence}
				}
			}
		}
		return out
	}
	e.NegativeFactors, e.PositiveFactors = reasons(-1), reasons(1)
	for i, name := range missingNames {
		if f.Missing&(1<<i) != 0 {
			e.Missing = append(e.Missing, name)
		}
	}
	e.RecommendedAction, e.ActionBasis = s.action(&f, &h, &o, &e)
	return e
}

// carrier recommends one, with the place as the order writes it.
func (s *Scorer) carrier(f *Facts, o *Order) *CarrierAdvice {
	best := s.carriers.at(f)
	if best == nil {
		return nil
	}
	named := *best
	named.Place = placeName(o, named.Level, named.Place)
	if best.Next != nil {
		next := *best.Next
		next.Place = placeName(o, next.Level, next.Place)
		named.Next = &next
	}
	return &named
}
