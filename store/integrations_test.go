package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"probability/store"
	"probability/store/storetest"
)

func TestIntegrations_KeepEveryMember(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		user := uuid.New()
		at := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Millisecond) }
		i := store.Integration{
			UserID: user, StoreName: "a.myshopify.com", Auth: "client_credentials", ClientID: "client", Active: true, Permissions: []string{"read_orders", "ñ"},
			CreatedAt: at(1), UpdatedAt: at(2), LastSync: at(3), Watermark: at(4), NextSyncAt: at(5), ServedVersion: "2026-10",
			TokenIssuedAt: at(6), TokenExpiresAt: at(7), WebhookAddress: "https://x", WebhookTopics: []string{"orders/create"}, WebhooksCheckedAt: at(8),
			OrdersWay: store.WayGraphQL, RESTDueAt: at(10),
		}
		update(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
			i.ID, err = tx.InsertIntegration(ctx, i)
			return err
		})
		if diff := cmp.Diff(i, must(s.Integration(t.Context(), user, i.ID))(t)); diff != "" {
			t.Errorf("inserted: %s", diff)
		}
		changed := store.Integration{
			ID: i.ID, UserID: user, StoreName: i.StoreName, Auth: "token", CreatedAt: i.CreatedAt, UpdatedAt: at(9),
			Permissions: []string{}, WebhookTopics: []string{}, OrdersWay: store.WayREST,
		}
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.UpdateIntegration(ctx, changed); err != nil {
				return err
			}
			if diff := cmp.Diff(changed, must(tx.Integration(ctx, i.ID))(t)); diff != "" {
				t.Errorf("updated, in the transaction: %s", diff)
			}
			return nil
		})
		if diff := cmp.Diff([]store.Integration{changed}, must(s.Integrations(t.Context(), user))(t)); diff != "" {
			t.Errorf("listed: %s", diff)
		}
		if _, err := s.Integration(t.Context(), uuid.New(), i.ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("for another user: got %v, want ErrNotFound", err)
		}
	})
}

func TestIntegrations_OneOfAStoreAUserUntilDisconnected(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		user := uuid.New()
		first := connect(t, s, user, "a.myshopify.com")
		second := func() error {
			return s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.InsertIntegration(ctx, store.Integration{UserID: user, StoreName: "a.myshopify.com", Auth: "token", CreatedAt: noon, UpdatedAt: noon})
				return err
			})
		}
		if err := second(); !errors.Is(err, store.ErrConflict) {
			t.Errorf("got %v, want ErrConflict", err)
		}
		connect(t, s, uuid.New(), "a.myshopify.com") // another user may
		disconnect(t, s, first)
		if err := second(); err != nil {
			t.Errorf("after disconnecting: %v", err)
		}
	})
}

func TestMarkIntegrationDeleted_HidesItEverywhere(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		user := uuid.New()
		id := connect(t, s, user, "a.myshopify.com")
		m := store.Import{ID: uuid.New(), IntegrationID: id, Kind: "initial", State: "running", Field: "created_at", QueuedAt: noon}
		d := store.Delivery{ID: uuid.New(), IntegrationID: id, State: "pending", ReceivedAt: noon}
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.InsertDeliveries(ctx, []store.Delivery{d})
			return errors.Join(err, tx.PutSecret(ctx, id, store.SecretAPI, "hush", time.Time{}), tx.InsertImport(ctx, m))
		})
		disconnect(t, s, id)
		ctx := t.Context()
		_, ownErr := s.Integration(ctx, user, id)
		_, byIDErr := s.IntegrationByID(ctx, id)
		_, secretErr := s.Secret(ctx, id, store.SecretAPI)
		_, importErr := s.ImportByID(ctx, m.ID)
		for name, err := range map[string]error{
			"own": ownErr, "by id": byIDErr, "secret": secretErr, "import": importErr,
			"inside": s.Update(ctx, func(ctx context.Context, tx *store.Tx) error { _, err := tx.Integration(ctx, id); return err }),
			"twice":  s.Update(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.MarkIntegrationDeleted(ctx, id, noon) }),
			"update": s.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
				return tx.UpdateIntegration(ctx, store.Integration{ID: id, Auth: "token"})
			}),
			"new import": s.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
				m.ID = uuid.New()
				return tx.InsertImport(ctx, m)
			}),
		} {
			if !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s: got %v, want ErrNotFound", name, err)
			}
		}
		for name, n := range map[string]int{
			"list": len(must(s.Integrations(ctx, user))(t)), "shop": len(must(s.ShopSecrets(ctx, "a.myshopify.com", noon))(t)),
			"active": len(must(s.ActiveIntegrations(ctx))(t)), "imports": len(must(s.ActiveImports(ctx))(t)),
			"deliveries": len(must(s.IntegrationsWithDueDeliveries(ctx, noon))(t)), "due": len(must(s.DueIntegrations(ctx, noon.AddDate(9, 0, 0), 9))(t)),
		} {
			if n != 0 {
				t.Errorf("%s: %d, want none", name, n)
			}
		}
	})
}

