package app_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"probability/app"
	"probability/shopify/simulator"
	"probability/store"
	"probability/store/storetest"
)

const days = 24 * time.Hour

func TestImport_BringsEveryOrderOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	n := storetest.Size(1100, 510)
	w.shop.Generate(n, 80*days)
	c := w.connect(t)
	run := w.runImport(t, c.Import.ID)
	if run.State != store.ImportCompleted || run.Fetched != n || run.Created != n || run.Failed != 0 || *run.Total != n || run.Pages != n/250+1 {
		t.Fatalf("run %+v, want %d created in pages of 250", run, n)
	}
	got := w.orders(t, c.Integration.ID)
	for _, id := range w.shop.OrderIDs() {
		key := fmt.Sprint(id)
		if string(got[key].Raw) != string(w.shop.Payload(id)) {
			t.Fatalf("order %s is not kept byte for byte:\n%.200s\n%.200s", key, got[key].Raw, w.shop.Payload(id))
		}
	}
	in := w.integration(t, c.Integration.ID)
	if in.LastSync.IsZero() || in.Watermark.IsZero() || in.Watermark.After(w.clock.Now()) {
		t.Errorf("last sync %v, watermark %v after a completed run at %v", in.LastSync, in.Watermark, w.clock.Now())
	}
	for _, call := range w.sim.Calls() {
		if strings.HasSuffix(call.Path, "orders.json") && !strings.Contains(call.Query, "page_info=") && !strings.Contains(call.Query, "status=any") {
			t.Errorf("asked for %v, want status=any", call.Query)
		}
	}
}

func TestSync_BringsWhatChangedSince(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.shop.Generate(300, 80*days)
	c := w.connect(t)
	w.runImport(t, c.Import.ID)
	w.clock.Add(time.Hour)
	old := w.shop.OrderIDs()[0]
	w.shop.Update(old, func(o map[string]any) { o["financial_status"] = "voided" })
	w.shop.NewOrder()
	w.clock.Add(time.Minute)
	run := w.sync(t, c.Integration.ID)
	if run.State != store.ImportCompleted || run.Kind != store.KindManual || run.Field != store.FieldUpdatedAt || run.Created != 1 || run.Updated != 1 {
		t.Errorf("run %+v, want 1 created and 1 updated by updated_at", run)
	}
	if got := w.orders(t, c.Integration.ID)[fmt.Sprint(old)].FinancialStatus; got != "voided" {
		t.Errorf("the old order is %q, want voided", got)
	}
	if again := w.sync(t, c.Integration.ID); again.Created+again.Updated != 0 || again.Unchanged != 2 {
		t.Errorf("a sync without news: %+v, want only 2 unchanged from the overlap", again)
	}
}

func TestImport_OrdersMadeMeanwhileArriveWithTheNextSync(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.shop.Generate(600, 80*days)
	c := w.connect(t)
	// The second page fails once, so that the run is in its middle when the orders are made.
	w.shop.Inject(simulator.Fault{Kind: simulator.FaultInternal, Path: "orders.json", Page: 2, Times: 1})
	if p, err := w.app.Import(t.Context(), c.Import.ID); err != nil || p.Done {
		t.Fatalf("first slice: %+v, %v, want to be continued", p, err)
	}
	w.clock.Add(2 * time.Second)
	for range 20 {
		w.shop.NewOrder()
	}
	run := w.runImport(t, c.Import.ID)
	if run.State != store.ImportCompleted {
		t.Fatalf("run %+v, want completed", run)
	}
	w.clock.Add(time.Minute)
	w.sync(t, c.Integration.ID)
	if got := len(w.orders(t, c.Integration.ID)); got != 620 {
		t.Errorf("%d orders, want 620", got)
	}
}

