package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"probability/store"
	"probability/store/storetest"
)

func TestSetupLinks(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		works := func(hash string, at time.Time) bool { return must(s.SetupLink(t.Context(), []byte(hash), at))(t) }
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			return errors.Join(tx.InsertSetupLink(ctx, []byte("a"), noon, noon.Add(time.Minute)), tx.InsertSetupLink(ctx, []byte("b"), noon, noon.Add(time.Hour)))
		})
		if !works("a", noon) || !works("b", noon) || works("c", noon) || works("a", noon.Add(time.Minute)) || !works("b", noon.Add(time.Minute)) {
			t.Error("not each works for its time, or another one does")
		}
		// A service that cannot stay up prints very many; the latest are there.
		update(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
			for i := range 150 {
				err = errors.Join(err, tx.InsertSetupLink(ctx, fmt.Append(nil, "many ", i), noon, noon.Add(2*time.Hour+time.Duration(i)*time.Second)))
			}
			return err
		})
		if n := texts(t, s, `SELECT count(*) || '' FROM setup_links`)[0]; n != "100" || works("b", noon) || works("many 49", noon) || !works("many 50", noon) || !works("many 149", noon) {
			t.Errorf("%s are kept, want the latest hundred", n)
		}
		// What is over goes with the next one.
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertSetupLink(ctx, []byte("d"), noon.Add(24*time.Hour), noon.Add(25*time.Hour))
		})
		if left := texts(t, s, `SELECT count(*) || '' FROM setup_links`)[0]; left != "1" {
			t.Errorf("%s are left", left)
		}
		u := newUser()
		update(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.InsertUser(ctx, u) })
		if works("d", noon) {
			t.Error("a link works beside an account")
		}
		update(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteUser(ctx, u.ID) })
		if works("d", noon) {
			t.Error("a link of before the first account works after the last one")
		}
	})
}

func TestGuesses(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		put := func(gs ...store.Guess) {
			t.Helper()
			update(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
				for _, g := range gs {
					err = errors.Join(err, tx.PutGuess(ctx, g))
				}
				return err
			})
		}
		is := func(want store.Guess) {
			t.Helper()
			if diff := cmp.Diff(want, must(s.Guess(t.Context(), want.Key))(t)); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
		}
		g := store.Guess{Key: []byte("ana"), Tries: 1, BegunAt: noon, EndsAt: noon.Add(time.Hour)}
		is(store.Guess{Key: g.Key})
		put(g)
		is(g)
		g.Tries, g.UntilAt = 2, noon.Add(time.Minute)
		put(g)
		is(g)
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			if got, err := tx.Guess(ctx, g.Key); err != nil || cmp.Diff(g, got) != "" {
				t.Errorf("in the transaction: %+v, %v", got, err)
			}
			return errors.Join(tx.ForgetGuess(ctx, []byte("nobody")), tx.ForgetGuess(ctx, g.Key))
		})
		is(store.Guess{Key: g.Key})

		// Too many: who is not slowed goes first, then whose wait ends first.
		var all []store.Guess
		for i := range 1200 {
			k := store.Guess{Key: fmt.Appendf(nil, "%04d", i), Tries: 1, BegunAt: noon, EndsAt: noon.Add(time.Hour + time.Duration(i)*time.Second)}
			if i%2 == 0 {
				k.UntilAt = noon.Add(time.Duration(2000-i) * time.Second)
			}
			all = append(all, k)
		}
		put(all...)
		for n := 0; must(s.ExpireGuesses(t.Context(), noon, 100))(t); n++ {
			if n > 5 {
				t.Fatal("it does not come to an end")
			}
		}
		left := texts(t, s, `SELECT until_at || '' FROM guesses ORDER BY until_at`)
		if len(left) != 100 || left[0] != itoa(int(noon.Add(1802*time.Second).UnixMilli())) {
			t.Errorf("%d are left, from %v on", len(left), left[:1])
		}
		is(all[0])
		_ = must(s.ExpireGuesses(t.Context(), noon.Add(2*time.Hour), 100))(t)
		if left := texts(t, s, `SELECT '' FROM guesses`); len(left) != 0 {
			t.Errorf("%d are left when their time is over", len(left))
		}
	})
}

const silence = 10 * time.Second

func newAttempt(user uuid.UUID) store.Attempt {
	return store.Attempt{ID: uuid.Must(uuid.NewV7()), UserID: user, Version: 1, State: []byte(`{"a":1}`), CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}
}

