package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// maxDeliveries bounds what is rendered ahead for one measurement: 700 MB of memory.
	maxDeliveries = 100_000
	// aheadRate is how many are rendered for each second; a measurement whose deliveries run out ends.
	aheadRate   = 30_000
	steadyRate  = 1000   // deliveries a second, more than any store's busiest day
	visibleEach = 12_000 // deliveries for a second of --seconds; 60,000 by default
	singles     = 50
)

// accepts measures how fast webhooks are stored, with the workers running as they always do. Between the measurements all
// that was accepted is waited for, and counted.
func (b *bench) accepts(ctx context.Context, w *world) error {
	if b.opt.wants("visible-one") {
		if err := b.visibleOne(ctx, w); err != nil {
			return err
		}
	}
	for _, conns := range []int{1, 16, 64} {
		name := "accept-" + strconv.Itoa(conns)
		if !b.opt.wants(name) && (conns != 64 || !b.opt.wants("accept-import")) {
			continue
		}
		t, err := b.accept(ctx, w, conns)
		b.put(ctx, name, w.column, ofRate(t), errors.Join(err, t.err()))
		if err := w.drained(ctx, w.integration, w.orders); err != nil {
			return err
		}
	}
	if !b.opt.wants("accept-steady") {
		return nil
	}
	p := w.hooks.pool(int(steadyRate*b.opt.seconds) + 1)
	t, err := load{addr: w.addr, conns: 64, next: p.once, time: b.opt.time(), every: time.Second / steadyRate}.run(ctx)
	w.orders += len(t.times)
	b.put(ctx, "accept-steady", w.column, ofTimes(t.times), errors.Join(err, t.err()))
	return w.drained(ctx, w.integration, w.orders)
}

// accept sends webhooks for the time of a measurement.
func (b *bench) accept(ctx context.Context, w *world, conns int) (tally, error) {
	p := w.hooks.pool(b.ahead(conns))
	t, err := load{addr: w.addr, conns: conns, next: p.once, time: b.opt.time()}.run(ctx)
	w.orders += len(t.times)
	return t, err
}

// ahead is how many deliveries to render for a measurement: no more than the machine could store.
func (b *bench) ahead(conns int) int {
	rate := float64(aheadRate)
	limit := "raw-100"
	if conns == 1 {
		limit = "raw-1"
	}
	if raw, ok := b.report.find(limit, machine); ok && raw.Value > 0 {
		rate = min(rate, raw.Value)
	}
	return min(maxDeliveries, 1000+int(rate*b.opt.seconds))
}

// visible sends a number of webhooks as fast as they are taken and waits until the last one is an order in the API. Where they
// are taken too slowly for that many, it sends fewer.
func (b *bench) visible(ctx context.Context, w *world) error {
	p := w.hooks.pool(int(visibleEach * b.opt.seconds))
	begin := time.Now()
	t, err := load{addr: w.addr, conns: 64, next: p.once, time: 3 * b.opt.time()}.run(ctx)
	n := len(t.times)
	w.orders += n
	if err == nil {
		if err = t.err(); err == nil {
			err = w.drained(ctx, w.integration, w.orders)
		}
	}
	took := time.Since(begin)
	b.put(ctx, "visible", w.column, result{
		Value: float64(n) / took.Seconds(), Unit: "/s", Note: fmt.Sprintf("%s in %.1f s", grouped(float64(n)), took.Seconds()),
	}, err)
	return err
}

// visibleOne sends single webhooks to the idle program. Each is the newest order, so page 1 shows when it is there.
func (b *bench) visibleOne(ctx context.Context, w *world) error {
	c, err := dial(ctx, w.addr)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	page := w.get("orders/?cursor=&page_size=1&fields=platform_order_id")
	times := make([]time.Duration, 0, singles)
	for range min(singles, 3+int(20*b.opt.seconds)) {
		request, id := w.hooks.fresh()
		status, err := c.exchange(request, nil)
		if err != nil || status != 200 {
			return errors.Join(fmt.Errorf("a webhook is answered with %d", status), err)
		}
		w.orders++
		accepted := time.Now()
		err = poll(ctx, time.Minute, 2*time.Millisecond, func() (bool, error) {
			var body []byte
			_, err := c.exchange(page, &body)
			return strings.Contains(string(body), `"`+id+`"`), err
		})
		if err != nil {
			return fmt.Errorf("waiting for order %s: %w", id, err)
		}
		times = append(times, time.Since(accepted))
	}
	slices.Sort(times)
	b.put(ctx, "visible-one", w.column, ofTimes(times), nil)
	return nil
}

// beside measures accepting while another store's import runs all the time. The store is larger than can be imported
// meanwhile, and the world is thrown away afterwards.
func (b *bench) beside(ctx context.Context, w *world) error {
	if _, known := b.report.find("accept-64", w.column); !known {
		t, err := b.accept(ctx, w, 64)
		b.put(ctx, "accept-64", w.column, ofRate(t), errors.Join(err, t.err()))
		if err := w.drained(ctx, w.integration, w.orders); err != nil {
			return err
		}
	}
	const shop = "other.myshopify.com"
	b.shops.open(shop, maxOrders)
	p := w.hooks.pool(b.ahead(64))
	id, run, err := w.connect(ctx, shop)
	if err != nil {
		return err
	}
	err = poll(ctx, time.Minute, 5*time.Millisecond, func() (bool, error) {
		run, err = w.run(ctx, id, run.ID)
		return run.Fetched > 0, err
	})
	if err != nil {
		return fmt.Errorf("waiting for the import to begin: %w", err)
	}
	before, begin := run.Fetched, time.Now()
	t, err := load{addr: w.addr, conns: 64, next: p.once, time: b.opt.time()}.run(ctx)
	r := ofRate(t)
	took := time.Since(begin)
	if err == nil {
		if run, err = w.run(ctx, id, run.ID); err == nil && run.State != "running" {
			r.Note = "the import ended meanwhile as " + run.State
		}
	}
	b.put(ctx, "accept-import", w.column, r, errors.Join(err, t.err()))
	b.put(ctx, "import-accept", w.column, result{Value: float64(run.Fetched-before) / took.Seconds(), Unit: "/s"}, err)
	if b.opt.keep == "" {
		return nil
	}
	// A folder that stays shall not begin with half an import.
	var done any
	return w.call(ctx, http.MethodDelete, fmt.Sprintf("%s%d/disconnect/", api, id), nil, &done)
}

// second imports another store into a database that has orders already.
func (b *bench) second(ctx context.Context, w *world) error {
	const shop = "second.myshopify.com"
	n := min(w.catalog.size, 100_000)
	b.shops.open(shop, n)
	begin := time.Now()
	id, run, err := w.connect(ctx, shop)
	if err == nil {
		if run, err = w.imported(ctx, id, run.ID); err == nil && run.Created != n {
			err = fmt.Errorf("%d orders were created, want %d", run.Created, n)
		}
	}
	b.put(ctx, "import-second", w.column, result{Value: float64(n) / time.Since(begin).Seconds(), Unit: "/s"}, err)
	return err
}
