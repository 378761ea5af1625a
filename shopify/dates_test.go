package shopify_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"probability/shopify"
)

// referenceTime tries every layout in turn, as dates are defined.
func referenceTime(s string) time.Time {
	s = strings.TrimSpace(s)
	for _, layout := range []string{
		time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z0700",
		"2006-01-02 15:04:05 Z0700", time.DateOnly,
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

// compareTime reads a text as the date of an order.
func compareTime(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, s string,
) {
	t.Helper()
	quoted, err := json.Marshal(s)
	if err != nil {
		t.Fatalf("%v", err)
	}
	var value any
	if err := json.Unmarshal(quoted, &value); err != nil {
		t.Fatalf("%v", err)
	}
	text, _ := plain(value)
	order, err := shopify.ParseOrder([]byte(`{"id":1,"updated_at":` + string(quoted) + `}`))
	if err != nil {
		t.Fatalf("%v", err)
	}
	if want := referenceTime(text); order.UpdatedAt != want { // also the same location
		t.Fatalf("%q: got %v, want %v", s, order.UpdatedAt, want)
	}
}

var dates = []string{
	"2026-09-02T18:04:05-05:00", "2026-09-02T18:04:05Z", "2026-09-02T18:04:05+14:00", "2026-09-02T18:04:05.123-05:00", "2026-09-02T18:04:05,5Z", "2026-09-02 18:04:05 -0500",
	"2026-09-02 18:04:05+05:30", "2026-09-02", " 2026-09-02T18:04:05Z ", "2024-02-29T00:00:00Z", "2025-02-29T00:00:00Z", "2026-02-30T00:00:00Z", "2026-04-31T00:00:00Z", "2026-12-31T23:59:59-00:01",
	"2026-01-01T24:00:00Z", "2026-01-01T23:60:00Z", "2026-01-01T23:59:60Z", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+23:59", "2026-01-01T00:00:00-00:60", "2026-13-01T00:00:00Z",
	"2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-00:01",
	"9998-12-31T23:59:59-23:59", "0002-01-01T00:00:00+23:59", "2026-01-01t00:00:00z", "2026-1-01T00:00:00Z", "2026-01-01T5:00:00Z", "+026-01-01T00:00:00Z", "2026-01-01T00:00:00-0500",
	"2026-01-01T00:00:00*05:00", "2026-01-01T00:00:00-05.00", "2026/01/01T00:00:00Z", "2026-01-01T00-00-00Z", "-001-01-01T00:00:00Z", "20 6-01-01T00:00:00Z", "２026-01-01T00:00:00Z", "ayer", "",
	"2026-01-01T00:00:00+-5:00", "2026-01-01T00:00:00+00:-1", "2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00-00:00",
}

func TestParseOrder_Dates(t *testing.T) {
	t.Parallel()
	for _, s := range dates {
		compareTime(t, s)
	}
	// Dates in the two spellings that are read without a layout, possible and not.
	rapid.Check(t, func(t *rapid.T) {
		field := func(name string, most int) int { return rapid.IntRange(0, most).Draw(t, name) }
		s := fmt.Sprintf("%04d-%02d-%02dT%02d:%02d:%02d", field("year", 9999), field("month", 13), field("day", 32), field("hour", 25), field("minute", 61), field("second", 61))
		zone := "Z"
		if rapid.Bool().Draw(t, "zoned") {
			zone = fmt.Sprintf("%s%02d:%02d", rapid.SampledFrom([]string{"+", "-"}).Draw(t, "sign"), field("zone hour", 26), field("zone minute", 61))
		}
		compareTime(t, s+zone)
	})
}

// FuzzDates holds dates against the layouts that define them.
func FuzzDates(f *testing.F) {
	for _, s := range dates {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { compareTime(t, s) })
}
