package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"probability/shopify"
)

func TestServer_PathsWorkWithAndWithoutTrailingSlash(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, _ := b.connected()
	for _, slash := range []string{"", "/"} {
		b.get("/api/integrations/shopify" + slash).want(http.StatusOK)
		b.get(strings.TrimSuffix(path, "/") + slash).want(http.StatusOK)
		b.get(path + "orders" + slash).want(http.StatusOK)
		b.post(path+"test"+slash, "").want(http.StatusOK)
		b.do(http.MethodPatch, strings.TrimSuffix(path, "/")+slash, `{"is_active":true}`).want(http.StatusOK)
		b.get("/api/openapi.json" + slash).want(http.StatusOK)
		b.get("/healthz" + slash).want(http.StatusOK)
	}
	b.get("/api/integrations/shopify/%31").want(b.get("/api/integrations/shopify/%31/").status)
	b.get(path+"orders//").problem(http.StatusNotFound, "not_found")
	b.do(http.MethodDelete, path+"disconnect", "").want(http.StatusOK)
}

func TestServer_HeadIsGetWithoutBody(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, _ := b.connected()
	for _, p := range []string{"/", "/healthz", "/readyz", "/api/openapi.json", "/api/integrations/shopify/", path, path + "orders/", path + "imports/"} {
		got := b.do(http.MethodHead, p, "").want(http.StatusOK)
		if len(got.body) != 0 {
			t.Errorf("HEAD %s has a body", p)
		}
		if a, b := got.header.Get("Content-Type"), b.get(p).header.Get("Content-Type"); a != b {
			t.Errorf("HEAD %s: content type %q, GET has %q", p, a, b)
		}
	}
}

func TestServer_WrongMethodNamesTheRightOnes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, _ := b.connected()
	for _, c := range []struct{ method, path, allowed string }{
		{http.MethodPut, path, http.MethodPatch},
		{http.MethodDelete, path + "orders/", http.MethodGet},
		{http.MethodGet, path + "sync-orders/", http.MethodPost},
		{http.MethodGet, path + "disconnect/", http.MethodDelete},
		{http.MethodGet, "/api/webhooks/shopify/orders/", http.MethodPost},
		{http.MethodGet, "/api/integrations/shopify/connect/", http.MethodPost},
		{http.MethodPatch, "/api/integrations/shopify/connect/", http.MethodPost},
		{http.MethodPost, "/healthz", http.MethodGet},
		{http.MethodPost, path + "orders/export/", http.MethodGet},
	} {
		got := b.do(c.method, c.path, "").problem(http.StatusMethodNotAllowed, "method_not_allowed")
		if allow := got.header.Get("Allow"); !strings.Contains(allow, c.allowed) || strings.Contains(allow, c.method) {
			t.Errorf("%s %s: Allow is %q", c.method, c.path, allow)
		}
	}
	for _, p := range []string{"/api/integrations/shopify/connect/", path + "deliveries/replay/"} {
		for _, method := range []string{http.MethodDelete, http.MethodGet, http.MethodHead, http.MethodPatch, http.MethodPut, http.MethodTrace} {
			if allow := b.do(method, p, "").want(http.StatusMethodNotAllowed).header.Get("Allow"); allow != "OPTIONS, POST" {
				t.Errorf("%s %s: Allow is %q", method, p, allow)
			}
		}
		if allow := b.do(http.MethodOptions, p, "").want(http.StatusNoContent).header.Get("Allow"); allow != "OPTIONS, POST" {
			t.Errorf("OPTIONS %s: Allow is %q", p, allow)
		}
	}
}

func TestServer_UnknownPathsAreProblems(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, p := range []string{"/api", "/api/", "/api/integrations/", "/api/integrations/amazon/", "/nothing", "/api/integrations/shopify/1/orders/1/2/3"} {
		b.get(p).problem(http.StatusNotFound, "not_found")
		b.post(p, "{}").problem(http.StatusNotFound, "not_found")
	}
}

func TestServer_RequestIDIsKeptWhenSane(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	fresh := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	for _, sent := range []string{"abc-123_x.Y", strings.Repeat("a", 64)} {
		if got := b.get("/healthz", header("X-Request-Id", sent)).header.Get("X-Request-Id"); got != sent {
			t.Errorf("got %q, want %q", got, sent)
		}
	}
	for _, sent := range []string{"", strings.Repeat("a", 65), "a b", "a\tb", `"quoted"`, "ñ", "<script>"} {
		if got := b.get("/healthz", header("X-Request-Id", sent)).header.Get("X-Request-Id"); !fresh.MatchString(got) {
			t.Errorf("sent %q, got %q, want a UUIDv7", sent, got)
		}
	}
}

