package shopify_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"probability/shopify"
)

// reference maps a payload by the letter of the rules, on a generic decode and
// with the name variants made by hand each time: slow, plain, and independent
// of how the package reads JSON.
type reference struct{ order, shipping, customer map[string]any }

func newReference(raw []byte) (*reference, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var whole any
	if err := decoder.Decode(&whole); err != nil || !json.Valid(raw) {
		return nil, shopify.ErrNotObject
	}
	order, ok := whole.(map[string]any)
	if !ok {
		return nil, shopify.ErrNotObject
	}
	r := &reference{order: order}
	for _, name := range []string{"shipping_address", "shipping"} {
		if object, ok := order[name].(map[string]any); ok && len(object) > 0 {
			r.shipping = object
			break
		}
	}
	r.customer, _ = order["customer"].(map[string]any)
	return r, nil
}

func plain(v any) (text string, zero bool) {
	switch v := v.(type) {
	case string:
		for _, r := range v {
			if r >= ' ' || r == '\t' || r == '\n' {
				text += string(r)
			}
		}
	case json.Number:
		mantissa, _, _ := strings.Cut(strings.ToLower(string(v)), "e")
		return string(v), strings.Trim(mantissa, "-0.") == ""
	}
	return text, false
}

func (r *reference) chain(names ...string) string {
	for _, name := range names {
		if text, zero := plain(r.order[name]); text != "" && !zero {
			return text
		}
	}
	return ""
}

func (r *reference) pick(names ...string) (string, bool) {
	for _, name := range names {
		variants := []string{name, strings.ToLower(name)}
		if spaced := strings.ReplaceAll(name, "_", " "); spaced != name {
			variants = append(variants, spaced, strings.ToLower(spaced))
		}
		for _, variant := range variants {
			for _, in := range []map[string]any{r.order, r.shipping, r.customer} {
				if text, zero := plain(in[variant]); text != "" {
					return text, zero
				}
			}
		}
	}
	return "", false
}

func (r *reference) name() string {
	whole, zero := r.pick("Shipping_Name", "shipping_name")
	if whole != "" && !zero {
		return whole
	}
	first, zeroFirst := r.pick("first_name", "firstname", "given_name")
	last, zeroLast := r.pick("last_name", "lastname", "family_name")
	if zeroFirst {
		first = ""
	}
	if zeroLast {
		last = ""
	}
	if first == "" && last == "" {
		return whole
	}
	return strings.TrimSpace(first + " " + last)
}

func (r *reference) phone() string {
	phone, zero := r.pick("phone", "Phone", "shipping_phone", "Shipping_Phone")
	if own, ownZero := plain(r.customer["phone"]); zero && own != "" && !ownZero {
		return own
	}
	return phone
}

func (r *reference) price() string {
	names := []string{"total_price", "order_total", "total"}
	text := r.chain(names...)
	for i := 0; text == "" && i < len(names); i++ {
		text, _ = plain(r.order[names[i]])
	}
	amount, err := shopify.Money(text)
	if err != nil {
		return ""
	}
	return amount
}

func (r *reference) payment() string {
	gateways := r.order["payment_gateway_names"]
	if list, ok := gateways.([]any); ok {
		gateways = nil
		if len(list) > 0 {
			gateways = list[0]
		}
	}
	if text, zero := plain(gateways); text != "" && !zero {
		return text
	}
	return r.chain("payment_method")
}

func (r *reference) tags() string {
	list, ok := r.order["tags"].([]any)
	if !ok {
		return r.chain("tags")
	}
	var tags []string
	for _, element := range list {
		if text, _ := plain(element); text != "" {
			tags = append(tags, text)
		}
	}
	return strings.Join(tags, ", ")
}

func (r *reference) test() string {
	text, _ := plain(r.order["test"])
	if on, _ := r.order["test"].(bool); on || strings.EqualFold(text, "true") || r.order["test"] == json.Number("1") {
		return "true"
	}
	return ""
}

