package score_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"probability/app/score"
)

// complaints are path: code of what Validate says.
func complaints(err error) (out []string) {
	if errs, ok := errors.AsType[score.SettingErrors](err); ok {
		for _, e := range errs {
			out = append(out, e.Path+": "+e.Code)
		}
	}
	return out
}

func TestSettings_WrongOnesAreNamedByPath(t *testing.T) {
	t.Parallel()
	if err := score.Defaults().Validate(); err != nil {
		t.Errorf("the defaults are refused: %v", err)
	}
	if err := (score.Settings{}).Validate(); err != nil {
		t.Errorf("empty settings are refused: %v", err)
	}
	for in, want := range map[string][]string{
		`{"bands":{"high":100}}`:                                              {"bands.high: score_band_range"},
		`{"bands":{"low":-1,"high":101}}`:                                     {"bands.high: score_band_range", "bands.low: score_band_range"},
		`{"bands":{"high":60}}`:                                               {"bands: score_band_order"},
		`{"bands":{"high":50,"medium":40,"low":40}}`:                          {"bands: score_band_order"},
		`{"bands":{"high":99,"medium":2,"low":1}}`:                            nil,
		`{"factors":{"phone_invalid":{"weight":0.1}}}`:                        {"factors.phone_invalid.weight: score_weight_sign"},
		`{"factors":{"customer_delivered_before":{"weight":-0.1}}}`:           {"factors.customer_delivered_before.weight: score_weight_sign"},
		`{"factors":{"area_rate":{"weight":-1},"manual":{"weight":-1}}}`:      {"factors.area_rate.weight: score_weight_sign", "factors.manual.weight: score_weight_sign"},
		`{"factors":{"phone_invalid":{"weight":-5.01}}}`:                      {"factors.phone_invalid.weight: score_weight"},
		`{"factors":{"phone_invalid":{"weight":-5},"velocity":{"weight":0}}}`: nil,
		`{"factors":{"base":{"off":true}}}`:                                   {"factors.base: score_unknown"},
		`{"factors":{"phones":{}}}`:                                           {"factors.phones: score_unknown"},
		`{"explore":0.11}`:                                                    {"explore: score_explore"},
		`{"explore":-0.01}`:                                                   {"explore: score_explore"},
		`{"explore":0.1}`:                                                     nil,
		`{"economy":{"currency":"COP","margin":"35000","return_cost":"0.5"}}`: nil,
		`{"economy":{"currency":"PESO","margin":"0","return_cost":"-1"}}`:     {"economy.currency: score_currency", "economy.margin: score_amount", "economy.return_cost: score_amount"},
		`{"economy":{"currency":"cop","margin":"1e3","return_cost":" 1"}}`:    {"economy.margin: score_amount", "economy.return_cost: score_amount"},
		`{"economy":{"currency":"COP","margin":"1.2345678","return_cost":"1234567890123456"}}`: {
			"economy.margin: score_amount", "economy.return_cost: score_amount",
		},
		`{"economy":{"currency":"COP"}}`:             {"economy.margin: score_amount", "economy.return_cost: score_amount"},
		`{"economy":{}}`:                             nil,
		`{"economy":null}`:                           nil,
		`{"carriers":[{"carrier":"","use":"like"}]}`: {"carriers.0.carrier: score_rule_name", "carriers.0.use: score_rule_use"},
		`{"carriers":[{"carrier":"TCC","use":"prefer","city":"Soacha"}]}`:                                                      {"carriers.0.country: score_rule_place"},
		`{"carriers":[{"carrier":"TCC","use":"prefer"},{"carrier":" tcc","use":"exclude"}]}`:                                   {"carriers.1: score_rule_twice"},
		`{"carriers":[{"carrier":"TCC","use":"prefer","country":"co"},{"carrier":"TCC","use":"exclude"}]}`:                     nil,
		`{"carriers":[{"carrier":"` + strings.Repeat("x", 101) + `","use":"prefer"}]}`:                                         {"carriers.0.carrier: score_rule_name"},
		`{"carriers":[` + strings.Repeat(`{"carrier":"TCC","use":"prefer"},`, 200) + `{}]}`:                                    {"carriers: score_rules_count"},
		`{"carriers":[{"carrier":"TCC","use":"prefer","country":"…"}]}`:                                                        {"carriers.0.country: score_rule_name"},
		`{"carriers":[{"carrier":"TCC","use":"prefer","country":"CO"},{"carrier":"TCC","use":"prefer","country":"Colombia"}]}`: {"carriers.1: score_rule_twice"},
		`{"bands":{"hi":1}}`:      {"bands.hi: score_unknown"},
		`{"weights":{}}`:          {"weights: score_unknown"},
		`{"bands":{"high":"80"}}`: {"bands.high: score_malformed"},
		`{"carriers":[{"carrier":"A","use":"prefer"},{"carrier":"B","use":1}]}`:     {"carriers.1.use: score_malformed"},
		`{"carriers":[{"carrier":"A","used":"prefer"}],"explore":"1","economy":[]}`: {"carriers.0.used: score_unknown", "economy: score_malformed", "explore: score_malformed"},
		`{"bands":{"high":80.5}}`:               {"bands.high: score_malformed"},
		`{"factors":{"velocity":{"off":"no"}}}`: {"factors.velocity.off: score_malformed"},
		`{} {}`:                                 {": score_malformed"},
		`{`:                                     {": score_malformed"},
		`null`:                                  {": score_malformed"},
		`[]`:                                    {": score_malformed"},
		``:                                      {": score_malformed"},
		`{"x":"` + strings.Repeat("x", 300_000) + `"}`: {": score_malformed"},
	} {
		got, err := score.ParseSettings([]byte(in))
		if d := cmp.Diff(want, complaints(err)); d != "" {
			t.Errorf("%.100s: %s", in, d)
		}
		if err != nil && cmp.Diff(got, score.Settings{}) != "" {
			t.Errorf("%.100s: refused, and yet %+v", in, got)
		}
	}
	for _, w := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		s := score.Settings{Factors: map[score.Code]score.FactorSetting{score.Velocity: {Weight: &w}}, Explore: &w}
		if d := cmp.Diff([]string{"explore: score_explore", "factors.velocity.weight: score_weight"}, complaints(s.Validate())); d != "" {
			t.Errorf("%v: %s", w, d)
		}
	}
}

