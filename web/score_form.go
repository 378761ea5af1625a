package web

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"probability/app"
	"probability/app/score"
)

// blankRules is how many empty rows for rules of carriers a form offers.
const blankRules = 2

// maxRuleRows is how many rows a form may have: more than settings take, so that too many are complained of.
const maxRuleRows = 250

// scoreForm is the settings of the score as a form has them. Each member is a text under the name by which complaints call it.
type scoreForm struct {
	Version            string // of the settings that the form was made from
	High, Medium, Low  string
	Currency           string
	Margin, ReturnCost string
	Explore            string // in percent
	Factors            []factorField
	Rules              []ruleField
}

// factorField is one factor.
type factorField struct {
	Code    score.Code
	Label   string
	Shipped string
	On      bool
	Weight  string // empty: the model's
}

// ruleField is one rule of carriers.
type ruleField struct {
	Place                            string // such as carriers.0
	Number                           int    // from 1
	Country, Province, City, Carrier string
	Use                              string
}

func (r ruleField) blank() bool { return r.Country+r.Province+r.City+r.Carrier == "" }

// formOf is the form that says what is in force.
func formOf(v voice, u app.ScoreSetup) scoreForm {
	set := u.InForce
	f := scoreForm{
		Version: strconv.FormatInt(u.Own.Version, 10), High: strconv.Itoa(set.Bands.High), Medium: strconv.Itoa(set.Bands.Medium), Low: strconv.Itoa(set.Bands.Low),
	}
	if e := set.Economy; e != nil {
		f.Currency, f.Margin, f.ReturnCost = e.Currency, e.Margin, e.ReturnCost
	}
	f.Explore = percentText(set.Explore)
	for _, factor := range score.SettableFactors() {
		one := factorField{Code: factor.Code, Label: v.factor(factor.Code), Shipped: v.decimal(factor.Weight, 1), On: !set.Factors[factor.Code].Off}
		if w := set.Factors[factor.Code].Weight; w != nil {
			one.Weight = decimalText(*w)
		}
		f.Factors = append(f.Factors, one)
	}
	for _, r := range set.Carriers {
		f.Rules = append(f.Rules, ruleField{Country: r.Country, Province: r.Province, City: r.City, Carrier: r.Carrier, Use: r.Use})
	}
	return f
}

// readScoreForm is the form as it was sent. A factor that it does not have at all stays as it is in force.
func readScoreForm(m *members, before scoreForm) scoreForm {
	text := func(name string) string { return strings.TrimSpace(m.textOr(name, "")) }
	f := scoreForm{
		Version: text("version"), High: text("bands.high"), Medium: text("bands.medium"), Low: text("bands.low"), Currency: strings.ToUpper(text("economy.currency")),
		Margin: text("economy.margin"), ReturnCost: text("economy.return_cost"), Explore: text("explore"),
	}
	for _, factor := range before.Factors {
		name := "factors." + string(factor.Code)
		if _, sent := m.values[name+".weight"]; sent {
			factor.On, factor.Weight = text(name+".on") == "true", text(name+".weight")
		}
		f.Factors = append(f.Factors, factor)
	}
	for i := range maxRuleRows {
		name := fmt.Sprintf("carriers.%d", i)
		if _, sent := m.values[name+".carrier"]; !sent {
			break
		}
		rule := ruleField{Country: text(name + ".country"), Province: text(name + ".province"), City: text(name + ".city"), Carrier: text(name + ".carrier"), Use: text(name + ".use")}
		if !rule.blank() {
			f.Rules = append(f.Rules, rule)
		}
	}
	return f
}

// withBlanks is the form as it is shown: its rules have their places, and some empty ones follow.
func (f scoreForm) withBlanks() scoreForm {
	f.Rules = slices.Clone(f.Rules)
	for range blankRules {
		f.Rules = append(f.Rules, ruleField{Use: score.UsePrefer})
	}
	for i := range f.Rules {
		f.Rules[i].Place, f.Rules[i].Number = fmt.Sprintf("carriers.%d", i), i+1
	}
	return f
}

