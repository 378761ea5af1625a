package score_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"probability/app/score"
)

// soachaModel has seen the city of soacha, its province and one product.
func soachaModel() *score.Model {
	m := score.Shipped()
	m.Basis, m.Version, m.N, m.Failed, m.Until = score.BasisBlended, 2, 120, 31, time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	m.Cells = map[string]score.Cell{
		"co":                     {Effect: 0.05, Variance: 0.01, Delivered: 89, Failed: 31},
		"co|cundinamarca|soacha": {Effect: -0.75, Variance: 0.04, Delivered: 12, Failed: 19},
		"p1":                     {Effect: 0.25, Variance: 0.02, Delivered: 9, Failed: 0},
	}
	m.HighValue = map[string]int64{"COP": 200_000_000_000}
	return m
}

func TestExplain_QuotesTheOrderAndSaysWhatItRestsOn(t *testing.T) {
	t.Parallel()
	f := toSoacha
	f.PhoneInvalid, f.EmailDisposable, f.NameSuspicious, f.Night, f.Quantity, f.Total, f.Products = true, true, true, true, 4, soacha.Total, []string{"p1", "p9"}
	f.Missing = score.MissingItems | score.MissingTime | score.MissingCustomer
	o := soacha
	o.CreatedAt = time.Date(2026, 11, 20, 3, 7, 0, 0, time.FixedZone("", -5*3600))
	h := score.History{Failed: 1, Delivered: 2, Orders: 4, Recent: 2}
	e := score.NewScorer(soachaModel(), score.Settings{}).Explain(f, h, o)
	type said struct {
		Value    string
		Evidence string
	}
	got := map[score.Code]said{}
	for _, a := range e.Addends {
		evidence := ""
		if a.Evidence != nil {
			data, err := json.Marshal(a.Evidence)
			fatal(t, err)
			evidence = string(data)
		}
		got[a.Code] = said{a.Value, evidence}
	}
	want := map[score.Code]said{
		score.Base:                    {"", `{"kind":"outcomes","counts":{"delivered":89,"failed":31}}`},
		score.PaymentCOD:              {"Cash on Delivery (COD)", ""},
		score.CustomerRefusedBefore:   {"", `{"kind":"customer","counts":{"delivered":2,"failed":1}}`},
		score.CustomerDeliveredBefore: {"", `{"kind":"customer","counts":{"delivered":2,"failed":1}}`},
		score.PhoneInvalid:            {"12345", `{"kind":"country","name":"Colombia"}`},
		score.ValueHigh:               {"250000.00 COP", `{"kind":"amount","amount":"250000.00","limit":"200000.00","currency":"COP"}`},
		score.Velocity:                {"", `{"kind":"recent","number":2}`},
		score.NightOrder:              {"03:07", ""},
		score.EmailDisposable:         {"ana@mailinator.com", ""},
		score.NameSuspicious:          {"Ana", ""},
		score.AreaRate: {"Soacha, Cundinamarca", `{"kind":"place","counts":{"delivered":12,"failed":19},"level":"city","name":"Soacha","parts":[` +
			`{"level":"country","name":"Colombia","effect":0.05,"counts":{"delivered":89,"failed":31}},` +
			`{"level":"city","name":"Soacha","effect":-0.75,"counts":{"delivered":12,"failed":19}}]}`},
		score.ProductRate: {"Lámpara de sal", `{"kind":"product","counts":{"delivered":9,"failed":0},"name":"Lámpara de sal","parts":[` +
			`{"name":"Lámpara de sal","effect":0.25,"counts":{"delivered":9,"failed":0}}]}`},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"customer", "items", "time"}, e.Missing); d != "" {
		t.Error(d)
	}
	if e.Addends[0].Code != score.Base || e.Addends[0].Points != 0 || e.Model != "v2 2026-11-20 n=120" || e.Basis != score.BasisBlended {
		t.Errorf("got %+v", e)
	}
	first := e.NegativeFactors[0]
	if first.Code != score.PaymentCOD || len(e.PositiveFactors) != 2 || e.PositiveFactors[0].Code != score.CustomerDeliveredBefore {
		t.Errorf("got %+v and %+v", e.NegativeFactors, e.PositiveFactors)
	}
}

// Data that the platform withholds, or that were erased, are no fault of the customer.
func TestExplain_WithheldDataCostNothing(t *testing.T) {
	t.Parallel()
	const personal = score.MissingCustomer | score.MissingPhone | score.MissingEmail | score.MissingAddress
	withheld := score.Facts{COD: score.Yes, Missing: personal | score.MissingPersonal}
	s := score.NewScorer(nil, score.Settings{})
	e := s.Explain(withheld, score.History{}, score.Order{})
	if d := cmp.Diff([]string{"customer", "phone", "email", "address", "personal"}, e.Missing); d != "" {
		t.Error(d)
	}
	if whole := s.Score(score.Facts{COD: score.Yes}, score.History{}); e.Score != whole.Score {
		t.Errorf("got %d, want %d", e.Score, whole.Score)
	}
	withheld.Missing = personal
	if left := s.Score(withheld, score.History{}); left.Score >= e.Score {
		t.Errorf("left out costs nothing: %d", left.Score)
	}
}

