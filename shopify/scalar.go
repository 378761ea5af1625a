package shopify

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"
)

// scalar is a JSON value as far as it can be a column: the text of a string or
// number. Null, booleans, lists and objects have no text.
type scalar struct {
	text string
	zero bool // a number that is zero: it has a text, but does not count as given
}

func (s scalar) truthy() bool { return s.text != "" && !s.zero }

// scalarOf reads a value; nothing at all is what a missing member has.
func scalarOf(raw []byte) scalar {
	if len(raw) == 0 {
		return scalar{}
	}
	switch b := raw[0]; {
	case b == '"':
		return scalar{text: textOf(raw)}
	case b == '-' || isDigit(b):
		return scalar{text: string(raw), zero: isZero(raw)}
	}
	return scalar{}
}

// textOf returns the text of a valid JSON string for a column. Only an escape
// can bring a control character in, so most strings are taken as they stand.
func textOf(raw []byte) string {
	if bare := raw[1 : len(raw)-1]; bytes.IndexByte(bare, '\\') < 0 && utf8.Valid(bare) {
		return string(bare)
	}
	return clean(unquote(raw))
}

// unquote decodes a JSON string that is known to be valid.
func unquote(raw []byte) string {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return ""
	}
	return s
}

// clean takes out the control characters that no column, CSV cell or terminal
// wants; NUL is not even storable everywhere.
func clean(s string) string {
	if strings.IndexFunc(s, isControl) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if isControl(r) {
			return -1
		}
		return r
	}, s)
}

func isControl(r rune) bool { return r < ' ' && r != '\t' && r != '\n' }

// isZero reports whether a number literal has no digit other than 0 before its
// exponent.
func isZero(literal []byte) bool {
	for _, b := range literal {
		switch {
		case b == 'e' || b == 'E':
			return true
		case '1' <= b && b <= '9':
			return false
		}
	}
	return true
}

func nonEmptyObject(raw []byte) bool { return nonEmpty(raw, '{') }
func nonEmptyArray(raw []byte) bool  { return nonEmpty(raw, '[') }

// nonEmpty reports whether a valid value opens with the given bracket and has
// something in it.
func nonEmpty(raw []byte, opening byte) bool {
	if len(raw) < 2 || raw[0] != opening {
		return false
	}
	for _, b := range raw[1:] {
		switch b {
		case ' ', '\t', '\r', '\n':
		case '}', ']':
			return false
		default:
			return true
		}
	}
	return false
}

// parseTime reads the forms in which dates come: RFC 3339, the same with a
// space or without a zone (then UTC), and a day alone. Anything else is the
// zero time. Years that RFC 3339 could not write back are refused too.
func parseTime(s string) time.Time {
	s = strings.TrimSpace(s)
	for _, layout := range [...]string{
		time.RFC3339, // takes a fraction as well, like the others with seconds
		"2006-01-02T15:04:05",
		"2006-01-02 15:04:05Z07:00",
		"2006-01-02 15:04:05",
		"2006-01-02T15:04:05Z0700",
		"2006-01-02 15:04:05Z0700",
		"2006-01-02 15:04:05 Z0700",
		time.DateOnly,
	} {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		if t = t.UTC(); t.Year() < 1 || t.Year() > 9999 {
			return time.Time{}
		}
		return t
	}
	return time.Time{}
}
