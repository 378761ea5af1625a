package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/shopify"
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
		window := must(store.WindowQuery(store.ByCreatedAt))(t)
		expectPlan(t, s, "window", "SEARCH o USING COVERING INDEX orders_list (integration_id=? AND listed_at>?)", window, id, 0, 1)
		window = must(store.WindowQuery(store.ByUpdatedAt))(t)
		expectPlan(t, s, "window by update", "SEARCH o USING INDEX orders_version (integration_id=? AND version_at>? AND version_at<?)", window, id, 0, 1)
		expectPlan(t, s, "purchase counts", "SEARCH o USING INDEX orders_email (integration_id=? AND email_key=?)", store.PurchaseCountsQuery(), id, "a", "b")
		expectPlan(t, s, "pending", "SEARCH d USING INDEX deliveries_state (integration_id=? AND state=? AND seq>?)", store.PendingQuery, id, 0, 0, 1)
		expectPlan(t, s, "has due", "SEARCH d USING INDEX deliveries_state (integration_id=? AND state=?)", store.HasDueQuery, id, 0)
		expectPlan(t, s, "put off", "SEARCH d USING INDEX deliveries_state (integration_id=? AND state=?)", store.PutOffQuery, 0, 1)
		expectPlan(t, s, "due", "SEARCH d EXISTS USING INDEX deliveries_state (integration_id=? AND state=?)", store.DueQuery, 1, 0)
		expectPlan(t, s, "last received", "SEARCH d USING COVERING INDEX deliveries_list (integration_id=?)", store.LastReceivedQuery+"($1)", id)
		expectPlan(t, s, "deliveries of a topic and time", "SEARCH d USING COVERING INDEX deliveries_list (integration_id=?)",
			store.CountDeliveriesQuery(store.DeliveryFilter{Topic: "orders/create", Since: noon, Until: noon}), id, "orders/create", 0, 1)
		expectPlan(t, s, "processed deliveries", "SEARCH d USING COVERING INDEX deliveries_state (integration_id=?)",
			store.CountDeliveriesQuery(store.DeliveryFilter{State: "processed"}), id)
		expectPlan(t, s, "deliveries of a webhook id", "SEARCH d USING INDEX sqlite_autoindex_deliveries_2 (integration_id=? AND webhook_id=?)",
			store.CountDeliveriesQuery(store.DeliveryFilter{WebhookID: "w", Until: noon}), id, "w", 0)
	}
}

