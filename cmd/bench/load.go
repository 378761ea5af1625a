package main

import (
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
	parts, errs := make([]tally, l.conns), make([]error, l.conns)
	var all sync.WaitGroup
	begin := time.Now()
	for i, c := range conns {
		all.Go(func() { parts[i], errs[i] = l.one(ctx, c, begin, want) })
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
	return sum, errors.Join(errs...)
}

// one is the life of one connection.
func (l load) one(ctx context.Context, c *conn, begin time.Time, want int) (tally, error) {
	t := tally{refused: map[int]int{}, times: make([]time.Duration, 0, 4096)}
	defer func() { t.bytes = c.read }()
	for start := begin; ctx.Err() == nil && (l.time == 0 || start.Sub(begin) < l.time); {
		request := l.next()
		if request == nil {
			break
		}
		status, err := c.exchange(request, nil)
		if err != nil {
			return t, fmt.Errorf("after %d answers: %w", len(t.times), err)
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
