package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"probability/shopify"
	"probability/store"
	"probability/store/storetest"
)

// servers opens a database as two processes do, each with a folder of its own.
func servers(t *testing.T) (a, b *store.Store) {
	t.Helper()
	cfg := storetest.PostgresConfig(t)
	other := cfg
	other.Dir = t.TempDir() + "/other"
	return storetest.Open(t, cfg), storetest.Open(t, other)
}

// Two processes add up, each reading before it writes. With two writers at once some of it would be lost.
func TestServer_OneWriterOfAllProcesses(t *testing.T) {
	t.Parallel()
	a, b := servers(t)
	update(t, a, func(ctx context.Context, tx *store.Tx) error {
		return store.ExecTx(ctx, tx, `INSERT INTO meta (name, value) VALUES ('sum', '0')`)
	})
	const each = 40
	var wg sync.WaitGroup
	for _, s := range []*store.Store{a, b, a, b} {
		wg.Go(func() {
			for range each {
				err := s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
					n, err := store.Number(ctx, tx, `SELECT convert_from(value, 'UTF8')::bigint FROM meta WHERE name = 'sum'`)
					if err != nil {
						return err
					}
					return store.ExecTx(ctx, tx, `UPDATE meta SET value = $1 WHERE name = 'sum'`, []byte(fmt.Sprint(n+1)))
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	var n int
	if err := a.Reader().QueryRowContext(t.Context(), `SELECT convert_from(value, 'UTF8')::bigint FROM meta WHERE name = 'sum'`).Scan(&n); err != nil || n != 4*each {
		t.Errorf("got %d, %v, want %d", n, err, 4*each)
	}
}

// Whoever waits for a writer that does not end gives up soon enough to tell the sender, and can write once it has ended. Readers do not
// wait at all.
func TestServer_NobodyWaitsForEver(t *testing.T) {
	t.Parallel()
	a, b := servers(t)
	pid := backend(t, b)
	held, end := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- a.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			close(held)
			<-end
			return tx.InsertUser(ctx, newUser())
		})
	}()
	<-held
	begun := time.Now()
	err := b.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error { return tx.InsertUser(ctx, newUser()) })
	if took := time.Since(begun); !store.Unavailable(err) || took < 3*time.Second || took > patience {
		t.Errorf("after %s: %v, want that it is unavailable", took, err)
	}
	if n := must(b.CountUsers(t.Context()))(t); n != 0 {
		t.Errorf("%d users are seen before the commit", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Update(ctx, func(context.Context, *store.Tx) error { return nil }); !errors.Is(err, context.Canceled) || store.Unavailable(err) {
		t.Errorf("given up: got %v", err)
	}
	close(end)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if now := backend(t, b); now != pid {
		t.Errorf("the connection %d was given up for want of a place, and %d is another one", pid, now)
	}
	update(t, b, func(ctx context.Context, tx *store.Tx) error { return tx.InsertUser(ctx, newUser()) })
	if n := must(a.CountUsers(t.Context()))(t); n != 2 {
		t.Errorf("%d users, want 2", n)
	}
}

// backend is the number of the server's process behind the connection that writes.
func backend(t *testing.T, s *store.Store) (pid int64) {
	t.Helper()
	update(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
		pid, err = store.Number(ctx, tx, `SELECT pg_backend_pid()`)
		return err
	})
	return pid
}

// What is taken back is taken back on its connection. Closing that would do as well, but the server notices it later: until then the
// place of the writer is taken, and making another connection takes longer than most transactions.
func TestServer_WhatIsTakenBackKeepsItsConnection(t *testing.T) {
	t.Parallel()
	a, b := servers(t)
	pid, unwanted := backend(t, a), errors.New("unwanted")
	for name, fn := range map[string]func(ctx context.Context, tx *store.Tx) error{
		"an error":    func(context.Context, *store.Tx) error { return unwanted },
		"a statement": func(ctx context.Context, tx *store.Tx) error { return store.ExecTx(ctx, tx, `SELECT no_such_column`) },
		"a panic":     func(context.Context, *store.Tx) error { panic(unwanted) },
	} {
		err := func() (err error) {
			defer func() {
				if r := recover(); r != nil {
					err = unwanted
				}
			}()
			return a.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				if err := tx.InsertUser(ctx, newUser()); err != nil {
					return err
				}
				return fn(ctx, tx)
			})
		}()
		if err == nil {
			t.Errorf("%s: it went well", name)
		}
		if n := must(b.CountUsers(t.Context()))(t); n != 0 {
			t.Errorf("%s: %d users are kept", name, n)
		}
		begun := time.Now()
		if err := b.Ping(t.Context()); err != nil || time.Since(begun) > 4*time.Second {
			t.Errorf("%s: the other one waits for the place for %s: %v", name, time.Since(begun), err)
		}
		if now := backend(t, a); now != pid {
			t.Errorf("%s: the connection is %d, want %d as before", name, now, pid)
		}
	}
}

