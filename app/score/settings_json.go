package score

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// maxSettingsSize bounds the JSON of settings: 200 rules and all factors are some 60 KB.
const maxSettingsSize = 256 << 10

// settingsParts are settings before their parts are read, so that each complaint has its whole path.
type settingsParts struct {
	Factors  map[Code]json.RawMessage `json:"factors"`
	Bands    json.RawMessage          `json:"bands"`
	Economy  json.RawMessage          `json:"economy"`
	Carriers []json.RawMessage        `json:"carriers"`
	Explore  json.RawMessage          `json:"explore"`
}

// ParseSettings reads settings and checks them. What is wrong with them is SettingErrors; a document that is no JSON object, or too
// large, is one with the path "". An unknown member is an error.
func ParseSettings(data []byte) (Settings, error) {
	var parts settingsParts
	if len(data) > maxSettingsSize || bytes.Equal(bytes.TrimSpace(data), []byte("null")) {
		return Settings{}, SettingErrors{{Code: SettingMalformed}}
	}
	var e SettingErrors
	e.decode("", data, &parts)
	if len(parts.Carriers) > maxCarrierRules {
		e.add("carriers", SettingRulesCount, map[string]any{"Max": maxCarrierRules})
	}
	if len(e) > 0 {
		return Settings{}, e
	}
	var s Settings
	e.decode("bands", parts.Bands, &s.Bands)
	if parts.Carriers != nil {
		s.Carriers = make([]CarrierRule, len(parts.Carriers))
	}
	for i, part := range parts.Carriers {
		e.decode(fmt.Sprintf("carriers.%d", i), part, &s.Carriers[i])
	}
	if e.decode("economy", parts.Economy, &s.Economy); parts.Economy != nil && s.Economy == nil { // null says that there is none
		s.Economy = &Economy{}
	}
	e.decode("explore", parts.Explore, &s.Explore)
	if parts.Factors != nil {
		s.Factors = make(map[Code]FactorSetting, len(parts.Factors))
	}
	for _, code := range slices.Sorted(maps.Keys(parts.Factors)) {
		var f FactorSetting
		e.decode("factors."+shorten(string(code), maxRuleText), parts.Factors[code], &f)
		s.Factors[code] = f
	}
	if len(e) > 0 {
		return Settings{}, e
	}
	if err := s.Validate(); err != nil {
		return Settings{}, err
	}
	return s, nil
}

// decode reads one part of a document; what is not there stays as it is.
func (e *SettingErrors) decode(path string, data []byte, into any) {
	if data == nil && path != "" {
		return
	}
	below := func(name string) string { return strings.Trim(path+"."+name, ".") }
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, err := d.Token(); !errors.Is(err, io.EOF) {
			e.add(path, SettingMalformed, nil)
		}
		return
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		e.add(below(wrong.Field), SettingMalformed, nil)
	} else if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok { // it has no type
		e.add(below(shorten(strings.Trim(name, `"`), maxRuleText)), SettingUnknown, nil)
	} else {
		e.add(path, SettingMalformed, nil)
	}
}

// Canonical is the JSON of settings: equal settings have equal bytes. Amounts lose what does not count, codes of currencies are in
// capitals, rules are sorted; which of them comes first decides nothing. The settings must be valid.
func (s Settings) Canonical() ([]byte, error) {
	s = Merge(Settings{}, s)
	if !s.Economy.none() {
		s.Economy.Currency = strings.ToUpper(s.Economy.Currency)
		for _, amount := range []*string{&s.Economy.Margin, &s.Economy.ReturnCost} {
			d, err := parseAmount(*amount)
			if err != nil {
				return nil, fmt.Errorf("settings: canonical: %w", err)
			}
			*amount = d.String()
		}
	}
	for code, f := range s.Factors {
		if f.Weight != nil && *f.Weight == 0 {
			*f.Weight = 0 // 0 and -0 are one
		}
		s.Factors[code] = f
	}
	if s.Explore != nil && *s.Explore == 0 {
		*s.Explore = 0
	}
	for i := range s.Carriers {
		r := &s.Carriers[i]
		for _, text := range []*string{&r.Country, &r.Province, &r.City, &r.Carrier} {
			*text = strings.TrimSpace(*text)
		}
	}
	slices.SortStableFunc(s.Carriers, func(a, b CarrierRule) int {
		return cmp.Or(cmp.Compare(a.Country, b.Country), cmp.Compare(a.Province, b.Province), cmp.Compare(a.City, b.City),
			cmp.Compare(a.Carrier, b.Carrier), cmp.Compare(a.Use, b.Use))
	})
	data, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("settings: canonical: %w", err)
	}
	return data, nil
}
