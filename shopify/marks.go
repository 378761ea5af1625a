package shopify

import (
	"bytes"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// A mark is a value by which a person is known, in one spelling, with its kind before it. That a person is meant is found out by
// comparing marks: those of a request (Person.Marks) with those of a payload (Marks).
const (
	markCustomer = "customer|"
	markEmail    = "email|"
	markOrder    = "order|"
	markPhone    = "phone|"
)

// MarkKind is the kind of a mark: customer, email, order or phone.
func MarkKind(mark string) string {
	kind, _, _ := strings.Cut(mark, "|")
	return kind
}

// OrderMark is the mark of an order's id.
func OrderMark(id string) string { return markOrder + id }

// Marks are what a person of a request is known by.
func (p Person) Marks() []string {
	var marks []string
	if p.CustomerID != "" && p.CustomerID != "0" {
		marks = append(marks, markCustomer+p.CustomerID)
	}
	if email := foldText(p.Email); email != "" {
		marks = append(marks, markEmail+email)
	}
	if phone, ok := readPhone(p.Phone); ok {
		marks = append(marks, phone.asked()...)
	}
	for _, id := range p.Orders {
		marks = append(marks, markOrder+id)
	}
	return marks
}

// Marks are those of an order's payload, each once: the ids of the order and its customer, every e-mail that stands anywhere in
// it, and the phone numbers.
func Marks(raw []byte) []string { return marksOf(raw, markOrder) }

// marksOf takes the text's own id for one of the given kind.
func marksOf(raw []byte, ownID string) []string {
	i := skipSpace(raw, 0)
	if i >= len(raw) || raw[i] != '{' && raw[i] != '[' {
		return nil
	}
	marks := make([]string, 0, 8)
	add := func(mark string) {
		if !slices.Contains(marks, mark) {
			marks = append(marks, mark)
		}
	}
	walkValues(raw, i, func(s spot) bool {
		value := raw[s.start:s.end]
		if !hasText(value) {
			return true
		}
		switch name := string(s.name); {
		case name == "id" && s.parent == parentRoot:
			add(ownID + textOf(value))
		case name == "id" && s.parent == parentCustomer, name == "customerid":
			add(markCustomer + textOf(value))
		case name == "orderid":
			add(markOrder + textOf(value))
		case isPhoneName(s.name):
			if phone, ok := readPhone(textOf(value)); ok {
				for _, mark := range phone.found() {
					add(mark)
				}
			}
		}
		if value[0] != '"' {
			return false
		}
		if bytes.HasPrefix(value, []byte(`"gid://shopify/`)) {
			kind, id, _ := strings.Cut(textOf(value)[len("gid://shopify/"):], "/")
			switch kind {
			case "Customer":
				add(markCustomer + id)
			case "Order":
				add(markOrder + id)
			}
		}
		if isEmailName(s.name) || bytes.IndexByte(value, '@') >= 0 || bytes.IndexByte(value, '\\') >= 0 {
			text := textOf(value)
			if isEmailName(s.name) && text != "" {
				add(markEmail + foldText(text))
			}
			for _, email := range emailsIn(text) {
				add(markEmail + email)
			}
		}
		return false
	})
	return marks
}

// foldText makes texts that a person takes for the same equal.
func foldText(s string) string { return norm.NFC.String(strings.ToLower(strings.TrimSpace(s))) }

// emailsIn finds the e-mail addresses in a text.
func emailsIn(text string) (found []string) {
	for at := strings.IndexByte(text, '@'); at >= 0; {
		start, end := at, at+1
		for start > 0 && isEmailByte(text[start-1], "._%+-'") {
			start--
		}
		for end < len(text) && isEmailByte(text[end], ".-") {
			end++
		}
		host := strings.TrimRight(text[at+1:end], ".-")
		if start < at && strings.IndexByte(host, '.') > 0 {
			found = append(found, foldText(text[start:at+1]+host))
		}
		next := strings.IndexByte(text[at+1:], '@')
		if next < 0 {
			break
		}
		at += 1 + next
	}
	return found
}

func isEmailByte(c byte, others string) bool {
	return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z' || c >= 0x80 || strings.IndexByte(others, c) >= 0
}
