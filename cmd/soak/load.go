package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

const quietStore = "quiet.myshopify.com"

// flood lets one store deliver as fast as it can, and looks what another store notices.
func flood(ctx context.Context, t *trial) error {
	s, end, err := t.newService(ctx)
	if end != nil {
		defer end()
	}
	if err != nil {
		return err
	}
	s.addShop(soakStore, -1)
	s.addShop(quietStore, -1)
	loud, err := s.connected(ctx, soakStore)
	if err != nil {
		return err
	}
	quiet, err := s.connected(ctx, quietStore)
	if err != nil {
		return err
	}
	from, other := newSender(s.addr, soakStore, firstID, crowd), newSender(s.addr, quietStore, 2*firstID, 8)
	time1 := max(t.opt.time/20, time.Second)

	visible, err := s.neighbour(ctx, quiet, other, time1)
	if err != nil {
		return err
	}
	_, alone, _ := other.tally()
	t.figure("a quiet store alone: answer, p50 / p99 / max", "%s", alone)
	t.figure("a quiet store alone: until it is an order, p50 / p99 / max", "%s", visible)

	flooding, over := context.WithCancel(ctx)
	flooded := make(chan struct{})
	begun := time.Now()
	go func() {
		defer close(flooded)
		from.flood(flooding, crowd)
	}()
	visible, err = s.neighbour(ctx, quiet, other, 3*time1)
	over()
	<-flooded
	took := time.Since(begun)
	if err != nil {
		return err
	}
	answers, loudTimes, strange := from.tally()
	_, both, _ := other.tally()
	beside := both[len(alone):]
	t.figure("the flood", "%.0f/s, %s, %d refused", float64(answers[200])/took.Seconds(), loudTimes, answers[503])
	t.aim(beside.at(99) <= 100*time.Millisecond, "a quiet store beside it: answer, p50 / p99 / max; p99 ≤ 100ms", "%s", beside)
	t.aim(visible.at(99) <= 2*time.Second, "a quiet store beside it: until it is an order, p50 / p99 / max; p99 ≤ 2s", "%s", visible)
	t.hold(strange == "", "an answer is %s", strange)
	t.hold(beside.at(100) < shopifyLimit, "a delivery of the other store took %s", beside.at(100))
	for id, from := range map[int64]*sender{loud: from, quiet: other} {
		if err := s.delivered(ctx, id, from); err != nil {
			t.hold(false, "%v", err)
		}
	}
	if err := s.whole(ctx); err != nil {
		t.hold(false, "%v", err)
	}
	return nil
}

// neighbour delivers now and then, and waits each time until the order can be seen.
func (s *service) neighbour(ctx context.Context, integration int64, from *sender, most time.Duration) (visible times, err error) {
	for until := time.Now().Add(most); time.Now().Before(until); {
		n := from.next.Load()
		if !from.persist(ctx) {
			return visible, ctx.Err()
		}
		answered := time.Now()
		want := fmt.Sprintf("%q", fmt.Sprint(from.first+n))
		wait, cancel := context.WithTimeout(ctx, time.Minute)
		err := poll(wait, 5*time.Millisecond, func() (bool, error) {
			status, body, err := s.send(wait, "GET", fmt.Sprintf("%s%d/orders/?cursor=&page_size=1&fields=platform_order_id&ordering=-created_at&search=%%23%d", api, integration, n), nil)
			return status == 200 && strings.Contains(string(body), want), err
		})
		cancel()
		if err != nil {
			return visible, fmt.Errorf("order %d of the quiet store: %w", n, err)
		}
		visible = append(visible, time.Since(answered))
		if !pause(ctx, 20*time.Millisecond) {
			return visible, ctx.Err()
		}
	}
	return visible, nil
}

// burst delivers very many within five seconds, on time whether or not they are answered.
func burst(ctx context.Context, t *trial) error {
	n := min(20_000, t.opt.scaled(200_000, 1_000))
	const within = 5 * time.Second
	s, end, err := t.newService(ctx)
	if end != nil {
		defer end()
	}
	if err != nil {
		return err
	}
	s.addShop(soakStore, -1)
	id, err := s.connected(ctx, soakStore)
	if err != nil {
		return err
	}
	from := newSender(s.addr, soakStore, firstID, 1024)
	bodies := make([][]byte, n)
	for i := range bodies {
		bodies[i] = from.order(int64(i), 0)
	}
	from.next.Store(int64(n))
	var mu sync.Mutex
	var refused []int
	bursting, over := context.WithCancel(ctx)
	sent := 0
	atRate(bursting, within/time.Duration(n), 1024, func(i int) {
		if i >= n {
			return
		}
		if from.deliver(ctx, fmt.Sprint("burst/", i), bodies[i]) != 200 {
			mu.Lock()
			refused = append(refused, i)
			mu.Unlock()
		}
		if i == n-1 {
			over()
		}
	})
	over()
	answers, ts, strange := from.tally()
	sent = sum(answers)
	t.hold(strange == "" && answers[0] == 0 && sent == n, "of %d answers %d are none, and one is %q", sent, answers[0], strange)
	t.hold(ts.at(100) < shopifyLimit, "an answer took %s", ts.at(100))
	t.figure("deliveries in five seconds", "%d answered 200, %d answered 503", answers[200], answers[503])
	t.figure("answers, p50 / p99 / max", "%s", ts)
	for _, i := range refused { // Shopify comes again
		for from.deliver(ctx, fmt.Sprint("burst/", i), bodies[i]) != 200 {
			if !pause(ctx, 100*time.Millisecond) {
				return ctx.Err()
			}
		}
	}
	last := time.Now()
	if err := s.delivered(ctx, id, from); err != nil {
		t.hold(false, "%v", err)
	}
	t.figure("until all were orders", "%s", rounded(time.Since(last)))
	if err := s.whole(ctx); err != nil {
		t.hold(false, "%v", err)
	}
	return nil
}
