package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// scenario is one thing that is tried.
type scenario struct {
	name, what, holds string // holds is the pass condition
	do                func(context.Context, *trial) error
}

// scenarios is everything that is tried, in the order of the report.
var scenarios = []scenario{
	{"crash", "kill -9 while 64 senders deliver", "every delivery that was answered 200 is an order afterwards, once; starts by itself", crash},
	{"full", "the disk is full for a while", "503 and never 200 meanwhile, the process lives, all goes on by itself afterwards, nothing acknowledged is missing", fullDisk},
	{"import", "kill -9 at random moments of imports of 20,000", "every order once, never more counted than stored, every import ends by itself", importCrash},
	{"pair", "two processes on PostgreSQL; kill -9 of either in turns while 64 senders deliver to both", "every delivery that was answered 200 is an order afterwards, once; starts by itself", pairCrash},
	{"outage", "the PostgreSQL server is restarted, cut off, crowded out, away and standing still, while webhooks come and a large import runs", "503 with Retry-After meanwhile, not ready and why, both processes live, all goes on by itself, nothing acknowledged is missing or twice, the import ends whole; no secret in a log", outages},
	{"pgfull", "the disk of the PostgreSQL server is full for a while", "503 and never 200 meanwhile, lists can be read, all goes on by itself afterwards, nothing acknowledged is missing", fullServer},
	{"move", "kill -9 at random moments of moves of 20,000 orders to PostgreSQL", "no service starts on half a copy, which says that the move is to be run again; run again it completes; the folder is untouched, byte for byte, and serves", moveCrash},
	{"mixed", "imports, webhooks, readers and backups at once", "no 5xx but 503 with Retry-After, no word of a locked database, the database is whole", mixed},
	{"away", "5,000 orders change while the service is off", "after a repair nothing differs; the report names what did", away},
	{"flood", "one store delivers as fast as it can", "another store's deliveries are all taken within 5 s each, and become orders", flood},
	{"burst", "20,000 deliveries in five seconds", "each is answered within 5 s, with 200 or 503; none of the former is missing", burst},
	{"steady", "20 stores, 300 webhooks/s, syncs and reads, for as long as is asked for", "memory, files and log do not grow; no answer is wrong", steady},
	{"stores", "1,000 stores, all compared with Shopify", "all end well; the memory stays bounded", stores},
	{"secrets", "logs, metrics, answers, data and backup are searched for what is secret", "no secret and, outside of the database, no customer is found", secrets},
}

func names() []string {
	var out []string
	for _, s := range scenarios {
		out = append(out, s.name)
	}
	return out
}

var errFailed = errors.New("not everything held; the table says what")

// trial is one run of one scenario.
type trial struct {
	scenario

	opt    options
	binary string
	dir    string // of everything that it writes
	report *report
	log    io.Writer
	begun  time.Time
}

// soak runs the scenarios one after the other, each in a folder of its own.
func soak(ctx context.Context, opt options, out, log io.Writer) (err error) {
	dir := opt.keep
	if dir == "" {
		if dir, err = os.MkdirTemp("", "probability-soak"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	binary, err := build(ctx, dir)
	if err != nil {
		return err
	}
	r := &report{}
	for _, s := range scenarios {
		if !opt.wants(s.name) || ctx.Err() != nil {
			continue
		}
		t := &trial{scenario: s, opt: opt, binary: binary, dir: filepath.Join(dir, s.name), report: r, log: log, begun: time.Now()}
		if err := os.MkdirAll(t.dir, 0o700); err != nil {
			return err
		}
		t.say("begins: %s", s.what)
		if err := s.do(ctx, t); err != nil {
			t.hold(false, "%v", err)
		}
		t.figure("time", "%s", time.Since(t.begun).Round(time.Second))
		if opt.keep == "" {
			if err := os.RemoveAll(t.dir); err != nil {
				return err
			}
		}
	}
	if err := r.write(out, opt); err != nil {
		return err
	}
	if r.failed && ctx.Err() == nil {
		return errFailed
	}
	return ctx.Err()
}

func (t *trial) say(format string, args ...any) {
	_, _ = fmt.Fprintf(t.log, "%-8s %7s  %s\n", t.name, time.Since(t.begun).Round(100*time.Millisecond), fmt.Sprintf(format, args...))
}

// figure notes something measured.
func (t *trial) figure(what, format string, args ...any) {
	t.put(row{what: what, value: fmt.Sprintf(format, args...)})
}

// aim notes something measured that should be so, though a busy machine may miss it.
func (t *trial) aim(held bool, what, format string, args ...any) {
	state := "held"
	if !held {
		state = "missed"
	}
	t.put(row{what: what, value: fmt.Sprintf(format, args...), aim: state})
}

// hold fails the scenario when something that must be so is not.
func (t *trial) hold(so bool, format string, args ...any) {
	if so {
		return
	}
	t.report.failed = true
	t.put(row{what: "does not hold", value: fmt.Sprintf(format, args...), failed: true})
}

// skip notes that the scenario cannot be tried here.
func (t *trial) skip(why string) { t.put(row{what: "not tried", value: why, skipped: true}) }

func (t *trial) put(r row) {
	r.scenario = t.name
	t.report.rows = append(t.report.rows, r)
	t.say("%s: %s %s", r.what, r.value, r.aim)
}
