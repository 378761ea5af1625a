package shopify_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"probability/shopify"
)

func TestClient_RetriesWhatIsWorthIt(t *testing.T) {
	t.Parallel()
	good := always(200, `{"orders":[{"id":1}]}`)
	cut := transport(func(r *http.Request) (*http.Response, error) {
		resp := reply(r, 200, "")
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"orders":[{"id"`), brokenReader{}))
		return resp, nil
	})
	refused := transport(func(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") })
	for _, c := range []struct {
		name  string
		steps []transport
		calls int
		kind  shopify.Kind
	}{
		{"good at once", []transport{good}, 1, ""},
		{"500 once", []transport{always(500, ""), good}, 2, ""},
		{"502 with HTML, 503", []transport{always(502, "<html>"), always(503, "{}"), good}, 3, ""},
		{"cut", []transport{cut, good}, 2, ""},
		{"network", []transport{refused, cut, good}, 3, ""},
		{"HTML with 200", []transport{always(200, "<html>"), good}, 2, ""},
		{"a passing 404", []transport{always(404, `{"errors":"Not Found"}`), good}, 2, ""},
		{"520 for good", []transport{always(520, "")}, 3, shopify.KindUnavailable},
		{"cut for good", []transport{cut}, 3, shopify.KindUnavailable},
		{"network for good", []transport{refused}, 3, shopify.KindUnavailable},
		{"404 for good", []transport{always(404, "")}, 3, shopify.KindNotFound},
		{"401", []transport{always(401, ""), good}, 1, shopify.KindUnauthorized},
		{"402", []transport{always(402, ""), good}, 1, shopify.KindPaymentRequired},
		{"403", []transport{always(403, ""), good}, 1, shopify.KindForbidden},
		{"400", []transport{always(400, ""), good}, 1, shopify.KindInvalid},
		{"423", []transport{always(423, ""), good}, 1, shopify.KindLocked},
		{"430", []transport{always(430, ""), good}, 1, shopify.KindSecurity},
		{"301", []transport{always(301, "", "Location: https://other.myshopify.com/"), good}, 1, shopify.KindRedirected},
		{"503 that asks for patience", []transport{always(503, "", "Retry-After: 1.5"), good}, 2, ""},
		{"503 that asks for too much", []transport{always(503, "", "Retry-After: 60"), good}, 1, shopify.KindUnavailable},
		{"429 within reach", []transport{always(429, "", "Retry-After: 0.5"), always(429, "", "Retry-After: 0.5"), always(429, "", "Retry-After: 0.4"), good}, 4, ""},
		{"429 that says nothing", []transport{always(429, ""), good}, 2, ""},
		{"429 without end", []transport{always(429, "", "Retry-After: 0.6")}, 4, shopify.KindThrottled},
		{"429 too long", []transport{always(429, "", "Retry-After: 4.0"), good}, 1, shopify.KindThrottled},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{steps: c.steps}
				client := newClient(t, s, func(cfg *shopify.Config) { cfg.Retries = 0 })
				began := time.Now()
				page, err := client.Orders(t.Context(), session(), shopify.OrdersQuery{}, "")
				if shopify.KindOf(err) != c.kind || c.kind == "" && (err != nil || len(page.Orders) != 1) {
					t.Errorf("got %d orders and %v, want kind %q", len(page.Orders), err, c.kind)
				}
				if len(s.calls) != c.calls {
					t.Errorf("%d calls, want %d", len(s.calls), c.calls)
				}
				if took := time.Since(began); took > 4*time.Second {
					t.Errorf("took %s", took)
				}
				for i := 1; i < len(s.times); i++ {
					if gap := s.times[i].Sub(s.times[i-1]); gap < 100*time.Millisecond {
						t.Errorf("only %s before try %d", gap, i+1)
					}
				}
			})
		})
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestClient_RetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"4.0": 4 * time.Second, "2.5": 2500 * time.Millisecond, "30": 30 * time.Second, "1e9": 5 * time.Minute, "+Inf": 5 * time.Minute,
		"Mon, 23 Nov 2026 12:01:00 GMT": time.Minute, "Mon, 23 Nov 2026 11:00:00 GMT": 100 * time.Millisecond,
		"0": 100 * time.Millisecond, "-5": 100 * time.Millisecond, "": 2 * time.Second, "NaN": 2 * time.Second, "soon": 2 * time.Second,
	} {
		c := newClient(t, always(429, "<html>slow down</html>", "Retry-After: "+header), func(cfg *shopify.Config) {
			cfg.MaxWait, cfg.Now = time.Nanosecond, func() time.Time { return now }
		})
		_, err := c.Shop(t.Context(), session())
		if e := wantKind(t, err, shopify.KindThrottled); e.RetryAfter != want || e.Status != 429 {
			t.Errorf("%q: got %s, want %s", header, e.RetryAfter, want)
		}
	}
}

func TestClient_Context(t *testing.T) {
	t.Parallel()
	hang := transport(func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	})
	hangingBody := transport(func(r *http.Request) (*http.Response, error) {
		resp := reply(r, 200, "")
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"orders":[`), contextReader{r.Context()}))
		return resp, nil
	})
	for name, rt := range map[string]transport{"no answer": hang, "half a body": hangingBody} {
		synctest.Test(t, func(t *testing.T) {
			s := &script{steps: []transport{rt}}
			c := newClient(t, s, func(cfg *shopify.Config) { cfg.Timeout, cfg.Retries = 10*time.Second, 0 })

			began := time.Now()
			_, err := c.Orders(t.Context(), session(), shopify.OrdersQuery{}, "")
			wantKind(t, err, shopify.KindUnavailable)
			if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
				t.Errorf("%s: our own time limit looks like the caller's: %v", name, err)
			}
			if took := time.Since(began); took < 30*time.Second || took > 33*time.Second || len(s.calls) != 3 {
				t.Errorf("%s: %d calls in %s", name, len(s.calls), took)
			}

			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err = c.Orders(ctx, session(), shopify.OrdersQuery{}, "")
			if !errors.Is(err, context.DeadlineExceeded) || shopify.KindOf(err) != "" {
				t.Errorf("%s: caller's deadline: got %v", name, err)
			}

			ctx, cancel = context.WithCancel(t.Context())
			go func() {
				synctest.Wait()
				cancel()
			}()
			_, err = c.Orders(ctx, session(), shopify.OrdersQuery{}, "")
			if !errors.Is(err, context.Canceled) || shopify.KindOf(err) != "" {
				t.Errorf("%s: cancelled: got %v", name, err)
			}
		})
	}
}

