package shopify_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"probability/shopify"
)

func patient(cfg *shopify.Config) { cfg.MaxWait = 24 * time.Hour }

func TestLimiter_NeverDrawsA429(t *testing.T) {
	t.Parallel()
	for _, size := range []float64{1, 2, 40, 80, 400} {
		for _, workers := range []int{1, 7, 60} {
			t.Run(fmt.Sprintf("bucket of %.0f, %d at once", size, workers), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					random := rand.New(rand.NewPCG(uint64(size), uint64(workers)))
					store := newBucket(size)
					store.latency = func() (time.Duration, time.Duration) {
						return time.Duration(random.Int64N(int64(300 * time.Millisecond))), time.Duration(random.Int64N(int64(2 * time.Second)))
					}
					client := newClient(t, store, patient)
					each := (int(size)*3+60)/workers + 1
					began := time.Now()
					var wg sync.WaitGroup
					for range workers {
						wg.Go(func() {
							for range each {
								if _, err := client.Shop(t.Context(), session()); err != nil {
									t.Error(err)
								}
							}
						})
					}
					wg.Wait()
					// A bucket of 1 or 2 is met with the 40 assumed before its first
					// answer, so those first calls may be refused.
					if size >= 40 && store.refused > 0 {
						t.Errorf("%d of %d calls were refused", store.refused, store.calls)
					}
					if workers < 60 || size < 40 {
						return
					}
					// Nor is it needlessly slow.
					least := (float64(each*workers) - size) / store.leak
					if took := time.Since(began).Seconds(); took > least*1.1+8 {
						t.Errorf("%d calls took %.1f s, %.1f s would do", each*workers, took, least)
					}
				})
			})
		}
	}
}

func TestLimiter_LearnsTheSize(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newBucket(400)
		client := newClient(t, store)
		began := time.Now()
		for range 399 {
			if _, err := client.Shop(t.Context(), session()); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("399 calls into an empty bucket of 400 took %s", took)
		}

		// Lowered for a while, as Shopify says it may.
		store.mu.Lock()
		store.size, store.leak, store.level = 40, 2, 0
		store.mu.Unlock()
		if err := elapse(t.Context(), 20*time.Second); err != nil {
			t.Fatal(err)
		}
		for range 60 {
			if _, err := client.Shop(t.Context(), session()); err != nil {
				t.Fatal(err)
			}
		}
		if store.refused > 0 {
			t.Errorf("%d refused", store.refused)
		}
	})
}

func TestLimiter_Leaks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newBucket(40)
		client := newClient(t, store, func(cfg *shopify.Config) { cfg.MaxWait = time.Nanosecond })
		burst := func() (n int, last *shopify.Error) {
			for {
				_, err := client.Shop(t.Context(), session())
				if err != nil {
					return n, wantKind(t, err, shopify.KindThrottled)
				}
				n++
			}
		}
		n, e := burst()
		if n != 39 || e.Status != 0 || e.RetryAfter != 500*time.Millisecond {
			t.Errorf("%d calls, then %+v", n, *e)
		}
		calls := store.calls
		if _, err := client.Shop(t.Context(), session()); err == nil || store.calls != calls {
			t.Error("a call that had to wait was made")
		}
		for _, wait := range []time.Duration{e.RetryAfter, 5 * time.Second, time.Hour} {
			if err := elapse(t.Context(), wait); err != nil {
				t.Fatal(err)
			}
			want := min(39, int(wait.Seconds()*2))
			if n, _ := burst(); n != want {
				t.Errorf("%d calls after %s, want %d", n, wait, want)
			}
		}
		if store.refused > 0 {
			t.Errorf("%d refused", store.refused)
		}
	})
}

func TestLimiter_MaxWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newBucket(40)
		client := newClient(t, store, func(cfg *shopify.Config) { cfg.MaxWait = 2 * time.Second })
		began := time.Now()
		var wg sync.WaitGroup
		var mu sync.Mutex
		done, throttled, late := 0, 0, 0
		for range 60 {
			wg.Go(func() {
				_, err := client.Shop(t.Context(), session())
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					done++
					return
				}
				throttled++
				if time.Since(began) > 0 {
					late++
				}
				var e *shopify.Error
				if !errors.As(err, &e) || e.Kind != shopify.KindThrottled || e.RetryAfter <= 0 || e.RetryAfter > 15*time.Second {
					t.Errorf("got %v", err)
				}
			})
		}
		wg.Wait()
		// 39 at once, and what leaks in two seconds.
		if done < 42 || done > 43 || throttled != 60-done || store.refused > 0 {
			t.Errorf("%d done, %d throttled, %d refused", done, throttled, store.refused)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("took %s", took)
		}
		// Who cannot be served in time is told at once, not after a wait.
		if late > 1 {
			t.Errorf("%d waited in vain", late)
		}
	})
}

func TestLimiter_StopsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newBucket(40)
		client := newClient(t, store, patient)
		for range 39 {
			if _, err := client.Shop(t.Context(), session()); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, err := client.Shop(ctx, session())
		if !errors.Is(err, context.DeadlineExceeded) || shopify.KindOf(err) != "" || time.Since(began) != 100*time.Millisecond || store.calls != 39 {
			t.Errorf("%v after %s and %d calls", err, time.Since(began), store.calls)
		}
		// The place it waited for is not lost.
		if _, err := client.Shop(t.Context(), session()); err != nil || time.Since(began) > 500*time.Millisecond {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}

func TestLimiter_KeepsAccountsApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, transport(func(r *http.Request) (*http.Response, error) {
			return reply(r, 200, `{"shop":{"id":1}}`, "X-Shopify-Shop-Api-Call-Limit: 40/40"), nil
		}), func(cfg *shopify.Config) { cfg.MaxWait = time.Nanosecond })
		for i := range 50 {
			s := shopify.Session{Shop: fmt.Sprintf("tienda-%d.myshopify.com", i/2), Token: fmt.Sprintf("token-%d", i%2)}
			if _, err := client.Shop(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			_, err := client.Shop(t.Context(), shopify.Session{Shop: strings.ToUpper(s.Shop), Token: s.Token})
			wantKind(t, err, shopify.KindThrottled)
		}
	})
}

