package simulator

import (
	"container/heap"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	maxQueue   = 100_000 // messages waiting; beyond it the oldest is lost, as happens
	maxHistory = 10_000  // attempts remembered
)

// message is one delivery on its way: a body for an address. Body and ids stay
// the same over its retries, and so does the address, even when the
// subscription's has changed since.
type message struct {
	shop         *Shop
	subscription int64 // 0: of none
	topic        string
	address      string
	version      string
	webhookID    string
	eventID      string
	triggered    time.Time
	body         []byte

	order   uint64 // of arrival
	due     time.Time
	tries   int
	first   time.Time // of the first try
	extra   bool      // a duplicate
	touched bool      // chance has decided about it
}

// fire queues a message for every subscription of a topic. The caller holds
// the shop's lock.
func (sh *Shop) fire(event, topic string, body []byte) {
	for _, sub := range sh.subs {
		if sub.topic != topic || sub.format != "json" {
			continue
		}
		sh.srv.outbox.put(&message{
			shop: sh, subscription: sub.id, topic: topic, address: sub.address, version: sh.served(sub.version),
			webhookID: sh.srv.newID("webhook"), eventID: event, triggered: sh.srv.now(), body: body,
		})
	}
}

// outbox holds the messages of all stores, the next due one first.
type outbox struct {
	wake chan struct{}

	mu      sync.Mutex
	dice    *rand.Rand
	queue   queue
	arrived uint64
	flying  int // taken and not settled
	idle    []chan struct{}
	history []Delivery
}

func newOutbox(seed uint64) *outbox {
	return &outbox{wake: make(chan struct{}, 1), dice: dice(seed, 0xde11)}
}

func (o *outbox) put(m *message) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.arrived++
	m.order = o.arrived
	if len(o.queue) >= maxQueue {
		heap.Pop(&o.queue)
	}
	heap.Push(&o.queue, m)
	o.signal()
}

func (o *outbox) signal() {
	select {
	case o.wake <- struct{}{}:
	default: // a worker is being woken already
	}
}

// take returns a message that is due, or how long until one is; 0 for never.
func (o *outbox) take(now time.Time, cfg *DeliveryConfig) (*message, time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.queue) > 0 {
		m := o.queue[0]
		if wait := m.due.Sub(now); wait > 0 {
			return nil, wait
		}
		heap.Pop(&o.queue)
		if !m.touched {
			o.chance(m, now, cfg)
			continue
		}
		o.flying++
		if len(o.queue) > 0 {
			o.signal()
		}
		return m, 0
	}
	o.rest()
	return nil, 0
}

// chance decides once about a message whether it is lost, doubled or late. The
// caller holds the lock.
func (o *outbox) chance(m *message, now time.Time, cfg *DeliveryConfig) {
	m.touched = true
	if o.dice.Float64() < cfg.Lose {
		return
	}
	copies := []*message{m}
	if o.dice.Float64() < cfg.Duplicate {
		twin := *m
		twin.extra = true
		o.arrived++
		twin.order = o.arrived
		copies = append(copies, &twin)
	}
	for _, c := range copies {
		c.due = now
		if cfg.Shuffle > 0 {
			c.due = now.Add(time.Duration(o.dice.Int64N(int64(cfg.Shuffle))))
		}
		heap.Push(&o.queue, c)
	}
}

// takeAll empties the queue for Flush, due or not.
func (o *outbox) takeAll(cfg *DeliveryConfig) []*message {
	o.mu.Lock()
	defer o.mu.Unlock()
	waiting := o.drain()
	for _, m := range waiting {
		if m.touched {
			heap.Push(&o.queue, m)
		} else {
			o.chance(m, m.due, cfg)
		}
	}
	all := o.drain()
	if cfg.Shuffle > 0 {
		o.dice.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	}
	o.flying += len(all)
	o.rest()
	return all
}

// drain takes everything out in order. The caller holds the lock.
func (o *outbox) drain() []*message {
	all := make([]*message, 0, len(o.queue))
	for len(o.queue) > 0 {
		all = append(all, heap.Pop(&o.queue).(*message)) //nolint:forcetypeassert // the queue holds nothing else
	}
	return all
}

// settle notes an attempt and puts the message back when it is to be tried
// again.
func (o *outbox) settle(d Delivery, again *message) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.flying--
	if len(o.history) == maxHistory {
		o.history = slices.Delete(o.history, 0, maxHistory/2)
	}
	o.history = append(o.history, d)
	if again != nil {
		heap.Push(&o.queue, again)
		o.signal()
	}
	o.rest()
}

// rest tells those who wait that nothing is left to do. The caller holds the
// lock.
func (o *outbox) rest() {
	if o.flying > 0 || len(o.queue) > 0 {
		return
	}
	for _, ch := range o.idle {
		close(ch)
	}
	o.idle = nil
}

// whenIdle returns a channel that is closed once everything is delivered or
// given up.
func (o *outbox) whenIdle() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	ch := make(chan struct{})
	o.idle = append(o.idle, ch)
	o.rest()
	return ch
}

// orderOf is the X-Shopify-Order-Id of an order's body.
func orderOf(body []byte) string {
	order, ok := decodeObject(body)
	if !ok {
		return ""
	}
	if id, ok := order["id"].(interface{ Int64() (int64, error) }); ok {
		if n, err := id.Int64(); err == nil {
			return strconv.FormatInt(n, 10)
		}
	}
	return ""
}

// queue is a heap by due time and arrival.
type queue []*message

func (q queue) Len() int      { return len(q) }
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q queue) Less(i, j int) bool {
	if !q[i].due.Equal(q[j].due) {
		return q[i].due.Before(q[j].due)
	}
	return q[i].order < q[j].order
}

func (q *queue) Push(x any) { *q = append(*q, x.(*message)) } //nolint:forcetypeassert // by container/heap from put

func (q *queue) Pop() any {
	last := len(*q) - 1
	m := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return m
}
