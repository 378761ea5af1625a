package shopify_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"probability/shopify"
	"probability/shopify/simulator"
)

const resultHost = "storage.example.com"

// bulkServer is a store with one finished operation, whose result is what a test says.
func bulkServer(result func(*http.Request) (*http.Response, error), roots int) transport {
	return func(r *http.Request) (*http.Response, error) {
		if r.URL.Host == resultHost {
			return result(r)
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		if strings.Contains(string(body), "bulkOperation(id:") {
			return reply(r, http.StatusOK, fmt.Sprintf(`{"data":{"shop":{"ianaTimezone":"America/Lima"},"bulkOperation":{"id":"gid://shopify/BulkOperation/1",
				"status":"COMPLETED","createdAt":"2026-11-23T00:00:00Z","rootObjectCount":"%d","url":"https://%s/r.jsonl?Signature=a"}}}`, roots, resultHost)), nil
		}
		return reply(r, http.StatusOK, `{"data":{"orders":{"nodes":[]}}}`), nil
	}
}

// readBulk reads a result to its end, n orders at a time, from a byte on.
func readBulk(tb testing.TB, rt http.RoundTripper, at int64, had, n int, change ...func(*shopify.Config)) (ids []string, places []int64, err error) {
	tb.Helper()
	c := newClient(tb, rt, change...)
	b, err := c.LookAtBulk(tb.Context(), session(), "gid://shopify/BulkOperation/1")
	if err != nil || b.Status != shopify.BulkCompleted {
		tb.Fatalf("%+v, %v", b, err)
	}
	r, err := c.OpenBulk(tb.Context(), session(), b, at)
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	for {
		page, err := r.Page(tb.Context(), n, had+len(ids))
		if err != nil || len(page.Orders) == 0 {
			return ids, places, err
		}
		for _, raw := range page.Orders {
			o, err := shopify.ParseOrder(raw)
			if err != nil {
				tb.Fatal(err)
			}
			ids = append(ids, fmt.Sprint(o.ID, "x", len(shopify.ReadDetails(raw).Items)))
		}
		places = append(places, r.At())
	}
}

// bulkLines is a result of three orders with two, none and one line.
const bulkLines = `{"id":"gid://shopify/Order/1","legacyResourceId":"1","name":"#1"}
{"id":"gid://shopify/LineItem/11","quantity":1,"__parentId":"gid://shopify/Order/1"}
{"id":"gid://shopify/LineItem/12","quantity":1,"__parentId":"gid://shopify/Order/1"}
{"id":"gid://shopify/Order/2","legacyResourceId":"2"}
{"id":"gid://shopify/Order/3","legacyResourceId":"3"}
{"id":"gid://shopify/LineItem/31","quantity":1,"__parentId":"gid://shopify/Order/3"}
`

func TestBulkReader_FromAnyOrderOn(t *testing.T) {
	t.Parallel()
	for name, ranges := range map[string]bool{"with ranges": true, "without": false} {
		serve := bulkServer(func(r *http.Request) (*http.Response, error) {
			if r.Header.Get("X-Shopify-Access-Token") != "" {
				t.Error("the token was sent to the storage")
			}
			if r.Header.Get("Accept-Encoding") != "identity" {
				t.Errorf("the result may come packed: %v", r.Header)
			}
			at := 0
			if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &at); err != nil || !ranges {
				return reply(r, http.StatusOK, bulkLines), nil
			}
			if at >= len(bulkLines) {
				return reply(r, http.StatusRequestedRangeNotSatisfiable, ""), nil
			}
			return reply(r, http.StatusPartialContent, bulkLines[at:]), nil
		}, 3)
		ids, places, err := readBulk(t, serve, 0, 0, 1)
		if err != nil || fmt.Sprint(ids) != "[1x2 2x0 3x1]" || places[2] != int64(len(bulkLines)) {
			t.Fatalf("%s: %v, %v, %v", name, ids, places, err)
		}
		for i, at := range places {
			rest, _, err := readBulk(t, serve, at, i+1, 10)
			if err != nil || fmt.Sprint(rest) != fmt.Sprint(ids[i+1:]) {
				t.Errorf("%s, from byte %d: %v, %v", name, at, rest, err)
			}
		}
	}
}

