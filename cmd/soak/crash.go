package main

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	crowd     = 64 // senders
	firstID   = 7_000_000_000_000
	soakStore = "soak.myshopify.com"
)

// crash kills the service every few seconds while very many deliver.
func crash(ctx context.Context, t *trial) error {
	n := t.opt.scaled(100_000, 500)
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
	from := newSender(s.addr, soakStore, firstID, crowd)
	sent := make(chan struct{})
	begun := time.Now()
	go func() {
		defer close(sent)
		from.all(ctx, n, crowd)
	}()
	var starts times
	for over := false; !over; {
		// The kill may come at any moment, also while the service is still starting to work.
		wait := time.NewTimer(rand.N(min(3*time.Second, t.opt.time/20))) //nolint:gosec // no secret
		select {
		case <-sent:
			over = true
		case <-wait.C:
		}
		wait.Stop()
		s.kill()
		again := time.Now()
		if err := s.start(ctx); err != nil {
			return err
		}
		starts = append(starts, time.Since(again))
	}
	took := time.Since(begun)
	if err := s.delivered(ctx, id, from); err != nil {
		t.hold(false, "%v", err)
	}
	if err := s.whole(ctx); err != nil {
		t.hold(false, "%v", err)
	}
	answers, _, strange := from.tally()
	t.hold(strange == "", "an answer is %s", strange)
	t.figure("deliveries acknowledged", "%d in %s, all of them orders, once", answers[200], took.Round(time.Second))
	t.figure("kills", "%d", len(starts))
	t.figure("without an answer, sent again", "%d", answers[0])
	t.figure("start until healthy, p50 / p99 / max", "%s", starts)
	return nil
}
