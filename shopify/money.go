package shopify

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

var errMoney = errors.New("shopify: not a plain decimal amount")

// Bounds for an amount written with an exponent, which could otherwise ask for
// any number of zeros.
const (
	maxExponent       = 30
	maxExpandedDigits = 60
	minDecimals       = 2
)

// Money returns the canonical text of an amount: an optional minus, digits
// without needless leading zeros, a point and at least two decimals. It is
// exact: digits are moved and zeros added, never rounded or dropped. What is
// not a plain decimal ("12.345,67", "NaN", "0x1f", "1_000") is refused, because
// a guess would be a wrong amount. Money of a canonical text is that text.
func Money(s string) (string, error) {
	if isCanonical(s) {
		return s, nil
	}
	s = strings.Trim(s, " \t\r\n")
	digits, negative := strings.CutPrefix(s, "-")
	if !negative {
		digits = strings.TrimPrefix(s, "+")
	}

	exponent := 0
	if i := strings.IndexAny(digits, "eE"); i >= 0 {
		e, ok := parseExponent(digits[i+1:])
		if !ok {
			return "", errMoney
		}
		exponent, digits = e, digits[:i]
	}
	whole, frac, pointed := strings.Cut(digits, ".")
	if pointed && whole == "" && frac != "" {
		whole = "0" // ".5"
	} else if pointed && frac == "" && whole != "" {
		frac = "0" // "5."
	}
	if !isDigits(whole) || pointed && !isDigits(frac) {
		return "", errMoney
	}
	if exponent != 0 {
		if len(whole)+len(frac) > maxExpandedDigits {
			return "", errMoney
		}
		whole, frac = shift(whole, frac, exponent)
		if len(strings.TrimLeft(whole, "0"))+len(frac) > maxExpandedDigits {
			return "", errMoney
		}
	}

	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	if len(frac) < minDecimals {
		frac += strings.Repeat("0", minDecimals-len(frac))
	}
	if negative && (whole != "0" || strings.Trim(frac, "0") != "") {
		whole = "-" + whole
	}
	return whole + "." + frac, nil
}

// isCanonical tells the texts that are as Money would write them, but for those
// below zero: nearly all that stores send.
func isCanonical(s string) bool {
	point := strings.IndexByte(s, '.')
	return point > 0 && len(s)-point > minDecimals && isDigits(s[:point]) && isDigits(s[point+1:]) && (s[0] != '0' || point == 1)
}

// Millionths returns an amount as whole millionths, for comparing and adding in
// SQL. Decimals past the sixth are cut; an amount too large for int64 becomes
// the largest or smallest one; what Money refuses is 0.
func Millionths(s string) int64 {
	text, err := Money(s)
	if err != nil {
		return 0
	}
	digits, negative := strings.CutPrefix(text, "-")
	whole, frac, _ := strings.Cut(digits, ".")
	frac = (frac + "000000")[:6]
	n, err := strconv.ParseInt(whole+frac, 10, 64)
	switch {
	case err != nil && negative:
		return math.MinInt64
	case err != nil:
		return math.MaxInt64
	case negative:
		return -n
	}
	return n
}

// shift moves the point of whole.frac by exponent places to the right.
func shift(whole, frac string, exponent int) (string, string) {
	if exponent >= 0 {
		if len(frac) < exponent {
			frac += strings.Repeat("0", exponent-len(frac))
		}
		return whole + frac[:exponent], frac[exponent:]
	}
	if len(whole) < -exponent {
		whole = strings.Repeat("0", -exponent-len(whole)) + whole
	}
	at := len(whole) + exponent
	return whole[:at], whole[at:] + frac
}

// parseExponent reads what follows the e, within ±maxExponent.
func parseExponent(s string) (int, bool) {
	unsigned := strings.TrimPrefix(s, "+")
	if unsigned == s {
		unsigned = strings.TrimPrefix(s, "-")
	}
	if !isDigits(unsigned) {
		return 0, false
	}
	n, err := strconv.Atoi(unsigned)
	if err != nil || n > maxExponent {
		return 0, false
	}
	if s[0] == '-' {
		n = -n
	}
	return n, true
}

func isDigits(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
