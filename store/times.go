package store

import (
	"database/sql"
	"math"
	"time"
)

// millis is a time as it is stored: Unix milliseconds, NULL for the zero time.
func millis(t time.Time) sql.NullInt64 {
	if t.IsZero() {
		return sql.NullInt64{} // no other value, so that two unknown times are equal
	}
	return sql.NullInt64{Int64: t.UnixMilli(), Valid: true}
}

// fromMillis is the time of a stored value, in UTC; NULL is the zero time.
func fromMillis(v sql.NullInt64) time.Time {
	if !v.Valid {
		return time.Time{}
	}
	return time.UnixMilli(v.Int64).UTC()
}

// secondStart is the first millisecond of t's second, secondEnd the last: platforms filter by whole seconds.
func secondStart(t time.Time) int64 {
	if t.IsZero() {
		return math.MinInt64
	}
	return t.Unix() * 1000
}

func secondEnd(t time.Time) int64 {
	if t.IsZero() {
		return math.MaxInt64
	}
	return t.Unix()*1000 + 999
}

// null is a text as it is stored where the empty one means "unknown".
func null(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }
