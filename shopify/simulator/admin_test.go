package simulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"probability/shopify/simulator"
)

func TestToken_OnlyTheOneHeaderCounts(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	const want = `{"errors":"[API] Invalid API key or access token (unrecognized login or wrong password)"}`
	for name, headers := range map[string][]string{
		"none":    {"X-Shopify-Access-Token", ""},
		"wrong":   {"X-Shopify-Access-Token", token + "0"},
		"bearer":  {"X-Shopify-Access-Token", "", "Authorization", "Bearer " + token},
		"secret":  {"X-Shopify-Access-Token", secret},
		"revoked": nil,
	} {
		if name == "revoked" {
			continue
		}
		if a := b.get("shop.json", headers...); a.status != http.StatusUnauthorized || a.body != want {
			t.Errorf("%s: got %d %s", name, a.status, a.body)
		}
	}
	if a := b.get("shop.json", "Authorization", "Bearer other"); a.status != http.StatusOK {
		t.Errorf("an extra Authorization: got %d, want 200", a.status)
	}
	b.shop.RevokeToken()
	if a := b.get("shop.json"); a.status != http.StatusUnauthorized {
		t.Errorf("revoked: got %d, want 401", a.status)
	}
	b.shop.SetToken(token)
	if a := b.get("shop.json"); a.status != http.StatusOK {
		t.Errorf("given again: got %d, want 200", a.status)
	}
	calls := b.srv.Calls()
	if len(calls) != 7 || calls[6].Status != http.StatusOK || !calls[6].Token || calls[6].Path != "/admin/api/2026-10/shop.json" || calls[6].Shop != domain {
		t.Errorf("call log: got %+v", calls)
	}
	if strings.Contains(fmt.Sprintf("%+v", calls), token) {
		t.Error("the call log shows a token")
	}
}

func TestVersion_FallsForward(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	for asked, served := range map[string]string{
		"api/2026-10": "2026-10", "api/2026-04": "2026-04", "api/2024-10": "2026-01", "api/2031-01": "2026-01", "api/unstable": "unstable",
	} {
		a := b.send(http.MethodGet, "https://"+domain+"/admin/"+asked+"/shop.json", "")
		if got := a.header.Get("X-Shopify-API-Version"); a.status != http.StatusOK || got != served {
			t.Errorf("%s: got %d from version %q, want %q", asked, a.status, got, served)
		}
	}
	b.shop.SetVersions("2027-01")
	if got := b.get("shop.json").header.Get("X-Shopify-API-Version"); got != "2027-01" {
		t.Errorf("after the end of 2026-10: got %q, want 2027-01", got)
	}
	for _, path := range []string{"api/api_versions.json", "api/2026-11/shop.json", "api/latest/shop.json", "api/2026-10/nothing.json"} {
		if a := b.send(http.MethodGet, "https://"+domain+"/admin/"+path, ""); a.status != http.StatusNotFound {
			t.Errorf("%s: got %d, want 404", path, a.status)
		}
	}
}

func TestShop_AndScopes(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	var got struct {
		Shop struct {
			ID           int64
			Name, Domain string
			Myshopify    string `json:"myshopify_domain"`
			Currency     string
			Zone         string `json:"iana_timezone"`
			Plan         string `json:"plan_name"`
			Country      string `json:"country_code"`
		}
	}
	if err := json.Unmarshal([]byte(b.get("shop.json").body), &got); err != nil {
		t.Fatal(err)
	}
	if s := got.Shop; s.ID != b.shop.ID() || s.Name != "Tienda" || s.Myshopify != domain || s.Currency != "COP" || s.Zone != "America/Bogota" || s.Plan != "basic" || s.Country != "CO" {
		t.Errorf("got %+v", s)
	}
	a := b.send(http.MethodGet, "https://"+domain+"/admin/oauth/access_scopes.json", "")
	if want := `{"access_scopes":[{"handle":"read_orders"},{"handle":"read_all_orders"}]}`; a.body != want {
		t.Errorf("got %s, want %s", a.body, want)
	}
	if a := b.get("shop.json", "Accept", "text/xml"); a.status != http.StatusNotAcceptable {
		t.Errorf("XML: got %d, want 406", a.status)
	}
	ids := map[string]bool{}
	for range 5 {
		ids[b.get("shop.json").header.Get("X-Request-Id")] = true
	}
	if len(ids) != 5 || ids[""] {
		t.Errorf("request ids: got %v", ids)
	}
	if got, want := b.get("shop.json").header.Get("Date"), "Mon, 23 Nov 2026 15:04:05 GMT"; got != want {
		t.Errorf("Date: got %q, want %q", got, want)
	}
}

