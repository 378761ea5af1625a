package app_test

import (
	"sync/atomic"
	"testing"
	"time"

	"probability/app"
	"probability/shopify/simulator"
	"probability/store"
	"probability/store/storetest"
)

// skewed lets the service's clock differ from Shopify's.
func skewed(by *atomic.Int64) func(*app.Config) {
	return func(c *app.Config) {
		right := c.Now
		c.Now = func() time.Time { return right().Add(time.Duration(by.Load())) }
	}
}

// What was put off by a clock that ran ahead is not kept waiting until that clock's time comes.
func TestClock_SetBackByADayLosesNoDelivery(t *testing.T) {
	t.Parallel()
	w, disk, id := onDisk(t)
	w.accept(t, w.incoming(app.TopicOrdersCreate, "w", orderBody(1)))
	disk.Fail(storetest.Broken, 1, 1) // the order cannot be written, the note of that can
	w.process(t, id)
	if d := w.delivery(t, id, "w"); d.State != store.DeliveryPending || !d.NextAttemptAt.After(w.clock.Now()) {
		t.Fatalf("the delivery is %s, again at %v, want it put off", d.State, d.NextAttemptAt)
	}
	w.app.CheckDisk(t.Context())
	w.clock.Add(-24 * time.Hour)
	if err := w.app.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if due, err := w.store.IntegrationsWithDueDeliveries(t.Context(), w.clock.Now()); err != nil || len(due) != 1 {
		t.Fatalf("%v are due, %v, want the delivery's", due, err)
	}
	w.process(t, id)
	if n := len(w.orders(t, id)); n != 1 {
		t.Errorf("%d orders, want 1", n)
	}
	// What waits as it should goes on waiting.
	w.accept(t, w.incoming(app.TopicOrdersCreate, "x", orderBody(2)))
	disk.Fail(storetest.Broken, 1, 1)
	w.process(t, id)
	before := w.delivery(t, id, "x").NextAttemptAt
	if err := w.app.Recover(t.Context()); err != nil || !w.delivery(t, id, "x").NextAttemptAt.Equal(before) {
		t.Errorf("again at %v, %v, want %v as before", w.delivery(t, id, "x").NextAttemptAt, err, before)
	}
}

func TestClock_JumpsByADayLoseNoImport(t *testing.T) {
	t.Parallel()
	for name, jump := range map[string]time.Duration{"back": -24 * time.Hour, "ahead": 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var by atomic.Int64
			w := setup(t, skewed(&by))
			w.shop.Generate(600, 80*days)
			c := w.connect(t)
			w.shop.Inject(simulator.Fault{Kind: simulator.FaultPayment, Path: "orders.json", Page: 2, Times: 1})
			p, err := w.app.Import(t.Context(), c.Import.ID)
			if err != nil || p.Done || p.After < time.Minute {
				t.Fatalf("got %+v, %v, want the run put off", p, err)
			}
			by.Store(int64(jump))
			if err := w.app.Recover(t.Context()); err != nil {
				t.Fatal(err)
			}
			if p, err = w.app.Import(t.Context(), c.Import.ID); err != nil || p.After > time.Hour {
				t.Errorf("after the jump the run waits for %s, %v", p.After, err)
			}
			run := w.runImport(t, c.Import.ID)
			if run.State != store.ImportCompleted || len(w.orders(t, c.Integration.ID)) != 600 {
				t.Fatalf("run %+v, %d orders, want all 600", run, len(w.orders(t, c.Integration.ID)))
			}
			// And back to the right time: the next periodic sync comes within its interval, and finds what is new.
			by.Store(0)
			w.shop.NewOrder()
			w.clock.Add(time.Second)
			if err := w.app.Recover(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.clock.Add(16 * time.Minute)
			if err := w.app.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			active, err := w.store.ActiveImports(t.Context())
			if err != nil || len(active) != 1 {
				t.Fatalf("%d runs, %v, want the periodic one", len(active), err)
			}
			if run := w.runImport(t, active[0].ID); run.State != store.ImportCompleted || len(w.orders(t, c.Integration.ID)) != 601 {
				t.Errorf("run %+v, %d orders, want 601", run, len(w.orders(t, c.Integration.ID)))
			}
		})
	}
}

// Shopify's tokens live by Shopify's clock. One that is over there is replaced, whatever ours says.
func TestClock_JumpsByADayTakeNoDeadToken(t *testing.T) {
	t.Parallel()
	var by atomic.Int64
	w := setup(t, skewed(&by))
	shop, c := w.connectApp(t, 300)
	id := c.Integration.ID
	if run := w.runImport(t, c.Import.ID); run.State != store.ImportCompleted {
		t.Fatalf("run %+v", run)
	}
	by.Store(int64(24 * time.Hour))
	if run := w.sync(t, id); run.State != store.ImportCompleted || w.grants() != 2 {
		t.Errorf("a day ahead: run %+v after %d grants, want a token that is new", run, w.grants())
	}
	by.Store(int64(-24 * time.Hour)) // the token seems to be of the day after tomorrow, and is dead
	shop.ExpireTokens()
	if run := w.sync(t, id); run.State != store.ImportCompleted || w.grants() != 3 {
		t.Errorf("a day back: run %+v after %d grants, want a token that is new", run, w.grants())
	}

	by.Store(0)
	plain, _, err := w.app.CreateToken(t.Context(), "ana@example.com", "short", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		skew  time.Duration
		taken bool
	}{{0, true}, {24 * time.Hour, false}, {-24 * time.Hour, true}, {0, true}} {
		by.Store(int64(c.skew))
		if _, err := w.app.Authenticate(t.Context(), plain); (err == nil) != c.taken {
			t.Errorf("a token of an hour, %s off: %v, want taken %v", c.skew, err, c.taken)
		}
	}
}
