package store_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"probability/shopify"
	"probability/store"
	"probability/store/storetest"
)

// texts reads rows of one text.
func texts(t *testing.T, s *store.Store, query string, args ...any) (out []string) {
	t.Helper()
	rows := must(s.Reader().QueryContext(t.Context(), query, args...))(t)
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		out = append(out, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// Both schemas have the same tables, with the same columns of the same kinds, and the same indexes, whoever adds to one of them.
func TestEngines_HaveTheSameSchema(t *testing.T) {
	t.Parallel()
	file, server := storetest.New(t), storetest.NewPostgres(t)
	// An identity is never NULL, and neither is what is a key by itself.
	columns := texts(t, file, `SELECT m.name || '.' || c.name || ' ' ||
			CASE c.type WHEN 'INTEGER' THEN 'number' WHEN 'BIGINT' THEN 'number' WHEN 'BLOB' THEN 'bytes' ELSE lower(c.type) END ||
			CASE WHEN c."notnull" OR c.pk THEN ' not null' ELSE '' END || CASE WHEN c.pk THEN ' key' ELSE '' END
		FROM sqlite_master m CROSS JOIN pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'river%' AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE 'order\_search%' ESCAPE '\' AND m.name <> 'schema_version' ORDER BY 1`)
	want := texts(t, server, `SELECT c.table_name || '.' || c.column_name || ' ' ||
			CASE c.data_type WHEN 'integer' THEN 'number' WHEN 'bigint' THEN 'number' WHEN 'bytea' THEN 'bytes' ELSE c.data_type END ||
			CASE c.is_nullable WHEN 'NO' THEN ' not null' ELSE '' END ||
			CASE WHEN EXISTS (SELECT 1 FROM information_schema.table_constraints k JOIN information_schema.key_column_usage u USING (constraint_schema, constraint_name)
				WHERE k.constraint_type = 'PRIMARY KEY' AND u.table_name = c.table_name AND u.column_name = c.column_name) THEN ' key' ELSE '' END
		FROM information_schema.columns c
		WHERE c.table_schema = 'public' AND c.table_name NOT LIKE 'river%' AND c.table_name NOT IN ('order_search', 'schema_version') ORDER BY 1`)
	slices.Sort(columns)
	slices.Sort(want)
	if diff := gocmp.Diff(want, columns); diff != "" || len(columns) < 200 {
		t.Errorf("%d columns; PostgreSQL has -, SQLite has +:\n%s", len(columns), diff)
	}
	indexes := texts(t, file, `SELECT name || CASE WHEN sql LIKE 'CREATE UNIQUE%' THEN ' unique' ELSE '' END || CASE WHEN sql LIKE '% WHERE %' THEN ' partial' ELSE '' END
		FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND name NOT LIKE 'river%' ORDER BY 1`)
	others := texts(t, server, `SELECT i.relname || CASE WHEN x.indisunique THEN ' unique' ELSE '' END || CASE WHEN x.indpred IS NOT NULL THEN ' partial' ELSE '' END
		FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_namespace n ON n.oid = i.relnamespace
		WHERE n.nspname = 'public' AND i.relname NOT LIKE 'river%' AND i.relname <> 'order_search_words'
			AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = x.indexrelid AND c.contype IN ('p', 'u')) ORDER BY 1`)
	slices.Sort(indexes)
	slices.Sort(others)
	if diff := gocmp.Diff(others, indexes); diff != "" || len(indexes) < 30 {
		t.Errorf("%d indexes; PostgreSQL has -, SQLite has +:\n%s", len(indexes), diff)
	}
	// Whoever compares or sorts texts must not meet the language of a database.
	if lax := texts(t, server, `SELECT table_name || '.' || column_name FROM information_schema.columns
		WHERE table_schema = 'public' AND data_type = 'text' AND table_name NOT LIKE 'river%' AND collation_name IS DISTINCT FROM 'C'`); len(lax) > 0 {
		t.Errorf("compared by a language: %v", lax)
	}
}

// Whatever texts there are, both engines list them in the same order and find the same.
func TestEngines_OrderTextsAlike(t *testing.T) {
	t.Parallel()
	both := [...]*store.Store{storetest.New(t), storetest.NewPostgres(t)}
	user := uuid.New()
	text := rapid.OneOf(rapid.SampledFrom([]string{"a", "A", "á", "Z", "z", "ñ", "Ñ", "n~", "_", "-", " ", "é", "e\u0301", "ß", "ss", "😀", "漢"}), rapid.StringN(1, 4, -1))
	shops := 0
	storetest.Check(t, both[1], func(rt *rapid.T) {
		statuses := rapid.SliceOfNDistinct(text, 1, 8, func(s string) string { return s }).Draw(rt, "statuses")
		shops++
		var lists [2][]string
		for e, s := range both {
			id := connect(rt, s, user, fmt.Sprintf("%d.myshopify.com", shops))
			vs := make([]store.Version, len(statuses))
			for i, status := range statuses {
				vs[i] = version(itoa(i), noon, func(o *shopify.Order) {
					o.FinancialStatus = strings.ToValidUTF8(strings.ReplaceAll(status, "\x00", "0"), "?")
				})
			}
			put(rt, s, id, vs...)
			for _, d := range must(s.DayStats(rt.Context(), id, noon.AddDate(0, 0, -1), noon))(rt) {
				lists[e] = append(lists[e], d.FinancialStatus)
			}
			for _, status := range statuses {
				lists[e] = append(lists[e], itoa(must(s.CountOrders(rt.Context(), store.OrderFilter{IntegrationID: id, FinancialStatus: status}))(rt)))
			}
			update(rt, s, func(ctx context.Context, tx *store.Tx) (err error) {
				for _, status := range statuses {
					err = errors.Join(err, tx.PutProblem(ctx, id, store.Problem{Code: strings.ReplaceAll(status, "\x00", "0"), Since: noon}))
				}
				return err
			})
			for _, p := range must(s.Problems(rt.Context(), []int64{id}))(rt)[id] {
				lists[e] = append(lists[e], p.Code)
			}
		}
		if diff := gocmp.Diff(lists[0], lists[1]); diff != "" {
			rt.Fatalf("SQLite has -, PostgreSQL has +:\n%s", diff)
		}
	})
}

// Both engines end with the same rows after the same work.
func TestEngines_KeepTheSameRows(t *testing.T) {
	t.Parallel()
	var kept [2]map[string][]string
	for e, s := range [...]*store.Store{storetest.New(t), storetest.NewPostgres(t)} {
		s.ReadWith(1, readTest)
		id := connect(t, s, uuid.MustParse("01890000-0000-7000-8000-000000000001"), "a.myshopify.com")
		for n := range 3 {
			vs := manyVersions(n*40, 60) // some twice
			for i := range vs {
				vs[i].Order.Phone, vs[i].Order.Province = itoa(i%7), []string{"", "Valle", "Ñu"}[i%3]
			}
			put(t, s, id, vs...)
		}
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.DeleteOrder(ctx, id, itoa(5_000_000_000_005), noon)
			return err
		})
		rateDue(t, s, id, 17)
		kept[e] = make(map[string][]string)
		for table, columns := range map[string]string{
			"orders":          `platform_order_id || '|' || version_at || '|' || observed_at || '|' || listed_at || '|' || COALESCE(total_millionths, -1) || '|' || COALESCE(delivery_probability, '') || '|' || search_text`,
			"order_days":      `day || '|' || financial_status || '|' || fulfillment_status || '|' || currency || '|' || delivery_probability || '|' || orders || '|' || revenue_high || '|' || revenue_low`,
			"order_totals":    `bucket || '|' || orders`,
			"order_places":    `days || '|' || span || '|' || province || '|' || city || '|' || orders`,
			"order_facts":     `placed_at || '|' || outcome || '|' || due || '|' || delivered || '|' || failed || '|' || earlier || '|' || recent`,
			"order_outlooks":  `day || '|' || payment || '|' || delivery_probability || '|' || outcome || '|' || orders`,
			"outcome_counts":  `outcome || '|' || reported || '|' || orders`,
			"score_days":      `day || '|' || orders || '|' || points`,
			"order_payloads":  `codec || ''`,
			"webhook_habits":  `topic`,
			"order_outcomes":  `id`,
			"customer_marks":  `key || ''`,
			"outcome_imports": `id`,
		} {
			kept[e][table] = slices.SortedFunc(slices.Values(texts(t, s, `SELECT `+columns+` FROM `+table)), cmp.Compare[string])
		}
	}
	for table := range maps.Keys(kept[0]) {
		if diff := gocmp.Diff(kept[0][table], kept[1][table]); diff != "" {
			t.Errorf("%s: SQLite has -, PostgreSQL has +:\n%s", table, diff)
		}
	}
	if len(kept[0]["orders"]) != 140 {
		t.Errorf("%d orders", len(kept[0]["orders"]))
	}
}
