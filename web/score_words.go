package web

import (
	"math"
	"strings"

	"probability/app/score"
)

// scoreView is an explanation with words: its members are those of score.Explanation, the factors with a label and a reason
// each, and the rest said in words.
type scoreView struct {
	score.Explanation
	Addends         []addendView `json:"addends"`
	NegativeFactors []reasonView `json:"negative_factors"`
	PositiveFactors []reasonView `json:"positive_factors"`
	Words           scoreWords   `json:"words"`
}

// addendView is one part of the sum. Text is empty where the part says nothing more than its figures.
type addendView struct {
	score.Addend
	Label string `json:"label"`
	Text  string `json:"reason"`
}

type reasonView struct {
	score.Reason
	Label string `json:"label"`
	Text  string `json:"reason"`
}

// scoreWords says what a person wants to know who does not read the figures.
type scoreWords struct {
	Summary      string   `json:"summary"`
	Band         string   `json:"band"`
	Confidence   string   `json:"confidence"`
	Basis        string   `json:"basis"`
	Missing      []string `json:"missing"`
	Action       string   `json:"action"`
	ActionReason string   `json:"action_reason"`
	Carrier      *string  `json:"carrier"`
	Profit       *string  `json:"profit"`
}

// score puts an explanation into words.
func (v voice) score(e score.Explanation) scoreView {
	out := scoreView{
		Explanation: e, Addends: make([]addendView, len(e.Addends)),
		NegativeFactors: v.reasons(e.NegativeFactors), PositiveFactors: v.reasons(e.PositiveFactors),
	}
	for i, a := range e.Addends {
		out.Addends[i] = addendView{a, v.factor(a.Code), v.reason(a.Code, a.Value, a.Evidence, a.LogOdds < 0, a.LogOdds > 0)}
	}
	out.Words = scoreWords{
		Summary: v.say("score.summary", map[string]any{
			"Score": e.Score, "Low": int(math.Floor(100 * e.Interval80[0])), "High": int(math.Ceil(100 * e.Interval80[1])),
		}),
		Band: v.say("score.band."+e.Band, nil), Confidence: v.say("score.confidence."+e.Confidence, nil),
		Basis: v.say("score.basis."+string(e.Basis), nil), Missing: make([]string, len(e.Missing)),
		Action:       v.say("score.action."+string(e.RecommendedAction), nil),
		ActionReason: v.actionReason(e),
		Carrier:      v.carrier(e.RecommendedCarrier),
	}
	for i, name := range e.Missing {
		out.Words.Missing[i] = v.say("score.missing."+name, nil)
	}
	if p := e.ExpectedProfit; p != nil {
		text := v.say("score.profit", map[string]any{"Ship": p.Ship, "Currency": p.Currency, "BreakEven": percentOf(p.BreakEven)})
		out.Words.Profit = &text
	}
	return out
}

func (v voice) factor(code score.Code) string {
	return v.say("score.factor."+string(code)+".label", nil)
}

func (v voice) reasons(reasons []score.Reason) []reasonView {
	out := make([]reasonView, len(reasons))
	for i, r := range reasons {
		out[i] = reasonView{r, v.factor(r.Code), v.reason(r.Code, r.Value, r.Evidence, r.Points < 0, r.Points > 0)}
	}
	return out
}

// reason says one factor in a sentence, with the order's own text and the figures behind it.
func (v voice) reason(code score.Code, value string, e *score.Evidence, worse, better bool) string {
	params := map[string]any{
		"Value": value, "Worse": worse, "Better": better, "Name": "", "Delivered": 0, "Failed": 0, "Total": 0, "Number": 0, "Limit": "", "Currency": "", "Unknown": false,
	}
	if e != nil {
		params["Unknown"] = e.Kind == score.EvidenceUnknown
		params["Name"], params["Limit"], params["Currency"] = e.Name, e.Limit, e.Currency
		if e.Counts != nil {
			params["Delivered"], params["Failed"], params["Total"] = v.counted(e.Counts.Delivered), v.counted(e.Counts.Failed), v.counted(e.Counts.Delivered+e.Counts.Failed)
		}
		if e.Number != nil {
			params["Number"] = *e.Number
		}
	}
	return strings.TrimSpace(v.say("score.factor."+string(code)+".reason", params))
}

func (v voice) actionReason(e score.Explanation) string {
	params := map[string]any{"Action": string(e.RecommendedAction), "Band": strings.ToLower(v.say("score.band."+e.Band, nil)), "BreakEven": 0, "Score": e.Score}
	if e.ExpectedProfit != nil {
		params["BreakEven"] = percentOf(e.ExpectedProfit.BreakEven)
	}
	return v.say("score.action_basis."+string(e.ActionBasis), params)
}

// carrier says why a carrier is recommended; nil when none is.
func (v voice) carrier(c *score.CarrierAdvice) *string {
	if c == nil {
		return nil
	}
	params := map[string]any{
		"Name": c.Name, "Delivered": v.counted(c.Delivered), "Shipments": v.counted(c.Shipments), "Place": c.Place, "Preferred": c.Preferred, "Low": 0, "Known": c.Low != nil, "Next": "",
	}
	if c.Low != nil {
		params["Low"] = percentOf(*c.Low)
	}
	if c.Next != nil {
		params["Next"] = c.Next.Name
	}
	text := v.say("score.carrier", params)
	return &text
}

// counted is a number as the reader writes it; none stays 0, which sentences ask for.
func (v voice) counted(n int) any {
	if n == 0 {
		return 0
	}
	return v.number(n)
}

func percentOf(p float64) int { return int(math.Round(100 * p)) }