func TestLimit_LeakyBucket(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *simulator.ShopConfig) { c.Bucket = 0 })
	for i := range 40 {
		a := b.get("shop.json")
		if want := fmt.Sprintf("%d/40", i+1); a.status != http.StatusOK || a.header.Get("X-Shopify-Shop-Api-Call-Limit") != want {
			t.Fatalf("call %d: got %d and %q, want %q", i+1, a.status, a.header.Get("X-Shopify-Shop-Api-Call-Limit"), want)
		}
	}
	a := b.get("orders.json")
	if a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") != "2.0" || a.header.Get("X-Shopify-Shop-Api-Call-Limit") != "" {
		t.Errorf("call 41: got %d, headers %v", a.status, a.header)
	}
	if want := `{"errors":"Exceeded 2 calls per second for api client. Reduce request rates to resume uninterrupted service."}`; a.body != want {
		t.Errorf("call 41: got %s, want %s", a.body, want)
	}
	if a := b.get("shop.json", "X-Shopify-Access-Token", "no"); a.status != http.StatusUnauthorized {
		t.Errorf("a wrong token at a full bucket: got %d, want 401", a.status)
	}
	b.clock.Advance(time.Second)
	for i, want := range []int{200, 200, 429} {
		if a := b.get("shop.json"); a.status != want {
			t.Errorf("a second later, call %d: got %d, want %d", i+1, a.status, want)
		}
	}
	b.shop.SetBucket(400, 0)
	if a := b.get("shop.json"); a.header.Get("X-Shopify-Shop-Api-Call-Limit") != "41/400" {
		t.Errorf("another plan: got %q", a.header.Get("X-Shopify-Shop-Api-Call-Limit"))
	}
	if got := b.srv.Count429(); got != 2 {
		t.Errorf("got %d calls refused, want 2", got)
	}
}

func TestServer_RoutesByHostOrPath(t *testing.T) {
	t.Parallel()
	srv := simulator.New()
	srv.AddShop(simulator.ShopConfig{Domain: "one.myshopify.com", Token: "one"})
	path := "/admin/api/2026-10/shop.json"
	ask := func(target, host, token string) int {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
		req.Host = host
		req.Header.Set("X-Shopify-Access-Token", token)
		rec := httptest.NewRecorder()
		srv.ServeHTTP(rec, req)
		return rec.Code
	}
	if got := ask(path, "127.0.0.1:8080", "one"); got != http.StatusOK {
		t.Errorf("the only store: got %d, want 200", got)
	}
	if got := ask(path, "evil.example", "one"); got != http.StatusNotFound {
		t.Errorf("a foreign host: got %d, want 404", got)
	}
	srv.AddShop(simulator.ShopConfig{Domain: "Two.myshopify.com", Token: "two"})
	for _, c := range []struct {
		target, host, token string
		want                int
	}{
		{path, "one.myshopify.com", "one", 200},
		{path, "TWO.myshopify.com:443", "two", 200},
		{path, "one.myshopify.com", "two", 401},
		{"/two.myshopify.com" + path, "127.0.0.1:1", "two", 200},
		{"/three.myshopify.com" + path, "127.0.0.1:1", "two", 404},
		{path, "three.myshopify.com", "one", 404},
		{path, "127.0.0.1:1", "one", 404},
	} {
		if got := ask(c.target, c.host, c.token); got != c.want {
			t.Errorf("%s at %s: got %d, want %d", c.target, c.host, got, c.want)
		}
	}
	if n := len(srv.Shops()); n != 2 || srv.Shop("two.MYSHOPIFY.com") == nil || srv.Shop("x") != nil {
		t.Errorf("got %d stores, want two", n)
	}
}

// TestServer_Listens goes over real sockets, plain and TLS, with links that
// name the store's own host.
func TestServer_Listens(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.shop.Generate(30, day)
	base, stop, err := b.srv.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	tlsBase, client, stopTLS, err := b.srv.StartTLS()
	if err != nil {
		t.Fatal(err)
	}
	defer stopTLS()
	b.hc = &http.Client{}
	a := b.send(http.MethodGet, base+"/"+domain+"/admin/api/2026-10/orders.json?status=any&limit=10", "")
	if got := len(a.orders(t)); got != 10 {
		t.Errorf("plain: got %d orders, want 10", got)
	}
	b.hc.CloseIdleConnections()
	b.hc = client
	if got := len(b.send(http.MethodGet, tlsBase+"/"+domain+"/admin/api/2026-10/orders.json?status=any", "").orders(t)); got == 0 {
		t.Error("TLS: no orders")
	}
	if got := len(b.send(http.MethodGet, a.relation(t, "next"), "").orders(t)); got != 10 {
		t.Errorf("following a link: got %d orders, want 10", got)
	}
}

func TestServer_ConcurrentUse(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.shop.Generate(500, 30*day)
	ids := b.shop.OrderIDs()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 10 {
				switch i % 4 {
				case 0:
					_, _ = b.try(http.MethodGet, api+"orders.json?status=any&limit=250", "") // only the race detector looks
				case 1:
					b.shop.Update(ids[(i*10+j)*5], func(o map[string]any) { o["note"] = "x" })
				case 2:
					b.shop.NewOrder()
					b.shop.Cancel(ids[(i*10+j)*3])
				case 3:
					_, _ = b.try(http.MethodGet, api+"orders/count.json", "")
					b.clock.Advance(time.Millisecond)
				}
			}
		})
	}
	wg.Wait()
	if got, want := b.get("orders/count.json?status=any").count(t), 500+20; got != want {
		t.Errorf("got %d orders, want %d", got, want)
	}
}
