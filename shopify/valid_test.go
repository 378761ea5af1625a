package shopify_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"probability/shopify"
)

// wantValid is what ValidJSON is defined by.
func wantValid(body []byte) bool { return utf8.Valid(body) && json.Valid(body) }

func TestValidJSON(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		"null", " true ", "false\n", "\t0\r\n", "-0", "-1.5e+7", "1E400", `""`, `"\u00F1\ud800\"\\\/\b\f\n\r\t"`, "[]", "{}", "[ ]", "{ }", `[[],{},[{}]]`,
		`{"":{"a":[1,"x",null]},"a":0}`, `"ñandú 🚀"`, "\"\x7f\"", `[1 , 2]`, `{"a" : 1 , "b" : 2}`,
	} {
		if !shopify.ValidJSON([]byte(body)) {
			t.Errorf("%q was refused", body)
		}
	}
	for _, body := range []string{
		"", " ", "nul", "nulls", "tru", "falsy", "01", "-", "1.", ".5", "+1", "1e", "1e+", "0x1", "NaN", `"`, `"\`, `"\x"`, `"\u12g4"`, `"\u123`, "\"\n\"", "\"\x00\"",
		"\"12345678\x1f\"", "[", "]", "{", "}", "[}", "{]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", `{"a"`, `{"a":`, `{"a":}`, `{"a":1,}`, `{"a" 1}`, `{a:1}`, `{1:1}`, `{"a":1 "b":2}`, `{"a",1}`,
		`["a":1]`, "1 2", "[] []", "{}x", "null\x00", "\ufeff{}", "\"\xff\"", "\"ma\xc3\"", "\"\xed\xa0\x80\"", "[1]\x80", "\v1", "\f1", "\u00a01",
	} {
		if shopify.ValidJSON([]byte(body)) {
			t.Errorf("%q passed", body)
		}
	}
}

// Every byte at every place of a string as long as several words: those that
// end or break a string must be found wherever they stand, and no other.
func TestValidJSON_EveryByteEverywhere(t *testing.T) {
	t.Parallel()
	for length := range 40 {
		for at := range length {
			for c := range 256 {
				body := []byte(`["` + strings.Repeat("x", length) + `",1]`)
				body[2+at] = byte(c)
				if got, want := shopify.ValidJSON(body), wantValid(body); got != want {
					t.Fatalf("%q: got %v, want %v", body, got, want)
				}
			}
		}
	}
}

// Nesting is bounded as in encoding/json, and kinds of brackets are told apart
// however deep they are.
func TestValidJSON_Depth(t *testing.T) {
	t.Parallel()
	for _, depth := range []int{1, 2, 63, 64, 65, 127, 128, 129, 9_999, 10_000, 10_001, 200_000} {
		lists := strings.Repeat("[", depth) + strings.Repeat("]", depth)
		mixed := strings.Repeat(`[{"a":`, depth/2) + "1" + strings.Repeat("}]", depth/2)
		for _, body := range []string{lists, mixed, lists[:len(lists)-1], lists + "]", strings.Replace(mixed, "1}", "1]", 1), "[" + lists + "," + mixed + "]"} {
			if got, want := shopify.ValidJSON([]byte(body)), wantValid([]byte(body)); got != want {
				t.Errorf("depth %d, %d bytes: got %v, want %v", depth, len(body), got, want)
			}
		}
	}
}

// FuzzValidJSON holds ValidJSON against its definition.
func FuzzValidJSON(f *testing.F) {
	f.Add(benchmarkOrder())
	for _, s := range []string{
		"", "null", `{"a":[1,-2.5e3,"x\u00f1\n",true,null,{}]}`, `{"a":"12345678\"}`, "\"1234567\xc3\xb1\"", "\"\xff\"", " [ 0 , 0.0 ] ", `[[[{"a":[]}]]]`, "{\"a\"\n:\t1}", `{"a":1]`, "1 1", `"\ud83d"`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		kept := bytes.Clone(body)
		if got, want := shopify.ValidJSON(body), wantValid(body); got != want {
			t.Fatalf("ValidJSON(%q) = %v, want %v", body, got, want)
		}
		if !bytes.Equal(body, kept) {
			t.Fatalf("the body was changed: %q", kept)
		}
		// The same text inside of a list: what is around must not matter.
		inside := append(append([]byte(`["12345",`), body...), ']')
		if got, want := shopify.ValidJSON(inside), wantValid(inside); got != want {
			t.Fatalf("ValidJSON(%q) = %v, want %v", inside, got, want)
		}
	})
}

func BenchmarkValidJSON(b *testing.B) {
	body := benchmarkOrder()
	for _, c := range []struct {
		name  string
		valid func([]byte) bool
	}{{"ours", shopify.ValidJSON}, {"std", wantValid}} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if !c.valid(body) {
					b.Fatal("a good body was refused")
				}
			}
		})
	}
}
