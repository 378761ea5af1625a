package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// filterBench is a store with five orders for filterCases.
func filterBench(t testing.TB) (b *bench, path string) {
	t.Helper()
	b = newBench(t)
	path, id := b.connected()
	b.clock.pass(-24 * time.Hour)
	b.put(id,
		order(5, map[string]any{"fulfillment_status": "fulfilled", "financial_status": "refunded"}),
		order(4, map[string]any{"total_price": "0.10", "shipping_address": map[string]any{"city": "Bogotá", "address1": `Calle 5 "B" 50%_x`}}),
	)
	b.clock.pass(24 * time.Hour)
	b.put(id,
		order(3, map[string]any{"email": "MUÑOZ@example.com", "shipping_address": map[string]any{"first_name": "Íñigo", "last_name": "MUÑOZ"}}),
		order(2, map[string]any{"total_price": nil}),
		order(1, map[string]any{"created_at": nil, "updated_at": nil, "total_price": "1234567890123.123456"}),
	)
	return b, path
}

// filterCases are queries and the numbers of the orders that they choose, in order.
var filterCases = map[string]string{
	"":                                  "1 2 3 4 5", // an order without a date stands where it was imported
	"ordering=created_at":               "5 4 3 2 1",
	"ordering=-created_at":              "1 2 3 4 5",
	"ordering=total_price":              "2 4 3 5 1",
	"ordering=-total_price":             "1 5 3 4 2",
	"ordering=imported_at":              "5 4 3 2 1",
	"today=1":                           "1 2 3",
	"today=TRUE":                        "1 2 3",
	"today=yes":                         "1 2 3",
	"today=0":                           "1 2 3 4 5",
	"today=no":                          "1 2 3 4 5",
	"min_total=300":                     "1 3 5",
	"min_total=300.00&max_total=500":    "3 5",
	"max_total=300":                     "3 4",
	"min_total=0.1&max_total=0.10":      "4",
	"min_total=0.1000001&max_total=1":   "",
	"max_total=0.0999999":               "",
	"min_total=1234567890123.123456":    "1",
	"min_total=1234567890123.1234561":   "",
	"min_total=99999999999999999999":    "",
	"min_total=-5":                      "1 3 4 5",
	"since=2026-11-05T09:00:00Z":        "2 3",
	"since=2026-11-05T04:00:00-05:00":   "2 3",
	"since=2026-11-05T11:00:00%2B02:00": "2 3",
	"since=2026-11-05T11:00:00+02:00":   "2 3",
	"since=2026-11-05T09:00:00":         "2 3",
	"until=2026-11-05T08:00:00Z":        "4 5",
	"since=2026-11-05":                  "2 3 4 5",
	"until=2026-11-05":                  "2 3 4 5",
	"until=2026-11-04":                  "",
	"since=2026-11-05T08:00:00Z&until=2026-11-05T09:00:00Z": "3 4",
	"financial_status=paid":                                 "1 2 3 4",
	"financial_status=Refunded":                             "5",
	"financial_status=nothing_of_the_kind":                  "",
	"fulfillment_status=fulfilled":                          "5",
	"fulfillment_status=unfulfilled":                        "1 2 3 4",
	"delivery_probability=high":                             "",
	"search=%233":                                           "3",
	"search=5000000000004":                                  "4",
	"search=mu%C3%B1oz":                                     "3",
	"search=%C3%8D%C3%91IGO":                                "3",
	"search=cliente2@":                                      "2",
	"search=BOGOT%C3%81":                                    "4",
	"search=%22b%22":                                        "4",
	"search=50%25_":                                         "4",
	"search=50%_x":                                          "4",
	"search=50%":                                            "4",
	"search=%":                                              "4",
	"search=_":                                              "4",
	"search='":                                              "",
	"search=%5C":                                            "",
	"search=nobody&search_by=x":                             "",
	"page_size=2":                                           "1 2",
	"page_size=2&page=2":                                    "3 4",
	"page_size=2&page=3":                                    "5",
	"page_size=2&page=last":                                 "5",
	"page_size=1000":                                        "1 2 3 4 5",
	"page_size=&page=&since=&search=&ordering=&fields=": "1 2 3 4 5",
	"unknown=1&unknown=2":                               "1 2 3 4 5",
}

