package simulator

import (
	"net/http"
	"slices"
	"sync"
	"time"
)

// maxCalls bounds the log; the oldest calls go first.
const maxCalls = 50_000

// Call is one request the server answered. It tells whether credentials came
// along, never which.
type Call struct {
	At            time.Time
	Shop          string // domain, "" when no store was meant
	Host          string // as the client sent it
	Method        string
	Path          string // without the leading store segment
	Query         string
	UserAgent     string
	Page          int // of a walk through a list, from 1
	Status        int // 0: the connection was dropped
	Fault         FaultKind
	Token         bool // X-Shopify-Access-Token was sent
	Authorization bool // an Authorization header was sent
}

type callLog struct {
	mu        sync.Mutex
	calls     []Call
	throttled int
}

func (l *callLog) add(c Call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.calls) == maxCalls {
		l.calls = slices.Delete(l.calls, 0, maxCalls/2)
	}
	l.calls = append(l.calls, c)
	if c.Status == http.StatusTooManyRequests {
		l.throttled++
	}
}

// throttle counts a query that was told to slow down, as a 429 is.
func (l *callLog) throttle() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.throttled++
}

// Calls returns the requests answered so far, oldest first; of a very long run
// only the last ones.
func (s *Server) Calls() []Call {
	s.calls.mu.Lock()
	defer s.calls.mu.Unlock()
	return slices.Clone(s.calls.calls)
}

// ResetCalls empties the log and its count of 429.
func (s *Server) ResetCalls() {
	s.calls.mu.Lock()
	defer s.calls.mu.Unlock()
	s.calls.calls, s.calls.throttled = nil, 0
}

// Count429 tells how often a client was told to slow down, by REST or GraphQL.
func (s *Server) Count429() int {
	s.calls.mu.Lock()
	defer s.calls.mu.Unlock()
	return s.calls.throttled
}
