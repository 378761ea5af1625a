package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"probability/store"
	"probability/store/storetest"
)

func TestUsers_EmailIsUniqueInAnyCase(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		u := store.User{ID: uuid.New(), Email: "Ñandú@Example.com", PasswordHash: "h", Admin: true, CreatedAt: noon}
		update(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.InsertUser(ctx, u) })
		again := u
		again.ID, again.Email = uuid.New(), "ñandú@EXAMPLE.com"
		err := s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error { return tx.InsertUser(ctx, again) })
		if !errors.Is(err, store.ErrConflict) {
			t.Errorf("got %v, want ErrConflict", err)
		}
		if diff := cmp.Diff(u, must(s.UserByEmail(t.Context(), again.Email))(t)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]store.User{u}, must(s.Users(t.Context()))(t)); diff != "" {
			t.Error(diff)
		}
		if _, err := s.UserByEmail(t.Context(), "x"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("unknown e-mail: got %v, want ErrNotFound", err)
		}
		update(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.SetPassword(ctx, u.ID, "new") })
		if got := must(s.User(t.Context(), u.ID))(t).PasswordHash; got != "new" {
			t.Errorf("password hash %q", got)
		}
		err = s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error { return tx.SetPassword(ctx, uuid.New(), "new") })
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("password of nobody: got %v, want ErrNotFound", err)
		}
	})
}

func TestDeleteUser_TakesTokensButNotConnectedStores(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		u := newUser()
		token := store.APIToken{ID: uuid.New(), UserID: u.ID, Name: "ci", Hash: []byte{1, 2}, CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			return errors.Join(tx.InsertUser(ctx, u), tx.InsertToken(ctx, token))
		})
		id := connect(t, s, u.ID, "a.myshopify.com")
		remove := func() error {
			return s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error { return tx.DeleteUser(ctx, u.ID) })
		}
		if err := remove(); !errors.Is(err, store.ErrConflict) {
			t.Errorf("with a store: got %v, want ErrConflict", err)
		}
		disconnect(t, s, id)
		if err := remove(); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.TokenByHash(t.Context(), token.Hash); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("token: got %v, want ErrNotFound", err)
		}
		if err := remove(); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("twice: got %v, want ErrNotFound", err)
		}
		if ids := must(s.DeletedIntegrations(t.Context()))(t); len(ids) != 1 || ids[0] != id {
			t.Errorf("still to clear away: %v", ids)
		}
	})
}

func TestTokens(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		u, other := newUser(), newUser()
		first := store.APIToken{ID: uuid.New(), UserID: u.ID, Name: "first", Hash: []byte("h1"), CreatedAt: noon}
		second := store.APIToken{ID: uuid.New(), UserID: u.ID, Name: "second", Hash: []byte("h2"), CreatedAt: noon.Add(time.Second), ExpiresAt: noon.Add(time.Hour)}
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			return errors.Join(tx.InsertUser(ctx, u), tx.InsertUser(ctx, other), tx.InsertToken(ctx, second), tx.InsertToken(ctx, first),
				tx.TouchToken(ctx, second.ID, noon.Add(time.Minute)), tx.TouchToken(ctx, second.ID, noon), tx.TouchToken(ctx, uuid.New(), noon))
		})
		second.LastUsedAt = noon.Add(time.Minute)
		if diff := cmp.Diff([]store.APIToken{first, second}, must(s.Tokens(t.Context(), u.ID))(t)); diff != "" {
			t.Error(diff)
		}
		if got := must(s.Tokens(t.Context(), other.ID))(t); len(got) != 0 {
			t.Errorf("another's tokens: %v", got)
		}
		got, owner, err := s.TokenByHash(t.Context(), []byte("h2"))
		if err != nil || cmp.Diff(second, got) != "" || cmp.Diff(u, owner) != "" {
			t.Errorf("got %v of %v, %v", got, owner, err)
		}
		for name, bad := range map[string]struct {
			token store.APIToken
			want  error
		}{
			"same hash": {store.APIToken{ID: uuid.New(), UserID: u.ID, Hash: []byte("h1"), CreatedAt: noon}, store.ErrConflict},
			"no user":   {store.APIToken{ID: uuid.New(), UserID: uuid.New(), Hash: []byte("h3"), CreatedAt: noon}, store.ErrNotFound},
		} {
			err := s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error { return tx.InsertToken(ctx, bad.token) })
			if !errors.Is(err, bad.want) {
				t.Errorf("%s: got %v, want %v", name, err, bad.want)
			}
		}
		update(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteToken(ctx, first.ID) })
		if _, _, err := s.TokenByHash(t.Context(), first.Hash); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("deleted: got %v", err)
		}
	})
}
