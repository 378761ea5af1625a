package web_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"probability/app/score"
	"probability/web"
)

// scoreSentences are the ids that an explanation may ask for.
func scoreSentences() map[string]bool {
	ids := map[string]bool{"score.summary": true, "score.profit": true, "score.carrier": true}
	for _, code := range score.Codes() {
		ids["score.factor."+string(code)+".label"] = true
		ids["score.factor."+string(code)+".reason"] = true
	}
	for _, name := range score.MissingNames() {
		ids["score.missing."+name] = true
	}
	for _, action := range score.Actions() {
		ids["score.action."+string(action)] = true
	}
	for _, basis := range score.ActionBases() {
		ids["score.action_basis."+string(basis)] = true
	}
	for _, band := range []string{score.BandHigh, score.BandMedium, score.BandLow, score.BandVeryLow} {
		ids["score.band."+band] = true
	}
	for _, c := range []string{score.ConfidenceHigh, score.ConfidenceMedium, score.ConfidenceLow} {
		ids["score.confidence."+c] = true
	}
	for _, basis := range []score.Basis{score.BasisPrior, score.BasisBlended, score.BasisLearned} {
		ids["score.basis."+string(basis)] = true
	}
	for _, reason := range []score.GateReason{
		score.ReasonBetter, score.ReasonTooFew, score.ReasonTooFewNew, score.ReasonNotBetter, score.ReasonNotBetterThanBase, score.ReasonBadlyCalibrated,
	} {
		ids["score.reason."+string(reason)] = true
	}
	for _, warning := range []string{score.WarnNotShipped, score.WarnNoSkill, score.WarnNoSettling} {
		ids["score.warning."+warning] = true
	}
	return ids
}

func TestScoreWords_NoneIsMissingAndNoneUnused(t *testing.T) {
	t.Parallel()
	wanted := scoreSentences()
	for _, language := range []string{"en", "es"} {
		has := sentences(t, language)
		for id := range wanted {
			if has[id] == "" {
				t.Errorf("%s: no sentence %s", language, id)
			}
		}
		for id := range has {
			for _, group := range []string{"factor", "missing", "action", "action_basis", "band", "confidence", "basis", "reason", "warning"} {
				if strings.HasPrefix(id, "score."+group+".") && !wanted[id] {
					t.Errorf("%s: nothing uses the sentence %s", language, id)
				}
			}
		}
	}
}

// inWords is the view of an explanation as a client reads it.
type inWords struct {
	Score           int                  `json:"score"`
	Addends         []factorInWords      `json:"addends"`
	NegativeFactors []factorInWords      `json:"negative_factors"`
	PositiveFactors []factorInWords      `json:"positive_factors"`
	Carrier         *score.CarrierAdvice `json:"recommended_carrier"`
	Action          string               `json:"recommended_action"`
	Words           map[string]any       `json:"words"`
}

type factorInWords struct {
	Code   score.Code `json:"code"`
	Points int        `json:"points"`
	Label  string     `json:"label"`
	Reason string     `json:"reason"`
}

func explainIn(t *testing.T, language string, e score.Explanation) inWords {
	t.Helper()
	data, err := web.ScoreInWords(language, e)
	fatal(t, err)
	var out inWords
	fatal(t, json.Unmarshal(data, &out))
	return out
}

// everything is a model, settings and an order with all that an explanation can say.
func everything() (*score.Model, score.Settings, score.Facts, score.History, score.Order) {
	m := score.Shipped()
	m.Basis, m.Version, m.N, m.Failed, m.Until = score.BasisLearned, 7, 1842, 400, time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	m.Cells = map[string]score.Cell{
		"co|cundinamarca|soacha": {Effect: -0.7, Variance: 0.05, Delivered: 12, Failed: 19}, "#p1": {Effect: -0.6, Variance: 0.05, Delivered: 3, Failed: 9},
	}
	m.HighValue = map[string]int64{"COP": 200_000_000_000}
	m.Carriers = map[string][]score.CarrierRate{
		"":   {{Carrier: "envia", Delivered: 180, Failed: 20}, {Carrier: "tcc", Delivered: 60, Failed: 40}},
		"co": {{Carrier: "envia", Delivered: 180, Failed: 20}, {Carrier: "tcc", Delivered: 60, Failed: 40}},
	}
	f := score.Facts{
		Missing: score.MissingPhone | score.MissingAddress | score.MissingEmail, COD: score.Yes, PhoneInvalid: true, PhoneRepeated: true, AddressNoNumber: true,
		AddressShort: true, AddressGibberish: true, CityMismatch: true, EmailDisposable: true, NameSuspicious: true, Night: true, RiskHigh: true,
		Total: 250_000_000_000, Currency: "COP", Quantity: 4, DispatchHours: 150, Country: "co", Province: "co|cundinamarca", City: "co|cundinamarca|soacha",
		Products: []string{"#p1"},
	}
	o := score.Order{
		CreatedAt: time.Date(2026, 11, 20, 3, 7, 0, 0, time.FixedZone("", -5*3600)), Country: "Colombia", Province: "Antioquia", City: "Soacha",
		Phone: "12345", Address: "Calle 5", Email: "x@mailinator.com", Name: "asdf", Payment: "Contraentrega", RiskLevel: "high",
		Items: []score.Item{{Product: "p1", Title: "Lámpara {{.Value}}", Quantity: 4}},
	}
	economy := &score.Economy{Currency: "COP", Margin: "35000", ReturnCost: "25000"}
	return m, score.Settings{Economy: economy}, f, score.History{Delivered: 0, Failed: 2, Orders: 3, Recent: 3, Mark: score.Blocked}, o
}

