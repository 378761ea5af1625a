package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"probability/store"
	"probability/store/storetest"
)

func refuse(t *testing.T, s *store.Store, rs ...store.Refusal) {
	t.Helper()
	update(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.AddRefusals(ctx, rs, 200) })
}

func TestRefusals_OneRowForEachCheckAndHour(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		id, other := connect(t, s, uuid.New(), "a.myshopify.com"), connect(t, s, uuid.New(), "b.myshopify.com")
		r := store.Refusal{IntegrationID: id, Reason: "wrong_signature", Count: 2, FirstAt: noon, LastAt: noon.Add(time.Minute), Topic: "orders/create", BodyBytes: 10, Secrets: 1}
		refuse(t, s, r)
		again := store.Refusal{
			IntegrationID: id, Reason: "wrong_signature", Count: 3, FirstAt: noon.Add(2 * time.Minute), LastAt: noon.Add(3 * time.Minute), Topic: "orders/updated",
			BodyBytes: 20, ContentEncoding: "gzip", Proxied: true, Secrets: 2,
		}
		nextHour, another, theirs, gone := again, again, again, again
		nextHour.FirstAt, nextHour.LastAt = noon.Add(time.Hour), noon.Add(time.Hour)
		another.Reason = "not_signed"
		theirs.IntegrationID, gone.IntegrationID = other, 999
		refuse(t, s, again, nextHour, another, theirs, gone)
		both := again
		both.Count, both.FirstAt = 5, noon
		if diff := cmp.Diff([]store.Refusal{nextHour, another, both}, must(s.Refusals(t.Context(), id, 9, 0))(t)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]store.Refusal{another}, must(s.Refusals(t.Context(), id, 1, 1))(t)); diff != "" {
			t.Errorf("the second page: %s", diff)
		}
		if n := must(s.CountRefusals(t.Context(), id))(t); n != 3 {
			t.Errorf("counted %d, want 3", n)
		}
		sums := must(s.RefusalsSince(t.Context(), []int64{id, other, 999}, noon.Add(time.Minute), "wrong_signature", "no_secret"))(t)
		if got := sums[id]; got.Count != 8 || !got.FirstAt.Equal(noon) || !got.LastAt.Equal(nextHour.LastAt) || sums[other].Count != 3 || len(sums) != 2 {
			t.Errorf("got %+v", sums)
		}
		if sums = must(s.RefusalsSince(t.Context(), []int64{id}, noon.Add(30*time.Minute), "wrong_signature"))(t); sums[id].Count != 3 {
			t.Errorf("since later: got %+v", sums)
		}
	})
}

func TestRefusals_AreBoundedByNumberAndAge(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		id := connect(t, s, uuid.New(), "a.myshopify.com")
		var many []store.Refusal
		for n := range 250 {
			at := noon.Add(time.Duration(n) * time.Hour)
			many = append(many, store.Refusal{IntegrationID: id, Reason: "not_signed", Count: 1, FirstAt: at, LastAt: at})
		}
		refuse(t, s, many...)
		if n := must(s.CountRefusals(t.Context(), id))(t); n != 200 {
			t.Errorf("%d rows are kept, want 200", n)
		}
		if newest := must(s.Refusals(t.Context(), id, 1, 0))(t); !newest[0].LastAt.Equal(noon.Add(249 * time.Hour)) {
			t.Errorf("the newest is of %s", newest[0].LastAt)
		}
		if err := s.ExpireRefusals(t.Context(), noon.Add(240*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if n := must(s.CountRefusals(t.Context(), id))(t); n != 10 {
			t.Errorf("%d rows are left of ten hours, want 10", n)
		}
	})
}

func TestConnectedShops(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		a, b, gone := connect(t, s, uuid.New(), "a.myshopify.com"), connect(t, s, uuid.New(), "a.myshopify.com"), connect(t, s, uuid.New(), "c.myshopify.com")
		disconnect(t, s, gone)
		want := map[string][]int64{"a.myshopify.com": {a, b}}
		if diff := cmp.Diff(want, must(s.ConnectedShops(t.Context(), []string{"A.myshopify.com", "c.myshopify.com", "d.myshopify.com"}))(t)); diff != "" {
			t.Error(diff)
		}
	})
}
