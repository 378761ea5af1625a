package store

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// fold makes texts that a person takes for the same equal: lower case, and one spelling of each accented letter (an "ñ"
// may be one character or an n and a tilde). Search terms, search texts and e-mails all pass through it.
func fold(s string) string { return norm.NFC.String(strings.ToLower(s)) }

// fieldSeparator stands between the fields of a search text; no mapped field contains it, so no term matches across two.
const fieldSeparator = "\x1f"

// maxTerm is the longest search term in bytes that is looked for.
const maxTerm = 10_000

// foldTerm is a search term as it stands in the search texts. ok is false when nothing can contain it.
func foldTerm(term string) (folded string, ok bool) {
	if len(term) > maxTerm || strings.ContainsAny(term, "\x00"+fieldSeparator) {
		return "", false
	}
	return fold(strings.ToValidUTF8(term, "\uFFFD")), true
}
