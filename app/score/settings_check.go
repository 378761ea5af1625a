package score

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/shopspring/decimal"
	"golang.org/x/text/currency"
)

// Limits of settings.
const (
	maxWeight       = 5.0 // in log-odds for each unit: beyond, one factor alone would decide
	maxExplore      = 0.1
	maxCarrierRules = 200
	maxRuleText     = 100 // characters
	minBand         = 1
	maxBand         = 99
)

// SettingError is one complaint about one member of the settings.
type SettingError struct {
	Path   string // such as bands.high or carriers.3.use
	Code   string
	Params map[string]any // what a sentence for the code needs
}

// SettingErrors are all complaints, sorted by their paths.
type SettingErrors []SettingError

// Error names what is wrong and where, for a log or a command line.
func (e SettingErrors) Error() string {
	parts := make([]string, len(e))
	for i, one := range e {
		parts[i] = one.Path + ": " + one.Code
	}
	return "settings: " + strings.Join(parts, ", ")
}

// Codes of SettingError.
const (
	SettingUnknown    = "score_unknown"     // no setting, or no factor, has that name
	SettingMalformed  = "score_malformed"   // not of the kind that belongs there
	SettingBandRange  = "score_band_range"  // a band begins outside 1 to 99
	SettingBandOrder  = "score_band_order"  // high, medium, low do not fall
	SettingWeight     = "score_weight"      // not finite, or too large
	SettingSign       = "score_weight_sign" // would turn the factor round
	SettingExplore    = "score_explore"     // not from 0 to 0.1
	SettingAmount     = "score_amount"      // no exact amount above zero
	SettingCurrency   = "score_currency"    // no currency of ISO 4217
	SettingRuleUse    = "score_rule_use"    // neither prefer nor exclude
	SettingRuleName   = "score_rule_name"   // no carrier, or a text too long
	SettingRulePlace  = "score_rule_place"  // a province or a city without its country
	SettingRuleTwice  = "score_rule_twice"  // the same carrier and place as an earlier rule
	SettingRulesCount = "score_rules_count" // too many rules
)

// Validate looks at everything and returns nil or SettingErrors.
func (s Settings) Validate() error {
	var e SettingErrors
	e.factors(s.Factors)
	e.bands(Merge(Defaults(), s).Bands)
	if !s.Economy.none() {
		e.economy(*s.Economy)
	}
	e.carriers(s.Carriers)
	if s.Explore != nil && !(*s.Explore >= 0 && *s.Explore <= maxExplore) { // not a number is neither
		e.add("explore", SettingExplore, map[string]any{"Max": maxExplore})
	}
	if len(e) == 0 {
		return nil
	}
	slices.SortStableFunc(e, func(a, b SettingError) int { return strings.Compare(a.Path, b.Path) })
	return e
}

func (e *SettingErrors) add(path, code string, params map[string]any) {
	*e = append(*e, SettingError{Path: path, Code: code, Params: params})
}

func (e *SettingErrors) factors(factors map[Code]FactorSetting) {
	known := settable()
	for _, code := range slices.Sorted(maps.Keys(factors)) {
		path := "factors." + shorten(string(code), maxRuleText)
		shipped, ok := known[code]
		w := factors[code].Weight
		switch {
		case !ok:
			e.add(path, SettingUnknown, nil)
		case w == nil:
		case math.IsNaN(*w) || math.Abs(*w) > maxWeight:
			e.add(path+".weight", SettingWeight, map[string]any{"Max": maxWeight})
		case *w*shipped < 0:
			sign := "-"
			if shipped > 0 {
				sign = "+"
			}
			e.add(path+".weight", SettingSign, map[string]any{"Sign": sign})
		}
	}
}

func (e *SettingErrors) bands(b Bands) {
	before := len(*e)
	for _, band := range []struct {
		name string
		from int
	}{{"high", b.High}, {"low", b.Low}, {"medium", b.Medium}} {
		if band.from < minBand || band.from > maxBand {
			e.add("bands."+band.name, SettingBandRange, map[string]any{"Min": minBand, "Max": maxBand})
		}
	}
	if len(*e) == before && (b.High <= b.Medium || b.Medium <= b.Low) {
		e.add("bands", SettingBandOrder, nil)
	}
}

func (e *SettingErrors) economy(o Economy) {
	if _, err := currency.ParseISO(o.Currency); err != nil {
		e.add("economy.currency", SettingCurrency, nil)
	}
	for _, amount := range []struct{ name, text string }{{"margin", o.Margin}, {"return_cost", o.ReturnCost}} {
		if _, err := parseAmount(amount.text); err != nil {
			e.add("economy."+amount.name, SettingAmount, nil)
		}
	}
}

func (e *SettingErrors) carriers(rules []CarrierRule) {
	if len(rules) > maxCarrierRules {
		e.add("carriers", SettingRulesCount, map[string]any{"Max": maxCarrierRules})
		return
	}
	seen := make(map[rulePlace]map[string]bool)
	for i, r := range rules {
		path := fmt.Sprintf("carriers.%d", i)
		bad := len(*e)
		if r.Use != UsePrefer && r.Use != UseExclude {
			e.add(path+".use", SettingRuleUse, nil)
		}
		carrier := carrierKey(r.Carrier)
		if carrier == "" || utf8.RuneCountInString(r.Carrier) > maxRuleText {
			e.add(path+".carrier", SettingRuleName, map[string]any{"Max": maxRuleText})
		}
		for _, place := range []struct{ name, text string }{{"city", r.City}, {"country", r.Country}, {"province", r.Province}} {
			if utf8.RuneCountInString(place.text) > maxRuleText || place.text != "" && fold(place.text) == "" {
				e.add(path+"."+place.name, SettingRuleName, map[string]any{"Max": maxRuleText})
			}
		}
		if r.Country == "" && (r.Province != "" || r.City != "") {
			e.add(path+".country", SettingRulePlace, nil)
		}
		if len(*e) > bad {
			continue
		}
		place := r.place()
		if seen[place][carrier] {
			e.add(path, SettingRuleTwice, nil)
			continue
		}
		if seen[place] == nil {
			seen[place] = make(map[string]bool)
		}
		seen[place][carrier] = true
	}
}

// amountForm keeps amounts to what money is: no sign, no exponent, at most a billion millions and six decimals.
var amountForm = regexp.MustCompile(`^[0-9]{1,15}(\.[0-9]{1,6})?$`)

// parseAmount reads an amount above zero.
func parseAmount(text string) (decimal.Decimal, error) {
	if !amountForm.MatchString(text) {
		return decimal.Zero, fmt.Errorf("amount: %q is not a plain decimal number", shorten(text, maxRuleText))
	}
	d, err := decimal.NewFromString(text)
	if err != nil {
		return decimal.Zero, fmt.Errorf("amount: %w", err)
	}
	if !d.IsPositive() {
		return decimal.Zero, fmt.Errorf("amount: %s is not above zero", d)
	}
	return d, nil
}
