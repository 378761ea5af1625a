package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"
)

const (
	notThere    = "not there"
	exportLimit = 10 * time.Minute
)

// exports measures whole exports, and the memory that they take.
func (b *bench) exports(ctx context.Context, w *world) error {
	for _, format := range []string{"csv", "ndjson"} {
		name := "export-" + format
		if !b.opt.wants(name, name+"-memory") {
			continue
		}
		rate, memory, err := w.export(ctx, format)
		b.put(ctx, name, w.column, rate, err)
		if err == nil && rate.Value > 0 {
			b.put(ctx, name+"-memory", w.column, memory, nil)
		}
	}
	return ctx.Err()
}

func (w *world) export(ctx context.Context, format string) (rate, memory result, err error) {
	c, err := dial(ctx, w.addr)
	if err != nil {
		return rate, memory, err
	}
	defer func() { _ = c.Close() }()
	if err := c.SetDeadline(time.Now().Add(exportLimit)); err != nil {
		return rate, memory, err
	}
	before := w.memory("VmRSS")
	// 5 lets the peak begin anew; where that is not allowed, the peak before counts too.
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", w.cmd.Process.Pid), []byte("5"), 0)
	begin := time.Now()
	status, err := c.exchange(w.get("orders/export/?format="+format), nil)
	took := time.Since(begin)
	switch {
	case err != nil:
		return rate, memory, err
	case status == http.StatusNotImplemented, status == http.StatusNotFound:
		return result{Note: notThere}, memory, nil
	case status != http.StatusOK:
		return rate, memory, fmt.Errorf("the export answers %d", status)
	case c.read < int64(w.orders)*50:
		return rate, memory, errors.New("the export is too short for all orders")
	}
	rate = result{Value: float64(w.orders) / took.Seconds(), Unit: "/s", Note: fmt.Sprintf("%.0f MB/s", float64(c.read)/1e6/took.Seconds())}
	return rate, result{Value: (w.memory("VmHWM") - before) / 1e6, Unit: "MB"}, nil
}

// stats measures what a dashboard asks for.
func (b *bench) stats(ctx context.Context, w *world) error {
	request := w.get("stats/")
	c, err := dial(ctx, w.addr)
	if err != nil {
		return err
	}
	status, err := c.exchange(request, nil)
	_ = c.Close()
	if err != nil {
		return err
	}
	if status == http.StatusNotImplemented || status == http.StatusNotFound {
		b.put(ctx, "stats", w.column, result{Note: notThere}, nil)
		return nil
	}
	t, err := b.reads(ctx, w, 1, b.opt.time()/2, [][]byte{request})
	b.put(ctx, "stats", w.column, ofTimes(t.times), err)
	return nil
}
