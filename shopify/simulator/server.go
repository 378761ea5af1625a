package simulator

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	domainSuffix   = ".myshopify.com"
	maxRequestBody = 1 << 20 // bytes; no request of the Admin API used here is larger
)

// Server plays the stores that were added to it. It is an http.Handler and
// safe for concurrent use.
type Server struct {
	seed      uint64
	now       func() time.Time
	allowHTTP bool
	outbox    *outbox
	calls     callLog

	mu      sync.Mutex
	shops   map[string]*Shop // by domain
	storage string           // where results of bulk operations are fetched; "": a host of its own
	ids     uint64           // counter behind request and delivery ids
}

// Option changes how a Server behaves.
type Option func(*Server)

// WithClock replaces time.Now for everything but waiting.
func WithClock(now func() time.Time) Option { return func(s *Server) { s.now = now } }

// WithSeed chooses which orders, ids and random faults come; the same seed
// brings the same ones. The default is 1.
func WithSeed(seed uint64) Option { return func(s *Server) { s.seed = seed } }

// WithHTTPWebhooks lets subscriptions have http:// addresses, which Shopify
// refuses: for receivers on the loopback interface.
func WithHTTPWebhooks() Option { return func(s *Server) { s.allowHTTP = true } }

// New returns a Server without stores.
func New(opts ...Option) *Server {
	s := &Server{seed: 1, now: time.Now, shops: make(map[string]*Shop)}
	for _, opt := range opts {
		opt(s)
	}
	s.outbox = newOutbox(s.seed)
	return s
}

// Shop returns the store with that domain, or nil.
func (s *Server) Shop(domain string) *Shop {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shops[strings.ToLower(domain)]
}

// Shops returns all stores in the order of their domains.
func (s *Server) Shops() []*Shop {
	s.mu.Lock()
	defer s.mu.Unlock()
	shops := make([]*Shop, 0, len(s.shops))
	for _, sh := range s.shops {
		shops = append(shops, sh)
	}
	slices.SortFunc(shops, func(a, b *Shop) int { return cmp.Compare(a.cfg.Domain, b.cfg.Domain) })
	return shops
}

// Now is the server's clock.
func (s *Server) Now() time.Time { return s.now() }

// ServeHTTP answers as the store named by the Host header does, or by a first
// path segment such as /example.myshopify.com/; a server of one store needs
// neither.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxRequestBody)
	s.answer(r).write(r.Context(), w)
}

// route finds the store a request is for and the path inside it.
func (s *Server) route(r *http.Request) (*Shop, string) {
	host, _, _ := strings.Cut(strings.ToLower(r.Host), ":")
	path := r.URL.Path
	if rest, ok := strings.CutPrefix(path, storagePath); ok {
		domain, _, _ := strings.Cut(rest, "/")
		return s.Shop(domain), path
	}
	if first, rest, ok := strings.Cut(strings.TrimPrefix(path, "/"), "/"); ok && strings.HasSuffix(strings.ToLower(first), domainSuffix) {
		return s.Shop(first), "/" + rest
	}
	if strings.HasSuffix(host, domainSuffix) {
		return s.Shop(host), path
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.shops) == 1 && isLocal(host) {
		for _, sh := range s.shops {
			return sh, path
		}
	}
	return nil, path
}

// isLocal keeps a server of one store from answering for foreign hosts: a
// client that was lured away must not find a store there. Requests made by
// net/http/httptest are for example.com.
func isLocal(host string) bool {
	return host == "localhost" || host == "" || strings.HasPrefix(host, "127.") || host == "example.com" || strings.HasPrefix(host, "[")
}

// answer is everything between a request and the bytes of its answer.
func (s *Server) answer(r *http.Request) *reply {
	sh, path := s.route(r)
	call := Call{
		At: s.now(), Host: r.Host, Method: r.Method, Path: path, Query: r.URL.RawQuery,
		UserAgent: r.UserAgent(), Page: pageNumber(r, path),
		Token:         r.Header.Get("X-Shopify-Access-Token") != "",
		Authorization: r.Header.Get("Authorization") != "",
	}
	var rep *reply
	if sh == nil {
		rep = htmlReply(http.StatusNotFound, "Not Found")
	} else {
		call.Shop = sh.cfg.Domain
		if !pause(r.Context(), sh.latency()) {
			rep = &reply{header: make(http.Header), drop: true} // nobody listens any more
		} else {
			call.At = s.now()
			fault := sh.nextFault(r.Method, path, call.Page)
			call.Fault = fault.Kind
			rep = fault.before()
			switch {
			case rep == nil:
				rep = sh.serve(r, path)
			case rep.hang:
				rep.drop = !pause(r.Context(), -1)
			}
			fault.after(sh, r, rep)
		}
	}
	rep.header.Set("Date", call.At.UTC().Format(http.TimeFormat))
	rep.header.Set("X-Request-Id", s.newID("request"))
	call.Status = rep.status
	s.calls.add(call)
	return rep
}
