package shopify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"probability/shopify"
	"probability/shopify/simulator"
)

// asked is a query as it was sent.
type asked struct {
	Query     string         `json:"query"`
	Variables map[string]any `json:"variables"`
}

// graphScript answers queries and remembers them.
type graphScript struct {
	mu     sync.Mutex
	asked  []asked
	answer func(n int, q asked) string
}

func (g *graphScript) RoundTrip(r *http.Request) (*http.Response, error) {
	var q asked
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		return nil, err
	}
	g.mu.Lock()
	g.asked = append(g.asked, q)
	n := len(g.asked)
	g.mu.Unlock()
	return reply(r, http.StatusOK, g.answer(n, q)), nil
}

const (
	maxCost = `{"errors":[{"message":"Query cost is 1293, which exceeds the single query max cost limit (1000).","extensions":{"code":"MAX_COST_EXCEEDED","cost":1293,"maxCost":1000}}]}`
	onePage = `{"data":{"shop":{"ianaTimezone":"America/Bogota"},"orders":{"nodes":[{"legacyResourceId":"5","updatedAt":"2026-11-02T03:04:05Z","tags":["a","b"]}],"pageInfo":{"hasNextPage":false,"endCursor":"x"}}}}`
)

func graphQuery() shopify.OrdersQuery {
	return shopify.OrdersQuery{
		Way: shopify.WayGraphQL, UpdatedAtMin: time.Date(2026, 11, 1, 2, 3, 4, 0, time.FixedZone("", -5*3600)), UpdatedAtMax: time.Date(2026, 11, 2, 2, 3, 4, 0, time.UTC),
	}
}

func TestGraphQLOrders_WhatIsAskedAndRead(t *testing.T) {
	t.Parallel()
	g := &graphScript{answer: func(int, asked) string { return onePage }}
	page, err := newClient(t, g).Orders(t.Context(), session(), graphQuery(), "after this")
	if err != nil || len(page.Orders) != 1 || page.Next != "" || len(page.Withheld) != 0 {
		t.Fatalf("%+v, %v", page, err)
	}
	q := g.asked[0]
	if want := `updated_at:>='2026-11-01T07:03:04Z' AND updated_at:<='2026-11-02T02:03:04Z'`; q.Variables["query"] != want {
		t.Errorf("search %q, want %q", q.Variables["query"], want)
	}
	if q.Variables["after"] != "after this" || q.Variables["first"] != 100.0 || !strings.Contains(q.Query, "sortKey: UPDATED_AT") {
		t.Errorf("asked %v", q)
	}
	o, err := shopify.ParseOrder(page.Orders[0])
	if err != nil || o.ID != "5" || o.Tags != "a, b" || !bytes.Contains(page.Orders[0], []byte(`"updated_at":"2026-11-01T22:04:05-05:00"`)) {
		t.Errorf("order %+v, %v of %s", o, err, page.Orders[0])
	}
}

func TestGraphQLOrders_PageShrinksAndIsRemembered(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	g := &graphScript{answer: func(_ int, q asked) string {
		if q.Variables["first"].(float64) > 30 {
			return maxCost
		}
		return onePage
	}}
	c := newClient(t, g, func(cfg *shopify.Config) { cfg.Now = func() time.Time { return now } })
	ask := func() {
		t.Helper()
		if _, err := c.Orders(t.Context(), session(), graphQuery(), ""); err != nil {
			t.Fatal(err)
		}
	}
	ask()
	ask()
	now = now.Add(2 * time.Hour)
	ask()
	var sizes []any
	for _, q := range g.asked {
		sizes = append(sizes, q.Variables["first"])
	}
	if got := fmt.Sprint(sizes); got != "[100 50 25 25 100 50 25]" {
		t.Errorf("pages of %s", got)
	}
	g.answer = func(int, asked) string { return maxCost }
	_, err := c.Orders(t.Context(), session(), graphQuery(), "")
	wantKind(t, err, shopify.KindInvalid)
}

