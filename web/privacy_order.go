package web

import (
	"encoding/json"
	"fmt"

	"github.com/shopspring/decimal"

	"probability/app"
	"probability/app/score"
	"probability/store"
)

// keptView is what is kept of an order beside what the platform sent, as an export has it behind the order's own members.
type keptView struct {
	Outcomes []reportView    `json:"outcomes"`
	Mark     *markView       `json:"mark"`
	Facts    *factsView      `json:"facts"`
	Score    *orderScoreView `json:"score"`
}

// factsView is what the score reads in an order, and what it knew of the customer when the order was placed.
type factsView struct {
	PlacedAt       stamp       `json:"placed_at"`
	Missing        []string    `json:"missing"`
	PaidOnDelivery *bool       `json:"paid_on_delivery"` // null: not known
	Findings       []string    `json:"findings"`
	Total          *amountView `json:"total"`
	Currency       *string     `json:"currency"`
	Quantity       int         `json:"quantity"`       // the most of one product
	DispatchHours  *int        `json:"dispatch_hours"` // null: no parcel yet
	Country        *string     `json:"country"`
	Province       *string     `json:"province"`
	City           *string     `json:"city"`
	Postcode       *string     `json:"postcode"`
	Products       []string    `json:"products"`
	Carrier        *string     `json:"carrier"`
	History        historyView `json:"history"`
}

// historyView is what was known of the customer's other orders.
type historyView struct {
	Delivered int `json:"delivered"`
	Failed    int `json:"failed"`
	Earlier   int `json:"earlier"`
	Recent    int `json:"recent"` // within the 24 hours before
}

func viewFacts(f *score.Facts, stored store.OrderFacts) *factsView {
	h := stored.History
	view := &factsView{
		PlacedAt: stamp(stored.PlacedAt), Missing: []string{}, Findings: []string{}, Currency: nullable(f.Currency), Quantity: f.Quantity,
		Country: nullable(f.Country), Province: nullable(f.Province), City: nullable(f.City), Postcode: nullable(f.Postcode),
		Products: list(f.Products), Carrier: nullable(f.Carrier), History: historyView{h.Delivered, h.Failed, h.Earlier, h.Recent},
	}
	for i, name := range score.MissingNames() {
		if f.Missing&(1<<i) != 0 {
			view.Missing = append(view.Missing, name)
		}
	}
	if f.COD != score.Unknown {
		yes := f.COD == score.Yes
		view.PaidOnDelivery = &yes
	}
	for _, finding := range []struct {
		there bool
		name  string
	}{
		{f.PhoneInvalid, "phone_invalid"},
		{f.PhoneRepeated, "phone_repeated"},
		{f.AddressNoNumber, "address_no_number"},
		{f.AddressShort, "address_short"},
		{f.AddressGibberish, "address_gibberish"},
		{f.CityMismatch, "city_mismatch"},
		{f.EmailDisposable, "email_disposable"},
		{f.NameSuspicious, "name_suspicious"},
		{f.Night, "night_order"},
		{f.RiskHigh, "risk_high"},
		{f.Test, "test_order"},
	} {
		if finding.there {
			view.Findings = append(view.Findings, finding.name)
		}
	}
	if f.Missing&score.MissingTotal == 0 {
		total := amountView(decimal.New(f.Total, -6))
		view.Total = &total
	}
	if f.DispatchHours >= 0 {
		view.DispatchHours = &f.DispatchHours
	}
	return view
}

// appendCustomerOrder writes an order of an export with all that is kept of it.
func (m orderMembers) appendCustomerOrder(dst []byte, v voice, o app.CustomerOrder) ([]byte, error) {
	kept := keptView{Outcomes: make([]reportView, len(o.Reports)), Mark: viewMark(o.Mark)}
	for i, r := range o.Reports {
		kept.Outcomes[i] = viewReport(r)
	}
	if o.Score != nil {
		explained := v.orderScore(o.ID, *o.Score)
		kept.Facts, kept.Score = viewFacts(o.Facts, o.Score.Facts), &explained
	}
	more, err := json.Marshal(kept)
	if err != nil {
		return dst, fmt.Errorf("export of order %d: %w", o.ID, err)
	}
	dst = m.appendLine(dst, o.Order)
	dst = append(dst[:len(dst)-len("}")], ',')
	return append(dst, more[len("{"):]...), nil
}
