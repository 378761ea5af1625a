package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"probability/shopify"
	"probability/store"
	"probability/store/storetest"
)

func TestPutOrders_Outcomes(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		id := connect(t, s, uuid.New(), "a.myshopify.com")
		paid := func(o *shopify.Order) { o.FinancialStatus = "paid" }
		first, second := version("1", noon, nil), version("1", noon.Add(time.Second), paid)
		again := second
		again.ObservedAt = again.ObservedAt.Add(time.Hour)
		between := version("1", second.Order.UpdatedAt, nil) // the same second, seen before again
		between.ObservedAt = again.ObservedAt.Add(-time.Minute)

		for i, step := range []struct {
			give []store.Version
			want []store.Outcome
		}{
			{nil, []store.Outcome{}},
			{[]store.Version{second, first, second}, []store.Outcome{store.Updated, store.Created, store.Unchanged}},
			{[]store.Version{first}, []store.Outcome{store.Stale}},
			{[]store.Version{again}, []store.Outcome{store.Unchanged}},
			{[]store.Version{between}, []store.Outcome{store.Stale}},
			{[]store.Version{version("2", noon, nil), first}, []store.Outcome{store.Created, store.Stale}},
		} {
			got := put(t, s, id, step.give...)
			if diff := gocmp.Diff(step.want, got); diff != "" {
				t.Errorf("step %d: %s", i, diff)
			}
		}
		orders := must(s.Orders(t.Context(), store.OrderFilter{IntegrationID: id, Search: "#1"}))(t)
		if len(orders) != 1 || orders[0].FinancialStatus != "paid" {
			t.Errorf("got %+v", orders)
		}
	})
}

func TestPutOrders_KeepsEveryMemberAndTheFirstImport(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		id := connect(t, s, uuid.New(), "a.myshopify.com")
		o := shopify.Order{
			ID: "12345678901234567890", Number: "#1", TotalPrice: "1234567890123456.789", Currency: "COP", CustomerName: "Ñ 'x' %_\\",
			CustomerEmail: "A@X.co", Phone: "+57", PaymentType: "COD", SourceName: "web", FinancialStatus: "pending", FulfillmentStatus: "partial",
			Address: "Cl 1", AddressComplement: "Apto 2", City: "Bogotá", Province: "DC", Country: "Colombia", Tags: "a, b",
			CreatedAt: noon.Add(-time.Hour), UpdatedAt: noon.Add(-time.Minute), CancelledAt: noon, Test: true,
			Raw: []byte("{\"id\": 12345678901234567890, \"n\":1.10}\n"),
		}
		put(t, s, id, store.Version{Order: o, ObservedAt: noon})
		later := noon.Add(time.Hour)
		o.UpdatedAt, o.Raw = noon, append(o.Raw, ' ')
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.PutOrders(ctx, id, []store.Version{{Order: o, ObservedAt: later}}, later)
			return err
		})
		listed := must(s.Orders(t.Context(), store.OrderFilter{IntegrationID: id}))(t)
		want := store.Order{ID: listed[0].ID, IntegrationID: id, Platform: "shopify", Order: o, ImportedAt: noon, PurchaseCount: 1, Raw: o.Raw}
		if diff := gocmp.Diff(want, must(s.Order(t.Context(), id, listed[0].ID))(t)); diff != "" {
			t.Errorf("one order: %s", diff)
		}
		want.Raw, want.Order.Raw = nil, nil
		if diff := gocmp.Diff([]store.Order{want}, listed); diff != "" {
			t.Errorf("in the list: %s", diff)
		}
	})
}

func TestPutOrders_OnlyAnIDIsEnough(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		id := connect(t, s, uuid.New(), "a.myshopify.com")
		put(t, s, id, store.Version{Order: shopify.Order{ID: "1", Raw: []byte("{}")}, ObservedAt: noon})
		got := must(s.Orders(t.Context(), store.OrderFilter{IntegrationID: id, Payload: true}))(t)
		want := []store.Order{{ID: got[0].ID, IntegrationID: id, Platform: "shopify", Order: shopify.Order{ID: "1", Raw: []byte("{}")}, ImportedAt: noon, Raw: []byte("{}")}}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		err := s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.PutOrders(ctx, id, []store.Version{version("2", noon, nil), {ObservedAt: noon}}, noon)
			return err
		})
		if err == nil {
			t.Error("stored a version of no order")
		}
		if n := must(s.CountOrders(t.Context(), store.OrderFilter{IntegrationID: id}))(t); n != 1 {
			t.Errorf("%d orders, want 1", n)
		}
	})
}

