package simulator_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"probability/shopify/simulator"
)

// answers is what each fault that leaves the request undone must look like.
var answers = map[simulator.FaultKind]struct {
	status int
	part   string
}{
	simulator.FaultThrottled:     {429, `{"errors":"Exceeded 2 calls per second`},
	simulator.FaultThrottledHTML: {429, "<html"},
	simulator.FaultInternal:      {500, `"errors"`},
	simulator.FaultBadGateway:    {502, "<html"},
	simulator.FaultUnavailable:   {503, ""},
	simulator.FaultOrigin:        {520, "<html"},
	simulator.FaultUnauthorized:  {401, "[API] Invalid API key or access token"},
	simulator.FaultPayment:       {402, `{"errors":"Unavailable Shop"}`},
	simulator.FaultScope:         {403, "requires merchant approval for read_orders scope"},
	simulator.FaultProtectedData: {403, "protected customer data"},
	simulator.FaultTokenKind:     {403, "Non-expiring access tokens are no longer accepted"},
	simulator.FaultForbidden:     {403, `"errors"`},
	simulator.FaultNotFound:      {404, `{"errors":"Not Found"}`},
	simulator.FaultNotFoundHTML:  {404, "<html"},
	simulator.FaultInvalidList:   {422, `{"errors":["`},
	simulator.FaultLocked:        {423, `"errors"`},
	simulator.FaultSecurity:      {430, `"errors"`},
	simulator.FaultStaleCursor:   {400, `{"errors":{"page_info":"`},
	simulator.FaultRedirect:      {301, ""},
	simulator.FaultNotInstalled:  {400, `"error":"app_not_installed"`},
	simulator.FaultNotPermitted:  {400, `"error":"shop_not_permitted"`},
	simulator.FaultBadClient:     {401, `"error":"invalid_client"`},
	simulator.FaultHTML:          {200, "<html"},
	simulator.FaultErrors:        {200, `{"errors":"`},
	simulator.FaultEmptyBody:     {200, ""},
}

func TestFault_AnswersOnceThenAllIsWell(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.shop.Generate(5, day)
	for _, kind := range slices.Sorted(maps.Keys(answers)) {
		want := answers[kind]
		b.shop.Inject(simulator.Fault{Kind: kind, Path: "orders.json", Times: 1, RetryAfter: "1.5"})
		a := b.get("orders.json")
		if a.status != want.status || !strings.Contains(a.body, want.part) || want.part == "" && a.status != 301 && a.body != "" {
			t.Errorf("%s: got %d %.200s, want %d with %q", kind, a.status, a.body, want.status, want.part)
		}
		if kind == simulator.FaultThrottled || kind == simulator.FaultThrottledHTML {
			if a.header.Get("Retry-After") != "1.5" || a.header.Get("X-Shopify-Shop-Api-Call-Limit") != "" {
				t.Errorf("%s: headers %v", kind, a.header)
			}
		}
		if kind == simulator.FaultRedirect {
			if !strings.HasPrefix(a.header.Get("Location"), "https://evil.example/") {
				t.Errorf("redirect: got %q", a.header.Get("Location"))
			}
		}
		if a := b.get("orders.json"); a.status != http.StatusOK || !json.Valid([]byte(a.body)) {
			t.Errorf("after %s: got %d", kind, a.status)
		}
		calls := b.srv.Calls()
		if last := calls[len(calls)-2]; last.Fault != kind || last.Status != want.status {
			t.Errorf("%s: logged as %+v", kind, last)
		}
	}
}

func TestFault_BrokenAnswers(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.shop.Generate(5, day)
	base, stop, err := b.srv.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	direct, socket := b.hc, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for name, way := range map[string]struct {
		hc  *http.Client
		url string
	}{"direct": {direct, api}, "socket": {socket, base + "/" + domain + "/admin/api/2026-10/"}} {
		b.hc = way.hc
		whole := b.send(http.MethodGet, way.url+"orders.json?status=any", "")
		for _, kind := range []simulator.FaultKind{simulator.FaultDrop, simulator.FaultLost, simulator.FaultCut} {
			b.shop.Inject(simulator.Fault{Kind: kind, Times: 1})
			a, err := b.try(http.MethodPost, way.url+"webhooks.json", `{"webhook":{"topic":"orders/paid","address":"https://`+name+string(kind)+`.example.com"}}`)
			if err == nil {
				t.Errorf("%s %s: got %d %s, want an error", name, kind, a.status, a.body)
			}
			if kind == simulator.FaultCut && (a.status != 201 || a.body == "" || !errors.Is(err, io.ErrUnexpectedEOF)) {
				t.Errorf("%s: cut: got %d %q %v", name, a.status, a.body, err)
			}
		}
		b.shop.Inject(simulator.Fault{Kind: simulator.FaultWrongJSON, Times: 1})
		if a := b.send(http.MethodGet, way.url+"orders.json?status=any", ""); a.status != http.StatusOK || json.Valid([]byte(a.body)) {
			t.Errorf("%s: wrong JSON is right", name)
		}
		b.shop.Inject(simulator.Fault{Kind: simulator.FaultSlow, Times: 1, Delay: time.Millisecond})
		if a := b.send(http.MethodGet, way.url+"orders.json?status=any", ""); a.body != whole.body {
			t.Errorf("%s: a slow body is another one", name)
		}
		for _, kind := range []simulator.FaultKind{simulator.FaultSlow, simulator.FaultHang} {
			b.shop.Inject(simulator.Fault{Kind: kind, Times: 1})
			hc := *way.hc
			hc.Timeout = 30 * time.Millisecond
			b.hc = &hc
			if _, err := b.try(http.MethodGet, way.url+"orders.json", ""); err == nil {
				t.Errorf("%s %s: got an answer, want a timeout", name, kind)
			}
			b.hc = way.hc
		}
	}
	// A request whose answer was lost or cut had its effect; a dropped one had none.
	if got := b.shop.Subscriptions(); len(got) != 4 {
		t.Errorf("got %d subscriptions, want 4 of 6: %v", len(got), got)
	}
}

