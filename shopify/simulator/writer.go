package simulator

import (
	"strconv"
	"unicode/utf8"
)

// writer appends JSON. It knows nothing of structure beyond commas, which is
// all a payload of a fixed shape needs, and a page of 250 orders is written in
// about two milliseconds.
type writer struct {
	b     []byte
	comma bool
}

func (w *writer) open(name string, bracket byte) {
	w.name(name)
	w.b, w.comma = append(w.b, bracket), false
}

func (w *writer) close(bracket byte) { w.b, w.comma = append(w.b, bracket), true }

// name begins a member; "" begins an element of an array.
func (w *writer) name(name string) {
	if w.comma {
		w.b = append(w.b, ',')
	}
	w.comma = true
	if name != "" {
		w.b = append(w.b, '"')
		w.b = append(w.b, name...)
		w.b = append(w.b, '"', ':')
	}
}

func (w *writer) str(name, value string) {
	w.name(name)
	w.b = appendString(w.b, value)
}

// text writes null for "".
func (w *writer) text(name, value string) {
	if value == "" {
		w.lit(name, "null")
		return
	}
	w.str(name, value)
}

// lit writes a value that is JSON already.
func (w *writer) lit(name, json string) {
	w.name(name)
	w.b = append(w.b, json...)
}

func (w *writer) int(name string, v int64) {
	w.name(name)
	w.b = strconv.AppendInt(w.b, v, 10)
}

func (w *writer) bool(name string, v bool) {
	w.name(name)
	w.b = strconv.AppendBool(w.b, v)
}

func (w *writer) nulls(names ...string) {
	for _, name := range names {
		w.lit(name, "null")
	}
}

func (w *writer) strs(name string, values ...string) {
	w.open(name, '[')
	for _, v := range values {
		w.str("", v)
	}
	w.close(']')
}

// set writes an amount in both moneys, as every price has one beside it.
func (w *writer) set(name, amount, currency string) {
	w.open(name, '{')
	for _, money := range [...]string{"shop_money", "presentment_money"} {
		w.open(money, '{')
		w.str("amount", amount)
		w.str("currency_code", currency)
		w.close('}')
	}
	w.close('}')
}

// price writes an amount and the set beside it.
func (w *writer) price(name, amount, currency string) {
	w.str(name, amount)
	w.set(name+"_set", amount, currency)
}

// appendString quotes as Shopify does: unicode as it is, & < > escaped.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', byte(c))
		case c == '\n':
			b = append(b, '\\', 'n')
		case c < 0x20 || c == '&' || c == '<' || c == '>':
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			b = utf8.AppendRune(b, c)
		}
	}
	return append(b, '"')
}
