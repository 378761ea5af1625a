package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// bench is one run.
type bench struct {
	opt    options
	now    time.Time
	binary string
	dir    string // of everything that this run writes
	shops  *fakeStore
	report report
	log    io.Writer
	watch  watch
	failed bool
}

// measure does a whole run: the limits, the empty database, then each data set.
func measure(ctx context.Context, opt options, out, log io.Writer) (err error) {
	b := &bench{opt: opt, now: time.Now().UTC().Truncate(time.Second), log: log}
	if b.dir = opt.keep; b.dir == "" {
		if b.dir, err = os.MkdirTemp("", "probability-bench"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	}
	if b.dir, err = filepath.Abs(b.dir); err != nil {
		return err
	}
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return err
	}
	if inMemory(b.dir) {
		b.say("warning: %s is in memory, where flushing to the disk costs nothing; set TMPDIR or --keep", b.dir)
	}
	if b.shops, err = newFakeStore(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.shops.Close()) }()
	b.say("building the program")
	if b.binary, err = build(ctx, b.dir); err != nil {
		return err
	}
	if opt.keep != "" {
		defer func() { err = errors.Join(err, os.Remove(b.binary)) }()
	}
	b.describe()
	b.watch.lap()

	columns := []string{empty}
	b.allLimits(ctx)
	b.column(ctx, empty, b.empty(ctx))
	for _, n := range opt.orders {
		columns = append(columns, strconv.Itoa(n))
		b.column(ctx, strconv.Itoa(n), b.dataset(ctx, n))
	}
	b.report.Machine.Took = time.Since(b.now).Round(time.Second).String()
	if err = ctx.Err(); b.failed && err == nil {
		err = errFailed
	}
	// What was measured is told even when the rest could not be.
	return errors.Join(err, b.report.markdown(out, columns), b.writeJSON())
}

// column notes that a column could not be measured to its end; the others still can be.
func (b *bench) column(ctx context.Context, name string, err error) {
	if err != nil && ctx.Err() == nil {
		b.failed = true
		b.say("%-8s ends here: %v", name, err)
	}
}

func (b *bench) writeJSON() (err error) {
	if b.opt.json == "" {
		return nil
	}
	f, err := os.Create(b.opt.json)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return b.report.json(f)
}

func (b *bench) say(format string, args ...any) {
	_, _ = fmt.Fprintf(b.log, "%7s  "+format+"\n", append([]any{time.Since(b.now).Round(100 * time.Millisecond)}, args...)...)
}

// put records a figure. A failure is recorded as such and does not end the run.
func (b *bench) put(ctx context.Context, name, column string, r result, err error) {
	if err != nil {
		if ctx.Err() != nil {
			return // interrupted: the figure says nothing
		}
		b.failed = true
		r = result{Note: "failed: " + err.Error()}
	}
	r.Others = b.watch.lap()
	r = b.report.put(name, column, r)
	b.say("%-8s %-20s %s", column, name, r)
}

// allLimits measures the limits that what was asked for is compared with.
func (b *bench) allLimits(ctx context.Context) {
	limits := []struct {
		name string
		do   func(context.Context) (result, error)
		of   []string
	}{
		{"payload", b.limitPayload, []string{"disk"}},
		{"fsync", b.limitFsync, nil},
		{"raw-1", b.limitRaw(1), []string{"accept-1", "accept-steady"}},
		{"raw-100", b.limitRaw(100), []string{"accept-16", "accept-64", "visible", "import", "import-second"}},
		{"bare-1", b.limitBare(1), []string{"accept-1"}},
		{"bare-16", b.limitBare(16), []string{"accept-16"}},
		{"bare-64", b.limitBare(64), []string{"accept-64"}},
		{"hmac", b.limitHMAC, nil},
		{"parse-json", b.limitJSON, nil},
		{"parse-order", b.limitParse, nil},
		{"feed", b.limitFeed, []string{"import"}},
	}
	for _, l := range limits {
		if ctx.Err() == nil && b.opt.wants(append(l.of, l.name, "limits")...) {
			r, err := l.do(ctx)
			b.put(ctx, l.name, machine, r, err)
		}
	}
}

// service starts the program on a folder of its own.
func (b *bench) service(ctx context.Context, name string) (*service, error) {
	return newService(ctx, b.binary, filepath.Join(b.dir, name), b.shops.endpoint(), b.watch.add)
}

// empty measures what an empty database does. Each measurement that fills it begins with a new one.
func (b *bench) empty(ctx context.Context) error {
	if b.opt.wants("binary") {
		info, err := os.Stat(b.binary)
		if err != nil {
			return err
		}
		b.put(ctx, "binary", empty, result{Value: float64(info.Size()) / 1e6, Unit: "MB"}, nil)
	}
	steps := []struct {
		names []string
		do    func(context.Context, *world) error
	}{
		{[]string{"start-health", "start-list"}, b.starts},
		{[]string{"memory-idle"}, b.idle},
		{[]string{"visible-one", "accept-1", "accept-16", "accept-64", "accept-steady"}, b.accepts},
		{[]string{"visible"}, b.visible},
		{[]string{"accept-import", "import-accept"}, b.beside},
	}
	for _, step := range steps {
		if !b.opt.wants(step.names...) {
			continue
		}
		if err := b.in(ctx, empty, 0, step.do); err != nil {
			return err
		}
	}
	return nil
}

// dataset measures what a database with n orders does, reads first.
func (b *bench) dataset(ctx context.Context, n int) error {
	steps := []struct {
		names []string
		do    func(context.Context, *world) error
	}{
		{[]string{"disk", "start-health", "start-list"}, b.starts},
		{[]string{"memory-idle"}, b.idle},
		{[]string{"list"}, b.lists},
		{[]string{"deep"}, b.deep},
		{[]string{"search"}, b.searches},
		{[]string{"export"}, b.exports},
		{[]string{"stats"}, b.stats},
		{[]string{"visible-one", "accept-1", "accept-16", "accept-64", "accept-steady"}, b.accepts},
		{[]string{"visible"}, b.visible},
		{[]string{"import-second"}, b.second},
		{[]string{"accept-import", "import-accept"}, b.beside},
	}
	return b.in(ctx, strconv.Itoa(n), n, func(ctx context.Context, w *world) error {
		for _, step := range steps {
			if !b.wantsAny(step.names) {
				continue
			}
			if err := step.do(ctx, w); err != nil {
				return err
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		return nil
	})
}

// wantsAny also takes the first word of a group, since all of its figures are measured together.
func (b *bench) wantsAny(names []string) bool {
	for _, name := range names {
		for _, f := range figures {
			if (f.name == name || len(f.name) > len(name) && f.name[:len(name)+1] == name+"-") && b.opt.wants(f.name) {
				return true
			}
		}
	}
	return false
}
