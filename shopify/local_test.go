package shopify_test

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"probability/shopify"
	"probability/shopify/simulator"
)

// roundTrip is a function that answers requests.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A store that lives in this process is asked there, whatever the endpoint is, and nobody else is sent its token.
func TestClient_LocalStoresNeverMeetTheNetwork(t *testing.T) {
	t.Parallel()
	const local, other, token = "local.myshopify.com", "other.myshopify.com", "shpat_local"
	sim := simulator.New()
	sim.AddShop(simulator.ShopConfig{Domain: local, Token: token, Bucket: -1}).Generate(300, 1e15)
	var outside []string
	network := roundTrip(func(r *http.Request) (*http.Response, error) {
		outside = append(outside, r.URL.Host+r.URL.Path)
		return nil, errors.New("no network here")
	})
	running := true
	here := roundTrip(func(r *http.Request) (*http.Response, error) {
		if !running {
			return nil, errors.New("not running")
		}
		return sim.Transport().RoundTrip(r)
	})
	for _, endpoint := range []string{"", "http://127.0.0.1:1/{shop}"} {
		running, outside = true, nil
		client, err := shopify.NewClient(shopify.Config{Endpoint: endpoint, Local: map[string]http.RoundTripper{local: here}, Retries: -1},
			&http.Client{Transport: network}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		s := shopify.Session{Shop: strings.ToUpper(local[:2]) + local[2:], Token: token}
		if shop, err := client.Shop(t.Context(), s); err != nil || shop.MyshopifyDomain != local {
			t.Errorf("got %+v, %v", shop, err)
		}
		running = false
		if _, err := client.Shop(t.Context(), s); shopify.KindOf(err) != shopify.KindUnavailable {
			t.Errorf("a store that is not running: got %v, want it not reachable", err)
		}
		if len(outside) != 0 {
			t.Errorf("the network was asked for %v", outside)
		}
		if _, err := client.Shop(t.Context(), shopify.Session{Shop: other, Token: token}); err == nil || len(outside) != 1 {
			t.Errorf("another store: got %v, and the network was asked for %v", err, outside)
		}
	}
}
