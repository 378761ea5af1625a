package store_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"probability/store"
)

// queue lets writers line up behind one that holds the turn, and returns the order in which they come through.
func queue(t *testing.T, turns *store.Turnstile, names string) string {
	t.Helper()
	var through []string
	if err := turns.Enter(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	for name := range strings.FieldsSeq(names) {
		go func() {
			if err := turns.Enter(t.Context(), strings.HasPrefix(name, "u")); err != nil {
				t.Error(err)
			}
			through = append(through, name)
			turns.Leave()
		}()
		synctest.Wait() // now it stands in line
	}
	turns.Leave()
	synctest.Wait()
	return strings.Join(through, " ")
}

func TestTurnstile_FirstComeFirstServedAndUrgentOnesEverySecondTime(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ come, want string }{
		{"a b c", "a b c"},
		{"a u1 b u2 c u3", "u1 a u2 b u3 c"},
		{"u1 u2 u3", "u1 u2 u3"},
		{"a u1 u2 u3 u4", "u1 a u2 u3 u4"},
	} {
		synctest.Test(t, func(t *testing.T) {
			if got := queue(t, &store.Turnstile{}, c.come); got != c.want {
				t.Errorf("%s came through as %s, want %s", c.come, got, c.want)
			}
		})
	}
}

func TestTurnstile_WhoGivesUpIsPassedOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var turns store.Turnstile
		if err := turns.Enter(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		errs := make(chan error, 1)
		go func() { errs <- turns.Enter(impatient, true) }()
		if err := <-errs; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		turns.Leave()
		if err := turns.Enter(t.Context(), false); err != nil { // nobody holds it
			t.Error(err)
		}
		turns.Leave()
	})
}

func TestCountCache(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var cache store.CountCache
		var counted []int
		n := 0
		get := func(dear bool) int {
			t.Helper()
			got, err := cache.Get(t.Context(), 1, "filter", dear, func(context.Context) (int, error) {
				n++
				counted = append(counted, n)
				return n, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		var got []int
		got = append(got, get(false), get(false)) // counted, remembered
		cache.Forget(2)
		got = append(got, get(false)) // another one's orders changed
		cache.Forget(1)
		got = append(got, get(false)) // counted anew
		cache.Forget(1)
		got = append(got, get(true))  // dear: of a moment ago
		<-time.After(3 * time.Second) // the bubble's time, no waiting
		got = append(got, get(true))  // too old for that
		<-time.After(time.Minute)
		got = append(got, get(true)) // another process may have changed something
		if want := []int{1, 1, 1, 2, 2, 3, 4}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}

		var shared store.CountCache
		shared.Share()
		var seen []int
		for _, wait := range []time.Duration{0, time.Second, 2 * time.Second} {
			<-time.After(wait)
			m, err := shared.Get(t.Context(), 1, "filter", false, func(context.Context) (int, error) { n++; return n, nil })
			if err != nil {
				t.Fatal(err)
			}
			seen = append(seen, m)
		}
		if want := []int{5, 5, 6}; !slices.Equal(seen, want) {
			t.Errorf("beside others that serve: got %v, want %v", seen, want)
		}

		// A change while it is being counted: what was counted may be of before or after.
		_, err := cache.Get(t.Context(), 1, "other", false, func(context.Context) (int, error) {
			cache.Forget(1)
			return 7, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		again, err := cache.Get(t.Context(), 1, "other", false, func(context.Context) (int, error) { return 8, nil })
		if err != nil || again != 8 {
			t.Errorf("got %d, %v; want 8", again, err)
		}
		failure := errors.New("no")
		if _, err := cache.Get(t.Context(), 1, "broken", false, func(context.Context) (int, error) { return 0, failure }); !errors.Is(err, failure) {
			t.Errorf("got %v", err)
		}
	})
}
