package shopify_test

import (
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"probability/shopify"
)

func TestClient_Answers(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	fixed := func(cfg *shopify.Config) { cfg.Now = func() time.Time { return now } }

	raw := `{"id":548380009, "name":"Mi tienda","domain":"mitienda.co","myshopify_domain":"mi-tienda.myshopify.com","currency":"COP","iana_timezone":"America/Bogota","plan_name":"basic","plan_display_name":"Basic","country_code":"CO","extra":1.10}`
	shop, err := newClient(t, always(200, `{"shop": `+raw+`}`)).Shop(ctx, session())
	want := shopify.Shop{
		ID: 548380009, Name: "Mi tienda", Domain: "mitienda.co", MyshopifyDomain: testShop, Currency: "COP",
		IANATimezone: "America/Bogota", PlanName: "basic", PlanDisplayName: "Basic", CountryCode: "CO", Raw: []byte(raw),
	}
	if diff := cmp.Diff(want, shop); err != nil || diff != "" {
		t.Errorf("shop: %v (-want +got):\n%s", err, diff)
	}
	shop, err = newClient(t, always(200, `{"shop":{"id":"7","name":5,"currency":"PEN","plan_name":null}}`)).Shop(ctx, session())
	if err != nil || shop.Currency != "PEN" {
		t.Errorf("odd shop: %+v, %v", shop, err)
	}

	scopes, err := newClient(t, always(200, `{"access_scopes":[{"handle":"read_orders"},{"handle":"read_all_orders","x":1}]}`)).Scopes(ctx, session())
	if diff := cmp.Diff([]string{"read_orders", "read_all_orders"}, scopes); err != nil || diff != "" {
		t.Errorf("scopes: %v %s", err, diff)
	}

	page, err := newClient(t, always(200, `{"orders":[{"id":1, "x":1.10},{"id":2}]}`, "Date: Mon, 23 Nov 2026 12:00:05 GMT"), fixed).Orders(ctx, session(), shopify.OrdersQuery{}, "")
	if err != nil || len(page.Orders) != 2 || string(page.Orders[0]) != `{"id":1, "x":1.10}` || page.Next != "" ||
		!page.RequestedAt.Equal(now) || !page.Date.Equal(now.Add(5*time.Second)) {
		t.Errorf("page: %+v, %v", page, err)
	}
	page, err = newClient(t, always(200, `{"orders":[]}`, "Date: yesterday")).Orders(ctx, session(), shopify.OrdersQuery{}, "")
	if err != nil || len(page.Orders) != 0 || !page.Date.IsZero() {
		t.Errorf("empty page: %+v, %v", page, err)
	}

	n, date, err := newClient(t, always(200, `{"count":12345}`, "Date: Mon, 23 Nov 2026 12:00:05 GMT")).CountOrders(ctx, session(), shopify.OrdersQuery{})
	if err != nil || n != 12345 || !date.Equal(now.Add(5*time.Second)) {
		t.Errorf("count: %d %v %v", n, date, err)
	}
	if n, _, err := newClient(t, always(200, `{"count":"12345"}`)).CountOrders(ctx, session(), shopify.OrdersQuery{}); err != nil || n != 12345 {
		t.Errorf("count in quotes: %d %v", n, err)
	}

	hook, err := newClient(t, always(201, `{"webhook":{"id":4759306,"topic":"orders/create","address":"https://p.example","format":"json","api_version":"2026-10","created_at":"a","updated_at":"b","fields":[]}}`)).
		CreateWebhook(ctx, session(), "orders/create", "https://p.example")
	if diff := cmp.Diff(shopify.Webhook{ID: 4759306, Topic: "orders/create", Address: "https://p.example", Format: "json", APIVersion: "2026-10", CreatedAt: "a", UpdatedAt: "b"}, hook); err != nil || diff != "" {
		t.Errorf("webhook: %v %s", err, diff)
	}
	if err := newClient(t, always(404, `{"errors":"Not Found"}`)).DeleteWebhook(ctx, session(), 1); err != nil {
		t.Errorf("deleting what is gone: %v", err)
	}
	wantKind(t, newClient(t, always(402, `{"errors":"Unavailable Shop"}`)).DeleteWebhook(ctx, session(), 1), shopify.KindPaymentRequired)
}

// A good status with a body that is not what was asked for is a fault of the
// way, never an empty result.
func TestClient_BadBodies(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		"", "<html><body>Welcome</body></html>", "{", `[]`, `null`, `{}`, `{"orders":null}`, `{"orders":{}}`, `{"orders":"x"}`, `{"orders":[{"id":1}`, `{"orders":[]} trailing`,
		`{"shop":null}`, `{"shop":[]}`, `{"shop":{}}`, `{"count":null}`, `{"count":-1}`, `{"count":"x"}`, `{"count":1.5}`, `{"count":"-1"}`, `{"webhooks":null}`, `{"webhooks":5}`, `{"webhook":{}}`, `{"webhook":null}`,
		`{"access_scopes":null}`, `{"access_scopes":[5]}`, `{"access_scopes":[{}]}`,
	} {
		c := newClient(t, always(200, body, "X-Request-Id: req-1"))
		for name, do := range everyCall(c) {
			if name == "delete webhook" { // has nothing to read
				continue
			}
			if e := wantKind(t, do(t.Context()), shopify.KindUnavailable); e.Status != 200 || e.RequestID != "req-1" || !e.Temporary() {
				t.Errorf("%s of %q: %+v", name, body, e)
			}
		}
	}
}

