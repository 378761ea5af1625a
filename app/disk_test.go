package app_test

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"probability/app"
	"probability/store"
	"probability/store/storetest"
)

const gib = 1 << 30

// fakeDisk is a file system of 1,000 GiB whose free room a test sets.
type fakeDisk struct {
	mu   sync.Mutex
	free int64
	err  error
}

func (d *fakeDisk) set(free int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.free = free
}

func (d *fakeDisk) measure() (store.Space, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return store.Space{Used: 1000*gib - d.free, Free: d.free}, d.err
}

// on gives a world on that disk.
func (d *fakeDisk) on(t *testing.T) *world {
	t.Helper()
	return setup(t, func(c *app.Config) { c.Disk = d.measure })
}

func TestDisk_StatesComeAtOnceAndGoWithAMargin(t *testing.T) {
	t.Parallel()
	d := &fakeDisk{}
	w := d.on(t)
	for i, c := range []struct {
		free    int64
		want    app.DiskState
		resumed bool
	}{
		{500 * gib, app.DiskOK, false},
		{30 * gib, app.DiskOK, false}, // 97 % are used, and there is room all the same
		{10*gib - 1, app.DiskLow, false},
		{10*gib + 1, app.DiskLow, false}, // not for a byte
		{12 * gib, app.DiskOK, false},
		{gib - 1, app.DiskFull, false},
		{gib + 1, app.DiskFull, false},
		{2 * gib, app.DiskLow, true},
		{gib / 2, app.DiskFull, false},
		{100 * gib, app.DiskOK, true},
	} {
		d.set(c.free)
		if resumed := w.app.CheckDisk(t.Context()); w.app.Disk() != c.want || resumed != c.resumed {
			t.Errorf("step %d: %d MiB free: %s, resumed %v, want %s, %v", i, c.free>>20, w.app.Disk(), resumed, c.want, c.resumed)
		}
		w.app.CheckDisk(t.Context())
	}
	if n := strings.Count(w.log.String(), "the disk of the database"); n != 6 {
		t.Errorf("%d lines about the disk, want one for each change, 6", n)
	}
}

// A small disk that is used little has room, and so has a large one that is used much.
func TestDisk_SmallRestIsNoProblemOnASmallDisk(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *app.Config) {
		c.Disk = func() (store.Space, error) { return store.Space{Used: 100 << 20, Free: 400 << 20}, nil }
	})
	w.app.CheckDisk(t.Context())
	if got := w.app.Disk(); got != app.DiskOK {
		t.Errorf("got %s, want ok", got)
	}
}

func TestDisk_LowPausesImportsAndTakesWebhooks(t *testing.T) {
	t.Parallel()
	d := &fakeDisk{free: 500 * gib}
	w := d.on(t)
	w.shop.Generate(600, 80*days)
	c := w.connect(t)
	id := c.Integration.ID
	d.set(5 * gib)
	w.app.CheckDisk(t.Context())
	for range 3 {
		p, err := w.app.Import(t.Context(), c.Import.ID)
		if err != nil || p.Done || p.After <= 0 || p.After > 10*time.Second {
			t.Fatalf("slice %+v, %v, want it paused for seconds", p, err)
		}
		run, err := w.store.ImportByID(t.Context(), c.Import.ID)
		if err != nil || run.ErrorCode != app.ProblemDiskLow || run.NextAttemptAt.IsZero() || run.Fetched != 0 || run.Attempts != 0 {
			t.Fatalf("run %+v, %v, want it to say why and when again", run, err)
		}
		w.clock.Add(p.After)
	}
	if in := w.integration(t, id); !problems(in)[app.ProblemDiskLow] || in.HealthStatus != app.HealthDegraded {
		t.Errorf("health %s %v, want degraded: disk_low", in.HealthStatus, in.Problems)
	}
	if err := w.app.Ready(t.Context()); err != nil {
		t.Errorf("not ready while the disk is only low: %v", err)
	}
	w.accept(t, w.incoming(app.TopicOrdersCreate, "w", order(1, "2026-11-01T10:00:00Z", "paid")))
	w.process(t, id)
	if n := len(w.orders(t, id)); n != 1 {
		t.Errorf("%d orders, want the delivery's", n)
	}
	d.set(500 * gib)
	w.app.CheckDisk(t.Context())
	if run := w.runImport(t, c.Import.ID); run.State != store.ImportCompleted || run.ErrorCode != "" || run.Created != 600 {
		t.Errorf("run %+v, want completed", run)
	}
	if in := w.integration(t, id); in.HealthStatus != app.HealthOK {
		t.Errorf("health %s %v, want ok", in.HealthStatus, in.Problems)
	}
}

