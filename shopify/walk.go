package shopify

import (
	"encoding/json"
	"iter"
)

// This file takes objects and lists apart while it checks them.

// openObject begins a walk over the members of the object at i:
//
//	i, more := openObject(data, i)
//	for more {
//		name, value := memberAt(data, i)
//		i = skipValue(data, value)
//		// what is to be done with data[value:i], when i is not -1
//		i, more = nextMember(data, i)
//	}
//
// After it i is the index after the object, -1 when it is none.
func openObject(data []byte, i int) (next int, more bool) {
	if i >= len(data) || data[i] != '{' {
		return -1, false
	}
	if i = skipSpace(data, i+1); i < len(data) && data[i] == '}' {
		return i + 1, false
	}
	return i, true
}

// memberAt returns the name of the member at i, without quotes and escapes, and
// where its value begins, -1 when there is no member.
func memberAt(data []byte, i int) (name []byte, value int) {
	if i >= len(data) || data[i] != '"' {
		return nil, -1
	}
	start := i + 1
	end := toMark(data, start)
	if end < len(data) && data[end] == '"' {
		return data[start:end:end], skipColon(data, end+1)
	}
	if end = restOfString(data, end); end < 0 {
		return nil, -1
	}
	return appendUnquoted(nil, data[start:end-1]), skipColon(data, end)
}

// nextMember goes from the end of a value, or from -1, to the next member or out
// of the object.
func nextMember(data []byte, i int) (next int, more bool) {
	if i < 0 {
		return -1, false
	}
	if i = skipSpace(data, i); i < len(data) {
		switch data[i] {
		case ',':
			return skipSpace(data, i+1), true
		case '}':
			return i + 1, false
		}
	}
	return -1, false
}

// splitList returns the elements of the list at i, each with an end of its own,
// so that appending to one never writes into the next; and the index after the
// list, -1 when it is none.
func splitList(data []byte, i int) (elements []json.RawMessage, end int) {
	elements = []json.RawMessage{}
	if i = skipSpace(data, i+1); i < len(data) && data[i] == ']' {
		return elements, i + 1
	}
	for {
		start := i
		if i = skipValue(data, start); i < 0 {
			return nil, -1
		}
		elements = append(elements, data[start:i:i])
		if i = skipSpace(data, i); i >= len(data) {
			return nil, -1
		}
		switch data[i] {
		case ',':
			i = skipSpace(data, i+1)
		case ']':
			return elements, i + 1
		default:
			return nil, -1
		}
	}
}

// elements yields the values of a list that is known to be valid.
func elements(list []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		i := skipSpace(list, 1)
		for i < len(list) && list[i] != ']' {
			end := skipValue(list, i)
			if end < 0 || !yield(list[i:end:end]) {
				return
			}
			if i = skipSpace(list, end); i < len(list) && list[i] == ',' {
				i = skipSpace(list, i+1)
			}
		}
	}
}

// firstElement returns the first value of a list that is known to be valid, nil
// when there is none.
func firstElement(list []byte) []byte {
	for element := range elements(list) {
		return element
	}
	return nil
}

// eachMember calls visit with every member of the object that data consists of:
// its name and its value. It reports whether data is one valid object; visit may
// have been called before it is known.
func eachMember(data []byte, visit func(name, value []byte)) bool {
	i, more := openObject(data, skipSpace(data, 0))
	for more {
		name, value := memberAt(data, i)
		if i = skipValue(data, value); i >= 0 {
			visit(name, data[value:i:i])
		}
		i, more = nextMember(data, i)
	}
	return endsAt(data, i)
}

// endsAt reports whether nothing but space is left at i, which may be -1.
func endsAt(data []byte, i int) bool { return i >= 0 && skipSpace(data, i) == len(data) }

// lastMembers returns the values of the named members of an object, nil for one
// that is missing; ok is false when raw is no valid object.
func lastMembers(raw []byte, names ...string) (values [][]byte, ok bool) {
	values = make([][]byte, len(names))
	ok = eachMember(raw, func(name, value []byte) {
		for i := range names {
			if string(name) == names[i] {
				values[i] = value
			}
		}
	})
	return values, ok
}
