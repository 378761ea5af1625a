package main

import (
	"cmp"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"
)

// row is a line of the report.
type row struct {
	scenario, what, value string
	aim                   string // held, missed, or nothing was aimed at
	failed, skipped       bool
}

type report struct {
	rows   []row
	failed bool
}

// write prints a table of the scenarios and one of the figures.
func (r *report) write(w io.Writer, opt options) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %d cores, %s/%s, --for %s\n\n", time.Now().UTC().Format(time.DateOnly), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, opt.time)
	b.WriteString("| scenario | what is done | what must hold | |\n|---|---|---|---|\n")
	for _, s := range scenarios {
		if !slices.ContainsFunc(r.rows, func(row row) bool { return row.scenario == s.name }) {
			continue
		}
		state := "holds"
		if slices.ContainsFunc(r.rows, func(row row) bool { return row.scenario == s.name && row.skipped }) {
			state = "not tried"
		}
		if slices.ContainsFunc(r.rows, func(row row) bool { return row.scenario == s.name && row.failed }) {
			state = "**does not hold**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", s.name, s.what, s.holds, state)
	}
	b.WriteString("\n| scenario | figure | | aim |\n|---|---|---|---|\n")
	for _, row := range r.rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", row.scenario, row.what, strings.ReplaceAll(row.value, "|", "/"), row.aim)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// times are durations of one kind, for their percentiles.
type times []time.Duration

// at is the smallest that at least p percent do not exceed; 0 when there are none.
func (ts times) at(p float64) time.Duration {
	if len(ts) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(ts))
	rank := int(p/100*float64(len(sorted)) + 0.999999)
	return sorted[min(max(rank, 1), len(sorted))-1]
}

func (ts times) String() string {
	return fmt.Sprintf("%s / %s / %s", rounded(ts.at(50)), rounded(ts.at(99)), rounded(ts.at(100)))
}

func rounded(d time.Duration) time.Duration {
	switch {
	case d > 10*time.Second:
		return d.Round(100 * time.Millisecond)
	case d > 100*time.Millisecond:
		return d.Round(time.Millisecond)
	}
	return d.Round(100 * time.Microsecond)
}

// slope is the growth per hour of what was measured at some times, by least squares.
func slope(at []time.Duration, values []float64) float64 {
	n := float64(len(at))
	if n < 2 {
		return 0
	}
	var sx, sy, sxx, sxy float64
	for i, t := range at {
		x := t.Hours()
		sx, sy, sxx, sxy = sx+x, sy+values[i], sxx+x*x, sxy+x*values[i]
	}
	return (n*sxy - sx*sy) / cmp.Or(n*sxx-sx*sx, 1)
}