// Every factor for and against is said in whole sentences, in both languages, with its figures and with none.
func TestScoreWords_AreWholeSentences(t *testing.T) {
	t.Parallel()
	m, settings, f, h, o := everything()
	better, taken := score.Shipped(), h
	better.Cells = map[string]score.Cell{"co": {Effect: 0.5, Delivered: 7}, "#p1": {Effect: 0.5, Delivered: 7}}
	unseen := score.Shipped()
	unseen.Cells = map[string]score.Cell{"co": {Effect: -0.5}, "#p1": {Effect: -0.5}}
	taken.Delivered, taken.Mark = 9, score.Allowed
	rule := score.Settings{Carriers: []score.CarrierRule{{Carrier: "Servientrega", Use: score.UsePrefer}}}
	said := map[score.Code]bool{}
	for name, e := range map[string]score.Explanation{
		"everything":   score.NewScorer(m, settings).Explain(f, h, o),
		"no texts":     score.NewScorer(m, settings).Explain(f, h, score.Order{}),
		"for it":       score.NewScorer(better, rule).Explain(f, taken, o),
		"not seen yet": score.NewScorer(unseen, score.Settings{}).Explain(f, taken, o),
		"nothing":      score.NewScorer(nil, score.Settings{}).Explain(score.Facts{DispatchHours: -1}, score.History{}, score.Order{}),
	} {
		for _, language := range []string{"en", "es"} {
			got := explainIn(t, language, e)
			if len(got.Addends) != len(e.Addends) || len(got.NegativeFactors) != len(e.NegativeFactors) || len(got.PositiveFactors) != len(e.PositiveFactors) {
				t.Errorf("%s, %s: factors are lost", name, language)
			}
			for _, a := range slices.Concat(got.Addends, got.NegativeFactors, got.PositiveFactors) {
				said[a.Code] = true
				whole(t, name+", "+language+", "+string(a.Code), a.Reason)
				if a.Label == "" || strings.HasSuffix(a.Label, ".") {
					t.Errorf("%s: the label is %q", a.Code, a.Label)
				}
			}
			for member, text := range got.Words {
				switch text := text.(type) {
				case string:
					if member != "band" && member != "action" {
						whole(t, name+", "+language+", "+member, text)
					} else if text == "" {
						t.Errorf("%s: no word for %s", name, member)
					}
				case []any:
					if member != "missing" || len(text) != len(e.Missing) || slices.Contains(text, any("")) {
						t.Errorf("%s, %s: %s is %v", name, language, member, text)
					}
				case nil:
					if member == "carrier" && e.RecommendedCarrier != nil || member == "profit" && e.ExpectedProfit != nil {
						t.Errorf("%s, %s: no word on %s", name, language, member)
					}
				}
			}
		}
	}
	for _, code := range score.Codes() {
		if !said[code] {
			t.Errorf("%s was not tried", code)
		}
	}
}

// whole fails for what is no sentence.
func whole(t *testing.T, what, text string) {
	t.Helper()
	if !strings.HasSuffix(text, ".") || strings.Contains(text, "  ") || strings.Contains(text, "<no value>") || strings.Contains(text, " .") ||
		strings.Contains(text, "“”") || strings.Contains(text, "«»") || text != strings.TrimSpace(text) {
		t.Errorf("%s: %q", what, text)
	}
}

