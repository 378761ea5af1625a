// Package webtest holds every response of a test against the OpenAPI document of package web.
//
// It sits where a client's transport sits, so a test cannot forget it:
//
//	client := &http.Client{Transport: webtest.NewChecker(t, http.DefaultTransport)}
//
// A response that the document does not describe fails the test that asked for it.
package webtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"probability/web"
)

// document is what Load gives: reading and proving takes half a second with the race detector, and every test asks for it.
var document struct {
	once sync.Once
	doc  *openapi3.T
	err  error
}

// Load reads the document of package web and proves that it is a valid one, once. It is everybody's, and nobody may change it.
func Load(ctx context.Context) (*openapi3.T, error) {
	document.once.Do(func() { document.doc, document.err = load(context.WithoutCancel(ctx)) })
	return document.doc, document.err
}

func load(ctx context.Context) (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromData(web.OpenAPI())
	if err != nil {
		return nil, fmt.Errorf("openapi: load: %w", err)
	}
	if err := doc.Validate(ctx); err != nil {
		return nil, fmt.Errorf("openapi: validate: %w", err)
	}
	return doc, nil
}

// Checker is a transport that checks what comes back. It is safe for concurrent use.
type Checker struct {
	base http.RoundTripper
	doc  *openapi3.T
	t    testing.TB

	mu   sync.Mutex
	seen map[string]bool
}

// NewChecker checks everything that goes through base in this test.
func NewChecker(t testing.TB, base http.RoundTripper) *Checker {
	t.Helper()
	doc, err := Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &Checker{base: base, doc: doc, t: t, seen: map[string]bool{}}
}

// Seen tells whether a response of that operation with that status went through.
func (c *Checker) Seen(method, path string, status int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen[fmt.Sprintf("%s %s %d", method, path, status)]
}

// RoundTrip sends the request on and checks the response.
func (c *Checker) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if cerr := resp.Body.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, fmt.Errorf("webtest: read %s %s: %w", r.Method, r.URL.Path, err)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	if err := c.check(r, resp, body); err != nil {
		c.t.Errorf("%s %s answered %d: %v\n%s", r.Method, r.URL.Path, resp.StatusCode, err, clip(body))
	}
	return resp, nil
}

func (c *Checker) check(r *http.Request, resp *http.Response, body []byte) error {
	path, params := match(c.doc, r.URL.Path)
	var operation *openapi3.Operation
	if path != "" {
		operation = c.doc.Paths.Value(path).GetOperation(r.Method)
	}
	if operation == nil {
		return c.checkUnknown(r, resp, body, path)
	}
	c.mu.Lock()
	c.seen[fmt.Sprintf("%s %s %d", r.Method, path, resp.StatusCode)] = true
	c.mu.Unlock()
	if resp.Header.Get("X-Request-Id") == "" {
		return errors.New("no X-Request-Id")
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{
			Request: r, PathParams: params,
			Route: &routers.Route{Spec: c.doc, Path: path, PathItem: c.doc.Paths.Value(path), Method: r.Method, Operation: operation},
		},
		Status: resp.StatusCode, Header: resp.Header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	}
	input.SetBodyBytes(body)
	// The document can only say of lines that they are text; what is in each is the order of a page.
	lines := resp.StatusCode == http.StatusOK && resp.Header.Get("Content-Type") == "application/x-ndjson"
	input.Options.ExcludeResponseBody = lines
	if err := openapi3filter.ValidateResponse(r.Context(), input); err != nil || !lines {
		return err
	}
	return c.checkLines(body)
}

// checkLines wants one order in each line.
func (c *Checker) checkLines(body []byte) error {
	schema := c.doc.Components.Schemas["OrderPart"].Value
	for line := range bytes.Lines(body) {
		var order any
		if err := json.Unmarshal(line, &order); err != nil {
			return fmt.Errorf("line %.200q: %w", line, err)
		}
		if err := schema.VisitJSON(order, openapi3.EnableJSONSchema2020(), openapi3.MultiErrors()); err != nil {
			return fmt.Errorf("line %.200q: %w", line, err)
		}
		if line[len(line)-1] != '\n' {
			return fmt.Errorf("line %.200q does not end", line)
		}
	}
	return nil
}

// checkUnknown allows what is not in the document only as a problem: 404 for the path, 405 for the method.
// OPTIONS is answered by the router alone.
func (c *Checker) checkUnknown(r *http.Request, resp *http.Response, body []byte, path string) error {
	if r.Method == http.MethodOptions && resp.StatusCode == http.StatusNoContent {
		return nil
	}
	want := http.StatusNotFound
	if path != "" {
		want = http.StatusMethodNotAllowed
	}
	if resp.StatusCode != want && resp.StatusCode != http.StatusRequestEntityTooLarge {
		return fmt.Errorf("not in the document, so %d was expected", want)
	}
	if got := resp.Header.Get("Content-Type"); got != "application/problem+json" {
		return fmt.Errorf("content type %q", got)
	}
	if r.Method == http.MethodHead {
		return nil
	}
	var problem any
	if err := json.Unmarshal(body, &problem); err != nil {
		return err
	}
	return c.doc.Components.Schemas["Problem"].Value.VisitJSON(problem, openapi3.EnableJSONSchema2020(), openapi3.MultiErrors())
}

// match finds the path template for a request's path, with or without a trailing slash. Templates
// without parameters come first, as in the router.
func match(doc *openapi3.T, path string) (string, map[string]string) {
	parts := strings.Split(strings.TrimSuffix(path, "/"), "/")
	best, bestParams := "", map[string]string(nil)
	for template := range doc.Paths.Map() {
		want := strings.Split(strings.TrimSuffix(template, "/"), "/")
		if len(want) != len(parts) {
			continue
		}
		params, fits := map[string]string{}, true
		for i, w := range want {
			if strings.HasPrefix(w, "{") {
				params[strings.Trim(w, "{}")] = parts[i]
			} else {
				fits = fits && w == parts[i]
			}
		}
		if fits && (best == "" || len(params) < len(bestParams)) {
			best, bestParams = template, params
		}
	}
	return best, bestParams
}

func clip(body []byte) []byte {
	const most = 500
	return body[:min(len(body), most)]
}
