package web_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// FuzzOrders_AnyQueryIsAnsweredOrRefused sends whatever comes to mind as the query of the list of orders.
func FuzzOrders_AnyQueryIsAnsweredOrRefused(f *testing.F) {
	b := newBench(f)
	path, id := b.connected()
	b.put(id, order(1), order(2), order(3))
	cursor, _ := b.get(path + "orders/?cursor=&page_size=1").at("next_cursor").(string)
	for _, q := range []string{
		"", "page=2&page_size=1", "cursor=" + cursor, "cursor=" + cursor + "&ordering=total_price", "search=%25&since=2026-01-01&until=9999-12-31",
		"min_total=1e30&max_total=-1e-30", "fields=id,id&omit=", "today=1;today=0", "%zz=%&&&=", "since=0001-01-01T00:00:00%2B14:00", "until=0000-01-01",
		"ordering=-total_price&cursor=", "min_total=" + "9999999999999999999999999999999999999999", "search=%F0%9F%98%80%00", "page=last&page_size=100",
	} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path+"orders/", nil)
		r.URL.RawQuery = query
		as(b.alice)(r)
		got := direct(t, b.server, r)
		switch got.status {
		case http.StatusOK, http.StatusBadRequest, http.StatusNotFound:
		default:
			t.Fatalf("?%s: answered %d: %s", query, got.status, got.body)
		}
		if !json.Valid(got.body) {
			t.Errorf("?%s: no JSON: %s", query, got.body)
		}
	})
}

// FuzzConnect_AnyBodyIsRefusedByName sends whatever comes to mind as the members of a connection.
func FuzzConnect_AnyBodyIsRefusedByName(f *testing.F) {
	b := newBench(f).accounts()
	for _, body := range []string{``, `{}`, `null`, `[]`, `{"store_name":null}`, `{"store_name":"a.myshopify.com","access_token":["x"]}`, "\xff", `{"a":1}{}`, `store_name=x&%`, `{"store_name":"x","store_name":5}`} {
		f.Add(body, true)
		f.Add(body, false)
	}
	f.Fuzz(func(t *testing.T, body string, isForm bool) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, connectPath, strings.NewReader(body))
		if isForm {
			asForm(r)
		}
		as(b.alice)(r)
		if got := direct(t, b.server, r); got.status != http.StatusBadRequest && got.status != http.StatusCreated {
			t.Fatalf("%q: answered %d: %s", body, got.status, got.body)
		}
	})
}
