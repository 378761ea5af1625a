package carriers_test

import (
	"strings"
	"testing"

	"probability/app/carriers"
)

// TestRead_HostileInputCostsNoMoreThanItsSize reads ten megabytes of what is hardest to read. A minute would be a fault; each takes a second.
func TestRead_HostileInputCostsNoMoreThanItsSize(t *testing.T) {
	t.Parallel()
	const size = 2 << 20
	for name, unit := range map[string]string{
		"open quotes": "1\";x\n", "quotes": `"` + "\n", "long lines with a quote": strings.Repeat("x", 60_000) + "\"\n", "quotes in quotes": `"1""""";"entregado""` + "\n",
		"returns": "\r", "delimiters": ";", "blanks": " \n", "marks": "\ufeff", "no utf-8": "\xff\xfe\n", "nothing else": "1;entregado;" + strings.Repeat("9", 39) + "\n", "controls": "\x01\x7f;\n",
	} {
		in := "pedido;estado;fecha\n" + strings.Repeat(unit, size/len(unit))
		r, err := carriers.Read(strings.NewReader(in), now, "")
		if err == nil && len(r.Rows)+r.Pending+r.Count != r.Read {
			t.Errorf("%s: %d rows, %d pending, %d refused of %d", name, len(r.Rows), r.Pending, r.Count, r.Read)
		}
	}
}
