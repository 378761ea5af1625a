package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/shopify"
	"probability/store"
	"probability/store/storetest"
)

// scoreTables are those that hold something of an integration's scores.
var scoreTables = []string{"order_facts", "order_keys", "customer_marks", "outcome_counts", "score_models", "score_settings", "score_states"}

func rows(tb tester, s *store.Store, table, where string) (n int) {
	tb.Helper()
	if err := s.Writer().QueryRowContext(tb.Context(), `SELECT count(*) FROM `+table+` WHERE `+where).Scan(&n); err != nil {
		tb.Fatal(err)
	}
	return n
}

// fillScores puts something into every table of the scores.
func fillScores(tb tester, s *store.Store, id int64) {
	tb.Helper()
	var vs []store.Version
	for n := range 30 {
		vs = append(vs, order(itoa(n), float64(n), func(o *shopify.Order) {
			ended("300", "paid", float64(n+1))(o)
			o.CustomerEmail, o.Address, o.SourceName = "a@x.co", "Calle 1", "1.1.1.1"
		}))
	}
	put(tb, s, id, vs...)
	first := facts(tb, s, id, "1").OrderID
	update(tb, s, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.SetCustomerMark(ctx, id, first, -1, noon)
		if err != nil {
			return err
		}
		if _, err := tx.PutScoreSettings(ctx, store.ScoreSettings{IntegrationID: id, CreatedAt: noon, UserID: uuid.New(), Settings: []byte(`{}`)}); err != nil {
			return err
		}
		_, err = tx.InsertModel(ctx, store.ScoreModel{ID: uuid.New(), IntegrationID: id, State: store.ModelLive, CreatedAt: noon, Report: []byte(`{}`), Body: []byte(`{}`)})
		return err
	})
	rateDue(tb, s, id, 50)
}

func TestScores_GoWithTheirIntegration(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"disconnected", "erased"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			scoring(t, func(t *testing.T, s *store.Store) {
				user := uuid.New()
				id, other := connect(t, s, user, "a.myshopify.com"), connect(t, s, user, "b.myshopify.com")
				fillScores(t, s, id)
				fillScores(t, s, other)
				before := map[string]int{}
				for _, table := range scoreTables {
					if before[table] = rows(t, s, table, fmt.Sprintf("integration_id = %d", other)); rows(t, s, table, fmt.Sprintf("integration_id = %d", id)) == 0 {
						t.Fatalf("nothing is in %s, so the test proves nothing", table)
					}
				}
				step := func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.PurgeIntegration(ctx, id, 7) }
				if how == "disconnected" {
					disconnect(t, s, id)
				} else {
					r := openRequest(t, s, id, user, shopify.TopicShopRedact)
					step = func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.EraseIntegration(ctx, r, 7) }
				}
				for more := true; more; {
					update(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
						more, err = step(ctx, tx)
						return err
					})
				}
				for _, table := range scoreTables {
					if n := rows(t, s, table, fmt.Sprintf("integration_id = %d", id)); n != 0 {
						t.Errorf("%d rows are left in %s", n, table)
					}
					if n := rows(t, s, table, fmt.Sprintf("integration_id = %d", other)); n != before[table] {
						t.Errorf("%s of the other has %d rows, want %d", table, n, before[table])
					}
				}
				expectSound(t, s)
			})
		})
	}
}

