package score

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxText is how many bytes of one of a customer's texts are looked at. What real people write is shorter by far.
const maxText = 400

// fold writes a text the way that two people who mean the same would: lower case, no accents, one space for whatever stands
// between letters and digits, and none for an apostrophe.
func fold(s string) string {
	return string(appendFolded(make([]byte, 0, min(len(s), maxText)+8), s, 0))
}

// appendFolded folds at most maxText bytes of s; keep is a sign that is kept, as a word of its own, 0 for none.
func appendFolded(b []byte, s string, keep byte) []byte {
	start, gap := len(b), false
	put := func(c byte) {
		if gap && len(b) > start {
			b = append(b, ' ')
		}
		b, gap = append(b, c), false
	}
	for i := 0; i < len(s) && i < maxText; {
		c := s[i]
		if c < utf8.RuneSelf {
			i++
			switch {
			case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
				put(c)
			case 'A' <= c && c <= 'Z':
				put(c | 0x20)
			case keep != 0 && c == keep:
				gap = true
				put(c)
				gap = true
			case c != '\'' && c != '`':
				gap = true
			}
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		switch plain := plainLetter(r); {
		case plain != 0:
			put(plain)
		case unicode.Is(unicode.Mn, r) || r == '’' || r == '´' || r == '\u200d' || r == '\ufeff':
		case unicode.IsLetter(r):
			for _, d := range norm.NFD.String(string(unicode.ToLower(r))) {
				if !unicode.Is(unicode.Mn, d) {
					if d < utf8.RuneSelf {
						put(byte(d))
						continue
					}
					put(' ')
					b = utf8.AppendRune(b[:len(b)-1], d)
				}
			}
		default:
			gap = true
		}
	}
	return b
}

// The plain letters of U+00C0 to U+017F; a space is none.
const latinLetters = "aaaaaaaceeeeiiiidnooooo ouuuuypsaaaaaaaceeeeiiiidnooooo ouuuuypy" +
	"aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllllllln" + "nnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs"

func plainLetter(r rune) byte {
	if r < 0xC0 || int(r)-0xC0 >= len(latinLetters) {
		return 0
	}
	if c := latinLetters[r-0xC0]; c != ' ' {
		return c
	}
	return 0
}

// maxWords is how many words of a text are looked at.
const maxWords = 48

// wordsOf takes a folded text apart.
func wordsOf(folded string, into []string) []string {
	for folded != "" && len(into) < maxWords {
		var word string
		word, folded, _ = strings.Cut(folded, " ")
		if word != "" {
			into = append(into, word)
		}
	}
	return into
}

// blank tells whether a folded text says nothing: no letter or digit, or the word that other systems leave where they erased one.
func blank(folded string) bool {
	switch folded {
	case "", "redacted", "null", "none", "undefined":
		return true
	}
	return false
}

func hasDigit(word string) bool { return strings.ContainsAny(word, "0123456789") }

func allDigits(word string) bool {
	for i := range len(word) {
		if word[i] < '0' || word[i] > '9' {
			return false
		}
	}
	return word != ""
}
