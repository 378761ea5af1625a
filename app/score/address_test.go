package score_test

import (
	"os"
	"strings"
	"testing"

	"probability/app/score"
)

type written struct{ country, street, complement string }

func addresses(t *testing.T, file string) (all []written) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if parts := strings.Split(strings.TrimRight(line, "\n"), "|"); len(parts) == 3 && line[0] != '#' {
			all = append(all, written{parts[0], parts[1], parts[2]})
		}
	}
	return all
}

func (a written) facts() score.Facts {
	f, _ := score.Read(score.Order{Address: a.street, Complement: a.complement, Country: a.country, City: "Centro Poblado", Province: "Una"})
	return f
}

func addressFlags(f score.Facts) string {
	var flags []string
	for name, is := range map[string]bool{"missing": f.Missing&score.MissingAddress != 0, "number": f.AddressNoNumber, "short": f.AddressShort, "gibberish": f.AddressGibberish} {
		if is {
			flags = append(flags, name)
		}
	}
	return strings.Join(flags, " ")
}

func TestRead_NoFalseAlarmOnRealAddresses(t *testing.T) {
	t.Parallel()
	all := addresses(t, "addresses.txt")
	countries := map[string]int{}
	for _, a := range all {
		countries[a.country]++
		if flags := addressFlags(a.facts()); flags != "" {
			t.Errorf("%s %q %q: got %s, want nothing", a.country, a.street, a.complement, flags)
		}
	}
	if len(all) < 120 || len(countries) != 7 {
		t.Errorf("got %d addresses of %d countries, want 120 of 7", len(all), len(countries))
	}
}

func TestRead_JunkAddresses(t *testing.T) {
	t.Parallel()
	all := addresses(t, "junk_addresses.txt")
	for _, a := range all {
		if addressFlags(a.facts()) == "" {
			t.Errorf("%s %q %q: got nothing, want a flag", a.country, a.street, a.complement)
		}
	}
	if len(all) < 60 {
		t.Errorf("got %d addresses, want 60", len(all))
	}
}