func TestSettings_AStoreOverridesWhatItNames(t *testing.T) {
	t.Parallel()
	above := score.Settings{
		Factors: map[score.Code]score.FactorSetting{score.Velocity: {Off: true}, score.NightOrder: {Weight: new(-1.0)}},
		Economy: &score.Economy{Currency: "COP", Margin: "1", ReturnCost: "2"}, Explore: new(0.05),
		Carriers: []score.CarrierRule{{Carrier: "TCC", Use: score.UsePrefer}}, Bands: score.Bands{High: 85},
	}
	own := score.Settings{
		Factors: map[score.Code]score.FactorSetting{score.Velocity: {}}, Bands: score.Bands{Low: 30}, Explore: new(0.0), Carriers: []score.CarrierRule{},
	}
	got := score.Merge(score.Merge(score.Defaults(), above), own)
	want := score.Settings{
		Factors: map[score.Code]score.FactorSetting{score.Velocity: {}, score.NightOrder: {Weight: new(-1.0)}},
		Economy: &score.Economy{Currency: "COP", Margin: "1", ReturnCost: "2"}, Explore: new(0.0),
		Carriers: []score.CarrierRule{}, Bands: score.Bands{High: 85, Medium: 60, Low: 30},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	*got.Factors[score.NightOrder].Weight, got.Economy.Margin, *got.Explore = 7, "7", 7
	if *above.Factors[score.NightOrder].Weight != -1 || above.Economy.Margin != "1" || *own.Explore != 0 {
		t.Error("what was merged is shared")
	}
	if d := cmp.Diff(above, score.Merge(above, score.Settings{})); d != "" {
		t.Errorf("silence changes: %s", d)
	}
	r, h := score.Facts{COD: score.No}, score.History{Recent: 5}
	if a, b := score.NewScorer(nil, above).Score(r, h).Score, score.NewScorer(nil, got).Score(r, h).Score; a != 95 || b != 89 {
		t.Errorf("velocity off and on again: %d, %d", a, b)
	}
}

func TestSettings_CanonicalIsOneForEqualSettings(t *testing.T) {
	t.Parallel()
	for want, same := range map[string][]string{
		`{}`: {`{}`, ` { } `, `{"bands":{}}`, `{"factors":null,"carriers":null,"explore":null}`},
		`{"factors":{"night_order":{"off":true},"velocity":{"weight":-0.5}},"bands":{"high":90}}`: {
			`{"bands":{"high":90},"factors":{"velocity":{"weight":-0.50,"off":false},"night_order":{"off":true}}}`,
		},
		`{"economy":{}}`: {`{"economy":null}`, `{"economy":{"currency":"","margin":"","return_cost":""}}`},
		`{"economy":{"currency":"COP","margin":"35000.5","return_cost":"12"}}`: {
			`{"economy":{"return_cost":"0012.00","margin":"35000.50","currency":"cop"}}`,
		},
		`{"factors":{"velocity":{"weight":0}},"explore":0}`: {`{"explore":-0,"factors":{"velocity":{"weight":-0.0}}}`},
		`{"carriers":[]}`: {`{"carriers": []}`},
		`{"carriers":[{"carrier":"A","use":"prefer"},{"country":"co","carrier":"B","use":"exclude"}]}`: {
			`{"carriers":[{"country":"co ","carrier":"B","use":"exclude"},{"use":"prefer","carrier":" A"}]}`,
		},
	} {
		for _, in := range same {
			s, err := score.ParseSettings([]byte(in))
			fatal(t, err)
			got, err := s.Canonical()
			fatal(t, err)
			if string(got) != want {
				t.Errorf("%s: got %s, want %s", in, got, want)
			}
		}
	}
	if _, err := (score.Settings{Economy: &score.Economy{Margin: "x"}}).Canonical(); err == nil {
		t.Error("an amount that is none has no canonical form")
	}
}

// finite fails when a score of these settings and this model is anything but a probability with a sound explanation.
func finite(t testing.TB, m *score.Model, s score.Settings) {
	t.Helper()
	scorer := score.NewScorer(m, s)
	bad := score.Facts{
		Missing: 1<<10 - 1, COD: score.Yes, PhoneInvalid: true, PhoneRepeated: true, AddressNoNumber: true, AddressShort: true, AddressGibberish: true,
		CityMismatch: true, EmailDisposable: true, NameSuspicious: true, Night: true, RiskHigh: true, Quantity: 9, DispatchHours: 900,
		Country: "co", Province: "co|cundinamarca", City: "co|cundinamarca|soacha", Products: []string{"p1", "p2"},
	}
	for _, f := range []score.Facts{bad, {COD: score.No, DispatchHours: -1}, toSoacha} {
		for _, h := range []score.History{{Mark: score.Blocked, Failed: 50, Recent: 9}, {}, {Mark: score.Allowed, Delivered: 50}} {
			e := scorer.Explain(f, h, soacha)
			if !(e.Probability >= 0 && e.Probability <= 1 && e.Interval80[0] >= 0 && e.Interval80[1] <= 1) || math.IsNaN(e.Logit) || math.IsInf(e.Logit, 0) {
				t.Fatalf("got %+v", e)
			}
			_, err := json.Marshal(e) // refuses what is not finite, wherever it is
			fatal(t, err)
		}
	}
}

func TestSettings_ValidOnesScoreFinitely(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSettings(t)
		s.Economy = &score.Economy{Currency: "COP", Margin: rapid.StringMatching(`[0-9]{1,15}\.[0-9]{5}1`).Draw(t, "margin"), ReturnCost: "999999999999999"}
		s.Explore = new(rapid.Float64Range(0, 0.1).Draw(t, "explore"))
		fatalIn(t, s.Validate())
		data, err := s.Canonical()
		fatalIn(t, err)
		again, err := score.ParseSettings(data)
		fatalIn(t, err)
		m, f, h := drawModel(t), drawFacts(t), drawHistory(t)
		a, b := score.NewScorer(m, s).Explain(f, h, soacha), score.NewScorer(m, again).Explain(f, h, soacha)
		if d := cmp.Diff(a, b); d != "" {
			t.Fatalf("stored and read again they mean something else: %s", d)
		}
	})
}

