package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"probability/store/storetest/postgres/installed"
)

// serverKey is the key that all processes on a database have.
var serverKey = base64.StdEncoding.EncodeToString([]byte("a key for nothing but this soak.")) //nolint:gochecknoglobals // a constant

// pair is two services on one PostgreSQL database, with a store that sends to both in turns.
type pair struct {
	*service

	other *service
	db    *server
	id    int64
	from  *sender
}

// newPair makes all of it. It gives no pair, and says so in the report, where there is no server to be had. small: the database's disk is
// a small one of its own.
func (t *trial) newPair(ctx context.Context, small bool) (_ *pair, closeAll func(), err error) {
	var ends []func()
	closeAll = func() {
		for i := range ends {
			ends[len(ends)-1-i]()
		}
	}
	ending := func(end func()) {
		if end != nil {
			ends = append(ends, end)
		}
	}
	db, end, err := newServer(ctx)
	ending(end)
	if errors.Is(err, installed.ErrMissing) {
		t.skip(err.Error())
		return nil, closeAll, nil
	}
	if err != nil {
		return nil, closeAll, err
	}
	if small {
		if _, err := exec.LookPath("unshare"); err != nil {
			t.skip("unshare is not here")
			return nil, closeAll, nil
		}
		db.end(syscall.SIGINT)
		db.small = db.path("small")
		if err := os.Mkdir(db.small, 0o700); err != nil {
			return nil, closeAll, err
		}
		if err := db.user.Own(db.small); err != nil {
			return nil, closeAll, err
		}
		if err := db.start(ctx); err != nil {
			t.skip("a disk of its own cannot be had here: " + err.Error())
			return nil, closeAll, nil
		}
	}
	at, err := db.create(ctx, "soak")
	if err != nil {
		return nil, closeAll, err
	}
	p := &pair{db: db}
	p.service, end, err = t.newService(ctx, "DATABASE_URL="+at, "SECURITY_ENCRYPTION_KEY="+serverKey)
	ending(end)
	if err != nil {
		return nil, closeAll, err
	}
	p.other, end, err = p.twin(ctx)
	ending(end)
	if err != nil {
		return nil, closeAll, err
	}
	p.addShop(soakStore, -1)
	if p.id, err = p.connected(ctx, soakStore); err != nil {
		return nil, closeAll, err
	}
	p.from = newSender(p.addr, soakStore, firstID, crowd)
	p.from.addrs = append(p.from.addrs, p.other.addr)
	return p, closeAll, nil
}

// ends looks at everything when no more is sent: what was taken is there, once, both processes live and stop in good order, and their
// logs are fit to be read by anybody.
func (p *pair) ends(ctx context.Context) {
	t := p.t
	t.hold(p.alive() && p.other.alive(), "a process is gone")
	if err := p.delivered(ctx, p.id, p.from); err != nil {
		t.hold(false, "%v", err)
	}
	for _, s := range []*service{p.service, p.other} {
		if err := s.ready(ctx); err != nil {
			t.hold(false, "%v", err)
		}
		if err := s.stop(); err != nil {
			t.hold(false, "%v", err)
		}
		text, err := os.ReadFile(s.log)
		t.hold(err == nil, "%v", err)
		t.findNone("log", text, map[string]string{
			"password of the server": serverSecret, "password in its URL": url.UserPassword("", serverSecret).String(), "key": serverKey, "token": shopToken, "secret": shopSecret,
		})
		if err := s.quiet(); err != nil {
			t.hold(false, "%v", err)
		}
	}
	answers, ts, strange := p.from.tally()
	t.hold(strange == "", "an answer is %s", strange)
	t.figure("deliveries acknowledged", "%d, all of them orders, once", answers[200])
	t.figure("refused with 503 and Retry-After", "%d", answers[503])
	t.figure("without an answer", "%d", answers[0])
	t.figure("answers, p50 / p99 / max", "%s", ts)
}

// ready waits until the service says that it is ready.
func (s *service) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	err := poll(ctx, 20*time.Millisecond, func() (bool, error) { return s.readiness(ctx) == http.StatusOK, nil })
	if err != nil {
		err = fmt.Errorf("%s is not ready again: %w", s.addr, err)
	}
	return err
}

