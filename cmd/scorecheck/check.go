package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"time"

	"probability/app/score/synthetic"
)

// size is how many outcomes stores have, and how many such stores there are of each variant: more where each says less.
type size struct{ outcomes, stores int }

var sizes = []size{{0, 300}, {50, 300}, {300, 200}, {3_000, 40}, {30_000, 24}}

// next is how many orders of each store are looked at once it has learnt.
const next = 2_000

var header = []string{
	"store", "outcomes", "stores", "80 % intervals that hold the truth", "log-loss over the base rate's", "calibration error",
	"AUC", "best possible AUC", "accepted", "permuted: refused",
}

// check prints a row for each variant and size, and says which bounds were missed.
func check(ctx context.Context, o options, out, errs io.Writer) (missed []string, err error) {
	if err := writeRow(out, header...); err != nil {
		return nil, err
	}
	rules := make([]string, len(header))
	for i := range rules {
		rules[i] = "--:"
	}
	rules[0] = "---"
	if err := writeRow(out, rules...); err != nil {
		return nil, err
	}
	for _, v := range synthetic.Variants() {
		for _, s := range sizes {
			if s.outcomes > o.most {
				continue
			}
			began := time.Now()
			m, err := measure(ctx, v, size{s.outcomes, max(1, s.stores/o.part)}, o.seed)
			if err != nil {
				return nil, err
			}
			if err := writeRow(out, cells(v.Name, s.outcomes, m)...); err != nil {
				return nil, err
			}
			_, _ = fmt.Fprintf(errs, "%s, %d outcomes: %s\n", v.Name, s.outcomes, time.Since(began).Round(time.Millisecond))
			for _, what := range m.Missed(s.outcomes) {
				missed = append(missed, fmt.Sprintf("%s, %d outcomes: %s", v.Name, s.outcomes, what))
			}
		}
	}
	return missed, nil
}

// measure learns from stores on all cores. Each store has a seed of its own, so that the result does not depend on them.
func measure(ctx context.Context, v synthetic.Variant, s size, seed uint64) (synthetic.Mean, error) {
	figures, seeds := make([]synthetic.Figures, s.stores), make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := range seeds {
				figures[i] = synthetic.Measure(seed+uint64(i), v, s.outcomes, next)
			}
		})
	}
	for i := 0; i < s.stores && ctx.Err() == nil; i++ {
		seeds <- i
	}
	close(seeds)
	workers.Wait()
	return synthetic.Average(figures), ctx.Err()
}

func cells(name string, outcomes int, m synthetic.Mean) []string {
	accepted := "–"
	refused := "–"
	if outcomes > 0 {
		accepted, refused = percent(m.Accepted), percent(m.Refused)
	}
	return []string{
		name, fmt.Sprint(outcomes), fmt.Sprint(m.Stores), percent(m.Coverage), fmt.Sprintf("%+.3f", m.OverBase), fmt.Sprintf("%.3f", m.Calibration),
		fmt.Sprintf("%.3f", m.AUC), fmt.Sprintf("%.3f", m.BestAUC), accepted, refused,
	}
}

func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

func writeRow(out io.Writer, cells ...string) error {
	_, err := fmt.Fprintf(out, "| %s |\n", strings.Join(cells, " | "))
	return err
}
