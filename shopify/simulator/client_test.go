package simulator_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"probability/shopify/simulator"
)

const (
	domain = "tienda.myshopify.com"
	token  = "shpat_0123456789abcdef"
	secret = "the api secret"
	api    = "https://" + domain + "/admin/api/2026-10/"
)

func shopConfig() simulator.ShopConfig {
	return simulator.ShopConfig{
		Domain: domain, Name: "Tienda", Country: "CO", Token: token, APISecret: secret,
		ClientID: "the client id", ClientSecret: "the client secret", Bucket: -1,
	}
}

// clock is a clock that only moves when it is told to.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 23, 15, 4, 5, 678_000_000, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// bundle is a server with one store, a fake clock and a plain HTTP client.
type bundle struct {
	t     *testing.T
	clock *clock
	srv   *simulator.Server
	shop  *simulator.Shop
	hc    *http.Client
}

func setup(t *testing.T, change func(*simulator.ShopConfig), opts ...simulator.Option) *bundle {
	t.Helper()
	cfg := shopConfig()
	if change != nil {
		change(&cfg)
	}
	clock := newClock()
	srv := simulator.New(append([]simulator.Option{simulator.WithClock(clock.Now)}, opts...)...)
	return &bundle{
		t: t, clock: clock, srv: srv, shop: srv.AddShop(cfg),
		hc: &http.Client{
			Transport:     srv.Transport(),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// answer is a response whose body was read to its end.
type answer struct {
	status int
	header http.Header
	body   string
}

func (b *bundle) send(method, url, body string, headers ...string) answer {
	b.t.Helper()
	a, err := b.try(method, url, body, headers...)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, url, err)
	}
	return a
}

// try sends a request with the store's token; headers come in pairs.
func (b *bundle) try(method, url, body string, headers ...string) (answer, error) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("X-Shopify-Access-Token", token)
	for i := 0; i < len(headers); i += 2 {
		if headers[i+1] == "" {
			req.Header.Del(headers[i])
			continue
		}
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := b.hc.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	read, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(read)}, err
}

func (b *bundle) get(path string, headers ...string) answer {
	b.t.Helper()
	return b.send(http.MethodGet, api+path, "", headers...)
}

// order is what these tests read of an order.
type order struct {
	ID        int64     `json:"id"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	Cancelled *string   `json:"cancelled_at"`
	Closed    *string   `json:"closed_at"`
	Financial string    `json:"financial_status"`
}

func (a answer) orders(t *testing.T) []order {
	t.Helper()
	var got struct{ Orders []order }
	if a.status != http.StatusOK {
		t.Fatalf("got status %d, body %s", a.status, a.body)
	}
	if err := json.Unmarshal([]byte(a.body), &got); err != nil {
		t.Fatalf("orders: %v", err)
	}
	return got.Orders
}

func (a answer) count(t *testing.T) int {
	t.Helper()
	var got struct{ Count *int }
	if err := json.Unmarshal([]byte(a.body), &got); err != nil || got.Count == nil {
		t.Fatalf("count: %v in %d %s", err, a.status, a.body)
	}
	return *got.Count
}

// relation returns the URL a Link header has for it.
func (a answer) relation(t *testing.T, rel string) string {
	t.Helper()
	for part := range strings.SplitSeq(a.header.Get("Link"), ",") {
		target, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.TrimSpace(params) == `rel="`+rel+`"` {
			return strings.Trim(target, "<>")
		}
	}
	return ""
}

// walk follows rel="next" from a first page to the end.
func (b *bundle) walk(first string, each func(page int, got []order)) (all []order) {
	b.t.Helper()
	next := api + first
	for page := 1; next != ""; page++ {
		a := b.send(http.MethodGet, next, "")
		got := a.orders(b.t)
		all = append(all, got...)
		if each != nil {
			each(page, got)
		}
		next = a.relation(b.t, "next")
		if page > 1000 {
			b.t.Fatal("paging does not end")
		}
	}
	return all
}

func encode(t time.Time) string { return url.QueryEscape(t.UTC().Format(time.RFC3339)) }