// What the engine does for each kind of page, whatever its statistics say: the queries are those that really ran.
func TestPlans_PagesAndCountsOfOrdersWalkTheirIndexes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/data"
	id := plentiful(t, dir)
	newest := store.OrderBy{Field: store.ByCreatedAt, Desc: true}
	cents := func(n int64) *int64 { return &n }
	after := &store.OrderKey{Value: noon.Add(time.Hour).UnixMilli(), ID: 7}
	for name, c := range map[string]struct {
		filter store.OrderFilter
		count  bool
		want   []string
	}{
		"page 1":               {store.OrderFilter{Order: newest}, true, []string{"USING COVERING INDEX orders_list (integration_id=?)", "SEARCH d USING PRIMARY KEY (integration_id=? AND day=?)"}},
		"page 1 with bodies":   {store.OrderFilter{Order: newest, Payload: true}, true, []string{"SEARCH o USING INTEGER PRIMARY KEY", "SEARCH p USING INTEGER PRIMARY KEY"}},
		"keyset":               {store.OrderFilter{Order: newest, After: after}, false, []string{"USING COVERING INDEX orders_list (integration_id=? AND listed_at<?)"}},
		"keyset, ascending":    {store.OrderFilter{After: after}, false, []string{"USING COVERING INDEX orders_list (integration_id=? AND listed_at>?)"}},
		"keyset by update":     {store.OrderFilter{Order: store.OrderBy{Field: store.ByUpdatedAt, Desc: true}, After: after}, false, []string{"INDEX orders_version (integration_id=? AND version_at<?)"}},
		"keyset by import":     {store.OrderFilter{Order: store.OrderBy{Field: store.ByImportedAt}, After: after}, false, []string{"INDEX orders_imported (integration_id=? AND imported_at>?)"}},
		"keyset by total":      {store.OrderFilter{Order: store.OrderBy{Field: store.ByTotalPrice}, After: after}, false, []string{"INDEX orders_total (integration_id=? AND <expr>>?)"}},
		"page by score":        {store.OrderFilter{Order: store.OrderBy{Field: store.ByDeliveryScore}}, true, []string{"USING INDEX orders_score (integration_id=?)"}},
		"keyset by score":      {store.OrderFilter{Order: store.OrderBy{Field: store.ByDeliveryScore, Desc: true}, After: after}, false, []string{"INDEX orders_score (integration_id=? AND <expr><?)"}},
		"since":                {store.OrderFilter{Order: newest, Since: noon.Add(10 * time.Minute)}, true, []string{"COVERING INDEX orders_list (integration_id=? AND listed_at>?)", "SEARCH d USING PRIMARY KEY (integration_id=? AND day>? AND day<?)"}},
		"status":               {store.OrderFilter{Order: newest, FinancialStatus: "pending", FulfillmentStatus: "null"}, true, []string{"USING COVERING INDEX orders_list (integration_id=?)"}},
		"deep":                 {store.OrderFilter{Order: newest, Offset: 1_040}, true, []string{"USING COVERING INDEX orders_list (integration_id=? AND listed_at>? AND listed_at<?)", "SEARCH d USING PRIMARY KEY (integration_id=? AND day>?)"}},
		"few totals":           {store.OrderFilter{Order: newest, MinTotal: cents(899_000_000)}, true, []string{"USING INDEX orders_total (integration_id=? AND <expr>>?)"}},
		"many totals":          {store.OrderFilter{Order: newest, MaxTotal: cents(899_000_000)}, true, []string{"USING COVERING INDEX orders_list (integration_id=?)"}},
		"few scores":           {store.OrderFilter{Order: newest, MinScore: new(99)}, true, []string{"INDEX orders_score (integration_id=? AND <expr>>?)"}},
		"scores":               {store.OrderFilter{Order: newest, MinScore: new(1), After: after}, false, []string{"INDEX orders_score (integration_id=? AND <expr>>?)"}},
		"by score":             {store.OrderFilter{Order: store.OrderBy{Field: store.ByDeliveryScore, Desc: true}}, true, []string{"orders_score (integration_id=?)"}},
		"imported since":       {store.OrderFilter{Order: newest, ImportedSince: noon}, true, []string{"INDEX orders_imported (integration_id=? AND imported_at>?)", "USING COVERING INDEX orders_list (integration_id=?)"}},
		"rare term":            {store.OrderFilter{Order: newest, Search: "ana maría 77"}, true, []string{"SCAN s VIRTUAL TABLE INDEX", "SEARCH o USING INTEGER PRIMARY KEY (rowid=?)"}},
		"absent term":          {store.OrderFilter{Order: newest, Search: "zzzz"}, true, []string{"SCAN s VIRTUAL TABLE INDEX"}},
		"common term":          {store.OrderFilter{Order: newest, Search: "medellín"}, true, []string{"SCAN s VIRTUAL TABLE INDEX", "USING COVERING INDEX orders_list (integration_id=?)"}},
		"common, beyond":       {store.OrderFilter{Order: newest, Search: "medellín", Offset: 1_030}, true, []string{"USING INDEX orders_list (integration_id=?)"}},
		"short term":           {store.OrderFilter{Order: newest, Search: "zq"}, true, []string{"SCAN s VIRTUAL TABLE INDEX"}},
		"short, common term":   {store.OrderFilter{Order: newest, Search: "ma"}, true, []string{"USING COVERING INDEX orders_list (integration_id=?)"}},
		"common, by total":     {store.OrderFilter{Order: store.OrderBy{Field: store.ByTotalPrice}, Search: "medellín"}, true, []string{"USING INDEX orders_total (integration_id=?)"}},
		"rare status by total": {store.OrderFilter{Order: store.OrderBy{Field: store.ByTotalPrice}, FinancialStatus: "voided"}, true, []string{"USING COVERING INDEX orders_list (integration_id=?)"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := storetest.Open(t, store.Config{Dir: dir, Key: storetest.Key()}) // connections of its own
			store.TightenBounds(s, 50, 100, 10, 20, 20)
			c.filter.IntegrationID = id
			if c.count {
				sel := must(s.SelectOrders(t.Context(), c.filter))(t)
				must(sel.Page(t.Context(), 20, c.filter.Offset))(t)
			} else {
				must(s.Orders(t.Context(), c.filter))(t)
			}
			var plans []string
			for _, query := range must(store.KeptQueries(t.Context(), s))(t) {
				plan := must(store.Plan(t.Context(), s, query, make([]any, parameters(query))...))(t)
				for _, bad := range []string{"SCAN o", "SCAN d", "SCAN p", "AUTOMATIC"} {
					if strings.Contains(plan, bad) {
						t.Errorf("%s in the plan of %s\n%s", bad, query, plan)
					}
				}
				if strings.Contains(plan, "TEMP B-TREE") && !strings.Contains(plan, "USE TEMP B-TREE FOR GROUP BY") {
					t.Errorf("sorting in the plan of %s\n%s", query, plan)
				}
				plans = append(plans, plan)
			}
			all := strings.Join(plans, "\n")
			for _, want := range c.want {
				if !strings.Contains(all, want) {
					t.Errorf("got plans\n%s\nwant %s", all, want)
				}
			}
		})
	}
}

// parameters is how many parameters a query has.
func parameters(query string) int {
	n := 30
	for n > 0 && !strings.Contains(query, "$"+itoa(n)) {
		n--
	}
	return n + strings.Count(query, "?")
}

// plentiful makes a folder with more orders than any of the tightened bounds, and another store's beside.
func plentiful(t *testing.T, dir string) int64 {
	t.Helper()
	s := storetest.Open(t, store.Config{Dir: dir, Key: storetest.Key()})
	id := connect(t, s, uuid.New(), "a.myshopify.com")
	vs := manyVersions(0, 1100)
	for i := range vs {
		vs[i].Order.Raw = []byte("{}") // what is looked at are plans
	}
	put(t, s, id, vs...)
	put(t, s, id, version("1", noon, func(o *shopify.Order) { o.FinancialStatus = "voided" }))
	other := connect(t, s, uuid.New(), "b.myshopify.com")
	put(t, s, other, manyVersions(0, 100)...)
	return id
}

func expectPlan(t *testing.T, s *store.Store, name, want, query string, args ...any) {
	t.Helper()
	plan := must(store.Plan(t.Context(), s, query, args...))(t)
	if !strings.Contains(plan, want) || strings.Contains(plan, "TEMP B-TREE") || strings.Contains(plan, "SCAN o") || strings.Contains(plan, "SCAN d") {
		t.Errorf("%s: got plan\n%s\nwant %s and no sorting", name, plan, want)
	}
}