func (r *reference) columns() (map[string]string, error) {
	all := map[string]string{
		"platform_order_id":  r.chain("id", "order_number", "name", "order_id"),
		"order_number":       r.chain("name", "order_number", "number"),
		"total_price":        r.price(),
		"currency":           r.chain("currency", "currency_code", "Currency"),
		"customer_name":      r.name(),
		"phone":              r.phone(),
		"payment_type":       r.payment(),
		"source_name":        r.chain("source_name", "source"),
		"financial_status":   r.chain("financial_status"),
		"fulfillment_status": r.chain("fulfillment_status"),
		"tags":               r.tags(),
		"test":               r.test(),
	}
	for column, names := range map[string][]string{
		"customer_email":     {"email", "Email", "customer_email", "shipping_email"},
		"country":            {"country", "Shipping_Country", "shipping_country"},
		"province":           {"province", "province_code", "Shipping_State", "shipping_state"},
		"city":               {"city", "Shipping_City", "shipping_city"},
		"address":            {"address1", "Shipping_Street", "shipping_street", "address"},
		"address_complement": {"address2", "Shipping_Street2", "shipping_address2"},
	} {
		all[column], _ = r.pick(names...)
	}
	if all["platform_order_id"] == "" {
		return nil, shopify.ErrNoOrderID
	}
	for column, value := range all {
		if value == "" {
			delete(all, column)
		}
	}
	return all, nil
}

// compare holds ParseOrder against the reference; dates have their own vectors.
func compare(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, raw []byte,
) {
	t.Helper()
	var want map[string]string
	r, wantErr := newReference(raw)
	if wantErr == nil {
		want, wantErr = r.columns()
	}
	kept := bytes.Clone(raw)
	order, err := shopify.ParseOrder(raw)
	if !errors.Is(err, wantErr) {
		t.Fatalf("ParseOrder(%q): got %v, want %v", raw, err, wantErr)
	}
	if !bytes.Equal(raw, kept) {
		t.Fatalf("the payload was changed: %q", kept)
	}
	if err != nil {
		return
	}
	if !bytes.Equal(order.Raw, kept) {
		t.Fatalf("raw: got %q, want %q", order.Raw, kept)
	}
	got := columns(order)
	for _, name := range []string{"created_at", "updated_at", "cancelled_at"} {
		delete(got, name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("ParseOrder(%q) (-want +got):\n%s", raw, diff)
	}
	for column, text := range got {
		if !utf8.ValidString(text) || strings.ContainsAny(text, "\x00\r\x1b") {
			t.Fatalf("%s is %q", column, text)
		}
	}
	for _, at := range []time.Time{order.CreatedAt, order.UpdatedAt, order.CancelledAt} {
		if _, err := at.MarshalJSON(); err != nil {
			t.Fatalf("ParseOrder(%q): %v", raw, err)
		}
	}
}

func TestParseOrder_AgreesWithReference(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		compare(t, v.Payload)
	}
	rapid.Check(t, func(t *rapid.T) { compare(t, object(2).Draw(t, "payload")) })
}

// Escapes in texts and names, whole, broken and beside text that is not UTF-8.
func TestParseOrder_Escapes(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`\u00f1`, `\u00F1and\u00fa`, `\ud83d\ude80`, `\uD83D\uDE80\n`, `\ud83d`, `\ude80`, `\ud83d\ud83d\ude80`, `\ud83dx`, `\ud83d\n`, `\ud83d\u0041`, `\ud83d\\u0041`, `\ufffd`,
		`\"\\\/\b\f\n\r\t`, `a\/b`, `\u0000`, `\u0000\u001f`, `\u0009\u000a`, `\u007f\u0080`, "\xff\\n", "\\n\xc3", "\xed\xa0\x80\\t", strings.Repeat(`x\u0026`, 200), `\u0020`, `\u0030`,
	} {
		compare(t, []byte(`{"id":1,"name":"`+text+`","tags":["`+text+`","x"],"city":"x`+text+`","first_name":"`+text+`","last_name":"x","total_price":"1`+text+`","`+text+`id":2}`))
		compare(t, []byte(`{"id":"`+text+`"}`))
		compare(t, []byte(`{"id":"1","`+text+`":"2","n\u0061me":"3","i\u0064":"4"}`))
	}
}

// The payload's memory may be used again: columns are copies.
func TestParseOrder_ColumnsAreCopies(t *testing.T) {
	t.Parallel()
	raw := benchmarkOrder()
	order, err := shopify.ParseOrder(raw)
	if err != nil {
		t.Fatal(err)
	}
	before := columns(order)
	kept := make(map[string]string, len(before))
	for column, text := range before {
		kept[column] = strings.Clone(text)
	}
	clear(raw)
	if diff := cmp.Diff(kept, columns(order)); diff != "" {
		t.Errorf("columns changed with the payload (-want +got):\n%s", diff)
	}
}

