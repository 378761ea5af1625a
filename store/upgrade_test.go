package store_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/klauspost/compress/zstd"

	"probability/store"
	"probability/store/storetest"
)

// A folder of the first version, with everything in it that later steps touch.
func TestOpen_BringsAFolderOfTheFirstVersionUpToDate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/data"
	db := must(store.OldSchema(t.Context(), dir))(t)
	exec := func(query string, args ...any) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec(`INSERT INTO integrations (id, user_id, store_name, auth, client_id, active, permissions, created_at, updated_at, served_version, webhook_address, webhook_topics)
		VALUES (7, 'u', 'a.myshopify.com', 'token', '', TRUE, '[]', 0, 0, '', '', '[]')`)
	body := []byte(`{"id":1,"note":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}`)
	enc := must(zstd.NewWriter(nil))(t) // without a dictionary, as the first version packed
	packed := enc.EncodeAll(body, nil)
	day := 24 * time.Hour.Milliseconds()
	at := noon.UnixMilli()
	for _, o := range []struct {
		id              int
		created         any
		deleted         any
		financial, text string
		total, score    any
	}{
		{1, at, nil, "paid", "#1\x1f1\x1fana ñandú", 10_000_000, 81.0},
		{2, at + day, nil, "paid", "#2\x1f2\x1fjosé", nil, nil},
		{3, nil, nil, "pending", "#3\x1f3\x1fana", 5_000_000, 0.0},
		{4, at, at, "paid", "#4\x1f4\x1fana", 1_000_000, 99.0},
		{5, -at, nil, "paid", "#5\x1f5\x1fold", 9_000_000_000_000_000, 7.0},
	} {
		listed := o.created
		if listed == nil {
			listed = at
		}
		exec(`INSERT INTO orders (id, integration_id, platform, platform_order_id, version_at, observed_at, digest, imported_at, listed_at, created_at, deleted_at,
				order_number, total_millionths, currency, financial_status, test, search_text, delivery_score)
			VALUES ($1, 7, 'shopify', $2, 0, 0, x'', $3, $4, $5, $6, $7, $8, 'COP', $9, FALSE, $10, $11)`,
			o.id, itoa(o.id), at, listed, o.created, o.deleted, "#"+itoa(o.id), o.total, o.financial, o.text, o.score)
		exec(`INSERT INTO order_payloads VALUES ($1, 1, $2)`, o.id, packed)
	}
	later, earlier := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	for id, received := range map[uuid.UUID]int64{later: at + 5, earlier: at} {
		exec(`INSERT INTO deliveries (id, integration_id, webhook_id, event_id, topic, api_version, received_at, state, attempts, error_code, error_detail, codec, body)
			VALUES ($1, 7, $1, 'e', 'orders/create', '', $2, 'pending', 0, '', '', 1, $3)`, id.String(), received, packed)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	for range 2 { // the second time there is nothing left to do
		s := must(store.Open(t.Context(), store.Config{Dir: dir, Key: storetest.Key()}, quiet()))(t)
		if wrong := must(store.CheckSums(t.Context(), s))(t); wrong != nil {
			t.Errorf("sums: %v", wrong)
		}
		if n := must(store.Indexed(t.Context(), s, 7))(t); n != 4 {
			t.Errorf("%d orders are in the search index, want 4", n)
		}
		store.TightenBounds(s, 100, 1, 1, 100, 100)
		if found := must(s.Orders(t.Context(), store.OrderFilter{IntegrationID: 7, Search: "ana"}))(t); len(found) != 2 {
			t.Errorf("search finds %d, want 2", len(found))
		}
		if n := must(s.CountOrders(t.Context(), store.OrderFilter{IntegrationID: 7, FinancialStatus: "paid", Since: noon}))(t); n != 2 {
			t.Errorf("%d paid since noon, want 2", n)
		}
		scores := must(s.DayScores(t.Context(), 7, noon.AddDate(-200, 0, 0), noon.AddDate(0, 0, 9)))(t)
		if len(scores) != 2 || scores[0].Points != 7 || scores[1].Orders != 2 || scores[1].Points != 81 || !scores[1].Day.Equal(noon.Truncate(24*time.Hour)) {
			t.Errorf("scores of days %+v", scores)
		}
		if o := must(s.Order(t.Context(), 7, 1))(t); string(o.Raw) != string(body) {
			t.Errorf("payload %q", o.Raw)
		}
		due := must(s.PendingDeliveries(t.Context(), 7, noon.Add(time.Hour), 0, 9))(t)
		if len(due) != 2 || due[0].ID != earlier || due[1].ID != later || string(due[0].Body) != string(body) {
			t.Errorf("got deliveries %v", due)
		}
		if d := must(s.Delivery(t.Context(), 7, later))(t); d.WebhookID != later.String() || d.Topic != "orders/create" {
			t.Errorf("got %+v", d)
		}
		s.ReadWith(1, readTest)
		unread, next, err := s.UnreadOrders(t.Context(), 7, 100)
		if err != nil || len(unread) != 4 || next != 0 || string(unread[0].Raw) != string(body) {
			t.Errorf("%d orders are to be read for their score, next %d, %v", len(unread), next, err)
		}
		var mode int
		if err := s.Writer().QueryRowContext(t.Context(), `PRAGMA auto_vacuum`).Scan(&mode); err != nil || mode != 2 {
			t.Errorf("auto_vacuum %d, %v", mode, err)
		}
		var state string
		if err := s.Writer().QueryRowContext(t.Context(), `PRAGMA integrity_check`).Scan(&state); err != nil || state != "ok" {
			t.Errorf("integrity: %s, %v", state, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A folder of a version before has neither the scores of days nor the counts of sources: they are made from what is there.
func TestOpen_FillsTheSumsThatAFolderHadNot(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/data"
	cfg := store.Config{Dir: dir, Key: storetest.Key(), Exclusive: true}
	s := must(store.Open(t.Context(), cfg, quiet()))(t)
	s.ReadWith(1, readTest)
	ids := []int64{connect(t, s, uuid.New(), "a.myshopify.com"), connect(t, s, uuid.New(), "b.myshopify.com")}
	for _, id := range ids {
		fillScores(t, s, id)
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.DeleteOrder(ctx, id, "3", noon)
			return err
		})
	}
	sources, scores := must(s.SourceCounts(t.Context(), ids[1]))(t), must(s.DayScores(t.Context(), ids[1], noon.AddDate(0, 0, -9), noon.AddDate(0, 0, 9)))(t)
	if len(sources) == 0 || len(scores) < 2 {
		t.Fatalf("%v and %v, so the test proves nothing", sources, scores)
	}
	for _, step := range []string{
		`ALTER TABLE imports DROP COLUMN way`, `ALTER TABLE imports DROP COLUMN withheld`,
		`ALTER TABLE integrations DROP COLUMN orders_way`, `ALTER TABLE integrations DROP COLUMN rest_due_at`,
		`DROP TABLE score_days`, `DROP TABLE outcome_sources`,
		`DROP TABLE setup_links`, `DROP TABLE guesses`, `DROP TABLE attempts`, `DROP TABLE held_reports`, `DELETE FROM schema_version WHERE version_id >= 14`,
		`CREATE INDEX order_outcomes_counts ON order_outcomes (integration_id, source, outcome) WHERE counts`,
	} {
		if _, err := s.Writer().ExecContext(t.Context(), step); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = storetest.Open(t, cfg)
	expectSound(t, s)
	if got := must(s.SourceCounts(t.Context(), ids[1]))(t); !slices.Equal(got, sources) {
		t.Errorf("sources %v, want %v", got, sources)
	}
	if got := must(s.DayScores(t.Context(), ids[1], noon.AddDate(0, 0, -9), noon.AddDate(0, 0, 9)))(t); !slices.Equal(got, scores) {
		t.Errorf("scores %v, want %v", got, scores)
	}
}
