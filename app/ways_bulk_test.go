package app_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"probability/app"
	"probability/shopify/simulator"
	"probability/store"
	"probability/store/storetest"
)

// bulky is a modern world in which first imports of 20 orders come by bulk operation.
func bulky(t *testing.T, orders int) *world {
	t.Helper()
	w := modern(t, orders)
	app.SetBulkFrom(w.app, 20)
	return w
}

func TestImport_ByBulkOperation(t *testing.T) {
	t.Parallel()
	n := storetest.Size(450, 130)
	w := bulky(t, n)
	w.shop.SetBulk(simulator.BulkPlan{Looks: 4})
	c := w.connect(t)
	began := w.clock.Now()
	run := w.runImport(t, c.Import.ID)
	if run.State != store.ImportCompleted || run.Way != store.WayBulk || run.Fetched != n || run.Created != n || run.Failed != 0 || run.Pass != 1 {
		t.Fatalf("run %+v, want %d created by bulk operation", run, n)
	}
	if took := w.clock.Now().Sub(began); took < 4*time.Second || took > time.Minute {
		t.Errorf("it looked for %s, want a few waits in between", took)
	}
	w.wantAll(t, c.Integration.ID)
	downloads := 0
	for _, call := range w.sim.Calls() {
		if strings.HasPrefix(call.Path, "/storage/") {
			if downloads++; call.Token || call.Authorization {
				t.Error("a token was sent to the storage")
			}
		}
	}
	if downloads != 1 {
		t.Errorf("the result was fetched %d times, want once", downloads)
	}
	// What comes later is not worth an operation.
	w.clock.Add(time.Hour)
	for _, id := range w.shop.OrderIDs()[:100] {
		w.shop.Update(id, func(o map[string]any) { o["note"] = "touched" })
	}
	w.clock.Add(10 * time.Minute)
	if run = w.sync(t, c.Integration.ID); run.State != store.ImportCompleted || run.Way != store.WayGraphQL || run.Updated != 100 {
		t.Errorf("the next run %+v, want 100 updated in pages", run)
	}
	w.wantAll(t, c.Integration.ID)
}

// Of orders with many lines and refunds nothing is lost on the way.
func TestImport_ByBulkOperationBringsAllLines(t *testing.T) {
	t.Parallel()
	w := bulky(t, 104)
	for i, id := range w.shop.OrderIDs() {
		if i%20 != 0 {
			continue
		}
		w.shop.Update(id, func(o map[string]any) {
			var lines, refunded []any
			for n := range 60 {
				line := json.Number("8" + o["id"].(json.Number).String()[5:12] + string(rune('0'+n/10)) + string(rune('0'+n%10)))
				lines = append(lines, map[string]any{"id": line, "product_id": json.Number("5"), "title": "T", "quantity": json.Number("1"), "price": "1.00"})
				kind := "no_restock"
				if n == 59 {
					kind = "return"
				}
				refunded = append(refunded, map[string]any{"line_item_id": line, "quantity": json.Number("1"), "restock_type": kind})
			}
			o["line_items"] = lines
			o["refunds"] = []any{map[string]any{"id": json.Number("9" + o["id"].(json.Number).String()), "created_at": o["created_at"], "note": "n", "refund_line_items": refunded}}
		})
	}
	c := w.connect(t)
	if run := w.runImport(t, c.Import.ID); run.State != store.ImportCompleted || run.Way != store.WayBulk || run.Created != 104 {
		t.Fatalf("run %+v, want 104 created by bulk operation", run)
	}
	w.wantAll(t, c.Integration.ID)
}

// answerTo gives queries with a word in them an answer of its own.
func (w *world) answerTo(word, text string) {
	w.lie = func(r *http.Request) string {
		if r.Body == nil {
			return ""
		}
		body, err := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if err == nil && bytes.Contains(body, []byte(word)) {
			return text
		}
		return ""
	}
}