func TestScoreWords_SayWhatTheFiguresAre(t *testing.T) {
	t.Parallel()
	m, settings, f, h, o := everything()
	h.Mark, f.DispatchHours = score.Unmarked, -1
	e := score.NewScorer(m, settings).Explain(f, h, o)
	for language, want := range map[string]map[score.Code]string{
		"en": {
			score.AreaRate:              "12 of 31 parcels delivered in Soacha, fewer than elsewhere once the rest is counted.",
			score.PhoneInvalid:          "“12345” is not a phone number of Colombia.",
			score.ProductRate:           "3 of 12 parcels with “Lámpara {{.Value}}” delivered, fewer than of other products once the rest is counted.",
			score.ValueHigh:             "The total of 250000.00 COP is among the highest of your store; nine of ten orders are not above 200000.00 COP.",
			score.CustomerRefusedBefore: "Earlier parcels of this customer that were not delivered: 2; delivered: 0.",
			score.Base:                  "Every order starts from what is usual in your store: 1,442 of 1,842 parcels were delivered.",
		},
		"es": {
			score.AreaRate:     "12 de 31 paquetes entregados en Soacha, menos que en otros lugares una vez contado lo demás.",
			score.PhoneInvalid: "«12345» no es un teléfono de Colombia.",
			score.NightOrder:   "El pedido se hizo entre medianoche y las cinco de la mañana, a las 03:07.",
		},
	} {
		got := map[score.Code]string{}
		view := explainIn(t, language, e)
		for _, a := range view.Addends {
			if want[a.Code] != "" {
				got[a.Code] = a.Reason
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", language, d)
		}
		if view.Words["action"] != map[string]string{"en": "Hold it back", "es": "Retener"}[language] {
			t.Errorf("%s: got %v", language, view.Words["action"])
		}
	}
	plain := score.NewScorer(nil, score.Settings{}).Explain(score.Facts{COD: score.Yes, DispatchHours: -1}, score.History{}, score.Order{})
	summary := explainIn(t, "en", plain).Words["summary"]
	unsaid := score.NewScorer(nil, score.Settings{}).Explain(score.Facts{DispatchHours: -1}, score.History{}, score.Order{})
	for language, want := range map[string]string{
		"en": "Whether the order is paid on delivery is not said, so this counts half.",
		"es": "No consta si el pedido se paga al recibir, así que esto cuenta la mitad.",
	} {
		for _, a := range explainIn(t, language, unsaid).Addends {
			if a.Code == score.PaymentCOD && a.Reason != want {
				t.Errorf("of a payment that is not known: %q", a.Reason)
			}
		}
	}
	if want := "About 80 of 100 orders like this one are delivered and paid; likely between 54 and 94."; summary != want {
		t.Errorf("of %v: got %q, want %q", plain.Interval80, summary, want)
	}
	carrier := explainIn(t, "en", e).Words["carrier"]
	if want := "Envía delivered 180 of 200 parcels in Colombia. At this destination at least 88 of 100 are expected. Next best: TCC."; carrier != want {
		t.Errorf("got %q, want %q", carrier, want)
	}
}

// The view has the members of the explanation, unchanged, and words beside them.
func TestScoreWords_KeepTheExplanation(t *testing.T) {
	t.Parallel()
	m, settings, f, h, o := everything()
	e := score.NewScorer(m, settings).Explain(f, h, o)
	plain, err := json.Marshal(e)
	fatal(t, err)
	var want map[string]any
	fatal(t, json.Unmarshal(plain, &want))
	data, err := web.ScoreInWords("es", e)
	fatal(t, err)
	var got map[string]any
	fatal(t, json.Unmarshal(data, &got))
	delete(got, "words")
	for _, list := range []string{"addends", "negative_factors", "positive_factors"} {
		for _, one := range got[list].([]any) {
			delete(one.(map[string]any), "label")
			delete(one.(map[string]any), "reason")
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	again, err := web.ScoreInWords("es", e)
	fatal(t, err)
	if string(again) != string(data) {
		t.Error("said again, it says something else")
	}
}

func TestScoreWords_OfAList(t *testing.T) {
	t.Parallel()
	points := []score.Points{{Code: score.PhoneInvalid, Points: -9}, {Code: score.AreaRate, Points: -4}}
	for language, want := range map[string]string{
		"en": `[{"code":"phone_invalid","label":"Phone number not valid","points":-9},{"code":"area_rate","label":"Deliveries in that place","points":-4}]`,
		"es": `[{"code":"phone_invalid","label":"Teléfono no válido","points":-9},{"code":"area_rate","label":"Entregas en ese lugar","points":-4}]`,
	} {
		got, err := web.NegativeFactorsInWords(language, points)
		fatal(t, err)
		if string(got) != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got, err := web.NegativeFactorsInWords("en", nil); err != nil || string(got) != "[]" {
		t.Errorf("got %s, %v", got, err)
	}
}

// What is wrong with settings is said in words too.
func TestScoreWords_OfSettings(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"en", "es"} {
		has := sentences(t, language)
		for code := range maps.Keys(settingCodes) {
			if has["field."+code] == "" {
				t.Errorf("%s: no sentence for %s", language, code)
			}
		}
		for id := range has {
			if code, ok := strings.CutPrefix(id, "field."); ok && strings.HasPrefix(code, "score_") && !settingCodes[code] {
				t.Errorf("%s: nothing uses %s", language, id)
			}
		}
	}
}

var settingCodes = map[string]bool{
	score.SettingUnknown: true, score.SettingMalformed: true, score.SettingBandRange: true, score.SettingBandOrder: true, score.SettingWeight: true,
	score.SettingSign: true, score.SettingExplore: true, score.SettingAmount: true, score.SettingCurrency: true, score.SettingRuleUse: true,
	score.SettingRuleName: true, score.SettingRulePlace: true, score.SettingRuleTwice: true, score.SettingRulesCount: true,
	"score_number": true, // of a form: JSON has numbers of its own
}