// What is listed is never null, and nothing but what the order says is quoted.
func TestExplain_OfAnEmptyOrder(t *testing.T) {
	t.Parallel()
	e := score.NewScorer(nil, score.Settings{}).Explain(score.Facts{Missing: 1<<10 - 1, DispatchHours: -1}, score.History{}, score.Order{})
	data, err := json.Marshal(e)
	fatal(t, err)
	for _, want := range []string{
		`"positive_factors":[]`, `"recommended_carrier":null`, `"expected_profit":null`, `"code":"phone_missing"`, `"code":"address_missing"`, `"evidence":{"kind":"unknown"}`,
		`"missing":["customer","phone","email","address","city","country","payment","total","items","time"]`,
	} {
		if !strings.Contains(string(data), want) {
			t.Errorf("no %s in %s", want, data)
		}
	}
	if len(e.Missing) != len(score.MissingNames())-1 {
		t.Errorf("got %v", e.Missing)
	}
}

func TestExplain_PlacesWithoutOutcomesSayNothing(t *testing.T) {
	t.Parallel()
	m := soachaModel()
	m.Cells["co|cundinamarca|soacha|250051"] = score.Cell{Variance: 0.04}
	find := func(m *score.Model, code score.Code) *score.Addend {
		for _, a := range score.NewScorer(m, score.Settings{}).Explain(toSoacha, score.History{}, soacha).Addends {
			if a.Code == code {
				return &a
			}
		}
		return nil
	}
	if got := find(m, score.AreaRate); got == nil || got.Evidence.Level != score.LevelCity || len(got.Evidence.Parts) != 3 {
		t.Errorf("got %+v", got)
	}
	m.Cells["co|cundinamarca|soacha"] = score.Cell{Effect: -0.05, Delivered: 1} // outweighs the country exactly
	if got := find(m, score.AreaRate); got == nil || got.Units != 0 || got.Evidence.Counts.Delivered != 1 {
		t.Errorf("a place that counts nothing, with outcomes: got %+v", got)
	}
	if got := find(score.Shipped(), score.AreaRate); got != nil {
		t.Errorf("without any outcome: got %+v", got)
	}
}

func TestExplain_TheProductThatCountsMostIsNamed(t *testing.T) {
	t.Parallel()
	m := soachaModel()
	m.Cells["#2"], m.Cells["#3"], m.Cells["#4"] = score.Cell{Effect: -0.2, Failed: 1}, score.Cell{Effect: -0.6, Failed: 7}, score.Cell{Effect: 0.9}
	f := toSoacha
	f.Products = []string{"#2", "#3", "#4"}
	o := score.Order{Items: []score.Item{{Product: "13", Title: "Otro"}, {Product: " 3", Title: "Parlante"}}}
	for _, a := range score.NewScorer(m, score.Settings{}).Explain(f, score.History{}, o).Addends {
		if e := a.Evidence; a.Code == score.ProductRate && (e.Name != "Parlante" || e.Counts.Failed != 7 || len(e.Parts) != 3 || e.Parts[0].Name != "2") {
			t.Errorf("got %+v", e)
		}
	}
}

// Whatever an order holds, what is quoted is one short line of valid text.
func TestExplain_QuotesAreShortLines(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringN(70, 90, -1), rapid.Just("a\n\tb\x00c\xff"), rapid.Just(strings.Repeat("ñ ", 4000)))
		o := score.Order{
			Payment: text.Draw(t, "payment"), Phone: text.Draw(t, "phone"), Address: text.Draw(t, "address"), Complement: text.Draw(t, "complement"),
			City: text.Draw(t, "city"), Province: text.Draw(t, "province"), Country: text.Draw(t, "country"), Name: text.Draw(t, "name"),
			Items: []score.Item{{Product: "p1", Title: text.Draw(t, "title")}, {Title: text.Draw(t, "second")}},
		}
		m := drawModel(t)
		m.Carriers = someCarriers()
		f := drawFacts(t)
		f.PhoneInvalid, f.AddressShort, f.NameSuspicious, f.CityMismatch = true, true, true, true
		e := score.NewScorer(m, score.Settings{}).Explain(f, score.History{}, o)
		sound := func(text string) {
			if utf8.RuneCountInString(text) > 80 || !utf8.ValidString(text) || strings.ContainsAny(text, "\n\r\t\x00") || text != strings.TrimSpace(text) {
				t.Fatalf("quoted as %q", text)
			}
		}
		for _, a := range e.Addends {
			sound(a.Value)
			if a.Evidence != nil {
				sound(a.Evidence.Name)
				for _, p := range a.Evidence.Parts {
					sound(p.Name)
				}
			}
		}
		if e.RecommendedCarrier != nil {
			sound(e.RecommendedCarrier.Place)
		}
	})
}
