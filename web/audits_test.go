package web_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/store"
)

// carryOutAudit works an audit off, as its job would.
func (b *bench) carryOutAudit(id any) {
	b.t.Helper()
	for range 20 {
		p, err := b.app.Audit(b.t.Context(), uuid.MustParse(id.(string)))
		fatal(b.t, err)
		if p.Done {
			return
		}
		b.clock.pass(p.After)
	}
	b.t.Fatalf("audit %v does not end", id)
}

func TestAudits_ShowWhatDiffers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.shop.Generate(30, 20*24*time.Hour)
	path, _ := b.connected()
	if got := b.get(path).want(http.StatusOK); got.at("audit") != nil || !strings.Contains(string(got.body), `"audit":null`) {
		t.Errorf("before the first audit: %s", got.body)
	}
	b.carryOut(b.get(path+"imports/").at("results", 0, "id").(string))
	b.clock.pass(time.Hour)
	b.shop.Delete(b.shop.OrderIDs()[5])
	b.shop.Update(b.shop.OrderIDs()[6], func(o map[string]any) { o["note"] = "x" })
	b.clock.pass(time.Minute)

	started := b.post(path+"audit/", "").want(http.StatusAccepted)
	if started.at("audit", "state") != "queued" || started.at("audit", "repair") != false || !strings.HasPrefix(started.at("message").(string), "The audit is queued") {
		t.Errorf("got %s", started.body)
	}
	b.carryOutAudit(started.at("audit", "id"))
	got := b.get(path+"audits/").want(http.StatusOK).at("results", 0).(map[string]any)
	for member, want := range map[string]any{
		"state": "completed", "cause": "manual", "total": 29.0, "counted": 29.0, "stored": 30.0, "checked": 29.0, "missing": 0.0, "extra": 1.0, "stale": 1.0,
		"repaired": 0.0, "drift": 2.0, "oldest_gap": "2026-11-05T13:00:00Z", "error": nil, "error_code": nil,
	} {
		if got[member] != want {
			t.Errorf("%s: got %v, want %v", member, got[member], want)
		}
	}
	in := b.get(path, header("Accept-Language", "es")).want(http.StatusOK)
	if in.at("audit", "drift") != 2.0 || in.at("health", "status") != "degraded" || in.at("health", "problems", 0, "code") != "orders_drift" ||
		!strings.Contains(in.at("health", "problems", 0, "message").(string), "difieren de los de Shopify (2)") {
		t.Errorf("got %s", in.body)
	}

	again := b.post(path+"audit/", `{"repair":true}`).want(http.StatusAccepted)
	b.carryOutAudit(again.at("audit", "id"))
	in = b.get(path).want(http.StatusOK)
	if in.at("audit", "drift") != 0.0 || in.at("audit", "repaired") != 2.0 || in.at("health", "status") != "ok" {
		t.Errorf("got %s", in.body)
	}
	if got := b.get(path + "imports/"); got.at("results", 0, "kind") != "reconcile" || got.at("results", 0, "updated") != 1.0 {
		t.Errorf("got %s", got.body)
	}
}

func TestAudits_SecondCallGivesTheSameAudit(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	first := b.post(path+"audit/", "").want(http.StatusAccepted)
	second := b.post(path+"audit/", `{"repair":true}`).want(http.StatusAccepted)
	if first.at("audit", "id") != second.at("audit", "id") || second.at("audit", "repair") != true {
		t.Errorf("got %s", second.body)
	}
	b.carryOutAudit(first.at("audit", "id"))

	// One under way that repairs nothing stays so, and the answer says it.
	looks := b.post(path+"audit/", `{"repair":false}`).want(http.StatusAccepted)
	fatal(t, b.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		m, err := tx.ActiveAudit(ctx, id)
		fatal(t, err)
		m.State = store.AuditRunning
		return tx.UpdateAudit(ctx, m)
	}))
	asked := b.post(path+"audit/", `{"repair":true}`, header("Accept-Language", "es")).want(http.StatusAccepted)
	if asked.at("audit", "id") != looks.at("audit", "id") || asked.at("audit", "repair") != false || !strings.HasPrefix(asked.at("message").(string), "Hay una auditoría en curso") {
		t.Errorf("got %s", asked.body)
	}

	if got := b.post(path+"audit/", `{"repair":"perhaps"}`).problem(http.StatusBadRequest, "validation_failed"); got.at("errors", "repair", 0) == nil {
		t.Errorf("got %s", got.body)
	}
	b.do(http.MethodPatch, path, `{"is_active":false}`).want(http.StatusOK)
	b.post(path+"audit/", "").problem(http.StatusBadRequest, "integration_inactive")
	if got := b.get(path + "audits/"); got.at("results", 0, "state") != "cancelled" || got.at("results", 0, "error") == nil {
		t.Errorf("got %s", got.body)
	}
}

func TestAudits_ComeInPages(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	for i := range 5 {
		fatal(t, b.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertAudit(ctx, store.Audit{
				ID: uuid.Must(uuid.NewV7()), IntegrationID: id, Cause: store.AuditDaily, State: store.AuditCompleted,
				QueuedAt: noon.Add(time.Duration(i) * time.Minute), FinishedAt: noon.Add(time.Hour), Attempts: i,
			})
		}))
	}
	page := b.get(path + "audits/?page_size=2&page=3").want(http.StatusOK)
	if page.at("count") != 5.0 || page.at("next") != nil || page.at("results", 0, "queued_at") != "2026-11-05T12:00:00Z" || page.at("results", 1) != nil {
		t.Errorf("got %s", page.body)
	}
	b.get(path+"audits/?page=9").problem(http.StatusNotFound, "invalid_page")
	b.get(path+"audits/?page_size=0").problem(http.StatusBadRequest, "invalid_parameter")
	b.get(fmt.Sprintf("/api/integrations/shopify/%d/audits/", id), as(b.bob)).problem(http.StatusNotFound, "not_found")
}
