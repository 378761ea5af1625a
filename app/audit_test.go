package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/app"
	"probability/store"
)

// audit starts an audit and carries it to its end.
func (w *world) audit(t *testing.T, id int64, repair bool) store.Audit {
	t.Helper()
	m, err := w.app.StartAudit(t.Context(), w.user, id, repair)
	if err != nil {
		t.Fatalf("start audit: %v", err)
	}
	return w.runAudit(t, m.ID)
}

// runAudit carries an audit on until it ends, moving the clock over every wait.
func (w *world) runAudit(t *testing.T, id uuid.UUID) store.Audit {
	t.Helper()
	for range 2000 {
		p, err := w.app.Audit(t.Context(), id)
		if err != nil {
			t.Fatalf("audit: %v", err)
		}
		if p.Done {
			return w.auditRow(t, id)
		}
		w.clock.Add(p.After)
	}
	t.Fatalf("the audit does not end: %+v", w.auditRow(t, id))
	return store.Audit{}
}

func (w *world) auditRow(t *testing.T, id uuid.UUID) store.Audit {
	t.Helper()
	m, err := w.store.AuditByID(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// imported is a world whose store has orders, all of them imported.
func imported(t *testing.T, orders int) (*world, int64) {
	t.Helper()
	w := setup(t)
	w.shop.Generate(orders, 80*days)
	c := w.connect(t)
	if run := w.runImport(t, c.Import.ID); run.State != store.ImportCompleted {
		t.Fatalf("run %+v", run)
	}
	return w, c.Integration.ID
}

// same wants each order stored as Shopify has it, and no other.
func (w *world) same(t *testing.T, id int64) {
	t.Helper()
	got := w.orders(t, id)
	ids := w.shop.OrderIDs()
	for _, n := range ids {
		if key := fmt.Sprint(n); string(got[key].Raw) != string(w.shop.Payload(n)) {
			t.Errorf("order %s is not as Shopify has it", key)
		}
	}
	if len(got) != len(ids) {
		t.Errorf("%d orders are stored, Shopify has %d", len(got), len(ids))
	}
}

func touch(o map[string]any) { o["note"] = "changed" }

// wantCounts compares what an audit found.
func wantCounts(t *testing.T, m store.Audit, missing, extra, stale, repaired int) {
	t.Helper()
	if m.State != store.AuditCompleted || m.Missing != missing || m.Extra != extra || m.Stale != stale || m.Repaired() != repaired {
		t.Errorf("%s: missing %d, extra %d, stale %d, repaired %d, error %s %s; want completed with %d, %d, %d, %d",
			m.State, m.Missing, m.Extra, m.Stale, m.Repaired(), m.ErrorCode, m.ErrorDetail, missing, extra, stale, repaired)
	}
	var sum store.AuditCounts
	fixed := 0
	for i, win := range m.Windows {
		sum.Add(win.AuditCounts)
		fixed += win.Repaired
		if i > 0 && !win.From.Equal(m.Windows[i-1].To.Add(time.Second)) {
			t.Errorf("window %d begins at %v, the one before ends at %v", i, win.From, m.Windows[i-1].To)
		}
	}
	if sum != m.AuditCounts || fixed != m.Repaired() {
		t.Errorf("the windows add up to %+v and %d repaired, the audit says %+v and %d", sum, fixed, m.AuditCounts, m.Repaired())
	}
}

func TestAudit_OfAStoreInOrderFindsNothing(t *testing.T) {
	t.Parallel()
	w, id := imported(t, 100)
	m := w.audit(t, id, false)
	wantCounts(t, m, 0, 0, 0, 0)
	if m.Checked != 100 || m.Counted != 100 || m.Stored != 100 || m.Total == nil || *m.Total != 100 || !m.OldestGap.IsZero() {
		t.Errorf("got %+v, want 100 at both sides and no gap", m)
	}
	in := w.integration(t, id)
	if in.Audit == nil || in.Audit.Checked != 100 || in.HealthStatus != app.HealthOK {
		t.Errorf("audit %+v, health %s %v", in.Audit, in.HealthStatus, in.Problems)
	}
}

// Without repair the numbers are told, nothing is changed, and the health says so until a repair.
func TestAudit_NamesWhatDiffersThenMendsIt(t *testing.T) {
	t.Parallel()
	w, id := imported(t, 100)
	w.clock.Add(time.Hour)
	ids := w.shop.OrderIDs()
	for _, n := range ids[:7] {
		w.shop.Update(n, touch)
	}
	for _, n := range ids[50:55] {
		w.shop.Delete(n)
	}
	w.clock.Add(time.Minute)
	first := w.clock.Now()
	for range 3 {
		w.shop.NewOrder()
	}
	w.clock.Add(time.Minute)

	m := w.audit(t, id, false)
	wantCounts(t, m, 3, 5, 7, 0)
	if !m.OldestGap.Equal(first.Add(-time.Minute)) {
		t.Errorf("oldest gap %v, want the change at %v", m.OldestGap, first.Add(-time.Minute))
	}
	if len(m.Examples.Missing) != 3 || len(m.Examples.Extra) != 5 || len(m.Examples.Stale) != 7 || !slices.Contains(m.Examples.Extra, fmt.Sprint(ids[52])) {
		t.Errorf("examples %+v", m.Examples)
	}
	in := w.integration(t, id)
	if !problems(in)[app.ProblemDrift] || in.HealthStatus != app.HealthDegraded || in.Audit.Drift() != 15 {
		t.Errorf("health %s %v, want degraded for a drift of 15", in.HealthStatus, in.Problems)
	}
	if drift, err := w.store.Drift(t.Context()); err != nil || drift[id] != 15 {
		t.Errorf("drift %v, %v, want 15", drift, err)
	}
	if got := len(w.orders(t, id)); got != 100 {
		t.Errorf("an audit without repair left %d orders, want 100", got)
	}

	m = w.audit(t, id, true)
	wantCounts(t, m, 3, 5, 7, 15)
	w.same(t, id)
	if in := w.integration(t, id); len(in.Problems) > 0 || in.Audit.Drift() != 0 {
		t.Errorf("problems %v after the repair", in.Problems)
	}
	runs, err := w.store.Imports(t.Context(), id, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	if r := runs[0]; r.Kind != store.KindReconcile || r.State != store.ImportCompleted || r.Fetched != 10 || r.Created != 3 || r.Updated != 7 {
		t.Errorf("run %+v, want a completed reconcile with 3 created and 7 updated", r)
	}
	wantCounts(t, w.audit(t, id, true), 0, 0, 0, 0)
}

// What a webhook brings between the list and the second look was on its way, and is no finding.
func TestAudit_AWebhookInTheMiddleIsNotCounted(t *testing.T) {
	t.Parallel()
	for _, repair := range []bool{false, true} {
		w, id := imported(t, 100)
		w.clock.Add(time.Hour)
		changed := w.shop.OrderIDs()[10]
		w.shop.Update(changed, touch)
		fresh := w.shop.NewOrder()
		w.shop.Update(w.shop.OrderIDs()[20], touch)
		gone := w.shop.OrderIDs()[30]
		w.shop.Delete(gone)
		w.clock.Add(time.Minute)
		told := false
		w.after = func(r *http.Request) {
			if !r.URL.Query().Has("ids") || told {
				return
			}
			told = true
			w.accept(t, w.incoming(app.TopicOrdersUpdated, "a", string(w.shop.Payload(changed))))
			w.accept(t, w.incoming(app.TopicOrdersCreate, "b", string(fresh)))
			w.accept(t, w.incoming(app.TopicOrdersDelete, "c", fmt.Sprintf(`{"id":%d}`, gone)))
			w.process(t, id)
		}
		m := w.audit(t, id, repair)
		mended := 0
		if repair {
			mended = 1
		}
		wantCounts(t, m, 0, 0, 1, mended)
	}
}

// A change of this second gets a moment to arrive by itself.
func TestAudit_WaitsForWhatIsOnItsWay(t *testing.T) {
	t.Parallel()
	w, id := imported(t, 30)
	w.clock.Add(time.Hour)
	w.shop.Update(w.shop.OrderIDs()[3], touch)
	w.shop.NewOrder()
	m, err := w.app.StartAudit(t.Context(), w.user, id, false)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := w.app.Audit(t.Context(), m.ID); err != nil || p.Done || p.After != 5*time.Second {
		t.Fatalf("%+v, %v, want a wait of 5 s", p, err)
	}
	w.clock.Add(5 * time.Second)
	w.accept(t, w.incoming(app.TopicOrdersUpdated, "a", string(w.shop.Payload(w.shop.OrderIDs()[3]))))
	w.process(t, id)
	wantCounts(t, w.runAudit(t, m.ID), 1, 0, 0, 0) // the new order never came
}

// An order that is known by its number, because its webhook had no id, was never at Shopify under that name.
func TestAudit_LeavesWhatShopifyWouldNotKnow(t *testing.T) {
	t.Parallel()
	w, id := imported(t, 20)
	at := w.clock.Now().Add(-time.Hour).Format(time.RFC3339)
	w.accept(t, w.incoming(app.TopicOrdersCreate, "a", fmt.Sprintf(`{"order_number":123456,"created_at":%q,"updated_at":%q}`, at, at)))
	w.accept(t, w.incoming(app.TopicOrdersCreate, "b", fmt.Sprintf(`{"name":"#A-1","created_at":%q,"updated_at":%q}`, at, at)))
	w.process(t, id)
	m := w.audit(t, id, true)
	wantCounts(t, m, 0, 0, 0, 0)
	if m.Stored != 22 || len(w.orders(t, id)) != 22 {
		t.Errorf("%d stored, %d left, want 22", m.Stored, len(w.orders(t, id)))
	}
}

// A deleted order that Shopify lists still is neither missing nor brought back.
func TestAudit_ATombstoneIsNoFinding(t *testing.T) {
	t.Parallel()
	w, id := imported(t, 20)
	w.accept(t, w.incoming(app.TopicOrdersDelete, "a", fmt.Sprintf(`{"id":%d}`, w.shop.OrderIDs()[0])))
	w.process(t, id)
	wantCounts(t, w.audit(t, id, true), 0, 0, 0, 0)
	if got := len(w.orders(t, id)); got != 19 {
		t.Errorf("%d orders, want 19", got)
	}
}

// Without read_all_orders Shopify shows 60 days. Older orders that are stored are out of sight and not deleted, also when the
// scope is taken away while the audit is under way.
func TestAudit_OldOrdersOutOfSightStay(t *testing.T) {
	t.Parallel()
	t.Run("from the start", func(t *testing.T) {
		t.Parallel()
		w, id := imported(t, 60)
		w.shop.SetScopes("read_orders")
		m := w.audit(t, id, true)
		wantCounts(t, m, 0, 0, 0, 0)
		if m.From.Before(w.clock.Now().Add(-60*days)) || m.Checked == 0 || len(w.orders(t, id)) != 60 {
			t.Errorf("from %v, %d checked, %d orders left", m.From, m.Checked, len(w.orders(t, id)))
		}
	})
	t.Run("in the middle", func(t *testing.T) {
		t.Parallel()
		w, id := imported(t, 60)
		w.after = func(r *http.Request) {
			if r.URL.Path != "" && strings.HasSuffix(r.URL.Path, "/count.json") {
				w.shop.SetScopes("read_orders")
			}
		}
		m := w.audit(t, id, true)
		wantCounts(t, m, 0, 0, 0, 0)
		if len(w.orders(t, id)) != 60 {
			t.Errorf("%d orders left, want 60", len(w.orders(t, id)))
		}
	})
}

// Lists that leave out what is there delete nothing.
func TestAudit_DoesNotBelieveListsAlone(t *testing.T) {
	t.Parallel()
	w, id := imported(t, 40)
	w.lie = func(r *http.Request) string {
		switch {
		case strings.HasSuffix(r.URL.Path, "/orders.json"):
			return `{"orders":[]}`
		case strings.HasSuffix(r.URL.Path, "/count.json"):
			return `{"count":0}`
		}
		return ""
	}
	m, err := w.app.StartAudit(t.Context(), w.user, id, true)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := w.app.Audit(t.Context(), m.ID); err != nil || p.Done {
		t.Fatalf("%+v, %v, want another try later", p, err)
	}
	if row := w.auditRow(t, m.ID); row.Attempts != 1 || len(w.orders(t, id)) != 40 {
		t.Fatalf("%d attempts, %d orders left, want 1 and 40", row.Attempts, len(w.orders(t, id)))
	}
	w.lie = nil
	wantCounts(t, w.runAudit(t, m.ID), 0, 0, 0, 0)
}

// Windows are cut where many orders are, and put together when they become too many.
func TestAudit_CutsWindows(t *testing.T) {
	t.Parallel()
	w, id := imported(t, 300)
	app.TightenAudits(w.app, 10, 12)
	m := w.audit(t, id, false)
	wantCounts(t, m, 0, 0, 0, 0)
	if len(m.Windows) < 5 || len(m.Windows) >= 12 || m.Checked != 300 {
		t.Errorf("%d windows, %d checked", len(m.Windows), m.Checked)
	}
	text, err := json.Marshal(m.Windows)
	if err != nil || len(text) > 4000 {
		t.Errorf("%d bytes of windows, %v", len(text), err)
	}
}