func TestDisk_FullRefusesWebhooksBeforeAnythingIsWritten(t *testing.T) {
	t.Parallel()
	d := &fakeDisk{free: 500 * gib}
	w := d.on(t)
	id := w.connect(t).Integration.ID
	in := w.incoming(app.TopicOrdersCreate, "w", order(1, "2026-11-01T10:00:00Z", "paid"))
	d.set(gib / 2)
	w.app.CheckDisk(t.Context())
	if e := wantError(t, w.app.Accept(t.Context(), in), app.Busy, "webhook_not_stored"); e.RetryAfter <= 0 {
		t.Error("no time to come again is given")
	}
	forged := in
	forged.HMAC = "x"
	wantError(t, w.app.Accept(t.Context(), forged), app.Unauthorized, "webhook_signature_invalid")
	if n, err := w.store.CountDeliveries(t.Context(), id, store.DeliveryFilter{}); err != nil || n != 0 {
		t.Errorf("%d deliveries, %v, want none", n, err)
	}
	if got := app.ReasonsOf(w.app.Ready(t.Context())); len(got) != 1 || got[0] != app.UnreadyDisk {
		t.Errorf("reasons %v, want disk", got)
	}
	if err := w.app.Tidy(t.Context()); err != nil { // it is what makes room
		t.Errorf("tidy: %v", err)
	}
	d.set(500 * gib)
	w.app.CheckDisk(t.Context())
	w.accept(t, in)
	if err := w.app.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

// The database says that it is full before any measure does.
func TestDisk_ADatabaseThatSaidFullIsTriedAgain(t *testing.T) {
	t.Parallel()
	storetest.SQLiteOnly(t, "a database has no greatest size")
	d := &fakeDisk{free: 500 * gib}
	w := d.on(t)
	id := w.connect(t).Integration.ID
	pages := func(n int) {
		t.Helper()
		if err := w.store.Writer().QueryRowContext(t.Context(), "PRAGMA max_page_count = "+strconv.Itoa(n)).Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
	send := func(n int) error {
		return w.app.Accept(t.Context(), w.incoming(app.TopicOrdersCreate, strconv.Itoa(n), orderBody(n)))
	}
	pages(1) // as many as there are
	sent := 0
	for w.app.Disk() != app.DiskFull {
		if sent++; sent > 5000 {
			t.Fatal("the database does not fill up")
		}
		if err := send(sent); err != nil {
			wantError(t, err, app.Busy, "webhook_not_stored")
			sent--
		}
	}
	if resumed := w.app.CheckDisk(t.Context()); resumed || w.app.Disk() != app.DiskFull {
		t.Fatal("the disk is not full any more while the database cannot grow")
	}
	wantError(t, send(0), app.Busy, "webhook_not_stored")
	if _, err := w.app.Integrations(t.Context(), w.user); err != nil {
		t.Errorf("readers do not go on: %v", err)
	}
	pages(1 << 30)
	if resumed := w.app.CheckDisk(t.Context()); !resumed || w.app.Disk() != app.DiskOK {
		t.Fatalf("the disk is %s after the database can grow again", w.app.Disk())
	}
	if err := send(0); err != nil {
		t.Fatal(err)
	}
	if n, err := w.store.CountDeliveries(t.Context(), id, store.DeliveryFilter{}); err != nil || n != sent+1 {
		t.Errorf("%d deliveries, %v, want the %d that were acknowledged", n, err, sent+1)
	}
}

func TestDisk_CannotBeMeasured(t *testing.T) {
	t.Parallel()
	d := &fakeDisk{err: context.DeadlineExceeded}
	w := d.on(t)
	w.app.CheckDisk(t.Context())
	w.app.CheckDisk(t.Context())
	if w.app.Disk() != app.DiskOK || strings.Count(w.log.String(), "cannot be measured") != 1 {
		t.Errorf("disk %s, want ok and one line that says so", w.app.Disk())
	}
}