func TestOrders_FiltersChooseAndSort(t *testing.T) {
	t.Parallel()
	b, path := filterBench(t)
	for query, want := range filterCases {
		if got := b.get(path + "orders/?" + query).want(http.StatusOK).numbers(); got != want {
			t.Errorf("?%s: got %q, want %q", query, got, want)
		}
	}
}

func TestOrders_MalformedParametersAreNamed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	b.put(id, order(1))
	for query, name := range map[string]string{
		"page=0": "page", "page=-1": "page", "page=x": "page", "page=1.5": "page", "page=-99999999999999999999": "page", "page=%2B1x": "page",
		"page_size=0": "page_size", "page_size=abc": "page_size", "page_size=-5": "page_size", "page_size=1e2": "page_size",
		"today=maybe": "today", "today=2": "today",
		"min_total=abc": "min_total", "min_total=nan": "min_total", "min_total=Infinity": "min_total", "min_total=0x10": "min_total",
		"max_total=1_000": "max_total", "max_total=12.345,67": "max_total", "max_total=1%002": "max_total",
		"since=ayer": "since", "since=2026-13-01": "since", "since=2026-02-30": "since", "since=1762300800": "since",
		"until=2026-11-05T25:00:00Z": "until", "until=2026-11": "until",
		"search=%00": "search", "search=a%00b": "search", "search=%FF": "search", "search=" + strings.Repeat("%C3%B1", 201): "search",
		"financial_status=%FF": "financial_status", "financial_status=paid,refunded": "financial_status",
		"fulfillment_status=" + strings.Repeat("x", 201): "fulfillment_status",
		"delivery_probability=sure":                      "delivery_probability",
		"ordering=customer_email":                        "ordering", "ordering=--created_at": "ordering", "ordering=created_at;drop": "ordering",
		"fields=id,secret": "fields", "fields=id,": "fields", "omit=nothing": "omit", "fields=id&omit=tags": "omit",
		"cursor=%3F": "cursor", "cursor=abc": "cursor", "cursor=&page=1": "page", "cursor=" + strings.Repeat("A", 5000): "cursor",
		"search=a&search=b": "search", "page=1&page=2": "page", "cursor=&cursor=": "cursor",
	} {
		got := b.get(path+"orders/?"+query).problem(http.StatusBadRequest, "invalid_parameter")
		if got.at("errors", name, 0) == nil {
			t.Errorf("?%.60s: %s is not named in %s", query, name, got.body)
		}
		if !strings.Contains(got.at("detail").(string), name) {
			t.Errorf("?%.60s: %s is not named in %s", query, name, got.at("detail"))
		}
	}
	got := b.get(path+"orders/?min_total=x&since=y&page=z", header("Accept-Language", "es")).problem(http.StatusBadRequest, "invalid_parameter")
	for _, name := range []string{"min_total", "since", "page"} {
		if text, _ := got.at("errors", name, 0).(string); !strings.HasPrefix(text, "Debe ser") {
			t.Errorf("%s: got %q", name, text)
		}
	}
}

func TestOrders_LongestSearchIsTaken(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, _ := b.connected()
	b.get(path + "orders/?search=" + strings.Repeat("%C3%B1", 200)).want(http.StatusOK)
}

func TestOrders_PagesLinkToOneAnother(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	for n := range 25 {
		b.put(id, order(n+1))
	}
	page := b.get(path + "orders/").want(http.StatusOK)
	if page.at("count") != 25.0 || page.at("previous") != nil || len(strings.Fields(page.numbers())) != 20 {
		t.Errorf("first page: %d bytes, count %v, previous %v", len(page.body), page.at("count"), page.at("previous"))
	}
	next, _ := page.at("next").(string)
	if want := b.base + path + "orders/?page=2"; next != want {
		t.Errorf("next is %s, want %s", next, want)
	}
	var seen []string
	page = b.get(path + "orders/?page_size=10&financial_status=paid&search=cliente").want(http.StatusOK)
	for {
		seen = append(seen, strings.Fields(page.numbers())...)
		next, more := page.at("next").(string)
		if !more {
			break
		}
		page = b.get(next).want(http.StatusOK)
	}
	if len(seen) != 25 || seen[0] != "1" || seen[24] != "25" {
		t.Errorf("walked over %v", seen)
	}
	back, _ := page.at("previous").(string)
	page = b.get(back).want(http.StatusOK)
	back, _ = page.at("previous").(string)
	if u, err := url.Parse(back); err != nil || u.Query().Has("page") || u.Query().Get("page_size") != "10" {
		t.Errorf("the way back to the first page is %s", back)
	}
	got := b.get(path+"orders/?page=3").problem(http.StatusNotFound, "invalid_page")
	if !strings.Contains(got.at("detail").(string), "2") {
		t.Errorf("the last page is not named: %s", got.body)
	}
	b.get(path+"orders/?page=99999999999999999999").problem(http.StatusNotFound, "invalid_page")
	b.get(path + "orders/?page_size=99999999999999999999").want(http.StatusOK)
	b.get(path + "orders/?search=nobody&page=1").want(http.StatusOK)
	b.get(path+"orders/?search=nobody&page=2").problem(http.StatusNotFound, "invalid_page")
}

func TestOrders_CursorWalksOverEverythingOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	for n := range 23 {
		same := map[string]any{"total_price": fmt.Sprint(n / 5), "created_at": noon.Add(-time.Duration(n/7) * time.Hour).Format(time.RFC3339)}
		if n%6 == 0 {
			same["total_price"], same["created_at"], same["updated_at"] = nil, nil, nil
		}
		b.put(id, order(n+1, same))
	}
	for _, ordering := range []string{"", "created_at", "-created_at", "updated_at", "-updated_at", "imported_at", "-imported_at", "total_price", "-total_price"} {
		whole := b.get(path + "orders/?page_size=100&ordering=" + ordering).want(http.StatusOK).numbers()
		var walked []string
		page := b.get(path + "orders/?cursor=&page_size=5&ordering=" + ordering).want(http.StatusOK)
		for range 10 {
			walked = append(walked, strings.Fields(page.numbers())...)
			if page.at("count") != nil || page.at("previous") != nil {
				t.Errorf("a page of a deep read has a count or a previous page: %.200s", page.body)
			}
			next, more := page.at("next").(string)
			cursor, _ := page.at("next_cursor").(string)
			if more != (cursor != "") {
				t.Fatal("next and next_cursor disagree")
			}
			if !more {
				break
			}
			byLink := b.get(next).want(http.StatusOK)
			page = b.get(path + "orders/?page_size=5&ordering=" + ordering + "&cursor=" + cursor).want(http.StatusOK)
			if byLink.numbers() != page.numbers() {
				t.Errorf("next and next_cursor lead to different pages")
			}
		}
		if got := strings.Join(walked, " "); got != whole {
			t.Errorf("ordering %q: walked %s, want %s", ordering, got, whole)
		}
	}
}

func TestOrders_CursorStaysWhileOrdersComeIn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	b.put(id, order(10), order(11), order(12), order(13))
	page := b.get(path + "orders/?cursor=&page_size=2").want(http.StatusOK)
	b.put(id, order(1), order(2))
	if got := b.get(page.at("next").(string)).want(http.StatusOK).numbers(); got != "12 13" {
		t.Errorf("got %s, want 12 13", got)
	}
}

func TestOrders_CursorIsBoundToItsList(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	b.put(id, order(1), order(2), order(3))
	cursor := b.get(path + "orders/?cursor=&page_size=1").want(http.StatusOK).at("next_cursor").(string)
	refused := func(path, cursor string) {
		t.Helper()
		got := b.get(path+"&cursor="+url.QueryEscape(cursor), as(b.bob)).problem(http.StatusBadRequest, "invalid_parameter")
		if got.at("errors", "cursor", 0) == nil {
			t.Errorf("cursor is not named in %s", got.body)
		}
	}
	other := b.post("/api/integrations/shopify/connect/", fmt.Sprintf(
		`{"store_name":%q,"access_token":%q}`, shopDomain, shopToken), as(b.bob)).want(http.StatusCreated).at("integration", "id")
	refused(fmt.Sprintf("/api/integrations/shopify/%v/orders/?page_size=1", other), cursor)
	alice := b.alice
	b.bob = alice
	refused(path+"orders/?ordering=created_at", cursor)
	refused(path+"orders/?page_size=1", cursor+"A")
	refused(path+"orders/?page_size=1", cursor[:len(cursor)-1])
	refused(path+"orders/?page_size=1", cursor+"=")
	for i := range cursor {
		for _, c := range []byte("Aa9_") {
			if altered := cursor[:i] + string(c) + cursor[i+1:]; altered != cursor {
				refused(path+"orders/?page_size=1", altered)
			}
		}
	}
	b.get(path + "orders/?page_size=1&cursor=" + cursor).want(http.StatusOK)
}

