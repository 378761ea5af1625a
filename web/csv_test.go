package web_test

import (
	"encoding/csv"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"probability/web"
)

// cell is what a program that follows the documentation makes of a cell.
func cell(t testing.TB, encoded string) (text string, guarded bool) {
	t.Helper()
	r := csv.NewReader(strings.NewReader("before," + encoded + ",after\r\n"))
	row, err := r.Read()
	if err != nil || len(row) != 3 || row[0] != "before" || row[2] != "after" {
		t.Fatalf("%q does not come back as one cell: %q, %v", encoded, row, err)
	}
	if _, err := r.Read(); !errors.Is(err, io.EOF) {
		t.Fatalf("%q is more than one row: %v", encoded, err)
	}
	text, guarded = strings.CutPrefix(row[1], "'")
	return text, guarded
}

func TestCSV_TextsComeBackAndNoneIsAFormula(t *testing.T) {
	t.Parallel()
	for text, guarded := range map[string]bool{
		"":                        false,
		"plain":                   false,
		"a=b":                     false,
		"#1001":                   false,
		"5-2":                     false,
		"ñandú, \"Bogotá\"":       false,
		"línea 1\nlínea 2":        false,
		"日本語 😀":                   false,
		" a ":                     false,
		"\"quoted\"":              false,
		"\u00a0x":                 false,
		"trailing,":               false,
		"=cmd|'/c calc'!A1":       true,
		"=1+1":                    true,
		"+573001234567":           true,
		"-1+2":                    true,
		"-5":                      true,
		"@SUM(A1)":                true,
		"\t=1":                    true,
		"\ttab":                   true,
		"\rcr":                    true,
		"\nlf":                    true,
		" =1":                     true,
		"  \u00a0 +1":             true,
		"\"=1":                    true,
		"\" '=1":                  true,
		"'=1":                     true,
		"'t Hart":                 true, // so that one apostrophe can always be taken off
		"\ufeff=1":                true,
		"＝1":                      true,
		"＋1":                      true,
		"－1":                      true,
		"＠x":                      true,
		"=HYPERLINK(\"x\",\"y\")": true,
	} {
		encoded := string(web.AppendCell(nil, text))
		got, apostrophe := cell(t, encoded)
		if got != text || apostrophe != guarded {
			t.Errorf("%q is written %s and comes back as %q, guarded %v", text, encoded, got, apostrophe)
		}
	}
}

func TestCSV_CannotBeBrokenByBytes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a\x00b": "a\uFFFDb", "\x1b[31m": "\uFFFD[31m", "\x7f": "\uFFFD", "a\xffb": "a\uFFFDb", "\xc3": "\uFFFD",
		"a\r\nb": "a\nb", "a\rb": "a\rb", // encoding/csv makes one line feed of CR LF
	} {
		if got, _ := cell(t, string(web.AppendCell(nil, text))); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	for _, text := range []string{"\x00=1", "\x01\x02 +1", "\xff=1"} {
		if _, guarded := cell(t, string(web.AppendCell(nil, text))); !guarded {
			t.Errorf("%q is not guarded", text)
		}
	}
}

// FuzzCSV_CellsComeBack reads every cell back with encoding/csv.
func FuzzCSV_CellsComeBack(f *testing.F) {
	for _, s := range []string{"", "a", "=1", "'=1", "\"", "\"\"", ",", "\r\n", "\n", " ", "\t", "-", "ñ", "\x00", "\xff\xfe", "\ufeff", "'", "''", "a\"b,c\r\nd", "＝"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		encoded := string(web.AppendCell([]byte("x,"), text))
		encoded, kept := strings.CutPrefix(encoded, "x,")
		if !kept {
			t.Fatalf("what was there was changed: %q", encoded)
		}
		got, guarded := cell(t, encoded)
		var b strings.Builder // what encoding/csv should find: no control characters, one line feed for CR LF
		for i := 0; i < len(text); {
			r, n := utf8.DecodeRuneInString(text[i:])
			switch {
			case r < ' ' && r != '\t' && r != '\r' && r != '\n', r == 0x7f:
				r = utf8.RuneError
			case r == '\r' && strings.HasPrefix(text[i:], "\r\n"):
				i++
				r = '\n'
			}
			b.WriteRune(r)
			i += n
		}
		if want := b.String(); got != want {
			t.Errorf("%q is written %q and comes back as %q, want %q", text, encoded, got, want)
		}
		if !guarded && text != "" {
			if first := strings.TrimLeft(got, " \t\r\n\v\f\"'"); first != "" && strings.ContainsRune("=+-@", rune(first[0])) {
				t.Errorf("%q is written %q, which may be a formula", text, encoded)
			}
			if strings.ContainsRune("=+-@\t\r\n'", rune(got[0])) {
				t.Errorf("%q is written %q, which may be a formula", text, encoded)
			}
		}
		if !utf8.ValidString(encoded) || strings.ContainsRune(encoded, 0) {
			t.Errorf("%q is written %q", text, encoded)
		}
	})
}

