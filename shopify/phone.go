package shopify

import "strings"

// leastDigits is how many digits a phone number has at least; fewer are in too many other numbers.
const leastDigits = 7

// phoneNumber is a phone number as digits.
type phoneNumber struct {
	full     string // with the country's code if that was written, else as written
	national string // without it, and without zeros before it; "" when too short
	abroad   bool   // the country's code was written
}

// readPhone reads a phone number as people write it; ok is false for what has too few digits.
func readPhone(text string) (p phoneNumber, ok bool) {
	digits := make([]byte, 0, 20)
	for i := range len(text) {
		switch c := text[i]; {
		case isDigit(c):
			digits = append(digits, c)
		case c == '+' && len(digits) == 0:
			p.abroad = true
		}
	}
	p.full = string(digits)
	if rest, found := strings.CutPrefix(p.full, "00"); found {
		p.full, p.abroad = rest, true
	}
	p.full = strings.TrimLeft(p.full, "0")
	p.national = p.full
	if p.abroad {
		p.national = strings.TrimLeft(p.full[min(callingCode(p.full), len(p.full)):], "0")
	}
	if len(p.national) < leastDigits {
		p.national = ""
	}
	return p, len(p.full) >= leastDigits
}

// twoDigitCodes are the calling codes of two digits, by their first one. The other codes have three, but for 1 and 7.
var twoDigitCodes = [10]string{2: "07", 3: "0123469", 4: "013456789", 5: "12345678", 6: "0123456", 8: "1246", 9: "0123458"}

// callingCode is how many of the digits are the country's code.
func callingCode(digits string) int {
	switch {
	case digits == "":
		return 0
	case digits[0] == '1' || digits[0] == '7':
		return 1
	case len(digits) > 1 && strings.IndexByte(twoDigitCodes[digits[0]-'0'], digits[1]) >= 0:
		return 2
	default:
		return 3
	}
}

// asked are the marks of a number in a request, found those of one in a payload. A number with its country and one without are
// the same when the rest is; two with different countries never are.
func (p phoneNumber) asked() []string {
	marks := []string{markPhone + "+" + p.full}
	if p.national != "" {
		marks = append(marks, markPhone+"n"+p.national)
	}
	if !p.abroad {
		marks = append(marks, markPhone+"l"+p.full)
	}
	return marks
}

func (p phoneNumber) found() []string {
	marks := []string{markPhone + "+" + p.full}
	switch {
	case !p.abroad:
		marks = append(marks, markPhone+"n"+p.full)
	case p.national != "":
		marks = append(marks, markPhone+"l"+p.national)
	}
	return marks
}