func TestImport_SurvivesEveryPassingFault(t *testing.T) {
	t.Parallel()
	kinds := append(simulator.TransientFaults(), simulator.FaultSecurity, simulator.FaultLocked, simulator.FaultPayment,
		simulator.FaultForeignLink, simulator.FaultSelfLink, simulator.FaultRedirect, simulator.FaultEarlyEnd, simulator.FaultEmptyPage)
	n := storetest.Size(1000, 510) // three pages at least
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.shop.Generate(n, 80*days)
			c := w.connect(t)
			w.shop.Inject(simulator.Fault{Kind: kind, Path: "orders.json", Page: 2, Times: 2, RetryAfter: "0.5", Delay: time.Millisecond})
			run := w.runImport(t, c.Import.ID)
			if run.State != store.ImportCompleted || run.Fetched != n || run.ErrorCode != "" {
				t.Errorf("run %+v, want completed with %d", run, n)
			}
			if got := len(w.orders(t, c.Integration.ID)); got != n {
				t.Errorf("%d orders, want %d", got, n)
			}
			if in := w.integration(t, c.Integration.ID); in.HealthStatus != app.HealthOK {
				t.Errorf("health %s %v after a completed run, want ok", in.HealthStatus, in.Problems)
			}
		})
	}
}

func TestImport_FailsAtOnceWhenRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault   simulator.FaultKind
		problem string
		stops   bool // the schedule
	}{
		"401":           {simulator.FaultUnauthorized, app.ProblemReauthorize, true},
		"403 scope":     {simulator.FaultScope, app.ProblemMissingScope, false},
		"403 data":      {simulator.FaultProtectedData, app.ProblemPersonalData, false},
		"403 token":     {simulator.FaultTokenKind, app.ProblemReauthorize, true},
		"403 otherwise": {simulator.FaultForbidden, app.ProblemAccessDenied, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			n := storetest.Size(600, 300)
			w.shop.Generate(n, 80*days)
			con := w.connect(t)
			w.shop.Inject(simulator.Fault{Kind: c.fault, Path: "orders.json", Page: 2})
			w.shop.Inject(simulator.Fault{Kind: c.fault, Path: "graphql.json"})
			run := w.runImport(t, con.Import.ID)
			if run.State != store.ImportFailed || run.ErrorCode != c.problem || run.Fetched != 250 {
				t.Fatalf("run %+v, want failed with %s after one page", run, c.problem)
			}
			in := w.integration(t, con.Integration.ID)
			if !in.LastSync.IsZero() || !in.Watermark.IsZero() {
				t.Error("a failed run moved the watermark")
			}
			if in.HealthStatus != app.HealthNeedsAttention || !problems(in)[c.problem] {
				t.Errorf("health %s %v, want %s", in.HealthStatus, in.Problems, c.problem)
			}
			if in.NextSyncAt.IsZero() != c.stops {
				t.Errorf("next sync at %v, want stopped = %v", in.NextSyncAt, c.stops)
			}
			w.shop.ClearFaults()
			if run := w.sync(t, con.Integration.ID); run.State != store.ImportCompleted || run.Field != store.FieldCreatedAt {
				t.Errorf("the run after it: %+v, want completed over the whole first window", run)
			}
			if in := w.integration(t, con.Integration.ID); len(in.Problems) > 0 || len(w.orders(t, in.ID)) != n {
				t.Errorf("problems %v, %d orders, want none and %d", in.Problems, len(w.orders(t, in.ID)), n)
			}
		})
	}
}

func TestImport_FallsShort(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.shop.Generate(600, 80*days)
	c := w.connect(t)
	w.shop.Inject(simulator.Fault{Kind: simulator.FaultEarlyEnd, Path: "orders.json", Page: 1})
	run := w.runImport(t, c.Import.ID)
	if run.State != store.ImportFailed || run.ErrorCode != "count_mismatch" || run.Pass != 3 {
		t.Fatalf("run %+v, want failed for the count after 3 passes", run)
	}
	in := w.integration(t, c.Integration.ID)
	if !in.Watermark.IsZero() || !problems(in)[app.ProblemSyncFailed] {
		t.Errorf("watermark %v, problems %v, want none and sync_failed", in.Watermark, in.Problems)
	}
}

