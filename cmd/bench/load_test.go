package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

func TestPercentile(t *testing.T) {
	t.Parallel()
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i + 1)
	}
	for _, c := range []struct {
		sorted []time.Duration
		p      float64
		want   time.Duration
	}{
		{nil, 50, 0},
		{[]time.Duration{7}, 0, 7},
		{[]time.Duration{7}, 99, 7},
		{[]time.Duration{1, 2}, 50, 1},
		{[]time.Duration{1, 2}, 51, 2},
		{[]time.Duration{1, 2, 3}, 50, 2},
		{hundred, 50, 50},
		{hundred, 99, 99},
		{hundred, 99.5, 100},
		{hundred, 100, 100},
	} {
		if got := percentile(c.sorted, c.p); got != c.want {
			t.Errorf("percentile %g of %d values: got %d, want %d", c.p, len(c.sorted), got, c.want)
		}
	}
}

// counting is a server that counts requests by their path and refuses those for /no.
func counting(t *testing.T) (addr string, seen func() map[string]int) {
	t.Helper()
	var mu sync.Mutex
	paths := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		paths[r.URL.Path]++
		mu.Unlock()
		if r.URL.Path == "/no" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(w, "0123456789")
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), func() map[string]int {
		mu.Lock()
		defer mu.Unlock()
		return paths
	}
}

func TestLoad_SendsEachRequestOnce(t *testing.T) {
	t.Parallel()
	addr, seen := counting(t)
	p := &pool{}
	for i := range 500 {
		p.requests = append(p.requests, get(addr, "/"+string(rune('a'+i%5)), ""))
	}
	got, err := load{addr: addr, conns: 7, next: p.once}.run(t.Context())
	if err != nil || got.err() != nil {
		t.Fatal(err, got.err())
	}
	if len(got.times) != 500 || got.bytes != 5000 || got.size() != 10 || got.rate() <= 0 {
		t.Errorf("got %d answers, %d bytes, %d each", len(got.times), got.bytes, got.size())
	}
	for path, n := range seen() {
		if n != 100 {
			t.Errorf("%s: got %d requests, want 100", path, n)
		}
	}
}

func TestLoad_TellsWhatWasRefused(t *testing.T) {
	t.Parallel()
	addr, _ := counting(t)
	p := &pool{requests: [][]byte{get(addr, "/", ""), get(addr, "/no", ""), get(addr, "/no", "")}}
	got, err := load{addr: addr, conns: 2, next: p.once}.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(got.times) != 1 || got.refused[503] != 2 || got.err() == nil {
		t.Errorf("got %d answers, %v refused, %v, want 1, 2 with 503 and an error", len(got.times), got.refused, got.err())
	}
}

func TestLoad_KeepsASteadyRate(t *testing.T) {
	t.Parallel()
	addr, _ := counting(t)
	p := &pool{requests: [][]byte{get(addr, "/", "")}}
	got, err := load{addr: addr, conns: 3, next: p.loop, time: 40 * time.Millisecond, every: time.Millisecond}.run(t.Context())
	if err != nil || len(got.times) != 40 {
		t.Errorf("got %d answers, %v, want 40: one was due each millisecond", len(got.times), err)
	}
}

func TestLoad_EndsWhenTheServerIsGone(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	addr := server.Listener.Addr().String()
	server.Close()
	p := &pool{requests: [][]byte{get(addr, "/", "")}}
	if _, err := (load{addr: addr, conns: 2, next: p.loop, time: time.Minute}).run(t.Context()); err == nil {
		t.Error("got no error, want one")
	}
}
