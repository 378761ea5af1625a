package shopify

import (
	"encoding/binary"
	"math/bits"
)

// This file checks what has no value inside: strings, numbers and words. See
// scan.go for how.

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

// restOfString skips a string from inside of it. Any byte from space up may stand
// there: text that is not UTF-8 is mended when it is read.
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
