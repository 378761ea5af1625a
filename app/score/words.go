package score

import (
	"strings"
	"sync"
)

// isPlaceholder knows what people and forms write where they have nothing to say, folded.
func isPlaceholder(folded string) bool { return placeholders[folded] }

var placeholders = setOf("pendiente", "pendente", "por confirmar", "por definir", "por asignar", "no aplica", "na", "n a", "nd", "n d", "ninguno", "ninguna", "nenhum",
	"test", "teste", "testing", "prueba", "pruebas", "direccion", "direccion de prueba", "address", "endereco", "x", "xx", "xxx", "xxxx", "no tengo", "no se", "nose",
	"sin direccion", "sin datos", "desconocido", "desconocida", "desconhecido", "city", "ciudad", "cidade", "default", "fake", "asdf", "qwerty", "abc", "aaa")

func setOf(words ...string) map[string]bool {
	set := make(map[string]bool, len(words))
	for _, w := range words {
		set[w] = true
	}
	return set
}

// vowelless are abbreviations without a vowel, which are not gibberish.
var vowelless = setOf("blvd", "bldv", "mzna", "cdla", "cdra", "crra", "clle", "prlg", "frcc", "fracc", "hmns", "stgo", "pblo", "brrio", "cjto", "cndm", "dpto", "dptos", "dptmo", "grl",
	"sgto", "tnte", "cptn", "pdte", "pdta", "cnel", "mcal", "mrcl", "bqlla", "brr", "sctr", "trsv", "tvsl", "trnv", "trans", "pltc", "cllj", "prvd", "rcdo", "rpto", "cntr", "cdad", "mncp", "cltr",
	"qdra", "frtn", "bldg", "strt", "flrs", "mtrs", "ntra", "bmbl", "grnd", "sprk", "lmts", "hsptl", "cllon", "bchs", "cbba", "gnrl", "grls", "prnc", "ctgna", "frmt", "stnd", "rdgz", "hdez", "fdez", "mtz")

// isVowel takes y for one, as in "Lynch".
func isVowel(c byte) bool { return strings.IndexByte("aeiouy", c) >= 0 }

// Bounds on what a word may look like.
const (
	mostConsonants  = 6 // in a row, without h: Goldschmidt has five
	vowellessLength = 4
	longRow         = 5 // keys beside one another in some longer word; "erty" is in Liberty
	unknownLength   = 6 // from how many letters on a word's pairs of letters are looked at
)

// isGibberish tells a word, folded, that no language of the continent has. It errs on the side of the word.
func isGibberish(w string) bool {
	letters := 0
	for i := range len(w) {
		if c := w[i]; c >= 'a' && c <= 'z' {
			letters++
		} else {
			return false // what has digits or other letters is judged by others
		}
	}
	if letters < 3 {
		return false
	}
	if sameLetters(w) {
		return true
	}
	if letters < vowellessLength {
		return false
	}
	row, longest := keyRow(w), consonantRun(w)
	switch {
	case row == letters, row >= longRow:
		return true
	case vowelless[w]:
		return false
	case strings.IndexFunc(w, func(r rune) bool { return isVowel(byte(r)) }) < 0:
		return true
	case longest >= mostConsonants:
		return true
	case repeatsItself(w):
		return true
	case letters < unknownLength:
		return false
	}
	unknown, pairs := 0, knownPairs()
	for i := 1; i < len(w); i++ {
		if pairs[w[i-1]-'a']&(1<<(w[i]-'a')) == 0 {
			unknown++
		}
	}
	return 5*unknown >= 2*(len(w)-1)
}

// sameLetters tells "aaaa" and "xxx"; "iii" and "xxx" as numbers are told from it by iii alone.
func sameLetters(w string) bool {
	return w != "iii" && strings.Trim(w, w[:1]) == "" && (len(w) > 3 || !isVowel(w[0]) || w == "aaa")
}

// consonantRun is the longest run of consonants, without h, which is mute.
func consonantRun(w string) (longest int) {
	run := 0
	for i := range len(w) {
		switch {
		case isVowel(w[i]):
			run = 0
		case w[i] != 'h':
			run++
			longest = max(longest, run)
		}
	}
	return longest
}

// keyRow is the longest run of keys that lie beside one another, forwards or backwards.
func keyRow(w string) (longest int) {
	const rows = "qwertyuiop asdfghjkl zxcvbnm"
	run, step := 1, 0
	for i := 1; i < len(w); i++ {
		from, to := strings.IndexByte(rows, w[i-1]), strings.IndexByte(rows, w[i])
		if d := to - from; (d == 1 || d == -1) && (step == 0 || d == step) {
			run, step = run+1, d
		} else {
			run, step = 1, 0
			if d == 1 || d == -1 {
				run, step = 2, d
			}
		}
		longest = max(longest, run)
	}
	return longest
}

// repeatsItself tells "jajaja" and "asdasd": two or more letters again and again, three times, or twice when they are no syllable.
func repeatsItself(w string) bool {
	for unit := 2; unit <= 4 && 2*unit <= len(w); unit++ {
		times := len(w) / unit
		if len(w)%unit != 0 || strings.Repeat(w[:unit], times) != w {
			continue
		}
		if times >= 3 {
			return true
		}
		pairs := knownPairs()
		for i := 1; i < unit; i++ {
			if pairs[w[i-1]-'a']&(1<<(w[i]-'a')) == 0 {
				return true
			}
		}
	}
	return false
}

// immigrants are names from elsewhere with pairs of letters that no city of the continent has.
const immigrants = "wright knight hughes schmidt hirschfeld pfeiffer dwight strzelecki brzezinski kowalczyk wojtkiewicz nguyen mcdonald krzysztof tchaikovsky dvorak vladimir zdenka\n"

// knownPairs are the pairs of letters that the names of cities and provinces have, which are of many languages: a bit for each
// second letter.
var knownPairs = sync.OnceValue(func() *[26]uint32 {
	var pairs [26]uint32
	for _, text := range [...]string{string(cityLines), provinceText, immigrants} {
		for line := range strings.Lines(text) {
			if line[0] == '#' {
				continue
			}
			for i := 1; i < len(line); i++ {
				if a, b := line[i-1]-'a', line[i]-'a'; a < 26 && b < 26 {
					pairs[a] |= 1 << b
				}
			}
		}
	}
	return &pairs
})
