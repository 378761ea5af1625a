package simulator

import (
	"fmt"
	"math"
	"net/http"
	"time"
)

const (
	standardBucket = 40
	bucketSeconds  = 20 // every plan's bucket runs dry in so many seconds
	retryAfter     = "2.0"

	// unlimitedBucket is what a store without a limit reports, so that a
	// client that learns from the header has no reason to slow down.
	unlimitedBucket = 1_000_000
)

// A bucket is Shopify's leaky bucket of REST calls for one app in one store.
type bucket struct {
	size  int
	leak  float64 // calls per second
	level float64
	at    time.Time
}

// take adds a call and reports the new level, or refuses.
func (b *bucket) take(now time.Time) (used int, ok bool) {
	if b.size < 0 {
		return 1, true
	}
	if passed := now.Sub(b.at); passed > 0 {
		b.level = max(0, b.level-passed.Seconds()*b.leak)
	}
	b.at = now
	if b.level+1 > float64(b.size) {
		return 0, false
	}
	b.level++
	return int(math.Ceil(b.level)), true
}

// spend takes points for a query and reports what is left, or refuses.
func (b *bucket) spend(now time.Time, points float64) (left float64, ok bool) {
	if b.size < 0 {
		return unlimitedPoints, true
	}
	if passed := now.Sub(b.at); passed > 0 {
		b.level = max(0, b.level-passed.Seconds()*b.leak)
	}
	b.at = now
	if ok = b.level+points <= float64(b.size); ok {
		b.level += points
	}
	return math.Floor(float64(b.size) - b.level), ok
}

// refund gives points back that a query did not come to.
func (b *bucket) refund(points float64) (left float64) {
	if b.size < 0 {
		return unlimitedPoints
	}
	b.level = max(0, b.level-points)
	return math.Floor(float64(b.size) - b.level)
}

// figures are the size of the bucket of points and how much comes back in a second.
func (b *bucket) figures() (most, restore float64) {
	if b.size < 0 {
		return unlimitedPoints, unlimitedPoints / bucketSeconds
	}
	return float64(b.size), b.leak
}

// pointsOf is the bucket of GraphQL.
func pointsOf(cfg ShopConfig) (size int, leak float64) {
	switch {
	case cfg.Points != 0:
		size = cfg.Points
	case cfg.Bucket < 0:
		size = -1
	default:
		size = standardPoints
	}
	return size, math.Abs(float64(size)) / bucketSeconds
}

// header is the X-Shopify-Shop-Api-Call-Limit of a good answer.
func (b *bucket) header(used int) string {
	if b.size < 0 {
		return fmt.Sprintf("%d/%d", used, unlimitedBucket)
	}
	return fmt.Sprintf("%d/%d", used, b.size)
}

// tooMany is the 429 of a full bucket: it has a decimal Retry-After and does
// not carry the call limit.
func tooMany(leak float64, after string) *reply {
	rep := errorReply(http.StatusTooManyRequests,
		fmt.Sprintf("Exceeded %g calls per second for api client. Reduce request rates to resume uninterrupted service.", leak))
	rep.header.Set("Retry-After", after)
	return rep
}

// SetBucket changes the size of the call limit (negative: none) and its leak
// per second (0: a twentieth of the size). Calls already counted stay.
func (sh *Shop) SetBucket(size int, leak float64) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.bucket.size, sh.bucket.leak = bucketOf(size, leak)
}

func bucketOf(size int, leak float64) (int, float64) {
	if size == 0 {
		size = standardBucket
	}
	if leak <= 0 {
		leak = math.Abs(float64(size)) / bucketSeconds
	}
	return size, leak
}