// By nothing that is stored can it be told that orders are of one customer who was erased, and nothing of what they did stays with
// the others.
func TestScores_ErasedCustomersLeaveNoTrace(t *testing.T) {
	t.Parallel()
	scoring(t, func(t *testing.T, s *store.Store) {
		user := uuid.New()
		id := connect(t, s, user, "a.myshopify.com")
		body := func(n int, email string) store.Version {
			raw := fmt.Sprintf(`{"id":%d,"email":%q,"phone":"+573001112233","source":"1.1.1.1","financial_status":"voided","tags":%q,"created_at":%q}`,
				n, email, noon.Add(time.Duration(n)*time.Hour).Format(time.RFC3339), noon.Add(time.Duration(n)*time.Hour).Format(time.RFC3339))
			return store.Version{Order: must(shopify.ParseOrder([]byte(raw)))(t), ObservedAt: noon}
		}
		put(t, s, id, body(1, "x@b.co"), body(5, "x@b.co"), body(9, "y@b.co"))
		first := facts(t, s, id, "1").OrderID
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.SetCustomerMark(ctx, id, first, -1, noon)
			return err
		})
		rateDue(t, s, id, 9)
		if f := facts(t, s, id, "9"); f.History.Failed != 2 || f.History.Mark != -1 {
			t.Fatalf("got %+v, so the test proves nothing", f.History)
		}
		suppress(t, s, user, shopify.Person{Email: "x@b.co"})
		r := openRequest(t, s, id, user, shopify.TopicCustomersRedact)
		for more := true; more; {
			more = must(s.Redact(t.Context(), r))(t)
		}
		put(t, s, id, body(13, "x@b.co")) // and who comes again is nobody known
		rateDue(t, s, id, 9)
		for _, erased := range []string{"1", "5", "13"} {
			if n := rows(t, s, "order_facts", fmt.Sprintf("order_id = %d AND (phone_key IS NOT NULL OR email_key IS NOT NULL)", facts(t, s, id, erased).OrderID)); n != 0 {
				t.Errorf("order %s is still of somebody", erased)
			}
		}
		if f := facts(t, s, id, "9"); f.History.Failed != 0 || f.History.Earlier != 0 || f.History.Mark != 0 {
			t.Errorf("got %+v, want nothing of those before", f.History)
		}
		if n := rows(t, s, "customer_marks", "TRUE"); n != 0 {
			t.Errorf("%d marks of customers are left", n)
		}
		expectSound(t, s)
	})
}

// What orders are known by outlives the encryption key.
func TestScores_KeysSurviveARotation(t *testing.T) {
	t.Parallel()
	storetest.RunConfig(t, func(t *testing.T, cfg store.Config) {
		cfg.Key, cfg.Exclusive = nil, false
		s := storetest.Open(t, cfg)
		s.ReadWith(1, readTest)
		id := connect(t, s, uuid.New(), "a.myshopify.com")
		put(t, s, id, order("1", 0, phone("300")))
		must(s.RotateKey(t.Context()))(t)
		put(t, s, id, order("2", 1, phone("300")))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = storetest.Open(t, cfg)
		s.ReadWith(1, readTest)
		put(t, s, id, order("3", 2, phone("300")))
		rateDue(t, s, id, 9)
		expectHistory(t, s, id, "3", store.History{Earlier: 2, Recent: 2})
		other := connect(t, s, uuid.New(), "b.myshopify.com")
		put(t, s, other, order("1", 0, phone("300")))
		var kinds int
		if err := s.Writer().QueryRowContext(t.Context(), `SELECT count(DISTINCT phone_key) FROM order_facts`).Scan(&kinds); err != nil || kinds != 2 {
			t.Errorf("one number has %d keys in two integrations, %v", kinds, err)
		}
	})
}

func TestScoreSettings_Versions(t *testing.T) {
	t.Parallel()
	scoring(t, func(t *testing.T, s *store.Store) {
		id := connect(t, s, uuid.New(), "a.myshopify.com")
		if got := must(s.ScoreSettings(t.Context(), id))(t); got.Version != 0 || got.Settings != nil {
			t.Errorf("got %+v before any", got)
		}
		set := func(after int64, text string) error {
			return s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				got, err := tx.PutScoreSettings(ctx, store.ScoreSettings{IntegrationID: id, Version: after, CreatedAt: noon, UserID: uuid.New(), Settings: []byte(text)})
				if err == nil && got.Version != after+1 {
					t.Errorf("got version %d", got.Version)
				}
				return err
			})
		}
		if err := errors.Join(set(0, `{"a":1}`), set(1, `{"a":2}`)); err != nil {
			t.Fatal(err)
		}
		for _, lost := range []int64{0, 1, 5} { // what somebody else has changed since, or nobody ever
			if err := set(lost, `{}`); !errors.Is(err, store.ErrConflict) {
				t.Errorf("after version %d: %v", lost, err)
			}
		}
		if got := must(s.ScoreSettings(t.Context(), id))(t); got.Version != 2 || string(got.Settings) != `{"a":2}` {
			t.Errorf("got %+v", got)
		}
		if got := must(s.ScoreSettingsOf(t.Context(), id, 1))(t); string(got.Settings) != `{"a":1}` {
			t.Errorf("got %+v", got)
		}
		if got := must(s.ScoreSettingsVersions(t.Context(), id, 1, 1))(t); len(got) != 1 || got[0].Version != 1 || must(s.CountScoreSettings(t.Context(), id))(t) != 2 {
			t.Errorf("got %+v", got)
		}
		if st := must(s.ScoreState(t.Context(), id))(t); st.Settings != 2 {
			t.Errorf("got %+v", st)
		}
	})
}

