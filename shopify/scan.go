package shopify

import "iter"

// This file walks JSON text without decoding what nobody reads. It accepts
// exactly what encoding/json accepts, at any depth: it keeps open brackets in a
// slice instead of on the call stack, so that no payload is too deep for it.
// Fuzzing holds it against encoding/json.

// bareDepth is how deep a value may be before its stack is allocated.
const bareDepth = 64

// skipSpace returns the index of the first byte at or after i that is no space.
func skipSpace(data []byte, i int) int {
	for i < len(data) {
		switch data[i] {
		case ' ', '\t', '\r', '\n':
			i++
		default:
			return i
		}
	}
	return i
}

// skipValue checks the value that begins at i, where no space may be, and
// returns the index after it; -1 when it is not valid.
func skipValue(data []byte, i int) int {
	var room [bareDepth]byte
	open := room[:0]
	for {
		// A value begins at i.
		if i >= len(data) {
			return -1
		}
		switch c := data[i]; c {
		case '{', '[':
			i = skipSpace(data, i+1)
			if i < len(data) && data[i] == c+2 { // } is two after {, as ] after [
				i++
				break
			}
			open = append(open, c)
			if c == '{' {
				i = skipName(data, i)
			}
			if i < 0 {
				return -1
			}
			continue
		default:
			i = skipScalar(data, i)
		}
		// A value ended before i: close what it closes, until another begins.
		for {
			if i < 0 {
				return -1
			}
			if len(open) == 0 {
				return i
			}
			if i = skipSpace(data, i); i >= len(data) {
				return -1
			}
			top := open[len(open)-1]
			if data[i] == top+2 {
				open = open[:len(open)-1]
				i++
				continue
			}
			if data[i] != ',' {
				return -1
			}
			i = skipSpace(data, i+1)
			if top == '{' {
				i = skipName(data, i)
			}
			break
		}
		if i < 0 {
			return -1
		}
	}
}

// skipName checks a member's name at i with its colon and returns where its
// value begins.
func skipName(data []byte, i int) int {
	if i >= len(data) || data[i] != '"' {
		return -1
	}
	if i = skipString(data, i); i < 0 {
		return -1
	}
	return skipColon(data, i)
}

func skipColon(data []byte, i int) int {
	i = skipSpace(data, i)
	if i >= len(data) || data[i] != ':' {
		return -1
	}
	return skipSpace(data, i+1)
}

// skipScalar checks a string, number or word at i, which is inside data.
func skipScalar(data []byte, i int) int {
	switch c := data[i]; {
	case c == '"':
		return skipString(data, i)
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

// skipString checks the string whose opening quote is at i. Any byte from space
// up may stand in it: text that is not UTF-8 is mended when it is read.
func skipString(data []byte, i int) int {
	for i++; i < len(data); i++ {
		switch c := data[i]; {
		case c == '"':
			return i + 1
		case c < ' ':
			return -1
		case c == '\\':
			i++
			if i >= len(data) {
				return -1
			}
			switch data[i] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				if len(data)-i <= 4 || !isHex(data[i+1]) || !isHex(data[i+2]) || !isHex(data[i+3]) || !isHex(data[i+4]) {
					return -1
				}
				i += 4
			default:
				return -1
			}
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

// trimValue returns the one value that data consists of, without the space
// around it; nil when data is not valid JSON.
func trimValue(data []byte) []byte {
	start := skipSpace(data, 0)
	end := skipValue(data, start)
	if end < 0 || skipSpace(data, end) != len(data) {
		return nil
	}
	return data[start:end:end]
}

// eachMember calls visit with every member of the object that data consists of:
// its name as it is written, quotes and all, and its value. It reports whether
// data is one valid object; visit may have been called before it is known.
func eachMember(data []byte, visit func(name, value []byte)) bool {
	i := skipSpace(data, 0)
	if i >= len(data) || data[i] != '{' {
		return false
	}
	i = skipSpace(data, i+1)
	if i < len(data) && data[i] == '}' {
		return skipSpace(data, i+1) == len(data)
	}
	for {
		if i >= len(data) || data[i] != '"' {
			return false
		}
		name, nameEnd := i, skipString(data, i)
		if nameEnd < 0 {
			return false
		}
		value := skipColon(data, nameEnd)
		if value < 0 {
			return false
		}
		if i = skipValue(data, value); i < 0 {
			return false
		}
		visit(data[name:nameEnd], data[value:i:i])
		if i = skipSpace(data, i); i >= len(data) {
			return false
		}
		switch data[i] {
		case ',':
			i = skipSpace(data, i+1)
		case '}':
			return skipSpace(data, i+1) == len(data)
		default:
			return false
		}
	}
}

// elements yields the values of an array that is known to be valid, each with
// an end of its own, so that appending to one never writes into the next.
func elements(array []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		i := skipSpace(array, 1)
		for i < len(array) && array[i] != ']' {
			end := skipValue(array, i)
			if end < 0 || !yield(array[i:end:end]) {
				return
			}
			if i = skipSpace(array, end); i < len(array) && array[i] == ',' {
				i = skipSpace(array, i+1)
			}
		}
	}
}
