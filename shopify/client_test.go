package shopify_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"probability/shopify"
)

const (
	testShop  = "mi-tienda.myshopify.com"
	testToken = "shpat_0123456789abcdefSECRET"
)

func session() shopify.Session { return shopify.Session{Shop: testShop, Token: testToken} }

// transport answers in place of a network, so that time in a synctest bubble
// is the only clock.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// reply is one answer; header entries are "Name: value".
func reply(r *http.Request, status int, body string, header ...string) *http.Response {
	resp := &http.Response{
		StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Request: r,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		resp.Header.Add(name, value)
	}
	return resp
}

// always gives the same answer to every request.
func always(status int, body string, header ...string) transport {
	return func(r *http.Request) (*http.Response, error) { return reply(r, status, body, header...), nil }
}

// script answers request n with step n, the last step again and again, and
// remembers the requests.
type script struct {
	mu    sync.Mutex
	steps []transport
	calls []*http.Request
	times []time.Time
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	step := s.steps[min(len(s.calls), len(s.steps)-1)]
	s.calls = append(s.calls, r)
	s.times = append(s.times, time.Now())
	s.mu.Unlock()
	return step(r)
}

func newClient(tb testing.TB, rt http.RoundTripper, change ...func(*shopify.Config)) *shopify.Client {
	tb.Helper()
	cfg := shopify.Config{Retries: -1}
	for _, f := range change {
		f(&cfg)
	}
	c, err := shopify.NewClient(cfg, &http.Client{Transport: rt}, slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func wantKind(tb testing.TB, err error, want shopify.Kind) *shopify.Error {
	tb.Helper()
	if got := shopify.KindOf(err); got != want {
		tb.Fatalf("kind %q of %v, want %q", got, err, want)
	}
	var e *shopify.Error
	errors.As(err, &e)
	return e
}

func TestNewClient_Configuration(t *testing.T) {
	t.Parallel()
	for _, cfg := range []shopify.Config{
		{Endpoint: "ftp://{shop}"}, {Endpoint: "{shop}"}, {Endpoint: "https://"}, {Endpoint: "https://u:p@{shop}"}, {Endpoint: "https://{shop}?a=b"},
		{Endpoint: "https://{shop}#x"}, {Endpoint: "https://{shop}:port"}, {APIVersion: "latest"}, {APIVersion: "2026-10/.."}, {APIVersion: "2026-13"},
		{UserAgent: "a\nb"}, {Timeout: -1},
	} {
		if _, err := shopify.NewClient(cfg, nil, nil); err == nil {
			t.Errorf("%+v was taken", cfg)
		}
	}
	c, err := shopify.NewClient(shopify.Config{}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.APIVersion(); got != "2026-10" {
		t.Errorf("version %q", got)
	}
}

func TestClient_WarnsOfPlainText(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string]bool{
		"https://{shop}": false, "http://127.0.0.1:9999/{shop}": false, "http://localhost:1": false, "http://[::1]:1": false, "http://simulator:9999/{shop}": true,
	} {
		var out strings.Builder
		if _, err := shopify.NewClient(shopify.Config{Endpoint: endpoint}, nil, slog.New(slog.NewTextHandler(&out, nil))); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(out.String(), "plain http"); got != want {
			t.Errorf("%s: warned %v, want %v", endpoint, got, want)
		}
	}
}

func TestClient_Requests(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 9, 2, 18, 4, 5, 999, time.FixedZone("", -5*3600))
	query := shopify.OrdersQuery{CreatedAtMin: at, CreatedAtMax: at.Add(time.Hour), UpdatedAtMin: at, UpdatedAtMax: at, Limit: 50}
	const times = "created_at_max=2026-09-03T00%3A04%3A05Z&created_at_min=2026-09-02T23%3A04%3A05Z&limit=50&status=any&updated_at_max=2026-09-02T23%3A04%3A05Z&updated_at_min=2026-09-02T23%3A04%3A05Z"
	for _, c := range []struct {
		name   string
		answer string
		do     func(context.Context, *shopify.Client) error
		want   string
		body   string
	}{
		{"shop", `{"shop":{"id":1}}`, func(ctx context.Context, c *shopify.Client) error { _, err := c.Shop(ctx, session()); return err },
			"GET https://mi-tienda.myshopify.com/admin/api/2026-10/shop.json", ""},
		{"scopes", `{"access_scopes":[]}`, func(ctx context.Context, c *shopify.Client) error { _, err := c.Scopes(ctx, session()); return err },
			"GET https://mi-tienda.myshopify.com/admin/oauth/access_scopes.json", ""},
		{"orders", `{"orders":[]}`, func(ctx context.Context, c *shopify.Client) error {
			_, err := c.Orders(ctx, session(), query, "")
			return err
		},
			"GET https://mi-tienda.myshopify.com/admin/api/2026-10/orders.json?" + times, ""},
		{"orders without bounds", `{"orders":[]}`, func(ctx context.Context, c *shopify.Client) error {
			_, err := c.Orders(ctx, session(), shopify.OrdersQuery{Limit: 251}, "")
			return err
		}, "GET https://mi-tienda.myshopify.com/admin/api/2026-10/orders.json?limit=250&status=any", ""},
		{"orders of a cursor", `{"orders":[]}`, func(ctx context.Context, c *shopify.Client) error {
			_, err := c.Orders(ctx, session(), query, "limit=50&page_info=eyJ%3D%3D")
			return err
		}, "GET https://mi-tienda.myshopify.com/admin/api/2026-10/orders.json?limit=50&page_info=eyJ%3D%3D", ""},
		{"count", `{"count":3}`, func(ctx context.Context, c *shopify.Client) error {
			_, _, err := c.CountOrders(ctx, session(), shopify.OrdersQuery{UpdatedAtMin: at, Limit: 9})
			return err
		}, "GET https://mi-tienda.myshopify.com/admin/api/2026-10/orders/count.json?status=any&updated_at_min=2026-09-02T23%3A04%3A05Z", ""},
		{"webhooks", `{"webhooks":[]}`, func(ctx context.Context, c *shopify.Client) error { _, err := c.Webhooks(ctx, session()); return err },
			"GET https://mi-tienda.myshopify.com/admin/api/2026-10/webhooks.json?limit=250", ""},
		{"create webhook", `{"webhook":{"id":4}}`, func(ctx context.Context, c *shopify.Client) error {
			_, err := c.CreateWebhook(ctx, session(), "orders/create", "https://p.example/hook")
			return err
		}, "POST https://mi-tienda.myshopify.com/admin/api/2026-10/webhooks.json", `{"webhook":{"address":"https://p.example/hook","format":"json","topic":"orders/create"}}`},
		{"update webhook", `{"webhook":{"id":4}}`, func(ctx context.Context, c *shopify.Client) error {
			_, err := c.UpdateWebhook(ctx, session(), 4, "https://p.example/new")
			return err
		}, "PUT https://mi-tienda.myshopify.com/admin/api/2026-10/webhooks/4.json", `{"webhook":{"address":"https://p.example/new","id":4}}`},
		{"delete webhook", `{}`, func(ctx context.Context, c *shopify.Client) error { return c.DeleteWebhook(ctx, session(), 4) },
			"DELETE https://mi-tienda.myshopify.com/admin/api/2026-10/webhooks/4.json", ""},
	} {
		s := &script{steps: []transport{func(r *http.Request) (*http.Response, error) {
			if r.Body != nil {
				body, err := io.ReadAll(r.Body)
				if err != nil || string(body) != c.body {
					t.Errorf("%s: body %s, %v; want %s", c.name, body, err, c.body)
				}
			}
			return reply(r, 200, c.answer), nil
		}}}
		if err := c.do(t.Context(), newClient(t, s, func(cfg *shopify.Config) { cfg.UserAgent = "probability/test" })); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		r := s.calls[0]
		if got := r.Method + " " + r.URL.String(); got != c.want || len(s.calls) != 1 {
			t.Errorf("%s: %d calls, first\n got %s\nwant %s", c.name, len(s.calls), got, c.want)
		}
		want := http.Header{"Accept": {"application/json"}, "User-Agent": {"probability/test"}, "X-Shopify-Access-Token": {testToken}}
		if c.body != "" {
			want.Set("Content-Type", "application/json")
		}
		if diff := cmp.Diff(want, r.Header); diff != "" {
			t.Errorf("%s: header (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestClient_Endpoints(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string]string{
		"":                               "https://mi-tienda.myshopify.com/admin/api/2026-07/shop.json",
		"https://{shop}/":                "https://mi-tienda.myshopify.com/admin/api/2026-07/shop.json",
		"http://127.0.0.1:9999/{shop}":   "http://127.0.0.1:9999/mi-tienda.myshopify.com/admin/api/2026-07/shop.json",
		"http://127.0.0.1:9999/x/":       "http://127.0.0.1:9999/x/admin/api/2026-07/shop.json",
		"https://proxy.example/a/{shop}": "https://proxy.example/a/mi-tienda.myshopify.com/admin/api/2026-07/shop.json",
	} {
		s := &script{steps: []transport{always(200, `{"shop":{"id":1}}`)}}
		c := newClient(t, s, func(cfg *shopify.Config) { cfg.Endpoint, cfg.APIVersion = endpoint, "2026-07" })
		if _, err := c.Shop(t.Context(), shopify.Session{Shop: "MI-Tienda.myshopify.com", Token: "t"}); err != nil {
			t.Fatal(err)
		}
		if got := s.calls[0].URL.String(); got != want {
			t.Errorf("%s: got %s, want %s", endpoint, got, want)
		}
	}
}

// What is no store's domain, or no token, never becomes a request.
func TestClient_RefusesBeforeCalling(t *testing.T) {
	t.Parallel()
	c := newClient(t, transport(func(*http.Request) (*http.Response, error) {
		t.Error("a request was made")
		return nil, errors.New("no")
	}))
	for _, shop := range []string{"", "evil.com", "evil.com/.myshopify.com", "x@evil.com/.myshopify.com", "a.myshopify.com:443", "a.myshopify.com\n"} {
		_, err := c.Shop(t.Context(), shopify.Session{Shop: shop, Token: "t"})
		if !errors.Is(err, shopify.ErrInvalidShop) {
			t.Errorf("%q: got %v", shop, err)
		}
		if _, err := c.Token(t.Context(), shop, "id", "secret"); !errors.Is(err, shopify.ErrInvalidShop) {
			t.Errorf("token of %q: got %v", shop, err)
		}
	}
	for _, token := range []string{"", "a b", "a\nX-Evil: 1", "ñ", "a\x00"} {
		_, err := c.Shop(t.Context(), shopify.Session{Shop: testShop, Token: token})
		wantKind(t, err, shopify.KindUnauthorized)
	}
	for _, cursor := range []string{"limit=5", "page_info=", "x", "page_info=a b", "page_info=a#b", "page_info=a\nb", "page_info=%zz", "page_info=" + strings.Repeat("a", 9000)} {
		_, err := c.Orders(t.Context(), session(), shopify.OrdersQuery{}, cursor)
		wantKind(t, err, shopify.KindInvalid)
	}
}

func TestClient_Answers(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	fixed := func(cfg *shopify.Config) { cfg.Now = func() time.Time { return now } }

	raw := `{"id":548380009, "name":"Mi tienda","domain":"mitienda.co","myshopify_domain":"mi-tienda.myshopify.com","currency":"COP","iana_timezone":"America/Bogota","plan_name":"basic","plan_display_name":"Basic","country_code":"CO","extra":1.10}`
	shop, err := newClient(t, always(200, `{"shop": `+raw+`}`)).Shop(ctx, session())
	want := shopify.Shop{ID: 548380009, Name: "Mi tienda", Domain: "mitienda.co", MyshopifyDomain: testShop, Currency: "COP",
		IANATimezone: "America/Bogota", PlanName: "basic", PlanDisplayName: "Basic", CountryCode: "CO", Raw: []byte(raw)}
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
		`{"shop":null}`, `{"shop":[]}`, `{"shop":{}}`, `{"count":null}`, `{"count":-1}`, `{"count":"x"}`, `{"webhooks":null}`, `{"webhooks":5}`, `{"webhook":{}}`, `{"webhook":null}`,
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

// everyCall is every method that takes a session.
func everyCall(c *shopify.Client) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"get shop":   func(ctx context.Context) error { _, err := c.Shop(ctx, session()); return err },
		"get scopes": func(ctx context.Context) error { _, err := c.Scopes(ctx, session()); return err },
		"list orders": func(ctx context.Context) error {
			_, err := c.Orders(ctx, session(), shopify.OrdersQuery{}, "")
			return err
		},
		"count orders": func(ctx context.Context) error {
			_, _, err := c.CountOrders(ctx, session(), shopify.OrdersQuery{})
			return err
		},
		"list webhooks":  func(ctx context.Context) error { _, err := c.Webhooks(ctx, session()); return err },
		"create webhook": func(ctx context.Context) error { _, err := c.CreateWebhook(ctx, session(), "t", "a"); return err },
		"update webhook": func(ctx context.Context) error { _, err := c.UpdateWebhook(ctx, session(), 1, "a"); return err },
		"delete webhook": func(ctx context.Context) error { return c.DeleteWebhook(ctx, session(), 1) },
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

func TestClient_RetriesWhatIsWorthIt(t *testing.T) {
	t.Parallel()
	good := always(200, `{"orders":[{"id":1}]}`)
	cut := transport(func(r *http.Request) (*http.Response, error) {
		resp := reply(r, 200, "")
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"orders":[{"id"`), brokenReader{}))
		return resp, nil
	})
	refused := transport(func(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") })
	for _, c := range []struct {
		name  string
		steps []transport
		calls int
		kind  shopify.Kind
	}{
		{"good at once", []transport{good}, 1, ""},
		{"500 once", []transport{always(500, ""), good}, 2, ""},
		{"502 with HTML, 503", []transport{always(502, "<html>"), always(503, "{}"), good}, 3, ""},
		{"cut", []transport{cut, good}, 2, ""},
		{"network", []transport{refused, cut, good}, 3, ""},
		{"HTML with 200", []transport{always(200, "<html>"), good}, 2, ""},
		{"a passing 404", []transport{always(404, `{"errors":"Not Found"}`), good}, 2, ""},
		{"520 for good", []transport{always(520, "")}, 3, shopify.KindUnavailable},
		{"cut for good", []transport{cut}, 3, shopify.KindUnavailable},
		{"network for good", []transport{refused}, 3, shopify.KindUnavailable},
		{"404 for good", []transport{always(404, "")}, 3, shopify.KindNotFound},
		{"401", []transport{always(401, ""), good}, 1, shopify.KindUnauthorized},
		{"402", []transport{always(402, ""), good}, 1, shopify.KindPaymentRequired},
		{"403", []transport{always(403, ""), good}, 1, shopify.KindForbidden},
		{"400", []transport{always(400, ""), good}, 1, shopify.KindInvalid},
		{"423", []transport{always(423, ""), good}, 1, shopify.KindLocked},
		{"430", []transport{always(430, ""), good}, 1, shopify.KindSecurity},
		{"301", []transport{always(301, "", "Location: https://other.myshopify.com/"), good}, 1, shopify.KindRedirected},
		{"503 that asks for patience", []transport{always(503, "", "Retry-After: 1.5"), good}, 2, ""},
		{"503 that asks for too much", []transport{always(503, "", "Retry-After: 60"), good}, 1, shopify.KindUnavailable},
		{"429 within reach", []transport{always(429, "", "Retry-After: 0.5"), always(429, "", "Retry-After: 0.5"), always(429, "", "Retry-After: 0.4"), good}, 4, ""},
		{"429 that says nothing", []transport{always(429, ""), good}, 2, ""},
		{"429 without end", []transport{always(429, "", "Retry-After: 0.6")}, 4, shopify.KindThrottled},
		{"429 too long", []transport{always(429, "", "Retry-After: 4.0"), good}, 1, shopify.KindThrottled},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{steps: c.steps}
				client := newClient(t, s, func(cfg *shopify.Config) { cfg.Retries = 0 })
				began := time.Now()
				page, err := client.Orders(t.Context(), session(), shopify.OrdersQuery{}, "")
				if shopify.KindOf(err) != c.kind || c.kind == "" && (err != nil || len(page.Orders) != 1) {
					t.Errorf("got %d orders and %v, want kind %q", len(page.Orders), err, c.kind)
				}
				if len(s.calls) != c.calls {
					t.Errorf("%d calls, want %d", len(s.calls), c.calls)
				}
				if took := time.Since(began); took > 4*time.Second {
					t.Errorf("took %s", took)
				}
				for i := 1; i < len(s.times); i++ {
					if gap := s.times[i].Sub(s.times[i-1]); gap < 100*time.Millisecond {
						t.Errorf("only %s before try %d", gap, i+1)
					}
				}
			})
		})
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestClient_RetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"4.0": 4 * time.Second, "2.5": 2500 * time.Millisecond, "30": 30 * time.Second, "1e9": 24 * time.Hour, "+Inf": 24 * time.Hour,
		"Mon, 23 Nov 2026 12:01:00 GMT": time.Minute, "Mon, 23 Nov 2026 11:00:00 GMT": 100 * time.Millisecond,
		"0": 100 * time.Millisecond, "-5": 100 * time.Millisecond, "": 2 * time.Second, "NaN": 2 * time.Second, "soon": 2 * time.Second,
	} {
		c := newClient(t, always(429, "<html>slow down</html>", "Retry-After: "+header), func(cfg *shopify.Config) {
			cfg.MaxWait, cfg.Now = time.Nanosecond, func() time.Time { return now }
		})
		_, err := c.Shop(t.Context(), session())
		if e := wantKind(t, err, shopify.KindThrottled); e.RetryAfter != want || e.Status != 429 {
			t.Errorf("%q: got %s, want %s", header, e.RetryAfter, want)
		}
	}
}

func TestClient_Context(t *testing.T) {
	t.Parallel()
	hang := transport(func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	})
	hangingBody := transport(func(r *http.Request) (*http.Response, error) {
		resp := reply(r, 200, "")
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"orders":[`), contextReader{r.Context()}))
		return resp, nil
	})
	for name, rt := range map[string]transport{"no answer": hang, "half a body": hangingBody} {
		synctest.Test(t, func(t *testing.T) {
			s := &script{steps: []transport{rt}}
			c := newClient(t, s, func(cfg *shopify.Config) { cfg.Timeout, cfg.Retries = 10*time.Second, 0 })

			began := time.Now()
			_, err := c.Orders(t.Context(), session(), shopify.OrdersQuery{}, "")
			wantKind(t, err, shopify.KindUnavailable)
			if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
				t.Errorf("%s: our own time limit looks like the caller's: %v", name, err)
			}
			if took := time.Since(began); took < 30*time.Second || took > 33*time.Second || len(s.calls) != 3 {
				t.Errorf("%s: %d calls in %s", name, len(s.calls), took)
			}

			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err = c.Orders(ctx, session(), shopify.OrdersQuery{}, "")
			if !errors.Is(err, context.DeadlineExceeded) || shopify.KindOf(err) != "" {
				t.Errorf("%s: caller's deadline: got %v", name, err)
			}

			ctx, cancel = context.WithCancel(t.Context())
			go func() {
				synctest.Wait()
				cancel()
			}()
			_, err = c.Orders(ctx, session(), shopify.OrdersQuery{}, "")
			if !errors.Is(err, context.Canceled) || shopify.KindOf(err) != "" {
				t.Errorf("%s: cancelled: got %v", name, err)
			}
		})
	}
}

type contextReader struct{ ctx context.Context }

func (r contextReader) Read([]byte) (int, error) {
	<-r.ctx.Done()
	return 0, r.ctx.Err()
}

func TestClient_ContextEndsDuringWaits(t *testing.T) {
	t.Parallel()
	for name, rt := range map[string]transport{"backoff": always(500, ""), "Retry-After": always(429, "", "Retry-After: 2")} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			c := newClient(t, rt, func(cfg *shopify.Config) { cfg.Retries = 5 })
			began := time.Now()
			_, err := c.Shop(ctx, session())
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 50*time.Millisecond {
				t.Errorf("%s: %v after %s", name, err, time.Since(began))
			}
		})
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

type countingReader struct{ n int }

func (r *countingReader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	r.n += len(p)
	return len(p), nil
}
