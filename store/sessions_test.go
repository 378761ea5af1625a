package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"probability/store"
	"probability/store/storetest"
)

func newSession(user uuid.UUID, hash string) store.Session {
	return store.Session{
		ID: uuid.Must(uuid.NewV7()), UserID: user, Hash: []byte(hash), CreatedAt: noon, LastUsedAt: noon, ExpiresAt: noon.Add(time.Hour),
		UserAgent: "Firefox", Remote: "203.0.113.7",
	}
}

func TestSessions(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		u := newUser()
		v := newSession(u.ID, "h1")
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			return errors.Join(tx.InsertUser(ctx, u), tx.InsertSession(ctx, v),
				tx.TouchSession(ctx, v.ID, noon.Add(time.Minute)), tx.TouchSession(ctx, v.ID, noon), tx.TouchSession(ctx, uuid.New(), noon))
		})
		v.LastUsedAt = noon.Add(time.Minute)
		got, owner, err := s.SessionByHash(t.Context(), v.Hash)
		if err != nil || cmp.Diff(v, got) != "" || cmp.Diff(u, owner) != "" {
			t.Errorf("got %v of %v, %v", got, owner, err)
		}
		if _, _, err := s.SessionByHash(t.Context(), []byte("h2")); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("unknown: got %v, want ErrNotFound", err)
		}
		err = s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertSession(ctx, newSession(uuid.New(), "h3"))
		})
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("of nobody: got %v, want ErrNotFound", err)
		}

		from := func(user uuid.UUID, remote string, after time.Time) bool {
			t.Helper()
			return must(s.SignedInFrom(t.Context(), user, remote, after))(t)
		}
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			return errors.Join(tx.EndSession(ctx, v.Hash, noon.Add(2*time.Minute)), tx.EndSession(ctx, v.Hash, noon.Add(3*time.Minute)), tx.EndSession(ctx, []byte("h2"), noon))
		})
		if got, _, err := s.SessionByHash(t.Context(), v.Hash); err != nil || !got.ExpiresAt.Equal(noon.Add(2*time.Minute)) {
			t.Errorf("ended: got %v, %v", got, err)
		}
		if !from(u.ID, v.Remote, noon.Add(-1)) || from(u.ID, v.Remote, noon) || from(u.ID, "203.0.113.8", time.Time{}) || from(uuid.New(), v.Remote, time.Time{}) {
			t.Error("from where the account has signed in is not remembered as it should be")
		}

		if more := must(s.ExpireSessions(t.Context(), noon))(t); more {
			t.Error("there is nothing more to expire")
		}
		if !from(u.ID, v.Remote, time.Time{}) {
			t.Error("a session that began at the time went, too")
		}
		_ = must(s.ExpireSessions(t.Context(), noon.Add(time.Millisecond)))(t)
		if from(u.ID, v.Remote, time.Time{}) {
			t.Error("the session is still there")
		}
	})
}

// TestSessions_EndWithTheAccountAsItWas changes the account in every way that must end its sessions, and in ways that must not.
func TestSessions_EndWithTheAccountAsItWas(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		for name, c := range map[string]struct {
			change func(ctx context.Context, tx *store.Tx, u store.User) error
			ends   bool
		}{
			"password": {func(ctx context.Context, tx *store.Tx, u store.User) error {
				return tx.SetPassword(ctx, u.ID, "another")
			}, true},
			"role": {func(ctx context.Context, tx *store.Tx, u store.User) error {
				return store.ExecTx(ctx, tx, `UPDATE users SET admin = NOT admin WHERE id = $1`, u.ID.String())
			}, true},
			"deletion": {func(ctx context.Context, tx *store.Tx, u store.User) error { return tx.DeleteUser(ctx, u.ID) }, true},
			"e-mail": {func(ctx context.Context, tx *store.Tx, u store.User) error {
				return store.ExecTx(ctx, tx, `UPDATE users SET email = 'x', admin = admin WHERE id = $1`, u.ID.String())
			}, false},
		} {
			u, other := newUser(), newUser()
			u.Admin = true
			mine, others := newSession(u.ID, name), newSession(other.ID, name+" of another")
			update(t, s, func(ctx context.Context, tx *store.Tx) error {
				return errors.Join(tx.InsertUser(ctx, u), tx.InsertUser(ctx, other), tx.InsertSession(ctx, mine), tx.InsertSession(ctx, others))
			})
			update(t, s, func(ctx context.Context, tx *store.Tx) error { return c.change(ctx, tx, u) })
			if _, _, err := s.SessionByHash(t.Context(), mine.Hash); errors.Is(err, store.ErrNotFound) != c.ends {
				t.Errorf("%s: got %v, want the session ended: %v", name, err, c.ends)
			}
			if _, _, err := s.SessionByHash(t.Context(), others.Hash); err != nil {
				t.Errorf("%s: the session of another account: %v", name, err)
			}
		}
	})
}

func TestSessions_AnAccountHasAHundredAtMost(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		u, other := newUser(), newUser()
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			errs := []error{tx.InsertUser(ctx, u), tx.InsertUser(ctx, other), tx.InsertSession(ctx, newSession(other.ID, "other"))}
			for i := range 103 {
				v := newSession(u.ID, fmt.Sprint(i))
				v.CreatedAt = noon.Add(time.Duration(i) * time.Second)
				errs = append(errs, tx.InsertSession(ctx, v))
			}
			return errors.Join(errs...)
		})
		for hash, want := range map[string]bool{"0": false, "2": false, "3": true, "102": true, "other": true} {
			if _, _, err := s.SessionByHash(t.Context(), []byte(hash)); (err == nil) != want {
				t.Errorf("session %s: got %v, want it there: %v", hash, err, want)
			}
		}
	})
}
