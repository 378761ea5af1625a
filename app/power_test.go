package app_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"

	"probability/app"
	"probability/store"
	"probability/store/storetest"
)

// acknowledged are the orders whose deliveries were answered well, from many senders at once.
type acknowledged struct {
	mu    sync.Mutex
	taken map[int]bool
}

func (a *acknowledged) add(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.taken[n] = true
}

func (a *acknowledged) now() map[int]bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.taken)
}

// left is what a loss of power left, and what had been acknowledged by then.
type left struct {
	dir   string
	taken map[int]bool
}

// The power fails a hundred times at random moments while deliveries are accepted and worked off, and takes anything with it
// that was not flushed. From what is left the service starts by itself: nothing acknowledged is missing, nothing is there by
// halves. Each round goes on from something that was left by the round before.
func TestAccept_SurvivesEveryLossOfPower(t *testing.T) {
	t.Parallel()
	const chains, rounds, losses = 4, 5, 5
	for chain := range chains {
		t.Run(fmt.Sprint(chain), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(uint64(chain), 9)) // the same each time
			from := left{dir: filepath.Join(t.TempDir(), "data")}
			for round := range rounds {
				leftovers := untilPowerIsLost(t, random, from, 1000*round, losses)
				from = leftovers[random.IntN(losses)]
				for _, l := range leftovers {
					if l.dir != from.dir {
						startsAgain(t, l)
					}
				}
			}
			startsAgain(t, from)
		})
	}
}

// untilPowerIsLost works on a folder until its power was lost some times, and gives what each loss left. Work goes on after
// each as if it had not been.
func untilPowerIsLost(t *testing.T, random *rand.Rand, from left, first, losses int) []left {
	t.Helper()
	disk := storetest.NewDisk(t, from.dir)
	w := startsAgain(t, from)
	integrations, err := w.store.ActiveIntegrations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var id int64
	if len(integrations) > 0 {
		id = integrations[0].ID
	} else {
		w.user = w.addUser(t, "ana@example.com")
		id = w.connect(t).Integration.ID
	}
	if _, err := w.store.Writer().ExecContext(t.Context(), `PRAGMA wal_autocheckpoint = 60`); err != nil {
		t.Fatal(err)
	}
	acks := &acknowledged{taken: maps.Clone(from.taken)}
	if acks.taken == nil {
		acks.taken = map[int]bool{}
	}
	var out []left
	var cut func()
	failed := make(chan error, losses)
	cut = func() {
		l := left{dir: filepath.Join(t.TempDir(), "data"), taken: acks.now()}
		failed <- disk.LosePower(random, l.dir)
		if out = append(out, l); len(out) < losses {
			disk.Before(1+random.IntN(120), cut)
		}
	}
	disk.Before(1+random.IntN(120), cut)
	for n := first; len(failed) < losses; n += 6 {
		var all sync.WaitGroup
		errs := make([]error, 6)
		for i := range errs {
			all.Go(func() {
				d := w.incoming(app.TopicOrdersCreate, fmt.Sprint("w", n+i), orderBody(n+i))
				if errs[i] = w.app.Accept(t.Context(), d); errs[i] == nil {
					acks.add(n + i)
				}
			})
		}
		if n%4 == 0 {
			w.process(t, id)
		}
		all.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
	}
	close(failed)
	for err := range failed {
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// startsAgain starts on what a loss of power left, and wants all of it that counts.
func startsAgain(t *testing.T, l left) *world {
	t.Helper()
	w := setupOn(t, storetest.Open(t, store.Config{Dir: l.dir, Key: storetest.Key(), Exclusive: true}))
	integrations, err := w.store.ActiveIntegrations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(integrations) == 0 && len(l.taken) > 0 {
		t.Fatalf("the connected store is gone, with %d orders that were acknowledged", len(l.taken))
	}
	for _, in := range integrations {
		w.process(t, in.ID)
		got := w.orders(t, in.ID)
		for n := range l.taken {
			if o := got[fmt.Sprint(7000+n)]; string(o.Raw) != orderBody(n) {
				t.Errorf("order %d was acknowledged before the power was lost, and is %q", n, o.Raw)
			}
		}
	}
	storetest.Sound(t, w.store)
	return w
}
