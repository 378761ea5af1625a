package app_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"probability/app"
	"probability/shopify"
	"probability/shopify/simulator"
	"probability/store"
	"probability/store/storetest"
)

// modern is a world whose store shows its orders by GraphQL alone, as new apps find it, without odd payloads.
func modern(t *testing.T, orders int, change ...func(*app.Config)) *world {
	t.Helper()
	w := setup(t, change...)
	w.shop = w.sim.AddShop(simulator.ShopConfig{
		Domain: shopDomain, Token: shopToken, APISecret: shopSecret, Bucket: -1, Country: "CO", Oddities: -1, RESTRefused: true,
	})
	w.shop.Generate(orders, 80*days)
	return w
}

// calls counts the requests of a path since the log was emptied.
func (w *world) calls(path string) (n int) {
	for _, c := range w.sim.Calls() {
		if strings.Contains(c.Path, path) {
			n++
		}
	}
	return n
}

// wantAll wants what is stored to be what the store has, as far as both ways tell it.
func (w *world) wantAll(t *testing.T, id int64) {
	t.Helper()
	got := w.orders(t, id)
	ids := w.shop.OrderIDs()
	if len(got) != len(ids) {
		t.Errorf("%d orders are stored, want %d", len(got), len(ids))
	}
	for _, n := range ids {
		o, ok := got[fmt.Sprint(n)]
		if !ok {
			t.Fatalf("order %d is missing", n)
		}
		if raw := w.shop.Payload(n); !shopify.SameOrder(raw, o.Raw) {
			t.Fatalf("order %d is another one:\n%s\n%s", n, raw, o.Raw)
		}
	}
}

func TestImport_GoesOverToGraphQL(t *testing.T) {
	t.Parallel()
	n := storetest.Size(350, 110)
	w := modern(t, n)
	c := w.connect(t)
	run := w.runImport(t, c.Import.ID)
	if run.State != store.ImportCompleted || run.Way != store.WayGraphQL || run.Fetched != n || run.Created != n || run.Pages != n/100+1 || run.Pass != 1 || run.ErrorCode != "" {
		t.Fatalf("run %+v, want %d created in pages of 100 by GraphQL", run, n)
	}
	w.wantAll(t, c.Integration.ID)
	in := w.integration(t, c.Integration.ID)
	if in.HealthStatus != app.HealthOK || !problems(in)[app.ProblemRESTRefused] || len(in.Problems) != 1 {
		t.Errorf("health %s %v, want ok, and told how the orders come", in.HealthStatus, in.Problems)
	}
	if in.Watermark.IsZero() {
		t.Error("no watermark")
	}

	// Until tomorrow nobody asks REST again.
	w.sim.ResetCalls()
	w.clock.Add(time.Hour)
	w.shop.Cancel(w.shop.OrderIDs()[0])
	w.shop.NewOrder()
	w.clock.Add(time.Minute)
	if run = w.sync(t, in.ID); run.State != store.ImportCompleted || run.Way != store.WayGraphQL || run.Created != 1 || run.Updated != 1 {
		t.Errorf("the next run %+v, want 1 created and 1 updated", run)
	}
	if n := w.calls("/orders"); n != 0 {
		t.Errorf("REST was asked %d times", n)
	}
	w.wantAll(t, in.ID)
	if again := w.sync(t, in.ID); again.Created+again.Updated != 0 || again.Unchanged != 2 {
		t.Errorf("a sync without news: %+v, want 2 unchanged", again)
	}

	// Tomorrow it is asked once, and refuses.
	w.clock.Add(25 * time.Hour)
	w.sim.ResetCalls()
	if run = w.sync(t, in.ID); run.State != store.ImportCompleted || run.Way != store.WayGraphQL {
		t.Errorf("the run a day later %+v, want completed by GraphQL", run)
	}
	if n := w.calls("/orders"); n != 1 {
		t.Errorf("REST was asked %d times, want once", n)
	}

	// The day after it does not.
	w.shop.SetRESTRefused(false)
	w.clock.Add(25 * time.Hour)
	if run = w.sync(t, in.ID); run.State != store.ImportCompleted || run.Way != store.WayREST {
		t.Errorf("the run two days later %+v, want completed by REST", run)
	}
	if in = w.integration(t, in.ID); len(in.Problems) != 0 || in.OrdersWay != store.WayREST {
		t.Errorf("problems %v, way %s, want none and rest", in.Problems, in.OrdersWay)
	}
}