// Another app or script with the same token shows only in what is reported.
func TestLimiter_MakesWayForOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newBucket(40)
		client := newClient(t, store, patient)
		for range 100 {
			store.fill(0.9) // nearly all of what leaks between two of our calls
			if _, err := client.Shop(t.Context(), session()); err != nil {
				t.Fatal(err)
			}
		}
		if store.refused > 1 {
			t.Errorf("%d of %d calls were refused", store.refused, store.calls)
		}
	})
}

func TestLimiter_EverybodyHoldsAfterA429(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newBucket(40)
		store.fill(40)
		client := newClient(t, store, patient)
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := client.Shop(t.Context(), session()); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		for range 10 {
			wg.Go(func() {
				if _, err := client.Shop(t.Context(), session()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if store.refused != 1 {
			t.Errorf("%d of %d calls were refused", store.refused, store.calls)
		}
	})
}

func TestLimiter_RetryAfterHoldsForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{steps: []transport{
			always(429, "", "Retry-After: 7.5"),
			always(200, `{"shop":{"id":1}}`, "X-Shopify-Shop-Api-Call-Limit: 1/40"),
		}}
		client := newClient(t, s, patient)
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				if _, err := client.Shop(t.Context(), session()); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		wg.Wait()
		if len(s.calls) != 6 || s.times[1].Sub(s.times[0]) < 7500*time.Millisecond {
			t.Errorf("%d calls, the second %s after the first", len(s.calls), s.times[1].Sub(s.times[0]))
		}
	})
}

// While calls of ours are under way, a report still tells of others'.
func TestLimiter_SeesOthersBesideItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		first := true
		calls := 0
		client := newClient(t, transport(func(r *http.Request) (*http.Response, error) {
			calls++
			if first {
				first = false
				<-hold
			}
			return reply(r, 200, `{"shop":{"id":1}}`, "X-Shopify-Shop-Api-Call-Limit: 39/40"), nil
		}), func(cfg *shopify.Config) { cfg.MaxWait = time.Nanosecond })
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := client.Shop(t.Context(), session()); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		if _, err := client.Shop(t.Context(), session()); err != nil {
			t.Error(err)
		}
		_, err := client.Shop(t.Context(), session())
		wantKind(t, err, shopify.KindThrottled)
		close(hold)
		wg.Wait()
		if calls != 2 {
			t.Errorf("%d calls", calls)
		}
	})
}

// A store that reports no limit on good answers has none; what it refuses or
// does not answer may still have been counted.
func TestLimiter_WithoutReports(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"", "40", "a/b", "5/0", "-1/40", "NaN/40", "1/Inf", "1/2/3", "/", strings.Repeat("1", 50) + "/40"} {
		synctest.Test(t, func(t *testing.T) {
			client := newClient(t, always(200, `{"shop":{"id":1}}`, "X-Shopify-Shop-Api-Call-Limit: "+header))
			began := time.Now()
			for range 500 {
				if _, err := client.Shop(t.Context(), session()); err != nil {
					t.Fatalf("%q: %v", header, err)
				}
			}
			if took := time.Since(began); took != 0 {
				t.Errorf("%q: took %s", header, took)
			}
		})
	}
	for name, rt := range map[string]transport{"refused": always(403, ""), "lost": func(*http.Request) (*http.Response, error) { return nil, errors.New("reset") }} {
		synctest.Test(t, func(t *testing.T) {
			s := &script{steps: []transport{rt}}
			client := newClient(t, s, func(cfg *shopify.Config) { cfg.MaxWait = time.Nanosecond })
			for range 60 {
				if _, err := client.Shop(t.Context(), session()); err == nil {
					t.Fatal("no error")
				}
			}
			if len(s.calls) != 39 {
				t.Errorf("%s: %d calls", name, len(s.calls))
			}
		})
	}
}

// An account that rests for long is forgotten; it begins again as a stranger.
func TestLimiter_ForgetsTheIdle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newBucket(400)
		store.latency = func() (time.Duration, time.Duration) { return time.Millisecond, 0 }
		client := newClient(t, store, patient)
		crowd := func() int {
			var wg sync.WaitGroup
			for range 100 {
				wg.Go(func() {
					if _, err := client.Shop(t.Context(), session()); err != nil {
						t.Error(err)
					}
				})
			}
			began := time.Now()
			synctest.Wait() // nobody has an answer yet
			store.mu.Lock()
			n := store.inFlight
			store.mu.Unlock()
			wg.Wait()
			if took := time.Since(began); took > 10*time.Millisecond {
				t.Errorf("the crowd took %s: nobody told those who waited that there is room", took)
			}
			return n
		}
		for i, want := range []int{39, 100, 39} {
			if i == 2 {
				if err := elapse(t.Context(), 11*time.Minute); err != nil {
					t.Fatal(err)
				}
			}
			if got := crowd(); got != want {
				t.Errorf("crowd %d: %d at once, want %d", i+1, got, want)
			}
		}
	})
}
