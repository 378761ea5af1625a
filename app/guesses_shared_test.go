package app_test

import (
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"probability/app"
	"probability/store"
	"probability/store/storetest"
)

// twoOn are two services with one clock: on PostgreSQL two processes on one database, else the second is a restart of the first.
func twoOn(t *testing.T, cfg store.Config) (both [2]*world) {
	t.Helper()
	both[0] = setupOn(t, storetest.Open(t, cfg))
	second := both[0].store
	if cfg.URL != "" {
		at := storetest.Config(t)
		at.URL = cfg.URL
		second = storetest.Open(t, at)
	}
	both[1] = setupOn(t, second)
	both[1].clock = both[0].clock
	app.SetClock(both[1].app, both[0].clock.Now)
	return both
}

func (w *world) shared() *app.Guesses {
	return &app.Guesses{App: w.app, Free: 3, Within: time.Hour, First: 10 * time.Second, Most: time.Minute}
}

func wantWait(t *testing.T, g *app.Guesses, want time.Duration, texts ...string) {
	t.Helper()
	if got, err := g.Count(t.Context(), texts...); err != nil || got != want {
		t.Errorf("%v: has to wait %s, %v, want %s", texts, got, err, want)
	}
}

// What one process counts, the other goes on with, and so does the next start.
func TestSharedGuesses_GrowUntilTheLongestWait(t *testing.T) {
	t.Parallel()
	storetest.RunConfig(t, func(t *testing.T, cfg store.Config) {
		both := twoOn(t, cfg)
		clock, turn := both[0].clock, 0
		either := func() *app.Guesses { turn++; return both[turn%2].shared() }
		for range 3 {
			wantWait(t, either(), 0, "ana")
		}
		for _, want := range []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second, time.Minute, time.Minute} {
			wantWait(t, either(), want, "ana")
			clock.Add(want - time.Millisecond)
			wantWait(t, either(), time.Millisecond, "ana")
			clock.Add(time.Millisecond)
			wantWait(t, either(), 0, "ana")
		}
		wantWait(t, either(), 0, "luis")
		clock.Add(time.Hour)
		for range 3 {
			wantWait(t, either(), 0, "ana")
		}
		wantWait(t, either(), 10*time.Second, "ana")
	})
}

func TestSharedGuesses_AreForgottenWhenRightAndNotCountedWhileOneWaits(t *testing.T) {
	t.Parallel()
	storetest.RunConfig(t, func(t *testing.T, cfg store.Config) {
		both := twoOn(t, cfg)
		one, other := both[0].shared(), both[1].shared()
		for range 3 {
			wantWait(t, one, 0, "ana")
		}
		for range 9 {
			wantWait(t, other, 10*time.Second, "luis", "ana")
		}
		for range 3 {
			wantWait(t, one, 0, "luis")
		}
		for _, text := range []string{"ana", "nobody"} {
			if err := other.Forget(t.Context(), text); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			wantWait(t, one, 0, "ana")
		}
		wantWait(t, other, 10*time.Second, "ana")
		wantWait(t, other, 10*time.Second, "luis")
	})
}

func TestSharedGuesses_ManyAtOnceAreNotAllFree(t *testing.T) {
	t.Parallel()
	storetest.RunConfig(t, func(t *testing.T, cfg store.Config) {
		both := twoOn(t, cfg)
		var free atomic.Int64
		var all sync.WaitGroup
		for i := range 32 {
			all.Go(func() {
				if wait, err := both[i%2].shared().Count(t.Context(), "ana"); err != nil {
					t.Error(err)
				} else if wait == 0 {
					free.Add(1)
				}
			})
		}
		all.Wait()
		if free.Load() != 3 {
			t.Errorf("%d tries at once were free, want 3", free.Load())
		}
	})
}

// A clock that ran ahead keeps nobody out for longer than the rule says.
func TestSharedGuesses_AClockThatRanAhead(t *testing.T) {
	t.Parallel()
	w := setup(t)
	g := w.shared()
	w.clock.Add(1000 * time.Hour)
	for range 3 {
		wantWait(t, g, 0, "ana")
	}
	w.clock.Add(-1000 * time.Hour)
	wantWait(t, g, 0, "ana")
	// Another machine's clock may differ a little, and forgives nothing by it.
	w.clock.Add(time.Minute)
	for range 4 {
		wantWait(t, g, 0, "luis")
		w.clock.Add(time.Minute)
	}
	w.clock.Add(-time.Minute - 30*time.Second)
	wantWait(t, g, 50*time.Second, "luis")
}

