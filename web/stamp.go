package web

import "time"

// stamp is a time in an answer: RFC 3339 in UTC, null when it is unknown.
type stamp time.Time

// MarshalJSON writes the time.
func (t stamp) MarshalJSON() ([]byte, error) { return appendStamp(nil, time.Time(t)), nil }

func appendStamp(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(dst, "null"...)
	}
	dst = append(dst, '"')
	dst = t.UTC().AppendFormat(dst, time.RFC3339Nano)
	return append(dst, '"')
}
