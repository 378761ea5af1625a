package store_test

import (
	"context"
	"testing"

	"probability/store"
	"probability/store/storetest"
)

func TestPostgres_Opens(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		update(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.InsertUser(ctx, newUser()) })
		if n := must(s.CountUsers(t.Context()))(t); n != 1 {
			t.Errorf("%d users, want 1", n)
		}
	})
}
