package store_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"probability/store"
	"probability/store/storetest"
)

func TestPlans_HotQueriesUseTheirIndexes(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	id := connect(t, s, uuid.New(), "a.myshopify.com")
	put(t, s, id, manyVersions(0, 500)...)
	for _, analyzed := range []bool{false, true} {
		if analyzed {
			if _, err := s.Writer().ExecContext(t.Context(), `ANALYZE`); err != nil {
				t.Fatal(err)
			}
		}
		newest := store.OrderBy{Field: store.ByCreatedAt, Desc: true}
		after := &store.OrderKey{Value: noon.UnixMilli(), ID: 7}
		for name, c := range map[string]struct {
			filter store.OrderFilter
			want   string
		}{
			"page 1":             {store.OrderFilter{Order: newest}, "SEARCH o USING INDEX orders_list (integration_id=?)"},
			"page 1 with bodies": {store.OrderFilter{Order: newest, Payload: true}, "SEARCH o USING INDEX orders_list (integration_id=?)"},
			"keyset":             {store.OrderFilter{Order: newest, After: after}, "SEARCH o USING INDEX orders_list (integration_id=? AND listed_at<?)"},
			"keyset, ascending":  {store.OrderFilter{After: after}, "SEARCH o USING INDEX orders_list (integration_id=? AND listed_at>?)"},
			"keyset by update":   {store.OrderFilter{Order: store.OrderBy{Field: store.ByUpdatedAt, Desc: true}, After: after}, "SEARCH o USING INDEX orders_version (integration_id=? AND version_at<?)"},
			"since":              {store.OrderFilter{Order: newest, Since: noon}, "SEARCH o USING INDEX orders_list (integration_id=? AND listed_at>?)"},
		} {
			c.filter.IntegrationID = id
			query, args := store.OrdersQuery(c.filter)
			expectPlan(t, s, name, c.want, query, args...)
		}
		window := must(store.WindowQuery(store.ByCreatedAt))(t)
		expectPlan(t, s, "window", "SEARCH o USING INDEX orders_list (integration_id=? AND listed_at>?)", window, id, 0, 1)
		window = must(store.WindowQuery(store.ByUpdatedAt))(t)
		expectPlan(t, s, "window by update", "SEARCH o USING INDEX orders_version (integration_id=? AND version_at>? AND version_at<?)", window, id, 0, 1)
		expectPlan(t, s, "purchase counts", "SEARCH o USING INDEX orders_email (integration_id=? AND email_key=?)", store.PurchaseCountsQuery(), id, "a", "b")
		expectPlan(t, s, "pending", "SEARCH d USING INDEX deliveries_pending (integration_id=?)", store.PendingQuery, id, 0, 1)
		expectPlan(t, s, "has due", "SEARCH d USING INDEX deliveries_pending (integration_id=?)", store.HasDueQuery, id, 0)
		expectPlan(t, s, "due", "SEARCH d EXISTS USING INDEX deliveries_pending (integration_id=?)", store.DueQuery, 1, 0)
		expectPlan(t, s, "last received", "SEARCH d USING COVERING INDEX deliveries_list (integration_id=?)", store.LastReceivedQuery+"($1)", id)
	}
}

func expectPlan(t *testing.T, s *store.Store, name, want, query string, args ...any) {
	t.Helper()
	plan := must(store.Plan(t.Context(), s, query, args...))(t)
	if !strings.Contains(plan, want) || strings.Contains(plan, "TEMP B-TREE") || strings.Contains(plan, "SCAN o") || strings.Contains(plan, "SCAN d") {
		t.Errorf("%s: got plan\n%s\nwant %s and no sorting", name, plan, want)
	}
}
