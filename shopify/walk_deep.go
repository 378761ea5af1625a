package shopify

import "bytes"

// deepest is how many brackets deep a payload is looked into. Shopify's orders have about ten.
const deepest = 64

// spot is a value in a JSON text, and where it stands.
type spot struct {
	name       []byte // of the member, in lower case and without separators; nil in a list
	nameAt     int    // where the member begins, with the quote of its name; -1 in a list
	nameEnd    int    // behind that name's closing quote
	start, end int
	depth      int    // 1 for what is directly in the text's own object or list
	parent     string // what its object is: parentRoot, parentCustomer, parentAddress or ""
}

// What an object is that a value stands in.
const (
	parentRoot     = "root"
	parentCustomer = "customer"
	parentAddress  = "address"
)

// walkValues calls visit with every value in the value at i, which is valid, from the outside inwards and from left to right.
// What visit does not want to go into is passed over.
func walkValues(data []byte, i int, visit func(s spot) (down bool)) {
	var room [48]byte
	walkIn(data, i, 0, parentRoot, &room, visit)
}

func walkIn(data []byte, i, depth int, parent string, room *[48]byte, visit func(s spot) (down bool)) (end int) {
	list := data[i] == '['
	i = skipSpace(data, i+1)
	for i < len(data) && data[i] != '}' && data[i] != ']' {
		s := spot{nameAt: -1, start: i, depth: depth + 1, parent: parent}
		if list {
			s.parent = ""
		} else {
			var name []byte
			s.nameAt, s.nameEnd = i, skipValue(data, i)
			name, s.start = memberAt(data, i)
			s.name = plainName(room, name)
		}
		if s.end = skipValue(data, s.start); s.end < 0 {
			return -1
		}
		inner := meaning(s.name)
		down := visit(s)
		if open := data[s.start]; down && s.depth < deepest && (open == '{' || open == '[') {
			walkIn(data, s.start, s.depth, inner, room, visit)
		}
		if i = skipSpace(data, s.end); i < len(data) && data[i] == ',' {
			i = skipSpace(data, i+1)
		}
	}
	return i + 1
}

// meaning is what an object of this name is.
func meaning(name []byte) string {
	switch string(name) {
	case "customer":
		return parentCustomer
	case "billingaddress", "shippingaddress", "shipping", "defaultaddress", "destination", "destinationlocation":
		return parentAddress
	}
	return ""
}

// plainName is a name in lower case without what divides its words, so that one spelling does for first_name, "First Name" and
// firstName. Longer ones than room has place for are cut off.
func plainName(room *[48]byte, name []byte) []byte {
	out := room[:0]
	for _, c := range name {
		if len(out) == len(room) {
			break
		}
		switch {
		case c == '_' || c == ' ' || c == '-':
		case 'A' <= c && c <= 'Z':
			out = append(out, c|0x20)
		default:
			out = append(out, c)
		}
	}
	return out
}

func isPhoneName(name []byte) bool { return bytes.Contains(name, []byte("phone")) }
func isEmailName(name []byte) bool { return bytes.Contains(name, []byte("email")) }