// Whoever tests the connection may have changed what the app is allowed: the next run begins with REST.
func TestTest_AsksRESTAgain(t *testing.T) {
	t.Parallel()
	w := modern(t, 5)
	c := w.connect(t)
	w.runImport(t, c.Import.ID)
	result, err := w.app.Test(t.Context(), w.user, c.Integration.ID)
	if err != nil || result.Err != nil {
		t.Fatalf("%+v, %v, want a connection that works", result, err)
	}
	w.shop.SetRESTRefused(false)
	w.clock.Add(time.Minute)
	if run := w.sync(t, c.Integration.ID); run.State != store.ImportCompleted || run.Way != store.WayREST {
		t.Errorf("run %+v, want completed by REST", run)
	}
	if in := w.integration(t, c.Integration.ID); in.HealthStatus != app.HealthOK || len(in.Problems) != 0 {
		t.Errorf("health %s %v", in.HealthStatus, in.Problems)
	}
}

// In its middle, a run that is refused goes on by the other way, and ends with all orders.
func TestImport_GoesOverInItsMiddle(t *testing.T) {
	t.Parallel()
	n := storetest.Size(600, 260)
	w := setup(t)
	w.shop.Generate(n, 80*days)
	c := w.connect(t)
	w.shop.Inject(simulator.Fault{Kind: simulator.FaultProtectedData, Path: "orders.json", Page: 2})
	run := w.runImport(t, c.Import.ID)
	if run.State != store.ImportCompleted || run.Way != store.WayGraphQL || run.Fetched != n || run.Created != n || len(w.orders(t, c.Integration.ID)) != n {
		t.Errorf("run %+v, want all %d, each created once", run, n)
	}
}

// Where GraphQL refuses too, it is what it was: the run fails and says that the data are withheld.
func TestImport_NeitherWayShowsOrders(t *testing.T) {
	t.Parallel()
	w := modern(t, 20)
	w.shop.SetPersonalData(simulator.PersonalDataRefused)
	c := w.connect(t)
	run := w.runImport(t, c.Import.ID)
	in := w.integration(t, c.Integration.ID)
	if run.State != store.ImportFailed || run.ErrorCode != app.ProblemPersonalData || !problems(in)[app.ProblemPersonalData] || in.HealthStatus != app.HealthNeedsAttention {
		t.Fatalf("run %+v, health %s %v", run, in.HealthStatus, in.Problems)
	}
	// GraphQL shows them, then refuses them: the next run begins with REST.
	w.shop.SetPersonalData(simulator.PersonalDataFull)
	if run = w.sync(t, in.ID); run.State != store.ImportCompleted || run.Way != store.WayGraphQL {
		t.Fatalf("run %+v, want completed by GraphQL", run)
	}
	w.shop.SetPersonalData(simulator.PersonalDataRefused)
	if run = w.sync(t, in.ID); run.State != store.ImportFailed || run.ErrorCode != app.ProblemPersonalData {
		t.Fatalf("run %+v, want failed", run)
	}
	w.shop.SetPersonalData(simulator.PersonalDataFull)
	w.shop.SetRESTRefused(false)
	if run = w.sync(t, in.ID); run.State != store.ImportCompleted || run.Way != store.WayREST {
		t.Errorf("run %+v, want completed by REST", run)
	}
	w.wantAll(t, in.ID)
}

