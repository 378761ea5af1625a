package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// fakeStore plays the Admin API of any number of stores as fast as it can, so that an import measures the importer. It
// knows no call limit and no refusals; shopify/simulator does. Orders are not kept but rendered, a page of 250 in half a
// millisecond or so.
type fakeStore struct {
	base   string // http://127.0.0.1:port
	server *http.Server
	t      *templates

	mu      sync.Mutex
	shops   map[string]catalog
	hooks   int
	buffers sync.Pool
}

const (
	shopToken  = "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"
	shopSecret = "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"

	defaultLimit, maxLimit = 50, 250
)

// newFakeStore listens on a free port of loopback.
func newFakeStore(ctx context.Context) (*fakeStore, error) {
	t, err := loadTemplates()
	if err != nil {
		return nil, err
	}
	s := &fakeStore{t: t, shops: map[string]catalog{}}
	s.buffers.New = func() any { b := make([]byte, 0, 2<<20); return &b }
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.base = "http://" + l.Addr().String()
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.server.Serve(l) }() // ends with Close
	return s, nil
}

func (s *fakeStore) Close() error { return s.server.Close() }

// endpoint is the service's shopify.endpoint.
func (s *fakeStore) endpoint() string { return s.base + "/{shop}" }

// open gives a store its orders: n of them, the last one created now.
func (s *fakeStore) open(shop string, n int) catalog {
	c := catalog{seed: 0x5eed, size: n, end: time.Now().UTC().Truncate(time.Second)}
	for _, b := range []byte(shop) {
		c.seed = c.seed*131 + uint64(b)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shops[shop] = c
	return c
}

func (s *fakeStore) of(shop string) (catalog, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.shops[shop]
	return c, ok
}

// ServeHTTP answers /{shop}/admin/….
func (s *fakeStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	shop, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/admin/")
	c, known := s.of(shop)
	if api, ok := strings.CutPrefix(path, "api/"); ok {
		version, resource, _ := strings.Cut(api, "/")
		w.Header().Set("X-Shopify-Api-Version", version)
		path = resource
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	switch {
	case !known:
		fail(w, http.StatusNotFound, "Not Found")
	case r.Header.Get("X-Shopify-Access-Token") != shopToken:
		fail(w, http.StatusUnauthorized, "[API] Invalid API key or access token (unrecognized login or wrong password)")
	case path == "shop.json":
		reply(w, map[string]any{"shop": map[string]any{
			"id": 62154899, "name": strings.TrimSuffix(shop, ".myshopify.com"), "domain": shop, "myshopify_domain": shop,
			"email": "hola@tienda.example", "currency": "COP", "country_code": "CO", "plan_name": "professional", "iana_timezone": "America/Bogota",
		}})
	case path == "oauth/access_scopes.json":
		reply(w, map[string]any{"access_scopes": []map[string]string{{"handle": "read_orders"}, {"handle": "read_all_orders"}}})
	case path == "orders/count.json":
		first, end := window(r.URL.Query()).indexes(c)
		n := 0
		for q, i := window(r.URL.Query()), first; i < end; i++ {
			if q.takes(c, i) {
				n++
			}
		}
		reply(w, map[string]int{"count": n})
	case path == "orders.json":
		s.page(w, r, c)
	case path == "webhooks.json" && r.Method == http.MethodGet:
		reply(w, map[string]any{"webhooks": []any{}})
	case strings.HasPrefix(path, "webhooks"):
		s.hook(w, r)
	default:
		fail(w, http.StatusNotFound, "Not Found")
	}
}

// hook answers as if the subscription had been made or ended.
func (s *fakeStore) hook(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodDelete {
		reply(w, map[string]any{})
		return
	}
	var in struct {
		Webhook map[string]any `json:"webhook"`
	}
	if json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&in) != nil || in.Webhook == nil {
		fail(w, http.StatusBadRequest, "Bad Request")
		return
	}
	s.mu.Lock()
	s.hooks++
	in.Webhook["id"] = 1_000_000_000 + s.hooks
	s.mu.Unlock()
	w.WriteHeader(http.StatusCreated)
	reply(w, map[string]any{"webhook": in.Webhook})
}

// page is a page of orders, the newest first. The cursor holds the next index and the window, as Shopify's does.
func (s *fakeStore) page(w http.ResponseWriter, r *http.Request, c catalog) {
	query := r.URL.Query()
	limit := defaultLimit
	if text := query.Get("limit"); text != "" {
		var err error
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > maxLimit {
			fail(w, http.StatusBadRequest, "limit must be a number from 1 to 250")
			return
		}
	}
	at, q, err := cursor(query, c)
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	first, _ := q.indexes(c)
	buffer := s.buffers.Get().(*[]byte)
	defer s.buffers.Put(buffer)
	body := append((*buffer)[:0], `{"orders":[`...)
	n := 0
	for ; at >= first && n < limit; at-- {
		if !q.takes(c, at) {
			continue
		}
		if n++; n > 1 {
			body = append(body, ',')
		}
		o := c.order(at)
		body = s.t.payload(body, &o)
	}
	body = append(body, `]}`...)
	*buffer = body
	for at >= first && !q.takes(c, at) { // is there a next page?
		at--
	}
	if at >= first {
		info := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d|%s", at, q.text))
		w.Header().Set("Link", fmt.Sprintf(`<%s%s?limit=%d&page_info=%s>; rel="next"`, s.base, r.URL.Path, limit, info))
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) //nolint:gosec // JSON of our own; whoever went away needs no answer
}

func reply(w http.ResponseWriter, v any) {
	text, err := json.Marshal(v)
	if err != nil { // plain maps only
		text = []byte("{}")
	}
	_, _ = w.Write(text)
}

func fail(w http.ResponseWriter, status int, message string) {
	w.WriteHeader(status)
	reply(w, map[string]string{"errors": message})
}

// addr is the host and port that the store listens on.
func (s *fakeStore) addr() string { return strings.TrimPrefix(s.base, "http://") }