func TestServer_ALostConnectionKeepsNothingAndIsReplaced(t *testing.T) {
	t.Parallel()
	a, b := servers(t)
	for name, fn := range map[string]func(ctx context.Context, tx *store.Tx) error{
		"in a statement": func(ctx context.Context, tx *store.Tx) error {
			return store.ExecTx(ctx, tx, `SELECT pg_terminate_backend(pg_backend_pid())`)
		},
		"before the commit": func(ctx context.Context, tx *store.Tx) error {
			pid, err := store.Number(ctx, tx, `SELECT pg_backend_pid()`)
			if err != nil {
				return err
			}
			var ended bool // waits until it has ended
			return b.Reader().QueryRowContext(context.WithoutCancel(ctx), `SELECT pg_terminate_backend($1, 10000)`, pid).Scan(&ended)
		},
	} {
		err := a.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			if err := tx.InsertUser(ctx, newUser()); err != nil {
				return err
			}
			return fn(ctx, tx)
		})
		if !store.Unavailable(err) {
			t.Errorf("%s: got %v, want that it is unavailable", name, err)
		}
		if n := must(b.CountUsers(t.Context()))(t); n != 0 {
			t.Errorf("%s: %d users are kept", name, n)
		}
		if err := a.Ping(t.Context()); err != nil {
			t.Errorf("%s: afterwards: %v", name, err)
		}
	}
	err := a.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		return store.ExecTx(ctx, tx, `SELECT no_such_column FROM meta`)
	})
	if err == nil || store.Unavailable(err) {
		t.Errorf("a wrong statement: got %v", err)
	}
}

// What a transaction meets and passes over does not become part of it: Try takes it back, and without Try nothing is kept.
func TestServer_AnErrorThatIsPassedOverKeepsNothing(t *testing.T) {
	t.Parallel()
	s := storetest.NewPostgres(t)
	u := newUser()
	twice := func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertUser(ctx, u); err != nil {
			return err
		}
		if err := tx.InsertUser(ctx, u); !errors.Is(err, store.ErrConflict) {
			t.Errorf("got %v, want ErrConflict", err)
		}
		return nil
	}
	if err := s.Update(t.Context(), twice); err == nil {
		t.Error("a transaction that had failed was committed")
	}
	if n := must(s.CountUsers(t.Context()))(t); n != 0 {
		t.Errorf("%d users are kept", n)
	}
}

