package cmd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"probability/shopify/simulator"
)

const testShop = "tienda.myshopify.com"

// simulated starts a store that the service can be pointed at.
func simulated(t *testing.T, cfg simulator.ShopConfig) (*simulator.Server, *simulator.Shop, string) {
	t.Helper()
	server := simulator.New(simulator.WithHTTPWebhooks())
	cfg.Domain, cfg.Token, cfg.APISecret = testShop, "shpat_0123456789abcdef", "shpss_fedcba9876543210"
	shop := server.AddShop(cfg)
	base, stop, err := server.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return server, shop, base + "/{shop}"
}

// rest is the API with a token.
type rest struct {
	t     *testing.T
	base  string
	token string
}

// send makes one request and returns status and body.
func (r rest) send(ctx context.Context, method, path string, body any) (int, []byte, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return 0, nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, r.base+path, bytes.NewReader(text))
	if err != nil {
		return 0, nil, err
	}
	if r.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	req.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	var buffer bytes.Buffer
	_, err = buffer.ReadFrom(resp.Body)
	return resp.StatusCode, buffer.Bytes(), err
}

// call is send that wants a status and reads the body into a value.
func (r rest) call(method, path string, body any, status int, into any) {
	r.t.Helper()
	got, text, err := r.send(r.t.Context(), method, path, body)
	if err != nil {
		r.t.Fatal(err)
	}
	if got != status {
		r.t.Fatalf("%s %s: got %d, want %d: %s", method, path, got, status, text)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(text, into); err != nil {
		r.t.Fatalf("%s %s: %v: %s", method, path, err, text)
	}
}

type importRun struct {
	ID      string `json:"id"`
	State   string `json:"state"`
	Total   *int   `json:"total"`
	Fetched int    `json:"fetched"`
	Created int    `json:"created"`
	Error   string `json:"error"`
}

const api = "/api/integrations/shopify/"

// connect connects the simulated store and returns the integration and its first import.
func (r rest) connect() (int64, importRun) {
	r.t.Helper()
	var done struct {
		Integration struct {
			ID int64 `json:"id"`
		} `json:"integration"`
		Import importRun `json:"import"`
	}
	r.call(http.MethodPost, api+"connect/", map[string]string{
		"store_name": testShop, "access_token": "shpat_0123456789abcdef", "api_secret": "shpss_fedcba9876543210",
	}, http.StatusCreated, &done)
	return done.Integration.ID, done.Import
}

func (r rest) run(integration int64, id string) importRun {
	r.t.Helper()
	var run importRun
	r.call(http.MethodGet, fmt.Sprintf("%s%d/imports/%s/", api, integration, id), nil, http.StatusOK, &run)
	return run
}

// completed waits for the end of an import, as long as it gets on.
func (r rest) completed(integration int64, id string) importRun {
	r.t.Helper()
	var run importRun
	for run.State != "completed" {
		before := run
		eventually(r.t, "a further step of the import", func() error {
			run = r.run(integration, id)
			switch {
			case run.State == "failed" || run.State == "cancelled":
				r.t.Fatalf("the import ended as %+v", run)
			case run.State != before.State || run.Fetched != before.Fetched:
				return nil
			}
			return want("state", run.State, "completed")
		})
	}
	return run
}

// orders reads all orders by cursor: how often each platform id is there.
func (r rest) orders(integration int64) map[string]int {
	r.t.Helper()
	found := map[string]int{}
	for next := fmt.Sprintf("%s%d/orders/?cursor=&page_size=100&fields=platform_order_id", api, integration); next != ""; {
		var page struct {
			Next       *string `json:"next"`
			NextCursor *string `json:"next_cursor"`
			Results    []struct {
				PlatformOrderID string `json:"platform_order_id"`
			} `json:"results"`
		}
		r.call(http.MethodGet, next, nil, http.StatusOK, &page)
		for _, o := range page.Results {
			found[o.PlatformOrderID]++
		}
		next = ""
		if page.NextCursor != nil && *page.NextCursor != "" {
			next = fmt.Sprintf("%s%d/orders/?page_size=100&fields=platform_order_id&cursor=%s", api, integration, *page.NextCursor)
		}
	}
	return found
}

// sameOrders wants each order of the store once, and no other.
func (r rest) sameOrders(integration int64, shop *simulator.Shop) error {
	r.t.Helper()
	found := r.orders(integration)
	for _, id := range shop.OrderIDs() {
		text := fmt.Sprint(id)
		if found[text] != 1 {
			return fmt.Errorf("order %s is there %d times, want once", text, found[text])
		}
		delete(found, text)
	}
	if len(found) > 0 {
		return fmt.Errorf("%d orders too many: %v", len(found), found)
	}
	return nil
}

// patient delivers webhooks and waits longer for the answer than the five seconds of Shopify: on a machine with much else to do they
// pass through nobody's fault.
var patient = &http.Client{Timeout: patience}

// deliver signs and sends one webhook and returns the status.
func deliver(t *testing.T, shop *simulator.Shop, base, topic string, body []byte) int {
	t.Helper()
	sent, err := shop.Deliver(t.Context(), patient, topic, body, simulator.To(base+"/api/webhooks/shopify/orders/"))
	if err != nil {
		t.Fatal(err)
	}
	return sent.Status
}