// However an operation goes wrong, the run ends with all orders, in pages.
func TestImport_AfterABadBulkOperation(t *testing.T) {
	t.Parallel()
	bad := map[string]func(*world){
		"denied":   func(w *world) { w.shop.SetBulk(simulator.BulkPlan{Error: "ACCESS_DENIED"}) },
		"late":     func(w *world) { w.shop.SetBulk(simulator.BulkPlan{Error: "TIMEOUT", Whole: 30}) },
		"internal": func(w *world) { w.shop.SetBulk(simulator.BulkPlan{Error: "INTERNAL_SERVER_ERROR"}) },
		"short":    func(w *world) { w.shop.SetBulk(simulator.BulkPlan{Short: 7}) },
		"not there": func(w *world) {
			w.shop.Inject(simulator.Fault{Kind: simulator.FaultNotFoundHTML, Path: "/storage/"})
		},
		"always cut": func(w *world) { w.shop.Inject(simulator.Fault{Kind: simulator.FaultCut, Path: "/storage/", Skip: 0}) },
		"not allowed": func(w *world) {
			w.answerTo("bulkOperationRunQuery", `{"data":{"bulkOperationRunQuery":null},"errors":[
				{"message":"Access denied for bulkOperationRunQuery field.","path":["bulkOperationRunQuery"],"extensions":{"code":"ACCESS_DENIED"}}]}`)
		},
		"an old version": func(w *world) {
			w.answerTo("bulkOperations(", `{"errors":[{"message":"Field 'bulkOperations' doesn't exist on type 'QueryRoot'",
				"path":["query","bulkOperations"],"extensions":{"code":"undefinedField","typeName":"QueryRoot","fieldName":"bulkOperations"}}]}`)
		},
		"plain text":  func(w *world) { w.sim.SetStorage("http://storage.simulator.example") },
		"with a name": func(w *world) { w.sim.SetStorage("https://me@storage.simulator.example") },
	}
	names := slices.Sorted(maps.Keys(bad))
	for i := 0; i < len(names); i += storetest.Size(1, 3) {
		name := names[i]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := bulky(t, 24)
			bad[name](w)
			c := w.connect(t)
			run := w.runImport(t, c.Import.ID)
			if run.State != store.ImportCompleted || run.Way == store.WayREST || run.Created != 24 || run.Fetched != 24 {
				t.Errorf("run %+v, want 24 created", run)
			}
			if name != "always cut" && run.Way != store.WayGraphQL {
				t.Errorf("way %s, want pages", run.Way)
			}
			w.wantAll(t, c.Integration.ID)
		})
	}
}

// An operation that does not end is given up after a while.
func TestImport_DoesNotWaitForAnOperationForEver(t *testing.T) {
	t.Parallel()
	w := bulky(t, 24)
	w.shop.SetBulk(simulator.BulkPlan{Looks: 1 << 20})
	c := w.connect(t)
	for range 5 {
		if p, err := w.app.Import(t.Context(), c.Import.ID); err != nil || p.Done || p.After > 30*time.Second {
			t.Fatalf("%+v, %v, want it to look again soon", p, err)
		}
		w.clock.Add(time.Hour)
	}
	w.clock.Add(2 * time.Hour)
	if run := w.runImport(t, c.Import.ID); run.State != store.ImportCompleted || run.Way != store.WayGraphQL || run.Created != 24 {
		t.Errorf("run %+v, want 24 created in pages", run)
	}
}

// A result that breaks off is read on from where it broke.
func TestImport_ReadsAResultOnWhereItBroke(t *testing.T) {
	t.Parallel()
	n := storetest.Size(700, 130)
	w := bulky(t, n)
	w.shop.Inject(simulator.Fault{Kind: simulator.FaultCut, Path: "/storage/", Times: 3})
	c := w.connect(t)
	ranges := 0
	w.lie = func(r *http.Request) string {
		if strings.HasPrefix(r.URL.Path, "/storage/") && r.Header.Get("Range") != "" {
			ranges++
		}
		return ""
	}
	run := w.runImport(t, c.Import.ID)
	if run.State != store.ImportCompleted || run.Way != store.WayBulk || run.Created != n || run.Fetched != n || run.Unchanged != 0 {
		t.Errorf("run %+v, want %d created, each read once", run, n)
	}
	if ranges != 3 {
		t.Errorf("a range was asked for %d times, want 3", ranges)
	}
	w.wantAll(t, c.Integration.ID)
}

// Two operations are never begun for one run: whoever is stopped before the id is written finds it again.
func TestImport_FindsTheOperationItBegan(t *testing.T) {
	t.Parallel()
	w := bulky(t, 24)
	c := w.connect(t)
	begun := 0
	for kill := 1; kill < 12; kill++ {
		if !w.killedAt(t, c, kill) {
			break
		}
	}
	run := w.runImport(t, c.Import.ID)
	if run.State != store.ImportCompleted || run.Way != store.WayBulk {
		t.Fatalf("run %+v, want completed by bulk operation", run)
	}
	if begun = w.shop.BulkOperations(); begun != 1 {
		t.Errorf("%d operations were begun, want 1", begun)
	}
}