func TestOrders_MembersCanBeChosen(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	b.put(id, order(1))
	keys := func(a answer, path ...any) []string {
		m, _ := a.at(path...).(map[string]any)
		var out []string
		for k := range m {
			out = append(out, k)
		}
		slices.Sort(out)
		return out
	}
	all := keys(b.get(path+"orders/").want(http.StatusOK), "results", 0)
	if len(all) != 31 {
		t.Errorf("an order has %d members: %v", len(all), all)
	}
	one := fmt.Sprintf("%sorders/%v/", path, b.get(path+"orders/").at("results", 0, "id"))
	if got := keys(b.get(one).want(http.StatusOK)); !slices.Equal(got, all) {
		t.Errorf("one order has %v, the list %v", got, all)
	}
	for query, want := range map[string]int{"fields=id,total_price": 2, "fields=%20id%20,%20id": 1, "omit=raw_response,line_items": 29, "fields=raw_response": 1} {
		if got := keys(b.get(path+"orders/?"+query).want(http.StatusOK), "results", 0); len(got) != want {
			t.Errorf("?%s: got %v", query, got)
		}
		if got := keys(b.get(one + "?" + query).want(http.StatusOK)); len(got) != want {
			t.Errorf("one order ?%s: got %v", query, got)
		}
	}
	b.get(one+"?fields=nothing").problem(http.StatusBadRequest, "invalid_parameter")
}

func TestOrders_AbsentIsNull(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.store.RateWith(nil) // the orders wait for their scores
	path, id := b.connected()
	b.put(id, `{"id":7}`)
	got := b.get(path + "orders/").want(http.StatusOK)
	for member, want := range map[string]any{
		"platform": "shopify", "platform_order_id": "7", "order_number": nil, "total_price": nil, "currency": nil, "customer_name": nil,
		"created_at": nil, "updated_at": nil, "cancelled_at": nil, "delivery_score": nil, "delivery_probability": nil,
		"recommended_carrier": nil, "purchase_count": 0.0, "test": false, "imported_at": "2026-11-05T12:00:00Z",
	} {
		if v := got.at("results", 0, member); v != want {
			t.Errorf("%s: got %v, want %v", member, v, want)
		}
	}
	if factors, ok := got.at("results", 0, "negative_factors").([]any); !ok || len(factors) != 0 {
		t.Errorf("negative_factors: got %v", got.at("results", 0, "negative_factors"))
	}
}

func TestOrders_PayloadKeepsEveryByte(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	items := `[ {"price" : 1.10,  "qty":1e2, "title":"<b>&amp;\u003c ñ \u00f1 \/ ` + "\u2028" + `"} , {"id":12345678901234567890.123} ]`
	raw := `{ "id" : 820982911946154508, "total_price":1.10,` + "\n\t" + `"a":1,"a":2, "n":-0.0, "line_items": ` + items + ` }`
	b.put(id, raw)
	for _, p := range []string{"orders/", "orders/?cursor=", fmt.Sprintf("orders/%v/", b.get(path+"orders/").at("results", 0, "id"))} {
		got := string(b.get(path + p).want(http.StatusOK).body)
		if !strings.Contains(got, `"raw_response":`+raw+`}`) {
			t.Errorf("%s: the payload is not there byte for byte: %s", p, got)
		}
		if !strings.Contains(got, `"line_items":`+items+`,`) {
			t.Errorf("%s: the line items are not there byte for byte: %s", p, got)
		}
		if !json.Valid([]byte(got)) {
			t.Errorf("%s: the answer is no JSON", p)
		}
	}
	if got := b.get(path+"orders/?fields=platform_order_id,total_price").at("results", 0); fmt.Sprint(got) != "map[platform_order_id:820982911946154508 total_price:1.10]" {
		t.Errorf("got %v", got)
	}
}