// object generates payloads of the members that matter, in odd spellings, with
// odd values, in any order and sometimes twice.
func object(depth int) *rapid.Generator[[]byte] {
	names := []string{
		"id", "order_number", "name", "order_id", "number", "total_price", "order_total", "total", "currency", "currency_code", "Currency",
		"payment_gateway_names", "payment_method", "source_name", "source", "financial_status", "fulfillment_status", "created_at", "createdDate",
		"date", "updated_at", "cancelled_at", "tags", "test", "first_name", "firstname", "given_name", "last_name", "lastname", "family_name",
		"Shipping_Name", "shipping_name", "email", "Email", "customer_email", "shipping_email", "phone", "Phone", "shipping_phone", "Shipping_Phone",
		"country", "Shipping_Country", "shipping_country", "province", "province_code", "Shipping_State", "shipping_state", "city", "Shipping_City",
		"shipping_city", "address1", "Shipping_Street", "shipping_street", "address", "address2", "Shipping_Street2", "shipping_address2", "note",
	}
	values := []string{
		`null`, `true`, `false`, `0`, `-0.0`, `0e3`, `1`, `7`, `1.10`, `1e2`, `9007199254740993`, `""`, `"0"`, `"x"`, `" Ana "`, `"ñ\u0000b"`, `"\ud800"`, `"12.345,67"`,
		`"9.5"`, `[]`, `[ ]`, `[null]`, `["a","b"]`, `[3, "c", {}]`, `{}`, `{ }`, `{"id":3}`, `"2026-01-02T03:04:05Z"`, `"ayer"`, `"true"`,
	}
	value := rapid.Map(rapid.SampledFrom(values), func(s string) []byte { return []byte(s) })
	name := rapid.Custom(func(t *rapid.T) string {
		s := rapid.SampledFrom(names).Draw(t, "name")
		switch rapid.IntRange(0, 9).Draw(t, "spelling") {
		case 0:
			s = strings.ReplaceAll(s, "_", " ")
		case 1:
			s = strings.ToLower(s)
		case 2:
			s = strings.ToUpper(s)
		case 3:
			s = strings.ToLower(strings.ReplaceAll(s, "_", " "))
		}
		quoted := strconv.Quote(s)
		if rapid.IntRange(0, 9).Draw(t, "escape") == 0 {
			quoted = `"\u00` + strconv.FormatInt(int64(s[0]), 16) + quoted[2:]
		}
		return quoted
	})
	return rapid.Custom(func(t *rapid.T) []byte {
		gap := func() string { return rapid.SampledFrom([]string{"", "", "", " ", "\n\t"}).Draw(t, "gap") }
		var b bytes.Buffer
		b.WriteString(gap() + "{" + gap())
		for i := range rapid.IntRange(0, 12).Draw(t, "members") {
			if i > 0 {
				b.WriteString("," + gap())
			}
			if depth > 1 && rapid.IntRange(0, 3).Draw(t, "nested") == 0 {
				b.WriteString(rapid.SampledFrom([]string{`"shipping_address"`, `"shipping"`, `"customer"`}).Draw(t, "place"))
				b.WriteString(":" + gap())
				b.Write(object(depth-1).Draw(t, "object"))
			} else {
				b.WriteString(name.Draw(t, "name") + gap() + ":" + gap())
				b.Write(value.Draw(t, "value"))
			}
			b.WriteString(gap())
		}
		b.WriteString("}" + gap())
		return b.Bytes()
	})
}

// FuzzParseOrder: every text is either refused for the right reason or mapped as
// the reference maps it.
func FuzzParseOrder(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add([]byte(v.Payload))
	}
	for _, s := range []string{
		"", "null", `{"id":1`, `{"id":1}x`, "{\"id\":\"\xff\"}", `{"id":"\ud83d\ude80"}`, `[{"id":1}]`, `{"id":1,"x":[[[{"a":[]}]]]}`, `{"\u0069d":-1.5E+7}`,
		` {"order": {"id":1 } } `, `{"orders":[ {"id":1} , 2],"orders":5}`, `{"orders":1,"\u006frders":[[],{"id":"\u0000"}],"order":{}}`, "[1, {\"id\":7}\t]", `{"id":1,"orders":[],"order":null}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if bytes.Count(raw, []byte("["))+bytes.Count(raw, []byte("{")) >= 10_000 {
			return // deeper than encoding/json goes
		}
		compare(t, raw)
		compareSplit(t, raw)
	})
}
