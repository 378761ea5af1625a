package score_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"probability/app/score"
)

// docs/score.md shows the weights that the program ships with, in their order.
func TestDocs_ShowTheFactors(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/score.md")
	fatal(t, err)
	var rows []string
	for line := range strings.Lines(string(text)) {
		if cells := strings.Split(strings.TrimSpace(line), " | "); len(cells) == 4 && strings.HasPrefix(line, "| `") && strings.ContainsAny(cells[2], "+-") {
			rows = append(rows, strings.TrimSuffix(cells[0]+" | "+cells[2]+" | "+cells[3], " |"))
		}
	}
	if len(rows) != score.FactorCount {
		t.Fatalf("%d factors are shown, want %d", len(rows), score.FactorCount)
	}
	for i, f := range score.Factors {
		if want := fmt.Sprintf("| `%s` | %+.2f | %.2f", f.Code, f.Weight, f.Spread); rows[i] != want {
			t.Errorf("factor %d is shown as %s, want %s", i+1, rows[i], want)
		}
	}
	mean, _ := score.Prior()
	if want := fmt.Sprintf("The base is %+.2f before", mean); !strings.Contains(string(text), want) {
		t.Errorf("the text does not say %q", want)
	}
}
