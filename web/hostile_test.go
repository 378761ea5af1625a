package web_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"probability/web/webtest"
)

// hostile are values that mean something to a database, a search index, a template, a shell, a file system or a parser.
var hostile = []string{
	`'`, `"`, `';--`, `' OR '1'='1`, `1 OR 1=1`, `'; DROP TABLE orders; --`, `1; DELETE FROM users`, `") OR 1=1 --`, `\'; --`,
	`' UNION SELECT password_hash FROM users --`, `id) UNION SELECT hash FROM api_tokens --`, `(SELECT password_hash FROM users)`,
	`created_at, (SELECT 1)`, `created_at DESC; --`, `CASE WHEN 1=1 THEN id END`, `random()`, `load_extension('x')`, `$1`, `?1`, `:id`, `@id`,
	`order_search MATCH 'x'`, `"a" OR "b"`, `a NEAR b`, `NEAR(a b, 5)`, `col:x`, `^a`, `a*`, `*`, `-a`, `NOT a`, `a AND`, `(((`, `{a b}: c`, `%`, `_`, `\`,
	`1000000000`, `-1`, `0`, `999999999999999999999999`, `1e309`, `0x7fffffff`, `NaN`, `Infinity`, "1\x00", "\x00", "\xff\xfe", "a\nb", "\r\nSet-Cookie: x=1",
	`{{.}}`, `{{printf "%s" .}}`, `${jndi:ldap://x}`, `<script>alert(1)</script>`, `../../../etc/passwd`, `%2e%2e%2f`, `|id`, "`id`", `$(id)`,
	strings.Repeat("(", 10_000), strings.Repeat("a ", 5_000), strings.Repeat("1", 10_000),
}

// TestHostile_ParametersAreRefusedOrHarmless sends each of the values as each parameter of the list of orders, and some of them as
// each parameter of everything else that the document knows.
func TestHostile_ParametersAreRefusedOrHarmless(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	known := b.owned()
	doc, err := webtest.Load(t.Context())
	fatal(t, err)
	asked := 0
	for path, item := range doc.Paths.Map() {
		op := item.Operations()[http.MethodGet]
		if op == nil || strings.HasSuffix(path, "/events/") || slices.Contains(public, path) {
			continue
		}
		o := operation{method: http.MethodGet, path: path}
		for name := range known {
			o.params = append(o.params, name)
		}
		filled := o.fill(func(name string) string { return known[name].theirs })
		for _, p := range op.Parameters {
			if p.Value.In != "query" {
				continue
			}
			for i, value := range hostile {
				if i%5 != asked%5 && !strings.HasSuffix(path, "/orders/") {
					continue
				}
				asked++
				r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, filled, nil)
				r.URL.RawQuery = url.Values{p.Value.Name: {value}}.Encode()
				as(b.alice)(r)
				got := direct(t, b.server, r)
				switch got.status {
				case http.StatusOK:
				case http.StatusBadRequest:
					if got.at("errors", p.Value.Name, 0) == nil {
						t.Errorf("%s?%s=%.60q: the parameter is not named: %s", path, p.Value.Name, value, got.body)
					}
				case http.StatusNotFound: // a page that is too far
					if got.at("code") != "invalid_page" {
						t.Errorf("%s?%s=%.60q: %s", path, p.Value.Name, value, got.body)
					}
				default:
					t.Errorf("%s?%s=%.60q: answered %d: %s", path, p.Value.Name, value, got.status, got.body)
				}
				if bytes.Contains(got.body, []byte("argon2")) || got.header.Get("Set-Cookie") != "" || len(got.body) > 100_000 {
					t.Errorf("%s?%s=%.60q: %.300s", path, p.Value.Name, value, got.body)
				}
			}
		}
	}
	if asked < 800 {
		t.Errorf("only %d requests were made", asked)
	}
	if strings.Contains(b.logs.String(), `"level":"ERROR"`) {
		t.Error("something was an error of the service")
	}
	after := b.get("/api/integrations/shopify/" + known["id"].theirs + "/orders/?page_size=1000000000").want(http.StatusOK)
	if after.at("count") != 1.0 {
		t.Errorf("the order is gone: %s", after.body)
	}
}

// TestHostile_IDsInPathsAreNotFound sends the values as ids, too.
func TestHostile_IDsInPathsAreNotFound(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	known := b.owned()
	for _, o := range operations(t, known) {
		for _, odd := range o.params {
			for _, value := range []string{`1' OR '1'='1`, `1;DROP TABLE orders`, `1 UNION SELECT 1`, `*`, `%`, `<script>`, "1\x00", "\xff", `..`, `$1`} {
				path := o.fill(func(name string) string {
					if name == odd {
						return url.PathEscape(value)
					}
					return known[name].theirs
				})
				r := httptest.NewRequestWithContext(t.Context(), o.method, path, nil)
				as(b.alice)(r)
				if got := direct(t, b.server, r); got.status != http.StatusNotFound && got.status != http.StatusMethodNotAllowed {
					t.Errorf("%s %s: answered %d: %s", o.method, path, got.status, got.body)
				}
			}
		}
	}
}

// TestHostile_ScriptsInOrdersAreInert: what a customer writes is data wherever it comes out, and no browser takes it for a page.
func TestHostile_ScriptsInOrdersAreInert(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	const script = `<script>alert(document.cookie)</script>`
	b.put(id, order(1, map[string]any{"note": script, "email": script, "shipping_address": map[string]any{"first_name": script, "city": `=HYPERLINK("https://evil.example")`}}))
	one := fmt.Sprintf("%sorders/%v/", path, b.get(path+"orders/").at("results", 0, "id"))
	for p, kind := range map[string]string{
		path + "orders/": "application/json", one: "application/json", path + "stats/": "application/json",
		path + "orders/export/?format=csv": "text/csv", path + "orders/export/?format=ndjson": "application/x-ndjson",
	} {
		got := b.get(p, header("Accept", "text/html")).want(http.StatusOK)
		if !strings.HasPrefix(got.header.Get("Content-Type"), kind) || got.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s is %q", p, got.header.Get("Content-Type"))
		}
		if csp := got.header.Get("Content-Security-Policy"); csp != "default-src 'none'; frame-ancestors 'none'" {
			t.Errorf("%s: content policy %q", p, csp)
		}
	}
	csv := string(b.get(path + "orders/export/?format=csv").want(http.StatusOK).body)
	if strings.Contains(csv, `,"=HYPERLINK`) || strings.Contains(csv, ",=HYPERLINK") || !strings.Contains(csv, "'=HYPERLINK") {
		t.Errorf("the export holds a formula: %s", csv)
	}
	// What comes back in a complaint is no page either.
	b.get(path+"orders/?ordering="+url.QueryEscape(script), header("Accept", "text/html")).problem(http.StatusBadRequest, "invalid_parameter")
	gone := b.page("/" + url.PathEscape(script)).want(http.StatusNotFound)
	if strings.Contains(string(gone.body), "<script") || !strings.Contains(gone.header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("the page of an unknown address holds it: %s", gone.body)
	}
}
