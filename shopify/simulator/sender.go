package simulator

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// shopifyRetries are the waits before the eight retries of a failed delivery;
// together about four hours.
var shopifyRetries = [...]time.Duration{
	10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 130 * time.Minute,
}

// ShopifyRetries returns the waits before the eight retries of a failed
// delivery, each divided by compress, so that four hours can pass in a second.
func ShopifyRetries(compress float64) []time.Duration {
	waits := slices.Clone(shopifyRetries[:])
	for i := range waits {
		waits[i] = time.Duration(float64(waits[i]) / compress)
	}
	return waits
}

// DeliveryConfig says how webhooks travel. The zero value is a quiet day at
// Shopify.
type DeliveryConfig struct {
	Client    *http.Client    // default: Shopify's time limits, no redirects
	Workers   int             // at once; default 4
	Retries   []time.Duration // waits between tries; default ShopifyRetries(1)
	Duplicate float64         // share that is delivered twice, under one Webhook-Id
	Lose      float64         // share that is never sent
	Shuffle   time.Duration   // each is late by a random part of it, so that the order is lost
}

func (cfg DeliveryConfig) withDefaults() DeliveryConfig {
	if cfg.Workers <= 0 {
		cfg.Workers = 4
	}
	if cfg.Retries == nil {
		cfg.Retries = ShopifyRetries(1)
	}
	cfg.Client = deliveryClient(cfg.Client)
	return cfg
}

// StartDeliveries sends fired webhooks in the background until the context
// ends; the returned function waits for the workers to be gone. A delivery that
// fails is tried again as cfg.Retries says. When the last try of one has failed
// and nothing got through to its subscription meanwhile, the subscription is
// deleted.
func (s *Server) StartDeliveries(ctx context.Context, cfg DeliveryConfig) (wait func()) {
	cfg = cfg.withDefaults()
	var workers sync.WaitGroup
	for range cfg.Workers {
		workers.Go(func() { s.deliver(ctx, &cfg) })
	}
	return workers.Wait
}

func (s *Server) deliver(ctx context.Context, cfg *DeliveryConfig) {
	for {
		m, wait := s.outbox.take(time.Now(), cfg)
		if m != nil {
			s.try(ctx, cfg, m)
			if ctx.Err() != nil {
				return
			}
			continue
		}
		if wait == 0 {
			wait = time.Hour // put wakes a worker
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-s.outbox.wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// Flush sends everything that is queued now, once and in one go: what is
// waiting for a retry as well, and in the order of the events unless cfg
// shuffles. Failures stay queued for the next Flush, until all tries are used
// up. It is for tests that want to say when.
func (s *Server) Flush(ctx context.Context, cfg DeliveryConfig) []Delivery {
	cfg = cfg.withDefaults()
	var done []Delivery
	for _, m := range s.outbox.takeAll(&cfg) {
		done = append(done, s.try(ctx, &cfg, m))
	}
	return done
}

// Settled waits until nothing is queued or on its way.
func (s *Server) Settled(ctx context.Context) error {
	select {
	case <-s.outbox.whenIdle():
		return nil
	case <-ctx.Done():
		return fmt.Errorf("simulator: deliveries outstanding: %w", ctx.Err())
	}
}

// Pending returns how many deliveries are queued or on their way.
func (s *Server) Pending() int {
	s.outbox.mu.Lock()
	defer s.outbox.mu.Unlock()
	return len(s.outbox.queue) + s.outbox.flying
}

// Deliveries returns the attempts made by StartDeliveries and Flush, oldest
// first; of a very long run only the last ones.
func (s *Server) Deliveries() []Delivery {
	s.outbox.mu.Lock()
	defer s.outbox.mu.Unlock()
	return slices.Clone(s.outbox.history)
}

// try makes one attempt and decides what comes of it.
func (s *Server) try(ctx context.Context, cfg *DeliveryConfig, m *message) Delivery {
	now := time.Now()
	if m.tries == 0 {
		m.first = now
	}
	d := (&post{message: m}).send(ctx, cfg.Client)
	if ctx.Err() != nil && !d.OK() {
		m.tries-- // broken off by the one who runs the simulator
		s.outbox.settle(d, m)
		return d
	}
	if d.OK() {
		m.shop.delivered(m.subscription, time.Now())
		s.outbox.settle(d, nil)
		return d
	}
	if m.tries <= len(cfg.Retries) {
		m.due = now.Add(cfg.Retries[m.tries-1])
		s.outbox.settle(d, m)
		return d
	}
	m.shop.gaveUp(m.subscription, m.first)
	s.outbox.settle(d, nil)
	return d
}

func (sh *Shop) delivered(id int64, at time.Time) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	for _, sub := range sh.subs {
		if sub.id == id {
			sub.succeeded = at
		}
	}
}

// gaveUp deletes a subscription that has had no success since the first try of
// a delivery that failed for the last time.
func (sh *Shop) gaveUp(id int64, since time.Time) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.subs = slices.DeleteFunc(sh.subs, func(sub *subscription) bool {
		return sub.id == id && sub.succeeded.Before(since)
	})
}
