package web_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestExport_ChoosesWhatTheListDoes(t *testing.T) {
	t.Parallel()
	b, path := filterBench(t)
	for query, want := range filterCases {
		if strings.Contains(query, "page_size=1") || strings.Contains(query, "page_size=2") {
			continue // the list's pages
		}
		for _, format := range []string{"", "csv", "ndjson"} {
			got := b.get(path + "orders/export/?format=" + format + "&" + query).want(http.StatusOK)
			if numbers := strings.Join(numbersOf(t, got.body, format == "ndjson"), " "); numbers != want {
				t.Errorf("%s ?%s: got %q, want %q", format, query, numbers, want)
			}
		}
	}
}

// TestExport_GoesOnBeyondABatch compares exports of several batches with a walk over the list.
func TestExport_GoesOnBeyondABatch(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	b.fill(id, 703, func(n int) string { // equal times and totals, also across the ends of batches
		same := map[string]any{
			"total_price": fmt.Sprint(n / 200), "created_at": noon.Add(-time.Duration(n/150) * time.Hour).Format(time.RFC3339),
			"updated_at": noon.Add(time.Duration(n%7) * time.Hour).Format(time.RFC3339),
		}
		if n%100 == 0 {
			same["total_price"], same["created_at"], same["updated_at"] = nil, nil, nil
		}
		return order(n, same)
	})
	for _, ordering := range []string{"", "created_at", "updated_at", "-updated_at", "imported_at", "-imported_at", "total_price", "-total_price"} {
		var walked []string
		for next := path + "orders/?cursor=&page_size=100&fields=order_number&ordering=" + ordering; next != ""; {
			page := answer{body: b.unchecked(next), t: t}
			walked = append(walked, strings.Fields(page.numbers())...)
			next, _ = page.at("next").(string)
			next = strings.TrimPrefix(next, b.base)
		}
		for _, query := range []string{"format=csv", "format=ndjson&fields=order_number,raw_response"} {
			got := b.unchecked(path + "orders/export/?ordering=" + ordering + "&" + query)
			if numbers := numbersOf(t, got, strings.Contains(query, "ndjson")); !slices.Equal(numbers, walked) {
				t.Errorf("%s by %q: %d orders, the list has %d, or another order of them", query, ordering, len(numbers), len(walked))
			}
		}
	}
	if got := numbersOf(t, b.unchecked(path+"orders/export/?min_total=1&max_total=2"), false); len(got) != 396 {
		t.Errorf("filtered: %d orders", len(got))
	}
}

func TestExport_OfNothingIsStillAFile(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, _ := b.connected()
	got := b.get(path + "orders/export/?fields=order_number,id").want(http.StatusOK)
	if string(got.body) != "id,order_number\r\n" {
		t.Errorf("got %q", got.body)
	}
	got = b.get(path + "orders/export/?format=ndjson").want(http.StatusOK)
	if len(got.body) != 0 || got.header.Get("Content-Type") != "application/x-ndjson" || got.header.Get("Content-Disposition") == "" {
		t.Errorf("got %q, %v", got.body, got.header)
	}
}

func TestExport_HeadersSayWhatItIs(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	b.fill(id, 20, withItems)
	for query, want := range map[string][2]string{
		"":              {"text/csv; charset=utf-8", `attachment; filename="mi-tienda-orders-2026-11-05.csv"`},
		"format=csv":    {"text/csv; charset=utf-8", `attachment; filename="mi-tienda-orders-2026-11-05.csv"`},
		"format=ndjson": {"application/x-ndjson", `attachment; filename="mi-tienda-orders-2026-11-05.ndjson"`},
	} {
		full := b.get(path + "orders/export/?" + query).want(http.StatusOK)
		head := b.do(http.MethodHead, path+"orders/export?"+query, "").want(http.StatusOK)
		for what, h := range map[string]http.Header{"GET": full.header, "HEAD": head.header} {
			if got := [2]string{h.Get("Content-Type"), h.Get("Content-Disposition")}; got != want {
				t.Errorf("%s ?%s: got %q", what, query, got)
			}
			if h.Get("Content-Length") != "" || h.Get("Cache-Control") != "no-store" || h.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s ?%s: got %v", what, query, h)
			}
		}
		if len(head.body) != 0 || len(full.body) == 0 {
			t.Errorf("?%s: HEAD has %d bytes, GET %d", query, len(head.body), len(full.body))
		}
	}
}