func FuzzParseSettings(f *testing.F) {
	for _, s := range []string{
		`{}`, `null`, `{"bands":{"high":85,"medium":61,"low":30},"explore":0.05}`, `{"factors":{"velocity":{"weight":-2e0},"area_rate":{"off":true}}}`,
		`{"economy":{"currency":"MXN","margin":"180.50","return_cost":"95"}}`, `{"bands":{"high":1e999}}`, `{"factors":{"velocity":{"weight":-1e-320}}}`,
		`{"carriers":[{"country":"México","city":"Zapopan","carrier":"99 minutos","use":"prefer"},{"carrier":"\ud800","use":"exclude"}]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := score.ParseSettings(data)
		if err != nil {
			if len(complaints(err)) == 0 {
				t.Fatalf("%T is no list of complaints", err)
			}
			return
		}
		one, err := s.Canonical()
		fatal(t, err)
		again, err := score.ParseSettings(one)
		if err != nil {
			t.Fatalf("the canonical %s is refused: %v", one, err)
		}
		two, err := again.Canonical()
		fatal(t, err)
		if string(one) != string(two) {
			t.Fatalf("%s becomes %s", one, two)
		}
		fatal(t, score.Merge(score.Defaults(), s).Validate())
		finite(t, nil, s)
	})
}

func ExampleSettingErrors() {
	_, err := score.ParseSettings([]byte(`{"bands":{"high":120},"factors":{"velocity":{"weight":0.4}}}`))
	fmt.Println(err)
	// Output: settings: bands.high: score_band_range, factors.velocity.weight: score_weight_sign
}
