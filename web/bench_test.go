package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/app"
	"probability/shopify"
	"probability/shopify/simulator"
	"probability/store"
	"probability/store/storetest"
	"probability/web"
	"probability/web/webtest"
)

const (
	shopDomain = "mi-tienda.myshopify.com"
	shopToken  = "shpat_0123456789abcdef0123456789abcdef"
	shopSecret = "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"
)

// noon is the time at which every test begins.
var noon = time.Date(2026, 11, 5, 12, 0, 0, 0, time.UTC)

// bench is the real service on a temporary database, with a simulated store behind it and two accounts.
type bench struct {
	app     *app.App
	base    string
	checker *webtest.Checker
	client  *http.Client
	clock   *clock
	held    atomic.Pointer[hold]
	logs    *logs
	server  *web.Server
	shop    *simulator.Shop
	sim     *simulator.Server
	store   *store.Store
	t       testing.TB

	alice, bob string // API tokens
}

// hold keeps requests to Shopify whose path contains a word from going out until its gate is closed.
type hold struct {
	gate <-chan struct{}
	path string
}

func (b *bench) holdAt(path string, gate <-chan struct{}) {
	b.held.Store(&hold{gate: gate, path: path})
}

// RoundTrip sends a request to the simulated Shopify.
func (b *bench) RoundTrip(r *http.Request) (*http.Response, error) {
	if h := b.held.Load(); h != nil && strings.Contains(r.URL.Path, h.path) {
		select {
		case <-h.gate:
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	return b.sim.Transport().RoundTrip(r)
}

type options struct {
	app   app.Config
	store *store.Store // nil: a new one
	web   web.Config
}

func newBench(t testing.TB, change ...func(*options)) *bench {
	t.Helper()
	b := &bench{t: t, clock: &clock{now: noon}, logs: &logs{}}
	log := slog.New(slog.NewJSONHandler(b.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	b.sim = simulator.New(simulator.WithClock(b.clock.Now), simulator.WithSeed(1))
	b.shop = b.sim.AddShop(simulator.ShopConfig{
		Domain: shopDomain, Name: "Mi Tienda", Token: shopToken, APISecret: shopSecret,
		ClientID: "0a1b2c3d", ClientSecret: shopSecret, Bucket: -1,
	})
	o := options{
		app: app.Config{Counters: app.NewCounters(), Now: b.clock.Now},
		web: web.Config{Now: b.clock.Now, Ready: func(context.Context) error { return nil }, Version: "test"},
	}
	for _, f := range change {
		f(&o)
	}
	client, err := shopify.NewClient(shopify.Config{Now: b.clock.Now, Observe: o.app.Counters.ShopifyCall, Retries: -1}, &http.Client{Transport: b}, log)
	fatal(t, err)
	if b.store = o.store; b.store == nil {
		b.store = storetest.Chosen(t)
	}
	b.app, err = app.New(o.app, b.store, client, log)
	fatal(t, err)
	b.server, err = web.New(o.web, b.app, log)
	fatal(t, err)
	listener := httptest.NewServer(b.server)
	t.Cleanup(listener.Close)
	t.Cleanup(func() {
		if err := b.server.WaitAttempts(context.Background()); err != nil {
			t.Error(err)
		}
	})
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	b.base = listener.URL
	b.checker = webtest.NewChecker(t, transport)
	b.client = &http.Client{Transport: b.checker, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return b
}

// accounts adds two accounts and their tokens.
func (b *bench) accounts() *bench {
	b.t.Helper()
	ctx := b.t.Context()
	for email, token := range map[string]*string{"alice@example.com": &b.alice, "bob@example.com": &b.bob} {
		// Not through the application: hashing a password takes longer than most of these tests.
		fatal(b.t, b.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertUser(ctx, store.User{ID: uuid.Must(uuid.NewV7()), Email: email, PasswordHash: "none", CreatedAt: noon})
		}))
		var err error
		*token, _, err = b.app.CreateToken(ctx, email, "test", 0)
		fatal(b.t, err)
	}
	return b
}

// connected is accounts with the simulated store connected by alice; it returns the integration's path.
func (b *bench) connected() (path string, id int64) {
	b.t.Helper()
	b.accounts()
	got := b.post("/api/integrations/shopify/connect/", fmt.Sprintf(
		`{"store_name":%q,"access_token":%q,"api_secret":%q}`, shopDomain, shopToken, shopSecret)).want(http.StatusCreated)
	id = int64(got.at("integration", "id").(float64))
	return fmt.Sprintf("/api/integrations/shopify/%d/", id), id
}

// put stores payloads as orders of an integration.
func (b *bench) put(id int64, payloads ...string) {
	b.t.Helper()
	var versions []store.Version
	for _, p := range payloads {
		o, err := shopify.ParseOrder([]byte(p))
		fatal(b.t, err)
		versions = append(versions, store.Version{Order: o, ObservedAt: b.clock.Now()})
	}
	fatal(b.t, b.store.Update(b.t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.PutOrders(ctx, id, versions, b.clock.Now())
		return err
	}))
}

// answer is a response with its body read.
type answer struct {
	body   []byte
	header http.Header
	status int
	t      testing.TB
	what   string
}

// change alters a request before it is sent.
type change func(*http.Request)

func header(name, value string) change {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func as(token string) change { return header("Authorization", "Bearer "+token) }

func anonymous(r *http.Request) { r.Header.Del("Authorization") }

func (b *bench) do(method, path, body string, changes ...change) answer {
	b.t.Helper()
	target := path
	if !strings.HasPrefix(path, "http") {
		target = b.base + path
	}
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, target, reader)
	fatal(b.t, err)
	if b.alice != "" {
		as(b.alice)(r)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, f := range changes {
		f(r)
	}
	resp, err := b.client.Do(r)
	fatal(b.t, err)
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	fatal(b.t, err)
	return answer{body: got, header: resp.Header, status: resp.StatusCode, t: b.t, what: method + " " + path}
}

// direct hands a request to the server without a connection in between.
func direct(t testing.TB, server http.Handler, r *http.Request) answer {
	t.Helper()
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r)
	return answer{body: w.Body.Bytes(), header: w.Header(), status: w.Code, t: t, what: r.Method + " " + r.URL.Path}
}

// brokenReader is a body that stops before its end.
type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func (b *bench) get(path string, changes ...change) answer {
	b.t.Helper()
	return b.do(http.MethodGet, path, "", changes...)
}

func (b *bench) post(path, body string, changes ...change) answer {
	b.t.Helper()
	return b.do(http.MethodPost, path, body, changes...)
}

// want ends the test unless the answer has that status.
func (a answer) want(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s answered %d, want %d: %s", a.what, a.status, status, a.body)
	}
	return a
}

// problem ends the test unless the answer is that problem, and returns the answer.
func (a answer) problem(status int, code string) answer {
	a.t.Helper()
	a.want(status)
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		a.t.Fatalf("%s: content type %q, want a problem", a.what, got)
	}
	if got := a.at("code"); got != code {
		a.t.Fatalf("%s: code %v, want %s: %s", a.what, got, code, a.body)
	}
	if a.at("detail") != a.at("error") {
		a.t.Errorf("%s: error is not the same as detail: %s", a.what, a.body)
	}
	return a
}

// at finds a member of the body by its path; nil when it is not there.
func (a answer) at(path ...any) any {
	a.t.Helper()
	var v any
	if err := json.Unmarshal(a.body, &v); err != nil {
		a.t.Fatalf("%s: %v: %s", a.what, err, a.body)
	}
	for _, step := range path {
		switch s := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[s]
		case int:
			l, _ := v.([]any)
			if s >= len(l) {
				return nil
			}
			v = l[s]
		}
	}
	return v
}

// numbers are the order numbers of a page.
func (a answer) numbers() string {
	a.t.Helper()
	var page struct {
		Results []struct {
			Number string `json:"order_number"`
		} `json:"results"`
	}
	if err := json.Unmarshal(a.body, &page); err != nil {
		a.t.Fatalf("%s: %v: %s", a.what, err, a.body)
	}
	var out []string
	for _, r := range page.Results {
		out = append(out, strings.TrimPrefix(r.Number, "#"))
	}
	return strings.Join(out, " ")
}

func fatal(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// clock is a time that only tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// logs keeps what is logged.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