// What GraphQL does not show of customers is told, and their orders come all the same, until it is shown.
func TestImport_ToldOfWithheldData(t *testing.T) {
	t.Parallel()
	w := modern(t, 60)
	w.shop.SetPersonalData(simulator.PersonalDataWithheld)
	c := w.connect(t)
	run := w.runImport(t, c.Import.ID)
	in := w.integration(t, c.Integration.ID)
	if run.State != store.ImportCompleted || run.Fetched != 60 || !strings.Contains(run.Withheld, "shippingAddress.phone") || strings.Contains(run.Withheld, "city") {
		t.Fatalf("run %+v, want completed without personal data", run)
	}
	if in.HealthStatus != app.HealthNeedsAttention || !problems(in)[app.ProblemPersonalData] {
		t.Errorf("health %s %v, want personal_data_withheld", in.HealthStatus, in.Problems)
	}
	for id, o := range w.orders(t, in.ID) {
		if o.CustomerEmail != "" || o.CustomerName != "" || o.Address != "" || o.TotalPrice == "" {
			t.Fatalf("order %s: %+v", id, o.Order)
		}
	}
	w.shop.SetPersonalData(simulator.PersonalDataFull)
	w.clock.Add(2 * time.Hour)
	for _, id := range w.shop.OrderIDs() {
		w.shop.Update(id, func(o map[string]any) { o["note"] = "touched" })
	}
	w.clock.Add(time.Minute)
	if run = w.sync(t, in.ID); run.State != store.ImportCompleted || run.Updated != 60 || run.Withheld != "" {
		t.Errorf("run %+v, want 60 updated", run)
	}
	if in = w.integration(t, in.ID); in.HealthStatus != app.HealthOK || problems(in)[app.ProblemPersonalData] {
		t.Errorf("health %s %v, want ok", in.HealthStatus, in.Problems)
	}
	w.wantAll(t, in.ID)
}

func TestImport_ByGraphQLSurvivesEveryPassingFault(t *testing.T) {
	t.Parallel()
	kinds := append(simulator.TransientFaults(), simulator.FaultQueries, simulator.FaultTruncated, simulator.FaultEarlyEnd, simulator.FaultSecurity, simulator.FaultRedirect)
	for i := 0; i < len(kinds); i += storetest.Size(1, 10) {
		kind := kinds[i]
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := modern(t, 110)
			c := w.connect(t)
			w.shop.Inject(simulator.Fault{Kind: kind, Path: "graphql.json", Page: 2, Times: 2, RetryAfter: "0.5", Delay: time.Millisecond})
			run := w.runImport(t, c.Import.ID)
			if run.State != store.ImportCompleted || run.Fetched != 110 || run.ErrorCode != "" {
				t.Errorf("run %+v, want completed with 110", run)
			}
			w.wantAll(t, c.Integration.ID)
		})
	}
}

// A list that always ends early is noticed by the count, which GraphQL would cap if it were asked carelessly.
func TestImport_ByGraphQLFallsShort(t *testing.T) {
	t.Parallel()
	w := modern(t, 101)
	c := w.connect(t)
	w.shop.Inject(simulator.Fault{Kind: simulator.FaultEarlyEnd, Path: "graphql.json", Page: 1})
	if run := w.runImport(t, c.Import.ID); run.State != store.ImportFailed || run.ErrorCode != "count_mismatch" || run.Pass != 3 {
		t.Fatalf("run %+v, want failed for the count after 3 passes", run)
	}
	if in := w.integration(t, c.Integration.ID); !in.Watermark.IsZero() {
		t.Error("a run that fell short moved the watermark")
	}
}

// Killed wherever Shopify has just answered, a run goes on from what it had written.
func TestImport_ByGraphQLGoesOnAfterEveryKill(t *testing.T) {
	t.Parallel()
	for _, way := range []string{store.WayGraphQL, store.WayBulk} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			n := storetest.Size(230, 110)
			for kill := storetest.Size(1, 6); ; kill += storetest.Size(1, 100) {
				w := modern(t, n)
				if way == store.WayBulk {
					app.SetBulkFrom(w.app, n)
				}
				c := w.connect(t)
				if !w.killedAt(t, c, kill) {
					if kill < 6 {
						t.Fatalf("only %d answers", kill)
					}
					return
				}
				run := w.runImport(t, c.Import.ID)
				if run.State != store.ImportCompleted || run.Way != way || run.Created != n || run.Fetched != n || run.Pass != 1 {
					t.Fatalf("killed at answer %d: %+v, want %d created once", kill, run, n)
				}
				w.wantAll(t, c.Integration.ID)
			}
		})
	}
}

// killedAt carries the first import on until so many answers came, and ends it there; false when it was over before.
func (w *world) killedAt(t *testing.T, c app.Connected, kill int) bool {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var answers atomic.Int32
	w.after = func(*http.Request) {
		if answers.Add(1) == int32(kill) {
			stop()
		}
	}
	defer func() { w.after = nil }()
	for range 1000 {
		p, err := w.app.Import(ctx, c.Import.ID)
		if ctx.Err() != nil {
			return true
		}
		if err != nil {
			t.Fatal(err)
		}
		if p.Done {
			return false
		}
		w.clock.Add(p.After)
	}
	t.Fatal("the import does not end")
	return false
}