func TestBulkReader_WhatIsNoResult(t *testing.T) {
	t.Parallel()
	first := strings.SplitAfter(bulkLines, "\n")[0]
	for name, c := range map[string]struct {
		status int
		body   string
		kind   shopify.Kind
	}{
		"cut in a line":      {200, bulkLines[:len(bulkLines)-9], shopify.KindUnavailable},
		"cut between orders": {200, first, shopify.KindUnavailable},
		"empty":              {200, "", shopify.KindUnavailable},
		"a stranger's line":  {200, first + `{"id":"gid://shopify/LineItem/1","__parentId":"gid://shopify/Order/9"}` + "\n", shopify.KindUnavailable},
		"a line before all":  {200, `{"id":"gid://shopify/LineItem/1","__parentId":"gid://shopify/Order/1"}` + "\n" + bulkLines, shopify.KindUnavailable},
		"no JSON":            {200, first + "what\n", shopify.KindUnavailable},
		"no order":           {200, `{"id":"gid://shopify/Order/1"}` + "\n" + bulkLines, shopify.KindUnavailable},
		"an endless line":    {200, `{"id":"` + strings.Repeat("x", 9<<20), shopify.KindUnavailable},
		"an endless order":   {200, first + strings.Repeat(`{"id":"`+strings.Repeat("y", 1<<16)+`","__parentId":"gid://shopify/Order/1"}`+"\n", 150), shopify.KindUnavailable},
		"gone":               {404, "", shopify.KindInvalid},
		"no longer signed":   {403, "<Error/>", shopify.KindInvalid},
		"not now":            {503, "", shopify.KindUnavailable},
		"too often":          {429, "", shopify.KindUnavailable},
		"led somewhere else": {302, "", shopify.KindInvalid},
	} {
		_, _, err := readBulk(t, bulkServer(func(r *http.Request) (*http.Response, error) {
			return reply(r, c.status, c.body, "Location: https://evil.example/"), nil
		}, 3), 0, 0, 10)
		if shopify.KindOf(err) != c.kind {
			t.Errorf("%s: %v, want %s", name, err, c.kind)
		}
	}
	_, _, err := readBulk(t, bulkServer(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("no such host")
	}, 3), 0, 0, 10)
	wantKind(t, err, shopify.KindUnavailable)
}

// What came whole before a result broke off is handed out, with its place; the break is told after that.
func TestBulkReader_WhatCameWholeCounts(t *testing.T) {
	t.Parallel()
	cut := len(bulkLines) - 9
	ids, places, err := readBulk(t, bulkServer(func(r *http.Request) (*http.Response, error) {
		return reply(r, http.StatusOK, bulkLines[:cut]), nil
	}, 3), 0, 0, 10)
	wantKind(t, err, shopify.KindUnavailable)
	if fmt.Sprint(ids) != "[1x2 2x0]" || len(places) != 1 || !strings.HasPrefix(bulkLines[places[0]:], `{"id":"gid://shopify/Order/3"`) {
		t.Errorf("%v, %v, want two orders and the place of the third", ids, places)
	}
}

// silent is a body that says nothing until it is closed.
type silent struct{ ctx context.Context }

func (s silent) Read([]byte) (int, error) { <-s.ctx.Done(); return 0, s.ctx.Err() }
func (s silent) Close() error             { return nil }

func TestBulkReader_DoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	_, _, err := readBulk(t, bulkServer(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: silent{r.Context()}, Request: r}, nil
	}, 3), 0, 0, 10, func(cfg *shopify.Config) { cfg.Timeout = 20 * time.Millisecond })
	wantKind(t, err, shopify.KindUnavailable)
}