type contextReader struct{ ctx context.Context }

func (r contextReader) Read([]byte) (int, error) {
	<-r.ctx.Done()
	return 0, r.ctx.Err()
}

func TestClient_ContextEndsDuringWaits(t *testing.T) {
	t.Parallel()
	for name, rt := range map[string]transport{"backoff": always(500, ""), "Retry-After": always(429, "", "Retry-After: 2")} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			c := newClient(t, rt, func(cfg *shopify.Config) { cfg.Retries = 5 })
			began := time.Now()
			_, err := c.Shop(ctx, session())
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 50*time.Millisecond {
				t.Errorf("%s: %v after %s", name, err, time.Since(began))
			}
		})
	}
}

// A transport that gives up by itself with a context's error is a fault of the
// way: the caller's context is fine.
func TestClient_ContextErrorsOfOthers(t *testing.T) {
	t.Parallel()
	for _, cause := range []error{context.Canceled, context.DeadlineExceeded} {
		client := newClient(t, transport(func(*http.Request) (*http.Response, error) { return nil, cause }))
		_, err := client.Shop(t.Context(), session())
		wantKind(t, err, shopify.KindUnavailable)
		if errors.Is(err, cause) {
			t.Errorf("%v looks like the caller's own", err)
		}
	}
	client := newClient(t, transport(func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }))
	if _, err := client.Shop(t.Context(), session()); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the cause of %v cannot be seen", err)
	}
}