// TestCSV_CellsSayWhatTheListSays compares every member of odd orders in both forms.
func TestCSV_CellsSayWhatTheListSays(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.store.RateWith(nil) // the orders wait for their scores
	path, id := b.connected()
	b.put(id,
		order(1, map[string]any{
			"total_price": "-1500.50", "name": "=1+1", "note": "x", "tags": "-1+2, b", "test": true, "cancelled_at": "2026-11-05T01:02:03.456Z",
			"source_name": "@web", "financial_status": "paid", "fulfillment_status": "fulfilled", "payment_gateway_names": []string{"+57"},
			"line_items": []any{map[string]any{"title": "=cmd()", "price": "-1.00"}},
			"shipping_address": map[string]any{
				"first_name": "\tÍñigo", "last_name": `"El" Muñoz`, "address1": "Calle 5\n# 12, apto 3", "address2": "'=x", "city": "Bogotá", "province": " =1",
				"country": "Colombia", "phone": "+573001234567",
			},
		}),
		`{"id":7}`,
	)
	list := b.get(path + "orders/?page_size=100").want(http.StatusOK)
	first, _ := list.at("results", 0).(map[string]any)
	var names []string
	for name := range first {
		names = append(names, name)
	}
	rows := readCSV(t, b.get(path+"orders/export/?fields="+strings.Join(names, ",")).want(http.StatusOK).body)
	if len(rows) != 2 || len(rows[0]) != len(names) || len(names) != 31 {
		t.Fatalf("%d rows of %d columns for %d members", len(rows), len(rows[0]), len(names))
	}
	for i, row := range rows {
		for name, got := range row {
			want := list.at("results", i, name)
			text, guarded := strings.CutPrefix(got, "'")
			switch want := want.(type) {
			case nil:
				if got != "" && name != "raw_response" {
					t.Errorf("%s is null and its cell %q", name, got)
				}
			case string:
				if text != want {
					t.Errorf("%s is %q and its cell %q", name, want, got)
				}
			case bool, float64:
				if guarded || got != jsonOf(t, want) {
					t.Errorf("%s is %v and its cell %q", name, want, got)
				}
			default:
				if guarded || jsonOf(t, want) != jsonOf(t, parsed(t, got)) {
					t.Errorf("%s is %v and its cell %q", name, want, got)
				}
			}
		}
	}
	for name, want := range map[string]string{
		"total_price": "-1500.50", "order_number": "'=1+1", "phone": "'+573001234567", "tags": "'-1+2, b", "province": "' =1", "address_complement": "''=x",
		"source_name": "'@web", "payment_type": "'+57", "cancelled_at": "2026-11-05T01:02:03.456Z", "test": "true", "negative_factors": "[]", "delivery_score": "",
		"purchase_count": "1", "address": "Calle 5\n# 12, apto 3",
	} {
		if got := rows[1][name]; got != want {
			t.Errorf("%s: got cell %q, want %q", name, got, want)
		}
	}
}
