package app_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/app"
	"probability/shopify"
	"probability/store"
)

// work is what the account's background does, by key's kind and state.
func (w *world) work(ctx context.Context, t *testing.T, user uuid.UUID) map[string]app.Work {
	t.Helper()
	all, err := w.app.Work(ctx, user)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]app.Work{}
	for _, one := range all {
		if one.StoreName != shopDomain {
			t.Errorf("%s is about %q", one.Key(), one.StoreName)
		}
		out[one.Kind+" "+one.State] = one
	}
	if len(out) != len(all) {
		t.Errorf("%d jobs under %d names", len(all), len(out))
	}
	return out
}

func (w *world) update(t *testing.T, fn func(context.Context, *store.Tx) error) {
	t.Helper()
	if err := w.store.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func TestWork_TellsWhatRunsWaitsAndFailed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	stranger := w.addUser(t, "luis@example.com")
	c := w.connect(t)
	id := c.Integration.ID
	if got := w.work(t.Context(), t, w.user)["import waiting"]; got.ID != c.Import.ID || got.Label != store.KindInitial || !got.CanRetry() || !got.CanCancel() {
		t.Errorf("the first import shows as %+v", got)
	}
	w.runImport(t, c.Import.ID)
	if got := w.work(t.Context(), t, w.user); len(got) != 0 {
		t.Errorf("nothing is to be done, and there is %v", got)
	}
	now := w.clock.Now()
	total := 9
	w.update(t, func(ctx context.Context, tx *store.Tx) error {
		run := store.Import{
			ID: uuid.Must(uuid.NewV7()), IntegrationID: id, Kind: store.KindManual, State: store.ImportRunning, Field: store.FieldUpdatedAt,
			QueuedAt: now, StartedAt: now, Fetched: 4, Total: &total,
		}
		if err := tx.InsertImport(ctx, run); err != nil {
			return err
		}
		for _, audit := range []store.Audit{
			{ID: uuid.Must(uuid.NewV7()), IntegrationID: id, Cause: store.AuditManual, State: store.AuditCompleted, QueuedAt: now.Add(-time.Hour), FinishedAt: now},
			{ID: uuid.Must(uuid.NewV7()), IntegrationID: id, Cause: store.AuditManual, State: store.AuditFailed, QueuedAt: now, ErrorCode: "internal", Repair: true},
		} {
			if err := tx.InsertAudit(ctx, audit); err != nil {
				return err
			}
		}
		for i, state := range []string{store.DeliveryFailed, store.DeliveryFailed, store.DeliveryPending, store.DeliveryProcessed} {
			d := store.Delivery{ID: uuid.Must(uuid.NewV7()), IntegrationID: id, Topic: "orders/create", ReceivedAt: now, State: state, Body: []byte(`{}`)}
			if i == 1 {
				d.ErrorCode, d.ErrorDetail = "not_an_order", "no id"
			}
			if _, err := tx.InsertDeliveries(ctx, []store.Delivery{d}); err != nil {
				return err
			}
		}
		if err := tx.PutWebhookCheck(ctx, id, store.WebhookCheck{DueAt: now.Add(time.Hour), Failures: 3}); err != nil {
			return err
		}
		if err := tx.Rescore(ctx, id, "basis", now); err != nil {
			return err
		}
		if err := tx.PlanTraining(ctx, id, now, true); err != nil {
			return err
		}
		for _, topic := range []string{shopify.TopicDataRequest, shopify.TopicCustomersRedact} {
			r := store.PrivacyRequest{ID: uuid.Must(uuid.NewV7()), IntegrationID: id, StoreName: shopDomain, UserID: w.user, Topic: topic, ReceivedAt: now}
			if err := tx.InsertPrivacyRequest(ctx, r, nil); err != nil {
				return err
			}
		}
		return nil
	})
	got := w.work(t.Context(), t, w.user)
	if one := got["import running"]; one.Done != 4 || one.Total != 9 || one.CanRetry() || !one.CanCancel() {
		t.Errorf("the import shows as %+v", one)
	}
	if one := got["audit failed"]; one.Reason != "internal" || !one.CanRetry() || one.CanCancel() {
		t.Errorf("the audit shows as %+v", one)
	}
	if one := got["deliveries failed"]; one.Total != 2 || one.Reason != "not_an_order" || one.Detail != "no id" || !one.CanRetry() {
		t.Errorf("what failed shows as %+v", one)
	}
	if one := got["deliveries waiting"]; one.Total != 1 || one.CanRetry() || one.CanCancel() {
		t.Errorf("what waits shows as %+v", one)
	}
	if one := got["webhooks failed"]; !one.NextAt.Equal(now.Add(time.Hour)) || one.Tries != 3 || one.Reason != app.ProblemNoWebhooks {
		t.Errorf("the subscriptions show as %+v", one)
	}
	for _, name := range []string{"scores running", "training waiting", "data_request waiting", "erasure running"} {
		if one, ok := got[name]; !ok || one.CanCancel() || one.CanRetry() {
			t.Errorf("%s shows as %+v", name, one)
		}
	}
	if len(got) != 9 {
		t.Errorf("%d jobs, want 9: %v", len(got), got)
	}
	all, err := w.app.Work(t.Context(), w.user)
	if err != nil || !slices.IsSortedFunc(all, func(a, b app.Work) int {
		rank := map[string]int{app.WorkFailed: 0, app.WorkRunning: 1, app.WorkWaiting: 2}
		return rank[a.State] - rank[b.State]
	}) {
		t.Errorf("not in order, %v: %v", err, all)
	}
	if strangers := w.work(t.Context(), t, stranger); len(strangers) != 0 {
		t.Errorf("a stranger sees %v", strangers)
	}
	// Nor can one do anything about what they might know of.
	for _, one := range all {
		if err := w.app.RetryWork(t.Context(), stranger, one); app.KindOf(err) != app.NotFound {
			t.Errorf("a stranger retries %s: %v", one.Key(), err)
		}
		if err := w.app.CancelWork(t.Context(), stranger, one); app.KindOf(err) != app.NotFound {
			t.Errorf("a stranger cancels %s: %v", one.Key(), err)
		}
	}
	if after := w.work(t.Context(), t, w.user); len(after) != len(got) {
		t.Errorf("a stranger changed something: %v", after)
	}
}