// readiness is the status of /readyz; 0 when there is no answer within a few seconds.
func (s *service) readiness(ctx context.Context) int {
	ctx, cancel := context.WithTimeout(ctx, 2*shopifyLimit)
	defer cancel()
	status, _, err := s.send(ctx, http.MethodGet, "/readyz", nil)
	if err != nil {
		return 0
	}
	return status
}

// tells wants the log to give a reason why the service was not ready.
func (s *service) tells(reason string) error {
	text, err := os.ReadFile(s.log)
	if err != nil {
		return err
	}
	for line := range bytes.Lines(text) {
		if strings.Contains(string(line), "the service is not ready") && strings.Contains(string(line), `"`+reason+`"`) {
			return nil
		}
	}
	return fmt.Errorf("the log does not say that the service is not ready for the reason %s", reason)
}

// says wants a word in the log.
func (s *service) says(word string) error {
	text, err := os.ReadFile(s.log)
	if err == nil && !strings.Contains(string(text), word) {
		err = fmt.Errorf("the log does not say %q", word)
	}
	return err
}

// pairCrash kills one of two processes after the other while very many deliver to both.
func pairCrash(ctx context.Context, t *trial) error {
	n := t.opt.scaled(50_000, 500)
	p, end, err := t.newPair(ctx, false)
	defer end()
	if p == nil || err != nil {
		return err
	}
	sent := make(chan struct{})
	begun := time.Now()
	go func() {
		defer close(sent)
		p.from.all(ctx, n, crowd)
	}()
	var starts times
	for over := false; !over; {
		wait := time.NewTimer(rand.N(min(4*time.Second, t.opt.time/10))) //nolint:gosec // no secret
		select {
		case <-sent:
			over = true
		case <-wait.C:
		}
		wait.Stop()
		victim := []*service{p.service, p.other}[len(starts)%2]
		victim.kill()
		again := time.Now()
		if err := victim.start(ctx); err != nil {
			return err
		}
		starts = append(starts, time.Since(again))
	}
	took := time.Since(begun)
	last := time.Now()
	p.ends(ctx)
	t.figure("kills, of either in turns", "%d", len(starts))
	t.figure("all of it taken", "in %s, worked off %s later", rounded(took), rounded(time.Since(last)))
	t.figure("start until healthy, p50 / p99 / max", "%s", starts)
	return nil
}

// outage is one way in which a server cannot be used for a while.
type outage struct {
	name string
	begin,
	over func(context.Context) error
	lasts time.Duration // of the full time
}

// outages takes the server away in every way, while webhooks come and a large import runs.
func outages(ctx context.Context, t *trial) error {
	p, end, err := t.newPair(ctx, false)
	defer end()
	if p == nil || err != nil {
		return err
	}
	const second = "soak-import.myshopify.com"
	orders := t.opt.scaled(20_000, 1_000)
	shop := p.addShop(second, -1)
	shop.SetLatency(min(t.opt.time/time.Duration(orders/250)/4, time.Second)) // so that it takes as long as the outages
	shop.Generate(orders, 80*24*time.Hour)
	other, run, err := p.connect(ctx, second)
	if err != nil {
		return err
	}
	sending, over := context.WithCancel(ctx)
	defer over()
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		atRate(sending, 5*time.Millisecond, crowd, func(int) { p.from.persist(ctx) })
	}()
	var goOn func() error
	none := func(context.Context) error { return nil }
	for _, o := range []outage{
		{"restarted at once", p.db.restart, none, 0},
		{"all connections ended", p.db.cut, none, 0},
		{"no place left", p.db.crowdOut, p.db.letIn, t.opt.time / 60},
		{"away", func(context.Context) error { p.db.end(syscall.SIGINT); return nil }, p.db.start, t.opt.time / 20},
		{"standing still", func(ctx context.Context) (err error) {
			goOn, err = p.db.standStill(ctx)
			return err
		}, func(context.Context) error { return goOn() }, t.opt.time / 30},
		{"restarted again", p.db.restart, none, 0},
	} {
		if err := p.survives(ctx, o); err != nil {
			return fmt.Errorf("%s: %w", o.name, err)
		}
	}
	over()
	<-sent
	if run, err = p.imported(ctx, other, run.ID); err != nil {
		t.hold(false, "the import: %v", err)
	}
	t.hold(run.Fetched == orders, "the import ends with %d of %d", run.Fetched, orders)
	if err := p.sameOrders(ctx, other, shop.OrderIDs()); err != nil {
		t.hold(false, "the import: %v", err)
	}
	if err := errors.Join(p.tells("database"), p.other.tells("database")); err != nil {
		t.hold(false, "%v", err)
	}
	p.ends(ctx)
	return nil
}

