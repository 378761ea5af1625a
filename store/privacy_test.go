package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/shopify"
	"probability/store"
	"probability/store/storetest"
)

// openRequest adds an open request of an integration.
func openRequest(tb tester, s *store.Store, integration int64, user uuid.UUID, topic string) uuid.UUID {
	tb.Helper()
	id := uuid.Must(uuid.NewV7())
	update(tb, s, func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertPrivacyRequest(ctx, store.PrivacyRequest{
			ID: id, IntegrationID: integration, StoreName: "a.myshopify.com", UserID: user, Topic: topic, ReceivedAt: noon,
		}, nil)
	})
	return id
}

func suppress(tb tester, s *store.Store, user uuid.UUID, p shopify.Person) {
	tb.Helper()
	update(tb, s, func(ctx context.Context, tx *store.Tx) error { return tx.Suppress(ctx, "a.myshopify.com", user, p) })
}

// The sums and the search index are right after a redaction, whatever the redacted orders looked like.
func TestRedact_KeepsTheSums(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		user := uuid.New()
		id := connect(t, s, user, "a.myshopify.com")
		var vs []store.Version
		for i := range 40 {
			raw := fmt.Sprintf(`{"id":%d,"name":"#%d","total_price":"%d.50","currency":"COP","email":"c%d@example.com","shipping_name":"Ana María %d","updated_at":%q%s}`,
				i, i, i, i%4, i%4, noon.Format(time.RFC3339), []string{``, `,"created_at":"2026-05-01T00:00:00Z"`, `,"financial_status":"c1@example.com"`}[i%3])
			o := must(shopify.ParseOrder([]byte(raw)))(t)
			vs = append(vs, store.Version{Order: o, ObservedAt: noon})
		}
		put(t, s, id, vs...)
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.DeleteOrder(ctx, id, "1", noon)
			return err
		})
		suppress(t, s, user, shopify.Person{Email: "C1@example.com"})
		r := openRequest(t, s, id, user, shopify.TopicCustomersRedact)
		for more := true; more; {
			more = must(s.Redact(t.Context(), r))(t)
		}
		if wrong := must(store.CheckSums(t.Context(), s))(t); wrong != nil {
			t.Errorf("sums: %v", wrong)
		}
		found := map[string]int{}
		for _, o := range must(s.Orders(t.Context(), store.OrderFilter{IntegrationID: id, Limit: 100}))(t) {
			found[o.CustomerEmail]++
			if o.FinancialStatus != "" && o.CustomerEmail == "" {
				t.Errorf("%s has the e-mail as its status", o.Order.ID)
			}
		}
		if found["c1@example.com"] != 0 || found[""] < 10 || found["c0@example.com"] < 5 {
			t.Errorf("orders by e-mail: %v", found)
		}
		if n := must(s.CountOrders(t.Context(), store.OrderFilter{IntegrationID: id, Search: "ana maría 1"}))(t); n != 0 {
			t.Errorf("search finds %d", n)
		}
		if req := must(s.PrivacyRequest(t.Context(), id, r))(t); req.Orders < 10 || req.Deliveries != 0 {
			t.Errorf("the request is %+v", req)
		}
		if again := put(t, s, id, vs...); strings.Contains(fmt.Sprint(again), "updated") || strings.Contains(fmt.Sprint(again), "created") {
			t.Errorf("the same again: %v", again)
		}
	})
}