func TestFault_MatchesExactly(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.shop.Generate(120, 20*day)
	b.shop.Inject(simulator.Fault{Kind: simulator.FaultInternal, Method: http.MethodGet, Path: "orders.json", Page: 3, Skip: 1, Times: 2})
	page := func(n int) answer {
		a := b.get("orders.json?status=any&limit=30")
		for range n - 1 {
			a = b.send(http.MethodGet, a.relation(t, "next"), "")
		}
		return a
	}
	for i, want := range []int{200, 500, 500, 200} {
		if got := page(3).status; got != want {
			t.Errorf("page 3, time %d: got %d, want %d", i+1, got, want)
		}
		if got := page(2).status; got != 200 {
			t.Errorf("page 2: got %d", got)
		}
		if got := b.get("shop.json").status; got != 200 {
			t.Errorf("shop: got %d", got)
		}
	}
	b.shop.Inject(simulator.Fault{Kind: simulator.FaultLocked})
	for range 3 {
		if got := b.get("shop.json").status; got != 423 {
			t.Errorf("without an end: got %d, want 423", got)
		}
	}
	b.shop.ClearFaults()
	if got := b.get("shop.json").status; got != 200 {
		t.Errorf("cleared: got %d", got)
	}
}

func TestFault_Links(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.shop.Generate(120, 20*day)
	fault := func(kind simulator.FaultKind, page int) {
		b.shop.ClearFaults()
		b.shop.Inject(simulator.Fault{Kind: kind, Path: "orders.json", Page: page})
	}
	const query = "orders.json?status=any&limit=50"
	clean := b.get(query)
	fault(simulator.FaultForeignLink, 0)
	if got := b.get(query).relation(t, "next"); !strings.HasPrefix(got, "https://evil.example/admin/api/") || !strings.Contains(got, "page_info=") {
		t.Errorf("foreign link: got %q", got)
	}
	if got := b.get("orders.json?status=any&limit=250").relation(t, "next"); !strings.HasPrefix(got, "https://evil.example/") {
		t.Errorf("foreign link of a single page: got %q", got)
	}
	for _, page := range []int{1, 2} {
		fault(simulator.FaultSelfLink, page)
		a := b.get(query)
		for range page - 1 {
			a = b.send(http.MethodGet, a.relation(t, "next"), "")
		}
		for range 3 {
			again := b.send(http.MethodGet, a.relation(t, "next"), "")
			if again.body != a.body || len(again.orders(t)) != 50 {
				t.Errorf("page %d: its link leads elsewhere", page)
			}
			a = again
		}
	}
	fault(simulator.FaultEarlyEnd, 2)
	if got := len(b.walk(query, nil)); got != 100 {
		t.Errorf("early end: got %d orders, want 100", got)
	}
	fault(simulator.FaultEmptyPage, 2)
	sizes := []int{}
	b.walk(query, func(_ int, got []order) { sizes = append(sizes, len(got)) })
	if !slices.Equal(sizes, []int{50, 0, 20}) {
		t.Errorf("empty page: got %v", sizes)
	}
	b.shop.ClearFaults()
	if b.get(query).header.Get("Link") != clean.header.Get("Link") {
		t.Error("links differ after the faults")
	}
}

// TestFault_Storm checks share and variety, inside a bubble so that the slow
// bodies take no time.
func TestFault_Storm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, nil)
		b.shop.Generate(40, day)
		b.shop.Storm(0.2)
		for range 1000 {
			_, _ = b.try(http.MethodGet, api+"orders.json?status=any", "") // the log tells
		}
		kinds := map[simulator.FaultKind]int{}
		hits := 0
		for _, c := range b.srv.Calls() {
			kinds[c.Fault]++
			if c.Fault != "" {
				hits++
			}
		}
		if hits < 150 || hits > 250 {
			t.Errorf("got %d of 1000 requests hit, want about 200", hits)
		}
		for _, kind := range simulator.TransientFaults() {
			if kinds[kind] == 0 {
				t.Errorf("no %s in the storm", kind)
			}
		}
	})
}

func TestLatency_EndsWithTheCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, func(c *simulator.ShopConfig) { c.Latency = 3 * time.Second })
		start := time.Now()
		if a := b.get("shop.json"); a.status != 200 || time.Since(start) != 3*time.Second {
			t.Errorf("got %d after %v", a.status, time.Since(start))
		}
		b.hc.Timeout = time.Second
		start = time.Now()
		if _, err := b.try(http.MethodGet, api+"shop.json", ""); err == nil || time.Since(start) > 2*time.Second {
			t.Errorf("got %v after %v, want a timeout", err, time.Since(start))
		}
		b.shop.SetLatency(0)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, api+"shop.json", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := b.hc.Do(req)
		if err == nil {
			_ = res.Body.Close()
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: got %v", err)
		}
	})
}
