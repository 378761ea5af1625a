package shopify_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"probability/shopify"
)

// columns is an order as the members of our own API, without the empty ones.
func columns(o shopify.Order) map[string]string {
	all := map[string]string{
		"platform_order_id": o.ID, "order_number": o.Number, "total_price": o.TotalPrice, "currency": o.Currency,
		"customer_name": o.CustomerName, "customer_email": o.CustomerEmail, "phone": o.Phone, "payment_type": o.PaymentType,
		"source_name": o.SourceName, "financial_status": o.FinancialStatus, "fulfillment_status": o.FulfillmentStatus,
		"address": o.Address, "address_complement": o.AddressComplement, "city": o.City, "province": o.Province,
		"country": o.Country, "tags": o.Tags,
	}
	for name, at := range map[string]time.Time{"created_at": o.CreatedAt, "updated_at": o.UpdatedAt, "cancelled_at": o.CancelledAt} {
		if !at.IsZero() {
			all[name] = at.Format(time.RFC3339Nano)
		}
	}
	if o.Test {
		all["test"] = "true"
	}
	for name, value := range all {
		if value == "" {
			delete(all, name)
		}
	}
	return all
}

type vector struct {
	Name     string
	Payload  json.RawMessage
	Rejected bool
	Want     map[string]string
}

func vectors(tb testing.TB) []vector {
	tb.Helper()
	text, err := os.ReadFile("testdata/mapping.json")
	if err != nil {
		tb.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(text, &all); err != nil {
		tb.Fatal(err)
	}
	return all
}

func TestParseOrder_Vectors(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			order, err := shopify.ParseOrder(v.Payload)
			if v.Rejected {
				if !errors.Is(err, shopify.ErrNoOrderID) {
					t.Fatalf("got %v, want %v", err, shopify.ErrNoOrderID)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(v.Want, columns(order)); diff != "" {
				t.Errorf("columns (-want +got):\n%s", diff)
			}
			if !bytes.Equal(order.Raw, v.Payload) {
				t.Errorf("raw got %s, want %s", order.Raw, v.Payload)
			}
		})
	}
}

