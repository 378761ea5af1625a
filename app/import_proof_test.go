package app_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"probability/app"
	"probability/shopify/simulator"
	"probability/store"
)

// uncounted is a world whose store lists its orders and finds no count of them.
func uncounted(t *testing.T) *world {
	t.Helper()
	w := setup(t)
	w.shop.Generate(600, 80*days)
	w.shop.Inject(simulator.Fault{Kind: simulator.FaultNotFound, Path: "orders/count.json"})
	return w
}

func TestImport_WithoutACountReadsTwice(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		early []int // the page after which each reading ends
		state string
		pass  int
	}{
		"alike":               {nil, store.ImportCompleted, 2},
		"the first cut short": {[]int{1}, store.ImportCompleted, 3},
		"never alike":         {[]int{1, 2}, store.ImportFailed, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := uncounted(t)
			for _, page := range c.early {
				w.shop.Inject(simulator.Fault{Kind: simulator.FaultEarlyEnd, Path: "orders.json", Page: page, Times: 1})
			}
			con := w.connect(t)
			run := w.runImport(t, con.Import.ID)
			in := w.integration(t, con.Integration.ID)
			if run.State != c.state || run.Pass != c.pass || run.Fetched != 600 || len(w.orders(t, in.ID)) != 600 {
				t.Errorf("run %+v, %d orders; want %s with all 600 after reading %d", run, len(w.orders(t, in.ID)), c.state, c.pass)
			}
			if c.state == store.ImportFailed {
				if run.ErrorCode != "count_mismatch" || !in.Watermark.IsZero() || !problems(in)[app.ProblemSyncFailed] {
					t.Errorf("%s, watermark %v, problems %v", run.ErrorCode, in.Watermark, in.Problems)
				}
			} else if *run.Total != 600 || in.Watermark.IsZero() || in.HealthStatus != app.HealthOK {
				t.Errorf("total %d, watermark %v, health %s", *run.Total, in.Watermark, in.HealthStatus)
			}
		})
	}
}

// Where nothing is found, there is no store, and the run does not wait for one.
func TestImport_NothingIsFound(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.connect(t)
	w.shop.Inject(simulator.Fault{Kind: simulator.FaultNotFound})
	if run := w.runImport(t, c.Import.ID); run.State != store.ImportFailed || run.ErrorCode != app.ProblemStoreNotFound {
		t.Errorf("run %+v, want failed for the store that is not there", run)
	}
}

// A list without end is left, even when the store does not count its orders.
func TestImport_PagesWithoutEnd(t *testing.T) {
	t.Parallel()
	w := uncounted(t)
	w.shop.Inject(simulator.Fault{Kind: simulator.FaultInternal, Path: "orders.json", Page: 2, Times: 1})
	c := w.connect(t)
	if p, err := w.app.Import(t.Context(), c.Import.ID); err != nil || p.Done {
		t.Fatalf("first slice: %+v, %v, want to be continued", p, err)
	}
	err := w.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		run, err := tx.Import(ctx, c.Import.ID)
		if err != nil {
			return err
		}
		run.Pages = 100_001
		return tx.UpdateImport(ctx, run)
	})
	if err != nil {
		t.Fatal(err)
	}
	if run := w.runImport(t, c.Import.ID); run.State != store.ImportFailed || !strings.Contains(run.ErrorDetail, "do not end") {
		t.Errorf("run %+v, want failed for its pages", run)
	}
}

// Some stores in between heed no filter: what they list and count lies beyond the window. All of it is stored, so nothing is
// missing; an order that is listed twice in place of another is.
func TestImport_OrdersBeyondTheWindow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		second int
		state  string
	}{
		"every one once": {2, store.ImportCompleted},
		"one twice":      {1, store.ImportFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			con := w.connect(t)
			w.lie = func(r *http.Request) string {
				if strings.HasSuffix(r.URL.Path, "count.json") {
					return `{"count":2}`
				}
				const order = `{"id":%d,"created_at":"2008-01-10T11:00:00-05:00","updated_at":"2008-01-10T11:00:00-05:00"}`
				return fmt.Sprintf(`{"orders":[`+order+`,`+order+`]}`, 1, c.second)
			}
			if run := w.runImport(t, con.Import.ID); run.State != c.state {
				t.Errorf("run %+v, want %s", run, c.state)
			}
		})
	}
}

// What is stored from beyond the window may be a webhook's. So where a first reading lists one order twice in place of another, the
// window is read again before that is believed to stand for what is missing.
func TestImport_AnOldOrderOfAWebhookStandsForNoneThatIsMissing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	con := w.connect(t)
	id := con.Integration.ID
	w.accept(t, w.incoming(app.TopicOrdersUpdated, "old", `{"id":9,"created_at":"2008-01-10T11:00:00-05:00","updated_at":"2026-11-01T11:00:00-05:00"}`))
	w.process(t, id)
	listed := 0
	w.lie = func(r *http.Request) string {
		if strings.HasSuffix(r.URL.Path, "count.json") {
			return `{"count":2}`
		}
		second := 1
		if listed++; listed > 1 {
			second = 2
		}
		const order = `{"id":%d,"created_at":"2026-10-20T11:00:00-05:00","updated_at":"2026-10-20T11:00:00-05:00"}`
		return fmt.Sprintf(`{"orders":[`+order+`,`+order+`]}`, 1, second)
	}
	if run := w.runImport(t, con.Import.ID); run.State != store.ImportCompleted || run.Pass != 2 || len(w.orders(t, id)) != 3 {
		t.Errorf("run %+v with %d orders, want completed by a second reading with all 3", run, len(w.orders(t, id)))
	}
}
