package shopify

import (
	"strings"
	"time"
)

// timeOf reads a value that is a date. Shopify's own spelling, to the second and
// with a zone, is read without the cost of a layout.
func timeOf(raw []byte) time.Time {
	if len(raw) > 2 && raw[0] == '"' {
		if t, ok := plainTime(raw[1 : len(raw)-1]); ok {
			return t
		}
	}
	return parseTime(textOf(raw))
}

const (
	zulu   = "2006-01-02T15:04:05Z"
	offset = "2006-01-02T15:04:05-07:00"
)

// plainTime reads exactly the two spellings above. It leaves to parseTime what
// is odd in any way, such as a leap second or a year that its zone moves out of
// RFC 3339: ok says that nothing was.
func plainTime(s []byte) (t time.Time, ok bool) {
	switch len(s) {
	case len(zulu):
		ok = s[19] == 'Z'
	case len(offset):
		ok = (s[19] == '+' || s[19] == '-') && s[22] == ':'
	}
	if !ok || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return time.Time{}, false
	}
	year := 100*twoDigits(s[0:2]) + twoDigits(s[2:4])
	month, day := twoDigits(s[5:7]), twoDigits(s[8:10])
	hour, minute, second := twoDigits(s[11:13]), twoDigits(s[14:16]), twoDigits(s[17:19])
	if uint(year-2) > 9996 || uint(month-1) > 11 || uint(day-1) > 27 || uint(hour) > 23 || uint(minute) > 59 || uint(second) > 59 {
		return time.Time{}, false
	}
	if len(s) == len(offset) {
		zoneHour, zoneMinute := twoDigits(s[20:22]), twoDigits(s[23:25])
		if uint(zoneHour) > 23 || uint(zoneMinute) > 59 {
			return time.Time{}, false
		}
		if zoneMinute += 60 * zoneHour; s[19] == '-' {
			zoneMinute = -zoneMinute
		}
		minute -= zoneMinute
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC), true
}

// twoDigits returns the number that s writes, or one far below zero.
func twoDigits(s []byte) int {
	if !isDigit(s[0]) || !isDigit(s[1]) {
		return -1 << 20
	}
	return 10*int(s[0]-'0') + int(s[1]-'0')
}

// parseTime reads the forms in which dates come: RFC 3339, the same with a
// space or without a zone (then UTC), and a day alone. Anything else is the
// zero time. Years that RFC 3339 could not write back are refused too.
func parseTime(s string) time.Time {
	if s = strings.TrimSpace(s); s == "" {
		return time.Time{}
	}
	for _, layout := range [...]string{
		time.RFC3339, // takes a fraction as well, like the others with seconds
		"2006-01-02T15:04:05",
		"2006-01-02 15:04:05Z07:00",
		"2006-01-02 15:04:05",
		"2006-01-02T15:04:05Z0700",
		"2006-01-02 15:04:05Z0700",
		"2006-01-02 15:04:05 Z0700",
		time.DateOnly,
	} {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		if t = t.UTC(); t.Year() < 1 || t.Year() > 9999 {
			return time.Time{}
		}
		return t
	}
	return time.Time{}
}