func TestGraphQLOrders_LeavesRefusedFieldsOut(t *testing.T) {
	t.Parallel()
	g := &graphScript{answer: func(n int, q asked) string {
		switch n {
		case 1:
			return `{"errors":[{"message":"Field 'poNumber' doesn't exist on type 'Order'","path":["query","orders","nodes","poNumber"],"extensions":{"code":"undefinedField","typeName":"Order","fieldName":"poNumber"}},
				{"message":"Field 'taxExempt' doesn't exist on type 'Order'","extensions":{"code":"undefinedField","typeName":"Order","fieldName":"taxExempt"}}]}`
		case 2:
			return `{"data":{"orders":{"nodes":[{"legacyResourceId":"5"}],"pageInfo":{"hasNextPage":false}}},"errors":[
				{"message":"This app is not approved to use the email field.","path":["orders","nodes",0,"email"],"extensions":{"code":"ACCESS_DENIED"}},
				{"message":"Access denied","path":["orders","nodes",0,"lineItems","nodes",3,"product"],"extensions":{"code":"ACCESS_DENIED"}},
				{"message":"This app is not approved to use the phone field.","path":["orders","nodes",7,"customer","defaultPhoneNumber"],"extensions":{"code":"ACCESS_DENIED"}},
				{"message":"Too many execution errors, max error limit reached. Results truncated"}]}`
		}
		return onePage
	}}
	c := newClient(t, g)
	page, err := c.Orders(t.Context(), session(), graphQuery(), "")
	if err != nil || len(page.Orders) != 1 {
		t.Fatalf("%+v, %v", page, err)
	}
	if got := fmt.Sprint(page.Withheld); got != "[customer.defaultPhoneNumber email]" {
		t.Errorf("withheld %s", got)
	}
	last := g.asked[len(g.asked)-1].Query
	for _, gone := range []string{"poNumber", "taxExempt", " email ", "product{", "defaultPhoneNumber"} {
		if strings.Contains(last, gone) {
			t.Errorf("%q is asked for still: %s", gone, last)
		}
	}
	for _, kept := range []string{"variant{id}", "defaultEmailAddress{emailAddress}", " phone "} {
		if !strings.Contains(last, kept) {
			t.Errorf("%q is not asked for any more: %s", kept, last)
		}
	}
	if _, err := c.Orders(t.Context(), session(), graphQuery(), ""); err != nil || len(g.asked) != 4 {
		t.Errorf("%v after %d queries, want the refusals remembered", err, len(g.asked))
	}
}

