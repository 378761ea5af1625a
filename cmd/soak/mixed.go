package main

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// mixed does everything at once.
func mixed(ctx context.Context, t *trial) error {
	s, end, err := t.newService(ctx)
	if end != nil {
		defer end()
	}
	if err != nil {
		return err
	}
	const read, written = "read.myshopify.com", "written.myshopify.com"
	shop := s.addShop(read, -1)
	shop.Generate(t.opt.scaled(20_000, 2_000), 80*24*time.Hour)
	s.addShop(written, -1)
	imported, err := s.connected(ctx, read)
	if err != nil {
		return err
	}
	id, err := s.connected(ctx, written)
	if err != nil {
		return err
	}
	from := newSender(s.addr, written, firstID, 128)
	people := newReaders(s, imported)

	busy, over := context.WithTimeout(ctx, t.opt.time)
	defer over()
	var wait sync.WaitGroup
	late := context.WithoutCancel(ctx)
	wait.Go(func() { atRate(busy, time.Millisecond, 128, func(int) { from.persist(late) }) })
	wait.Go(func() { people.read(busy, 50, 500*time.Millisecond) })
	var imports, backups int
	var importErr, backupErr error
	wait.Go(func() {
		imports, importErr = looped(busy, func(int) error {
			run, err := s.sync(busy, imported, time.Now().Add(-85*24*time.Hour))
			if err == nil {
				_, err = s.imported(busy, imported, run.ID)
			}
			return err
		})
	})
	file := filepath.Join(t.dir, "backup")
	wait.Go(func() {
		backups, backupErr = looped(busy, func(int) error {
			_ = os.Remove(file)
			_, err := s.command(busy, "", "backup", file)
			return err
		})
	})
	wait.Wait()

	if importErr != nil {
		t.hold(false, "import: %v", importErr)
	}
	if backupErr != nil {
		t.hold(false, "backup: %v", backupErr)
	}
	t.figure("backups meanwhile", "%d", backups)
	if err := s.delivered(ctx, id, from); err != nil {
		t.hold(false, "%v", err)
	}
	answers, ts, strange := from.tally()
	t.hold(strange == "", "a delivery is answered %s", strange)
	t.hold(answers[0] == 0, "%d deliveries had no answer, or 503 without Retry-After", answers[0])
	t.hold(people.problem() == "", "a reader is answered %s", people.problem())
	rate := float64(answers[200]) / t.opt.time.Seconds()
	t.aim(rate >= 950, "deliveries acknowledged; 1,000/s", "%d (%.0f/s), all of them orders, once; %d refused with 503 and sent again", answers[200], rate, answers[503])
	t.figure("their answers, p50 / p99 / max", "%s", ts)
	t.figure("reads, p50 / p99 / max", "%d, %s", sum(people.answers), people.take())
	t.figure("imports of the whole other store meanwhile", "%d", imports)
	t.figure("memory at most", "%.0f MB", s.memory("VmHWM"))
	if err := s.whole(ctx); err != nil {
		t.hold(false, "%v", err)
	}
	return nil
}

func sum(counts map[int]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

// away changes orders while the service is off, and wants them all found.
func away(ctx context.Context, t *trial) error {
	changes := min(5_000, t.opt.scaled(50_000, 200))
	s, end, err := t.newService(ctx)
	if end != nil {
		defer end()
	}
	if err != nil {
		return err
	}
	shop := s.addShop(soakStore, -1)
	shop.Generate(changes+changes/5, 80*24*time.Hour)
	id, err := s.connected(ctx, soakStore)
	if err != nil {
		return err
	}
	if err := s.stop(); err != nil {
		return err
	}
	fresh := changes / 10
	for range fresh {
		shop.NewOrder()
	}
	for _, order := range shop.OrderIDs()[:changes-fresh] {
		shop.Update(order, func(o map[string]any) { o["note"] = "changed while nobody looked" })
	}
	if err := s.start(ctx); err != nil {
		return err
	}
	begun := time.Now()
	found, err := s.audit(ctx, id, true)
	if err != nil {
		return err
	}
	t.figure("until all was there", "%s for %d changes", rounded(time.Since(begun)), changes)
	t.hold(found.drift() == changes && found.Repaired == changes, "the audit names %+v, want %d in all", found, changes)
	t.figure("the audit names", "%d missing, %d stale, %d extra; %d repaired", found.Missing, found.Stale, found.Extra, found.Repaired)
	again, err := s.audit(ctx, id, false)
	if err != nil {
		return err
	}
	t.hold(again.drift() == 0, "after the repair the audit still names %+v", again)
	if err := s.samePayloads(ctx, id, shop); err != nil {
		t.hold(false, "%v", err)
	}
	if err := s.whole(ctx); err != nil {
		t.hold(false, "%v", err)
	}
	return nil
}
