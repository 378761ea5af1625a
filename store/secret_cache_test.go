package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/store"
	"probability/store/storetest"
)

// What this process changes is seen at once, what another one changes after a second, and nothing that was rolled back.
func TestShopSecrets_AreRememberedForASecondAtMost(t *testing.T) {
	t.Parallel()
	storetest.RunConfig(t, func(t *testing.T, cfg store.Config) {
		s := storetest.Open(t, cfg)
		cfg.Exclusive = false
		other := storetest.Open(t, cfg)
		const shop = "a.myshopify.com"
		id := connect(t, s, uuid.New(), shop)
		secrets := func(now time.Time) []string {
			t.Helper()
			owners := must(s.ShopSecrets(t.Context(), "A.MyShopify.com", now))(t)
			if len(owners) != 1 {
				t.Fatalf("got %v", owners)
			}
			return owners[0].Secrets
		}
		set := func(by *store.Store, value string) {
			t.Helper()
			update(t, by, func(ctx context.Context, tx *store.Tx) error {
				return tx.PutSecret(ctx, id, store.SecretAPI, value, time.Time{})
			})
		}
		expect := func(what string, now time.Time, want ...string) {
			t.Helper()
			if got := secrets(now); !slices.Equal(got, want) {
				t.Errorf("%s: got %v, want %v", what, got, want)
			}
		}
		expect("none yet", noon)
		set(s, "first")
		expect("set here", noon, "first")
		set(other, "second")
		expect("set by another process, just now", noon.Add(999*time.Millisecond), "first")
		expect("set by another process, a second ago", noon.Add(time.Second), "second")
		expect("a clock that was set back", noon, "second")

		failure := errors.New("no")
		err := s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			return errors.Join(tx.PutSecret(ctx, id, store.SecretAPI, "third", time.Time{}), failure)
		})
		if !errors.Is(err, failure) {
			t.Fatal(err)
		}
		expect("rolled back", noon, "second")
		update(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteSecrets(ctx, id, store.SecretAPI) })
		expect("deleted here", noon)
		disconnect(t, s, id)
		if owners := must(s.ShopSecrets(t.Context(), shop, noon))(t); len(owners) != 0 {
			t.Errorf("of a disconnected store: %v", owners)
		}
	})
}
