package carriers

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// dated is a date as it is written. Where day and month could be either, both are kept until the whole report was read.
type dated struct {
	time    time.Time // day first
	swapped time.Time // month first; zero where it cannot be
	fixed   bool      // its form says what the day is
	wrong   bool      // it is no date
}

var (
	yearFirst = regexp.MustCompile(`^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[t ]+(.+))?$`)
	yearLast  = regexp.MustCompile(`^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?:[ ,]+(.+))?$`)
	clockTime = regexp.MustCompile(`^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*(?:([ap])\.?\s*m\.?|h|hrs)?\s*(z|[+-]\d{2}:?\d{2})?$`)
	serial    = regexp.MustCompile(`^(\d{5})(?:[.,](\d+))?$`)
)

// noDates are what stands in a report where there is none.
var noDates = map[string]bool{"": true, "-": true, "--": true, "n/a": true, "na": true, "null": true, "0000-00-00": true, "0000-00-00 00:00:00": true}

// endOfDay is the time of a date without one: what happened on a day was known for sure when it had ended.
const endOfDay = 24*time.Hour - time.Second

// parseDate reads 2026-11-05, 05/11/2026 and their like, each with a time or without, and the days that a spreadsheet counts.
// A time without a zone is UTC.
func parseDate(text string) dated {
	text = strings.ToLower(strings.Join(strings.Fields(text), " "))
	if noDates[text] {
		return dated{}
	}
	if len(text) > 40 {
		return dated{wrong: true}
	}
	if m := serial.FindStringSubmatch(text); m != nil {
		return parseSerial(m)
	}
	if m := yearFirst.FindStringSubmatch(text); m != nil {
		clock, ok := parseClock(m[4])
		t, valid := date(m[1], m[2], m[3])
		return dated{time: t.Add(clock), fixed: true, wrong: !ok || !valid}
	}
	m := yearLast.FindStringSubmatch(text)
	if m == nil {
		return dated{wrong: true}
	}
	year := m[3]
	if len(year) == 2 {
		year = "20" + year
	}
	clock, ok := parseClock(m[4])
	first, dayFirst := date(year, m[2], m[1])
	second, monthFirst := date(year, m[1], m[2])
	d := dated{wrong: !ok || !dayFirst && !monthFirst}
	if dayFirst {
		d.time = first.Add(clock)
	}
	if monthFirst {
		d.swapped = second.Add(clock)
	}
	return d
}

// date makes a day of its parts; ok is false for one that no calendar has.
func date(year, month, day string) (t time.Time, ok bool) {
	y, _ := strconv.Atoi(year)
	m, _ := strconv.Atoi(month)
	d, _ := strconv.Atoi(day)
	t = time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	return t, y >= 2000 && t.Year() == y && int(t.Month()) == m && t.Day() == d
}

// parseClock gives what a time adds to its day; none is the day's end.
func parseClock(text string) (time.Duration, bool) {
	if text == "" {
		return endOfDay, true
	}
	m := clockTime.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	hour, _ := strconv.Atoi(m[1])
	minute, _ := strconv.Atoi(m[2])
	second, _ := strconv.Atoi(m[3])
	if m[4] != "" {
		if hour < 1 || hour > 12 {
			return 0, false
		}
		hour %= 12
		if m[4] == "p" {
			hour += 12
		}
	}
	if hour > 23 || minute > 59 || second > 60 {
		return 0, false
	}
	d := time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second
	if zone := strings.ReplaceAll(m[5], ":", ""); len(zone) == 5 {
		h, _ := strconv.Atoi(zone[1:3])
		min, _ := strconv.Atoi(zone[3:])
		offset := time.Duration(h)*time.Hour + time.Duration(min)*time.Minute
		if offset > 14*time.Hour {
			return 0, false
		}
		if zone[0] == '+' {
			offset = -offset
		}
		d += offset
	}
	return d, true
}

// parseSerial reads a day as spreadsheets count them, from the end of 1899 on.
func parseSerial(m []string) dated {
	days, _ := strconv.Atoi(m[1])
	t := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, days)
	if t.Year() < 2000 || t.Year() > 2100 {
		return dated{wrong: true}
	}
	if m[2] == "" {
		return dated{time: t.Add(endOfDay), fixed: true}
	}
	part, err := strconv.ParseFloat("0."+m[2], 64)
	if err != nil {
		return dated{wrong: true}
	}
	return dated{time: t.Add(time.Duration(part * float64(24*time.Hour)).Round(time.Second)), fixed: true}
}
