package score

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// phoneFindings is what a phone number tells by itself.
type phoneFindings struct {
	missing, invalid, repeated bool
	e164                       string // who it is of; empty when it may be anybody's
}

// Bounds of phone numbers, in digits.
const (
	leastPhone   = 5  // below, no number is meant at all: "0", "NA 1"
	longestPhone = 15 // of E.164
	longRun      = 7  // the same digit, or digits counted up or down, in a row: 3000000000, 3123456789
	longPattern  = 8  // digits of which two alternate, or three: 1212121212
)

// readPhone judges a phone number by the national plan of the order's country, or of the country it names itself. Where neither is
// known it is not judged. Of several numbers in one field the first that is valid counts. A number of digits that nobody is given
// by chance is called repeated, and not invalid as well: one flaw is one factor.
func readPhone(country, text string) (f phoneFindings) {
	region := ""
	if isCountryCode(country) {
		region = strings.ToUpper(country)
	}
	f.missing = true
	for rest := text[:min(len(text), maxText)]; rest != ""; {
		var one string
		one, rest = cutPhone(rest)
		digits, abroad := phoneDigits(one)
		if len(digits) < leastPhone {
			continue
		}
		found := judgePhone(region, digits, abroad)
		if f.missing || !found.invalid && !found.repeated {
			f = found
		}
		if !f.invalid && !f.repeated {
			break
		}
	}
	return f
}

// cutPhone takes the first number off a field with several.
func cutPhone(text string) (one, rest string) {
	if i := strings.IndexAny(text, "/,;|\n"); i >= 0 {
		return text[:i], text[i+1:]
	}
	return text, ""
}

// phoneDigits leaves the digits; abroad says that the country's code is among them. Two zeros before it mean the same as a plus.
func phoneDigits(text string) (digits string, abroad bool) {
	var room [2 * longestPhone]byte
	out := room[:0]
	for i := range len(text) {
		switch c := text[i]; {
		case '0' <= c && c <= '9' && len(out) < len(room):
			out = append(out, c)
		case c == '+' && len(out) == 0:
			abroad = true
		}
	}
	if len(out) > 2 && out[0] == '0' && out[1] == '0' {
		out, abroad = out[2:], true
	}
	return string(out), abroad
}

func judgePhone(region, digits string, abroad bool) (f phoneFindings) {
	if region == "" && !abroad {
		f.repeated = isRepeated(digits)
		if !f.repeated && len(digits) <= longestPhone {
			f.e164 = digits
		}
		return f
	}
	if abroad {
		digits = "+" + digits
	}
	number, err := phonenumbers.Parse(withoutOldPrefix(region, digits), region)
	if err != nil {
		f.repeated = isRepeated(strings.TrimPrefix(digits, "+"))
		f.invalid = !f.repeated
		return f
	}
	national := phonenumbers.GetNationalSignificantNumber(number)
	switch {
	case isRepeated(national):
		f.repeated = true
	default:
		f.invalid = !phonenumbers.IsValidNumber(number)
		f.e164 = samePhone(phonenumbers.Format(number, phonenumbers.E164))
	}
	return f
}

// withoutOldPrefix takes off the 1 that Mexican mobile numbers had behind the country's code until 2019.
func withoutOldPrefix(region, digits string) string {
	const old, code, whole = "521", "+52", len("5215512345678")
	bare := strings.TrimPrefix(digits, "+")
	if len(bare) == whole && strings.HasPrefix(bare, old) && (region == "MX" || bare != digits) {
		return code + bare[len(old):]
	}
	return digits
}

// samePhone takes off the 9 by which Argentina's mobile numbers are called from abroad, which many leave out.
func samePhone(e164 string) string {
	if rest, ok := strings.CutPrefix(e164, "+549"); ok && len(rest) == 10 {
		return "+54" + rest
	}
	return e164
}

// isRepeated tells a number that was made up: one digit, digits counted up or down, or two or three of them in turns.
func isRepeated(digits string) bool {
	same, up, down := 1, 1, 1
	run := func(on bool, n *int) bool {
		if !on {
			*n = 1
			return false
		}
		*n++
		return *n >= longRun
	}
	var turns [4]int // digits that are as the one so many places before
	for i := 1; i < len(digits); i++ {
		a, b := digits[i-1], digits[i]
		if run(a == b, &same) || run(b == a+1 || a == '9' && b == '0', &up) || run(b+1 == a || a == '0' && b == '9', &down) {
			return true
		}
		for period := 2; period <= 3; period++ {
			if i < period || digits[i] != digits[i-period] {
				turns[period] = 0
				continue
			}
			if turns[period]++; turns[period]+period > longPattern {
				return true
			}
		}
	}
	return false
}
