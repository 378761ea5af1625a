package web_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"probability/web"
	"probability/web/webtest"
)

// elements are all elements of a page, in order.
func elements(t testing.TB, page []byte) (all []*html.Node) {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(page))
	fatal(t, err)
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			all = append(all, n)
		}
	}
	return all
}

func attribute(n *html.Node, name string) (value string, ok bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

// docsText is all text within an element, with single blanks.
func docsText(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// byID are the elements with ids, each of which must be there once.
func byID(t testing.TB, all []*html.Node) map[string]*html.Node {
	t.Helper()
	found := map[string]*html.Node{}
	for _, n := range all {
		if id, ok := attribute(n, "id"); ok {
			if found[id] != nil {
				t.Errorf("the id %s is there twice", id)
			}
			found[id] = n
		}
	}
	return found
}

func TestDocs_ShowTheWholeDocument(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	page := b.get("/api/docs/").want(http.StatusOK)
	all := elements(t, page.body)
	found := byID(t, all)
	doc, err := webtest.Load(t.Context())
	fatal(t, err)
	shown := 0
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if method == http.MethodHead {
				continue
			}
			shown++
			title := found[op.OperationID]
			if title == nil {
				t.Errorf("%s %s is not there", method, path)
				continue
			}
			text := docsText(title.Parent.Parent)
			for _, want := range []string{method, path, op.Summary, strings.Join(strings.Fields(op.Description), " ")} {
				if !strings.Contains(text, want) {
					t.Errorf("%s %s: %q is not there", method, path, want)
				}
			}
			for status := range op.Responses.Map() {
				if !strings.Contains(text, status) {
					t.Errorf("%s %s: the status %s is not there", method, path, status)
				}
			}
			for _, p := range op.Parameters {
				if !strings.Contains(text, p.Value.Name) || !strings.Contains(text, p.Value.Description) {
					t.Errorf("%s %s: the parameter %s is not there", method, path, p.Value.Name)
				}
				if p.Value.Description == "" && path != "/setup" {
					t.Errorf("%s %s: nobody says what %s is", method, path, p.Value.Name)
				}
			}
		}
	}
	if shown < 35 {
		t.Errorf("only %d operations", shown)
	}
	for name, schema := range doc.Components.Schemas {
		title := found["schema-"+name]
		if title == nil {
			t.Errorf("the schema %s is not there", name)
			continue
		}
		text := docsText(title.Parent)
		for member, s := range schema.Value.Properties {
			if !strings.Contains(text, member) || s.Ref == "" && !strings.Contains(text, strings.Join(strings.Fields(s.Value.Description), " ")) {
				t.Errorf("%s: the member %s is not there", name, member)
			}
		}
		if schema.Value.Description == "" {
			t.Errorf("nobody says what the schema %s is", name)
		}
	}
	for _, n := range all {
		if to, _ := attribute(n, "href"); strings.HasPrefix(to, "#") && found[to[1:]] == nil {
			t.Errorf("the link to %s leads nowhere", to)
		}
	}
	// Packed it is a tenth: what a page with all it loads may weigh is 150 KB.
	packed := b.get("/api/docs/", anonymous, header("Accept-Encoding", "gzip")).want(http.StatusOK)
	if packed.header.Get("Content-Encoding") != "gzip" || len(packed.body) > 75_000 || len(page.body) > 500_000 {
		t.Errorf("the page has %d bytes, %d of them packed as %q", len(page.body), len(packed.body), packed.header.Get("Content-Encoding"))
	}
}

