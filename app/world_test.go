package app_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/app"
	"probability/shopify"
	"probability/shopify/simulator"
	"probability/store"
	"probability/store/storetest"
)

const (
	shopDomain = "tienda-uno.myshopify.com"
	shopToken  = "shpat_0123456789abcdef0123456789abcdef"
	shopSecret = "secret-of-the-app"
	publicURL  = "https://orders.example.com"
	password   = "correct horse battery"
)

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

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is a service without doors, and the simulated Shopify that it talks to.
type world struct {
	after func(*http.Request) // when not nil, called with each request that Shopify has answered
	app   *app.App
	clock *clock
	lie   func(*http.Request) string // when not nil, its text is the answer instead of Shopify's, unless it is empty
	log   *lockedBuffer
	shop  *simulator.Shop
	sim   *simulator.Server
	store *store.Store
	user  uuid.UUID
}

// setup builds a world with one store of no call limit.
func setup(t *testing.T, change ...func(*app.Config)) *world {
	t.Helper()
	w := setupOn(t, storetest.Chosen(t), change...)
	w.user = w.addUser(t, "ana@example.com")
	return w
}

// setupOn is setup on a store that is open already, without an account.
func setupOn(t *testing.T, st *store.Store, change ...func(*app.Config)) *world {
	t.Helper()
	w := &world{store: st, clock: &clock{now: time.Now().UTC().Truncate(time.Second)}, log: &lockedBuffer{}}
	log := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w.sim = simulator.New(simulator.WithClock(w.clock.Now), simulator.WithSeed(1))
	w.shop = w.sim.AddShop(simulator.ShopConfig{Domain: shopDomain, Token: shopToken, APISecret: shopSecret, Bucket: -1})
	client := w.client(t)
	cfg := app.Config{Now: w.clock.Now, PublicURL: publicURL, SyncInterval: 15 * time.Minute}
	for _, c := range change {
		c(&cfg)
	}
	var err error
	if w.app, err = app.New(cfg, w.store, client, log); err != nil {
		t.Fatal(err)
	}
	return w
}

// client talks to the simulated Shopify.
func (w *world) client(t *testing.T) *shopify.Client {
	t.Helper()
	c, err := shopify.NewClient(shopify.Config{Now: w.clock.Now, Retries: -1}, &http.Client{Transport: w}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// RoundTrip lets a test act between Shopify's answer and what the service makes of it.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	if w.lie != nil {
		if text := w.lie(r); text != "" {
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text)), Request: r}, nil
		}
	}
	resp, err := w.sim.Transport().RoundTrip(r)
	if w.after != nil {
		w.after(r)
	}
	return resp, err
}

func (w *world) addUser(t *testing.T, email string) uuid.UUID {
	t.Helper()
	u, err := w.app.AddUser(t.Context(), email, password, false)
	if err != nil {
		t.Fatal(err)
	}
	return u.ID
}

// connect connects the simulated store with its token and secret.
func (w *world) connect(t *testing.T) app.Connected {
	t.Helper()
	c, err := w.app.Connect(t.Context(), w.user, app.ConnectInput{
		StoreName: shopDomain, Credentials: app.Credentials{AccessToken: shopToken, APISecret: shopSecret},
	})
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	return c
}

// runImport carries the run on until it ends, moving the clock over every wait.
func (w *world) runImport(t *testing.T, id uuid.UUID) store.Import {
	t.Helper()
	for range 5000 {
		p, err := w.app.Import(t.Context(), id)
		if err != nil {
			t.Fatalf("import: %v", err)
		}
		if p.Done {
			run, err := w.store.ImportByID(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			return run
		}
		w.clock.Add(p.After)
	}
	run, err := w.store.ImportByID(t.Context(), id)
	t.Fatalf("the import does not end: %+v, %v", run, err)
	return store.Import{}
}

// sync runs a manual sync to its end.
func (w *world) sync(t *testing.T, id int64) store.Import {
	t.Helper()
	run, err := w.app.StartSync(t.Context(), w.user, id, time.Time{})
	if err != nil {
		t.Fatalf("start sync: %v", err)
	}
	return w.runImport(t, run.ID)
}

// incoming is a delivery of the simulated store, rightly signed.
func (w *world) incoming(topic, webhookID, body string) app.Incoming {
	return app.Incoming{
		Shop: shopDomain, Topic: topic, WebhookID: webhookID, Body: []byte(body), HMAC: shopify.Sign(shopSecret, []byte(body)),
	}
}

// accept takes a delivery in that must be taken.
func (w *world) accept(t *testing.T, d app.Incoming) {
	t.Helper()
	if err := w.app.Accept(t.Context(), d); err != nil {
		t.Fatalf("accept %s: %v", d.Topic, err)
	}
}

// process works the integration's deliveries off.
func (w *world) process(t *testing.T, id int64) {
	t.Helper()
	if err := w.app.Process(t.Context(), id); err != nil {
		t.Fatalf("process: %v", err)
	}
}

// orders are all orders of the integration that lists show, by platform id.
func (w *world) orders(t *testing.T, id int64) map[string]store.Order {
	t.Helper()
	filter := store.OrderFilter{IntegrationID: id, Limit: 500, Payload: true, Order: store.OrderBy{Field: store.ByCreatedAt}}
	out := map[string]store.Order{}
	for {
		rows, err := w.store.Orders(t.Context(), filter)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range rows {
			if _, twice := out[o.Order.ID]; twice {
				t.Fatalf("order %s is there twice", o.Order.ID)
			}
			out[o.Order.ID] = o
		}
		if len(rows) < filter.Limit {
			return out
		}
		key := store.KeyOf(rows[len(rows)-1], filter.Order)
		filter.After = &key
	}
}

// delivery gives the only delivery of the integration with that webhook id.
func (w *world) delivery(t *testing.T, id int64, webhookID string) store.Delivery {
	t.Helper()
	ds, err := w.store.Deliveries(t.Context(), id, store.DeliveryFilter{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var found []store.Delivery
	for _, d := range ds {
		if d.WebhookID == webhookID {
			found = append(found, d)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d deliveries %q, want 1", len(found), webhookID)
	}
	return found[0]
}

// integration is the user's view of the integration.
func (w *world) integration(t *testing.T, id int64) app.Integration {
	t.Helper()
	in, err := w.app.Integration(t.Context(), w.user, id)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func problems(in app.Integration) map[string]bool {
	out := map[string]bool{}
	for _, p := range in.Problems {
		out[p.Code] = true
	}
	return out
}

// wantError checks kind and code of an error.
func wantError(t *testing.T, err error, kind app.Kind, code string) *app.Error {
	t.Helper()
	e, ok := errors.AsType[*app.Error](err)
	if !ok || e.Kind != kind || e.Code != code {
		t.Fatalf("got error %v, want kind %d code %s", err, kind, code)
	}
	return e
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf []byte
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.buf = append(b.buf, p...)
	return len(p), nil
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.buf)
}
