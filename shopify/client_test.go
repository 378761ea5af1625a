package shopify_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
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
		{Endpoint: "ftp://{shop}"},
		{Endpoint: "{shop}"},
		{Endpoint: "https://"},
		{Endpoint: "https://u:p@{shop}"},
		{Endpoint: "https://{shop}?a=b"},
		{Endpoint: "https://{shop}#x"},
		{Endpoint: "https://{shop}:port"},
		{APIVersion: "latest"},
		{APIVersion: "2026-10/.."},
		{APIVersion: "2026-13"},
		{UserAgent: "a\nb"},
		{Timeout: -1},
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
		{
			"shop", `{"shop":{"id":1}}`, func(ctx context.Context, c *shopify.Client) error { _, err := c.Shop(ctx, session()); return err },
			"GET https://mi-tienda.myshopify.com/admin/api/2026-10/shop.json", "",
		},
		{
			"scopes", `{"access_scopes":[]}`, func(ctx context.Context, c *shopify.Client) error { _, err := c.Scopes(ctx, session()); return err },
			"GET https://mi-tienda.myshopify.com/admin/oauth/access_scopes.json", "",
		},
		{
			"orders", `{"orders":[]}`, func(ctx context.Context, c *shopify.Client) error {
				_, err := c.Orders(ctx, session(), query, "")
				return err
			},
			"GET https://mi-tienda.myshopify.com/admin/api/2026-10/orders.json?" + times, "",
		},
		{"orders without bounds", `{"orders":[]}`, func(ctx context.Context, c *shopify.Client) error {
			_, err := c.Orders(ctx, session(), shopify.OrdersQuery{Limit: 251}, "")
			return err
		}, "GET https://mi-tienda.myshopify.com/admin/api/2026-10/orders.json?limit=250&status=any", ""},
		{"orders by their ids", `{"orders":[]}`, func(ctx context.Context, c *shopify.Client) error {
			_, err := c.Orders(ctx, session(), shopify.OrdersQuery{IDs: []string{"5", "6"}, Fields: []string{"id", "updated_at"}}, "")
			return err
		}, "GET https://mi-tienda.myshopify.com/admin/api/2026-10/orders.json?fields=id%2Cupdated_at&ids=5%2C6&limit=250&status=any", ""},
		{"one order", `{"order":{"id":5}}`, func(ctx context.Context, c *shopify.Client) error {
			there, err := c.HasOrder(ctx, session(), shopify.WayREST, 5)
			if err == nil && !there {
				err = errors.New("it was not found")
			}
			return err
		}, "GET https://mi-tienda.myshopify.com/admin/api/2026-10/orders/5.json?fields=id", ""},
		{"orders of a cursor", `{"orders":[]}`, func(ctx context.Context, c *shopify.Client) error {
			_, err := c.Orders(ctx, session(), query, "limit=50&page_info=eyJ%3D%3D")
			return err
		}, "GET https://mi-tienda.myshopify.com/admin/api/2026-10/orders.json?limit=50&page_info=eyJ%3D%3D", ""},
		{"count", `{"count":3}`, func(ctx context.Context, c *shopify.Client) error {
			_, _, err := c.CountOrders(ctx, session(), shopify.OrdersQuery{UpdatedAtMin: at, Limit: 9})
			return err
		}, "GET https://mi-tienda.myshopify.com/admin/api/2026-10/orders/count.json?status=any&updated_at_min=2026-09-02T23%3A04%3A05Z", ""},
		{
			"webhooks", `{"webhooks":[]}`, func(ctx context.Context, c *shopify.Client) error { _, err := c.Webhooks(ctx, session()); return err },
			"GET https://mi-tienda.myshopify.com/admin/api/2026-10/webhooks.json?limit=250", "",
		},
		{"create webhook", `{"webhook":{"id":4}}`, func(ctx context.Context, c *shopify.Client) error {
			_, err := c.CreateWebhook(ctx, session(), "orders/create", "https://p.example/hook")
			return err
		}, "POST https://mi-tienda.myshopify.com/admin/api/2026-10/webhooks.json", `{"webhook":{"address":"https://p.example/hook","format":"json","topic":"orders/create"}}`},
		{"update webhook", `{"webhook":{"id":4}}`, func(ctx context.Context, c *shopify.Client) error {
			_, err := c.UpdateWebhook(ctx, session(), 4, "https://p.example/new")
			return err
		}, "PUT https://mi-tienda.myshopify.com/admin/api/2026-10/webhooks/4.json", `{"webhook":{"address":"https://p.example/new","id":4}}`},
		{
			"delete webhook", `{}`, func(ctx context.Context, c *shopify.Client) error { return c.DeleteWebhook(ctx, session(), 4) },
			"DELETE https://mi-tienda.myshopify.com/admin/api/2026-10/webhooks/4.json", "",
		},
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

func TestClient_HasOrder_NotFoundIsAnAnswer(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]bool{404: false, 200: true} {
		if there, err := newClient(t, always(status, `{"order":{"id":1}}`)).HasOrder(t.Context(), session(), shopify.WayREST, 1); err != nil || there != want {
			t.Errorf("%d: got %v, %v, want %v", status, there, err, want)
		}
	}
	for name, answer := range map[string]transport{
		"no order": always(200, `{"orders":[]}`), "an empty one": always(200, `{"order":{}}`), "no answer": always(502, ``), "refused": always(401, `{}`),
	} {
		if there, err := newClient(t, answer).HasOrder(t.Context(), session(), shopify.WayREST, 1); err == nil {
			t.Errorf("%s: got %v, want an error", name, there)
		}
	}
}

func TestClient_RefusesTooManyIDs(t *testing.T) {
	t.Parallel()
	s := &script{}
	_, err := newClient(t, s).Orders(t.Context(), session(), shopify.OrdersQuery{IDs: make([]string, shopify.MaxOrderIDs+1)}, "")
	wantKind(t, err, shopify.KindInvalid)
	if len(s.calls) != 0 {
		t.Error("it was asked for")
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
	for _, cursor := range []string{"page_info=", "page_info=&page=2", "page_info=a b", "page_info=a#b", "page_info=a\nb", "page_info=%zz", "page_info=" + strings.Repeat("a", 9000)} {
		_, err := c.Orders(t.Context(), session(), shopify.OrdersQuery{}, cursor)
		wantKind(t, err, shopify.KindInvalid)
	}
}

// everyCall is every method that takes a session, but for HasOrder, to which a 404 is an answer.
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
