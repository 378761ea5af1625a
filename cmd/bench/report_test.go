package main

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestReport_ComparesWithTheLimitOfTheSameColumn(t *testing.T) {
	t.Parallel()
	r := &report{}
	r.put("raw-100", machine, result{Value: 40_000, Unit: "/s"})
	r.put("bare-64", machine, result{Value: 30_000, Unit: "/s"})
	r.put("accept-64", empty, result{Value: 20_000, Unit: "/s", P50: 1, P99: 5, Max: 12.3})
	r.put("accept-import", empty, result{Value: 5_000, Unit: "/s", Note: "why"})
	r.put("accept-64", "10000", result{Value: 4_000, Unit: "/s", Others: 0.5})
	r.put("accept-import", "10000", result{Value: 2_000, Unit: "/s"})
	r.put("stats", "10000", result{Note: notThere})
	r.put("search-rare", "10000", result{Value: 1, Unit: "ms", P50: 1, P99: 20, Max: 30})
	r.put("search-old", "10000", result{Value: 1, Unit: "ms", P50: 1, P99: 120, Max: 130})
	var out bytes.Buffer
	if err := r.markdown(&out, []string{empty, "10000"}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| raw-100 | the same, a hundred a transaction | 40,000/s |\n",
		"| figure | | empty | 10,000 orders | limit | ratio | target |\n",
		"| 20,000/s, 1.0 / 5.0 / 12 ms | 4,000/s † | raw-100 | 0.5 · 0.1 | ≥ 0.4 missed |\n",
		"| bare-64 | 0.67 · 0.13 |  |\n",
		"|  | … in time |  |  |  |  | p99 ≤ 25 ms |\n",
		"| 5,000/s (why) | 2,000/s | accept-64 | 0.25 · 0.5 | ≥ 0.5 missed |",
		"| stats | statistics |  | not there |",
		"|  | 1.0 / 120 / 130 ms |  |  | p99 ≤ 100 ms missed |\n",
		"|  | 1.0 / 20 / 30 ms |  |  | p99 ≤ 50 ms |\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("got\n%s\nwant %s", &out, want)
		}
	}
	if strings.Contains(out.String(), "deep-first") {
		t.Error("what was not measured has a row")
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{0: "0", 999: "999", 1000: "1,000", 1234567.4: "1,234,567"} {
		if got := grouped(v); got != want {
			t.Errorf("grouped(%g): got %s, want %s", v, got, want)
		}
	}
	for v, want := range map[float64]string{0.123: "0.12", 1.26: "1.3", 12.6: "13"} {
		if got := brief(v); got != want {
			t.Errorf("brief(%g): got %s, want %s", v, got, want)
		}
	}
}

// Every limit that a figure is compared with is a figure itself, and no name comes twice.
func TestFigures(t *testing.T) {
	t.Parallel()
	var names []string
	for _, f := range figures {
		if slices.Contains(names, f.name) {
			t.Errorf("%s comes twice", f.name)
		}
		names = append(names, f.name)
	}
	for _, f := range figures {
		for _, a := range f.against {
			if a.limit != "" && !slices.Contains(names, a.limit) {
				t.Errorf("%s is compared with %s, which is no figure", f.name, a.limit)
			}
		}
	}
}

func TestParseOptions(t *testing.T) {
	t.Parallel()
	o, err := parseOptions([]string{"--orders", "100000, 10000,10000", "--only", "accept,search-rare", "--seconds", "0.5", "--keep", "/x"}, io.Discard)
	if err != nil || !slices.Equal(o.orders, []int{10_000, 100_000}) || o.time() != 500*time.Millisecond || o.keep != "/x" {
		t.Errorf("got %+v, %v", o, err)
	}
	for name, want := range map[string]bool{"accept-64": true, "accept-import": true, "search-rare": true, "search-old": false, "import": false} {
		if o.wants(name) != want {
			t.Errorf("wants %s: got %v, want %v", name, !want, want)
		}
	}
	if o, err = parseOptions([]string{"--orders=0"}, io.Discard); err != nil || len(o.orders) != 0 || !o.wants("anything") {
		t.Errorf("got %+v, %v", o, err)
	}
	for _, args := range [][]string{
		{"--orders", "many"},
		{"--orders", "-1"},
		{"--orders", "10"},
		{"--orders", "99000000"},
		{"--only", "acc"},
		{"--seconds", "0"},
		{"--seconds", "NaN"},
		{"--seconds", "3600"},
		{"--what"},
		{"more"},
	} {
		if _, err := parseOptions(args, io.Discard); err == nil {
			t.Errorf("%v: got no error", args)
		}
	}
}