func TestAttempts(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		u, other := newUser(), newUser()
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			return errors.Join(tx.InsertUser(ctx, u), tx.InsertUser(ctx, other))
		})
		insert := func(a store.Attempt, most int, entered ...string) (id uuid.UUID, err error) {
			err = s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				id, err = tx.InsertAttempt(ctx, a, entered, most, silence)
				return err
			})
			return id, err
		}
		a := newAttempt(u.ID)
		if id, err := insert(a, 2, "shop", "secret"); err != nil || id != a.ID {
			t.Fatalf("got %s, %v", id, err)
		}
		got := must(s.Attempt(t.Context(), u.ID, a.ID, noon))(t)
		if got.Silent < 0 || got.Silent > silence {
			t.Errorf("it is silent for %s", got.Silent)
		}
		got.Silent = 0
		if diff := cmp.Diff(a, got); diff != "" {
			t.Errorf("want -, got +:\n%s", diff)
		}
		for name, err := range map[string]error{
			"a stranger's":   second(s.Attempt(t.Context(), other.ID, a.ID, noon)),
			"another id":     second(s.Attempt(t.Context(), u.ID, uuid.New(), noon)),
			"over":           second(s.Attempt(t.Context(), u.ID, a.ID, a.ExpiresAt)),
			"nobody's entry": second(insert(newAttempt(uuid.New()), 2, "shop")),
		} {
			if !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s: %v, want ErrNotFound", name, err)
			}
		}

		// The same is the same, wherever its parts are cut otherwise it is another, and so it is for another account.
		if id, err := insert(newAttempt(u.ID), 2, "shop", "secret"); err != nil || id != a.ID {
			t.Errorf("the same: %s, %v, want %s", id, err, a.ID)
		}
		b := newAttempt(u.ID)
		if id, err := insert(b, 2, "shops", "ecret"); err != nil || id != b.ID {
			t.Errorf("another: %s, %v", id, err)
		}
		if _, err := insert(newAttempt(u.ID), 2, "third"); !errors.Is(err, store.ErrTooMany) {
			t.Errorf("a third: %v, want ErrTooMany", err)
		}
		if id, err := insert(newAttempt(other.ID), 2, "shop", "secret"); err != nil || id == a.ID {
			t.Errorf("another account's: %s, %v", id, err)
		}
		if rows := strings.Join(texts(t, s, `SELECT state FROM attempts`), ""); strings.Contains(rows, "secret") {
			t.Error("a secret is stored")
		}

		// Who is silent is not under way any more, and neither is what is done.
		exec := func(query string, args ...any) {
			t.Helper()
			if _, err := s.Writer().ExecContext(t.Context(), query, args...); err != nil {
				t.Fatal(err)
			}
		}
		exec(`UPDATE attempts SET beat_at = beat_at - 60000 WHERE id = $1`, a.ID.String())
		if got := must(s.Attempt(t.Context(), u.ID, a.ID, noon))(t); got.Silent < time.Minute || got.Silent > 2*time.Minute {
			t.Errorf("it is silent for %s", got.Silent)
		}
		c := newAttempt(u.ID)
		if id, err := insert(c, 2, "shop", "secret"); err != nil || id != c.ID {
			t.Errorf("after the silent one: %s, %v", id, err)
		}
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			return errors.Join(tx.NoteAttempt(ctx, a.ID, 5, []byte(`{"b":2}`), false), tx.NoteAttempt(ctx, b.ID, 9, []byte(`{}`), true), tx.NoteAttempt(ctx, uuid.New(), 1, nil, true))
		})
		if got := must(s.Attempt(t.Context(), u.ID, a.ID, noon))(t); got.Version != 5 || string(got.State) != `{"b":2}` || got.Done || got.Silent > silence {
			t.Errorf("noted: %+v", got)
		}
		if got := must(s.Attempt(t.Context(), u.ID, b.ID, noon))(t); !got.Done || got.Version != 9 {
			t.Errorf("done: %+v", got)
		}
		if digests := texts(t, s, `SELECT id FROM attempts WHERE done AND digest IS NOT NULL`); len(digests) > 0 {
			t.Errorf("%v still tell what was entered", digests)
		}

		// The oldest go, but for those that are under way.
		for range 30 {
			d := newAttempt(u.ID)
			d.CreatedAt = noon.Add(time.Minute)
			if _, err := insert(d, 100, d.ID.String()); err != nil {
				t.Fatal(err)
			}
			update(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.NoteAttempt(ctx, d.ID, 2, []byte(`{}`), true) })
		}
		kept := texts(t, s, `SELECT id FROM attempts WHERE user_id = '`+u.ID.String()+`' ORDER BY created_at, id`)
		if len(kept) < 10 || len(kept) > 13 || !slices.Contains(kept, a.ID.String()) || !slices.Contains(kept, c.ID.String()) || slices.Contains(kept, b.ID.String()) {
			t.Errorf("%d are kept", len(kept))
		}
		if _, err := s.ExpireAttempts(t.Context(), noon.Add(time.Hour)); err != nil || len(texts(t, s, `SELECT id FROM attempts`)) != 0 {
			t.Errorf("%v are left when their time is over, %v", texts(t, s, `SELECT id FROM attempts`), err)
		}
		if _, err := insert(newAttempt(u.ID), 2, "last"); err != nil {
			t.Fatal(err)
		}
		update(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteUser(ctx, u.ID) })
		if left := texts(t, s, `SELECT id FROM attempts`); len(left) != 0 {
			t.Errorf("%v are left of an account that is gone", left)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestHeldReports(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		u, other := newUser(), newUser()
		id := connect(t, s, u.ID, "a.myshopify.com")
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			return errors.Join(tx.InsertUser(ctx, u), tx.InsertUser(ctx, other))
		})
		hold := func(user uuid.UUID, after time.Duration, body []byte) store.HeldReport {
			t.Helper()
			r := store.HeldReport{ID: uuid.Must(uuid.NewV7()), UserID: user, IntegrationID: id, Body: body, CreatedAt: noon.Add(after), ExpiresAt: noon.Add(after + time.Hour)}
			update(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.HoldReport(ctx, r) })
			return r
		}
		take := func(r store.HeldReport, user uuid.UUID, integration int64, at time.Time) (got store.HeldReport, err error) {
			err = s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				got, err = tx.TakeReport(ctx, user, r.ID, integration, at)
				return err
			})
			return got, err
		}
		r := hold(u.ID, 0, []byte("body\x00"))
		for name, err := range map[string]error{
			"a stranger":    second(take(r, other.ID, id, noon)),
			"another store": second(take(r, u.ID, id+1, noon)),
			"too late":      second(take(r, u.ID, id, r.ExpiresAt)),
		} {
			if !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s: %v, want ErrNotFound", name, err)
			}
		}
		var got []store.HeldReport
		var mu sync.Mutex
		var all sync.WaitGroup
		for range 4 { // whoever asks first gets it
			all.Go(func() {
				if h, err := take(r, u.ID, id, noon); err == nil {
					mu.Lock()
					defer mu.Unlock()
					got = append(got, h)
				} else if !errors.Is(err, store.ErrNotFound) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if len(got) != 1 || cmp.Diff(r, got[0]) != "" {
			t.Errorf("it was taken as %+v", got)
		}
		kept := func() int { return len(texts(t, s, `SELECT id FROM held_reports`)) }
		for i := range 8 {
			r = hold(u.ID, time.Duration(i)*time.Second, []byte("x"))
		}
		if kept() != 5 {
			t.Errorf("%d of one account are kept, want 5", kept())
		}
		if _, err := take(r, u.ID, id, noon); err != nil {
			t.Errorf("the newest: %v", err)
		}
		large := make([]byte, 12<<20)
		for i := range 3 {
			r = hold(other.ID, time.Duration(10+i)*time.Second, large)
		}
		if sizes := texts(t, s, `SELECT length(body) || '' FROM held_reports`); len(sizes) != 2 {
			t.Errorf("those of %v bytes are kept, want the two newest", sizes)
		}
		hold(u.ID, 3*time.Hour, []byte("x"))
		if kept() != 1 {
			t.Errorf("%d are kept, want those that are over to go", kept())
		}
		if _, err := s.ExpireReports(t.Context(), noon.Add(5*time.Hour)); err != nil || kept() != 0 {
			t.Errorf("%d are left when their time is over, %v", kept(), err)
		}
		// A disconnected store leaves none.
		hold(u.ID, 0, []byte("x"))
		update(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.MarkIntegrationDeleted(ctx, id, noon) })
		for more := true; more; {
			update(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
				more, err = tx.PurgeIntegration(ctx, id, 100)
				return err
			})
		}
		if kept() != 0 {
			t.Errorf("%d are left of a store that is gone", kept())
		}
	})
}

// What counting one try at a password costs, with as many keys remembered as there may be.
func BenchmarkGuesses_CountOne(b *testing.B) {
	storetest.Bench(b, func(b *testing.B, s *store.Store) {
		guess := func(n int) store.Guess {
			return store.Guess{Key: fmt.Appendf(nil, "%032d", n), Tries: 1, BegunAt: noon, EndsAt: noon.Add(time.Hour)}
		}
		update(b, s, func(ctx context.Context, tx *store.Tx) (err error) {
			for n := range 20_000 {
				err = errors.Join(err, tx.PutGuess(ctx, guess(n)))
			}
			return err
		})
		n := 0
		for b.Loop() {
			n++
			update(b, s, func(ctx context.Context, tx *store.Tx) error {
				for _, g := range []store.Guess{guess(n % 20_000), guess(n * 7 % 20_000)} {
					if _, err := tx.Guess(ctx, g.Key); err != nil {
						return err
					}
					if err := tx.PutGuess(ctx, g); err != nil {
						return err
					}
				}
				return nil
			})
		}
	})
}