func TestClient_Webhooks_AllPages(t *testing.T) {
	t.Parallel()
	s := &script{steps: []transport{
		always(200, `{"webhooks":[{"id":1}]}`, `Link: <https://mi-tienda.myshopify.com/admin/api/2026-10/webhooks.json?limit=250&page_info=p2>; rel="next"`),
		always(200, `{"webhooks":[{"id":2}]}`, `Link: <https://mi-tienda.myshopify.com/admin/api/2026-10/webhooks.json?limit=250&page_info=p1>; rel="previous"`),
	}}
	hooks, err := newClient(t, s).Webhooks(t.Context(), session())
	if err != nil || len(hooks) != 2 || hooks[1].ID != 2 {
		t.Errorf("got %+v, %v", hooks, err)
	}
	if got := s.calls[1].URL.RawQuery; got != "limit=250&page_info=p2" {
		t.Errorf("second query %q", got)
	}

	endless := 0
	c := newClient(t, transport(func(r *http.Request) (*http.Response, error) {
		endless++
		return reply(r, 200, `{"webhooks":[]}`, fmt.Sprintf("Link: <?page_info=p%d>; rel=next", endless)), nil
	}))
	_, err = c.Webhooks(t.Context(), session())
	wantKind(t, err, shopify.KindUnavailable)
	if endless > 50 {
		t.Errorf("%d pages", endless)
	}
}

func TestClient_ServedVersion(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	version := "2026-10"
	c, err := shopify.NewClient(shopify.Config{}, &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		body := `{"shop":{"id":1}}`
		if strings.Contains(r.URL.Path, "access_scopes") {
			body = `{"access_scopes":[]}`
		}
		return reply(r, 200, body, "X-Shopify-API-Version: "+version), nil
	})}, slog.New(slog.NewTextHandler(&out, nil)))
	if err != nil {
		t.Fatal(err)
	}
	call := func(v string) {
		version = v
		if _, err := c.Shop(t.Context(), session()); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.ServedVersion(testShop); got != "" {
		t.Errorf("before any call: %q", got)
	}
	version = "2025-10"
	if _, err := c.Scopes(t.Context(), session()); err != nil || c.ServedVersion(testShop) != "" {
		t.Errorf("a path without version told one: %q, %v", c.ServedVersion(testShop), err)
	}
	call("2026-10")
	if out.Len() > 0 {
		t.Errorf("logged %s", out.String())
	}
	call("2027-01")
	call("2027-01")
	call("2026-10")
	call("2027-01")
	if got := c.ServedVersion("MI-TIENDA.myshopify.com"); got != "2027-01" {
		t.Errorf("served %q", got)
	}
	if got := strings.Count(out.String(), "2027-01"); got != 1 || !strings.Contains(out.String(), testShop) {
		t.Errorf("logged %s", out.String())
	}
	call(strings.Repeat("x", 10_000))
	if got := c.ServedVersion(testShop); got != "2027-01" {
		t.Errorf("served a text of %d bytes", len(got))
	}
}

// An endless body is read up to the bound and no further, and not again.
func TestClient_BoundsBodies(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 500} {
		read := &countingReader{}
		s := &script{steps: []transport{func(r *http.Request) (*http.Response, error) {
			resp := reply(r, status, "")
			resp.Body = io.NopCloser(read)
			return resp, nil
		}}}
		_, err := newClient(t, s, func(cfg *shopify.Config) {
			if status == 200 {
				cfg.Retries = 3
			}
		}).Shop(t.Context(), session())
		wantKind(t, err, shopify.KindUnavailable)
		if read.n > 2<<20 || len(s.calls) != 1 {
			t.Errorf("%d: %d bytes read in %d calls", status, read.n, len(s.calls))
		}
	}
}

// An announced length is a hint: what comes is read whatever was announced, and
// no memory is taken on trust.
func TestClient_AnnouncedLengths(t *testing.T) { // not parallel, for it measures memory
	body := `{"orders":[{"id":1},{"id":"` + strings.Repeat("2", 5000) + `"}]}`
	for _, announced := range []int64{-1, 0, 1, 100, int64(len(body)), int64(len(body)) + 1, 1 << 20, math.MaxInt64} {
		c := newClient(t, transport(func(r *http.Request) (*http.Response, error) {
			resp := reply(r, 200, body)
			resp.ContentLength = announced
			return resp, nil
		}))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		page, err := c.Orders(t.Context(), session(), shopify.OrdersQuery{}, "")
		runtime.ReadMemStats(&after)
		if err != nil || len(page.Orders) != 2 || len(page.Orders[1]) != 5009 {
			t.Errorf("%d announced: %d orders, %v", announced, len(page.Orders), err)
		}
		if taken := after.TotalAlloc - before.TotalAlloc; taken > 16<<20 { // a page may be 64 MiB, and the race detector takes twice what is asked for
			t.Errorf("%d announced: %d bytes of memory for a body of %d", announced, taken, len(body))
		}
	}
}

type countingReader struct{ n int }

func (r *countingReader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	r.n += len(p)
	return len(p), nil
}
