package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"probability/web"
	"probability/web/webtest"
)

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

// TestOpenAPI_ObjectsHaveMembers finds objects that are described as nothing but objects. Those that are Shopify's, or the document
// itself, are whatever they are.
func TestOpenAPI_ObjectsHaveMembers(t *testing.T) {
	t.Parallel()
	var doc any
	fatal(t, json.Unmarshal(web.OpenAPI(), &doc))
	var bare []string
	var walk func(path string, node any)
	walk = func(path string, node any) {
		switch node := node.(type) {
		case map[string]any:
			kind := fmt.Sprint(node["type"])
			_, members := node["properties"]
			_, others := node["additionalProperties"]
			if (kind == "object" || strings.HasPrefix(kind, "[object")) && !members && !others {
				bare = append(bare, path)
			}
			for name, below := range node {
				walk(path+"/"+name, below)
			}
		case []any:
			for _, below := range node {
				walk(path, below)
			}
		}
	}
	walk("", doc)
	slices.Sort(bare)
	want := []string{
		"/components/schemas/CustomerOrder/properties/raw_response", "/components/schemas/Order/properties/raw_response", "/components/schemas/OrderPart/properties/raw_response",
		"/components/schemas/StoreInfo", "/paths//api/openapi.json/get/responses/200/content/application/json/schema",
	}
	if !slices.Equal(bare, want) {
		t.Errorf("without members are %v, want %v", bare, want)
	}
}

// TestOpenAPI_WhatATokenOpensASessionOpens holds every operation for accounts to the two ways in, and to their refusals.
func TestOpenAPI_WhatATokenOpensASessionOpens(t *testing.T) {
	t.Parallel()
	doc, err := webtest.Load(t.Context())
	fatal(t, err)
	seen := 0
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			changes := method != http.MethodGet && method != http.MethodHead
			ways := map[string]bool{}
			if op.Security == nil {
				t.Errorf("%s %s does not say who may call", method, path)
				continue
			}
			for _, way := range *op.Security {
				ways[strings.Join(slices.Sorted(maps.Keys(way)), "+")] = true
			}
			delete(ways, "") // open to some without any
			if !ways["token"] {
				continue
			}
			seen++
			session := "session"
			if changes {
				session = "csrf+session"
			}
			if !ways[session] || len(ways) != 2 {
				t.Errorf("%s %s takes %v, want token and %s", method, path, ways, session)
			}
			for status, want := range map[string]bool{"401": true, "403": changes, "429": true} {
				if want && op.Responses.Value(status) == nil {
					t.Errorf("%s %s does not describe %s", method, path, status)
				}
			}
		}
	}
	if seen < 30 {
		t.Errorf("only %d operations for accounts", seen)
	}
}