// TestServer_ForbidsTheBrowserWhatItDoesNotNeed looks at the headers of every kind of answer.
func TestServer_ForbidsTheBrowserWhatItDoesNotNeed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	b.put(id, order(1))
	body := order(2)
	for what, a := range map[string]answer{
		"page":             b.get("/", header("Accept", "text/html")).want(http.StatusOK),
		"refusing page":    b.get("/setup").want(http.StatusForbidden),
		"sign-in page":     b.get("/login").want(http.StatusOK),
		"refused sign-in":  b.post("/login", credentials("a@example.com", "x"), asForm).want(http.StatusUnauthorized),
		"redirect":         b.post("/logout", "", asForm).want(http.StatusSeeOther),
		"nothing":          b.post("/logout", "").want(http.StatusNoContent),
		"JSON":             b.get(path + "orders/").want(http.StatusOK),
		"headers only":     b.do(http.MethodHead, path+"orders/", "").want(http.StatusOK),
		"CSV":              b.get(path + "orders/export/?format=csv").want(http.StatusOK),
		"lines":            b.get(path + "orders/export/?format=ndjson").want(http.StatusOK),
		"document":         b.get("/api/openapi.json").want(http.StatusOK),
		"health":           b.get("/healthz").want(http.StatusOK),
		"accepted webhook": b.post(webhookPath, body, header("X-Shopify-Hmac-Sha256", shopify.Sign(shopSecret, []byte(body))), header("X-Shopify-Shop-Domain", shopDomain), header("X-Shopify-Topic", "orders/create")).want(http.StatusOK),
		"refused webhook":  b.post(webhookPath, body).want(http.StatusUnauthorized),
		"unauthorized":     b.get(path, anonymous).want(http.StatusUnauthorized),
		"bad parameter":    b.get(path + "orders/?page=x").want(http.StatusBadRequest),
		"another site":     b.post("/setup", "", asForm, header("Sec-Fetch-Site", "cross-site")).want(http.StatusForbidden),
		"unknown path":     b.get("/api/nothing").want(http.StatusNotFound),
		"wrong method":     b.do(http.MethodPut, path, "").want(http.StatusMethodNotAllowed),
		"methods":          b.do(http.MethodOptions, path, "").want(http.StatusNoContent),
		"too large":        b.post(connectPath, strings.Repeat("x", 2<<20)).want(http.StatusRequestEntityTooLarge),
		"stream":           b.do(http.MethodHead, path+"events/", "").want(http.StatusOK),
	} {
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "X-Frame-Options": "DENY",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
			"Strict-Transport-Security": "", // never by http
		} {
			if got := a.header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", what, name, got, want)
			}
		}
		referrer := "no-referrer"
		if strings.Contains(what, "sign-in") {
			referrer = "same-origin" // so that the form's origin is told to us, and to nobody else
		}
		if got := a.header.Get("Referrer-Policy"); got != referrer {
			t.Errorf("%s: Referrer-Policy is %q, want %q", what, got, referrer)
		}
		if got := a.header.Get("Permissions-Policy"); !strings.Contains(got, "camera=()") || strings.Contains(got, "*") {
			t.Errorf("%s: Permissions-Policy is %q", what, got)
		}
		if csp := a.header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: content policy %q", what, csp)
		}
		if a.header.Get("Server") != "" || a.header.Get("X-Powered-By") != "" || a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: too much in %v", what, a.header)
		}
	}
}

