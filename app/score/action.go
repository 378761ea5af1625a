package score

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

// Action is what is recommended. Nothing here acts: no order is held back by the service.
type Action string

// Actions.
const (
	ActionShip             Action = "ship"
	ActionConfirmByMessage Action = "confirm_by_message"
	ActionConfirmByPhone   Action = "confirm_by_phone"
	ActionAskPrepayment    Action = "ask_prepayment" // would be held if it is not paid first
	ActionHold             Action = "hold"
	ActionShipToLearn      Action = "ship_to_learn" // would be held; shipped to learn what becomes of such orders
	ActionNone             Action = "none"          // nothing is left to decide
)

// Actions are all of them.
func Actions() []Action {
	return []Action{
		ActionShip, ActionConfirmByMessage, ActionConfirmByPhone, ActionAskPrepayment, ActionHold, ActionShipToLearn, ActionNone,
	}
}

// ActionBasis says why an action is recommended.
type ActionBasis string

// Values of ActionBasis.
const (
	ByState   ActionBasis = "state"   // test, cancelled or on its way
	ByMark    ActionBasis = "mark"    // the merchant's own word
	ByEconomy ActionBasis = "economy" // what is expected to be earned
	ByBand    ActionBasis = "band"
	ByExplore ActionBasis = "explore"
)

// ActionBases are all values of ActionBasis.
func ActionBases() []ActionBasis { return []ActionBasis{ByState, ByMark, ByEconomy, ByBand, ByExplore} }

// Profit is what is expected of an order, exact to the cent. Holding it costs nothing and earns nothing.
type Profit struct {
	Ship      string  `json:"ship"`
	Hold      string  `json:"hold"`
	Currency  string  `json:"currency"`
	BreakEven float64 `json:"break_even"` // the probability from which shipping earns
}

// economy is an Economy that was read.
type economy struct {
	currency           string
	margin, returnCost decimal.Decimal
	breakEven          float64
}

func newEconomy(e *Economy) *economy {
	if e.none() {
		return nil
	}
	margin, err := parseAmount(e.Margin)
	if err != nil {
		return nil // Validate refuses it
	}
	cost, err := parseAmount(e.ReturnCost)
	if err != nil {
		return nil
	}
	return &economy{currency: strings.ToUpper(e.Currency), margin: margin, returnCost: cost, breakEven: cost.Div(margin.Add(cost)).InexactFloat64()}
}

// counts tells whether the figures are about such an order: those of another currency are not.
func (e *economy) counts(f *Facts) bool {
	return e != nil && (f.Currency == "" || strings.ToUpper(f.Currency) == e.currency)
}

// expected is p·margin − (1−p)·return cost, exactly for the p that is shown.
func (e *economy) expected(p float64) decimal.Decimal {
	exact := decimal.NewFromFloat(p)
	return exact.Mul(e.margin).Sub(decimal.NewFromInt(1).Sub(exact).Mul(e.returnCost))
}

func (s *Scorer) profit(f *Facts, p float64) *Profit {
	if !s.economy.counts(f) {
		return nil
	}
	return &Profit{
		Ship: s.economy.expected(p).StringFixed(2), Hold: decimal.Zero.StringFixed(2), Currency: s.economy.currency, BreakEven: s.economy.breakEven,
	}
}

// action recommends. What the merchant said of the customer counts before any figure.
func (s *Scorer) action(f *Facts, h *History, o *Order, e *Explanation) (Action, ActionBasis) {
	switch {
	case f.Test || o.Test || !o.Cancelled.IsZero() || f.DispatchHours >= 0:
		return ActionNone, ByState
	case h.Mark > Unmarked:
		return ActionShip, ByMark
	case h.Mark < Unmarked:
		return ActionHold, ByMark
	}
	action, basis := s.byBand(f, e.Band), ByBand
	if s.economy.counts(f) {
		action, basis = s.byEconomy(e), ByEconomy
	}
	if (action == ActionHold || action == ActionAskPrepayment) && s.explores(f, h, o) {
		return ActionShipToLearn, ByExplore
	}
	return action, basis
}

func (s *Scorer) byEconomy(e *Explanation) Action {
	switch at := s.economy.breakEven; {
	case at >= e.Interval80[0] && at <= e.Interval80[1]:
		return ActionConfirmByPhone
	case s.economy.expected(e.Probability).IsPositive():
		return ActionShip
	default:
		return ActionHold
	}
}

func (s *Scorer) byBand(f *Facts, band string) Action {
	switch {
	case band == BandHigh:
		return ActionShip
	case band == BandMedium:
		return ActionConfirmByMessage
	case band == BandLow:
		return ActionConfirmByPhone
	case f.COD == No:
		return ActionHold
	default:
		return ActionAskPrepayment
	}
}

// explores draws the share by a hash of what does not change about an order, so that it is asked twice and answers the same. Orders
// of high value are left out: what they teach costs too much.
func (s *Scorer) explores(f *Facts, h *History, o *Order) bool {
	if s.explore <= 0 || unitsValueHigh(f, h, s.model) > 0 {
		return false
	}
	b := make([]byte, 0, 160)
	b = strconv.AppendInt(b, o.CreatedAt.UnixNano(), 10)
	b = strconv.AppendInt(append(b, 0), f.Total, 10)
	for _, text := range append([]string{f.Currency, f.City, f.Postcode}, f.Products...) {
		b = append(append(b, 0), text...)
	}
	sum := sha256.Sum256(b)
	const whole = 1 << 53
	return float64(binary.BigEndian.Uint64(sum[:])%whole)/whole < s.explore
}
