package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"probability/app/score"
)

// ScoringConfig is how deliveries are rated where a store's owner has set nothing else.
type ScoringConfig struct {
	Bands    BandsConfig             `mapstructure:"bands"`
	Economy  EconomyConfig           `mapstructure:"economy"`
	Explore  float64                 `mapstructure:"explore"`
	Carriers []score.CarrierRule     `mapstructure:"carriers"`
	Factors  map[string]FactorConfig `mapstructure:"factors"`
}

// BandsConfig are the smallest scores of the bands.
type BandsConfig struct {
	High   int `mapstructure:"high"`
	Medium int `mapstructure:"medium"`
	Low    int `mapstructure:"low"`
}

// EconomyConfig is what a parcel brings and what a failed one costs; all empty: not known.
type EconomyConfig struct {
	Currency   string `mapstructure:"currency"`
	Margin     string `mapstructure:"margin"`
	ReturnCost string `mapstructure:"return_cost"`
}

// FactorConfig changes one factor.
type FactorConfig struct {
	Weight *float64 `mapstructure:"weight"`
	Off    bool     `mapstructure:"off"`
}

// Settings are the score's own, checked as a whole: whether bands fall, say, no single key can tell.
func (c ScoringConfig) Settings() (score.Settings, error) {
	s := score.Settings{Bands: score.Bands(c.Bands), Explore: &c.Explore, Carriers: c.Carriers}
	if c.Economy != (EconomyConfig{}) {
		s.Economy = &score.Economy{Currency: c.Economy.Currency, Margin: c.Economy.Margin, ReturnCost: c.Economy.ReturnCost}
	}
	for code, f := range c.Factors {
		if f == (FactorConfig{}) {
			continue
		}
		if s.Factors == nil {
			s.Factors = make(map[score.Code]score.FactorSetting)
		}
		s.Factors[score.Code(code)] = score.FactorSetting{Weight: f.Weight, Off: f.Off}
	}
	err := s.Validate()
	if wrong, ok := errors.AsType[score.SettingErrors](err); ok && len(wrong) > 0 {
		return s, usagef("scoring.%s: %s", wrong[0].Path, expectedSetting(wrong[0]))
	}
	return s, err
}

// expectedSetting says what was expected of a setting.
func expectedSetting(e score.SettingError) string {
	switch e.Code {
	case score.SettingBandOrder:
		return "expected high above medium, and medium above low"
	case score.SettingBandRange:
		return fmt.Sprintf("expected a whole number from %v to %v", e.Params["Min"], e.Params["Max"])
	case score.SettingWeight:
		return fmt.Sprintf("expected a number from -%v to %v", e.Params["Max"], e.Params["Max"])
	case score.SettingSign:
		return "expected " + map[any]string{"-": "0 or a number below it", "+": "0 or a number above it"}[e.Params["Sign"]] + ", as the factor would else mean its opposite"
	case score.SettingExplore:
		return fmt.Sprintf("expected a share from 0 to %v", e.Params["Max"])
	case score.SettingAmount:
		return "expected an amount above 0, such as 25000 or 12.50"
	case score.SettingCurrency:
		return "expected a currency's code, such as COP"
	case score.SettingRuleUse:
		return "expected prefer or exclude"
	case score.SettingRuleName:
		return fmt.Sprintf("expected a text of at most %v characters", e.Params["Max"])
	case score.SettingRulePlace:
		return "expected the country of that province or city"
	case score.SettingRuleTwice:
		return "an earlier rule says something of the same carrier and place"
	case score.SettingRulesCount:
		return fmt.Sprintf("expected at most %v rules", e.Params["Max"])
	default:
		return "unknown, or not of the kind that belongs there; docs/score.md has all factors"
	}
}

