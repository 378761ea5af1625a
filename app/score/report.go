package score

import "time"

// Decision is what became of a newly learnt model.
type Decision string

// Decisions.
const (
	Accepted Decision = "accepted"
	Refused  Decision = "refused"
)

// GateReason is why a model was accepted or refused. Codes are stable.
type GateReason string

// Reasons. Only ReasonBetter accepts.
const (
	ReasonBetter            GateReason = "better_than_current"
	ReasonTooFew            GateReason = "too_few_outcomes"     // nothing can be learnt yet
	ReasonTooFewNew         GateReason = "too_few_new_outcomes" // since the current model, so there is nothing to compare on
	ReasonNotBetter         GateReason = "not_better_than_current"
	ReasonNotBetterThanBase GateReason = "not_better_than_base_rate"
	ReasonBadlyCalibrated   GateReason = "badly_calibrated"
)

// Warnings of a report.
const (
	WarnNotShipped = "many_not_shipped"            // above maxNotShipped: what was held back is not learnt from
	WarnNoSkill    = "no_better_than_base_rate"    // the data do not yet beat the base rate
	WarnNoSettling = "settling_time_not_known_yet" // the usual one is taken
)

// Report is what Train found: how much there was to learn from, how well what was learnt predicts outcomes it had not seen,
// and what was decided. All figures are of outcomes later than those the prediction was learnt from.
type Report struct {
	At       time.Time  `json:"at"`
	Basis    Basis      `json:"basis"` // of the candidate
	Decision Decision   `json:"decision"`
	Reason   GateReason `json:"reason"`
	Live     bool       `json:"live"` // the model that came with this report differs from the current one, and is to go live
	Warnings []string   `json:"warnings"`

	N               int            `json:"n"` // outcomes learnt from
	Failed          int            `json:"failed"`
	Excluded        Excluded       `json:"excluded"`
	Sources         map[string]int `json:"sources"`           // outcomes by who told them
	NotShippedShare float64        `json:"not_shipped_share"` // of the orders old enough to have an outcome
	SettlingDays    float64        `json:"settling_days"`     // within which 95 of 100 outcomes are known

	Tested      Tested        `json:"tested"`
	Months      []Month       `json:"months"` // the newest 24, by when orders were placed
	Weights     []Moved       `json:"weights"`
	Calibration Calibration   `json:"calibration"`
	Reliability []Reliability `json:"reliability"`
}

// Excluded is how many orders were not learnt from, and why. Each counts once.
type Excluded struct {
	Test       int `json:"test"`
	Young      int `json:"young"`       // younger than the settling time, whatever became of them: fast outcomes are not like slow ones
	Cancelled  int `json:"cancelled"`   // before they were shipped
	NotShipped int `json:"not_shipped"` // never dispatched
	Pending    int `json:"pending"`     // dispatched, and nothing heard
	Old        int `json:"old"`         // beyond the newest MaxSamples
}

// Tested is how well the candidate predicts. Losses are means of −log(probability of what happened).
type Tested struct {
	N              int       `json:"n"`
	From           time.Time `json:"from"`
	To             time.Time `json:"to"`
	Loss           float64   `json:"loss"`
	CurrentLoss    *float64  `json:"current_loss"` // null: none of them is new to the current model
	BaseLoss       float64   `json:"base_loss"`    // of saying the same to every order: the share delivered until then
	Gain           float64   `json:"gain"`         // the current model's loss less the candidate's
	GainError      float64   `json:"gain_error"`   // its standard error
	BaseGain       float64   `json:"base_gain"`    // the same against the base rate
	BaseGainError  float64   `json:"base_gain_error"`
	Brier          float64   `json:"brier"`
	BaseBrier      float64   `json:"base_brier"`
	Skill          float64   `json:"skill"` // 1 − Brier ÷ that of the base rate; 0 or less: no better than saying the same to all
	AUC            *Interval `json:"auc"`   // null where only one kind of outcome came
	CalibrationErr float64   `json:"calibration_error"`
	Chance         float64   `json:"calibration_chance"` // the error a perfect model would show with so few outcomes
}

// Interval is a figure with the bounds within which it lies at 95 %.
type Interval struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Month is what became of the orders of one month.
type Month struct {
	Month  string `json:"month"` // 2026-11
	N      int    `json:"n"`
	Failed int    `json:"failed"`
}

// Moved is a weight as it was shipped and as it was learnt.
type Moved struct {
	Code    Code    `json:"code"`
	Shipped float64 `json:"shipped"`
	Now     float64 `json:"now"`
	SD      float64 `json:"sd"`
}

// Calibration is the last correction: log-odds become Shift + Slope × log-odds. It is folded into the model, as is what the level's
// movement makes of it.
type Calibration struct {
	Shift float64 `json:"shift"`
	Slope float64 `json:"slope"`
	Drift float64 `json:"drift"` // standard deviation, in log-odds, of what the level moves by in a month
}

// Reliability compares what was predicted with what happened, for orders of about the same probability.
type Reliability struct {
	N         int     `json:"n"`
	Predicted float64 `json:"predicted"` // mean
	Delivered float64 `json:"delivered"` // share
	Low       float64 `json:"low"`       // of the share, at 95 % (Wilson)
	High      float64 `json:"high"`
}