// TestDocs_NeedNothingOfAnybodyElse holds the page against its own policy: nothing inline, nothing from elsewhere.
func TestDocs_NeedNothingOfAnybodyElse(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	page := b.get("/api/docs/", anonymous).want(http.StatusOK)
	const policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; script-src 'self'; connect-src 'self'"
	if got := page.header.Get("Content-Security-Policy"); got != policy {
		t.Errorf("content policy %q", got)
	}
	loaded := map[string]string{}
	for _, n := range elements(t, page.body) {
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") || (a.Key == "src" || a.Key == "href" || a.Key == "action") && !strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "#") {
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			}
		}
		switch n.Data {
		case "style", "img", "iframe", "object", "embed", "base":
			t.Errorf("there is a <%s>", n.Data)
		case "script":
			loaded["script"], _ = attribute(n, "src")
			if docsText(n) != "" {
				t.Error("there is a script inline")
			}
		case "link":
			loaded["style"], _ = attribute(n, "href")
		}
	}
	for what, kind := range map[string]string{"script": "text/javascript", "style": "text/css"} {
		got := b.page(loaded[what], anonymous).want(http.StatusOK)
		if !strings.HasPrefix(got.header.Get("Content-Type"), kind) || got.header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s: %v", loaded[what], got.header)
		}
		if other := regexp.MustCompile(`(https?:)?//[a-z]`).FindString(string(got.body)); what == "style" && (other != "" || bytes.Contains(got.body, []byte("url("))) {
			t.Errorf("the style loads %s", other)
		}
	}
}

func TestDocs_SpeakBothLanguages(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for language, want := range map[string]string{"en": "Filter operations", "es": "Filtrar operaciones"} {
		page := b.get("/api/docs/", header("Accept-Language", language)).want(http.StatusOK)
		all := elements(t, page.body)
		if lang, _ := attribute(all[0], "lang"); lang != language || page.header.Get("Content-Language") != language {
			t.Errorf("%s: the page says %q", language, lang)
		}
		if !strings.Contains(string(page.body), want) {
			t.Errorf("%s: %q is not there", language, want)
		}
		// Each element that shows a sentence of the page has one, and each field a name.
		for _, n := range all {
			switch n.Data {
			case "h1", "h2", "h4", "th", "button", "label", "noscript":
				if docsText(n) == "" {
					t.Errorf("%s: an empty <%s>", language, n.Data)
				}
			case "input", "select", "textarea", "nav":
				label, _ := attribute(n, "aria-label")
				if id, _ := attribute(n, "id"); label == "" && !strings.Contains(string(page.body), `for="`+id+`"`) {
					t.Errorf("%s: a <%s> without a name", language, n.Data)
				}
			}
		}
		// What the document says is English wherever it stands.
		for id, n := range byID(t, all) {
			if strings.HasPrefix(id, "group-") {
				if lang, _ := attribute(n.Parent, "lang"); language != "en" && lang != "en" {
					t.Errorf("%s: %s is taken for %q", language, id, lang)
				}
			}
		}
	}
}

func TestDocs_NameTheAddressTheyAreReadAt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for host, want := range map[string]string{
		"orders.example.com":     "http://orders.example.com/api/integrations/shopify/",
		`x"><script>y`:           `http://x&#34;&gt;&lt;script&gt;y/api/integrations/shopify/`,
		"base-of-this-service.i": "http://base-of-this-service.i/api/",
	} {
		r := httptestRequest(t, "/api/docs/")
		r.Host = host
		got := direct(t, b.server, r).want(http.StatusOK)
		if !strings.Contains(string(got.body), want) || strings.Contains(string(got.body), "<script>y") || strings.Contains(string(got.body), ".invalid") {
			t.Errorf("%s: not %s", host, want)
		}
	}
}

func TestDocs_RefuseABrokenDocument(t *testing.T) {
	t.Parallel()
	for name, document := range map[string]string{
		"no object": `[]`, "cut": `{"info":`, "no text": `{"info":{"title":1}}`,
		"nowhere":              `{"tags":[{"name":"a"}],"paths":{"/":{"get":{"tags":["a"],"responses":{"200":{"$ref":"#/components/responses/None"}}}}}}`,
		"a number of a schema": `{"components":{"schemas":{"A":1}}}`,
	} {
		if err := web.ReadDocs([]byte(document)); err == nil {
			t.Errorf("%s was read", name)
		}
	}
	if err := web.ReadDocs(web.OpenAPI()); err != nil {
		t.Error(err)
	}
}

func BenchmarkDocs(b *testing.B) {
	bench := newBench(b)
	for b.Loop() {
		direct(b, bench.server, httptestRequest(b, "/api/docs/")).want(http.StatusOK)
	}
}

func httptestRequest(t testing.TB, path string) *http.Request {
	t.Helper()
	return httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
}