func TestPurgeIntegration_InSteps(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		id, other := connect(t, s, uuid.New(), "a.myshopify.com"), connect(t, s, uuid.New(), "b.myshopify.com")
		for _, of := range []int64{id, other} {
			put(t, s, of, manyVersions(0, 7)...)
			update(t, s, func(ctx context.Context, tx *store.Tx) error {
				var ds []store.Delivery
				for range 4 {
					ds = append(ds, store.Delivery{ID: uuid.New(), IntegrationID: of, State: "pending", ReceivedAt: noon})
				}
				_, err := tx.InsertDeliveries(ctx, ds)
				_, deleteErr := tx.DeleteOrder(ctx, of, "gone", noon)
				return errors.Join(err, deleteErr, tx.PutSecret(ctx, of, store.SecretAPI, "hush", time.Time{}), tx.PutProblem(ctx, of, store.Problem{Code: "x", Since: noon}),
					tx.SetWebhookCheckDue(ctx, of, noon), tx.NoteDeliveries(ctx, of, "orders/create", 1, noon, noon),
					tx.AddRefusals(ctx, []store.Refusal{{IntegrationID: of, Reason: "not_signed", Count: 1, FirstAt: noon, LastAt: noon}}, 9),
					tx.InsertImport(ctx, store.Import{ID: uuid.New(), IntegrationID: of, Kind: "manual", State: "completed", Field: "created_at", QueuedAt: noon}),
					tx.InsertAudit(ctx, store.Audit{ID: uuid.New(), IntegrationID: of, Cause: "daily", State: "queued", QueuedAt: noon}))
			})
		}
		purge := func(limit int) (more bool, err error) {
			err = s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				more, err = tx.PurgeIntegration(ctx, id, limit)
				return err
			})
			return more, err
		}
		if _, err := purge(100); err == nil {
			t.Error("purged a connected store")
		}
		disconnect(t, s, id)
		steps := 1
		for more := must(purge(3))(t); more; more = must(purge(3))(t) {
			if steps++; steps > 10 {
				t.Fatal("it does not end")
			}
		}
		if steps < 4 {
			t.Errorf("%d steps for 15 rows of 3, want more", steps)
		}
		if more := must(purge(3))(t); more {
			t.Error("more of what is gone")
		}
		if left := must(s.DeletedIntegrations(t.Context()))(t); len(left) != 0 {
			t.Errorf("left to purge: %v", left)
		}
		var rows int
		if err := s.Writer().QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM order_payloads) + (SELECT count(*) FROM deliveries)
			+ (SELECT count(*) FROM imports) + (SELECT count(*) FROM problems) + (SELECT count(*) FROM secrets) + (SELECT count(*) FROM audits)
			+ (SELECT count(*) FROM webhook_checks) + (SELECT count(*) FROM webhook_habits) + (SELECT count(*) FROM refusals)`).Scan(&rows); err != nil || rows != 8+7+4+1+1+1+1+3 {
			t.Errorf("%d rows are left, want those of the other store (%v)", rows, err)
		}
		if next := connect(t, s, uuid.New(), "c.myshopify.com"); next <= other {
			t.Errorf("id %d was used again", next)
		}
	})
}

func TestDueIntegrations(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		var ids []int64
		for _, c := range []struct {
			next   time.Time
			active bool
		}{{noon, true}, {noon.Add(-time.Hour), true}, {noon.Add(time.Millisecond), true}, {noon, false}, {time.Time{}, true}, {noon, true}} {
			update(t, s, func(ctx context.Context, tx *store.Tx) error {
				id, err := tx.InsertIntegration(ctx, store.Integration{UserID: uuid.New(), Auth: "token", Active: c.active, NextSyncAt: c.next, CreatedAt: noon, UpdatedAt: noon})
				ids = append(ids, id)
				return err
			})
		}
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertImport(ctx, store.Import{ID: uuid.New(), IntegrationID: ids[5], Kind: "manual", State: "queued", Field: "created_at", QueuedAt: noon})
		})
		if diff := cmp.Diff([]int64{ids[1], ids[0]}, must(s.DueIntegrations(t.Context(), noon, 9))(t)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]int64{ids[1]}, must(s.DueIntegrations(t.Context(), noon, 1))(t)); diff != "" {
			t.Error(diff)
		}
		if n := len(must(s.ActiveIntegrations(t.Context()))(t)); n != 5 {
			t.Errorf("%d active, want 5", n)
		}
	})
}

func TestProblems_KeepTheirBeginning(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		a, b := connect(t, s, uuid.New(), "a.myshopify.com"), connect(t, s, uuid.New(), "b.myshopify.com")
		later := noon.Add(time.Hour)
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			return errors.Join(
				tx.PutProblem(ctx, a, store.Problem{Code: "reauthorize", Detail: "401", Since: later}),
				tx.PutProblem(ctx, a, store.Problem{Code: "sync_failed", Detail: "old", Since: noon}),
				tx.PutProblem(ctx, a, store.Problem{Code: "sync_failed", Detail: "new", Since: later}),
				tx.PutProblem(ctx, b, store.Problem{Code: "sync_failed", Since: noon}),
				tx.PutProblem(ctx, b, store.Problem{Code: "missing_scope", Since: noon}),
				tx.PutProblem(ctx, b, store.Problem{Code: "reauthorize", Since: noon}),
				tx.ClearProblems(ctx, b, "sync_failed", "missing_scope", "unknown"))
		})
		want := map[int64][]store.Problem{
			a: {{Code: "sync_failed", Detail: "new", Since: noon}, {Code: "reauthorize", Detail: "401", Since: later}},
			b: {{Code: "reauthorize", Since: noon}},
		}
		if diff := cmp.Diff(want, must(s.Problems(t.Context(), []int64{a, b}))(t)); diff != "" {
			t.Error(diff)
		}
		update(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.ClearProblems(ctx, a) })
		if got := must(s.Problems(t.Context(), []int64{a}))(t); len(got) != 0 {
			t.Errorf("cleared, but %v", got)
		}
	})
}