func TestExport_CSVHasTheColumnsThatAreAskedFor(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	b.put(id, order(1), order(2, map[string]any{"email": "x@example.com"}))
	header := func(query string) string {
		t.Helper()
		first, _, ended := strings.Cut(string(b.get(path+"orders/export/?"+query).want(http.StatusOK).body), "\r\n")
		if !ended {
			t.Errorf("?%s: the header does not end", query)
		}
		return first
	}
	const all = "id,platform,platform_order_id,order_number,total_price,currency,customer_name,customer_email,phone,payment_type,created_at," +
		"imported_at,updated_at,source_name,financial_status,fulfillment_status,cancelled_at,address,address_complement,city,province,country," +
		"delivery_probability,recommended_carrier,delivery_score,negative_factors,purchase_count,tags,test"
	for query, want := range map[string]string{
		"":                               all,
		"fields=":                        all,
		"omit=test":                      strings.TrimSuffix(all, ",test"),
		"omit=test,raw_response":         strings.TrimSuffix(all, ",test"),
		"fields=total_price,id":          "id,total_price",
		"fields=raw_response,line_items": "line_items,raw_response",
		"bom=1&fields=id":                "\uFEFFid",
		"bom=no&fields=id":               "id",
	} {
		if got := header(query); got != want {
			t.Errorf("?%s: got %q, want %q", query, got, want)
		}
	}
	// One empty column is not an empty line, which readers skip.
	if got := string(b.get(path + "orders/export/?fields=phone").want(http.StatusOK).body); got != "phone\r\n\"\"\r\n\"\"\r\n" {
		t.Errorf("got %q", got)
	}
	if got := string(b.get(path + "orders/export/?fields=order_number,city").want(http.StatusOK).body); got != "order_number,city\r\n#1,\r\n#2,\r\n" {
		t.Errorf("got %q", got)
	}
}

// TestExport_NDJSONLinesAreTheOrders compares each line with the order, whose payload is spread over lines.
func TestExport_NDJSONLinesAreTheOrders(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	b.put(id,
		"{\r\n\t\"id\" : 820982911946154508,\n \"total_price\":1.10, \"note\":\"a\\nb\\u000d\u2028\",\r \"line_items\": [\n { \"price\" : 1e2 } ,\n\n{}]\n}",
		order(1), `{"id":7}`,
	)
	inLine := strings.NewReplacer("\n", " ", "\r", " ")
	for _, query := range []string{"", "omit=raw_response", "fields=id,line_items", "fields=id"} {
		var want strings.Builder
		list := b.get(path + "orders/?" + query).want(http.StatusOK)
		for i := range 3 {
			one := b.get(fmt.Sprintf("%sorders/%v/?%s", path, list.at("results", i, "id"), query)).want(http.StatusOK)
			want.WriteString(inLine.Replace(string(one.body)) + "\n")
		}
		got := b.get(path + "orders/export/?format=ndjson&" + query).want(http.StatusOK)
		if string(got.body) != want.String() {
			t.Errorf("?%s: got\n%s\nwant\n%s", query, got.body, &want)
		}
		for line := range strings.Lines(string(got.body)) {
			parsed(t, line)
		}
	}
}

func TestExport_MalformedParametersAreNamed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	b.put(id, order(1))
	for query, name := range map[string]string{
		"format=xlsx": "format", "format=CSV": "format", "format=csv&format=csv": "format",
		"page=1": "page", "page=2": "page", "page=last": "page", "page=x": "page", "page=1&page=2": "page",
		"cursor=": "cursor", "cursor": "cursor", "cursor=abc": "cursor",
		"bom=maybe": "bom", "bom=1&format=ndjson": "bom",
		"min_total=abc": "min_total", "since=ayer": "since", "until=x": "until", "today=2": "today", "search=%00": "search", "page_size=x": "page_size",
		"ordering=customer_email": "ordering", "delivery_probability=sure": "delivery_probability", "financial_status=a,b": "financial_status",
		"fields=id,secret": "fields", "omit=nothing": "omit", "fields=id&omit=tags": "omit",
		"omit=id,platform,platform_order_id,order_number,total_price,currency,customer_name,customer_email,phone,payment_type,created_at," +
			"imported_at,updated_at,source_name,financial_status,fulfillment_status,cancelled_at,address,address_complement,city,province,country," +
			"delivery_probability,recommended_carrier,delivery_score,negative_factors,purchase_count,tags,test": "omit",
	} {
		got := b.get(path+"orders/export/?"+query).problem(http.StatusBadRequest, "invalid_parameter")
		if got.at("errors", name, 0) == nil || !strings.Contains(got.at("detail").(string), name) {
			t.Errorf("?%.60s: %s is not named in %s", query, name, got.body)
		}
		if got.header.Get("Content-Disposition") != "" {
			t.Errorf("?%.60s: the refusal would be saved as a file", query)
		}
		b.do(http.MethodHead, path+"orders/export/?"+query, "").want(http.StatusBadRequest)
	}
	b.get(path + "orders/export/?page=&page_size=&format=&bom=").want(http.StatusOK)
	b.get(path + "orders/export/?page_size=7").want(http.StatusOK)
	b.get(path+"orders/export/", as(b.bob)).problem(http.StatusNotFound, "not_found")
	b.get(path+"orders/export/", anonymous).problem(http.StatusUnauthorized, "unauthorized")
}