// survives has an outage, and waits until both processes take deliveries again.
func (p *pair) survives(ctx context.Context, o outage) error {
	t := p.t
	if !pause(ctx, max(t.opt.time/100, 300*time.Millisecond)) {
		return ctx.Err()
	}
	before, had, _ := p.from.tally()
	begun := time.Now()
	if err := o.begin(ctx); err != nil {
		return err
	}
	if o.lasts > 0 {
		lasts := max(o.lasts, 2*time.Second)
		if !pause(ctx, lasts/2) {
			return ctx.Err()
		}
		for _, s := range []*service{p.service, p.other} {
			status := s.readiness(ctx)
			t.hold(status == http.StatusServiceUnavailable, "%s: %s says of its readiness %d", o.name, s.addr, status)
		}
		if !pause(ctx, lasts/2) {
			return ctx.Err()
		}
	}
	if err := o.over(ctx); err != nil {
		return err
	}
	there := time.Now()
	for _, s := range []*service{p.service, p.other} {
		if err := s.ready(ctx); err != nil {
			t.hold(false, "%s: %v", o.name, err)
		}
	}
	ready := time.Since(there)
	during, _, _ := p.from.tally()
	resumed, err := p.resumes(ctx, p.from, during[200])
	if err != nil {
		return err
	}
	_, ts, _ := p.from.tally()
	waited := ts[len(had):]
	t.hold(p.alive() && p.other.alive(), "%s: a process is gone", o.name)
	t.hold(waited.at(100) < shopifyLimit, "%s: an answer took %s", o.name, waited.at(100))
	t.figure(o.name, "for %s: %d refused, %d without an answer; longest answer %s; ready %s and taking %s after it was back",
		rounded(there.Sub(begun)), during[503]-before[503], during[0]-before[0], rounded(waited.at(100)), rounded(ready), rounded(resumed.Sub(there)))
	return nil
}

// fullServer fills the disk of the server.
func fullServer(ctx context.Context, t *trial) error {
	n := t.opt.scaled(20_000, 400)
	p, end, err := t.newPair(ctx, true)
	defer end()
	if p == nil || err != nil {
		return err
	}
	t.figure("the server's small disk", "tmpfs of %d MB in a user and mount name space; its log is elsewhere", smallServer)
	p.from.all(ctx, n/4, crowd)
	if err := p.worked(ctx, p.id); err != nil {
		return err
	}
	before, _, _ := p.from.tally()
	if err := p.db.fill(ctx); err != nil {
		return err
	}
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		p.from.all(ctx, n/2, crowd)
	}()
	if !pause(ctx, max(4*time.Second, t.opt.time/60)) {
		return ctx.Err()
	}
	for _, s := range []*service{p.service, p.other} {
		status := s.readiness(ctx)
		t.hold(status == http.StatusServiceUnavailable, "%s says of its readiness %d", s.addr, status)
		if err := errors.Join(s.tells("disk"), s.says("of the database server")); err != nil {
			t.hold(false, "%v", err)
		}
		_, err := s.count(ctx, p.id, "orders/?page_size=1&fields=id")
		t.hold(err == nil, "a list cannot be read: %v", err)
	}
	during, _, _ := p.from.tally()
	if err := p.db.clear(ctx); err != nil {
		return err
	}
	freed := time.Now()
	resumed, err := p.resumes(ctx, p.from, during[200])
	if err != nil {
		return err
	}
	<-sent
	p.from.all(ctx, n/4, crowd)
	t.hold(during[503] > before[503], "no delivery was refused while the disk was full")
	p.ends(ctx)
	t.figure("refused while full", "%d; %d fitted in", during[503]-before[503], during[200]-before[200])
	t.figure("room again until the first 200", "%s", rounded(resumed.Sub(freed)))
	return nil
}