func TestGraphQL_Refusals(t *testing.T) {
	t.Parallel()
	one := func(message, code, path string) string {
		return fmt.Sprintf(`{"data":null,"errors":[{"message":%q,"path":[%s],"extensions":{"code":%q}}]}`, message, path, code)
	}
	for name, c := range map[string]struct {
		body string
		kind shopify.Kind
	}{
		"scope":           {one("Access denied for orders field. Required access: `read_orders` access scope.", "ACCESS_DENIED", `"orders"`), shopify.KindMissingScope},
		"protected":       {one("This app is not approved to access the Order object.", "ACCESS_DENIED", `"orders"`), shopify.KindProtectedData},
		"count":           {one("Access denied for ordersCount field. Required access: `read_orders` access scope.", "ACCESS_DENIED", `"ordersCount"`), shopify.KindMissingScope},
		"no such root":    {one("Field 'bulkOperations' doesn't exist on type 'QueryRoot'", "undefinedField", `"query","bulkOperations"`), shopify.KindInvalid},
		"frozen":          {one("Unavailable Shop", "PAYMENT_REQUIRED", ""), shopify.KindPaymentRequired},
		"locked":          {one("Shop is inactive", "SHOP_INACTIVE", ""), shopify.KindLocked},
		"token":           {one("Invalid token", "UNAUTHORIZED", ""), shopify.KindUnauthorized},
		"forbidden":       {one("No", "FORBIDDEN", ""), shopify.KindForbidden},
		"their fault":     {one("Internal error. Looks like something went wrong on our end.", "INTERNAL_SERVER_ERROR", ""), shopify.KindUnavailable},
		"too slow":        {one("Timeout", "TIMEOUT", ""), shopify.KindUnavailable},
		"cursor":          {one("Invalid cursor for current pagination sort.", "", `"orders"`), shopify.KindInvalid},
		"our fault":       {one("Variable $first of type Int!", "missingRequiredArguments", ""), shopify.KindInvalid},
		"essential":       {one("No", "ACCESS_DENIED", `"orders","nodes",0,"updatedAt"`), shopify.KindProtectedData},
		"truncated":       {`{"data":{"orders":{"nodes":[],"pageInfo":{"hasNextPage":false}}},"errors":[{"message":"Too many execution errors, max error limit reached. Results truncated"}]}`, shopify.KindUnavailable},
		"a text":          {`{"errors":"something"}`, shopify.KindUnavailable},
		"odd errors":      {`{"errors":{"a":"b"}}`, shopify.KindUnavailable},
		"nothing":         {`{}`, shopify.KindUnavailable},
		"null":            {`{"data":null}`, shopify.KindUnavailable},
		"a list":          {`[]`, shopify.KindUnavailable},
		"no orders":       {`{"data":{"orders":null}}`, shopify.KindUnavailable},
		"no pageInfo":     {`{"data":{"orders":{"nodes":[]}}}`, shopify.KindUnavailable},
		"no cursor":       {`{"data":{"orders":{"nodes":[],"pageInfo":{"hasNextPage":true,"endCursor":null}}}}`, shopify.KindUnavailable},
		"the same cursor": {`{"data":{"orders":{"nodes":[],"pageInfo":{"hasNextPage":true,"endCursor":"here"}}}}`, shopify.KindForeignLink},
		"an odd id":       {`{"data":{"orders":{"nodes":[{"legacyResourceId":"5a"}],"pageInfo":{"hasNextPage":false}}}}`, shopify.KindUnavailable},
		"an odd node":     {`{"data":{"orders":{"nodes":[null],"pageInfo":{"hasNextPage":false}}}}`, shopify.KindUnavailable},
	} {
		_, err := newClient(t, &graphScript{answer: func(int, asked) string { return c.body }}).Orders(t.Context(), session(), graphQuery(), "here")
		if got := shopify.KindOf(err); got != c.kind {
			t.Errorf("%s: %v, want %s", name, err, c.kind)
		}
	}
	_, err := newClient(t, &graphScript{answer: func(int, asked) string {
		return one("the token "+testToken+" is odd", "INTERNAL_SERVER_ERROR", "")
	}}).Orders(t.Context(), session(), graphQuery(), "")
	if err == nil || strings.Contains(err.Error(), testToken) {
		t.Errorf("the error shows the token: %v", err)
	}
}

