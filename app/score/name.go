package score

import "strings"

// leastName is how many letters the longest word of a name has at least: "Li" is one, "N. N." is none.
const leastName = 2

// isSuspiciousName tells a name, folded, that nobody has: with digits, of a test, of keys beside one another, or next to empty. One
// word alone is no sign, as many forms ask for no more.
func isSuspiciousName(folded string) bool {
	var room [maxWords]string
	words := wordsOf(folded, room[:0])
	letters, bad, longest := 0, 0, 0
	for _, w := range words {
		if hasDigit(w) || noNames[w] {
			return true
		}
		letters, longest = letters+len(w), max(longest, len(w))
		if isGibberish(w) {
			bad += len(w)
		}
	}
	return longest < leastName || 2*bad > letters
}

// noNames are words that are no part of a name.
var noNames = setOf("test", "teste", "testing", "prueba", "pruebas", "asdf", "qwerty", "qwe", "asd", "anonimo", "anonima", "nombre", "apellido", "apellidos", "cliente", "customer", "usuario", "user", "admin",
	"fulano", "mengano", "zutano", "fake", "falso", "falsa", "ninguno", "ninguna", "nadie", "null", "undefined", "xxx", "desconocido", "pedido", "comprador", "http", "https", "www")

// sameAddress is one spelling for a street that people write in many: what kind it is in one word each, and nothing that only
// says that a number comes.
func sameAddress(words []string) string {
	var b strings.Builder
	for _, w := range words {
		if one, ok := streetKinds[w]; ok {
			w = one
		}
		if w == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w)
	}
	return b.String()
}

var streetKinds = map[string]string{
	"#": "", "no": "", "nro": "", "num": "", "numero": "", "n": "",
	"cll": "calle", "cl": "calle", "clle": "calle", "cra": "carrera", "cr": "carrera", "kra": "carrera", "kr": "carrera", "crr": "carrera", "crra": "carrera",
	"dg": "diagonal", "diag": "diagonal", "tv": "transversal", "tr": "transversal", "transv": "transversal", "av": "avenida", "avda": "avenida", "ave": "avenida",
	"jr": "jiron", "psje": "pasaje", "pje": "pasaje", "mz": "manzana", "mza": "manzana", "lt": "lote", "lte": "lote", "r": "rua",
	"apt": "apto", "apartamento": "apto", "depto": "dpto", "departamento": "dpto", "col": "colonia", "qd": "quadra", "blvd": "boulevard", "bv": "boulevard",
}