// The words of a redacted order leave the pages of the search index, not only its answers.
func TestRedact_TakesTheWordsOutOfTheIndex(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		user := uuid.New()
		id := connect(t, s, user, "a.myshopify.com")
		var vs []store.Version
		for i := range 60 {
			raw := fmt.Sprintf(`{"id":%d,"name":"#%d","shipping_name":"Luis Peña"}`, i, i)
			if i == 20 {
				raw = `{"id":20,"name":"#20","shipping_name":"Xkqwzj Vbxqkw","email":"x@b.co"}`
			}
			vs = append(vs, store.Version{Order: must(shopify.ParseOrder([]byte(raw)))(t), ObservedAt: noon})
		}
		put(t, s, id, vs...)
		words := func() (n int) {
			for _, word := range []string{"xkq", "kqw", "qwz", "wzj", "vbx", "bxq", "xqk", "qkw"} {
				n += must(store.Words(t.Context(), s, word))(t)
			}
			return n
		}
		if words() == 0 {
			t.Fatal("none of the words is to be seen, so the test proves nothing")
		}
		suppress(t, s, user, shopify.Person{Email: "x@b.co"})
		r := openRequest(t, s, id, user, shopify.TopicCustomersRedact)
		for more := true; more; {
			more = must(s.Redact(t.Context(), r))(t)
		}
		if n := words(); n != 0 {
			t.Errorf("the words are in %d pages still", n)
		}
		if wrong := must(store.CheckSums(t.Context(), s))(t); wrong != nil {
			t.Errorf("sums: %v", wrong)
		}
	})
}

// A list that a transaction began and did not keep leaves nothing, and its key is not used on.
func TestSuppress_RolledBackIsNothing(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		user := uuid.New()
		id := connect(t, s, user, "a.myshopify.com")
		regret := errors.New("no")
		email := func(o *shopify.Order) { o.CustomerEmail = "ana@b.co" }
		err := s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			if err := tx.Suppress(ctx, "a.myshopify.com", user, shopify.Person{Email: "ana@b.co"}); err != nil {
				return err
			}
			_, err := tx.PutOrders(ctx, id, []store.Version{version("1", noon, email)}, noon)
			return errors.Join(err, regret)
		})
		if !errors.Is(err, regret) {
			t.Fatal(err)
		}
		put(t, s, id, version("1", noon, email))
		suppress(t, s, user, shopify.Person{Email: "luis@b.co"})
		put(t, s, id, version("2", noon, email), version("3", noon, func(o *shopify.Order) { o.CustomerEmail = "luis@b.co" }))
		var got []string
		for _, o := range must(s.Orders(t.Context(), store.OrderFilter{IntegrationID: id, Order: store.OrderBy{Field: store.ByCreatedAt}}))(t) {
			got = append(got, o.Order.ID+" "+o.CustomerEmail)
		}
		if fmt.Sprint(got) != "[1 ana@b.co 2 ana@b.co 3 ]" {
			t.Errorf("got %q", got)
		}
	})
}

// The key of the list is worth as much as a secret: without the master key that opens it, the start is refused.
func TestOpen_RefusesANewKeyWhileAListIsKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/data"
	s := must(store.Open(t.Context(), store.Config{Dir: dir, Exclusive: true}, quiet()))(t)
	suppress(t, s, uuid.New(), shopify.Person{Email: "ana@b.co"})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(dir + "/key"); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), store.Config{Dir: dir, Exclusive: true}, quiet()); !errors.Is(err, store.ErrKeyLost) {
		t.Errorf("got %v, want the lost key", err)
	}
}

