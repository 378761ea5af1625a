package score_test

import (
	"math"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"probability/app/score"
)

// someEconomy earns 35,000 and costs 25,000: it breaks even at 25/60.
var someEconomy = &score.Economy{Currency: "COP", Margin: "35000", ReturnCost: "25000"}

func TestAction_ByBandWithoutAnEconomy(t *testing.T) {
	t.Parallel()
	risky := score.Facts{COD: score.Yes, DispatchHours: -1, PhoneInvalid: true, AddressGibberish: true}
	worst := risky
	worst.RiskHigh = true
	prepaidWorst := worst
	prepaidWorst.COD, prepaidWorst.PhoneRepeated, prepaidWorst.AddressNoNumber, prepaidWorst.NameSuspicious = score.No, true, true, true
	for name, c := range map[string]struct {
		facts   score.Facts
		history score.History
		order   score.Order
		band    string
		action  score.Action
		basis   score.ActionBasis
	}{
		"high":               {prepaid, score.History{}, score.Order{}, score.BandHigh, score.ActionShip, score.ByBand},
		"medium":             {score.Facts{COD: score.Yes, DispatchHours: -1, PhoneInvalid: true}, score.History{}, score.Order{}, score.BandMedium, score.ActionConfirmByMessage, score.ByBand},
		"low":                {risky, score.History{}, score.Order{}, score.BandLow, score.ActionConfirmByPhone, score.ByBand},
		"very low":           {worst, score.History{}, score.Order{}, score.BandVeryLow, score.ActionAskPrepayment, score.ByBand},
		"very low, but paid": {prepaidWorst, score.History{Recent: 3}, score.Order{}, score.BandVeryLow, score.ActionHold, score.ByBand},
		"allowed":            {worst, score.History{Mark: score.Allowed}, score.Order{}, score.BandMedium, score.ActionShip, score.ByMark},
		"blocked":            {prepaid, score.History{Mark: score.Blocked}, score.Order{}, score.BandMedium, score.ActionHold, score.ByMark},
		"cancelled":          {prepaid, score.History{}, score.Order{Cancelled: time.Unix(9, 0)}, score.BandHigh, score.ActionNone, score.ByState},
		"a test":             {score.Facts{COD: score.No, DispatchHours: -1, Test: true}, score.History{}, score.Order{}, score.BandHigh, score.ActionNone, score.ByState},
		"on its way":         {score.Facts{COD: score.No, DispatchHours: 0}, score.History{Mark: score.Blocked}, score.Order{}, score.BandMedium, score.ActionNone, score.ByState},
	} {
		e := score.NewScorer(nil, score.Settings{}).Explain(c.facts, c.history, c.order)
		if e.Band != c.band || e.RecommendedAction != c.action || e.ActionBasis != c.basis || e.ExpectedProfit != nil {
			t.Errorf("%s: got %s (%d), %s by %s", name, e.Band, e.Score, e.RecommendedAction, e.ActionBasis)
		}
	}
}

// certain is a model that is sure of everything, with that intercept.
func certain(intercept float64) *score.Model {
	m := score.Shipped()
	m.Intercept, m.Spread = intercept, score.Spread{}
	clear(m.Covariance)
	return m
}

func logit(p float64) float64 { return math.Log(p / (1 - p)) }

