package store

import (
	"context"
	"slices"
	"sync"
)

// turnstile lets writers through one at a time, in the order in which they came. The pool of the one write connection
// would pick any of those who wait, so that with many of them somebody would wait long.
//
// Whoever comes urgently goes before the others, but only every second time while others wait: a flood of webhooks slows an
// import down and does not stop it.
type turnstile struct {
	mu         sync.Mutex
	taken      bool
	lastUrgent bool
	urgent     []chan struct{}
	others     []chan struct{}
}

// enter waits for the turn until ctx ends. Whoever got in must leave.
func (t *turnstile) enter(ctx context.Context, urgent bool) error {
	t.mu.Lock()
	if !t.taken {
		t.taken, t.lastUrgent = true, urgent
		t.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	queue := &t.others
	if urgent {
		queue = &t.urgent
	}
	*queue = append(*queue, turn)
	t.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(*queue, turn); i >= 0 {
		*queue = slices.Delete(*queue, i, i+1)
		return ctx.Err()
	}
	t.pass() // the turn came just now, and somebody else can use it
	return ctx.Err()
}

// wanted tells whether somebody waits for the turn.
func (t *turnstile) wanted() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.urgent)+len(t.others) > 0
}

// leave gives the turn to the next.
func (t *turnstile) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pass()
}

func (t *turnstile) pass() {
	urgent := len(t.urgent) > 0 && (!t.lastUrgent || len(t.others) == 0)
	queue := &t.others
	if urgent {
		queue = &t.urgent
	}
	if len(*queue) == 0 {
		t.taken = false
		return
	}
	t.lastUrgent = urgent
	close((*queue)[0])
	*queue = slices.Delete(*queue, 0, 1)
}
