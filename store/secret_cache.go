package store

import (
	"sync"
	"time"
)

const (
	// secretsLife is how long a shop's secrets are believed without looking: another process may change them too.
	secretsLife = time.Second
	// maxShops is how many shops are remembered; strangers can ask for any.
	maxShops = 1024
)

// secretCache remembers the secrets of shops. Every webhook asks for them, and opening them takes as long as checking one.
type secretCache struct {
	mu      sync.Mutex
	known   map[string]shopAt
	changes uint64 // how often integrations or secrets changed
}

// shopAt is what was found for a shop, and when.
type shopAt struct {
	owners []ShopSecrets
	at     time.Time
}

// get returns what is remembered of a shop, and the number of changes so far, for put.
func (c *secretCache) get(shop string, now time.Time) (owners []ShopSecrets, ok bool, changes uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.known[shop]
	age := now.Sub(v.at)
	return v.owners, ok && age >= 0 && age < secretsLife, c.changes
}

// put remembers what was found, unless something changed since get.
func (c *secretCache) put(shop string, owners []ShopSecrets, now time.Time, changes uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changes != changes {
		return
	}
	if c.known == nil || len(c.known) >= maxShops {
		c.known = make(map[string]shopAt)
	}
	c.known[shop] = shopAt{owners, now}
}

// forget forgets everything: integrations or secrets changed.
func (c *secretCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known = nil
	c.changes++
}