// settings is what the form sets. What it leaves as it is in force stays a store's own or inherited as it was; what is set back to
// the installation's is inherited from then on.
func (f scoreForm) settings(u app.ScoreSetup) (set score.Settings, errs map[string][]app.FieldError) {
	errs = map[string][]app.FieldError{}
	wrong := func(name string) { errs[name] = append(errs[name], app.FieldError{Code: "score_number"}) }
	whole := func(name, text string) int {
		n, err := strconv.Atoi(text)
		switch {
		case text == "":
		case err != nil:
			wrong(name)
		case n == 0: // which would pass for nothing
			errs[name] = append(errs[name], app.FieldError{Code: "score_band_range", Params: map[string]any{"Min": 1, "Max": 99}})
		}
		return n
	}
	number := func(name, text string) float64 {
		n, err := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64)
		if err != nil && text != "" {
			wrong(name)
		}
		return n
	}
	own, now, above := u.Set, u.InForce, u.Defaults
	set.Bands = score.Bands{
		High:   kept(whole("bands.high", f.High), now.Bands.High, own.Bands.High, above.Bands.High),
		Medium: kept(whole("bands.medium", f.Medium), now.Bands.Medium, own.Bands.Medium, above.Bands.Medium),
		Low:    kept(whole("bands.low", f.Low), now.Bands.Low, own.Bands.Low, above.Bands.Low),
	}
	set.Economy = f.economy(u)
	share := 0.0
	if f.Explore != "" {
		share = number("explore", f.Explore+"e-2") // exactly what the digits say, which a division would not be
	}
	switch {
	case f.Explore == percentText(now.Explore):
		set.Explore = own.Explore
	case share != valueOf(above.Explore):
		set.Explore = &share
	}
	for _, one := range f.Factors {
		value := score.FactorSetting{Off: !one.On}
		if one.Weight != "" {
			w := number("factors."+string(one.Code)+".weight", one.Weight)
			value.Weight = &w
		}
		before, has := own.Factors[one.Code]
		switch {
		case sameFactor(value, now.Factors[one.Code]):
			if !has {
				continue
			}
			value = before
		case sameFactor(value, above.Factors[one.Code]):
			continue
		}
		if set.Factors == nil {
			set.Factors = map[score.Code]score.FactorSetting{}
		}
		set.Factors[one.Code] = value
	}
	set.Carriers = f.carriers(u)
	return set, errs
}

func (f scoreForm) economy(u app.ScoreSetup) *score.Economy {
	value := score.Economy{Currency: f.Currency, Margin: f.Margin, ReturnCost: f.ReturnCost}
	switch value {
	case valueOf(u.InForce.Economy):
		return u.Set.Economy
	case valueOf(u.Defaults.Economy):
		return nil
	}
	return &value // the zero one too: none where the installation has one
}

func (f scoreForm) carriers(u app.ScoreSetup) []score.CarrierRule {
	value := make([]score.CarrierRule, len(f.Rules))
	for i, r := range f.Rules {
		value[i] = score.CarrierRule{Country: r.Country, Province: r.Province, City: r.City, Carrier: r.Carrier, Use: r.Use}
	}
	switch {
	case slices.Equal(value, u.InForce.Carriers):
		return u.Set.Carriers
	case slices.Equal(value, u.Defaults.Carriers):
		return nil
	}
	return value
}

// kept is what a store sets of its own when a form says value where now is in force: what is left stays as it was, and nothing is
// set that says what is inherited anyway.
func kept[T comparable](value, now, own, above T) T {
	var unset T
	switch value {
	case now:
		return own
	case above:
		return unset
	}
	return value
}

func valueOf[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func sameFactor(a, b score.FactorSetting) bool {
	return a.Off == b.Off && (a.Weight == nil) == (b.Weight == nil) && valueOf(a.Weight) == valueOf(b.Weight)
}

func decimalText(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// percentText is a share in percent, to six places; nothing when it is not set.
func percentText(share *float64) string {
	if share == nil {
		return ""
	}
	return decimalText(math.Round(*share*1e8) / 1e6)
}

// settingsSummary says in short what settings set.
func settingsSummary(p page, set score.Settings) string {
	var parts []string
	if b := score.Merge(score.Defaults(), set).Bands; set.Bands != (score.Bands{}) {
		parts = append(parts, p.Tell("tune.sum_bands", "High", b.High, "Medium", b.Medium, "Low", b.Low))
	}
	if len(set.Factors) > 0 {
		names := make([]string, 0, 3)
		for _, code := range slices.Sorted(maps.Keys(set.Factors)) {
			if len(names) == cap(names) {
				names = append(names, "…")
				break
			}
			names = append(names, p.voice.factor(code))
		}
		parts = append(parts, p.Tell("tune.sum_factors", "Names", strings.Join(names, ", ")))
	}
	switch {
	case set.Economy == nil:
	case *set.Economy == score.Economy{}:
		parts = append(parts, p.Say("tune.sum_no_economy"))
	default:
		parts = append(parts, p.Tell("tune.sum_economy", "Margin", set.Economy.Margin, "Cost", set.Economy.ReturnCost, "Currency", set.Economy.Currency))
	}
	if set.Carriers != nil {
		parts = append(parts, p.Tell("tune.sum_rules", "N", len(set.Carriers)))
	}
	if set.Explore != nil {
		parts = append(parts, p.Tell("tune.sum_explore", "Share", percentText(set.Explore)))
	}
	if len(parts) == 0 {
		return p.Say("tune.sum_nothing")
	}
	return strings.Join(parts, " · ")
}
