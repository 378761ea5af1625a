package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"probability/shopify"
	"probability/store"
	"probability/store/storetest"
)

// choices are values for columns that take only some.
var choices = map[string]string{
	"audits.cause": "manual", "audits.state": "completed", "imports.field": "created_at", "imports.kind": "initial", "imports.state": "completed", "imports.way": "rest",
	"order_marks.scope": "order", "order_outcomes.source": "api", "privacy_requests.state": "open", "privacy_requests.topic": "customers/redact",
	"integrations.auth": "token", "deliveries.state": "pending", "score_models.state": "live", "suppressions.kind": "email",
}

// fillEveryTable puts a row into each table that has none, whatever tables there will be. It gives the tables.
func fillEveryTable(t *testing.T, s *store.Store, integration int64) (tables []string) {
	t.Helper()
	column := func(query string, args ...any) (out []string) {
		found := must(s.Writer().QueryContext(t.Context(), query, args...))(t)
		defer found.Close()
		for found.Next() {
			var v string
			if err := found.Scan(&v); err != nil {
				t.Fatal(err)
			}
			out = append(out, v)
		}
		if err := found.Err(); err != nil {
			t.Fatal(err)
		}
		return out
	}
	var order, delivery int64
	user := column(`SELECT id FROM users`)[0]
	for _, table := range column(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'river%' AND name NOT LIKE 'order_search%'
		AND name NOT LIKE 'sqlite_%' AND name <> 'schema_version' ORDER BY rowid`) {
		tables = append(tables, table)
		if rows(t, s, table, "true") > 0 {
			continue
		}
		_ = s.Writer().QueryRowContext(t.Context(), `SELECT max(id) FROM orders`).Scan(&order)
		_ = s.Writer().QueryRowContext(t.Context(), `SELECT COALESCE(max(seq), 0) FROM deliveries`).Scan(&delivery)
		names, kinds := column(`SELECT name FROM pragma_table_info($1) ORDER BY cid`, table), column(`SELECT type FROM pragma_table_info($1) ORDER BY cid`, table)
		var values []any
		for i, name := range names {
			switch kind := strings.ToUpper(kinds[i]); {
			case choices[table+"."+name] != "":
				values = append(values, choices[table+"."+name])
			case name == "integration_id":
				values = append(values, integration)
			case name == "order_id":
				values = append(values, order)
			case table == "order_deliveries" && name == "seq":
				values = append(values, delivery)
			case name == "user_id":
				values = append(values, user)
			case name == "id" && kind == "TEXT":
				values = append(values, uuid.NewString())
			case kind == "BLOB":
				values = append(values, []byte{0, 1, 0xff})
			case kind == "TEXT":
				values = append(values, "ñ \U0001f600 '\"\\\n")
			case kind == "REAL":
				values = append(values, 0.1)
			default:
				values = append(values, 1)
			}
		}
		if _, err := s.Writer().ExecContext(t.Context(), `INSERT INTO "`+table+`" VALUES (?`+strings.Repeat(", ?", len(names)-1)+`)`, values...); err != nil {
			t.Fatalf("%s: %v", table, err)
		}
	}
	return tables
}

// movable is a folder with something in every table, and with a store whose orders have been there.
func movable(t *testing.T) (cfg store.Config, integration int64, tables []string) {
	t.Helper()
	cfg = storetest.Config(t)
	s := must(store.Open(t.Context(), cfg, quiet()))(t)
	id := filled(t, s, 120)
	put(t, s, id, version("odd", noon, func(o *shopify.Order) { o.CustomerName = "zero\x00 byte" }))
	tables = fillEveryTable(t, s, id)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return cfg, id, tables
}

func onServer(t *testing.T, url, statement string, args ...any) {
	t.Helper()
	conn := must(pgx.Connect(t.Context(), url))(t)
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func TestMove_CarriesEverythingOver(t *testing.T) {
	t.Parallel()
	cfg, id, tables := movable(t)
	url := storetest.EmptyPostgres(t)
	told := map[string]int64{}
	m := must(store.Move(t.Context(), cfg, url, func(stage string, done, total int64) {
		if done < told[stage] || done > total {
			t.Errorf("%s: %d of %d after %d", stage, done, total, told[stage])
		}
		told[stage] = done
	}, quiet()))(t)
	if told[store.StageRows] != m.Rows() || told[store.StageVerify] != m.Rows() || m.Altered == 0 {
		t.Errorf("told of %v and %d altered texts, want %d rows", told, m.Altered, m.Rows())
	}
	from := storetest.Open(t, cfg) // it is as it was, and may be opened
	there := cfg
	there.URL = url
	to := storetest.Open(t, there)
	for _, table := range tables {
		if got, want := rows(t, to, table, "true"), rows(t, from, table, "true"); got != want || got == 0 || m.Of(table) != int64(want) {
			t.Errorf("%s has %d rows (told: %d), want %d", table, got, m.Of(table), want)
		}
	}
	mustOpen(t, "moved", to, id)
	f := store.OrderFilter{IntegrationID: id, Limit: 100}
	want, got := must(from.Orders(t.Context(), f))(t), must(to.Orders(t.Context(), f))(t)
	for i, o := range want {
		if got[i].ID != o.ID || got[i].Order.ID != o.Order.ID {
			t.Fatalf("order %d is %d, want %d", i, got[i].ID, o.ID)
		}
		if there, here := must(to.Order(t.Context(), id, o.ID))(t), must(from.Order(t.Context(), id, o.ID))(t); !bytes.Equal(there.Raw, here.Raw) || len(here.Raw) == 0 {
			t.Errorf("order %d has another payload", o.ID)
		}
	}
	f.Search = "nadia"
	if n := must(to.CountOrders(t.Context(), f))(t); n != must(from.CountOrders(t.Context(), f))(t) || n == 0 {
		t.Errorf("the search finds %d orders", n)
	}
	// New rows get numbers that none has had.
	put(t, to, id, version("new", noon, nil))
	put(t, from, id, version("new", noon, nil))
	if got, want := newest(t, to), newest(t, from); got != want {
		t.Errorf("the next order has the number %d, want %d", got, want)
	}
}

func newest(t *testing.T, s *store.Store) (id int64) {
	t.Helper()
	if err := s.Reader().QueryRowContext(t.Context(), `SELECT max(id) FROM orders`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestMove_NumbersOfDeletedRowsAreNotGivenAgain(t *testing.T) {
	t.Parallel()
	cfg := storetest.Config(t)
	s := must(store.Open(t.Context(), cfg, quiet()))(t)
	id := filled(t, s, 30)
	last := newest(t, s)
	if _, err := s.Writer().ExecContext(t.Context(), `DELETE FROM orders WHERE id > $1`, last-10); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	url := storetest.EmptyPostgres(t)
	must(store.Move(t.Context(), cfg, url, untold, quiet()))(t)
	cfg.URL = url
	to := storetest.Open(t, cfg)
	put(t, to, id, version("new", noon, nil))
	if got := newest(t, to); got != last+1 {
		t.Errorf("the next order has the number %d, want %d", got, last+1)
	}
}

func TestMove_RefusesWhatItCannotDo(t *testing.T) {
	t.Parallel()
	cfg, _, _ := movable(t)
	refused := func(what string, cfg store.Config, url string, want error) {
		t.Helper()
		if _, err := store.Move(t.Context(), cfg, url, untold, quiet()); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", what, err, want)
		}
	}
	empty := storetest.EmptyPostgres(t)
	refused("no folder", store.Config{Dir: t.TempDir() + "/none", Key: storetest.Key()}, empty, store.ErrNothingToMove)
	foreign := storetest.EmptyPostgres(t)
	onServer(t, foreign, `CREATE TABLE theirs (id INT)`)
	refused("another program's database", cfg, foreign, store.ErrTargetTaken)
	taken := storetest.Config(t)
	taken.URL = storetest.Postgres(t)
	filled(t, storetest.Open(t, taken), 1)
	refused("an installation", cfg, taken.URL, store.ErrTargetTaken)
	service := storetest.Open(t, cfg)
	refused("a service runs", cfg, empty, store.ErrFolderInUse)
	if err := service.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

// A move that is stopped leaves the folder as it was, and a target that no service takes for an installation. The next one of the same
// folder begins anew, with what is in it by then.
func TestMove_StoppedIsSeenAndBeginsAnew(t *testing.T) {
	t.Parallel()
	cfg, id, _ := movable(t)
	url := storetest.EmptyPostgres(t)
	for _, stage := range []string{store.StageRows, store.StageVerify} {
		ctx, stop := context.WithCancel(t.Context())
		_, err := store.Move(ctx, cfg, url, func(at string, _, _ int64) {
			if at == stage {
				stop()
			}
		}, quiet())
		stop()
		if stage == store.StageRows && err == nil {
			t.Fatal("it was not stopped")
		}
		there := cfg
		if there.URL = url; err != nil {
			if _, err := store.Open(t.Context(), there, quiet()); !errors.Is(err, store.ErrMoveUnfinished) {
				t.Errorf("stopped at %s: a service starts there: %v", stage, err)
			}
		}
		if stage == store.StageRows {
			other, _, _ := movable(t)
			if _, err := store.Move(t.Context(), other, url, untold, quiet()); !errors.Is(err, store.ErrTargetTaken) {
				t.Errorf("another installation moves there: %v", err)
			}
			s := must(store.Open(t.Context(), cfg, quiet()))(t)
			put(t, s, id, version("later", noon, nil))
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := store.Move(t.Context(), cfg, url, untold, quiet()); err != nil {
		t.Fatal(err)
	}
	cfg.URL = url
	to := storetest.Open(t, cfg)
	if n := rows(t, to, "orders", "platform_order_id = 'later'"); n != 1 {
		t.Errorf("%d orders of after the first move, want 1", n)
	}
}

// Whatever differs when everything is read back is told, and no service starts on it.
func TestMove_TellsWhatDiffers(t *testing.T) {
	t.Parallel()
	cfg, _, _ := movable(t)
	for what, change := range map[string]string{
		"a text":            `UPDATE orders SET customer_name = customer_name || ' ' WHERE id = (SELECT min(id) FROM orders)`,
		"a byte":            `UPDATE order_payloads SET body = set_byte(body, 3, (get_byte(body, 3) + 1) % 256) WHERE order_id = (SELECT min(id) FROM orders)`,
		"a number":          `UPDATE imports SET fetched = fetched + 1`,
		"nothing for zero":  `UPDATE imports SET total = NULL`,
		"a row less":        `DELETE FROM backups`,
		"the search of one": `DELETE FROM order_search WHERE order_id = (SELECT min(id) FROM orders)`,
	} {
		url := storetest.EmptyPostgres(t)
		_, err := store.Move(t.Context(), cfg, url, func(stage string, done, total int64) {
			if stage == store.StageRows && done == total {
				onServer(t, url, change)
			}
		}, quiet())
		if !errors.Is(err, store.ErrMoveDiffers) {
			t.Errorf("%s: got %v, want %v", what, err, store.ErrMoveDiffers)
		}
		there := cfg
		there.URL = url
		if _, err := store.Open(t.Context(), there, quiet()); !errors.Is(err, store.ErrMoveUnfinished) {
			t.Errorf("%s: a service starts there: %v", what, err)
		}
	}
}

func BenchmarkMove(b *testing.B) {
	const orders = 20_000
	cfg := storetest.Config(b)
	s, err := store.Open(b.Context(), cfg, quiet())
	if err != nil {
		b.Fatal(err)
	}
	id := connect(b, s, uuid.New(), "a.myshopify.com")
	for n := range orders / 200 {
		var vs []store.Version
		for i := range 200 {
			vs = append(vs, version(fmt.Sprint(n*200+i), noon, nil))
		}
		put(b, s, id, vs...)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		b.StopTimer()
		url := storetest.EmptyPostgres(b)
		b.StartTimer()
		if _, err := store.Move(b.Context(), cfg, url, untold, quiet()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*orders/b.Elapsed().Seconds(), "orders/s")
}