func TestLookAtBulk_States(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"id":"x","status":"CREATED"}`:                                           "running",
		`{"id":"x","status":"RUNNING","rootObjectCount":7}`:                       "running",
		`{"id":"x","status":"COMPLETED","rootObjectCount":"7","url":null}`:        "completed 7",
		`{"id":"x","status":"FAILED","errorCode":"TIMEOUT"}`:                      "failed TIMEOUT",
		`{"id":"x","status":"CANCELED"}`:                                          "failed CANCELED",
		`null`:                                                                    "failed GONE",
		`{"id":"x","status":"COMPLETED","url":"http://a.example.com/"}`:           "foreign_link",
		`{"id":"x","status":"COMPLETED","url":"https://u:p@a.example.com/"}`:      "foreign_link",
		`{"id":"x","status":"COMPLETED","url":"file:///etc/passwd"}`:              "foreign_link",
		`{"id":"x","status":"COMPLETED","url":"https://169.254.169.254/r.jsonl"}`: "completed", // refused where it is dialled
	} {
		b, err := newClient(t, always(http.StatusOK, `{"data":{"shop":{},"bulkOperation":`+body+`}}`)).LookAtBulk(t.Context(), session(), "x")
		got := strings.TrimSpace(string(b.Status) + " " + b.Reason)
		if b.Orders > 0 && b.Status == shopify.BulkCompleted {
			got += fmt.Sprint(" ", b.Orders)
		}
		if err != nil {
			got = string(shopify.KindOf(err))
		}
		if got != want {
			t.Errorf("%s: %q, %v, want %q", body, got, err, want)
		}
	}
}

// At the default endpoint a result is fetched from public addresses only, wherever Shopify says that it is.
func TestOpenBulk_DialsPublicAddressesOnly(t *testing.T) {
	t.Parallel()
	b, err := newClient(t, always(http.StatusOK, `{"data":{"shop":{},"bulkOperation":{"id":"x","status":"COMPLETED","rootObjectCount":"1","url":"https://127.0.0.1:9/r"}}}`)).
		LookAtBulk(t.Context(), session(), "x")
	if err != nil {
		t.Fatal(err)
	}
	real, err := shopify.NewClient(shopify.Config{}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = real.OpenBulk(t.Context(), session(), b, 0)
	if err == nil || !strings.Contains(err.Error(), "not public") {
		t.Errorf("got %v, want a refusal to connect", err)
	}
}

func TestBeginBulk_RefusedAndFound(t *testing.T) {
	t.Parallel()
	c, shop, _ := simulated(t, simulator.ShopConfig{})
	shop.Generate(3, 24*time.Hour)
	shop.SetBulk(simulator.BulkPlan{Looks: 1000})
	q := func(hours int) shopify.OrdersQuery {
		return shopify.OrdersQuery{Way: shopify.WayGraphQL, CreatedAtMin: time.Now().Add(-time.Duration(hours) * time.Hour)}
	}
	since := time.Now().Add(-time.Minute)
	window := q(48)
	first, err := c.BeginBulk(t.Context(), session(), window, since)
	if err != nil || first.ID == "" || first.Status != shopify.BulkRunning {
		t.Fatalf("%+v, %v", first, err)
	}
	again, err := c.BeginBulk(t.Context(), session(), window, since)
	if err != nil || again.ID != first.ID {
		t.Errorf("%+v, %v, want the one that runs", again, err)
	}
	if later, err := c.BeginBulk(t.Context(), session(), window, time.Now().Add(time.Hour)); err != nil || later.ID == first.ID {
		t.Errorf("%+v, %v, want a new one: that one is older", later, err)
	}
	for n := range 3 {
		if _, err := c.BeginBulk(t.Context(), session(), q(50+n), since); err != nil {
			t.Fatal(err)
		}
	}
	_, err = c.BeginBulk(t.Context(), session(), q(60), since)
	if e := wantKind(t, err, shopify.KindInvalid); !strings.Contains(e.Error(), "already in progress") {
		t.Errorf("%v, want what Shopify said", e)
	}
}

// Over real sockets: the store on one port, its storage on another.
func TestBulk_OverSockets(t *testing.T) {
	t.Parallel()
	sim := simulator.New()
	shop := sim.AddShop(simulator.ShopConfig{Domain: testShop, Token: testToken, Country: "CO", Oddities: -1, Bucket: -1})
	shop.Generate(130, 40*24*time.Hour)
	base, stop, err := sim.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	storage, stopStorage, err := sim.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer stopStorage()
	sim.SetStorage(storage)
	c, err := shopify.NewClient(shopify.Config{Endpoint: base + "/{shop}"}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	q := shopify.OrdersQuery{Way: shopify.WayGraphQL, CreatedAtMin: time.Now().Add(-50 * 24 * time.Hour)}
	b, err := c.BeginBulk(t.Context(), session(), q, time.Now().Add(-time.Minute))
	for err == nil && b.Status == shopify.BulkRunning {
		b, err = c.LookAtBulk(t.Context(), session(), b.ID)
	}
	if err != nil || b.Orders != 130 {
		t.Fatalf("%+v, %v", b, err)
	}
	r, err := c.OpenBulk(t.Context(), session(), b, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	page, err := r.Page(t.Context(), 1000, 0)
	if err != nil {
		t.Fatal(err)
	}
	paged, _ := all(t, c, q)
	if len(page.Orders) != 130 || len(paged) != 130 {
		t.Fatalf("%d orders by bulk operation, %d in pages", len(page.Orders), len(paged))
	}
	for i := range paged { // both are sorted by creation
		if string(page.Orders[i]) != string(paged[i]) {
			t.Fatalf("by bulk operation %s\nin pages %s", page.Orders[i], paged[i])
		}
	}
}
