package app_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"probability/app"
	"probability/store"
	"probability/store/storetest"
)

// onDisk builds a world whose database is on a disk of the test's, with a connected store.
func onDisk(t *testing.T) (*world, *storetest.Disk, int64) {
	t.Helper()
	dir := t.TempDir() + "/data"
	storetest.Prepare(t, dir)
	disk := storetest.NewDisk(t, dir)
	w := setupOn(t, storetest.Open(t, store.Config{Dir: dir, Key: storetest.Key(), Exclusive: true}))
	w.user = w.addUser(t, "ana@example.com")
	return w, disk, w.connect(t).Integration.ID
}

// sender delivers orders and remembers which of them were taken.
type sender struct {
	next    int
	refused int
	taken   map[string]int // number of the order, by webhook id
}

// deliver sends the next order, again and again until it is taken. trouble tells whether it may be refused at first.
func (s *sender) deliver(t *testing.T, w *world, trouble func() bool, heal func()) {
	t.Helper()
	s.next++
	id := fmt.Sprint("w", s.next)
	d := w.incoming(app.TopicOrdersCreate, id, orderBody(s.next))
	for try := 0; ; try++ {
		err := w.app.Accept(t.Context(), d)
		if err == nil {
			s.taken[id] = s.next
			return
		}
		e := wantError(t, err, app.Busy, "webhook_not_stored")
		if !trouble() || e.RetryAfter <= 0 {
			t.Fatalf("refused without trouble: %v", err)
		}
		if s.refused++; try == 2 { // while the trouble lasts it stays refused
			heal()
		}
	}
}

// verify wants every order that was taken, once and applied, and nothing broken.
func (s *sender) verify(t *testing.T, w *world, integration int64) {
	t.Helper()
	w.clock.Add(time.Hour) // whatever was put off is due
	w.process(t, integration)
	storetest.Sound(t, w.store)
	got := w.orders(t, integration)
	for id, n := range s.taken {
		if o := got[fmt.Sprint(7000+n)]; string(o.Raw) != orderBody(n) {
			t.Errorf("delivery %s was taken and its order is %q", id, o.Raw)
		}
	}
	if len(got) != s.next {
		t.Errorf("%d orders, want %d: %v", len(got), s.next, slices.Sorted(maps.Keys(got)))
	}
	if n, err := w.store.CountDeliveries(t.Context(), integration, store.DeliveryFilter{State: store.DeliveryProcessed}); err != nil || n != s.next {
		t.Errorf("%d deliveries are processed, %v, want %d", n, err, s.next)
	}
}

// The nth write or flush fails, n up to 500, alone or with all that come after it until the disk is mended, while deliveries are
// accepted and worked off. None is acknowledged that is not there afterwards.
func TestAccept_WhicheverWriteFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		how   storetest.Trouble
		times int
	}{
		"one error":       {storetest.Broken, 1},
		"errors for long": {storetest.Broken, 0},
		"full for once":   {storetest.Full, 1},
		"full for long":   {storetest.Full, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, disk, id := onDisk(t)
			// The log is written back after some pages, so that this fails in its turn, too.
			if _, err := w.store.Writer().ExecContext(t.Context(), `PRAGMA wal_autocheckpoint = 150`); err != nil {
				t.Fatal(err)
			}
			s := &sender{taken: map[string]int{}}
			mend := func() { // and the guard of the disk comes round
				disk.Heal()
				w.app.CheckDisk(t.Context())
			}
			for nth := 1; nth <= 500; nth += 1 + nth/4 { // the early ones one by one: it is the same work again and again
				disk.Fail(c.how, nth, c.times)
				met := func() bool { return disk.Met() > 0 }
				for !met() {
					for range 5 {
						s.deliver(t, w, met, mend)
					}
					if err := w.app.Process(t.Context(), id); err != nil && !store.Unavailable(err) {
						t.Fatalf("write %d: process: %v", nth, err)
					}
				}
				mend()
			}
			s.verify(t, w, id)
			if s.refused < 8 {
				t.Errorf("only %d of %d deliveries were refused: the writes that fail are others'", s.refused, s.next)
			}
		})
	}
}