func TestImport_ResumesAtItsPage(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.shop.Generate(1000, 80*days)
	c := w.connect(t)
	w.shop.Inject(simulator.Fault{Kind: simulator.FaultBadGateway, Path: "orders.json", Page: 3, Times: 1})
	if p, err := w.app.Import(t.Context(), c.Import.ID); err != nil || p.Done {
		t.Fatalf("first slice: %+v, %v, want to be continued", p, err)
	}
	before := len(w.sim.Calls())
	run := w.runImport(t, c.Import.ID)
	if run.State != store.ImportCompleted || run.Fetched != 1000 || run.Created != 1000 {
		t.Fatalf("run %+v, want 1000 created", run)
	}
	pages := 0
	for _, call := range w.sim.Calls()[before:] {
		if strings.HasSuffix(call.Path, "orders.json") {
			pages++
		}
	}
	if pages != 2 {
		t.Errorf("%d pages were read after the interruption, want the last 2", pages)
	}
}

func TestImport_StaleCursorReadsTheWindowAgain(t *testing.T) {
	t.Parallel()
	w := setup(t)
	n := storetest.Size(1000, 510)
	w.shop.Generate(n, 80*days)
	c := w.connect(t)
	w.shop.Inject(simulator.Fault{Kind: simulator.FaultStaleCursor, Path: "orders.json", Page: 3, Times: 1})
	if run := w.runImport(t, c.Import.ID); run.State != store.ImportCompleted || run.Pass != 2 || run.Created != n || run.Fetched != n {
		t.Errorf("run %+v, want %d created, once, in a second pass", run, n)
	}
}

func TestStartSync_OneRunAtATime(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.shop.Generate(10, days)
	c := w.connect(t)
	for range 3 {
		run, err := w.app.StartSync(t.Context(), w.user, c.Integration.ID, time.Time{})
		if err != nil || run.ID != c.Import.ID {
			t.Fatalf("got run %v, %v, want the one under way, %v", run.ID, err, c.Import.ID)
		}
	}
	if err := w.app.StartPeriodic(t.Context(), c.Integration.ID); err != nil {
		t.Fatal(err)
	}
	if n, err := w.store.CountImports(t.Context(), c.Integration.ID); err != nil || n != 1 {
		t.Errorf("%d runs, %v, want 1", n, err)
	}
}

// Two processes may find the same store due. What one of them has started, and perhaps ended, the other does not start once more.
func TestStartPeriodic_OnceWhenTwoFindItDue(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.shop.Generate(10, days)
	c := w.connect(t)
	w.runImport(t, c.Import.ID)
	w.clock.Add(2 * time.Hour)
	for n := range 2 {
		if err := w.app.StartPeriodic(t.Context(), c.Integration.ID); err != nil {
			t.Fatal(err)
		}
		runs, err := w.store.Imports(t.Context(), c.Integration.ID, 10, 0)
		if err != nil || len(runs) != 2 {
			t.Fatalf("%d runs after the start number %d, %v, want 2", len(runs), n+1, err)
		}
		w.runImport(t, runs[0].ID)
	}
}

func TestStartSync_SinceBeforeTheFirstWindow(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.shop.Generate(200, 300*days)
	c := w.connect(t)
	first := w.runImport(t, c.Import.ID)
	if first.Fetched >= 200 {
		t.Fatalf("the first window brought %d of 200", first.Fetched)
	}
	mark := w.integration(t, c.Integration.ID).Watermark
	w.clock.Add(time.Minute)
	run, err := w.app.StartSync(t.Context(), w.user, c.Integration.ID, w.clock.Now().Add(-400*days))
	if err != nil {
		t.Fatal(err)
	}
	if run = w.runImport(t, run.ID); run.State != store.ImportCompleted || len(w.orders(t, c.Integration.ID)) != 200 {
		t.Errorf("run %+v, %d orders, want all 200", run, len(w.orders(t, c.Integration.ID)))
	}
	if got := w.integration(t, c.Integration.ID).Watermark; !got.After(mark) {
		t.Errorf("watermark %v, want later than %v: nothing was left out", got, mark)
	}
	w.clock.Add(time.Hour)
	mark = w.integration(t, c.Integration.ID).Watermark
	if run, err = w.app.StartSync(t.Context(), w.user, c.Integration.ID, w.clock.Now().Add(-time.Minute)); err != nil {
		t.Fatal(err)
	}
	w.runImport(t, run.ID)
	if got := w.integration(t, c.Integration.ID).Watermark; !got.Equal(mark) {
		t.Errorf("watermark %v after a sync that left a gap, want %v", got, mark)
	}
	_, err = w.app.StartSync(t.Context(), w.user, c.Integration.ID, w.clock.Now().Add(time.Hour))
	wantError(t, err, app.Invalid, "validation_failed")
}