func TestPutOrders_IntegrationsDoNotMix(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		a, b := connect(t, s, uuid.New(), "a.myshopify.com"), connect(t, s, uuid.New(), "a.myshopify.com")
		buy := func(o *shopify.Order) { o.CustomerEmail = "Same@X.co" }
		put(t, s, a, version("1", noon, buy), version("2", noon, buy))
		put(t, s, b, version("1", noon, buy))
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			out, err := tx.DeleteOrder(ctx, b, "2", noon)
			if out != store.Deleted {
				t.Errorf("got %v, want deleted", out)
			}
			return err
		})
		of := must(s.Orders(t.Context(), store.OrderFilter{IntegrationID: a}))(t)
		if len(of) != 2 || of[0].PurchaseCount != 2 {
			t.Errorf("a: %+v", of)
		}
		if _, err := s.Order(t.Context(), b, of[0].ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("another's order: got %v, want ErrNotFound", err)
		}
		disconnect(t, s, b)
		err := s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.PutOrders(ctx, b, []store.Version{version("9", noon, nil)}, noon)
			return err
		})
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("disconnected: got %v, want ErrNotFound", err)
		}
	})
}

func TestDeleteOrder_StaysDeleted(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		id := connect(t, s, uuid.New(), "a.myshopify.com")
		put(t, s, id, version("1", noon, func(o *shopify.Order) { o.CustomerEmail = "a@x.co" }), version("3", noon, func(o *shopify.Order) { o.CustomerEmail = "a@x.co" }))
		gone := must(s.Orders(t.Context(), store.OrderFilter{IntegrationID: id, Search: "#1"}))(t)[0]
		remove := func(order string) (out store.Outcome) {
			t.Helper()
			update(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
				out, err = tx.DeleteOrder(ctx, id, order, noon)
				return err
			})
			return out
		}
		for i, c := range []struct {
			order string
			want  store.Outcome
		}{{"1", store.Deleted}, {"1", store.Unchanged}, {"2", store.Deleted}, {"2", store.Unchanged}} {
			if got := remove(c.order); got != c.want {
				t.Errorf("deletion %d: got %v, want %v", i, got, c.want)
			}
		}
		later := noon.Add(24 * time.Hour)
		if diff := gocmp.Diff([]store.Outcome{store.Deleted, store.Deleted}, put(t, s, id, version("1", later, nil), version("2", later, nil))); diff != "" {
			t.Error(diff)
		}
		left := must(s.Orders(t.Context(), store.OrderFilter{IntegrationID: id}))(t)
		if len(left) != 1 || left[0].Number != "#3" || left[0].PurchaseCount != 1 {
			t.Errorf("left: %+v", left)
		}
		if _, err := s.Order(t.Context(), id, gone.ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("deleted order: got %v, want ErrNotFound", err)
		}
		if n := must(s.OrdersInWindow(t.Context(), id, store.ByCreatedAt, time.Time{}, time.Time{}))(t); n != 1 {
			t.Errorf("in the window: %d, want 1", n)
		}
	})
}

func TestPutOrders_ManyAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		id := connect(t, s, uuid.New(), "a.myshopify.com")
		const n = 25 + 25 + 5 + 5 + 1 + 500 // every size of statement, and more than one list of ids
		var vs []store.Version
		for i := range n {
			vs = append(vs, version(itoa(i), noon.Add(time.Duration(i)*time.Second), nil))
		}
		s.Prepare(vs)
		for i, out := range put(t, s, id, vs...) {
			if out != store.Created {
				t.Fatalf("order %d: %v", i, out)
			}
		}
		seen := map[string]bool{}
		for _, o := range must(s.Orders(t.Context(), store.OrderFilter{IntegrationID: id, Limit: 1000, Payload: true}))(t) {
			if seen[o.Order.ID] = true; string(o.Raw) != string(version(o.Order.ID, o.UpdatedAt, nil).Order.Raw) {
				t.Errorf("order %s has the payload %s", o.Order.ID, o.Raw)
			}
		}
		if len(seen) != n {
			t.Errorf("%d orders, want %d", len(seen), n)
		}
	})
}
