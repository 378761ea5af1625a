package shopify_test

import (
	"math"
	"math/big"
	"regexp"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"probability/shopify"
)

func TestMoney(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"0": "0.00", "1": "1.00", "1.5": "1.50", "1.50": "1.50", "1.500": "1.500", "1.234": "1.234", "23600": "23600.00", "007.5": "7.50",
		"+1": "1.00", ".5": "0.50", "-.5": "-0.50", "5.": "5.00", "-3": "-3.00", "-0": "0.00", "-0.00": "0.00", "-0.001": "-0.001", " 12.30\n": "12.30",
		"1e2": "100.00", "1.5e1": "15.00", "1.25e1": "12.50", "15E-1": "1.50", "15e-4": "0.0015", "1E+2": "100.00", "0e30": "0.00",
		"1e30": "1" + strings.Repeat("0", 30) + ".00", "1e-30": "0." + strings.Repeat("0", 29) + "1", "5e0": "5.00", "5e-0": "5.00",
		"1e0000000001":                   "10.00",
		"12345678901234567890.123":       "12345678901234567890.123",
		strings.Repeat("9", 60) + "e-10": strings.Repeat("9", 50) + "." + strings.Repeat("9", 10),
	} {
		if got, err := shopify.Money(in); err != nil || got != want {
			t.Errorf("Money(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{
		"", " ", "-", "+", "+-1", "-+1", "--1", ".", "-.", "1.2.3", "12.345,67", "1,5", "1 000", "1_000", "0x1f", "0b1", "NaN", "nan", "Inf", "-inf", "infinity",
		"1e", "e1", "1e+", "1e1.5", "1e31", "1e-31", "1e99999999999999999999", "1e--1", "1e+-1", "١٢", "$5", "5 COP", "ayer", "1\x002", "½",
		strings.Repeat("9", 61) + "e1", strings.Repeat("9", 40) + "e30",
	} {
		if got, err := shopify.Money(in); err == nil || got != "" {
			t.Errorf("Money(%q) = %q, %v; want an error", in, got, err)
		}
	}
}

func TestMillionths(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int64{
		"0": 0, "1": 1_000_000, "1.5": 1_500_000, "-1.5": -1_500_000, "0.0000019": 1, "-0.0000019": -1, "189900.00": 189_900_000_000,
		"9223372036854.775807": math.MaxInt64, "9223372036854.775808": math.MaxInt64, "-9223372036854.775808": math.MinInt64,
		"-9223372036854.775809": math.MinInt64, "1e30": math.MaxInt64, "-1e30": math.MinInt64, "": 0, "x": 0, "12.345,67": 0,
	} {
		if got := shopify.Millionths(in); got != want {
			t.Errorf("Millionths(%q) = %d, want %d", in, got, want)
		}
	}
}

// FuzzMoney: what is taken has the canonical form, the same value, and is its
// own canonical text.
func FuzzMoney(f *testing.F) {
	for _, s := range []string{"1.10", "-0.5", "1e3", "15E-4", "12.345,67", "00", "1e31", "9223372036854.775808", " 7 ", "-0e-1", "1.e5"} {
		f.Add(s)
	}
	canonical := regexp.MustCompile(`^-?(0|[1-9][0-9]*)\.[0-9]{2,}$`)
	f.Fuzz(func(t *testing.T, s string) {
		got, err := shopify.Money(s)
		if err != nil {
			if got != "" || shopify.Millionths(s) != 0 {
				t.Fatalf("refused, but %q and %d", got, shopify.Millionths(s))
			}
			return
		}
		if !canonical.MatchString(got) {
			t.Fatalf("Money(%q) = %q is not canonical", s, got)
		}
		if again, err := shopify.Money(got); err != nil || again != got {
			t.Fatalf("Money(%q) = %q, %v", got, again, err)
		}
		want, err := decimal.NewFromString(strings.TrimSpace(s))
		if err != nil {
			t.Fatalf("Money(%q) = %q, which is no decimal: %v", s, got, err)
		}
		if !want.Equal(decimal.RequireFromString(got)) {
			t.Fatalf("Money(%q) = %q, want the value %s", s, got, want)
		}
		if want.IsZero() && strings.HasPrefix(got, "-") {
			t.Fatalf("Money(%q) = %q", s, got)
		}
		millionths := want.Shift(6).Truncate(0).BigInt()
		switch m := shopify.Millionths(s); {
		case millionths.IsInt64():
			if m != millionths.Int64() {
				t.Fatalf("Millionths(%q) = %d, want %s", s, m, millionths)
			}
		case millionths.Sign() > 0 && m != math.MaxInt64, millionths.Sign() < 0 && m != math.MinInt64:
			t.Fatalf("Millionths(%q) = %d, which is far from %s", s, m, new(big.Int).Set(millionths))
		}
	})
}
