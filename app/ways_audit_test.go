package app_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"probability/app"
	"probability/shopify/simulator"
	"probability/store"
)

// An audit of a store that shows its orders by GraphQL alone names and mends what any other does.
func TestAudit_ByGraphQL(t *testing.T) {
	t.Parallel()
	w := modern(t, 60)
	c := w.connect(t)
	id := c.Integration.ID
	w.runImport(t, c.Import.ID)
	if m := w.audit(t, id, true); m.State != store.AuditCompleted || m.Checked != 60 || m.Drift() != 0 || m.Repaired() != 0 {
		t.Fatalf("an audit of a store in order: %+v", m)
	}
	w.clock.Add(time.Hour)
	ids := w.shop.OrderIDs()
	for _, n := range ids[:30] {
		w.shop.Update(n, touch)
	}
	for _, n := range ids[40:50] {
		w.shop.Delete(n)
	}
	for range 20 {
		w.shop.NewOrder()
	}
	w.clock.Add(time.Minute)
	wantCounts(t, w.audit(t, id, false), 20, 10, 30, 0)
	w.sim.ResetCalls()
	m := w.audit(t, id, true)
	wantCounts(t, m, 20, 10, 30, 60)
	if n := w.calls("/orders"); n != 0 {
		t.Errorf("REST was asked %d times", n)
	}
	w.wantAll(t, id)
	if in := w.integration(t, id); in.HealthStatus != app.HealthOK {
		t.Errorf("health %s %v", in.HealthStatus, in.Problems)
	}
}

// REST refuses in the middle of an audit: it goes on by the other way.
func TestAudit_GoesOverToGraphQL(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]simulator.Fault{
		"from the beginning":  {Kind: simulator.FaultProtectedData, Path: "/orders"},
		"at its second page":  {Kind: simulator.FaultProtectedData, Path: "/orders.json", Page: 2},
		"when it looks again": {Kind: simulator.FaultProtectedData, Path: "/orders", Skip: 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := 40
			if fault.Page == 2 {
				n = 280
			}
			w, id := imported(t, n)
			w.clock.Add(time.Hour)
			for _, n := range w.shop.OrderIDs()[:20] {
				w.shop.Update(n, touch)
			}
			for _, n := range w.shop.OrderIDs()[25:35] {
				w.shop.Delete(n)
			}
			w.clock.Add(time.Minute)
			w.shop.Inject(fault)
			wantCounts(t, w.audit(t, id, true), 0, 10, 20, 30)
			if in := w.integration(t, id); in.HealthStatus != app.HealthOK || in.OrdersWay != store.WayGraphQL {
				t.Errorf("health %s %v, way %s", in.HealthStatus, in.Problems, in.OrdersWay)
			}
		})
	}
}

func TestAudit_WithheldByBothWays(t *testing.T) {
	t.Parallel()
	w, id := imported(t, 30)
	w.shop.SetPersonalData(simulator.PersonalDataRefused)
	m := w.audit(t, id, true)
	if m.State != store.AuditFailed || m.ErrorCode != app.ProblemPersonalData || !problems(w.integration(t, id))[app.ProblemPersonalData] {
		t.Errorf("%s %s, problems %v", m.State, m.ErrorCode, w.integration(t, id).Problems)
	}
	if got := len(w.orders(t, id)); got != 30 {
		t.Errorf("%d orders are left, want 30", got)
	}
}

func TestAudit_ByGraphQLGoesOnWhereItWasKilled(t *testing.T) {
	t.Parallel()
	w := modern(t, 120)
	c := w.connect(t)
	w.runImport(t, c.Import.ID)
	w.clock.Add(time.Hour)
	for _, n := range w.shop.OrderIDs()[:110] {
		w.shop.Update(n, touch)
	}
	w.clock.Add(time.Minute)
	m, err := w.app.StartAudit(t.Context(), w.user, c.Integration.ID, true)
	if err != nil {
		t.Fatal(err)
	}
	for after := 5; after < 9; after++ {
		ctx, kill := context.WithCancel(t.Context())
		seen := 0
		w.after = func(r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "graphql.json") {
				if seen++; seen > after {
					kill()
				}
			}
		}
		_, err := w.app.Audit(ctx, m.ID)
		kill()
		if err == nil {
			break // it had ended before
		}
	}
	w.after = nil
	wantCounts(t, w.runAudit(t, m.ID), 0, 0, 110, 110)
	w.wantAll(t, c.Integration.ID)
}

// The checks of doctor take whichever way shows the orders.
func TestCheckups_OrdersByGraphQL(t *testing.T) {
	t.Parallel()
	w := modern(t, 3)
	w.connect(t)
	found, err := w.app.Checkups(t.Context())
	if err != nil || len(found) != 1 || found[0].OrdersErr != nil || !found[0].Dated {
		t.Errorf("%+v, %v, want orders that are shown", found, err)
	}
	w.shop.SetPersonalData(simulator.PersonalDataRefused)
	if found, err = w.app.Checkups(t.Context()); err != nil || app.ProblemOf(found[0].OrdersErr) != app.ProblemPersonalData {
		t.Errorf("%+v, %v, want withheld orders", found, err)
	}
}
