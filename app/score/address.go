package score

import "strings"

// Bounds of a short address, in letters and digits: one that has a number may be as short as "Cl 5 # 4-3".
const (
	shortAddress    = 10
	shortestAddress = 5
)

// addressFindings is what an address tells by itself.
type addressFindings struct {
	noNumber, short, gibberish bool
}

// readAddress judges street and complement, folded with # kept. The forms are those in which people of Colombia, Mexico, Peru, Chile,
// Ecuador, Argentina and Brazil write where they live; others are judged by whether there is a number at all.
func readAddress(country, street, complement string) addressFindings {
	var room [maxWords]string
	words := wordsOf(complement, wordsOf(street, room[:0]))
	letters := 0
	for _, w := range words {
		if w != "#" {
			letters += len(w)
		}
	}
	f := addressFindings{gibberish: isPlaceholder(street) || gibberishShare(words) || numbersOnly(words)}
	f.noNumber = !f.gibberish && !hasNumber(country, words)
	f.short = !f.gibberish && (letters < shortestAddress || letters < shortAddress && f.noNumber)
	return f
}

// gibberishShare tells whether two fifths of the letters are of words that are none.
func gibberishShare(words []string) bool {
	bad, all, same := 0, 0, 1
	for i, w := range words {
		if hasDigit(w) || w == "#" {
			continue
		}
		all += len(w)
		if isGibberish(w) {
			bad += len(w)
		}
		if i > 0 && w == words[i-1] && len(w) > 2 {
			if same++; same >= 3 { // "casa casa casa"
				return true
			}
		} else {
			same = 1
		}
	}
	return bad > 0 && 5*bad >= 2*all
}

// numbersOnly tells an address without a word, but for "45 # 12-30", which leaves out only what kind of street it is.
func numbersOnly(words []string) bool {
	numbers := 0
	for _, w := range words {
		switch {
		case !allDigits(w) && w != "#" && len(w) > 3:
			return false
		case !allDigits(w) && w != "#" && !hasDigit(w):
			return false
		case w != "#":
			numbers++
		}
	}
	return numbers < 3
}

// hasNumber tells whether an address says where in its street: a number of the house, a block and lot, a kilometre, a farm, a
// crossing, a known building's flat, "s/n", or a carrier's office.
func hasNumber(country string, words []string) bool {
	named := false // a building or estate that has a name, so that a flat in it is a place
	for i, w := range words {
		next := at(words, i+1)
		switch {
		case w == "#":
			if hasDigit(next) {
				return true
			}
		case hasDigit(w):
			if isHouseNumber(words, i, named) {
				return true
			}
		case blocks[w] && hasDigit(next), lettered[w] && len(next) == 1 && strings.IndexByte("eoy#", next[0]) < 0:
			return true
		case rural[w], w == "sn", w == "s" && next == "n", (w == "sin" || w == "sem") && strings.HasPrefix(next, "num"), w == "domicilio" && next == "conocido":
			return true
		case offices[w] && anyOf(words, couriers):
			return true
		case estates[w]:
			named = true
		case len(words) >= 3 && (crossing[w] || country == "ec" && (w == "y" || w == "e") && i > 0 && next != ""):
			return true
		}
	}
	return false
}

func at(words []string, i int) string {
	if i < 0 || i >= len(words) {
		return ""
	}
	return words[i]
}

func anyOf(words []string, set map[string]bool) bool {
	for _, w := range words {
		if set[w] {
			return true
		}
	}
	return false
}

// isHouseNumber tells whether the word at i, which has a digit, may be the number of a house, and no part of a name.
func isHouseNumber(words []string, i int, named bool) bool {
	w, before, next := words[i], at(words, i-1), at(words, i+1)
	switch {
	case len(w) >= 7: // a phone number
		return false
	case (next == "de" || next == "do") && months[at(words, i+2)]: // 9 de Julio
		return false
	case streets[before] && countDigits(w) <= streetDigits, streets[next] && ordinal(w): // Calle 45, 5ta Avenida
		return false
	case parts[before], measures[next]:
		return false
	case flats[before] || flats[next] && ordinal(w) && !allDigits(w): // piso 2, 2do piso
		return named
	}
	return true
}

// streetDigits is how many digits the number of a street has at most; "José Miguel Carrera 5678" is a house.
const streetDigits = 3

func countDigits(w string) (n int) {
	for i := range len(w) {
		if '0' <= w[i] && w[i] <= '9' {
			n++
		}
	}
	return n
}

