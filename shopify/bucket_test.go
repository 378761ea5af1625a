package shopify_test

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"sync"
	"time"
)

// leakyBucket is a store that counts as Shopify does: a call that would make the
// bucket run over is refused, any other is let in and the bucket leaks all the
// time. It is strict: it holds fractions, and reports them rounded down.
type leakyBucket struct {
	mu       sync.Mutex
	size     float64
	leak     float64
	level    float64
	at       time.Time
	latency  func() (before, after time.Duration)
	calls    int
	refused  int
	inFlight int
}

func newBucket(size float64) *leakyBucket {
	return &leakyBucket{size: size, leak: size / 20, at: time.Now(), latency: func() (time.Duration, time.Duration) { return 0, 0 }}
}

// fill lets others' calls in.
func (b *leakyBucket) fill(n float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.drip()
	b.level = min(b.size, b.level+n)
}

func (b *leakyBucket) drip() {
	now := time.Now()
	b.level = max(0, b.level-now.Sub(b.at).Seconds()*b.leak)
	b.at = now
}

func (b *leakyBucket) RoundTrip(r *http.Request) (*http.Response, error) {
	b.mu.Lock()
	b.calls++
	b.inFlight++
	before, after := b.latency()
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		b.inFlight--
		b.mu.Unlock()
	}()
	if err := elapse(r.Context(), before); err != nil {
		return nil, err
	}
	b.mu.Lock()
	b.drip()
	over := b.level+1 > b.size+1e-6
	if over {
		b.refused++
	} else {
		b.level++
	}
	used := math.Floor(b.level + 1e-9)
	b.mu.Unlock()
	if err := elapse(r.Context(), after); err != nil {
		return nil, err
	}
	if over {
		return reply(r, 429, `{"errors":"Exceeded"}`, "Retry-After: 2.0"), nil
	}
	return reply(r, 200, `{"shop":{"id":1}}`, fmt.Sprintf("X-Shopify-Shop-Api-Call-Limit: %.0f/%.0f", used, b.size)), nil
}

// elapse lets time pass on the bubble's clock.
func elapse(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