func TestParseOrder_RefusesWhatIsNoObject(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"", " ", "null", "true", "7", `"x"`, "[]", `[{"id":1}]`, "{", `{"id":1`, `{"id":1}}`, `{"id":1} x`, `{"id":1,}`, `{"id" 1}`, `{id:1}`,
		`{"id":01}`, `{"id":1.}`, `{"id":.5}`, `{"id":+1}`, `{"id":1e}`, `{"id":-}`, `{"id":NaN}`, `{"id":0x1}`, `{"id":"\x"}`, `{"id":"\u12"}`,
		"{\"id\":\"a\nb\"}", "{\"id\":\"a\x00\"}", "{\"id\":\"a\x1f\"}", `{"id":1,"x":[1,]}`, `{"id":1,"x":[1 2]}`, `{"id":1,"x":{"a":}}`, `{"id":1,"x":nul}`, `{"id":1,"x":tru}`,
		`{"id":1,"x":[}`, `{"id":1,"x":{]}`, `{"id":1,"x":[1}`, "\ufeff{\"id\":1}", `{'id':1}`, `{"id":1} {"id":2}`, "{\"id\":1}\x00", `{"id":1,"a":"`, `{"id":1,"a":"\`,
		"{\f\"id\":1}", "{\"id\":1,\"x\":\u00a01}", `{,"id":1}`, `{"id":1,,"a":2}`, `{"id"}`, `{"id":1:2}`, `{1:2}`,
	} {
		if _, err := shopify.ParseOrder([]byte(raw)); !errors.Is(err, shopify.ErrNotObject) {
			t.Errorf("ParseOrder(%q): got %v, want %v", raw, err, shopify.ErrNotObject)
		}
		if _, err := shopify.SplitOrders([]byte(raw)); err == nil && !json.Valid([]byte(raw)) {
			t.Errorf("SplitOrders(%q) took what is no JSON", raw)
		}
	}
}

func TestParseOrder_SpaceAround(t *testing.T) {
	t.Parallel()
	raw := " \r\n\t{ \"id\" : 1 , \"tags\" : [ \"a\" , \"b\" ] , \"shipping_address\" : \n{ } , \"shipping\" : { \"city\" : \"Cali\" } } \n"
	order, err := shopify.ParseOrder([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"platform_order_id": "1", "tags": "a, b", "city": "Cali"}
	if diff := cmp.Diff(want, columns(order)); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
	if string(order.Raw) != raw {
		t.Errorf("raw got %q, want %q", order.Raw, raw)
	}
}

func TestParseOrder_KeepsLongTexts(t *testing.T) {
	t.Parallel()
	name := strings.Repeat("ñ", 200)
	digits := strings.Repeat("9", 500)
	order, err := shopify.ParseOrder([]byte(`{"id":1,"Shipping_Name":"` + name + `","phone":"` + name + `","total_price":` + digits + `}`))
	if err != nil {
		t.Fatal(err)
	}
	if order.CustomerName != name || order.Phone != name {
		t.Errorf("a text was cut: name of %d bytes, phone of %d, want %d", len(order.CustomerName), len(order.Phone), len(name))
	}
	if order.TotalPrice != digits+".00" {
		t.Errorf("price got %s", order.TotalPrice)
	}
}

func TestParseOrder_InvalidUTF8(t *testing.T) {
	t.Parallel()
	raw := []byte("{\"id\":1,\"city\":\"Bogot\xe1\",\"\xff\":2,\"name\":\"\xc3\"}")
	order, err := shopify.ParseOrder(raw)
	if err != nil {
		t.Fatal(err)
	}
	if order.City != "Bogot\ufffd" || order.Number != "\ufffd" {
		t.Errorf("got city %q and number %q", order.City, order.Number)
	}
}

func TestParseOrder_AnyDepth(t *testing.T) {
	t.Parallel()
	const depth = 100_000
	for _, deep := range []string{
		strings.Repeat("[", depth) + strings.Repeat("]", depth),
		strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth),
	} {
		raw := `{"note":` + deep + `,"id":9,"customer":{"x":` + deep + `,"city":"Cali"},"tags":[` + deep + `],"line_items":[` + deep + `]}`
		order, err := shopify.ParseOrder([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		if order.ID != "9" || order.City != "Cali" || order.Tags != "" {
			t.Errorf("got %q %q %q", order.ID, order.City, order.Tags)
		}
		if got := len(shopify.LineItems([]byte(raw))); got != len(deep)+2 {
			t.Errorf("line items of %d bytes, want %d", got, len(deep)+2)
		}
		orders, err := shopify.SplitOrders([]byte(`{"orders":[` + raw + `]}`))
		if err != nil || len(orders) != 1 || string(orders[0]) != raw {
			t.Errorf("split: got %d orders and %v", len(orders), err)
		}
		if _, err := shopify.ParseOrder([]byte(raw[:len(raw)-1])); !errors.Is(err, shopify.ErrNotObject) {
			t.Errorf("cut: got %v", err)
		}
	}
}

func TestOrder_LogsNoCustomer(t *testing.T) {
	t.Parallel()
	order, err := shopify.ParseOrder([]byte(`{"id":1,"email":"ana@correo.example","phone":"300555"}`))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "order", order)
	if text := out.String(); strings.Contains(text, "ana@") || strings.Contains(text, "300555") || !strings.Contains(text, `"id":"1"`) {
		t.Errorf("logged %s", text)
	}
}

func TestSplitOrders(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, body string
		want       []string
	}{
		{"one order", ` {"id": 1, "x": 1.10} ` + "\n", []string{`{"id": 1, "x": 1.10}`}},
		{"wrapped", `{"order": {"id": 1.0 }}`, []string{`{"id": 1.0 }`}},
		{"several", `{"orders": [ {"id":1} , {"id": 2}]}`, []string{`{"id":1}`, `{"id": 2}`}},
		{"a list", `[{"id":1}, 7, null, {"id":1,"id":2}]`, []string{`{"id":1}`, `7`, `null`, `{"id":1,"id":2}`}},
		{"no orders", `{"orders":[]}`, nil},
		{"an empty list", `[ ]`, nil},
		{"nothing", `{}`, []string{`{}`}},
		{"an order that has an order member of another kind", `{"id":1,"order":5,"orders":"x"}`, []string{`{"id":1,"order":5,"orders":"x"}`}},
		{"an empty order", `{"order":{},"id":3}`, []string{`{"order":{},"id":3}`}},
		{"other case", `{"Order":{"id":1}}`, []string{`{"Order":{"id":1}}`}},
		{"order before orders", `{"orders":[{"id":1}],"order":{"id":2}}`, []string{`{"id":2}`}},
		{"the last of two", `{"orders":[{"id":1}],"orders":[{"id":2}]}`, []string{`{"id":2}`}},
	} {
		compareBoth(t, []byte(c.body))
		got, err := shopify.SplitOrders([]byte(c.body))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var texts []string
		for _, raw := range got {
			texts = append(texts, string(raw))
		}
		if diff := cmp.Diff(c.want, texts); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	for _, body := range []string{"", "null", "5", `"x"`, "true", `{"orders":[}`, "not json"} {
		if _, err := shopify.SplitOrders([]byte(body)); !errors.Is(err, shopify.ErrNotObject) {
			t.Errorf("SplitOrders(%q): got %v, want %v", body, err, shopify.ErrNotObject)
		}
		if n, _, err := shopify.ParseOrders([]byte(body)); n != 0 || !errors.Is(err, shopify.ErrNotObject) {
			t.Errorf("ParseOrders(%q): got %d, %v; want %v", body, n, err, shopify.ErrNotObject)
		}
	}
}

// A walk over the orders may end early, and be made again.
func TestParseOrders_Walks(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`[{"id":1},{"id":2}]`, `{"id":1}`} {
		_, orders, err := shopify.ParseOrders([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			for order, err := range orders {
				if err != nil || order.ID != "1" {
					t.Errorf("%s: got %q, %v", body, order.ID, err)
				}
				break
			}
		}
	}
}

// What is appended to one order must not run into the next.
func TestSplitOrders_ElementsHaveTheirOwnEnd(t *testing.T) {
	t.Parallel()
	orders, err := shopify.SplitOrders([]byte(`[{"id":1},{"id":2}]`))
	if err != nil {
		t.Fatal(err)
	}
	_ = append(orders[0], "XXXXXXXXXX"...)
	if string(orders[1]) != `{"id":2}` {
		t.Errorf("got %s", orders[1])
	}
}

func TestLineItems(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`{"line_items":[ {"price": 1.10} ],"items":[1]}`: `[ {"price": 1.10} ]`,
		`{"line_items":[],"items":[1]}`:                  `[1]`,
		`{"line_items":null,"items":[1 , 2]}`:            `[1 , 2]`,
		`{"line_items":{"id":1}}`:                        `[]`,
		`{"line_items":"x","items":5}`:                   `[]`,
		`{}`:                                             `[]`,
		`[1]`:                                            `[]`,
		`nope`:                                           `[]`,
		``:                                               `[]`,
	} {
		if got := string(shopify.LineItems([]byte(raw))); got != want {
			t.Errorf("LineItems(%s) = %s, want %s", raw, got, want)
		}
	}
}

func TestParseDeletions(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"id":820982911946154508}`:                         "820982911946154508",
		` {"id": "12"} `:                                    "12",
		`{"id":5,"admin_graphql_api_id":"gid://x/Order/5"}`: "5",
		`{"order":{"id":5}}`:                                "5",
		` {"orders": [ {"id":5}, {"id":"6"} ]} `:            "5 6",
		`{"id":5,"created_at":"2026-01-01T00:00:00Z"}`:      "",
		`{"id":5,"line_items":[]}`:                          "",
		`{"id":5,"name":null}`:                              "",
		`{"id":5,"email":"a@b.example","customer":{}}`:      "",
		`{"id":5,"total_price":"1"}`:                        "",
		`{"id":5,"order_id":7}`:                             "",
		`{"order":{"id":5,"name":"#5"}}`:                    "",
		`{"orders":[{"id":5},{"id":6,"currency":"COP"}]}`:   "",
		`{"orders":[{"id":5},7]}`:                           "",
		`{"status":"open","order":{"id":5}}`:                "", // a return's
		`{"order":{"id":5},"order":{"id":6}}`:               "",
		`{"order":{"id":5},"orders":[{"id":6}]}`:            "",
		`{"orders":[]}`:                                     "", `{"orders":{"id":5}}`: "", `{"order":[{"id":5}]}`: "", `[{"id":5}]`: "", `{"order":{}}`: "", `{"order":{"id":5}`: "",
		`{"id":0}`: "", `{"id":null}`: "", `{"id":true}`: "", `{"id":{}}`: "", `{}`: "", `[]`: "", `null`: "", `5`: "", ``: "", `{"id":5`: "",
	} {
		ids, ok := shopify.ParseDeletions([]byte(body))
		if strings.Join(ids, " ") != want || ok != (want != "") {
			t.Errorf("ParseDeletions(%s) = %q, %v; want %q", body, ids, ok, want)
		}
	}
}

func TestGivenID(t *testing.T) {
	t.Parallel()
	for payload, want := range map[string]string{
		`{"id":820982911946154508,"order_number":7}`: "820982911946154508", `{"id":"12"}`: "12", `{"id":1,"id":2}`: "2",
		`{"order_number":7}`: "", `{"id":null,"name":"#7"}`: "", `{"id":0}`: "", `{"id":[]}`: "", `{"id":`: "", `[]`: "", ``: "",
	} {
		if got := shopify.GivenID([]byte(payload)); got != want {
			t.Errorf("%s: got %q, want %q", payload, got, want)
		}
	}
}