// A database of an older program has what that deleted still in its file, and deliveries that it could not carry out.
func TestOpen_ForgetsWhatAnOlderProgramDeleted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/data"
	db := must(store.OldSchema(t.Context(), dir))(t)
	id := uuid.Must(uuid.NewV7())
	for _, query := range []string{
		`PRAGMA auto_vacuum = 2`, `VACUUM`, `PRAGMA secure_delete = 0`,
		`INSERT INTO meta VALUES ('gone', '` + strings.Repeat("Rosalba Quintero ", 1000) + `')`, `DELETE FROM meta`, `PRAGMA wal_checkpoint(TRUNCATE)`,
		`INSERT INTO integrations (id, user_id, store_name, auth, client_id, active, permissions, created_at, updated_at, served_version, webhook_address, webhook_topics)
			VALUES (7, '` + uuid.NewString() + `', 'a.myshopify.com', 'token', '', TRUE, '[]', 0, 0, '', '', '[]')`,
		`INSERT INTO deliveries (id, integration_id, webhook_id, event_id, topic, api_version, received_at, processed_at, state, attempts, error_code, error_detail, codec, body)
			VALUES ('` + id.String() + `', 7, 'w', 'e', 'customers/redact', '', 0, 5, 'failed', 1, 'topic_not_available_yet', '', 0, '{}')`,
	} {
		if _, err := db.ExecContext(t.Context(), query); err != nil {
			t.Fatal(query[:20], err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	left := func() bool {
		return bytes.Contains(must(os.ReadFile(dir+"/probability.db"))(t), []byte("Rosalba Quintero"))
	}
	if !left() {
		t.Fatal("nothing is left, so the test proves nothing")
	}
	s := storetest.Open(t, store.Config{Dir: dir, Key: storetest.Key()})
	if left() {
		t.Error("what was deleted is in the file still")
	}
	if due := must(s.PendingDeliveries(t.Context(), 7, noon, 0, 9))(t); len(due) != 1 || due[0].ID != id || due[0].ErrorCode != "" {
		t.Errorf("due %+v, want the request that could not be carried out", due)
	}
}

// Erasing one of two stores leaves the other's rows, sums and search as they were, whether its index is merged or made anew.
func TestErase_LeavesTheOtherStore(t *testing.T) {
	t.Parallel()
	for _, kept := range []int{40, 2_100} {
		storetest.Run(t, func(t *testing.T, s *store.Store) { eraseOne(t, s, kept) })
	}
}

func eraseOne(t *testing.T, s *store.Store, kept int) {
	t.Helper()
	user := uuid.New()
	id, other := connect(t, s, user, "a.myshopify.com"), connect(t, s, user, "b.myshopify.com")
	named := func(from, n int, name string) (vs []store.Version) {
		for i := range n {
			vs = append(vs, version(itoa(from+i), noon, func(o *shopify.Order) { o.CustomerName = name + " " + itoa(i) }))
		}
		return vs
	}
	for i := range 7 { // in turns, as it grows
		put(t, s, id, named(i*100, 100, "Rosalba Quintero")...)
		put(t, s, other, named(i*kept/7, kept/7, "Luis Peña")...)
	}
	words := func() (n int) {
		for _, word := range []string{"qui", "uin", "int", "lba", "ros", "osa", "sal", "ter"} {
			n += must(store.Words(t.Context(), s, word))(t)
		}
		return n
	}
	if words() == 0 {
		t.Error("none of the words is to be seen, so the test proves nothing")
	}
	r := openRequest(t, s, id, user, shopify.TopicShopRedact)
	for more := true; more; {
		update(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
			more, err = tx.EraseIntegration(ctx, r, 300)
			return err
		})
	}
	for first, more := true, true; more; first = false {
		more = must(s.MergeSearch(t.Context(), first))(t)
	}
	if wrong := must(store.CheckSums(t.Context(), s))(t); wrong != nil {
		t.Errorf("%d kept: sums: %v", kept, wrong)
	}
	if mine, theirs := must(store.Indexed(t.Context(), s, id))(t), must(store.Indexed(t.Context(), s, other))(t); mine != 0 || theirs != kept/7*7 {
		t.Errorf("%d kept: the index has %d of the erased and %d of the other store", kept, mine, theirs)
	}
	if n := words(); n != 0 {
		t.Errorf("%d kept: words of the erased store are in %d pages of the index", kept, n)
	}
	if n := must(s.CountOrders(t.Context(), store.OrderFilter{IntegrationID: other, Search: "luis peña"}))(t); n != kept/7*7 {
		t.Errorf("%d kept: search finds %d", kept, n)
	}
}

func BenchmarkPutOrders_WithAList(b *testing.B) {
	s := storetest.New(b)
	user := uuid.New()
	id := connect(b, s, user, "a.myshopify.com")
	suppress(b, s, user, shopify.Person{Email: "nobody@b.co", Phone: "+573001112233"})
	page := 0
	for b.Loop() {
		b.StopTimer()
		vs := manyVersions(page*125, 125)
		s.Prepare(vs)
		page++
		b.StartTimer()
		put(b, s, id, vs...)
	}
	b.ReportMetric(float64(125*b.N)/b.Elapsed().Seconds(), "orders/s")
}
