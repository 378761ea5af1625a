package app_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"probability/app"
	"probability/shopify/simulator"
	"probability/store"
)

// The service is off while five hundred orders change, appear and vanish: one audit names and mends them all, and no sync
// comes before it.
func TestAudit_AfterALongAbsenceNamesWhatWasMissed(t *testing.T) {
	t.Parallel()
	w, id := imported(t, 620)
	alive := func() {
		t.Helper()
		if err := w.app.Alive(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	alive()
	w.clock.Add(3 * time.Hour)
	alive() // shorter than Shopify repeats
	if n, err := w.store.CountAudits(t.Context(), id); err != nil || n != 0 {
		t.Fatalf("%d audits after a short absence, %v", n, err)
	}

	w.clock.Add(time.Hour)
	ids := w.shop.OrderIDs()
	for _, n := range ids[:300] {
		w.shop.Update(n, touch)
	}
	for _, n := range ids[500:600] {
		w.shop.Delete(n)
	}
	for range 100 {
		w.shop.NewOrder()
	}
	w.clock.Add(5 * time.Hour)
	alive()
	alive() // killed and started once more
	audits, err := w.store.Audits(t.Context(), id, 10, 0)
	if err != nil || len(audits) != 1 || audits[0].Cause != store.AuditAway || !audits[0].Repair {
		t.Fatalf("audits %+v, %v, want one because of the absence", audits, err)
	}
	due, err := w.store.DueIntegrations(t.Context(), w.clock.Now(), 10)
	if err != nil || len(due) != 0 {
		t.Errorf("syncs due: %v, %v, want none before the audit", due, err)
	}
	m := w.runAudit(t, audits[0].ID)
	wantCounts(t, m, 100, 100, 300, 500)
	if m.Drift() != 0 {
		t.Errorf("drift %d, want 0", m.Drift())
	}
	w.same(t, id)
	if due, err = w.store.DueIntegrations(t.Context(), w.clock.Now(), 10); err != nil || len(due) != 1 {
		t.Errorf("syncs due after the audit: %v, %v, want one", due, err)
	}
	if len(m.Examples.Missing) != 20 {
		t.Errorf("%d examples, want 20", len(m.Examples.Missing))
	}
}

func TestAudit_BeginsAnewAfterAnAbsence(t *testing.T) {
	t.Parallel()
	w, id := imported(t, 50)
	m, err := w.app.StartAudit(t.Context(), w.user, id, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.app.Alive(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.shop.Inject(simulator.Fault{Kind: simulator.FaultPayment, Path: "orders.json", Times: 1})
	if p, err := w.app.Audit(t.Context(), m.ID); err != nil || p.Done {
		t.Fatalf("%+v, %v, want it under way", p, err)
	}
	w.clock.Add(5 * time.Hour)
	if err := w.app.Alive(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := w.auditRow(t, m.ID)
	if got.State != store.AuditQueued || got.Cause != store.AuditAway || !got.Repair || !got.To.IsZero() {
		t.Errorf("got %+v, want it to begin anew", got)
	}
	wantCounts(t, w.runAudit(t, m.ID), 0, 0, 0, 0)
}

// A process that ends within a window, after some of it was mended, goes on without counting anything twice or not at all.
func TestAudit_GoesOnWhereItWasKilled(t *testing.T) {
	t.Parallel()
	w, id := imported(t, 260)
	w.clock.Add(time.Hour)
	for _, n := range w.shop.OrderIDs()[:250] {
		w.shop.Update(n, touch)
	}
	w.clock.Add(time.Minute)
	m, err := w.app.StartAudit(t.Context(), w.user, id, true)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		ctx, kill := context.WithCancel(t.Context())
		seen := 0
		w.after = func(r *http.Request) {
			if r.URL.Query().Has("ids") {
				if seen++; seen > 1 {
					kill()
				}
			}
		}
		if p, err := w.app.Audit(ctx, m.ID); err == nil {
			t.Fatalf("%+v, want it killed", p)
		}
		kill()
	}
	w.after = nil
	if row := w.auditRow(t, m.ID); row.Stale == 0 || row.Stale == 250 || row.Stale != row.Repaired() {
		t.Errorf("%d found and %d mended when it was killed, want some, and as many", row.Stale, row.Repaired())
	}
	wantCounts(t, w.runAudit(t, m.ID), 0, 0, 250, 250)
	w.same(t, id)
}

func TestAudit_FailsWhenTheListStaysShort(t *testing.T) {
	t.Parallel()
	w, id := imported(t, 260)
	w.shop.Inject(simulator.Fault{Kind: simulator.FaultEarlyEnd, Path: "orders.json", Page: 1})
	m := w.audit(t, id, true)
	if m.State != store.AuditFailed || m.ErrorCode != "count_mismatch" || m.Pass != 3 || m.Extra != 0 || len(w.orders(t, id)) != 260 {
		t.Errorf("%s %s after pass %d, %d orders left, want count_mismatch after 3", m.State, m.ErrorCode, m.Pass, len(w.orders(t, id)))
	}
	if in := w.integration(t, id); in.Audit != nil {
		t.Errorf("a failed audit is the integration's: %+v", in.Audit)
	}
}

func TestAudit_FailsAtOnceWhenRefused(t *testing.T) {
	t.Parallel()
	for fault, problem := range map[simulator.FaultKind]string{
		simulator.FaultUnauthorized: app.ProblemReauthorize, simulator.FaultScope: app.ProblemMissingScope,
	} {
		w, id := imported(t, 10)
		w.shop.Inject(simulator.Fault{Kind: fault, Path: "orders.json"})
		m := w.audit(t, id, true)
		if m.State != store.AuditFailed || m.ErrorCode != problem || !problems(w.integration(t, id))[problem] {
			t.Errorf("%s: %s %s, problems %v", fault, m.State, m.ErrorCode, w.integration(t, id).Problems)
		}
	}
}

func TestAudit_SurvivesFaults(t *testing.T) {
	t.Parallel()
	w, id := imported(t, 300)
	w.clock.Add(time.Hour)
	for _, n := range w.shop.OrderIDs()[:150] {
		w.shop.Update(n, touch)
	}
	w.clock.Add(time.Minute)
	w.shop.Inject(simulator.Fault{
		Kinds:  []simulator.FaultKind{simulator.FaultBadGateway, simulator.FaultDrop, simulator.FaultCut, simulator.FaultThrottled, simulator.FaultHTML},
		Chance: 0.2, RetryAfter: "0.1",
	})
	wantCounts(t, w.audit(t, id, true), 0, 0, 150, 150)
	w.shop.ClearFaults()
	w.same(t, id)
}

func TestStartAudit_OneAtATime(t *testing.T) {
	t.Parallel()
	w, id := imported(t, 10)
	first, err := w.app.StartAudit(t.Context(), w.user, id, false)
	if err != nil {
		t.Fatal(err)
	}
	second, err := w.app.StartAudit(t.Context(), w.user, id, true)
	if err != nil || second.ID != first.ID || !second.Repair {
		t.Errorf("got %+v, %v, want the queued one, which repairs now", second, err)
	}
	if m := w.runAudit(t, first.ID); !m.Repair || m.State != store.AuditCompleted {
		t.Errorf("got %+v", m)
	}
	stranger := w.addUser(t, "bob@example.com")
	_, err = w.app.StartAudit(t.Context(), stranger, id, true)
	wantError(t, err, app.NotFound, "not_found")
}

// Two workers on one audit, as after a rescue that came too early, count nothing twice.
func TestAudit_TwoWorkersAtOnce(t *testing.T) {
	t.Parallel()
	w, id := imported(t, 120)
	app.TightenAudits(w.app, 30, 100)
	w.clock.Add(time.Hour)
	for _, n := range w.shop.OrderIDs()[:60] {
		w.shop.Update(n, touch)
	}
	w.clock.Add(time.Minute)
	m, err := w.app.StartAudit(t.Context(), w.user, id, true)
	if err != nil {
		t.Fatal(err)
	}
	entered := false
	w.after = func(r *http.Request) {
		switch {
		case !r.URL.Query().Has("ids"):
		case entered: // the other one's slice ends with this window
			w.clock.Add(time.Minute)
		default:
			entered = true
			if _, err := w.app.Audit(t.Context(), m.ID); err != nil {
				t.Error(err)
			}
		}
	}
	if p, err := w.app.Audit(t.Context(), m.ID); err != nil || !p.Done {
		t.Errorf("%+v, %v, want the slower one to leave it to the other", p, err)
	}
	got := w.runAudit(t, m.ID)
	wantCounts(t, got, 0, 0, 60, 60)
	if got.Checked != 120 {
		t.Errorf("%d checked, want 120", got.Checked)
	}
	if runs, err := w.store.CountImports(t.Context(), id); err != nil || runs != 2 {
		t.Errorf("%d runs, %v, want the first import and one reconcile", runs, err)
	}
}

func TestAudit_EndsWithTheIntegration(t *testing.T) {
	t.Parallel()
	w, id := imported(t, 10)
	start := func() store.Audit {
		t.Helper()
		m, err := w.app.StartAudit(t.Context(), w.user, id, false)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	off, on := false, true
	m := start()
	if _, err := w.app.Patch(t.Context(), w.user, id, app.PatchInput{Active: &off}); err != nil {
		t.Fatal(err)
	}
	if got := w.runAudit(t, m.ID); got.State != store.AuditCancelled || got.ErrorCode != "integration_inactive" {
		t.Errorf("switched off: %s %s", got.State, got.ErrorCode)
	}
	_, err := w.app.StartAudit(t.Context(), w.user, id, false)
	wantError(t, err, app.Invalid, "integration_inactive")
	if _, err := w.app.Patch(t.Context(), w.user, id, app.PatchInput{Active: &on}); err != nil {
		t.Fatal(err)
	}
	m = start()
	w.accept(t, w.incoming(app.TopicUninstalled, "u", `{"id":1,"name":"Mi tienda","myshopify_domain":"`+shopDomain+`"}`))
	w.process(t, id)
	if got := w.runAudit(t, m.ID); got.State != store.AuditCancelled || got.ErrorCode != app.ProblemUninstalled {
		t.Errorf("uninstalled: %s %s", got.State, got.ErrorCode)
	}
	if _, err := w.app.Patch(t.Context(), w.user, id, app.PatchInput{AccessToken: new(shopToken), Active: &on}); err != nil {
		t.Fatal(err)
	}
	m = start()
	if _, err := w.app.Disconnect(t.Context(), w.user, id); err != nil {
		t.Fatal(err)
	}
	if p, err := w.app.Audit(t.Context(), m.ID); err != nil || !p.Done {
		t.Errorf("disconnected: %+v, %v", p, err)
	}
	if err := w.app.Purge(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if n, err := w.store.CountAudits(t.Context(), id); err != nil || n != 0 {
		t.Errorf("%d audits are left of a disconnected store, %v", n, err)
	}
}

// A store is audited a day after it was connected, then daily; the audits that found nothing go after a month, but for the last one.
func TestSweep_AuditsDaily(t *testing.T) {
	t.Parallel()
	w, id := imported(t, 10)
	pass := func(d time.Duration) {
		t.Helper()
		w.clock.Add(d)
		for _, f := range []func(context.Context) error{w.app.Recover, w.app.Sweep, w.app.Tidy} {
			if err := f(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	pass(0)
	pass(23 * time.Hour)
	if n, _ := w.store.CountAudits(t.Context(), id); n != 0 {
		t.Fatalf("%d audits before a day is over", n)
	}
	for day := range 3 {
		pass(3 * time.Hour)
		active, err := w.store.ActiveAudits(t.Context())
		if err != nil || len(active) != 1 || active[0].Cause != store.AuditDaily || !active[0].Repair {
			t.Fatalf("day %d: %+v, %v, want one daily audit", day, active, err)
		}
		wantCounts(t, w.runAudit(t, active[0].ID), 0, 0, 0, 0)
		pass(23*time.Hour + 30*time.Minute)
	}
	if n, _ := w.store.CountAudits(t.Context(), id); n != 3 {
		t.Errorf("%d audits, want 3", n)
	}
	w.clock.Add(31 * days)
	if err := w.app.Tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, _ := w.store.CountAudits(t.Context(), id); n != 1 {
		t.Errorf("%d audits after a month, want the last one", n)
	}
}

func TestAuditNow_StoresOnlyWhatIsDone(t *testing.T) {
	t.Parallel()
	w, id := imported(t, 50)
	w.clock.Add(time.Hour)
	w.shop.Update(w.shop.OrderIDs()[0], touch)
	w.clock.Add(time.Minute)
	in := w.integration(t, id).Integration
	steps := 0
	look := func(store.Audit) {
		steps++
		if n, err := w.store.CountAudits(t.Context(), id); err != nil || n != 0 {
			t.Errorf("%d audits stand in the table before the end, %v", n, err)
		}
	}
	m, err := w.app.AuditNow(t.Context(), in, true, look)
	if err != nil || steps == 0 {
		t.Fatalf("%d steps, %v", steps, err)
	}
	wantCounts(t, m, 0, 0, 1, 1)
	if kept := w.auditRow(t, m.ID); kept.State != store.AuditCompleted || kept.Stale != 1 {
		t.Errorf("kept %+v", kept)
	}
	w.shop.RevokeToken()
	if _, err := w.app.AuditNow(t.Context(), in, false, look); err == nil {
		t.Error("a store that refuses was audited")
	}
}
