package shopify

import (
	"context"
	"crypto/sha256"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"
)

// What is assumed of a bucket before a store has told its size: the smallest
// that Shopify gives, or has given. Every bucket leaks its whole size in 20 seconds.
const (
	startSize    = 40
	startPoints  = 1000
	leakSeconds  = 20
	maxSize      = 1_000_000
	minPause     = time.Millisecond // a shorter wait is only rounding
	bucketIdle   = 10 * time.Minute // an entry not used for so long is dropped
	sweepEvery   = time.Minute
	maxHeaderLen = 40
)

// account is whom Shopify counts calls for: an app in a store, of which the
// token is the only sign we have. It holds a fingerprint, not the token. Calls of
// REST and points of GraphQL are counted apart.
type account struct {
	shop   string
	token  [16]byte
	points bool
}

func accountOf(s Session) account {
	digest := sha256.Sum256([]byte(s.Token))
	a := account{shop: s.Shop}
	copy(a.token[:], digest[:])
	return a
}

// limiter keeps every account below its call limit, so that no answer is 429
// which patience could have avoided. Accounts never wait for one another.
type limiter struct {
	mu      sync.Mutex
	buckets map[account]*bucket
	swept   time.Time
}

// bucket mirrors Shopify's leaky bucket from this side. A call in flight counts
// fully and does not leak until it is over, because nobody knows at which moment
// of it Shopify counts; so the mirror is never emptier than the original, as far
// as our own calls go. Others' calls show in what the store reports.
//
// A call of REST costs one, a query of GraphQL as many points as it may come to;
// what it did not come to is given back with its answer.
type bucket struct {
	size     float64
	leaking  float64 // a second
	level    float64 // costs over and not leaked yet, at time at
	at       time.Time
	inFlight float64       // costs
	waiting  float64       // costs
	started  uint64        // calls begun ever
	blocked  time.Time     // no call before this: a 429 said so
	changed  chan struct{} // closed when a waiter should look again
}

// permit is the right to make one call; exactly one of its ends must be called.
type permit struct {
	l      *limiter
	b      *bucket
	cost   float64
	number uint64
	alone  bool // no other call was in flight at the start
}

func newLimiter() *limiter { return &limiter{buckets: map[account]*bucket{}, swept: time.Now()} }

// acquire waits for room for a call of that cost, at most *patience in all, and
// takes what it waited off *patience. With ok false the wait would be longer: it
// is at least that long, and nothing was taken. The error is the context's.
func (l *limiter) acquire(ctx context.Context, a account, cost float64, patience *time.Duration) (p permit, wait time.Duration, ok bool, err error) {
	for queued := false; ; queued = true {
		if err := ctx.Err(); err != nil {
			return permit{}, 0, false, err
		}
		l.mu.Lock()
		now := time.Now()
		b := l.bucketOf(a, now)
		wait, queue := b.wait(now, cost)
		if wait <= 0 {
			p := permit{l: l, b: b, cost: cost, alone: b.inFlight == 0}
			b.inFlight += cost
			b.started++
			p.number = b.started
			l.mu.Unlock()
			return p, 0, true, nil
		}
		if !queued {
			queue += wait // whoever waits already goes first
		} else {
			queue = wait
		}
		if queue > *patience {
			l.mu.Unlock()
			return permit{}, queue, false, nil
		}
		b.waiting += cost
		changed := b.changed
		l.mu.Unlock()

		err := pause(ctx, max(wait, minPause), changed)

		l.mu.Lock()
		b.waiting -= cost
		l.mu.Unlock()
		*patience -= time.Since(now)
		if err != nil {
			return permit{}, 0, false, err
		}
	}
}

// bucketOf finds or makes the bucket of an account, brought up to now.
func (l *limiter) bucketOf(a account, now time.Time) *bucket {
	l.sweep(now)
	b := l.buckets[a]
	if b == nil {
		b = &bucket{size: startSize, at: now, changed: make(chan struct{})}
		if a.points {
			b.size = startPoints
		}
		b.leaking = b.size / leakSeconds
		l.buckets[a] = b
	}
	b.leak(now)
	return b
}

