package web_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"probability/shopify/simulator"
)

// TestConnect_EveryRefusalOfShopifyHasItsCode connects while the store answers with a fault.
func TestConnect_EveryRefusalOfShopifyHasItsCode(t *testing.T) {
	t.Parallel()
	b := newBench(t).accounts()
	token := fmt.Sprintf(`{"store_name":%q,"access_token":%q}`, shopDomain, shopToken)
	client := fmt.Sprintf(`{"store_name":%q,"client_id":"0a1b2c3d","client_secret":%q}`, shopDomain, shopSecret)
	for _, c := range []struct {
		fault      simulator.FaultKind
		path       string
		body, code string
		reason     string
	}{
		{simulator.FaultUnauthorized, "shop.json", token, "invalid_token", ""},
		{simulator.FaultTokenKind, "shop.json", token, "invalid_token", ""},
		{simulator.FaultPayment, "shop.json", token, "shopify_error", "store_unavailable"},
		{simulator.FaultLocked, "shop.json", token, "shopify_error", "store_unavailable"},
		{simulator.FaultNotFound, "shop.json", token, "store_not_found", ""},
		{simulator.FaultScope, "shop.json", token, "missing_scope", ""},
		{simulator.FaultForbidden, "shop.json", token, "shopify_error", ""},
		{simulator.FaultRedirect, "shop.json", token, "shopify_error", ""},
		{simulator.FaultInternal, "shop.json", token, "shopify_error", ""},
		{simulator.FaultDrop, "shop.json", token, "shopify_unreachable", ""},
		{simulator.FaultHTML, "shop.json", token, "shopify_error", ""},
		{simulator.FaultNotInstalled, "access_token", client, "shopify_error", "app_not_installed"},
		{simulator.FaultNotPermitted, "access_token", client, "shopify_error", "shop_not_permitted"},
		{simulator.FaultBadClient, "access_token", client, "invalid_token", "invalid_client_credentials"},
	} {
		b.shop.Inject(simulator.Fault{Kind: c.fault, Path: c.path})
		for _, language := range []string{"en", "es"} {
			got := b.post(connectPath, c.body, header("Accept-Language", language))
			if got.status != http.StatusBadRequest || got.at("code") != c.code || c.reason != "" && got.at("reason") != c.reason {
				t.Errorf("%s: want %s %s, got %s", c.fault, c.code, c.reason, got.body)
			}
			text, _ := got.at("detail").(string)
			if strings.Contains(text, "<no value>") || strings.Contains(text, "evil") {
				t.Errorf("%s: %s", c.fault, text)
			}
		}
		b.shop.ClearFaults()
	}
	b.post(connectPath, token).want(http.StatusCreated)
}

func TestConnect_NamesTheMissingScope(t *testing.T) {
	t.Parallel()
	b := newBench(t).accounts()
	body := fmt.Sprintf(`{"store_name":%q,"access_token":%q}`, shopDomain, shopToken)
	b.shop.SetScopes("read_products")
	got := b.post(connectPath, body).problem(http.StatusBadRequest, "missing_scope")
	if !strings.Contains(got.at("detail").(string), "the scope read_orders is missing") {
		t.Errorf("got %s", got.body)
	}
	b.shop.SetScopes("read_orders")
	connected := b.post(connectPath, body).want(http.StatusCreated)
	if connected.at("integration", "health", "status") != "degraded" || connected.at("integration", "health", "problems", 0, "code") != "orders_limited_to_60_days" {
		t.Errorf("got %s", connected.body)
	}
}

// TestOrders_GeneratedOnesComeBackAsShopifySentThem imports the simulator's odd orders and compares bytes.
func TestOrders_GeneratedOnesComeBackAsShopifySentThem(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.shop.Generate(80, 30*24*time.Hour)
	path, _ := b.connected()
	b.carryOut(b.get(path+"imports/").at("results", 0, "id").(string))
	page := b.get(path + "orders/?page_size=100").want(http.StatusOK)
	for _, payload := range b.shop.Orders() {
		if !bytes.Contains(page.body, append([]byte(`"raw_response":`), payload...)) {
			t.Errorf("this payload did not come back: %.200s", payload)
		}
	}
}

func TestWebhook_TakesWhatShopifyDelivers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	to := simulator.To(b.base + webhookPath)
	send := func(topic string, body []byte, opts ...simulator.DeliverOption) int {
		t.Helper()
		d, err := b.shop.Deliver(t.Context(), b.client, topic, body, append(opts, to)...)
		fatal(t, err)
		return d.Status
	}
	raw := b.shop.NewOrder()
	for _, opts := range [][]simulator.DeliverOption{nil, {simulator.WithoutX()}} {
		if status := send("orders/create", raw, opts...); status != http.StatusOK {
			t.Errorf("got %d", status)
		}
	}
	if status := send("orders/create", raw, simulator.SignedWith("another")); status != http.StatusUnauthorized {
		t.Errorf("another secret: got %d", status)
	}
	b.work(id)
	if got := b.get(path + "orders/").want(http.StatusOK); got.at("count") != 1.0 {
		t.Errorf("got %s", got.body)
	}
}

func TestServer_IncompleteBodyIsTheSendersTrouble(t *testing.T) {
	t.Parallel()
	b := newBench(t).accounts()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, connectPath, brokenReader{})
	fatal(t, err)
	as(b.alice)(r)
	direct(t, b.server, r).problem(http.StatusBadRequest, "incomplete_body")
	b.post(connectPath, "store_name=%zz", asForm).problem(http.StatusBadRequest, "bad_request")
}
