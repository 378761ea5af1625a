package web

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"probability/store"
)

// CSV is written by hand: encoding/csv wants every row as a list of strings, which costs more than reading the order.
//
// It is the format for spreadsheets, and a spreadsheet runs a cell that looks like a formula. A customer chooses the own name
// and address, so such a cell gets an apostrophe before it. Texts that begin with an apostrophe get one too: whoever
// reads the file with a program takes one leading apostrophe off and has the text again.

// csvEnd ends a row, as RFC 4180 has it.
const csvEnd = "\r\n"

// csvHeader writes the names of the members.
func (m orderMembers) csvHeader(dst []byte) []byte {
	for i, member := range m {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, member.name...)
	}
	return append(dst, csvEnd...)
}

// csvRow writes the order as a row.
func (m orderMembers) csvRow(dst []byte, o *store.Order) []byte {
	from := len(dst)
	for i, member := range m {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = member.cell(dst, o)
	}
	if len(dst) == from {
		dst = append(dst, `""`...) // one column, and nothing in it: most readers skip an empty line
	}
	return append(dst, csvEnd...)
}

// appendCell writes a text. It becomes a quoted cell where RFC 4180 wants that, with the text unchanged in it but for two
// things: an apostrophe before what could be taken for a formula, and U+FFFD for control characters, at which
// programs stop reading, and for bytes that are no UTF-8.
func appendCell(dst []byte, s string) []byte {
	if s == "" {
		return dst
	}
	guarded := beginsFormula(s)
	if plainCell(s) {
		if guarded {
			dst = append(dst, '\'')
		}
		return append(dst, s...)
	}
	dst = append(dst, '"')
	if guarded {
		dst = append(dst, '\'')
	}
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '"':
			dst, i = append(dst, `""`...), i+1
		case isBareControl(c):
			dst, i = append(dst, "\uFFFD"...), i+1
		case c < utf8.RuneSelf:
			dst, i = append(dst, c), i+1
		default:
			r, n := utf8.DecodeRuneInString(s[i:]) // U+FFFD for a byte that is none
			dst, i = utf8.AppendRune(dst, r), i+n
		}
	}
	return append(dst, '"')
}

// plainCell tells whether the text can stand without quotes. Blanks at the ends are quoted, since readers may trim them.
func plainCell(s string) bool {
	ascii := true
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == ',' || c < ' ' || c == 0x7f:
			return false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return s[0] != ' ' && s[len(s)-1] != ' ' && (ascii || utf8.ValidString(s))
}

// isBareControl: a control character that is neither a tab nor a part of a line's end.
func isBareControl(c byte) bool {
	return c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f
}

// beginsFormula tells whether a spreadsheet may take the text for a formula, or strip what stands before one. The wide
// forms are the same signs to a spreadsheet that is set to an Asian language.
func beginsFormula(s string) bool {
	if c := s[0]; c == '\t' || c == '\r' || c == '\n' || c == '\'' {
		return true
	}
	for _, r := range s {
		switch r {
		case '=', '+', '-', '@', '＝', '＋', '－', '＠':
			return true
		case '"', '\'', '`', '\uFEFF', '\u200B', utf8.RuneError:
		default:
			if !unicode.IsSpace(r) && !unicode.IsControl(r) {
				return false
			}
		}
	}
	return false
}

// isNumber: digits with at most a minus before them and a point in them. A spreadsheet calculates with it and runs nothing.
func isNumber(s string) bool {
	whole, frac, pointed := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	return digitsOnly(whole) && (!pointed || digitsOnly(frac))
}

func digitsOnly(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
