package store

import (
	"context"
	"sync"
	"time"
)

const (
	// maxCounts is how many counts are remembered.
	maxCounts = 512
	// countLife is how long a count is believed that nothing we know of has changed: another process may change orders too.
	countLife = 10 * time.Second
	// sharedLife is the same where other processes serve the same database all the time.
	sharedLife = 2 * time.Second
	// dearLife is how long the count of a large store is believed although its orders have changed since: counting
	// anew after every webhook would take all the time there is.
	dearLife = 2 * time.Second
)

// countKey is what was counted: a condition with its arguments, in the form in which they go to the engine.
type countKey struct {
	integration int64
	text        string
}

// counted is a remembered count.
type counted struct {
	n     int
	at    time.Time
	stale bool // orders have changed since
}

// countCache remembers counts that have to walk an index. People page through a list and tools ask for the same one over
// and over; while nothing changes, neither does the count.
type countCache struct {
	shared bool // with other processes that serve

	mu      sync.Mutex
	known   map[countKey]counted
	changes map[int64]uint64 // by integration: how often its orders changed
}

// get returns the remembered count, or counts. dear says that counting takes so long that one of a moment ago will do.
func (c *countCache) get(ctx context.Context, k countKey, dear bool, count func(context.Context) (int, error)) (int, error) {
	begun := time.Now()
	c.mu.Lock()
	v, ok := c.known[k]
	before := c.changes[k.integration]
	c.mu.Unlock()
	age := begun.Sub(v.at)
	life := countLife
	if c.shared {
		life = sharedLife
	}
	if ok && (!v.stale && age < life || dear && age < dearLife) {
		return v.n, nil
	}
	n, err := count(ctx)
	if err != nil {
		return 0, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || len(c.known) >= maxCounts {
		c.known = make(map[countKey]counted) // simpler than choosing, and those in use come back
	}
	c.known[k] = counted{n: n, at: begun, stale: c.changes[k.integration] != before}
	return n, nil
}

// forget notes that orders of these integrations changed.
func (c *countCache) forget(integrations map[int64]bool) {
	if len(integrations) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changes == nil {
		c.changes = make(map[int64]uint64)
	}
	for id := range integrations {
		c.changes[id]++
	}
	for k, v := range c.known {
		if integrations[k.integration] && !v.stale {
			v.stale = true
			c.known[k] = v
		}
	}
}
