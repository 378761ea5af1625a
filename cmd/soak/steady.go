package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

const (
	steadyStores = 20
	steadyRate   = 300 // deliveries a second, of all stores together
	steadyOrders = 500 // of a store; most deliveries are about one that is there
	mostLog      = 64  // MB of SQLite's log
)

// steady is an ordinary day, for as long as is asked for.
func steady(ctx context.Context, t *trial) error {
	interval := max(time.Second, min(time.Minute, t.opt.time/10))
	s, end, err := t.newService(ctx, "SYNC_INTERVAL="+interval.String(), "LOG_LEVEL=warn")
	if end != nil {
		defer end()
	}
	if err != nil {
		return err
	}
	senders := make([]*sender, steadyStores)
	ids := make([]int64, steadyStores)
	for i := range senders {
		domain := fmt.Sprintf("steady-%d.myshopify.com", i)
		shop := s.addShop(domain, 0)
		shop.Generate(50, 80*24*time.Hour)
		if ids[i], err = s.connected(ctx, domain); err != nil {
			return err
		}
		senders[i] = newSender(s.addr, domain, firstID+int64(i)*1e9, crowd)
		senders[i].client = senders[0].client // so that the connections are as many as the senders
	}
	people := newReaders(s, ids[0])
	busy, over := context.WithTimeout(ctx, t.opt.time)
	defer over()
	late := context.WithoutCancel(ctx)
	var wait sync.WaitGroup
	wait.Go(func() {
		atRate(busy, time.Second/steadyRate, crowd, func(n int) {
			from, turn := senders[n%steadyStores], n/steadyStores
			order, version := int64(turn%steadyOrders), turn/steadyOrders
			id := fmt.Sprint(from.shop, "/", turn)
			body := from.order(order, version)
			for from.deliver(late, id, body) != http.StatusOK {
				if !pause(late, 100*time.Millisecond) {
					return
				}
			}
		})
	})
	wait.Go(func() { people.read(busy, 4, 100*time.Millisecond) })
	m := s.watch(busy, people)
	wait.Wait()

	taken, refused := 0, 0
	for i, from := range senders {
		answers, _, strange := from.tally()
		taken, refused = taken+answers[200], refused+answers[503]
		t.hold(strange == "" && answers[0] == 0, "%d without an answer, or one is %s", answers[0], strange)
		if err := s.worked(ctx, ids[i]); err != nil {
			t.hold(false, "%v", err)
		}
	}
	t.hold(people.problem() == "", "a reader is answered %s", people.problem())
	t.hold(m.log < mostLog+16, "SQLite's log grew to %.0f MB", m.log)
	half := len(m.at) / 2
	growth := slope(m.at[half:], m.memory[half:])
	files := slope(m.at[half:], m.files[half:])
	t.figure("memory: first / last / most", "%.0f / %.0f / %.0f MB", first(m.memory), last(m.memory), s.memory("VmHWM"))
	t.figure("open files: first / last", "%.0f / %.0f", first(m.files), last(m.files))
	if t.opt.time >= time.Hour { // in less time caches still fill
		t.aim(growth < 1, "memory: growth an hour over the second half; < 1 MB", "%+.1f MB", growth)
		t.hold(files < 10, "%.0f more files are open each hour", files)
	}
	t.figure("SQLite's log at most", "%.1f MB", m.log)
	t.figure("reads, p99 of each part of the time", "%s", m.reads)
	t.figure("deliveries acknowledged", "%d (%.0f/s); %d refused with 503 and sent again", taken, float64(taken)/t.opt.time.Seconds(), refused)
	if err := s.whole(ctx); err != nil {
		t.hold(false, "%v", err)
	}
	return nil
}

// measured is what is seen of the process from outside.
type measured struct {
	at            []time.Duration
	memory, files []float64
	log           float64
	reads         string
}

// watch looks at the process a hundred times, or every ten seconds, until the context ends.
func (s *service) watch(ctx context.Context, people *readers) (m measured) {
	begun := time.Now()
	every := min(s.t.opt.time/100, 10*time.Second)
	parts := min(10, max(2, int(s.t.opt.time/time.Minute)))
	next := s.t.opt.time / time.Duration(parts)
	for pause(ctx, every) {
		m.at = append(m.at, time.Since(begun))
		m.memory, m.files = append(m.memory, s.memory("VmRSS")), append(m.files, float64(s.openFiles()))
		if info, err := os.Stat(filepath.Join(s.data, "probability.db-wal")); err == nil {
			m.log = max(m.log, float64(info.Size())/(1<<20))
		}
		if time.Since(begun) >= next {
			next += s.t.opt.time / time.Duration(parts)
			m.reads += rounded(people.take().at(99)).String() + " "
		}
	}
	m.reads += rounded(people.take().at(99)).String()
	return m
}

func first(values []float64) float64 { return values[min(3, len(values)-1)] }
func last(values []float64) float64  { return values[len(values)-1] }

// stores connects very many and has all of them compared with Shopify.
func stores(ctx context.Context, t *trial) error {
	n := t.opt.scaled(1_000, 20)
	s, end, err := t.newService(ctx, "LOG_LEVEL=warn")
	if end != nil {
		defer end()
	}
	if err != nil {
		return err
	}
	const orders = 20
	ids, runs, errs := make([]int64, n), make([]importRun, n), make([]error, n)
	begun := time.Now()
	inTurns(n, 8, func(i int) {
		domain := "store-" + strconv.Itoa(i) + ".myshopify.com"
		shop := s.addShop(domain, 0)
		shop.Generate(orders, 80*24*time.Hour)
		ids[i], runs[i], errs[i] = s.connect(ctx, domain)
	})
	connected := time.Since(begun)
	for i := range ids {
		if errs[i] == nil {
			_, errs[i] = s.imported(ctx, ids[i], runs[i].ID)
		}
		if errs[i] != nil {
			return fmt.Errorf("store %d: %w", i, errs[i])
		}
	}
	t.figure("connected, and imported", "%d stores of %d orders in %s and %s", n, orders, rounded(connected), rounded(time.Since(begun)))

	begun = time.Now()
	audit := func(i int) {
		errs[i] = s.call(ctx, http.MethodPost, fmt.Sprintf("%s%d/audit/", api, ids[i]), map[string]bool{"repair": true}, nil)
	}
	inTurns(n, 8, audit)
	for i := range ids {
		if errs[i] == nil {
			var a audited
			if a, errs[i] = s.lastAudit(ctx, fmt.Sprintf("%s%d/", api, ids[i])); errs[i] == nil && a.drift() != 0 {
				errs[i] = fmt.Errorf("the audit names %+v", a)
			}
		}
		t.hold(errs[i] == nil, "store %d: %v", i, errs[i])
	}
	t.figure("compared with Shopify", "all %d in %s", n, rounded(time.Since(begun)))
	most := s.memory("VmHWM")
	t.hold(most < 512, "the memory grew to %.0f MB", most)
	t.figure("memory at most", "%.0f MB", most)
	if err := s.whole(ctx); err != nil {
		t.hold(false, "%v", err)
	}
	return nil
}

// inTurns calls do for each number below n, some at once.
func inTurns(n, atOnce int, do func(i int)) {
	numbers := make(chan int)
	var wait sync.WaitGroup
	for range atOnce {
		wait.Go(func() {
			for i := range numbers {
				do(i)
			}
		})
	}
	for i := range n {
		numbers <- i
	}
	close(numbers)
	wait.Wait()
}