// An empty page is not the last one unless pageInfo says so.
func TestGraphQLOrders_AnEmptyPageIsNotTheEnd(t *testing.T) {
	t.Parallel()
	page, err := newClient(t, &graphScript{answer: func(int, asked) string {
		return `{"data":{"shop":{"ianaTimezone":"Mars/Olympus"},"orders":{"nodes":[],"pageInfo":{"hasNextPage":true,"endCursor":"on"}}}}`
	}}).Orders(t.Context(), session(), graphQuery(), "")
	if err != nil || page.Next != "on" || len(page.Orders) != 0 {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestGraphQLCount_IsExactOrNone(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]int{
		`{"data":{"ordersCount":{"count":12345,"precision":"EXACT"}}}`:    12345,
		`{"data":{"ordersCount":{"count":10000,"precision":"AT_LEAST"}}}`: -1,
		`{"data":{"ordersCount":{"count":-4,"precision":"EXACT"}}}`:       -1,
		`{"data":{"ordersCount":null}}`:                                   -1,
	} {
		g := &graphScript{answer: func(int, asked) string { return body }}
		n, _, err := newClient(t, g).CountOrders(t.Context(), session(), graphQuery())
		if err == nil && n != want || err != nil && want >= 0 {
			t.Errorf("%s: %d, %v", body, n, err)
		}
		if !strings.Contains(g.asked[0].Query, "limit: null") {
			t.Errorf("the count has a limit: %s", g.asked[0].Query)
		}
	}
}

func TestGraphQL_LooksForOneOrder(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"data":{"order":{"legacyResourceId":"5"}}}`: "true <nil>",
		`{"data":{"order":null}}`:                     "false <nil>",
	} {
		g := &graphScript{answer: func(int, asked) string { return body }}
		there, err := newClient(t, g).HasOrder(t.Context(), session(), shopify.WayGraphQL, 5)
		if got := fmt.Sprint(there, err); got != want || g.asked[0].Variables["id"] != "gid://shopify/Order/5" {
			t.Errorf("%s: %s, asked %v", body, got, g.asked[0].Variables)
		}
	}
	if _, err := newClient(t, &graphScript{answer: func(int, asked) string { return `{"data":{"other":1}}` }}).HasOrder(t.Context(), session(), shopify.WayGraphQL, 5); err == nil {
		t.Error("an answer about something else was taken")
	}
}

// A query waits for as many points as it may cost, so that none is refused; one that is refused all the same comes again.
func TestGraphQL_StaysBelowTheBucketOfPoints(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, shop, sim := simulated(t, simulator.ShopConfig{Points: 1000})
		patient := newClient(t, sim.Transport(), func(cfg *shopify.Config) { cfg.MaxWait = time.Hour })
		shop.Generate(900, 40*24*time.Hour)
		orders, pages := all(t, patient, shopify.OrdersQuery{Way: shopify.WayGraphQL})
		if len(orders) != 900 || pages != 9 || sim.Count429() != 0 {
			t.Errorf("%d orders in %d pages, refused %d times", len(orders), pages, sim.Count429())
		}
		shop.Inject(simulator.Fault{Kind: simulator.FaultQueries, Path: "graphql.json", Times: 3})
		began := time.Now()
		if _, err := patient.Orders(t.Context(), session(), shopify.OrdersQuery{Way: shopify.WayGraphQL}, ""); err != nil || time.Since(began) < 3*time.Second {
			t.Errorf("%v after %s, want it to wait and come again", err, time.Since(began))
		}
		// Who must not wait is told how long it would be.
		shop.Inject(simulator.Fault{Kind: simulator.FaultQueries, Path: "graphql.json"})
		_, err := c.Orders(t.Context(), session(), shopify.OrdersQuery{Way: shopify.WayGraphQL}, "")
		if e := wantKind(t, err, shopify.KindThrottled); e.RetryAfter <= 0 {
			t.Errorf("%v, want a time to wait", e)
		}
	})
}

// What a query may cost is known before it is asked: the simulator reckons as real stores were seen to.
func TestGraphQL_PointsOfAPage(t *testing.T) {
	t.Parallel()
	_, shop, sim := simulated(t, simulator.ShopConfig{})
	shop.Generate(5, 24*time.Hour)
	var requested float64
	c := newClient(t, transport(func(r *http.Request) (*http.Response, error) {
		resp, err := sim.Transport().RoundTrip(r)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(resp.Body)
		var answer struct {
			Extensions struct {
				Cost struct {
					Requested float64 `json:"requestedQueryCost"`
				} `json:"cost"`
			} `json:"extensions"`
		}
		if err := json.Unmarshal(body, &answer); err != nil {
			return nil, err
		}
		requested = answer.Extensions.Cost.Requested
		resp.Body = io.NopCloser(bytes.NewReader(body))
		return resp, err
	}))
	if _, err := c.Orders(context.WithoutCancel(t.Context()), session(), shopify.OrdersQuery{Way: shopify.WayGraphQL}, ""); err != nil {
		t.Fatal(err)
	}
	if got := shopify.PointsOfPage(100); got != requested || got > 1000 {
		t.Errorf("reckoned %g, the simulator %g", got, requested)
	}
}
