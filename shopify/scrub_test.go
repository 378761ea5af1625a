package shopify_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"probability/shopify"
	"probability/shopify/simulator"
)

func TestScrub(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ raw, want string }{
		"by name": {
			`{"id":1, "email":"a@b.co","Contact_Email":"", "note":"x","note_attributes":[{"name":"n"}],"customer":{"id":7},"total_price":"1.00"}`,
			`{"id":1, "email":null,"Contact_Email":null, "note":null,"note_attributes":[],"customer":null,"total_price":"1.00"}`,
		},
		"an address keeps country and province": {
			`{"shipping_address":{"name":"Ana Díaz","city":"Cali","country":"Colombia","country_code":"CO","province":"Valle","new":{"x":1}},"billing_address":null}`,
			`{"shipping_address":{"name":null,"city":null,"country":"Colombia","country_code":"CO","province":"Valle","new":null},"billing_address":null}`,
		},
		"her values in other texts": {
			`{"shipping_address":{"first_name":"Ana","last_name":"Díaz","address1":"Calle 5 # 6","phone":"+57 300 111 2233"},"tags":"COD, ANA DÍAZ","a":["x 3001112233 y","calle 5 # 6, casa","Diana Díaz"],"ana díaz":1}`,
			`{"shipping_address":{"first_name":null,"last_name":null,"address1":null,"phone":null},"tags":null,"a":[null,null,"Diana Díaz"],"":1}`,
		},
		"escapes hide nothing": {
			`{"email":"ana@b.co","x":"\u0061na@b\u002eco","y":"ANA%40b.co"}`,
			`{"email":null,"x":null,"y":null}`,
		},
		"money and times are no phone numbers": {
			`{"phone":"2026110","total_price":"2026110.00","created_at":"2026-11-02T10:00:00Z","x":"2026110"}`,
			`{"phone":null,"total_price":"2026110.00","created_at":"2026-11-02T10:00:00Z","x":null}`,
		},
		"numbers stay as they are written": {`{"a":1.50e+3,"b":-0,"c":[ 1 , 2.0 ] }`, `{"a":1.50e+3,"b":-0,"c":[ 1 , 2.0 ] }`},
		"a name is not found in other words": {
			`{"customer":{"first_name":"Jo","last_name":"Lite"},"x":"banjo lite","y":"jo lite"}`,
			`{"customer":null,"x":"banjo lite","y":null}`,
		},
		"refunds and fulfillments": {
			`{"fulfillments":[{"id":1,"name":"#1.1","destination":{"zip":"1","country":"CO"},"tracking_numbers":["9"]}],"refunds":[{"transactions":[{"amount":"1.00","receipt":{"a":1}}]}]}`,
			`{"fulfillments":[{"id":1,"name":"#1.1","destination":{"zip":null,"country":"CO"},"tracking_numbers":[]}],"refunds":[{"transactions":[{"amount":"1.00","receipt":null}]}]}`,
		},
		"no object": {`"ana@b.co"`, `null`},
		"no JSON":   {`{"email":`, `null`},
	} {
		if got := string(shopify.Scrub([]byte(c.raw), nil)); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
	}
	if got := string(shopify.Scrub([]byte(`{"x":"by ana@b.co","y":"luis@b.co"}`), []string{"email|ana@b.co"})); got != `{"x":null,"y":"luis@b.co"}` {
		t.Errorf("an e-mail that is on the list stays: %s", got)
	}
}

// What the merchant needs for the books stays byte for byte, in orders as Shopify sends them.
func TestScrub_KeepsTheBooks(t *testing.T) {
	t.Parallel()
	shop := simulator.New(simulator.WithSeed(3)).AddShop(simulator.ShopConfig{Domain: "uno.myshopify.com"})
	shop.Generate(300, 60*24*time.Hour)
	for _, raw := range shop.Orders() {
		before, err := shopify.ParseOrder(raw)
		if err != nil {
			t.Fatal(err)
		}
		scrubbed := shopify.Scrub(raw, nil)
		after, err := shopify.ParseOrder(scrubbed)
		if err != nil {
			t.Fatal(err)
		}
		want := before
		want.CustomerName, want.CustomerEmail, want.Phone, want.Address, want.AddressComplement, want.City = "", "", "", "", "", ""
		want.Raw, after.Raw = nil, nil
		if before.Country != "" && after.Country == "" { // it stood in the customer alone
			want.Country, want.Province = "", ""
		}
		if diff := cmp.Diff(want, after); diff != "" {
			t.Fatal(diff)
		}
		for _, items := range [][]byte{shopify.LineItems(raw)} {
			if got := shopify.LineItems(scrubbed); len(items) > 2 && bytes.Count(got, []byte(`"price"`)) != bytes.Count(items, []byte(`"price"`)) {
				t.Fatalf("items %s\nbecame %s", items, got)
			}
		}
		for _, value := range []string{before.CustomerEmail, before.Phone, before.CustomerName, before.Address} {
			if len(value) > 6 && bytes.Contains(scrubbed, []byte(value)) {
				t.Errorf("%q is left in %s", value, scrubbed)
			}
		}
		if len(shopify.Marks(scrubbed)) != 1 {
			t.Errorf("known by %v still", shopify.Marks(scrubbed))
		}
	}
}

