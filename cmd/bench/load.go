package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// grace is how much longer than its time a measurement may take before it counts as stuck.
const grace = 2 * time.Minute

// load is a number of connections that each send the next request as soon as the last one is answered.
type load struct {
	addr  string
	conns int
	next  func() []byte // the next request, nil when there are no more; all connections call it
	time  time.Duration // no request begins later; 0: until there are no more
	every time.Duration // between two requests, whether or not the last one is answered; 0: as fast as they go
	want  int           // status; 0: 200
}

// tally is what a load measured.
type tally struct {
	took    time.Duration
	times   []time.Duration // of each answer, sorted
	bytes   int64           // of the answers' bodies
	refused map[int]int     // answers with another status, which are not in times
}

// run connects first, so that the clock sees requests only.
func (l load) run(ctx context.Context) (tally, error) {
	want := l.want
	if want == 0 {
		want = http.StatusOK
	}
	conns := make([]*conn, l.conns)
	defer func() {
		for _, c := range conns {
			if c != nil {
				_ = c.Close()
			}
		}
	}()
	stuck := time.Now().Add(l.time + grace)
	for i := range conns {
		c, err := dial(ctx, l.addr)
		if err != nil {
			return tally{}, err
		}
		if conns[i] = c; c.SetDeadline(stuck) != nil {
			return tally{}, errors.New("a connection takes no deadline")
		}
	}
	defer context.AfterFunc(ctx, func() { // whoever waits for an answer need not
		for _, c := range conns {
			_ = c.Close()
		}
	})()
	parts, errs := make([]tally, l.conns), make([]error, l.conns)
	var all sync.WaitGroup
	var turn atomic.Int64
	begin := time.Now()
	for i, c := range conns {
		all.Go(func() { parts[i], errs[i] = l.one(ctx, c, begin, &turn, want) })
	}
	all.Wait()
	sum := tally{took: time.Since(begin), refused: map[int]int{}}
	for _, p := range parts {
		sum.times = append(sum.times, p.times...)
		sum.bytes += p.bytes
		for status, n := range p.refused {
			sum.refused[status] += n
		}
	}
	slices.Sort(sum.times)
	if err := ctx.Err(); err != nil {
		return sum, err
	}
	return sum, cmp.Or(errs...) // one tells as much as all of them
}

// one is the life of one connection. At a steady rate an answer's time counts from when the request was due, so that a
// program that stops for a moment is not spared the requests that would have come then.
func (l load) one(ctx context.Context, c *conn, begin time.Time, turn *atomic.Int64, want int) (tally, error) {
	t := tally{refused: map[int]int{}, times: make([]time.Duration, 0, 4096)}
	for start := begin; ctx.Err() == nil; {
		if l.every > 0 {
			start = begin.Add(time.Duration(turn.Add(1)-1) * l.every)
		}
		if l.time > 0 && start.Sub(begin) >= l.time {
			break
		}
		if early := time.Until(start); early > 0 && l.every > 0 {
			if err := pause(ctx, early); err != nil {
				return t, err
			}
		}
		request := l.next()
		if request == nil {
			break
		}
		status, err := c.exchange(request, nil)
		if err != nil {
			return t, fmt.Errorf("after %d answers on a connection: %w", len(t.times), err)
		}
		now := time.Now()
		if status == want {
			t.times = append(t.times, now.Sub(start))
		} else {
			t.refused[status]++
		}
		start = now
	}
	t.bytes = c.read
	return t, ctx.Err()
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t tally) rate() float64 {
	if t.took <= 0 {
		return 0
	}
	return float64(len(t.times)) / t.took.Seconds()
}

// size is the average body of an answer in bytes.
func (t tally) size() int {
	if len(t.times) == 0 {
		return 0
	}
	return int(t.bytes / int64(len(t.times)))
}

// err makes answers that were not wanted a failure: a figure counts only when everything was answered.
func (t tally) err() error {
	if len(t.refused) == 0 && len(t.times) > 0 {
		return nil
	}
	for _, status := range slices.Sorted(maps.Keys(t.refused)) {
		return fmt.Errorf("%d answers have status %d", t.refused[status], status)
	}
	return errors.New("nothing was answered in time")
}

// percentile is the smallest value that at least p percent of the sorted values do not exceed.
func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(p / 100 * float64(len(sorted)))
	if float64(rank) < p/100*float64(len(sorted)) {
		rank++
	}
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// pool is a set of requests that connections share.
type pool struct {
	requests [][]byte
	at       atomic.Int64
}

// once gives each request one time.
func (p *pool) once() []byte {
	i := int(p.at.Add(1)) - 1
	if i >= len(p.requests) {
		return nil
	}
	return p.requests[i]
}

// loop begins anew after the last one.
func (p *pool) loop() []byte {
	return p.requests[(int(p.at.Add(1))-1)%len(p.requests)]
}
