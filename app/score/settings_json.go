package score

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxSettingsSize bounds the JSON of settings: 200 rules and all factors are some 60 KB.
const maxSettingsSize = 256 << 10

// ParseSettings reads settings and checks them. What is wrong with them is SettingErrors; a document that is no JSON object, or too
// large, is one with the path "". An unknown member is an error.
func ParseSettings(data []byte) (Settings, error) {
	if len(data) > maxSettingsSize {
		return Settings{}, SettingErrors{{Code: SettingMalformed}}
	}
	var s Settings
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return Settings{}, SettingErrors{decodeError(err)}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) || bytes.Equal(bytes.TrimSpace(data), []byte("null")) {
		return Settings{}, SettingErrors{{Code: SettingMalformed}}
	}
	if err := s.Validate(); err != nil {
		return Settings{}, err
	}
	return s, nil
}

// decodeError says where a document does not fit.
func decodeError(err error) SettingError {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return SettingError{Path: wrong.Field, Code: SettingMalformed}
	}
	// The standard library has no type for this one: json: unknown field "x".
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return SettingError{Path: shorten(strings.Trim(name, `"`), maxRuleText), Code: SettingUnknown}
	}
	return SettingError{Code: SettingMalformed}
}

// Canonical is the JSON of settings: equal settings have equal bytes. Amounts lose what does not count, codes of currencies are in
// capitals, rules are sorted; which of them comes first decides nothing. The settings must be valid.
func (s Settings) Canonical() ([]byte, error) {
	s = Merge(Settings{}, s)
	if s.Economy != nil {
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