// sweep forgets accounts that were not used for a while. What they had learned
// is learned again by their next answer.
func (l *limiter) sweep(now time.Time) {
	if now.Sub(l.swept) < sweepEvery {
		return
	}
	l.swept = now
	for a, b := range l.buckets {
		if b.inFlight == 0 && b.waiting == 0 && now.Sub(b.at) > bucketIdle && now.After(b.blocked) {
			delete(l.buckets, a)
		}
	}
}

func (b *bucket) leak(now time.Time) {
	if passed := now.Sub(b.at).Seconds(); passed > 0 {
		b.level = max(0, b.level-passed*b.leaking)
		b.at = now
	}
}

// room is how much may be in the bucket. The last place is left free where
// there is more than one: what a store reports is a whole number and may have
// been rounded down.
func (b *bucket) room() float64 { return max(1, b.size-1) }

// wait returns how long until a call of that cost fits, and how much longer for
// those who wait already. What costs more than all of the bucket has to have it
// to itself.
func (b *bucket) wait(now time.Time, cost float64) (wait, queue time.Duration) {
	if over := b.level + b.inFlight + cost - max(b.room(), cost); over > 1e-9 {
		wait = seconds(over / b.leaking)
	}
	wait = max(wait, b.blocked.Sub(now))
	return wait, seconds(b.waiting / b.leaking)
}

// done ends a call that was answered; header is the call limit of the answer.
// A good answer without one is not metered at all, as with some simulators;
// any other may have been counted.
func (p permit) done(header string, good bool) {
	used, size, reported := parseCallLimit(header)
	p.end(func(b *bucket) {
		if !reported {
			if !good {
				b.level += p.cost
			}
			return
		}
		b.size, b.leaking = size, size/leakSeconds
		p.reported(b, p.cost, used)
	})
}

// reported takes over what a store says is in the bucket after a call that came
// to that much.
func (p permit) reported(b *bucket, spent, used float64) {
	b.level += spent
	if p.alone && b.started == p.number {
		// No other call of ours since it began: the report is exact.
		b.level = used
		return
	}
	// Otherwise it may be older than what we know, and only tells of
	// calls that are not ours.
	b.level = max(b.level, used-b.inFlight)
}

// spent ends a query of GraphQL that was answered with what it cost.
func (p permit) spent(c cost) {
	p.end(func(b *bucket) {
		b.size, b.leaking = c.most, c.restore
		p.reported(b, c.actual, max(0, c.most-c.left))
	})
}

// lost ends a call of which no answer came; it may have been counted.
func (p permit) lost() { p.end(func(b *bucket) { b.level += p.cost }) }

// refused ends a call that drew a 429: the bucket is full, and for the given
// time nobody else needs to try.
func (p permit) refused(wait time.Duration) {
	p.end(func(b *bucket) {
		b.level = max(b.level, b.room())
		if until := b.at.Add(wait); until.After(b.blocked) {
			b.blocked = until
		}
	})
}

func (p permit) end(change func(*bucket)) {
	p.l.mu.Lock()
	defer p.l.mu.Unlock()
	p.b.leak(time.Now())
	p.b.inFlight -= p.cost
	change(p.b)
	if p.b.waiting > 0 {
		close(p.b.changed)
		p.b.changed = make(chan struct{})
	}
}

// parseCallLimit reads "32/40": calls in the bucket and its size.
func parseCallLimit(header string) (used, size float64, ok bool) {
	if len(header) > maxHeaderLen {
		return 0, 0, false
	}
	left, right, found := strings.Cut(header, "/")
	used, err1 := strconv.ParseFloat(strings.TrimSpace(left), 64)
	size, err2 := strconv.ParseFloat(strings.TrimSpace(right), 64)
	if !found || err1 != nil || err2 != nil || !(used >= 0 && used <= maxSize) || !(size >= 1 && size <= maxSize) {
		return 0, 0, false
	}
	return used, size, true
}

func seconds(s float64) time.Duration {
	return time.Duration(math.Ceil(s * float64(time.Second)))
}

// pause sleeps for d, or less when the context ends (its error) or, with early
// not nil, when that is closed.
func pause(ctx context.Context, d time.Duration, early <-chan struct{}) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-early:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