func TestScoreModels_OneIsLive(t *testing.T) {
	t.Parallel()
	scoring(t, func(t *testing.T, s *store.Store) {
		id, other := connect(t, s, uuid.New(), "a.myshopify.com"), connect(t, s, uuid.New(), "b.myshopify.com")
		ids := make([]uuid.UUID, 4)
		for i := range ids {
			ids[i] = uuid.Must(uuid.NewV7())
			m := store.ScoreModel{ID: ids[i], IntegrationID: id, State: store.ModelLive, Basis: "learned", CreatedAt: noon, N: 10 + i, Report: []byte(`{"n":1}`), Body: fmt.Appendf(nil, `{"v":%d}`, i)}
			if i == 2 {
				m.State, m.Body = store.ModelRefused, nil
			}
			update(t, s, func(ctx context.Context, tx *store.Tx) error {
				version, err := tx.InsertModel(ctx, m)
				if version != i+1 {
					t.Errorf("got version %d of model %d", version, i)
				}
				return err
			})
		}
		states := func(want ...string) {
			t.Helper()
			var got []string
			for _, m := range must(s.ScoreModels(t.Context(), id, 9, 0))(t) {
				got = append(got, m.State)
			}
			if !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		}
		activate := func(integration int64, m uuid.UUID) error {
			return s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				return tx.ActivateModel(ctx, integration, m, noon.Add(time.Hour))
			})
		}
		states(store.ModelLive, store.ModelRefused, store.ModelRetired, store.ModelRetired)
		if err := activate(id, ids[1]); err != nil {
			t.Fatal(err)
		}
		states(store.ModelRolledBack, store.ModelRefused, store.ModelLive, store.ModelRetired)
		if m := must(s.ScoreModel(t.Context(), id, ids[1]))(t); string(m.Body) != `{"v":1}` || !m.ActivatedAt.Equal(noon.Add(time.Hour)) || m.N != 11 {
			t.Errorf("got %+v", m)
		}
		if st := must(s.ScoreState(t.Context(), id))(t); st.Model != ids[1] {
			t.Errorf("the live model is %v", st.Model)
		}
		if err := activate(id, ids[2]); !errors.Is(err, store.ErrConflict) {
			t.Errorf("a refused one: %v", err)
		}
		if err := activate(other, ids[0]); !isNotFound(err) {
			t.Errorf("another's: %v", err)
		}
		if err := activate(id, uuid.Nil); err != nil {
			t.Fatal(err)
		}
		states(store.ModelRolledBack, store.ModelRefused, store.ModelRolledBack, store.ModelRetired)
	})
}

func TestEachSample_GivesTheNewestInTheirOrder(t *testing.T) {
	t.Parallel()
	scoring(t, func(t *testing.T, s *store.Store) {
		id := connect(t, s, uuid.New(), "a.myshopify.com")
		var vs []store.Version
		for n := range 40 { // every fourth is pending
			status := []string{"paid", "voided", "cancelled", "pending"}[n%4]
			vs = append(vs, order(itoa(n), float64(n), ended(itoa(n%5), status, float64(n)+0.5)))
		}
		put(t, s, id, vs...)
		rateDue(t, s, id, 50)
		newest := facts(t, s, id, "39").OrderID
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			return tx.SetReported(ctx, id, newest, store.ParcelFailed, noon, "")
		})
		for _, c := range []struct{ settled, open, wantSettled, wantOpen int }{
			{100, 100, 31, 9}, {10, 100, 10, 2}, {100, 4, 31, 4}, {10, 0, 10, 0}, {0, 5, 0, 0},
		} {
			var settled, open []store.SampleOrder
			last := time.Time{}
			err := s.EachSample(t.Context(), id, c.settled, c.open, func(o store.SampleOrder) error {
				if o.PlacedAt.Before(last) {
					t.Errorf("%+v: %v comes behind %v", c, o.PlacedAt, last)
				}
				last = o.PlacedAt
				if o.Settled.Outcome == store.ParcelPending {
					open = append(open, o)
				} else {
					settled = append(settled, o)
				}
				return nil
			})
			if err != nil || len(settled) != c.wantSettled || len(open) != c.wantOpen {
				t.Fatalf("%+v: got %d settled and %d open, %v", c, len(settled), len(open), err)
			}
			if n := len(settled); n > 0 && (!settled[n-1].Reported || settled[n-1].Settled.Outcome != store.ParcelFailed || string(settled[n-1].Facts) != "#39" || settled[n-1].History.Earlier != 7) {
				t.Errorf("%+v: the newest is %+v", c, settled[n-1])
			}
		}
	})
}
