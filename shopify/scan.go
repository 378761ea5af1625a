package shopify

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// This file walks JSON text without decoding what nobody reads. It accepts
// exactly what encoding/json accepts, at any depth: it keeps open brackets as
// bits instead of on the call stack, so that no payload is too deep for it.
// Fuzzing holds it against encoding/json.
//
// Each function checks what begins at index i and returns the index after it,
// -1 when it is not valid.

// anyDepth lets skipNested go as deep as the text does.
const anyDepth = math.MaxInt

// skipValue skips the value that begins at i, where no space may be.
func skipValue(data []byte, i int) int { return skipNested(data, i, anyDepth) }

// level holds the bits of 64 open brackets while deeper ones are walked.
type level struct {
	objects uint64
	outer   *level
}

// skipNested skips a value that has at most so many brackets open at once. All
// of an order but its own members goes through this one loop, so the usual text
// is met without a call: no space, whole numbers, null.
func skipNested(data []byte, i, most int) int {
	var (
		depth   int
		objects uint64 // a bit for each open bracket, the innermost lowest; set for an object's
		outer   *level
		inName  bool // what comes next is the name of a member
	)
	for uint(i) < uint(len(data)) {
		switch c := data[i]; {
		case c == '"':
			if i = toMark(data, i+1); i >= len(data) || data[i] != '"' {
				if i = restOfString(data, i); i < 0 {
					return -1
				}
			} else {
				i++
			}
			if inName {
				inName = false
				if uint(i) < uint(len(data)) && data[i] == ':' {
					i = skipSpace(data, i+1)
				} else if i = skipColon(data, i); i < 0 {
					return -1
				}
				continue
			}
		case inName:
			return -1
		case c == '{' || c == '[':
			if depth >= most {
				return -1
			}
			if i = skipSpace(data, i+1); i >= len(data) {
				return -1
			}
			if data[i] == c+2 { // } is two after {, as ] after [
				i++
				break
			}
			if depth > 0 && depth%64 == 0 {
				outer = &level{objects, outer}
			}
			depth++
			objects <<= 1
			if c == '{' {
				objects |= 1
				inName = true
			}
			continue
		case '1' <= c && c <= '9':
			for i++; uint(i) < uint(len(data)) && isDigit(data[i]); i++ {
			}
			if i = skipFraction(data, i); i < 0 {
				return -1
			}
		case c == 'n':
			if i = skipWord(data, i, "null"); i < 0 {
				return -1
			}
		default:
			if i = skipPlain(data, i); i < 0 {
				return -1
			}
		}
		// A value ended before i: close what it closes, until another begins.
		for {
			if depth == 0 {
				return i
			}
			if i = skipSpace(data, i); i >= len(data) {
				return -1
			}
			c, inObject := data[i], objects&1 == 1
			if c == ',' {
				i = skipSpace(data, i+1)
				inName = inObject
				break
			}
			if c != '}' && c != ']' || (c == '}') != inObject {
				return -1
			}
			i++
			depth--
			objects >>= 1
			if depth > 0 && depth%64 == 0 {
				objects, outer = outer.objects, outer.outer
			}
		}
	}
	return -1
}

// skipColon skips a colon and the space around it.
func skipColon(data []byte, i int) int {
	i = skipSpace(data, i)
	if i >= len(data) || data[i] != ':' {
		return -1
	}
	return skipSpace(data, i+1)
}

// skipSpace returns the index of the first byte at or after i that is no space.
// Most JSON has none, so that the test alone is worth being inlined.
func skipSpace(data []byte, i int) int {
	if i < len(data) && data[i] > ' ' {
		return i
	}
	return skipSpaces(data, i)
}

func skipSpaces(data []byte, i int) int {
	for i < len(data) && (data[i] == ' ' || data[i] == '\n' || data[i] == '\r' || data[i] == '\t') {
		i++
	}
	return i
}

// skipPlain skips a number or one of the three words at i, which is inside data.
func skipPlain(data []byte, i int) int {
	switch c := data[i]; {
	case c == '-' || isDigit(c):
		return skipNumber(data, i)
	case c == 't':
		return skipWord(data, i, "true")
	case c == 'f':
		return skipWord(data, i, "false")
	case c == 'n':
		return skipWord(data, i, "null")
	}
	return -1
}

func skipWord(data []byte, i int, word string) int {
	if len(data)-i < len(word) || string(data[i:i+len(word)]) != word {
		return -1
	}
	return i + len(word)
}

// skipString skips the string whose opening quote is at i. Any byte from space
// up may stand in it: text that is not UTF-8 is mended when it is read.
func skipString(data []byte, i int) int { return restOfString(data, i+1) }

// restOfString skips a string from inside of it.
func restOfString(data []byte, i int) int {
	for {
		if i = toMark(data, i); i >= len(data) {
			return -1
		}
		if data[i] == '"' {
			return i + 1
		}
		if i = skipEscape(data, i); i < 0 {
			return -1
		}
	}
}

// toMark returns the index of the first quote, backslash or control character
// at or after i, len(data) when there is none.
func toMark(data []byte, i int) int {
	for i <= len(data)-8 {
		// The third index spares the compiler a test for an empty rest.
		if found := marks(binary.LittleEndian.Uint64(data[i : i+8 : i+8])); found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
		i += 8
	}
	for i < len(data) && data[i] >= ' ' && data[i] != '"' && data[i] != '\\' {
		i++
	}
	return i
}

const (
	everyByte = 0x0101010101010101
	highBits  = 0x80 * everyByte
)

// marks sets the high bit of every byte of w that is a quote, a backslash or a
// control character. Bytes above the lowest such one may be marked wrongly.
//
// Taking n off each byte borrows into the high bit of what is less than n. With
// one bit turned over, a quote is the only one beside the control characters
// that is less than '!', and a space is not.
func marks(w uint64) uint64 {
	turned, slashes := w^(('"'^' ')*everyByte), w^('\\'*everyByte)
	return ((turned-'!'*everyByte)&^turned | (slashes-everyByte)&^slashes) & highBits
}

// skipEscape skips what the backslash at i begins, if it is one.
func skipEscape(data []byte, i int) int {
	if len(data)-i < 2 || data[i] != '\\' {
		return -1
	}
	switch data[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
		if len(data)-i >= 6 && isHex(data[i+2]) && isHex(data[i+3]) && isHex(data[i+4]) && isHex(data[i+5]) {
			return i + 6
		}
	}
	return -1
}

func skipNumber(data []byte, i int) int {
	if data[i] == '-' {
		i++
	}
	if i < len(data) && data[i] == '0' {
		i++
	} else if i = skipDigits(data, i); i < 0 {
		return -1
	}
	return skipFraction(data, i)
}

// skipFraction skips what may follow the whole digits of a number.
func skipFraction(data []byte, i int) int {
	if i < len(data) && data[i] == '.' {
		if i = skipDigits(data, i+1); i < 0 {
			return -1
		}
	}
	if i < len(data) && (data[i] == 'e' || data[i] == 'E') {
		i++
		if i < len(data) && (data[i] == '+' || data[i] == '-') {
			i++
		}
		return skipDigits(data, i)
	}
	return i
}

// skipDigits skips one digit or more.
func skipDigits(data []byte, i int) int {
	start := i
	for i < len(data) && isDigit(data[i]) {
		i++
	}
	if i == start {
		return -1
	}
	return i
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isHex(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