// FuzzScrub: what is JSON stays JSON, nothing is left, and scrubbing again changes nothing.
func FuzzScrub(f *testing.F) {
	for _, seed := range []string{
		`{"email":"a@bb.co","x":["A@BB.CO",{"y":"a%40bb.co"}],"a@bb.co":1}`, `{"phone":"+573001112233","tags":"300 111-2233, x","n":3001112233}`,
		`{"customer":{"first_name":"Ana","last_name":"Díaz"},"z":"ana díaz","name":"#1"}`, `[{"id":1,"shipping_address":{"address1":"Calle 1","country":"CO"}},"calle 1"]`,
		`{"email":"\ud800@x.co","x":"\u0000"}`, strings.Repeat(`{"a":[`, 80) + `"x@yy.co"` + strings.Repeat(`]}`, 80), `{"":{"":""}}`, `{"email":{"email":"q@ww.co"},"e":"q@ww.co"}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		raw := []byte(text)
		marks := shopify.Marks(raw)
		got := shopify.Scrub(raw, marks)
		if text != string(raw) {
			t.Fatal("the payload was changed")
		}
		if !json.Valid(got) {
			t.Fatalf("%q became %q", raw, got)
		}
		if again := shopify.Scrub(got, nil); !bytes.Equal(got, again) {
			t.Fatalf("%q, once %q, twice %q", raw, got, again)
		}
		if !bytes.Equal(got, shopify.Scrub(raw, marks)) {
			t.Fatal("not the same every time")
		}
		for _, m := range shopify.Marks(got) {
			if kind := shopify.MarkKind(m); kind == "email" || kind == "phone" {
				t.Fatalf("%q: %s is left in %q", raw, m, got)
			}
		}
		var v any
		if json.Unmarshal(got, &v) != nil {
			return // deeper than encoding/json goes
		}
		eachText(v, func(s string) {
			for _, m := range marks {
				if email, ok := strings.CutPrefix(m, "email|"); ok && len(email) > 4 && strings.Contains(strings.ToLower(s), email) && !strings.ContainsRune(s, '\ufffd') {
					t.Fatalf("%q: %q is left in %q", raw, email, got)
				}
			}
		})
	})
}

// eachText visits the strings in a decoded value.
func eachText(v any, visit func(string)) {
	switch v := v.(type) {
	case string:
		visit(v)
	case []any:
		for _, e := range v {
			eachText(e, visit)
		}
	case map[string]any:
		for _, e := range v {
			eachText(e, visit)
		}
	}
}

func TestMarks_FindThePersonOfARequest(t *testing.T) {
	t.Parallel()
	person := shopify.Person{CustomerID: "77", Email: " Ana@B.co ", Phone: "+57 300 111 2233", Orders: []string{"5"}}
	known := person.Marks()
	for raw, want := range map[string]bool{
		`{"id":5}`:                                 true,
		`{"id":77}`:                                false, // an order with the number of the customer
		`{"id":6,"customer":{"id":77}}`:            true,
		`{"id":6,"customer":{"id":5}}`:             false,
		`{"id":6,"email":"ANA@b.co"}`:              true,
		`{"id":6,"x":{"y":["for ana@b.co."]}}`:     true,
		`{"id":6,"email":"diana@b.co"}`:            false,
		`{"id":6,"email":"ana@b.com"}`:             false,
		`{"id":6,"phone":"3001112233"}`:            true,
		`{"id":6,"phone":"0057-300-1112233"}`:      true,
		`{"id":6,"phone":573001112233}`:            true,
		`{"id":6,"phone":"+1 300 111 2233"}`:       false, // the same number in another country
		`{"id":6,"phone":"1112233"}`:               false,
		`{"id":6,"order_id":5}`:                    true,
		`{"id":6,"x":"gid://shopify/Customer/77"}`: true,
		`{"id":6,"x":"gid://shopify/Product/77"}`:  false,
	} {
		hits := shopify.Hits(shopify.Marks([]byte(raw)), func(m string) bool { return slices.Contains(known, m) })
		if got := len(hits) > 0; got != want {
			t.Errorf("%s: found %v, want %v", raw, hits, want)
		}
	}
	local := shopify.Person{Phone: "300 111 2233"}.Marks()
	for _, phone := range []string{"+573001112233", "3001112233"} {
		raw := fmt.Appendf(nil, `{"phone":%q}`, phone)
		if len(shopify.Hits(shopify.Marks(raw), func(m string) bool { return slices.Contains(local, m) })) == 0 {
			t.Errorf("a number without its country is not found in %s", raw)
		}
	}
	if got := (shopify.Person{Phone: "12345", CustomerID: "0"}).Marks(); len(got) != 0 {
		t.Errorf("nobody has the marks %v", got)
	}
}

func TestScrubParts_TakesOnlyWhomItIsAbout(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ topic, body, want string }{
		{"orders/create", `{"id":1,"email":"ana@b.co"}`, `{"id":1,"email":null}`},
		{"orders/create", ` {"order": {"id":1,"email":"ana@b.co"} } `, ` {"order": {"id":1,"email":null} } `},
		{"orders/create", `{"orders":[{"id":1,"email":"ana@b.co"} , {"id":2,"email":"luis@b.co"}]}`, `{"orders":[{"id":1,"email":null} , {"id":2,"email":"luis@b.co"}]}`},
		{"", `[{"id":2,"email":"luis@b.co"},{"id":1,"email":"ana@b.co"}]`, `[{"id":2,"email":"luis@b.co"},{"id":1,"email":null}]`},
		{"orders/create", `{"order":{"id":1},"email":"ana@b.co"}`, `{"order":{"id":1},"email":null}`},
		{"customers/update", `{"id":77,"first_name":"Ana"}`, `{"id":77,"first_name":null}`},
		{"orders/create", `{"id":77,"first_name":"Ana"}`, `{"id":77,"first_name":"Ana"}`},
		{"orders/create", `{"order":{"id":5,"phone":"1"}}`, `{"order":{"id":5,"phone":null}}`},
		{"orders/create", `5`, `5`},
		{"orders/create", ``, ``},
		{"orders/create", `{}`, `{}`},
	} {
		known := shopify.Person{CustomerID: "77", Email: "ana@b.co", Orders: []string{"5"}}.Marks()
		got, changed := shopify.ScrubParts([]byte(c.body), shopify.Parts(c.topic, []byte(c.body)), func(m string) bool { return slices.Contains(known, m) })
		if string(got) != c.want || changed != (c.want != c.body) {
			t.Errorf("%s %s:\n got %s %v\nwant %s", c.topic, c.body, got, changed, c.want)
		}
	}
}

func TestParseCompliance(t *testing.T) {
	t.Parallel()
	const (
		ask   = `{"shop_id":1,"shop_domain":"a.myshopify.com","orders_requested":[5],"customer":{"id":9007199254740993,"email":"ana@b.co","phone":null},"data_request":{"id":9}}`
		erase = `{"shop_id":1,"shop_domain":"a.myshopify.com","customer":{"id":7,"email":null,"phone":"+573001112233"},"orders_to_redact":[5,6]}`
		all   = `{"shop_id":1,"shop_domain":"a.myshopify.com"}`
	)
	for _, topic := range []string{shopify.TopicDataRequest, shopify.TopicCustomersRedact, shopify.TopicShopRedact} {
		for body, its := range map[string]string{
			ask: shopify.TopicDataRequest, erase: shopify.TopicCustomersRedact, all: shopify.TopicShopRedact,
			`{"id":1,"customer":{"id":1},"email":"x"}`: "", `{"id":1,"name":"Mi tienda"}`: "", `[]`: "", `null`: "",
		} {
			if _, ok := shopify.ParseCompliance(topic, []byte(body)); ok != (topic == its) {
				t.Errorf("%s takes %s = %v", topic, body, ok)
			}
			left := shopify.Forgotten([]byte(body))
			if c, ok := shopify.ParseCompliance(topic, left); !ok || !c.Done || bytes.Contains(left, []byte("ana")) || bytes.Contains(left, []byte("57300")) {
				t.Errorf("%s: what is left is %s", topic, left)
			}
		}
	}
	c, _ := shopify.ParseCompliance(shopify.TopicDataRequest, []byte(ask))
	if diff := cmp.Diff(shopify.Compliance{Shop: "a.myshopify.com", Person: shopify.Person{CustomerID: "9007199254740993", Email: "ana@b.co", Orders: []string{"5"}}}, c); diff != "" {
		t.Error(diff)
	}
	c, _ = shopify.ParseCompliance(shopify.TopicCustomersRedact, []byte(erase))
	if diff := cmp.Diff(shopify.Compliance{Shop: "a.myshopify.com", Person: shopify.Person{CustomerID: "7", Phone: "+573001112233", Orders: []string{"5", "6"}}}, c); diff != "" {
		t.Error(diff)
	}
	if got := string(shopify.Forgotten([]byte(`{"shop_id":1,"shop_domain":"ana@b.co"}`))); got != `{"shop_id":1,"forgotten":true}` {
		t.Errorf("kept %s", got)
	}
}

func BenchmarkMarks(b *testing.B) {
	raw := simulatedOrder(b)
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		shopify.Marks(raw)
	}
}

func BenchmarkScrub(b *testing.B) {
	raw := simulatedOrder(b)
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		shopify.Scrub(raw, nil)
	}
}

func simulatedOrder(b *testing.B) []byte {
	b.Helper()
	orders, err := shopify.SplitOrders(simulatedPage(b))
	if err != nil {
		b.Fatal(err)
	}
	return orders[0]
}