func TestSweep_StartsPeriodicSyncsWhenDue(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.shop.Generate(10, days)
	c := w.connect(t)
	w.runImport(t, c.Import.ID)
	if err := w.app.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, _ := w.store.CountImports(t.Context(), c.Integration.ID); n != 1 {
		t.Fatalf("%d runs before the interval is over, want 1", n)
	}
	w.clock.Add(16 * time.Minute)
	for range 2 {
		if err := w.app.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	active, err := w.store.ActiveImports(t.Context())
	if err != nil || len(active) != 1 || active[0].Kind != store.KindPeriodic {
		t.Fatalf("active runs %+v, %v, want one periodic", active, err)
	}
	if run := w.runImport(t, active[0].ID); run.State != store.ImportCompleted {
		t.Errorf("run %+v, want completed", run)
	}
}

func TestImport_SixtyDayWallIsTold(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.shop.SetScopes("read_orders")
	w.shop.Generate(300, 89*days)
	c := w.connect(t)
	if !problems(c.Integration)[app.ProblemLimited] || c.Integration.HealthStatus != app.HealthDegraded {
		t.Errorf("health %s %v, want degraded by the 60-day wall", c.Integration.HealthStatus, c.Integration.Problems)
	}
	run := w.runImport(t, c.Import.ID)
	if run.State != store.ImportCompleted || run.Fetched == 0 || run.Fetched >= 300 {
		t.Errorf("run %+v, want completed with a part of 300", run)
	}
}

// Reading ahead asks for each page once, and what was read and not written is asked for again.
func TestImport_ReadsAheadAndAsksForEachPageOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.shop.Generate(1500, 80*days)
	c := w.connect(t)
	pages := func() (n int) {
		for _, call := range w.sim.Calls() {
			if strings.HasSuffix(call.Path, "orders.json") {
				n++
			}
		}
		return n
	}
	ctx, stop := context.WithCancel(t.Context())
	var asked atomic.Int32
	w.after = func(r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "orders.json") && asked.Add(1) == 4 {
			stop() // as the end of the service would, while pages are on their way and being written
		}
	}
	if _, err := w.app.Import(ctx, c.Import.ID); !errors.Is(err, context.Canceled) {
		t.Fatalf("stopped: %v", err)
	}
	w.after = nil
	before, err := w.store.ImportByID(t.Context(), c.Import.ID)
	if err != nil {
		t.Fatal(err)
	}
	if before.State != store.ImportRunning || before.Pages > 3 || before.Created < 250*before.Pages {
		t.Errorf("after the stop: %+v", before)
	}
	first := pages()
	run := w.runImport(t, c.Import.ID)
	if run.State != store.ImportCompleted || run.Fetched != 1500 || run.Created != 1500 || run.Unchanged != 0 || len(w.orders(t, c.Integration.ID)) != 1500 {
		t.Errorf("run %+v, %d orders; want 1500 created", run, len(w.orders(t, c.Integration.ID)))
	}
	if n := pages() - first; n != 6-before.Pages {
		t.Errorf("%d pages were asked for after the stop, want the %d that were not written", n, 6-before.Pages)
	}
}