func TestServer_LogsRouteAndNeverQueryOrToken(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, _ := b.connected()
	b.get(path + "orders/?search=ana.secreta").want(http.StatusOK)
	b.get("/setup?token=geheim").want(http.StatusForbidden)
	b.get("/somewhere/geheim").want(http.StatusNotFound)
	logged := b.logs.String()
	for _, secret := range []string{"ana.secreta", "geheim", b.alice, shopToken, shopSecret, "correct horse"} {
		if strings.Contains(logged, secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	var line map[string]any
	for l := range strings.SplitSeq(logged, "\n") {
		if strings.Contains(l, `"msg":"request"`) && strings.Contains(l, ":id/orders") {
			fatal(t, json.Unmarshal([]byte(l), &line))
		}
	}
	for name, want := range map[string]any{"method": "GET", "route": "/api/integrations/shopify/:id/orders", "status": 200.0, "remote": "127.0.0.1", "integration_id": 1.0} {
		if line[name] != want {
			t.Errorf("log line: %s is %v, want %v", name, line[name], want)
		}
	}
	for _, name := range []string{"duration", "bytes", "request_id"} {
		if line[name] == nil || line[name] == 0.0 {
			t.Errorf("log line: no %s", name)
		}
	}
}

func TestServer_RefusesLargeBodies(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *options) { o.web.MaxBody = 2 << 20 }).accounts()
	large := `{"store_name":"` + strings.Repeat("x", 1<<20) + `"}`
	chunked := func(r *http.Request) {
		body := r.Body
		r.ContentLength, r.Body = -1, io.NopCloser(io.MultiReader(body, bytes.NewReader(nil)))
	}
	b.post("/api/integrations/shopify/connect/", large).problem(http.StatusRequestEntityTooLarge, "payload_too_large")
	b.post("/api/integrations/shopify/connect/", large, chunked).problem(http.StatusRequestEntityTooLarge, "payload_too_large")
	b.post("/api/webhooks/shopify/orders/", large).problem(http.StatusUnauthorized, "webhook_signature_invalid")
	larger := strings.Repeat("x", 2<<20+1)
	b.post("/api/webhooks/shopify/orders/", larger).problem(http.StatusRequestEntityTooLarge, "payload_too_large")
	got := b.post("/api/webhooks/shopify/orders/", larger, chunked).problem(http.StatusRequestEntityTooLarge, "payload_too_large")
	if !strings.Contains(got.at("detail").(string), "2097152") {
		t.Errorf("the limit is not named: %s", got.body)
	}
}

func TestServer_BelievesOnlyTrustedProxies(t *testing.T) {
	t.Parallel()
	forwarded := []change{
		header("X-Forwarded-For", "203.0.113.9"), header("X-Forwarded-Proto", "https"), header("X-Forwarded-Host", "orders.example.com"),
	}
	next := func(b *bench) string {
		path, id := b.connected()
		b.put(id, order(1), order(2))
		next, _ := b.get(path+"orders/?page_size=1", forwarded...).want(http.StatusOK).at("next").(string)
		return next
	}
	direct := newBench(t)
	if got := next(direct); !strings.HasPrefix(got, direct.base+"/api/integrations/shopify/") {
		t.Errorf("a stranger's headers made the link %s", got)
	}
	if strings.Contains(direct.logs.String(), "203.0.113.9") {
		t.Error("a stranger's address was believed")
	}
	elsewhere := newBench(t, func(o *options) { o.web.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
	if got := next(elsewhere); !strings.HasPrefix(got, elsewhere.base+"/api/integrations/shopify/") {
		t.Errorf("the headers of a peer that is no trusted proxy made the link %s", got)
	}
	behind := newBench(t, func(o *options) {
		o.web.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	})
	if got := next(behind); !strings.HasPrefix(got, "https://orders.example.com/api/integrations/shopify/") {
		t.Errorf("the trusted proxy's headers made the link %s", got)
	}
	if !strings.Contains(behind.logs.String(), `"remote":"203.0.113.9"`) {
		t.Error("the trusted proxy's client is not in the log")
	}
	forwarded[2] = header("X-Forwarded-Host", `evil.example/"><x`)
	odd, _ := behind.get("/api/integrations/shopify/1/orders/?page_size=1", forwarded...).want(http.StatusOK).at("next").(string)
	if strings.Contains(odd, "evil") {
		t.Errorf("an odd forwarded host made the link %s", odd)
	}
}

func TestServer_Readiness(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if got := b.get("/readyz").want(http.StatusOK).at("status"); got != "ready" {
		t.Errorf("got %v", got)
	}
	down := newBench(t, func(o *options) { o.web.Ready = func(context.Context) error { return errors.New("disk full") } })
	got := down.get("/readyz").problem(http.StatusServiceUnavailable, "not_ready")
	if strings.Contains(string(got.body), "disk full") || !strings.Contains(down.logs.String(), "disk full") {
		t.Errorf("the cause belongs into the log: %s", got.body)
	}
	down.get("/healthz").want(http.StatusOK)
}

func TestServer_AuthenticatesEitherScheme(t *testing.T) {
	t.Parallel()
	b := newBench(t).accounts()
	for _, value := range []string{"Bearer " + b.alice, "bearer " + b.alice, "Token " + b.alice, "TOKEN " + b.alice, "Bearer  " + b.alice} {
		b.get("/api/integrations/shopify/", header("Authorization", value)).want(http.StatusOK)
	}
	for _, value := range []string{"", b.alice, "Basic " + b.alice, "Bearer", "Bearer ", "Bearer " + b.alice + "x", "Bearer prob_" + strings.Repeat("a", 43)} {
		got := b.get("/api/integrations/shopify/?token="+b.alice, header("Authorization", value)).problem(http.StatusUnauthorized, "unauthorized")
		if !strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%q: no challenge", value)
		}
	}
}