// The whole way of a sign-in over two processes: the free tries are five for both together, and the owner comes in where they are known.
func TestSignIn_GuessesAreCountedTogether(t *testing.T) {
	t.Parallel()
	storetest.RunConfig(t, func(t *testing.T, cfg store.Config) {
		both := twoOn(t, cfg)
		both[0].user = both[0].addUser(t, "ana@example.com")
		both[1].user = both[0].user
		both[0].signIn(t, "203.0.113.7")
		for i := range 5 {
			wantError(t, both[i%2].guess(t, "ana@example.com", fmt.Sprint("198.51.100.", i)), app.Unauthorized, "sign_in_failed")
		}
		for i, w := range both {
			before := app.Hashes(w.app)
			e := wantError(t, w.guess(t, "ana@example.com", "198.51.100.77"), app.TooMany, "too_many_attempts")
			if e.RetryAfter != 15*time.Second || app.Hashes(w.app) != before {
				t.Errorf("process %d: %s to wait, %d hashes", i, e.RetryAfter, app.Hashes(w.app)-before)
			}
		}
		for _, w := range both {
			w.wantSession(t, w.signIn(t, "203.0.113.7"), true, "where the account is known")
		}
		for i := range 15 { // with the five from above, twenty from one address
			wantError(t, both[i%2].guess(t, fmt.Sprintf("someone%d@example.com", i), "198.51.100.4"), app.Unauthorized, "sign_in_failed")
		}
		for i := range 4 {
			wantError(t, both[i%2].guess(t, fmt.Sprintf("another%d@example.com", i), "198.51.100.4"), app.Unauthorized, "sign_in_failed")
		}
		wantError(t, both[0].guess(t, "last@example.com", "198.51.100.4"), app.TooMany, "too_many_attempts")
		wantError(t, both[1].guess(t, "last@example.com", "198.51.100.4"), app.TooMany, "too_many_attempts")
		user, err := both[0].store.User(t.Context(), both[0].user)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 5 {
			_, err := both[i%2].app.ChangePassword(t.Context(), user, wrongPassword, "another password", from("203.0.113.7"))
			wantError(t, err, app.Invalid, "validation_failed")
		}
		_, err = both[1].app.ChangePassword(t.Context(), user, password, "another password", from("203.0.113.7"))
		wantError(t, err, app.TooMany, "too_many_attempts")
		both[0].clock.Add(15 * time.Second)
		if _, err := both[1].app.ChangePassword(t.Context(), user, password, "another password", from("203.0.113.7")); err != nil {
			t.Errorf("when the wait is over: %v", err)
		}
	})
}

// A flood from very many addresses leaves a bounded table, in which those who wait go on waiting.
func TestSharedGuesses_AFloodIsBounded(t *testing.T) {
	t.Parallel()
	w := setup(t)
	g := w.shared()
	for range 3 {
		wantWait(t, g, 0, "ana")
	}
	app.BoundGuesses(w.app, 50)
	address := netip.MustParseAddr("198.51.100.1")
	for range 150 {
		address = address.Next()
		wantWait(t, g, 0, address.String(), "account of "+address.String())
	}
	wantWait(t, g, 10*time.Second, "ana")
	if n := w.rows(t, "guesses"); n > 250 {
		t.Errorf("%d rows are kept, want those since the last look and 50 more", n)
	}
	if err := w.app.Tidy(t.Context()); err != nil || w.rows(t, "guesses") != 50 {
		t.Errorf("%d rows are left, %v, want 50", w.rows(t, "guesses"), err)
	}
	wantWait(t, g, 10*time.Second, "ana")
	w.clock.Add(time.Hour)
	if err := w.app.Tidy(t.Context()); err != nil || w.rows(t, "guesses") != 0 {
		t.Errorf("%d rows are left an hour later, %v", w.rows(t, "guesses"), err)
	}
}

func (w *world) rows(t *testing.T, table string) (n int) {
	t.Helper()
	if err := w.store.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM `+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
