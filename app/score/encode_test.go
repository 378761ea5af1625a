package score_test

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"probability/app/score"
)

// anyFacts draws facts, also such as Read never makes.
func anyFacts(t *rapid.T) score.Facts {
	flag := func(name string) bool { return rapid.Bool().Draw(t, name) }
	text := rapid.OneOf(rapid.SampledFrom([]string{"", "co", "co|antioquia", "co|antioquia|bello", "#81002", "COP"}), rapid.StringN(0, 40, 60))
	f := score.Facts{
		Missing: score.Missing(rapid.Uint16().Draw(t, "missing")), COD: rapid.SampledFrom([]score.Tri{score.Unknown, score.No, score.Yes}).Draw(t, "cod"),
		PhoneInvalid: flag("invalid"), PhoneRepeated: flag("repeated"), AddressNoNumber: flag("number"), AddressShort: flag("short"), AddressGibberish: flag("gibberish"),
		CityMismatch: flag("mismatch"), EmailDisposable: flag("disposable"), NameSuspicious: flag("name"), Night: flag("night"), RiskHigh: flag("risk"), Test: flag("test"),
		Total: rapid.Int64().Draw(t, "total"), Currency: text.Draw(t, "currency"), Quantity: rapid.IntRange(math.MinInt32, math.MaxInt32).Draw(t, "quantity"),
		DispatchHours: rapid.IntRange(-1, 5000).Draw(t, "hours"), Country: text.Draw(t, "country"), Province: text.Draw(t, "province"), City: text.Draw(t, "city"),
		Postcode: text.Draw(t, "postcode"), Carrier: text.Draw(t, "carrier"),
	}
	for range rapid.IntRange(0, 5).Draw(t, "products") {
		f.Products = append(f.Products, text.Draw(t, "product"))
	}
	return f
}

func TestFacts_SurviveTheirEncoding(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := anyFacts(t)
		before := []byte("before")
		data, err := f.Append(before)
		if err != nil || !bytes.HasPrefix(data, before) {
			t.Fatalf("got %q, %v", data, err)
		}
		back, err := score.ParseFacts(data[len(before):])
		if err != nil || !reflect.DeepEqual(back, f) {
			t.Fatalf("got %+v, %v; want %+v", back, err, f)
		}
	})
}

func TestFacts_AreSmall(t *testing.T) {
	t.Parallel()
	o := usualOrder()
	o.Items = append(o.Items, score.Item{Product: "8100200300417", Quantity: 1}, score.Item{Product: "8100200398101", Quantity: 1})
	f, _ := score.Read(o)
	data, err := f.Append(nil)
	if err != nil || len(data) > 120 {
		t.Errorf("got %d bytes, %v; want 120 at most", len(data), err)
	}
}

// Not parallel: allocations are counted for the whole process.
func TestFacts_AppendAllocatesNothing(t *testing.T) {
	f, _ := score.Read(usualOrder())
	room := make([]byte, 0, 256)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := f.Append(room); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("got %g allocations, want none", n)
	}
}

func TestFacts_Refused(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]score.Facts{
		"a third answer": {COD: score.Yes + 1}, "endless": {City: strings.Repeat("x", 5000)}, "too many": {Products: make([]string, 5000)},
	} {
		if data, err := f.Append([]byte("kept")); err == nil || string(data) != "kept" {
			t.Errorf("%s: got %q, %v; want an error and nothing written", name, data, err)
		}
	}
	good, err := score.Facts{Country: "co", Province: "co|antioquia", DispatchHours: -1, Products: []string{"#1"}}.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range good {
		if _, err := score.ParseFacts(good[:i]); err == nil {
			t.Errorf("the first %d of %d bytes are read", i, len(good))
		}
	}
	for name, data := range map[string][]byte{
		"nothing": nil, "JSON": []byte("{}"), "another format": append([]byte{2}, good[1:]...), "more": append(bytes.Clone(good), 0),
		"a longer number": append([]byte{good[0], 0x80, 0x00}, good[2:]...),
	} {
		if f, err := score.ParseFacts(data); err == nil || !reflect.DeepEqual(f, score.Facts{}) {
			t.Errorf("%s: got %+v, %v; want an error", name, f, err)
		}
	}
}

// FuzzParseFacts holds that any bytes are refused, or are those that the facts write again.
func FuzzParseFacts(f *testing.F) {
	facts, _ := score.Read(usualOrder())
	good, err := facts.Append(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:20])
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 200, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := score.ParseFacts(data)
		if err != nil {
			return
		}
		if again, err := got.Append(nil); err != nil || !bytes.Equal(again, data) {
			t.Errorf("got %x, %v; want %x", again, err, data)
		}
	})
}
