package store

import (
	"slices"
	"strconv"
	"unicode/utf8"
)

// This file makes the words of the search index. The index is FTS5 used for what it does best, lists of row numbers by word:
// the words of an order are the runs of three characters in its search text, each once, and one word for its integration.
// A text that contains a term has all of the term's runs. The reverse need not hold, so whoever asks the index also looks
// at the text.
//
// We cut the words ourselves instead of using FTS5's trigram tokenizer, because then a term of one or two characters can
// be asked for as the beginning of a word, and because an order's integration can be one.

// gramLength is the number of characters of a gram.
const gramLength = 3

// gram is a run of three characters, 21 bits each, the first one highest.
type gram uint64

const (
	gramBits = 21
	gramMask = 1<<gramBits - 1
	// gramShift moves the characters that FTS5's ascii tokenizer takes for separators to where it does not. It may make
	// one gram of two that differ; the look at the text tells them apart.
	gramShift = 0x100
)

// separatorRune is fieldSeparator as it stands in a gram.
const separatorRune = gramShift + 0x1f

// gramRune is a character as it stands in a gram.
func gramRune(r rune) gram {
	if r >= utf8.RuneSelf || 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
		return gram(r)
	}
	return gram(r) + gramShift
}

// appendGrams adds the grams of a folded text in the order in which they stand.
func appendGrams(dst []gram, text string) []gram {
	var g gram
	n := 0
	for _, r := range text {
		g = (g<<gramBits | gramRune(r)) & (1<<(gramLength*gramBits) - 1)
		if n++; n >= gramLength {
			dst = append(dst, g)
		}
	}
	return dst
}

// storeWord is the word of an integration. It is longer than a gram, so that it is never taken for one.
func storeWord(integrationID int64) string { return "store" + strconv.FormatInt(integrationID, 10) }

// searchWords is what the index gets for a search text, beside the word of the integration. Every character of the text
// begins a gram, also the last two: there are separators behind them. Grams that begin with a separator serve nobody.
func searchWords(text string) string {
	grams := appendGrams(make([]gram, 0, len(text)+2), text+fieldSeparator+fieldSeparator)
	slices.Sort(grams)
	grams = slices.Compact(grams)
	out := make([]byte, 0, 6*len(grams))
	for _, g := range grams {
		if g>>(2*gramBits) != separatorRune {
			out = g.append(append(out, ' '))
		}
	}
	return string(out)
}

// append writes the gram as a word.
func (g gram) append(dst []byte) []byte {
	dst = utf8.AppendRune(dst, rune(g>>(2*gramBits)))
	dst = utf8.AppendRune(dst, rune(g>>gramBits&gramMask))
	return utf8.AppendRune(dst, rune(g&gramMask))
}

// maxTermGrams is how many grams of a term are considered: enough to find a selective one.
const maxTermGrams = 12

// termWord is a word that every text with a term has, and the part of the term that it is from:
// the parts are what blanks divide, and each blank with what is around it.
type termWord struct {
	text   string
	part   int
	prefix bool // every word that begins with it will do
}

// word is the word as FTS5 is asked for it.
func (w termWord) word() string {
	if w.prefix {
		return `"` + w.text + `"*`
	}
	return `"` + w.text + `"`
}

// termWords are the words that every text with the folded term has. A term of one or two characters is the beginning of a
// word, written with a star behind it.
func termWords(term string) []termWord {
	grams := appendGrams(nil, term)
	if len(grams) == 0 {
		var word []byte
		for _, r := range term {
			word = utf8.AppendRune(word, rune(gramRune(r)))
		}
		return []termWord{{text: string(word), prefix: true}}
	}
	runes := []rune(term)
	parts := make([]int, len(grams))
	for i := 1; i < len(parts); i++ {
		parts[i] = parts[i-1]
		if (runes[i-1] == ' ') != (runes[i+gramLength-1] == ' ') { // a blank comes in or is left behind
			parts[i]++
		}
	}
	n := min(len(grams), maxTermGrams)
	words := make([]termWord, n)
	for i := range words {
		at := i * (len(grams) - 1) / max(n-1, 1) // spread evenly over a long term
		words[i] = termWord{text: string(grams[at].append(nil)), part: parts[at]}
	}
	return words
}

// termIsShort tells whether a term has no gram of its own.
func termIsShort(term string) bool { return utf8.RuneCountInString(term) < gramLength }
