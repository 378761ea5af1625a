package score

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// shorten makes one line of a text of anybody's, of no more characters than that; what is left out is marked.
func shorten(s string, most int) string {
	if len(s) > 8*most { // no more is looked at; blanks may go away, therefore not exactly as much
		s = s[:8*most]
	}
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\uFFFD"), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	runes := []rune(s)
	return strings.TrimRight(string(runes[:most-1]), " ") + "…"
}