// The server says that its disk is full, and later that it is not.
func TestServer_FullDisk(t *testing.T) {
	t.Parallel()
	s := storetest.NewPostgres(t)
	for _, statement := range []string{
		`CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = 'disk_full'; END $$`,
		`CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON meta FOR EACH ROW EXECUTE FUNCTION full_disk()`,
	} {
		if _, err := s.Writer().ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Ping(t.Context()); !store.Unavailable(err) || !s.OutOfRoom() {
		t.Errorf("got %v, out of room: %v", err, s.OutOfRoom())
	}
	if err := s.TryRoom(t.Context()); err == nil || !s.OutOfRoom() {
		t.Errorf("room is found where there is none: %v", err)
	}
	if _, err := s.Writer().ExecContext(t.Context(), `DROP TRIGGER full_disk ON meta`); err != nil {
		t.Fatal(err)
	}
	if err := s.TryRoom(t.Context()); err != nil || s.OutOfRoom() {
		t.Errorf("no room is found: %v", err)
	}
}

// What was deleted lies in the tables for as long as a transaction that began before may still look at it.
func TestCleanLog_WaitsForWhoSeesWhatIsGone(t *testing.T) {
	t.Parallel()
	s := storetest.NewPostgres(t)
	connect(t, s, uuid.New(), "a.myshopify.com")
	reader := must(s.ReadPool().BeginTx(t.Context(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead}))(t)
	defer func() { _ = reader.Rollback(context.WithoutCancel(t.Context())) }()
	var n int
	if err := reader.QueryRow(t.Context(), `SELECT count(*) FROM integrations`).Scan(&n); err != nil || n != 1 {
		t.Fatalf("the reader sees %d, %v", n, err)
	}
	connect(t, s, uuid.New(), "b.myshopify.com")
	if done := must(s.CleanLog(t.Context()))(t); done {
		t.Error("it does not wait for a reader")
	}
	if err := reader.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if done := must(s.CleanLog(t.Context()))(t); !done {
		t.Error("it waits for nobody")
	}
}

func TestServer_IsItsOperators(t *testing.T) {
	t.Parallel()
	cfg := storetest.PostgresConfig(t)
	s := storetest.Open(t, cfg)
	if _, err := s.Backup(t.Context(), t.TempDir()+"/backup", "test", func(string, int64, int64) {}); !errors.Is(err, store.ErrServersOwn) {
		t.Errorf("backup: got %v, want ErrServersOwn", err)
	}
	if _, err := store.Restore(t.Context(), cfg, t.TempDir()+"/backup", func(string, int64, int64) {}, quiet()); !errors.Is(err, store.ErrServersOwn) {
		t.Errorf("restore: got %v, want ErrServersOwn", err)
	}
	if _, err := s.Space(); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("space: got %v, want ErrUnsupported", err)
	}
	if database, log, err := s.Sizes(t.Context()); err != nil || database < 1<<20 || log != 0 {
		t.Errorf("sizes %d, %d, %v", database, log, err)
	}
	for more := true; more; {
		more = must(s.GiveBack(t.Context()))(t)
	}
	if done := must(s.CleanLog(t.Context()))(t); !done {
		t.Error("the log is not clean")
	}
	for begun := time.Now(); ; { // the server counts a moment later
		var cleaned int
		if err := s.Writer().QueryRowContext(t.Context(), `SELECT count(*) FROM pg_stat_user_tables WHERE vacuum_count > 0 AND relname = ANY ($1)`, store.OfPeople).Scan(&cleaned); err != nil {
			t.Fatal(err)
		}
		if cleaned == len(store.OfPeople) && cleaned > 9 {
			break
		}
		if time.Since(begun) > patience {
			t.Fatalf("%d of %d tables are cleaned", cleaned, len(store.OfPeople))
		}
	}
	c := must(store.Examine(t.Context(), cfg, false))(t)
	if c.Engine != store.PostgreSQL || c.Err != nil || c.Key != nil || c.KeyID == "" || c.Bytes == 0 || c.Schema != c.KnownSchema || c.Queue != c.KnownQueue || len(c.Open) > 0 {
		t.Errorf("got %+v", c)
	}
	cfg.Key = []byte("ffffffffffffffffffffffffffffffff")
	if c := must(store.Examine(t.Context(), cfg, false))(t); !errors.Is(c.Key, store.ErrWrongKey) {
		t.Errorf("with another key: %v", c.Key)
	}
	cfg.URL = strings.Replace(cfg.URL, "probability_test_", "nothing_", 1)
	if c := must(store.Examine(t.Context(), cfg, false))(t); c.Err == nil {
		t.Error("a database that is not there has no error")
	}
}

