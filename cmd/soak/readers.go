package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// readers ask for lists, searches and statistics, and note what is answered.
type readers struct {
	s     *service
	paths []string

	mu      sync.Mutex
	answers map[int]int
	times   times
	strange string
}

func newReaders(s *service, integration int64) *readers {
	r := &readers{s: s, answers: map[int]int{}}
	for _, path := range []string{
		"orders/", "orders/?page=3&ordering=-total_price", "orders/?search=cliente1", "orders/?search=gomez&fields=id", "orders/?financial_status=paid&omit=raw_response,line_items",
		"orders/?cursor=&page_size=100&fields=id", "stats/", "deliveries/", "imports/", "orders/?min_total=50000&page=2", "",
	} {
		r.paths = append(r.paths, fmt.Sprintf("%s%d/%s", api, integration, path))
	}
	return r
}

// read lets so many readers read, each with a short rest in between, until the context ends.
func (r *readers) read(ctx context.Context, n int, rest time.Duration) {
	var wait sync.WaitGroup
	for reader := range n {
		wait.Go(func() {
			for i := reader; pause(ctx, rest); i++ {
				begun := time.Now()
				status, body, err := r.s.send(ctx, http.MethodGet, r.paths[i%len(r.paths)], nil)
				if ctx.Err() != nil {
					return
				}
				r.note(r.paths[i%len(r.paths)], status, body, err, time.Since(begun))
			}
		})
	}
	wait.Wait()
}

func (r *readers) note(path string, status int, body []byte, err error, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers[status]++
	r.times = append(r.times, took)
	if r.strange != "" {
		return
	}
	switch {
	case err != nil:
		r.strange = fmt.Sprintf("%s: %v", path, err)
	case status != http.StatusOK:
		r.strange = fmt.Sprintf("%s: %d %.200s", path, status, body)
	}
}

// take gives the times since the last call.
func (r *readers) take() times {
	r.mu.Lock()
	defer r.mu.Unlock()
	ts := r.times
	r.times = nil
	return ts
}

// problem is the first answer that should not have been; "" when there was none.
func (r *readers) problem() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.strange
}

// looped calls do again and again until the context ends or it fails, and tells how often it was done.
func looped(ctx context.Context, do func(n int) error) (done int, err error) {
	for ctx.Err() == nil {
		if err := do(done); err != nil {
			if ctx.Err() != nil || strings.Contains(err.Error(), context.DeadlineExceeded.Error()) && ctx.Err() != nil {
				return done, nil
			}
			return done, err
		}
		done++
	}
	return done, nil
}