// scoringKeys are the settings of the score. Each factor has two, which the documentation shows once.
func scoringKeys() []key {
	const many = "each factor would need two"
	list := []key{
		{name: "scoring.bands.high", def: "80", kind: band(), help: "smallest score of the band high, of 1 to 99"},
		{name: "scoring.bands.medium", def: "60", kind: band(), help: "smallest score of the band medium"},
		{name: "scoring.bands.low", def: "40", kind: band(), help: "smallest score of the band low; what is below is very_low"},
		{
			name: "scoring.economy.currency", kind: currencyCode(), optional: true,
			help: "currency of the two amounts below; only orders in it are told what shipping them is expected to bring", example: "COP",
		},
		{
			name: "scoring.economy.margin", kind: amountAbove0(), optional: true, fraction: true,
			help: "what a delivered order brings, without the goods and the shipping", example: "25000",
		},
		{
			name: "scoring.economy.return_cost", kind: amountAbove0(), optional: true, fraction: true,
			help: "what a failed delivery costs, both ways", example: "18000",
		},
		{
			name: "scoring.explore", def: "0", kind: share(0.1), fraction: true,
			help: "share of the orders to be held that are recommended to be shipped all the same, so that what is learnt does not come from good orders alone; 0 to 0.1",
		},
		{
			name: "scoring.carriers", kind: carrierRules(), optional: true, asJSON: true, defNote: "none",
			noFlag: "a list is easier to read in the file", help: "rules that prefer or exclude carriers, by country, province and city; in the environment as JSON",
			example: "[{country: CO, carrier: Servientrega, use: exclude}]",
		},
	}
	for _, code := range score.FactorCodes() {
		name := "scoring.factors." + string(code)
		list = append(list,
			key{
				name: name + ".weight", kind: weight(), optional: true, fraction: true, noFlag: many, every: "scoring.factors.CODE.weight", defNote: "the model's",
				help: "log-odds that each unit of the factor adds, with the sign that it has; CODE is a factor's, such as night_order", example: "-0.2",
			},
			key{
				name: name + ".off", def: "false", kind: truth(), truth: true, noFlag: many, every: "scoring.factors.CODE.off",
				help: "whether the factor is left out",
			})
	}
	return list
}

func band() kind {
	return func(text string) (any, error) {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 99 {
			return nil, errors.New("expected a whole number from 1 to 99")
		}
		return n, nil
	}
}

func decimalNumber(text string) (float64, error) {
	if !regexp.MustCompile(`^-?\d{1,9}(\.\d{1,9})?$`).MatchString(text) {
		return 0, errors.New("not a plain number")
	}
	return strconv.ParseFloat(text, 64)
}

func weight() kind {
	return func(text string) (any, error) {
		v, err := decimalNumber(text)
		if err != nil || math.Abs(v) > 5 {
			return nil, errors.New("expected a number from -5 to 5, such as -0.7")
		}
		return v, nil
	}
}

func share(most float64) kind {
	return func(text string) (any, error) {
		v, err := decimalNumber(text)
		if err != nil || v < 0 || v > most {
			return nil, fmt.Errorf("expected a share from 0 to %v", most)
		}
		return v, nil
	}
}

func truth() kind {
	return func(text string) (any, error) {
		switch strings.ToLower(text) {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
		return nil, errors.New("expected true or false")
	}
}

func amountAbove0() kind {
	format := regexp.MustCompile(`^\d{1,15}(\.\d{1,6})?$`)
	return func(text string) (any, error) {
		if !format.MatchString(text) || strings.Trim(text, "0.") == "" {
			return nil, errors.New("expected an amount above 0, such as 25000 or 12.50")
		}
		return text, nil
	}
}

func currencyCode() kind {
	format := regexp.MustCompile(`^[A-Za-z]{3}$`)
	return func(text string) (any, error) {
		if !format.MatchString(text) {
			return nil, errors.New("expected a currency's code, such as COP")
		}
		return strings.ToUpper(text), nil
	}
}

// carrierRules reads a list of rules from JSON, which is what becomes of the file's list too.
func carrierRules() kind {
	return func(text string) (any, error) {
		d := json.NewDecoder(strings.NewReader(text))
		d.DisallowUnknownFields()
		var rules []score.CarrierRule
		if err := d.Decode(&rules); err != nil || d.More() {
			return nil, errors.New("expected a list of rules such as {country: CO, carrier: Servientrega, use: exclude}")
		}
		return rules, nil
	}
}
