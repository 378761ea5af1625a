package shopify

import (
	"bytes"
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Scrub takes a payload's customer out of it, and leaves every other byte as it is: ids, numbers, money, items, dates, statuses,
// tags, and of the addresses country and province.
//
// First, what is personal wherever it stands, by its name, becomes null, a list becomes empty. Then no text, nor name of a
// member, may have any of the payload's own e-mails, phone numbers, full names or streets left in it, nor the e-mails among
// hits, which are marks: one that does becomes null. The result depends on nothing else, and scrubbing it again changes nothing.
// What is no object or list is scrubbed to null.
func Scrub(raw []byte, hits []string) []byte {
	start := skipSpace(raw, 0)
	if start >= len(raw) || raw[start] != '{' && raw[start] != '[' || !endsAt(raw, skipValue(raw, start)) {
		return []byte("null")
	}
	own := traitsOf(raw, start, hits)
	out := make([]byte, 0, len(raw))
	copied := 0
	replace := func(from, to int, with string) {
		out = append(append(out, raw[copied:from]...), with...)
		copied = to
	}
	walkValues(raw, start, func(s spot) bool {
		value := raw[s.start:s.end]
		if s.nameAt >= 0 {
			if name := raw[s.nameAt:s.nameEnd]; own.in(name) {
				replace(s.nameAt, s.nameEnd, `""`)
			}
		}
		nested := value[0] == '{' || value[0] == '['
		switch {
		case s.erased(value) || nested && s.depth >= deepest:
			with := "null"
			if value[0] == '[' {
				with = "[]"
			}
			if string(value) != with {
				replace(s.start, s.end, with)
			}
			return false
		case value[0] == '"' && own.in(value):
			replace(s.start, s.end, "null")
		}
		return nested
	})
	return append(out, raw[copied:]...)
}

// erasedNames are the members that are personal wherever they stand, as plainName writes them. Of addresses, country and
// province stay; see erased.
var erasedNames = map[string]bool{
	"customer": true, "addresses": true, "recipient": true, "company": true, "customerid": true,
	"firstname": true, "givenname": true, "lastname": true, "familyname": true, "shippingname": true, "customername": true, "billingname": true,
	"address": true, "address1": true, "address2": true, "shippingstreet": true, "shippingstreet2": true, "shippingaddress1": true, "shippingaddress2": true,
	"city": true, "shippingcity": true, "zip": true, "postalcode": true, "latitude": true, "longitude": true,
	"browserip": true, "ip": true, "clientdetails": true, "useragent": true, "deviceid": true, "sessionhash": true,
	"note": true, "noteattributes": true, "customattributes": true, "properties": true, "message": true, "giftmessage": true,
	"landingsite": true, "landingsiteref": true, "referringsite": true, "orderstatusurl": true, "statuspageurl": true, "sourceurl": true, "sourceidentifier": true,
	"reference": true, "token": true, "carttoken": true, "checkouttoken": true, "checkoutid": true, "confirmationnumber": true, "multipassidentifier": true,
	"paymentdetails": true, "receipt": true, "receiptjson": true, "trackingnumber": true, "trackingnumbers": true, "trackingurl": true, "trackingurls": true,
	"trackinginfo": true,
}

// keptOfAddress are the members that stay in an address.
var keptOfAddress = map[string]bool{
	"country": true, "countrycode": true, "countryname": true, "countrycodev2": true, "province": true, "provincecode": true,
}

// erased tells whether the value goes for where it stands and what it is called.
func (s spot) erased(value []byte) bool {
	nested := value[0] == '{' || value[0] == '['
	switch {
	case s.parent == parentAddress:
		return nested || !keptOfAddress[string(s.name)]
	case s.name == nil:
		return false
	case meaning(s.name) == parentAddress:
		return value[0] != '{'
	}
	return erasedNames[string(s.name)] || isEmailName(s.name) || isPhoneName(s.name)
}

// traits are the values of a person that no text may have in it.
type traits struct {
	phrases []string // whole names and streets, folded
	parts   []string // e-mails, folded
	digits  []string // national phone numbers
}

// leastPhrase is how many bytes a name or a street has at least that is looked for; shorter ones are in too many words.
const leastPhrase = 5

// traitsOf collects the payload's own traits, and the e-mails among hits.
func traitsOf(raw []byte, start int, hits []string) (t traits) {
	for _, mark := range hits {
		if email, ok := strings.CutPrefix(mark, markEmail); ok {
			t.email(email)
		}
	}
	names := make(map[int][2]string) // first and last name that were met last, by depth
	walkValues(raw, start, func(s spot) bool {
		value := raw[s.start:s.end]
		if !hasText(value) {
			return true
		}
		switch name := string(s.name); {
		case isEmailName(s.name):
			t.email(foldText(textOf(value)))
			for _, email := range emailsIn(textOf(value)) {
				t.email(email)
			}
		case isPhoneName(s.name):
			if p, ok := readPhone(textOf(value)); ok {
				t.digits = append(t.digits, cmp.Or(p.national, p.full))
			}
		case name == "firstname" || name == "givenname":
			names[s.depth] = [2]string{textOf(value), names[s.depth][1]}
			t.fullName(names[s.depth])
		case name == "lastname" || name == "familyname":
			names[s.depth] = [2]string{names[s.depth][0], textOf(value)}
			t.fullName(names[s.depth])
		case name == "name" && (s.parent == parentAddress || s.parent == parentCustomer), name == "shippingname", name == "customername", name == "billingname":
			if text := textOf(value); strings.ContainsRune(strings.TrimSpace(text), ' ') {
				t.phrase(text)
			}
		case name == "address1", name == "shippingstreet", name == "shippingaddress1":
			t.phrase(textOf(value))
		}
		return false
	})
	return t
}

func (t *traits) email(folded string) {
	if len(folded) >= leastPhrase {
		t.parts = append(t.parts, folded, strings.Replace(folded, "@", "%40", 1))
	}
}

// fullName takes a first and a last name when both are known: one alone is a word like others.
func (t *traits) fullName(parts [2]string) {
	first, last := strings.TrimSpace(parts[0]), strings.TrimSpace(parts[1])
	if first != "" && last != "" {
		t.phrase(first + " " + last)
		t.phrase(last + " " + first)
	}
}

func (t *traits) phrase(text string) {
	if folded := foldText(text); len(folded) >= leastPhrase && strings.ContainsFunc(folded, unicode.IsLetter) {
		t.phrases = append(t.phrases, folded)
	}
}

// in tells whether a JSON string has any of the traits in it.
func (t *traits) in(literal []byte) bool {
	if len(t.phrases)+len(t.parts)+len(t.digits) == 0 {
		return false
	}
	text := textOf(literal)
	if len(text) < leastPhrase {
		return false
	}
	folded := foldText(text)
	for _, p := range t.parts {
		if strings.Contains(folded, p) {
			return true
		}
	}
	for _, p := range t.phrases {
		if containsPhrase(folded, p) {
			return true
		}
	}
	return len(t.digits) > 0 && t.inNumbers(text)
}

// inNumbers looks for the phone numbers in the runs of digits of a text, whatever people write between the digits. A plain
// decimal, as money is written, is no phone number, and neither is a time.
func (t *traits) inNumbers(text string) bool {
	if len(text) > len("2026-01-02T") && text[4] == '-' && text[7] == '-' && text[10] == 'T' {
		return false
	}
	if whole, cents, ok := strings.Cut(text, "."); ok && onlyDigits(whole) && onlyDigits(cents) {
		return false
	}
	run := make([]byte, 0, 32)
	for i := 0; i <= len(text); i++ {
		if i < len(text) {
			if c := text[i]; isDigit(c) {
				run = append(run, c)
				continue
			} else if strings.IndexByte(" -().+/\u00a0", c) >= 0 {
				continue
			}
		}
		for _, d := range t.digits {
			if bytes.Contains(run, []byte(d)) {
				return true
			}
		}
		run = run[:0]
	}
	return false
}

func onlyDigits(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

// containsPhrase tells whether text has phrase in it as whole words: "jo li" is not in "banjo lite".
func containsPhrase(text, phrase string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], phrase)
		if i < 0 {
			return false
		}
		i += from
		before, _ := utf8.DecodeLastRuneInString(text[:i])
		after, _ := utf8.DecodeRuneInString(text[i+len(phrase):])
		if !isWordRune(before) && !isWordRune(after) {
			return true
		}
		from = i + 1
	}
}

func isWordRune(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}