// ordinal tells a number such as 2da, 3er, 5.
func ordinal(w string) bool {
	return allDigits(strings.TrimRight(w, "abcdenorstv"))
}

// Words of addresses, folded.
var (
	// streets are followed by a name, which may be a number.
	streets = setOf("calle", "cll", "cl", "cale", "clle", "call", "c", "carrera", "cra", "cr", "kra", "kr", "crr", "crra", "k", "diagonal", "dg", "diag", "transversal", "tv", "tr", "trv",
		"transv", "tranv", "trans", "avenida", "av", "avda", "ave", "ak", "ac", "circular", "circunvalar", "autopista", "ruta", "rn", "rp", "carretera", "via", "rua", "travessa", "rodovia", "br",
		"jiron", "jr", "pasaje", "psje", "pje", "boulevard", "blvd", "bv")
	// parts of a town are followed by a number that is no house's.
	parts = setOf("barrio", "b", "etapa", "sector", "zona", "comuna", "distrito", "fase", "region", "anillo", "comunidad", "colonia", "col", "cp", "codigo", "postal", "cep", "localidad", "estrato",
		"cerca", "tel", "cel", "celular", "telefono", "whatsapp")
	// measures follow a number that counts something else.
	measures = setOf("cuadra", "cuadras", "metro", "metros", "mts", "mt", "pisos", "plantas", "minutos", "min", "pm", "am", "hrs", "horas", "ambientes")
	// flats are where in a house, which says nothing of where the house is.
	flats = setOf("piso", "apto", "apt", "apartamento", "apartamentos", "ap", "depto", "dpto", "departamento", "dto", "depa", "oficina", "of", "ofi", "int", "interior", "local", "lc", "habitacion", "nivel", "andar")
	// estates have a name of their own.
	estates = setOf("conjunto", "cjto", "conj", "edificio", "edif", "ed", "edf", "torre", "torres", "condominio", "cond", "residencial", "residencias", "residencia", "unidad", "urbanizacion",
		"urb", "multifamiliar", "multifamiliares", "ciudadela", "cdla", "parque", "hotel", "centro", "cc", "hospital", "clinica", "edificios", "conjuntos", "fraccionamiento", "fracc", "villas")
	// blocks are followed by a number that leads to the house.
	blocks = setOf("mz", "mza", "mzna", "mzn", "manzana", "mnz", "m", "lt", "lte", "lote", "l", "quadra", "qd", "q", "bloque", "bl", "blq", "block", "bloco", "casa", "cs", "villa", "solar", "km", "kilometro", "parcela", "pc",
		"predio", "torre", "edificio", "edif", "n", "no", "nro", "num", "numero", "supermanzana", "sm", "smz", "estaca", "monoblock", "monoblok", "sitio", "puerta", "local", "bodega", "stand")
	// lettered blocks and lots may have a letter instead.
	lettered = setOf("mz", "mza", "mzna", "mzn", "manzana", "mnz", "lt", "lte", "lote", "qd", "quadra", "casa")
	// rural says a place where houses have no numbers.
	rural = setOf("vereda", "vda", "finca", "fca", "corregimiento", "corr", "fundo", "recinto", "rcto", "caserio", "rancho", "ejido", "fazenda", "chacara", "sitio", "povoado", "hacienda", "hda", "anexo",
		"rancheria", "parcelacion", "parcelas", "km", "kilometro", "estancia", "paraje", "assentamento")
	crossing = setOf("esquina", "esq", "interseccion", "cruce", "esquinero")
	offices  = setOf("oficina", "agencia", "sucursal", "sede", "punto", "terminal", "reclama", "reclamar", "recoge", "recoger", "retira", "retirar", "retiro")
	couriers = setOf("servientrega", "interrapidisimo", "inter", "rapidisimo", "coordinadora", "envia", "tcc", "deprisa", "saferbo", "veloces", "olva", "shalom", "marvisur", "scharff",
		"dhl", "estafeta", "fedex", "paquetexpress", "castores", "correos", "correo", "correios", "andreani", "oca", "starken", "chilexpress", "bluexpress", "laar", "tramaco", "cooperativa", "flota")
	months = setOf("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "setiembre", "octubre", "noviembre", "diciembre", "diciembr",
		"janeiro", "fevereiro", "marco", "maio", "junho", "julho", "setembro", "outubro", "novembro", "dezembro")
)
