package shopify

import "time"

// walk goes over the members of the object at i; what is no object is passed over. read returns the index after the value.
func walk(data []byte, i int, read func(name []byte, value int) int) int {
	if i < 0 || i >= len(data) || data[i] != '{' {
		return skipAny(data, i)
	}
	i, more := openObject(data, i)
	for more {
		name, value := memberAt(data, i)
		if value < 0 || value >= len(data) {
			return -1
		}
		i, more = nextMember(data, read(name, value))
	}
	return i
}

// walkList goes over the elements of the list at i; what is no list is passed over.
func walkList(data []byte, i int, read func(element int) int) int {
	if i < 0 || i >= len(data) || data[i] != '[' {
		return skipAny(data, i)
	}
	if i = skipSpace(data, i+1); i < len(data) && data[i] == ']' {
		return i + 1
	}
	for i < len(data) {
		if i = read(i); i < 0 {
			return -1
		}
		if i = skipSpace(data, i); i >= len(data) {
			return -1
		}
		switch data[i] {
		case ',':
			i = skipSpace(data, i+1)
		case ']':
			return i + 1
		default:
			return -1
		}
	}
	return -1
}

func skipAny(data []byte, i int) int {
	if i < 0 {
		return -1
	}
	return skipValue(data, i)
}

// timeAt reads the value at i as a date that keeps the offset it is written with. What names no offset is in UTC.
func timeAt(data []byte, i int, into *time.Time) int {
	end := skipValue(data, i)
	if end < 0 {
		return -1
	}
	*into = timeOf(data[i:end])
	if into.IsZero() || data[i] != '"' {
		return end
	}
	text := data[i+1 : end-1]
	if n := len(text); n > len("±00:00") && text[n-3] == ':' {
		sign, hours, minutes := text[n-6], twoDigits(text[n-5:n-3]), twoDigits(text[n-2:])
		if (sign == '+' || sign == '-') && hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60 {
			seconds := 3600*hours + 60*minutes
			if sign == '-' {
				seconds = -seconds
			}
			*into = into.In(time.FixedZone("", seconds))
		}
	}
	return end
}
