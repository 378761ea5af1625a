package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// result is one figure of one column. Value is in Unit: "/s", "ms" (then it is P50), "MB" or "B".
type result struct {
	Name   string             `json:"name"`
	Column string             `json:"column"` // orders in the database before, "empty" or "machine"
	Value  float64            `json:"value"`
	Unit   string             `json:"unit"`
	P50    float64            `json:"p50_ms,omitempty"`
	P99    float64            `json:"p99_ms,omitempty"`
	Max    float64            `json:"max_ms,omitempty"`
	Ratios map[string]float64 `json:"ratios,omitempty"` // by the limit's name
	Others float64            `json:"others"`           // share of the CPU that other programs took meanwhile; negative when unknown
	Note   string             `json:"note,omitempty"`
}

// disturbed is the share of the CPU from which others spoil a figure.
const disturbed = 0.10

// report collects results. One goroutine uses it.
type report struct {
	Machine description `json:"machine"`
	Results []result    `json:"results"`
}

// description is what the figures depend on.
type description struct {
	Date    string  `json:"date"`
	CPU     string  `json:"cpu"`
	Cores   int     `json:"cores"`
	System  string  `json:"system"`
	Go      string  `json:"go"`
	Commit  string  `json:"commit"`
	Folder  string  `json:"folder"`
	Seconds float64 `json:"seconds"` // a measurement
	Took    string  `json:"took"`
}

// ofRate is a rate with the times of its answers.
func ofRate(t tally) result {
	r := ofTimes(t.times)
	r.Value, r.Unit = t.rate(), "/s"
	return r
}

// ofTimes is times alone.
func ofTimes(sorted []time.Duration) result {
	ms := func(p float64) float64 { return float64(percentile(sorted, p)) / float64(time.Millisecond) }
	return result{Value: ms(50), Unit: "ms", P50: ms(50), P99: ms(99), Max: ms(100)}
}

func (r *report) put(name, column string, res result) result {
	res.Name, res.Column = name, column
	for _, a := range describe(name).against {
		limit, ok := r.limit(a.limit, column)
		of, to := res.Value, limit.Value
		if a.byP99 {
			of, to = res.P99, limit.P99
		}
		if ok && of > 0 && to > 0 {
			if res.Ratios == nil {
				res.Ratios = map[string]float64{}
			}
			res.Ratios[a.limit] = of / to
		}
	}
	r.Results = append(r.Results, res)
	return res
}

func describe(name string) figure {
	for _, f := range figures {
		if f.name == name {
			return f
		}
	}
	return figure{name: name, what: name}
}

func (r *report) find(name, column string) (result, bool) {
	i := slices.IndexFunc(r.Results, func(x result) bool { return x.Name == name && x.Column == column })
	if i < 0 {
		return result{}, false
	}
	return r.Results[i], true
}

// limit is the figure to compare with: of the same column, or of the machine.
func (r *report) limit(name, column string) (result, bool) {
	if x, ok := r.find(name, column); ok {
		return x, true
	}
	return r.find(name, machine)
}

func (r *report) json(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// markdown writes two tables: the machine, and the program on it.
func (r *report) markdown(w io.Writer, columns []string) error {
	m := r.Machine
	b := &strings.Builder{}
	fmt.Fprintf(b, "Measured %s at commit %s: %s, %d cores, %s, %s, data in %s, %g s a figure, %s in all. Times are p50 / p99 / max. "+
		"†: while other programs took more than %.0f %% of the processor.\n\n",
		m.Date, m.Commit, m.CPU, m.Cores, m.System, m.Go, m.Folder, m.Seconds, m.Took, disturbed*100)
	b.WriteString("| limit of the machine | | |\n|---|---|---|\n")
	for _, f := range figures {
		if x, ok := r.find(f.name, machine); ok && f.isLimit() {
			fmt.Fprintf(b, "| %s | %s | %s |\n", f.name, f.what, x)
		}
	}
	fmt.Fprintf(b, "\n| figure | | %s | limit | ratio | target |\n|---|---|%s---|---|---|\n", strings.Join(headings(columns), " | "), strings.Repeat("---|", len(columns)))
	for _, f := range figures {
		if !f.isLimit() {
			r.row(b, f, columns)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func headings(columns []string) []string {
	out := slices.Clone(columns)
	for i, c := range out {
		if n, err := strconv.Atoi(c); err == nil {
			out[i] = grouped(float64(n)) + " orders"
		}
	}
	return out
}

// row writes a figure, and one line more for each limit after the first.
func (r *report) row(b *strings.Builder, f figure, columns []string) {
	cells, any := make([]string, len(columns)), false
	for i, c := range columns {
		if x, ok := r.find(f.name, c); ok {
			cells[i], any = x.String(), true
		}
	}
	if !any {
		return
	}
	limits := f.against
	if len(limits) == 0 {
		limits = []against{{}}
	}
	for i, a := range limits {
		name, what := f.name, f.what
		if i > 0 {
			name, what, cells = "", "… against "+a.limit, make([]string, len(columns))
			if a.limit == "" {
				what = "… in time"
			}
		}
		var ratios []string
		verdict := a.target.String()
		for _, c := range columns {
			x, ok := r.find(f.name, c)
			if !ok {
				continue
			}
			if ratio, ok := x.Ratios[a.limit]; ok {
				ratios = append(ratios, strconv.FormatFloat(ratio, 'g', 2, 64))
			}
			if a.target.missed(x, a.limit) && !strings.HasSuffix(verdict, "missed") {
				verdict += " missed"
			}
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", name, what, strings.Join(cells, " | "), a.limit, strings.Join(ratios, " · "), verdict)
	}
}
