package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// world is the program on one data folder, with one store connected.
type world struct {
	*service

	column      string
	shop        string
	integration int64
	catalog     catalog // of the store
	hooks       *deliveries
	orders      int // that the integration has by now
}

// in makes a world with n orders, measures in it and throws it away. The import of a data set is a figure itself.
func (b *bench) in(ctx context.Context, column string, n int, do func(context.Context, *world) error) (err error) {
	w := &world{column: column, shop: fmt.Sprintf("store-%d.myshopify.com", n)}
	w.catalog = b.shops.open(w.shop, n)
	dir, err := os.MkdirTemp(b.dir, "orders-"+column+"-")
	if err != nil {
		return err
	}
	if w.service, err = b.service(ctx, filepath.Base(dir)); err != nil {
		return err
	}
	defer func() {
		if err != nil && w.stderr.String() != "" {
			err = fmt.Errorf("%w; the program says: %s", err, w.stderr)
		}
	}()
	if b.opt.keep != "" && n > 0 {
		b.say("%s stays, with %s and the token %s", filepath.Join(dir, "data"), w.shop, w.token)
		defer func() { err = errors.Join(err, w.stop()) }()
	} else {
		defer w.discard()
	}
	begin := time.Now()
	integration, run, err := w.connect(ctx, w.shop)
	if err != nil {
		return err
	}
	run, err = w.imported(ctx, integration, run.ID)
	took := time.Since(begin)
	if err != nil {
		return fmt.Errorf("%d orders: %w", n, err)
	}
	w.integration = integration
	if w.orders, err = w.service.orders(ctx, integration); err != nil || w.orders != n || run.Fetched != n {
		return errors.Join(fmt.Errorf("%d orders were imported and %d are listed, want %d", run.Fetched, w.orders, n), err)
	}
	if n > 0 {
		if b.opt.wants("import", "import-accept") {
			b.put(ctx, "import", column, result{Value: float64(n) / took.Seconds(), Unit: "/s"}, nil)
		}
		if b.opt.wants("memory-import") {
			b.put(ctx, "memory-import", column, result{Value: w.memory("VmHWM") / 1e6, Unit: "MB"}, nil)
		}
	}
	w.hooks = newDeliveries(b.shops.t, w.shop, w.addr, w.catalog)
	return do(ctx, w)
}

// again stops and starts the program on the same folder.
func (w *world) again(ctx context.Context) error {
	if err := w.stop(); err != nil {
		return err
	}
	if err := w.start(ctx); err != nil {
		return err
	}
	w.hooks.addr = w.addr
	return nil
}

// path is an address below the integration.
func (w *world) path(rest string) string { return fmt.Sprintf("%s%d/%s", api, w.integration, rest) }

// get renders a request for it.
func (w *world) get(rest string) []byte { return get(w.addr, w.path(rest), w.token) }

// starts measures how long it takes until the program is there, and on the way how much it stores.
func (b *bench) starts(ctx context.Context, w *world) error {
	const times = 5
	var health, list []time.Duration
	for i := range times {
		if err := w.stop(); err != nil {
			return err
		}
		if size, err := w.folder(); i == 0 && w.orders > 0 && b.opt.wants("disk") {
			b.put(ctx, "disk", w.column, result{Value: float64(size) / float64(w.orders), Unit: "B"}, err)
		}
		if err := w.start(ctx); err != nil {
			return err
		}
		health = append(health, time.Since(w.begun))
		c, err := dial(ctx, w.addr)
		if err != nil {
			return err
		}
		status, err := c.exchange(w.get("orders/"), nil)
		_ = c.Close()
		if err != nil || status != 200 {
			return errors.Join(fmt.Errorf("the list answers %d after the start", status), err)
		}
		list = append(list, time.Since(w.begun))
	}
	w.hooks.addr = w.addr
	slices.Sort(health)
	slices.Sort(list)
	if b.opt.wants("start-health") {
		b.put(ctx, "start-health", w.column, ofTimes(health), nil)
	}
	if b.opt.wants("start-list") {
		b.put(ctx, "start-list", w.column, ofTimes(list), nil)
	}
	return nil
}

// idle waits a little, so that what the start needed may be given back.
func (b *bench) idle(ctx context.Context, w *world) error {
	if err := w.again(ctx); err != nil {
		return err
	}
	if err := pause(ctx, min(2*time.Second, b.opt.time())); err != nil {
		return err
	}
	b.put(ctx, "memory-idle", w.column, result{Value: w.memory("VmRSS") / 1e6, Unit: "MB"}, nil)
	return nil
}