// Texts that this engine does not take as they are, and such as no index takes, are stored all the same, and the payload as it came.
func TestServer_TakesEveryText(t *testing.T) {
	t.Parallel()
	s := storetest.NewPostgres(t)
	id := connect(t, s, uuid.New(), "a.myshopify.com")
	long := longText(1) + longText(2)
	odd := func(n string, edit func(*shopify.Order)) store.Version { return version(n, noon, edit) }
	vs := []store.Version{
		odd("1", func(o *shopify.Order) {
			o.FinancialStatus, o.City, o.CustomerName = "a\x00b", "Cali\x00", "Ana\xff\x00 Pérez"
		}),
		odd("2", func(o *shopify.Order) { o.FinancialStatus, o.City = "a\uFFFDb", "Cali\uFFFD" }), // the same row of the sums
		odd("3", func(o *shopify.Order) {
			o.FinancialStatus, o.FulfillmentStatus, o.Currency = long, long+"x", long+"y"
			o.Number, o.CustomerEmail, o.City, o.Province, o.Address = long, long+"@example.com", long, long, long
		}),
		odd(long+"\x00\xff", nil),
		odd("4", func(o *shopify.Order) { o.CustomerEmail = strings.Repeat("ñ", 1500) + "@example.com" }),
	}
	for range 2 {
		put(t, s, id, vs...)
		for i := range vs {
			vs[i].ObservedAt, vs[i].Order.UpdatedAt = vs[i].ObservedAt.Add(time.Hour), vs[i].Order.UpdatedAt.Add(time.Hour)
		}
	}
	for search, want := range map[string]int{"ana": 1, "pérez": 1, long[100:140]: 2, "ñññ": 1, "": 5} {
		if found := must(s.Orders(t.Context(), store.OrderFilter{IntegrationID: id, Search: search}))(t); len(found) != want {
			t.Errorf("%.20q finds %d, want %d", search, len(found), want)
		}
	}
	for _, filter := range []string{"a\x00b", "\xff", "'", long} {
		must(s.SelectOrders(t.Context(), store.OrderFilter{IntegrationID: id, FinancialStatus: filter}))(t)
	}
	expectSound(t, s)
	update(t, s, func(ctx context.Context, tx *store.Tx) error {
		outcome, err := tx.DeleteOrder(ctx, id, long+"\x00\xff", noon)
		if err == nil && outcome != store.Deleted {
			t.Errorf("the long id: got %v", outcome)
		}
		return err
	})
	expectSound(t, s)
	for _, o := range must(s.Orders(t.Context(), store.OrderFilter{IntegrationID: id, Payload: true}))(t) {
		if o.Order.ID == "1" && !strings.Contains(string(o.Raw), `\xff\x00`) {
			t.Errorf("the payload is %s", o.Raw)
		}
	}
}

// A text with more words than the index takes is found all the same.
func TestServer_FindsInTheLongestTexts(t *testing.T) {
	t.Parallel()
	s := storetest.NewPostgres(t)
	id := connect(t, s, uuid.New(), "a.myshopify.com")
	store.TightenBounds(s, 5, 0, 1, 5, 5) // by the index, and not by looking at the texts
	var address strings.Builder
	for at, n := uint32(1), 0; n < 130_000; n++ { // more than a vector may have
		at = at*1_664_525 + 1_013_904_223
		address.WriteRune(rune(0x4e00 + at>>8%20_000))
	}
	put(t, s, id, version("1", noon, func(o *shopify.Order) { o.Address, o.City = address.String(), "Cali" }), version("2", noon, func(o *shopify.Order) { o.City = "Cali" }))
	all := []rune(address.String())
	for search, want := range map[string]int{string(all[125_000:125_008]): 1, "cali": 2, "calle": 0} {
		if n := must(s.CountOrders(t.Context(), store.OrderFilter{IntegrationID: id, Search: search}))(t); n != want {
			t.Errorf("%s finds %d, want %d", search, n, want)
		}
	}
	expectSound(t, s)
}

// An order that changes uses up no numbers: what goes through the numbers of orders would go through the gaps.
func TestServer_UpdatesLeaveNoGaps(t *testing.T) {
	t.Parallel()
	s := storetest.NewPostgres(t)
	id := connect(t, s, uuid.New(), "a.myshopify.com")
	for n := range 30 {
		put(t, s, id, version("1", noon.Add(time.Duration(n)*time.Second), nil))
	}
	put(t, s, id, version("2", noon, nil))
	orders := must(s.Orders(t.Context(), store.OrderFilter{IntegrationID: id}))(t)
	if len(orders) != 2 || max(orders[0].ID, orders[1].ID)-min(orders[0].ID, orders[1].ID) != 1 {
		t.Errorf("got %d orders, with the numbers %d and %d", len(orders), orders[0].ID, orders[1].ID)
	}
}

