package simulator_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"probability/shopify/simulator"
)

const grantURL = "https://" + domain + "/admin/oauth/access_token"

func (b *bundle) grant(id, secret string) answer {
	b.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}}
	return b.send(http.MethodPost, grantURL, form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "X-Shopify-Access-Token", "")
}

type granted struct {
	Token   string `json:"access_token"`
	Scope   string `json:"scope"`
	Expires int    `json:"expires_in"`
}

func (a answer) granted(t *testing.T) granted {
	t.Helper()
	var g granted
	if err := json.Unmarshal([]byte(a.body), &g); err != nil || a.status != http.StatusOK || g.Token == "" {
		t.Fatalf("grant: got %d %s", a.status, a.body)
	}
	return g
}

func TestGrant_TokenLivesADay(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *simulator.ShopConfig) { c.Token = "" })
	g := b.grant("the client id", "the client secret").granted(t)
	if g.Scope != "read_orders,read_all_orders" || g.Expires != 86399 {
		t.Errorf("got %+v", g)
	}
	second := b.send(http.MethodPost, grantURL, `{"grant_type":"client_credentials","client_id":"the client id","client_secret":"the client secret"}`,
		"Content-Type", "application/json").granted(t)
	if second.Token == g.Token {
		t.Error("the same token twice")
	}
	status := func(token string) int {
		return b.get("shop.json", "X-Shopify-Access-Token", token).status
	}
	if got := status(g.Token); got != http.StatusOK {
		t.Errorf("first token beside a second: got %d, want 200", got)
	}
	b.clock.Advance(24*time.Hour - time.Second)
	if got := status(g.Token); got != http.StatusOK {
		t.Errorf("in the last second: got %d, want 200", got)
	}
	b.clock.Advance(time.Second)
	if got := status(g.Token); got != http.StatusUnauthorized {
		t.Errorf("after a day: got %d, want 401", got)
	}
	third := b.grant("the client id", "the client secret").granted(t)
	b.shop.ExpireTokens()
	if got := status(third.Token); got != http.StatusUnauthorized {
		t.Errorf("expired on request: got %d, want 401", got)
	}
}

func TestGrant_Refusals(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	check := func(a answer, status int, code string) {
		t.Helper()
		var got struct {
			Error string `json:"error"`
			Text  string `json:"error_description"`
		}
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.status != status || got.Error != code || got.Text == "" {
			t.Errorf("got %d %s, want %d %s", a.status, a.body, status, code)
		}
	}
	check(b.grant("the client id", "wrong"), http.StatusUnauthorized, "invalid_client")
	check(b.grant("", ""), http.StatusUnauthorized, "invalid_client")
	check(b.send(http.MethodPost, grantURL, "grant_type=refresh_token", "Content-Type", "application/x-www-form-urlencoded"), http.StatusBadRequest, "unsupported_grant_type")
	check(b.send(http.MethodPost, grantURL, "{", "Content-Type", "application/json"), http.StatusBadRequest, "invalid_request")
	b.shop.SetSameOrganisation(false)
	check(b.grant("the client id", "the client secret"), http.StatusBadRequest, "shop_not_permitted")
	b.shop.SetSameOrganisation(true)
	b.shop.Uninstall()
	check(b.grant("the client id", "the client secret"), http.StatusBadRequest, "app_not_installed")
	b.shop.Install()
	b.grant("the client id", "the client secret").granted(t)

	a := b.send(http.MethodPost, "https://nobody.myshopify.com/admin/oauth/access_token", "grant_type=client_credentials")
	if a.status != http.StatusNotFound || !strings.Contains(a.body, "<html") {
		t.Errorf("no such store: got %d %s, want an HTML 404", a.status, a.body)
	}
	if a := b.send(http.MethodGet, grantURL, ""); a.status != http.StatusNotFound {
		t.Errorf("GET: got %d, want 404", a.status)
	}
}

func TestGrant_IsNotCounted(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *simulator.ShopConfig) { c.Bucket = 1 })
	for range 5 {
		b.grant("the client id", "the client secret").granted(t)
	}
	if a := b.get("shop.json"); a.header.Get("X-Shopify-Shop-Api-Call-Limit") != "1/1" {
		t.Errorf("got %q, want 1/1", a.header.Get("X-Shopify-Shop-Api-Call-Limit"))
	}
}

func TestRotateSecret(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *simulator.ShopConfig) { c.APISecret = "" })
	body := []byte(`{"id":1}`)
	if got, want := b.shop.Sign(body), hmacOf("the client secret", body); got != want {
		t.Errorf("got %s, want the client secret's %s", got, want)
	}
	if former := b.shop.RotateSecret("newer"); former != "the client secret" {
		t.Errorf("former: got %q", former)
	}
	if got, want := b.shop.Sign(body), hmacOf("newer", body); got != want {
		t.Errorf("got %s, want the new secret's %s", got, want)
	}
	b.grant("the client id", "newer").granted(t)
}
