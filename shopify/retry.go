package shopify

import (
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	defaultRetryAfter = 2 * time.Second
	minRetryAfter     = 100 * time.Millisecond
	maxRetryAfter     = 5 * time.Minute // Shopify asks for seconds; a run must not sleep for a day over a mistake
	minBackoff        = 100 * time.Millisecond
	maxBackoff        = time.Second
)

// parseRetryAfter reads Shopify's Retry-After, seconds with a fraction, and the
// date that proxies in between may send. A 429 without one means 2 seconds; for
// other answers 0 means none.
func parseRetryAfter(header string, status int, now time.Time) time.Duration {
	d := time.Duration(0)
	if s, err := strconv.ParseFloat(strings.TrimSpace(header), 64); err == nil && !math.IsNaN(s) {
		d = time.Duration(min(max(s, 0), maxRetryAfter.Seconds()) * float64(time.Second))
		d = max(d, minRetryAfter)
	} else if at, err := http.ParseTime(header); err == nil {
		d = min(max(at.Sub(now), minRetryAfter), maxRetryAfter)
	}
	switch {
	case d == 0 && status == http.StatusTooManyRequests:
		return defaultRetryAfter
	case status < 400:
		return 0
	}
	return d
}

// backoff is the wait after the n-th failed try, 1 being the first.
func backoff(n int) time.Duration {
	ceiling := min(maxBackoff, minBackoff<<min(n, 10))
	return minBackoff + rand.N(ceiling-minBackoff+1) //nolint:gosec // jitter need not be secret
}