// What the server gathers to plan by holds nothing of a customer, where an erasure would not find it.
func TestServer_StatisticsHoldNobody(t *testing.T) {
	t.Parallel()
	s := storetest.NewPostgres(t)
	id := connect(t, s, uuid.New(), "a.myshopify.com")
	var vs []store.Version
	for n := range 60 {
		vs = append(vs, version(itoa(n), noon, func(o *shopify.Order) {
			o.CustomerName, o.CustomerEmail, o.Phone, o.Address, o.City = "Rosalba Quintero", "rosalba@example.com", "+573001112233", "Calle Rosalba 1", "Rosalbaville"
			o.AddressComplement, o.Number, o.Tags, o.Province = "Rosalba 2", "#Rosalba", "Rosalba", "Rosalbaland"
		}))
	}
	put(t, s, id, vs...)
	if _, err := s.Writer().ExecContext(t.Context(), `ANALYZE`); err != nil {
		t.Fatal(err)
	}
	var named, all int
	if err := s.Writer().QueryRowContext(t.Context(), `SELECT count(*) FILTER (WHERE s::text ~* 'rosal|3001112233'), count(*) FROM pg_stats s WHERE schemaname = 'public'`).Scan(&named, &all); err != nil {
		t.Fatal(err)
	}
	if named != 0 || all < 20 {
		t.Errorf("%d of %d statistics name a customer", named, all)
	}
}

// How many orders are in a range is told by its index alone: looking each of them up takes a hundred times as long.
func TestServer_RangesAreCountedInTheirIndex(t *testing.T) {
	t.Parallel()
	s := storetest.NewPostgres(t)
	id := connect(t, s, uuid.New(), "a.myshopify.com")
	put(t, s, id, manyVersions(0, 500)...)
	if _, err := s.Writer().ExecContext(t.Context(), `VACUUM ANALYZE orders`); err != nil {
		t.Fatal(err)
	}
	for index, condition := range map[string]string{
		"orders_total": `COALESCE(o.total_millionths, -9223372036854775807) >= $2 AND COALESCE(o.total_millionths, -9223372036854775807) < $3`,
		"orders_score": `COALESCE(o.delivery_score, -1) >= $2 AND COALESCE(o.delivery_score, -1) <= $3`,
	} {
		plan := strings.Join(texts(t, s, `EXPLAIN SELECT count(*) FROM orders o WHERE o.integration_id = $1 AND o.deleted_at IS NULL AND `+condition, id, 10, 11), "\n")
		if !strings.Contains(plan, "Index Only Scan using "+index) {
			t.Errorf("got plan\n%s\nwant that %s is enough", plan, index)
		}
	}
}

// What is looked up by a list is looked up for each member, also while the server knows nothing of the tables: it would else go through
// all orders of the integration for each, and the first hour of a store is when it gets most.
func TestServer_ListsAreLookedUpWithoutStatistics(t *testing.T) {
	t.Parallel()
	s := storetest.NewPostgres(t)
	id := connect(t, s, uuid.New(), "a.myshopify.com")
	put(t, s, id, manyVersions(0, 500)...)
	for want, asked := range map[string]struct {
		query string
		args  []any
	}{
		"(platform_order_id = (n.value ->> 0))": {store.NoteOrderDeliveriesOnServer, []any{`[["5000000000000", 1]]`, id}},
		"(key = ANY (":                          {store.KeysOnServer, []any{[]int64{1, 2, 3}, id, 0}},
	} {
		plan := strings.Join(texts(t, s, "EXPLAIN "+asked.query, asked.args...), "\n")
		if !strings.Contains(plan, want) || strings.Contains(plan, "Filter: (platform_order_id") || strings.Contains(plan, "Join Filter") {
			t.Errorf("got plan\n%s\nwant an index condition %s", plan, want)
		}
	}
}
