package webtest_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"probability/web/webtest"
)

// answers is a transport that always gives the same answer.
type answers struct {
	body, kind string
	requestID  string
	status     int
}

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) {
	h := http.Header{"Content-Type": {a.kind}}
	if a.requestID != "" {
		h.Set("X-Request-Id", a.requestID)
	}
	if a.kind == "application/x-ndjson" {
		h.Set("Content-Disposition", `attachment; filename="a-orders-2026-01-01.ndjson"`)
	}
	return &http.Response{StatusCode: a.status, Header: h, Body: io.NopCloser(strings.NewReader(a.body)), Request: r}, nil
}

// witness notes complaints instead of failing.
type witness struct {
	testing.TB
	complaints []string
}

func (w *witness) Errorf(format string, args ...any) {
	w.complaints = append(w.complaints, fmt.Sprintf(format, args...))
}

const problem = `{"type":"urn:probability:problem:not_found","title":"a","status":404,"detail":"b","code":"not_found","error":"b","request_id":"c"}`

func TestChecker_FindsWhatTheDocumentDoesNotSay(t *testing.T) {
	t.Parallel()
	const json, problems = "application/json", "application/problem+json"
	good := `[{"id":1,"store_name":"a.myshopify.com","is_active":true,"permissions":[],"created_at":"2026-01-01T00:00:00Z",
		"updated_at":"2026-01-01T00:00:00Z","last_sync":null,"auth":"token","webhooks":{"status":"off","last_received_at":null,"topics":[]},"audit":null,
		"health":{"status":"ok","problems":[]}}]`
	for name, c := range map[string]struct {
		method, path string
		answer       answers
		fine         bool
	}{
		"good":                  {"GET", "/api/integrations/shopify/", answers{good, json, "x", 200}, true},
		"without slash":         {"GET", "/api/integrations/shopify", answers{good, json, "x", 200}, true},
		"no request id":         {"GET", "/api/integrations/shopify/", answers{good, json, "", 200}, false},
		"member missing":        {"GET", "/api/integrations/shopify/", answers{strings.Replace(good, `"id":1,`, "", 1), json, "x", 200}, false},
		"member unknown":        {"GET", "/api/integrations/shopify/", answers{strings.Replace(good, `"id":1,`, `"id":1,"x":1,`, 1), json, "x", 200}, false},
		"nested unknown":        {"GET", "/api/integrations/shopify/", answers{strings.Replace(good, `"status":"off"`, `"status":"off","x":1`, 1), json, "x", 200}, false},
		"wrong type":            {"GET", "/api/integrations/shopify/", answers{strings.Replace(good, `"id":1`, `"id":"1"`, 1), json, "x", 200}, false},
		"wrong word":            {"GET", "/api/integrations/shopify/", answers{strings.Replace(good, `"off"`, `"on"`, 1), json, "x", 200}, false},
		"wrong time":            {"GET", "/api/integrations/shopify/", answers{strings.Replace(good, `"last_sync":null`, `"last_sync":"now"`, 1), json, "x", 200}, false},
		"wrong null":            {"GET", "/api/integrations/shopify/", answers{strings.Replace(good, `"auth":"token"`, `"auth":null`, 1), json, "x", 200}, false},
		"status unknown":        {"GET", "/api/integrations/shopify/", answers{good, json, "x", 206}, false},
		"content type unknown":  {"GET", "/api/integrations/shopify/", answers{good, "text/plain", "x", 200}, false},
		"const":                 {"POST", "/api/webhooks/shopify/orders/", answers{`{"status":"ok"}`, json, "x", 200}, true},
		"another const":         {"POST", "/api/webhooks/shopify/orders/", answers{`{"status":"no"}`, json, "x", 200}, false},
		"money as a float":      {"GET", "/api/integrations/shopify/1/orders/1/", answers{`{"total_price":1.5}`, json, "x", 200}, false},
		"money as text":         {"GET", "/api/integrations/shopify/1/orders/1/", answers{`{"total_price":"1.50"}`, json, "x", 200}, true},
		"lines":                 {"GET", "/api/integrations/shopify/1/orders/export/", answers{"{\"id\":1}\n{\"id\":2}\n", "application/x-ndjson", "x", 200}, true},
		"no lines":              {"GET", "/api/integrations/shopify/1/orders/export/", answers{"", "application/x-ndjson", "x", 200}, true},
		"a line of two orders":  {"GET", "/api/integrations/shopify/1/orders/export/", answers{`{"id":1}{"id":2}` + "\n", "application/x-ndjson", "x", 200}, false},
		"a line of no order":    {"GET", "/api/integrations/shopify/1/orders/export/", answers{`{"id":"1"}` + "\n", "application/x-ndjson", "x", 200}, false},
		"half a line":           {"GET", "/api/integrations/shopify/1/orders/export/", answers{`{"id":1}`, "application/x-ndjson", "x", 200}, false},
		"unknown path":          {"GET", "/api/nothing", answers{problem, problems, "x", 404}, true},
		"unknown path, fine?":   {"GET", "/api/nothing", answers{good, json, "x", 200}, false},
		"unknown path, no code": {"GET", "/api/nothing", answers{strings.Replace(problem, `"code":"not_found",`, "", 1), problems, "x", 404}, false},
		"wrong method":          {"PUT", "/healthz", answers{problem, problems, "x", 404}, false},
	} {
		w := &witness{TB: t}
		checker := webtest.NewChecker(w, c.answer)
		r, err := http.NewRequestWithContext(t.Context(), c.method, "http://example.com"+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := (&http.Client{Transport: checker}).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.Body.Close() != nil || string(body) != c.answer.body {
			t.Errorf("%s: the body was not handed on: %v", name, err)
		}
		if fine := len(w.complaints) == 0; fine != c.fine {
			t.Errorf("%s: fine is %v: %v", name, fine, w.complaints)
		}
		if template := "/healthz"; checker.Seen(c.method, template, c.answer.status) {
			t.Errorf("%s: %s was not asked for", name, template)
		}
	}
}
