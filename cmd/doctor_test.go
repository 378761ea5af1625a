package cmd_test

import (
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"probability/shopify/simulator"
)

// doctor runs it beside a service and wants an exit code and lines, each of them a regular expression.
func doctor(t *testing.T, dir string, flags []string, code int, lines ...string) {
	t.Helper()
	got, stdout, stderr := command(t, dir, "", append([]string{"doctor"}, flags...)...)
	if got != code {
		t.Errorf("got exit code %d, want %d: %s", got, code, stderr)
	}
	for _, line := range lines {
		if !regexp.MustCompile(`(?m)` + line).MatchString(stdout) {
			t.Errorf("want a line like %q", line)
		}
	}
	for _, secret := range []string{"shpat_0123456789abcdef", "shpss_fedcba9876543210"} {
		if strings.Contains(stdout+stderr, secret) {
			t.Errorf("it shows %s", secret)
		}
	}
	if t.Failed() {
		t.Log(stdout)
	}
}

func TestDoctor_AsksTheStores(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var ahead atomic.Int64 // of the store's clock
	server := simulator.New(simulator.WithHTTPWebhooks(), simulator.WithClock(func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }))
	shop := server.AddShop(simulator.ShopConfig{
		Domain: testShop, Token: "shpat_0123456789abcdef", APISecret: "shpss_fedcba9876543210", Name: "Tienda", Bucket: -1,
	})
	base, stop, err := server.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	token := account(t, dir, "ana@example.com")
	flags := []string{"--shopify-endpoint=" + base + "/{shop}", "--server-public-url=http://127.0.0.1:1"}
	p := serving(t, "probability", dir, flags...)
	r := rest{t, p.base, token}
	id, first := r.connect()
	r.completed(id, first.ID)
	const name = `tienda\.myshopify\.com`

	doctor(t, dir, flags, 0,
		`^ok    service         it runs on this folder$`,
		`^ok    key             [0-9a-f]{16} opens the database$`,
		`^ok    clock `,
		`^ok    store           `+name+` answers as "Tienda" and takes the token$`,
		`^ok    orders          `+name+` shows its orders$`,
		`^ok    scopes          `+name+` grants all that is needed$`,
		`^ok    API version     `+name+` serves 2026-10$`,
		`^ok    webhooks        `+name+` sends every topic to http://127.0.0.1:1/api/webhooks/shopify/orders/$`,
		`^warn  last webhook    none has come from `+name+` yet; `)
	deliver(t, shop, p.base, "orders/create", shop.NewOrder())
	doctor(t, dir, flags, 0, `^ok    last webhook    one came from `+name+` \d+s ago$`)

	ahead.Store(int64(20 * time.Minute))
	shop.SetScopes("read_orders")
	shop.SetVersions("2027-01")
	doctor(t, dir, flags, 1,
		`^FAIL  clock           (19m[3-5]\d|20m\d+)s behind Shopify's; let this machine set its clock by NTP$`,
		`^warn  scopes          `+name+` grants no read_all_orders, so that only the last 60 days can be read; grant`,
		`^warn  API version     `+name+` serves 2027-01 instead of 2026-10; set shopify.api_version`)
	ahead.Store(0)
	shop.SetVersions("2026-10")
	shop.SetScopes("read_products")
	doctor(t, dir, flags, 1,
		`^FAIL  orders          `+name+` does not show its orders: .*; grant`,
		`^FAIL  scopes          `+name+` grants no read_orders, .*; grant the app read_orders in the store, then give it a new token: PATCH /api/integrations/shopify/1/$`)
	shop.SetScopes("read_all_orders", "read_orders")

	// Gone subscriptions: a webhook that came lately makes them a doubt, else they are a failure.
	shop.DropSubscriptions()
	doctor(t, dir, flags, 0, `^warn  webhooks        `+name+` does not list orders/create, .* and yet the last one came `)
	elsewhere := append(flags[:1:1], "--server-public-url=http://127.0.0.1:2")
	doctor(t, dir, elsewhere, 0, `^warn  webhooks .*at http://127.0.0.1:2/`)

	r.call(http.MethodDelete, api+"1/disconnect/", nil, http.StatusOK, nil)
	doctor(t, dir, flags, 0, `^ok    stores          none is connected and active$`)
	id, first = r.connect()
	r.completed(id, first.ID)
	shop.DropSubscriptions()
	doctor(t, dir, flags, 1, `^FAIL  webhooks        `+name+` does not send orders/create, orders/updated, orders/cancelled, orders/delete, app/uninstalled to .*; POST /api/integrations/shopify/2/register-webhook/$`)
	shop.Uninstall()
	doctor(t, dir, flags, 1, `^FAIL  store           `+name+` cannot be used: .*; give it new credentials: PATCH /api/integrations/shopify/2/$`)
	stop()
	doctor(t, dir, flags, 1, `^warn  clock           no store has told its time`, `^FAIL  store .*; see whether this machine reaches the store, and try again$`)
	if code := p.stop(); code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
	doctor(t, dir, flags, 1, `^warn  service         none runs on this folder`)
}

// Without a secret no webhook can be verified, and without a public address none is sent.
func TestDoctor_WebhooksThatCannotWork(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, _, endpoint := simulated(t, simulator.ShopConfig{Bucket: -1})
	token := account(t, dir, "ana@example.com")
	flags := []string{"--shopify-endpoint=" + endpoint}
	p := serving(t, "probability", dir, flags...)
	r := rest{t, p.base, token}
	r.call(http.MethodPost, api+"connect/", map[string]string{
		"store_name": testShop, "access_token": "shpat_0123456789abcdef",
	}, http.StatusCreated, nil)
	doctor(t, dir, flags, 0,
		`^warn  public_url      not set`,
		`^warn  webhooks        tienda\.myshopify\.com sends none, since no public address is known; set server.public_url, then POST`)
	doctor(t, dir, append(flags, "--server-public-url=https://orders.example.com"), 1,
		`^ok    public_url      https://orders.example.com; whether Shopify reaches it cannot be known from here`,
		`^FAIL  webhooks        no secret is known that verifies those of tienda`)
}
