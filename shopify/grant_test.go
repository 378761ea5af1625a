package shopify_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"probability/shopify"
)

func TestToken_Request(t *testing.T) {
	t.Parallel()
	s := &script{steps: []transport{func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		form, err := url.ParseQuery(string(body))
		want := url.Values{"grant_type": {"client_credentials"}, "client_id": {"the id"}, "client_secret": {"shpss_a+b&c"}}
		if diff := cmp.Diff(want, form); err != nil || diff != "" {
			t.Errorf("form: %v %s", err, diff)
		}
		return reply(r, 200, `{"access_token":"shpat_x","scope":"read_orders,read_all_orders","expires_in":86399}`), nil
	}}}
	token, err := newClient(t, s).Token(t.Context(), "MI-tienda.myshopify.com", "the id", "shpss_a+b&c")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"read_orders", "read_all_orders"}, token.Scopes); diff != "" || token.AccessToken != "shpat_x" || token.ExpiresIn != 86399*time.Second {
		t.Errorf("got %q %v %s", token.AccessToken, token.Scopes, token.ExpiresIn)
	}
	r := s.calls[0]
	if got := r.Method + " " + r.URL.String(); got != "POST https://mi-tienda.myshopify.com/admin/oauth/access_token" {
		t.Errorf("got %s", got)
	}
	if r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || len(r.Header.Values("X-Shopify-Access-Token")) != 0 {
		t.Errorf("header %v", r.Header)
	}
}

func TestToken_LenientAnswer(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]shopify.Token{
		`{"access_token":"0a1b2c"}`:                                             {AccessToken: "0a1b2c"},
		`{"access_token":"t","scope":"","expires_in":null}`:                     {AccessToken: "t"},
		`{"access_token":"t","scope":"a, b  c","expires_in":"3600"}`:            {AccessToken: "t", Scopes: []string{"a", "b", "c"}, ExpiresIn: time.Hour},
		`{"access_token":"t","scope":["a","b"],"expires_in":59.9}`:              {AccessToken: "t", Scopes: []string{"a", "b"}, ExpiresIn: 59 * time.Second},
		`{"access_token":"t","scope":7,"expires_in":-5,"extra":{"deep":[]}}`:    {AccessToken: "t", Scopes: []string{"7"}},
		`{"access_token":"t","expires_in":10000000000}`:                         {AccessToken: "t"},
		`{"access_token":"t","expires_in":1e300}`:                               {AccessToken: "t"},
		`{"access_token":"t","scope":{},"expires_in":[],"token_type":"bearer"}`: {AccessToken: "t"},
	} {
		got, err := newClient(t, always(200, body)).Token(t.Context(), testShop, "id", "secret")
		if err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		if got.AccessToken != want.AccessToken || strings.Join(got.Scopes, "|") != strings.Join(want.Scopes, "|") || got.ExpiresIn != want.ExpiresIn {
			t.Errorf("%s: got %q %q %s", body, got.AccessToken, got.Scopes, got.ExpiresIn)
		}
	}
}

func TestToken_Failures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   shopify.Kind
	}{
		{"not of one organisation", 400, `{"error":"shop_not_permitted","error_description":"Client credentials cannot be performed on this shop."}`, shopify.KindNotPermitted},
		{"not of one organisation, in HTML", 400, `<html><title>Oauth error shop_not_permitted: no</title></html>`, shopify.KindNotPermitted},
		{"not of one organisation, in words", 400, `{"errors":"Client credentials cannot be performed on this shop."}`, shopify.KindNotPermitted},
		{"not installed", 400, `{"error":"app_not_installed"}`, shopify.KindNotInstalled},
		{"not installed, in HTML", 403, `<p>Oauth error app_not_installed</p>`, shopify.KindNotInstalled},
		{"wrong secret", 401, `{"error":"invalid_client","error_description":"bad"}`, shopify.KindBadCredentials},
		{"wrong secret with 400", 400, `{"error":"invalid_request"}`, shopify.KindBadCredentials},
		{"unknown id in HTML", 400, `<html>application_cannot_be_found</html>`, shopify.KindBadCredentials},
		{"refused without a word", 401, ``, shopify.KindBadCredentials},
		{"no such store", 404, `<!DOCTYPE html><h1>Not found</h1>`, shopify.KindNotFound},
		{"HTML with 200", 200, `<html>Log in</html>`, shopify.KindUnavailable},
		{"no token", 200, `{"scope":"a"}`, shopify.KindUnavailable},
		{"an empty token", 200, `{"access_token":""}`, shopify.KindUnavailable},
		{"a token that no header can carry", 200, `{"access_token":"a\nb"}`, shopify.KindUnavailable},
		{"an odd token", 200, `{"access_token":{"a":1}}`, shopify.KindUnavailable},
		{"a list", 200, `[]`, shopify.KindUnavailable},
		{"forbidden", 403, `{}`, shopify.KindForbidden},
		{"frozen", 402, `{"errors":"Unavailable Shop"}`, shopify.KindPaymentRequired},
		{"locked", 423, ``, shopify.KindLocked},
		{"throttled", 429, ``, shopify.KindThrottled},
		{"down", 503, `<html>`, shopify.KindUnavailable},
		{"moved", 302, ``, shopify.KindRedirected},
	} {
		_, err := newClient(t, always(c.status, c.body), func(cfg *shopify.Config) { cfg.MaxWait = 1 }).Token(t.Context(), testShop, "id", "secret")
		if e := wantKind(t, err, c.want); e.Status != c.status || e.Op != "get token" {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// The token endpoint is another one than the Admin API: it takes no place in
// the bucket, and a full bucket does not keep it waiting.
func TestToken_IsNotMetered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, always(200, `{"access_token":"t"}`))
		began := time.Now()
		for range 200 {
			if _, err := client.Token(t.Context(), testShop, "id", "secret"); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("took %s", took)
		}
	})
}

func TestToken_RetriesAndStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{steps: []transport{always(502, "<html>"), always(200, "<html>"), always(200, `{"access_token":"t"}`)}}
		client := newClient(t, s, func(cfg *shopify.Config) { cfg.Retries = 2 })
		if _, err := client.Token(t.Context(), testShop, "id", "secret"); err != nil || len(s.calls) != 3 {
			t.Errorf("%d calls, %v", len(s.calls), err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := client.Token(ctx, testShop, "id", "secret"); err == nil || shopify.KindOf(err) != "" {
			t.Errorf("got %v", err)
		}
	})
}
