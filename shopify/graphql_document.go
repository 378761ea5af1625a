package shopify

import (
	"bytes"
	"time"
)

// document writes the members of an object of GraphQL as an object of REST. What
// is a text stays the JSON text that came, so that nothing is decoded that only
// goes through.
type document struct {
	b       []byte
	zone    *time.Location // of the store's clock
	orderID []byte         // digits, for what names its order
}

// rule writes one member from another; a from of several rules is read once.
type rule struct {
	to, from string
	write    func(d *document, raw []byte)
}

// shape is how an object of GraphQL becomes one of REST.
type shape struct {
	rules []rule
	at    map[string][]int // of each member that is read, its rules
}

func shapeOf(rules ...rule) *shape {
	s := &shape{rules: rules, at: make(map[string][]int, len(rules))}
	for i, r := range rules {
		s.at[r.from] = append(s.at[r.from], i)
	}
	return s
}

// object writes the object raw by a shape; what is none becomes null.
func (d *document) object(raw []byte, s *shape) {
	if !nonEmptyObject(raw) {
		d.b = append(d.b, "null"...)
		return
	}
	d.b = append(d.b, '{')
	d.members(raw, s)
	d.b = append(d.b, '}')
}

// members writes the members of a shape, separated by commas.
func (d *document) members(raw []byte, s *shape) {
	values := make([][]byte, len(s.rules))
	eachMember(raw, func(name, value []byte) {
		for _, i := range s.at[string(name)] {
			values[i] = value
		}
	})
	for i, r := range s.rules {
		if i > 0 {
			d.b = append(d.b, ',')
		}
		d.b = append(append(append(d.b, '"'), r.to...), '"', ':')
		r.write(d, values[i])
	}
}

// list writes the elements of a list, or of the nodes of a connection, by a shape.
func (d *document) list(raw []byte, s *shape) {
	if nonEmptyObject(raw) {
		parts, _ := lastMembers(raw, "nodes")
		raw = parts[0]
	}
	d.b = append(d.b, '[')
	if isList(raw) {
		first := true
		for element := range elements(raw) {
			if !nonEmptyObject(element) {
				continue
			}
			if !first {
				d.b = append(d.b, ',')
			}
			first = false
			d.object(element, s)
		}
	}
	d.b = append(d.b, ']')
}

func listOf(s *shape) func(*document, []byte) {
	return func(d *document, raw []byte) { d.list(raw, s) }
}

func objectOf(s *shape) func(*document, []byte) {
	return func(d *document, raw []byte) { d.object(raw, s) }
}

// within writes a member of an object by another rule.
func within(name string, write func(*document, []byte)) func(*document, []byte) {
	return func(d *document, raw []byte) {
		var value []byte
		if nonEmptyObject(raw) {
			parts, _ := lastMembers(raw, name)
			value = parts[0]
		}
		write(d, value)
	}
}

// asIs writes a value as it came, null for what is missing.
func asIs(d *document, raw []byte) {
	if len(raw) == 0 {
		raw = []byte("null")
	}
	d.b = append(d.b, raw...)
}

// digits writes a number that came as text or as number, digit for digit.
func digits(d *document, raw []byte) {
	if bare := bytes.Trim(raw, `"`); isPlainNumber(bare) {
		d.b = append(d.b, bare...)
		return
	}
	d.b = append(d.b, "null"...)
}

// number writes the number in an id such as gid://shopify/Product/12?as=that.
func number(d *document, raw []byte) {
	bare := bytes.Trim(raw, `"`)
	if at := bytes.IndexByte(bare, '?'); at >= 0 {
		bare = bare[:at]
	}
	digits(d, bare[bytes.LastIndexByte(bare, '/')+1:])
}

// isPlainNumber tells what JSON takes for a whole number.
func isPlainNumber(s []byte) bool {
	return len(s) > 0 && len(s) <= maxIDDigits && leading(string(s), isDigit) == len(s) && (s[0] != '0' || len(s) == 1)
}

// maxIDDigits is how long a number of Shopify's may be; theirs have 64 bits.
const maxIDDigits = 20

// lower writes the name of an enum as REST does, in lower case.
func lower(d *document, raw []byte) {
	if len(raw) < 2 || raw[0] != '"' {
		asIs(d, nil)
		return
	}
	d.b = append(d.b, bytes.ToLower(raw)...)
}

// when writes a time by the store's clock, as REST does. What is no time stays
// what it is.
func when(d *document, raw []byte) {
	if len(raw) < 2 || raw[0] != '"' {
		asIs(d, nil)
		return
	}
	t := timeOf(raw)
	if t.IsZero() {
		asIs(d, raw)
		return
	}
	local := t.In(d.zone)
	if local.Year() < 1 || local.Year() > 9999 || t.Nanosecond() != 0 {
		asIs(d, raw)
		return
	}
	d.b = append(local.AppendFormat(append(d.b, '"'), offset), '"')
}

// amount writes money as REST does: a text with two decimals or more.
func amount(d *document, raw []byte) {
	if !hasText(raw) {
		asIs(d, nil)
		return
	}
	text := textOf(raw)
	if exact, err := Money(text); err == nil {
		d.b = append(append(append(d.b, '"'), exact...), '"')
		return
	}
	if raw[0] == '"' {
		asIs(d, raw)
		return
	}
	d.b = append(append(append(d.b, '"'), raw...), '"') // a number is all that is left
}

// commas writes a list of texts as one text.
func commas(d *document, raw []byte) {
	d.b = append(d.b, '"')
	if isList(raw) {
		first := true
		for element := range elements(raw) {
			if len(element) < 2 || element[0] != '"' {
				continue
			}
			if !first {
				d.b = append(d.b, ", "...)
			}
			first = false
			d.b = append(d.b, element[1:len(element)-1]...)
		}
	}
	d.b = append(d.b, '"')
}

// oneOf writes the lower case of what is among the words, and null for all else.
func oneOf(words map[string]string) func(*document, []byte) {
	return func(d *document, raw []byte) {
		word, known := "", false
		if len(raw) > 2 && raw[0] == '"' {
			word, known = words[string(raw[1:len(raw)-1])]
		}
		if !known {
			asIs(d, nil)
			return
		}
		d.b = append(append(append(d.b, '"'), word...), '"')
	}
}

// flag writes a boolean, null for anything else.
func flag(d *document, raw []byte) {
	if string(raw) != "true" && string(raw) != "false" {
		raw = nil
	}
	asIs(d, raw)
}
