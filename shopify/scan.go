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
			i++
			for i <= len(data)-8 { // toMark, which is too long to be inlined
				if found := marks(binary.LittleEndian.Uint64(data[i : i+8 : i+8])); found != 0 {
					i += bits.TrailingZeros64(found) / 8
					break
				}
				i += 8
			}
			if uint(i) < uint(len(data)) && data[i] == '"' { // nothing else stood before it
				i++
			} else if i = restOfString(data, i); i < 0 {
				return -1
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
