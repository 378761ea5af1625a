package shopify

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// texts makes the columns of an order, which all share one piece of memory.
type texts struct{ all strings.Builder }

// roomForTexts is what the columns of an ordinary order take, in bytes.
const roomForTexts = 256

// of returns a value as a column, "" for what has no text.
func (t *texts) of(raw []byte) string {
	start := t.all.Len()
	t.add(raw)
	return t.since(start)
}

// since returns what was added from there on.
func (t *texts) since(start int) string { return t.all.String()[start:] }

// add appends the text of a value. Only an escape can bring a control character
// in, so most strings are taken as they stand.
func (t *texts) add(raw []byte) {
	switch {
	case isNumber(raw):
		t.all.Write(raw)
	case len(raw) > 0 && raw[0] == '"':
		bare := raw[1 : len(raw)-1]
		if bytes.IndexByte(bare, '\\') < 0 && utf8.Valid(bare) {
			t.all.Write(bare)
			return
		}
		var room [128]byte
		t.all.Write(slices.DeleteFunc(appendUnquoted(room[:0], bare), isControl))
	}
}

// textOf returns one value as a column.
func textOf(raw []byte) string {
	var t texts
	return t.of(raw)
}

// isControl tells the control characters that no column, CSV cell or terminal
// wants; NUL is not even storable everywhere.
func isControl(c byte) bool { return c < ' ' && c != '\t' && c != '\n' }

// appendUnquoted appends the text of a valid JSON string without its quotes, as
// encoding/json decodes it: what is no UTF-8 and half a surrogate pair become
// U+FFFD.
func appendUnquoted(text, bare []byte) []byte {
	for len(bare) > 0 {
		var r rune
		var size int
		switch {
		case bare[0] != '\\':
			r, size = utf8.DecodeRune(bare)
		case bare[1] == 'u':
			r, size = hexRune(bare), len(`\u0000`)
			if utf16.IsSurrogate(r) {
				pair := rune(utf8.RuneError)
				if rest := bare[size:]; len(rest) > 1 && rest[0] == '\\' && rest[1] == 'u' {
					pair = utf16.DecodeRune(r, hexRune(rest))
				}
				if r = pair; r != utf8.RuneError {
					size *= 2
				}
			}
		default:
			r, size = unescaped(bare[1]), 2
		}
		text = utf8.AppendRune(text, r)
		bare = bare[size:]
	}
	return text
}

// unescaped is what the letter after a backslash stands for.
func unescaped(c byte) rune {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return rune(c)
}

// hexRune reads the four digits of an escape such as \u00f1.
func hexRune(escape []byte) (r rune) {
	for _, c := range escape[2:6] {
		r <<= 4
		switch {
		case isDigit(c):
			r |= rune(c - '0')
		default:
			r |= rune(c|0x20-'a') + 10
		}
	}
	return r
}
