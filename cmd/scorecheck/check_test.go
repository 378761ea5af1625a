package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"probability/app/score/synthetic"
)

func TestRun_SameSeedSameTable(t *testing.T) {
	t.Parallel()
	table := func(seed string) string {
		var out, errs bytes.Buffer
		code := run(t.Context(), []string{"--part", "100", "--most", "50", "--seed", seed}, &out, &errs)
		if missed := strings.Contains(errs.String(), "missed:"); code == 2 || missed != (code == 1) { // so few stores may miss a bound
			t.Errorf("code %d, and it said: %s", code, errs.String())
		}
		return out.String()
	}
	first := table("5")
	if rows := strings.Count(first, "\n"); rows != 2+2*len(synthetic.Variants()) {
		t.Errorf("%d lines:\n%s", rows, first)
	}
	if again := table("5"); again != first {
		t.Errorf("the same seed printed\n%s\nand\n%s", first, again)
	}
	if other := table("6"); other == first {
		t.Error("another seed printed the same")
	}
}

func TestRun_RefusesWhatItDoesNotUnderstand(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--part", "0"}, {"--most", "-1"}, {"--none"}, {"all"}} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), args, &out, &errs); code != 2 || out.Len() > 0 || errs.Len() == 0 {
			t.Errorf("%v: code %d, printed %q and %q", args, code, out.String(), errs.String())
		}
	}
}

func TestMissed(t *testing.T) {
	t.Parallel()
	good := synthetic.Mean{Stores: 10, Refused: 1, Coverage: 0.8, Calibration: 0.02, AUC: 0.75, BestAUC: 0.76}
	if missed := good.Missed(30_000); len(missed) != 0 {
		t.Fatalf("a good one missed %v", missed)
	}
	for _, c := range []struct {
		outcomes int
		change   func(m *synthetic.Mean)
		missed   int
	}{
		{0, func(m *synthetic.Mean) { m.Coverage = 0.74 }, 1},
		{0, func(m *synthetic.Mean) { m.Coverage = 0.86 }, 1},
		{50, func(m *synthetic.Mean) { m.OverBase = 0.011 }, 1},
		{50, func(m *synthetic.Mean) { m.Calibration = 0.1 }, 0},
		{3_000, func(m *synthetic.Mean) { m.Calibration = 0.051 }, 1},
		{3_000, func(m *synthetic.Mean) { m.AUC = 0.7 }, 0},
		{30_000, func(m *synthetic.Mean) { m.AUC = 0.7 }, 1},
		{50, func(m *synthetic.Mean) { m.Refused = 0.85 }, 0},
		{300, func(m *synthetic.Mean) { m.Refused = 0.85 }, 1},
		{50, func(m *synthetic.Mean) { m.Refused = 0.5 }, 1},
	} {
		m := good
		c.change(&m)
		if missed := m.Missed(c.outcomes); len(missed) != c.missed {
			t.Errorf("%d outcomes, %+v: missed %v, want %d", c.outcomes, m, missed, c.missed)
		}
	}
}

// docs/score.md shows a table of this program: the same columns and rows, and no bound missed.
func TestDocs_ShowTheTable(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/score.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "<!-- scorecheck -->\n")
	table, _, found := strings.Cut(table, "\n<!-- /scorecheck -->")
	lines := strings.Split(table, "\n")
	if !found || lines[0] != "| "+strings.Join(header, " | ")+" |" {
		t.Fatalf("the table begins with %q", lines[0])
	}
	lines = lines[min(2, len(lines)):]
	for _, v := range synthetic.Variants() {
		for _, s := range sizes {
			want := fmt.Sprintf("| %s | %d | %d | ", v.Name, s.outcomes, s.stores)
			if len(lines) == 0 || !strings.HasPrefix(lines[0], want) {
				t.Fatalf("no row begins with %q", want)
			}
			lines = lines[1:]
		}
	}
	if len(lines) > 0 {
		t.Errorf("%d rows too many", len(lines))
	}
}
