package shopify

// hasText reports whether a value can be a column: a number, or a string with
// something in it. Nothing at all is what a missing member has; null, booleans,
// lists and objects have no text.
func hasText(raw []byte) bool {
	if len(raw) == 0 {
		return false
	}
	if raw[0] == '"' {
		// Only escapes can bring in what a column leaves out.
		return raw[1] != '"' && (raw[1] != '\\' || textOf(raw) != "")
	}
	return isNumber(raw)
}

// counts reports whether a value is taken for given: it has a text and is not
// the number zero.
func counts(raw []byte) bool { return hasText(raw) && (!isNumber(raw) || !isZero(raw)) }

func isNumber(raw []byte) bool { return len(raw) > 0 && (raw[0] == '-' || isDigit(raw[0])) }

// isZero reports whether a number literal has no digit other than 0 before its
// exponent.
func isZero(literal []byte) bool {
	for _, b := range literal {
		switch {
		case b == 'e' || b == 'E':
			return true
		case '1' <= b && b <= '9':
			return false
		}
	}
	return true
}

func nonEmptyObject(raw []byte) bool { return nonEmpty(raw, '{') }
func nonEmptyArray(raw []byte) bool  { return nonEmpty(raw, '[') }

// nonEmpty reports whether a valid value opens with the given bracket and has
// something in it.
func nonEmpty(raw []byte, opening byte) bool {
	if len(raw) < 2 || raw[0] != opening {
		return false
	}
	for _, b := range raw[1:] {
		switch b {
		case ' ', '\t', '\r', '\n':
		case '}', ']':
			return false
		default:
			return true
		}
	}
	return false
}