func TestWork_IsRetriedAndCancelled(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.connect(t)
	w.runImport(t, c.Import.ID)
	id, ctx := c.Integration.ID, t.Context()
	do := func(act func(context.Context, uuid.UUID, app.Work) error, name string) {
		t.Helper()
		one, ok := w.work(ctx, t, w.user)[name]
		if !ok {
			t.Fatalf("no %s among %v", name, w.work(ctx, t, w.user))
		}
		if err := act(ctx, w.user, one); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	// Cancelled while it waits: over, with the reason, and the job finds nothing to do.
	run, err := w.app.StartSync(ctx, w.user, id, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	waiting := w.work(t.Context(), t, w.user)["import waiting"]
	do(w.app.CancelWork, "import waiting")
	if p, err := w.app.Import(ctx, run.ID); err != nil || !p.Done {
		t.Errorf("the job goes on: %v, %v", p, err)
	}
	ended, err := w.store.Import(ctx, id, run.ID)
	if err != nil || ended.State != store.ImportCancelled || ended.ErrorCode != "cancelled" || ended.FinishedAt.IsZero() {
		t.Errorf("the run is %+v, %v", ended, err)
	}
	wantError(t, w.app.CancelWork(ctx, w.user, waiting), app.NotFound, "not_found")
	// A later run is not the one that was meant.
	if _, err := w.app.StartSync(ctx, w.user, id, time.Time{}); err != nil {
		t.Fatal(err)
	}
	wantError(t, w.app.CancelWork(ctx, w.user, waiting), app.NotFound, "not_found")
	do(w.app.CancelWork, "import waiting")

	audit, err := w.app.StartAudit(ctx, w.user, id, true)
	if err != nil {
		t.Fatal(err)
	}
	do(w.app.CancelWork, "audit waiting")
	if p, err := w.app.Audit(ctx, audit.ID); err != nil || !p.Done {
		t.Errorf("the audit goes on: %v, %v", p, err)
	}
	// A failed audit is begun anew, and repairs as it would have.
	w.update(t, func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertAudit(ctx, store.Audit{ID: uuid.Must(uuid.NewV7()), IntegrationID: id, Cause: store.AuditManual, State: store.AuditFailed, QueuedAt: w.clock.Now().Add(time.Second), Repair: true})
	})
	do(w.app.RetryWork, "audit failed")
	w.clock.Add(time.Minute)
	audits, err := w.store.Audits(ctx, id, 5, 0)
	if err != nil || !slices.ContainsFunc(audits, func(m store.Audit) bool { return m.State == store.AuditQueued && m.Repair }) {
		t.Errorf("the audits are %+v, %v", audits, err)
	}

	w.accept(t, w.incoming("orders/create", "broken", `[1]`))
	w.process(t, id)
	do(w.app.RetryWork, "deliveries failed")
	if d := w.delivery(t, id, "broken"); d.State != store.DeliveryPending || d.Attempts != 0 {
		t.Errorf("the delivery is %+v", d)
	}
	w.update(t, func(ctx context.Context, tx *store.Tx) error {
		return tx.PutWebhookCheck(ctx, id, store.WebhookCheck{DueAt: w.clock.Now().Add(time.Hour), Failures: 1})
	})
	do(w.app.RetryWork, "webhooks failed")
	if err := w.app.CheckSubscriptions(ctx, id); err != nil {
		t.Fatal(err)
	}
	if _, still := w.work(t.Context(), t, w.user)["webhooks failed"]; still {
		t.Error("the subscriptions are in order, and still among what failed")
	}
	// Where the store is paused, the reason is told.
	w.update(t, func(ctx context.Context, tx *store.Tx) error {
		in, err := tx.Integration(ctx, id)
		if err != nil {
			return err
		}
		in.Active = false
		return tx.UpdateIntegration(ctx, in)
	})
	wantError(t, w.app.RetryWork(ctx, w.user, app.Work{Kind: app.WorkImport, State: app.WorkFailed, IntegrationID: id}), app.Invalid, "integration_inactive")
}