func TestAction_ByEconomy(t *testing.T) {
	t.Parallel()
	f := prepaid
	f.Currency = "COP"
	for name, c := range map[string]struct {
		model  *score.Model
		action score.Action
		ship   string
	}{
		"surely above":  {certain(logit(0.9)), score.ActionShip, "29000.00"},
		"just above":    {certain(logit(25.0/60) + 0.001), score.ActionShip, "14.58"},
		"just below":    {certain(logit(25.0/60) - 0.001), score.ActionHold, "-14.58"},
		"surely below":  {certain(logit(0.1)), score.ActionHold, "-19000.00"},
		"far from sure": {nil, score.ActionShip, ""}, // 0.95, and break-even far below
	} {
		e := score.NewScorer(c.model, score.Settings{Economy: someEconomy}).Explain(f, score.History{}, score.Order{})
		if e.RecommendedAction != c.action || e.ActionBasis != score.ByEconomy || e.ExpectedProfit == nil {
			t.Fatalf("%s: got %s by %s, %+v", name, e.RecommendedAction, e.ActionBasis, e.ExpectedProfit)
		}
		if got := *e.ExpectedProfit; c.ship != "" && got.Ship != c.ship || got.Hold != "0.00" || got.Currency != "COP" || diff(got.BreakEven, 25.0/60) > 1e-12 {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	unsure := certain(logit(0.5))
	unsure.Covariance[0] = 0.25
	if e := score.NewScorer(unsure, score.Settings{Economy: someEconomy}).Explain(f, score.History{}, score.Order{}); e.RecommendedAction != score.ActionConfirmByPhone {
		t.Errorf("break-even lies in %v: got %s", e.Interval80, e.RecommendedAction)
	}
	f.Currency = "MXN"
	if e := score.NewScorer(nil, score.Settings{Economy: someEconomy}).Explain(f, score.History{}, score.Order{}); e.ExpectedProfit != nil || e.ActionBasis != score.ByBand {
		t.Errorf("pesos of another country: got %+v by %s", e.ExpectedProfit, e.ActionBasis)
	}
}

// The expected profit is the sum of products of the exact numbers shown, rounded once.
func TestProfit_IsExactToTheCent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.StringMatching(`[1-9][0-9]{0,14}(\.[0-9]{1,6})?`)
		economy := &score.Economy{Currency: "COP", Margin: amount.Draw(t, "margin"), ReturnCost: amount.Draw(t, "cost")}
		m := certain(rapid.Float64Range(-20, 20).Draw(t, "intercept"))
		e := score.NewScorer(m, score.Settings{Economy: economy}).Explain(prepaid, score.History{}, score.Order{})
		rat := func(text string) *big.Rat {
			r, ok := new(big.Rat).SetString(text)
			if !ok {
				t.Fatalf("%q is no number", text)
			}
			return r
		}
		p := new(big.Rat).SetFloat64(e.Probability)
		q := new(big.Rat).Sub(big.NewRat(1, 1), p)
		want := new(big.Rat).Sub(p.Mul(p, rat(economy.Margin)), q.Mul(q, rat(economy.ReturnCost)))
		// The shortest decimal of p stands for it, which is off by 1e-17 of 1e15 at most.
		slack := big.NewRat(51, 10_000)
		if large := new(big.Rat).Add(rat(economy.Margin), rat(economy.ReturnCost)); true {
			slack.Add(slack, large.Mul(large, big.NewRat(1, 1e16)))
		}
		if off := want.Sub(want, rat(e.ExpectedProfit.Ship)); off.Abs(off).Cmp(slack) > 0 {
			t.Fatalf("%s is off by %s", e.ExpectedProfit.Ship, off.FloatString(6))
		}
	})
}

func TestAction_ASmallShareIsShippedToLearn(t *testing.T) {
	t.Parallel()
	held := score.Facts{COD: score.No, DispatchHours: -1, Currency: "COP", City: "co|cundinamarca|soacha"}
	m := certain(logit(0.1))
	m.HighValue = map[string]int64{"COP": 500_000}
	explorer := score.NewScorer(m, score.Settings{Explore: new(0.05)})
	never := score.NewScorer(m, score.Settings{})
	learnt := 0
	const n = 20_000
	for i := range n {
		f, o := held, score.Order{CreatedAt: time.Unix(int64(i)*61, 0)}
		f.Total = int64(i)
		e := explorer.Explain(f, score.History{}, o)
		if again := explorer.Explain(f, score.History{}, o); again.RecommendedAction != e.RecommendedAction {
			t.Fatal("asked twice, it answers otherwise")
		}
		if got := never.Explain(f, score.History{}, o).RecommendedAction; got != score.ActionHold {
			t.Fatalf("explored without being asked to: %s", got)
		}
		if e.RecommendedAction == score.ActionShipToLearn {
			learnt++
			f.Total = 500_001
			if got := explorer.Explain(f, score.History{}, o).RecommendedAction; got != score.ActionHold {
				t.Fatalf("a dear order is explored: %s", got)
			}
			if got := explorer.Explain(held, score.History{Mark: score.Blocked}, o).RecommendedAction; got != score.ActionHold {
				t.Fatalf("a blocked one is explored: %s", got)
			}
		} else if e.RecommendedAction != score.ActionHold {
			t.Fatalf("got %s", e.RecommendedAction)
		}
	}
	if share := float64(learnt) / n; share < 0.043 || share > 0.057 { // 4.5 standard deviations
		t.Errorf("%v are shipped to learn, not 0.05", share)
	}
}
