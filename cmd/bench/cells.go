package main

import (
	"fmt"
	"strconv"
	"strings"
)

func (t target) String() string {
	switch {
	case t.atLeast:
		return fmt.Sprintf("≥ %g", t.bound)
	case t.atMost && t.of == "ratio":
		return fmt.Sprintf("≤ %g", t.bound)
	case t.atMost:
		return fmt.Sprintf("%s ≤ %g ms", t.of, t.bound)
	}
	return ""
}

func (t target) missed(x result, limit string) bool {
	if x.Value == 0 {
		return false // was not measured; the note says why
	}
	var v float64
	switch t.of {
	case "ratio":
		ratio, ok := x.Ratios[limit]
		if !ok {
			return false
		}
		v = ratio
	case "p50":
		v = x.P50
	case "p99":
		v = x.P99
	}
	return t.atLeast && v < t.bound || t.atMost && v > t.bound
}

// String is the cell of a table.
func (x result) String() string {
	var s string
	note := strings.NewReplacer("\n", "; ", "|", "/").Replace(x.Note) // within a table
	switch {
	case x.Value == 0 && note != "":
		return note
	case x.Unit == "/s":
		if s = grouped(x.Value) + "/s"; x.Max > 0 {
			s += ", " + x.times()
		}
	case x.Unit == "ms" && x.Max > 0:
		s = x.times()
	case x.Unit == "MB":
		s = fmt.Sprintf("%.1f MB", x.Value)
	default:
		s = grouped(x.Value) + " " + x.Unit
	}
	if note != "" {
		s += " (" + note + ")"
	}
	if x.Others > disturbed && (x.Unit == "/s" || x.Unit == "ms") { // sizes do not mind
		s += " †"
	}
	return s
}

func (x result) times() string {
	return brief(x.P50) + " / " + brief(x.P99) + " / " + brief(x.Max) + " ms"
}

// brief writes milliseconds with two digits that count.
func brief(ms float64) string {
	switch {
	case ms >= 10:
		return strconv.FormatFloat(ms, 'f', 0, 64)
	case ms >= 1:
		return strconv.FormatFloat(ms, 'f', 1, 64)
	}
	return strconv.FormatFloat(ms, 'f', 2, 64)
}

// grouped writes a whole number with commas between thousands.
func grouped(v float64) string {
	s := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
