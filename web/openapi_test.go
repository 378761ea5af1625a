package web_test

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"probability/web"
	"probability/web/webtest"
)

// methods that the document can describe and the server serves.
var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch, http.MethodDelete, http.MethodPut}

func TestOpenAPI_NamesEveryRouteAndNoOther(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	server, err := web.New(web.Config{Ready: func(context.Context) error { return nil }}, b.app, slog.New(slog.DiscardHandler))
	fatal(t, err)
	var served []string
	for _, r := range server.Routes() {
		served = append(served, r.Method+" "+r.Path)
	}
	doc, err := webtest.Load(t.Context())
	fatal(t, err)
	var described []string
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			if path != "/" {
				path = strings.TrimSuffix(path, "/")
			}
			described = append(described, method+" "+path)
		}
	}
	for _, r := range served {
		if !slices.Contains(described, r) {
			t.Errorf("openapi.json does not describe %s", r)
		}
	}
	for _, d := range described {
		if !slices.Contains(served, d) {
			t.Errorf("openapi.json describes %s, which is not served", d)
		}
	}
	if len(served) < 30 {
		t.Errorf("only %d routes were compared", len(served))
	}
}

func TestOpenAPI_IsServed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	got := b.get("/api/openapi.json").want(http.StatusOK)
	if got.at("openapi") != "3.1.0" || string(got.body) != string(web.OpenAPI()) {
		t.Error("the served document is not the embedded one")
	}
}

// ownedPaths are the documented routes below one integration, with every other id filled in.
func ownedPaths(t *testing.T, integration, order, run, delivery string) map[string][]string {
	t.Helper()
	doc, err := webtest.Load(t.Context())
	fatal(t, err)
	fill := strings.NewReplacer("{id}", integration, "{order}", order, "{import}", run, "{delivery}", delivery, "{request}", run)
	out := map[string][]string{}
	for path, item := range doc.Paths.Map() {
		if !strings.Contains(path, "{id}") {
			continue
		}
		for _, m := range methods {
			if item.GetOperation(m) != nil {
				out[fill.Replace(path)] = append(out[fill.Replace(path)], m)
			}
		}
	}
	if len(out) < 15 {
		t.Fatalf("only %d routes below an integration", len(out))
	}
	return out
}
