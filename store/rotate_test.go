package store_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/store"
	"probability/store/storetest"
)

const hushShop = "hush.myshopify.com"

// secretsOf stores three secrets, and returns the integration.
func secretsOf(t *testing.T, s *store.Store) int64 {
	t.Helper()
	id := connect(t, s, uuid.New(), hushShop)
	update(t, s, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.PutSecret(ctx, id, store.SecretAPI, "first", time.Time{}), tx.PutSecret(ctx, id, store.SecretClient, "second", time.Time{}),
			tx.PutSecret(ctx, id, store.SecretAccessToken, "token", time.Time{}))
	})
	return id
}

// opens tells what is wrong with the secrets; it asks around the cache.
func opens(ctx context.Context, s *store.Store, id int64, at time.Time) error {
	token, err := s.Secret(ctx, id, store.SecretAccessToken)
	if err != nil || token != "token" {
		return errors.Join(err, errors.New("the token is "+token))
	}
	owners, err := s.ShopSecrets(ctx, hushShop, at)
	if err != nil || len(owners) != 1 || len(owners[0].Secrets) != 2 || owners[0].Secrets[0] != "first" {
		return errors.Join(err, errors.New("the shop's secrets are not as they were"))
	}
	return nil
}

func mustOpen(t *testing.T, what string, s *store.Store, id int64) {
	t.Helper()
	if err := opens(t.Context(), s, id, time.Now()); err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

func TestRotateKey_TheOldKeyOpensNothing(t *testing.T) {
	t.Parallel()
	storetest.RunConfig(t, func(t *testing.T, cfg store.Config) {
		cfg.Key, cfg.Exclusive = nil, false
		var old []byte
		var id int64
		var before [][]byte
		if err := closed(t, cfg, func(s *store.Store) {
			id, old = secretsOf(t, s), must(os.ReadFile(cfg.Dir+"/key"))(t)
			before = must(store.SealedValues(t.Context(), s))(t)
			r := must(s.RotateKey(t.Context()))(t)
			if r.Values != 3 || r.KeyID == r.FormerID || len(r.KeyID) != 16 || r.KeyFile != cfg.Dir+"/key" || r.FormerFile != cfg.Dir+"/key."+r.FormerID+".old" {
				t.Errorf("got %+v", r)
			}
			mustOpen(t, "the store that rotated", s, id)
			after := must(store.SealedValues(t.Context(), s))(t)
			if len(before) != 4 || len(after) != 4 {
				t.Fatalf("%d and %d sealed values, want three secrets and the proof", len(before), len(after))
			}
			for i := range before {
				if bytes.Equal(before[i], after[i]) {
					t.Errorf("value %d was not encrypted anew", i)
				}
			}
			if n := must(store.OpenedBy(t.Context(), s, old))(t); n != 0 {
				t.Errorf("the old key opens %d values", n)
			}
			if n := must(store.OpenedBy(t.Context(), s, must(os.ReadFile(r.KeyFile))(t)))(t); n != 3 {
				t.Errorf("the new key opens %d values, want 3", n)
			}
			if kept := must(os.ReadFile(r.FormerFile))(t); !bytes.Equal(kept, old) {
				t.Error("the former key, which backups need, is not kept")
			}
		}); err != nil {
			t.Fatal(err)
		}
		if err := closed(t, cfg, func(s *store.Store) { mustOpen(t, "opened again", s, id) }); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(cfg.Dir+"/key", old, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := closed(t, cfg, nil); !errors.Is(err, store.ErrWrongKey) {
			t.Errorf("with the old key: got %v, want ErrWrongKey", err)
		}
		for _, path := range must(filepath.Glob(cfg.Dir + "/key*"))(t) {
			if info := must(os.Stat(path))(t); info.Mode().Perm() != 0o600 {
				t.Errorf("%s has mode %v", path, info.Mode())
			}
		}
	})
}

// After each of its steps the rotation is cut off. The running service goes on, the folder opens, and a rotation begun again
// comes to its end.
func TestRotateKey_KilledAfterEachStep(t *testing.T) {
	t.Parallel()
	for name, fresh := range map[string]func(testing.TB) store.Config{"sqlite": storetest.Config, "postgres": storetest.PostgresConfig} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			killAfterEachStep(t, fresh)
		})
	}
}

func killAfterEachStep(t *testing.T, fresh func(testing.TB) store.Config) {
	t.Helper()
	for _, configured := range []bool{false, true} {
		for steps := range store.RotationSteps + 1 {
			if configured && steps != 2 && steps != 4 {
				continue // the others differ in nothing
			}
			cfg := fresh(t)
			if !configured {
				cfg.Key = nil
			}
			service := storetest.Open(t, cfg)
			id := secretsOf(t, service)
			beside := cfg
			beside.Exclusive = false
			s := must(store.Open(t.Context(), beside, quiet()))(t)
			if err := errors.Join(store.RotateInSteps(t.Context(), s, steps), s.Close()); err != nil {
				t.Fatal(err)
			}
			mustOpen(t, "the running service", service, id)
			update(t, service, func(ctx context.Context, tx *store.Tx) error {
				return tx.PutSecret(ctx, id, store.SecretPreviousAPI, "third", time.Now().Add(-time.Hour))
			})

			again, err := store.Open(t.Context(), beside, quiet())
			if configured && steps > 1 {
				if !errors.Is(err, store.ErrKeyInFile) {
					t.Fatalf("%d steps: the stale configured key: got %v, want ErrKeyInFile", steps, err)
				}
				beside.Key = nil
				again, err = store.Open(t.Context(), beside, quiet())
			}
			if err != nil {
				t.Fatalf("killed after %d steps: %v", steps, err)
			}
			mustOpen(t, "opened after the kill", again, id)
			if r := must(again.RotateKey(t.Context()))(t); r.Values != 4 {
				t.Errorf("%d values, want 4", r.Values)
			}
			mustOpen(t, "rotated again", again, id)
			mustOpen(t, "the service after it", service, id)
			if err := again.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(cfg.Dir + "/key.next"); err == nil {
				t.Errorf("%d steps: key.next is left", steps)
			}
		}
	}
}

// A service answers and stores secrets all the time while the key is rotated several times beside it.
func TestRotateKey_NobodySeesAnError(t *testing.T) {
	t.Parallel()
	storetest.RunConfig(t, func(t *testing.T, cfg store.Config) {
		cfg.Key = nil
		service := storetest.Open(t, cfg)
		id := secretsOf(t, service)
		var wg sync.WaitGroup
		var done atomic.Bool
		var reads atomic.Int64
		for range 2 {
			wg.Go(func() {
				pause := time.NewTicker(time.Millisecond)
				defer pause.Stop()
				for at := noon; !done.Load(); at = at.Add(2 * time.Second) { // older than the cache each time
					<-pause.C
					if err := opens(t.Context(), service, id, at); err != nil {
						t.Error(err)
						return
					}
					reads.Add(1)
				}
			})
		}
		wg.Go(func() {
			pause := time.NewTicker(2 * time.Millisecond) // another process would hardly ever come to the lock without
			defer pause.Stop()
			for ; !done.Load(); <-pause.C {
				err := service.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
					if token, err := tx.Secret(ctx, id, store.SecretAccessToken); err != nil || token != "token" {
						return errors.Join(err, errors.New("in a transaction the token is "+token))
					}
					return tx.PutSecret(ctx, id, store.SecretAPI, "first", time.Time{})
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
		for range 3 {
			if err := closed(t, store.Config{Dir: cfg.Dir, URL: cfg.URL}, func(s *store.Store) { must(s.RotateKey(t.Context()))(t) }); err != nil {
				t.Error(err)
			}
		}
		done.Store(true)
		wg.Wait()
		if reads.Load() == 0 {
			t.Error("nothing was read meanwhile")
		}
	})
}

func TestRotateKey_RefusesWhatItCannotOpen(t *testing.T) {
	t.Parallel()
	storetest.RunConfig(t, func(t *testing.T, cfg store.Config) {
		cfg.Key, cfg.Exclusive = nil, false
		s := storetest.Open(t, cfg)
		id := secretsOf(t, s)
		if _, err := s.Writer().ExecContext(t.Context(), `UPDATE secrets SET value = $1 WHERE kind = 'api_secret'`, make([]byte, 60)); err != nil {
			t.Fatal(err)
		}
		before := must(os.ReadFile(cfg.Dir + "/key"))(t)
		if _, err := s.RotateKey(t.Context()); err == nil {
			t.Fatal("a value that does not open was lost")
		}
		if !bytes.Equal(before, must(os.ReadFile(cfg.Dir+"/key"))(t)) {
			t.Error("the key was replaced")
		}
		if token := must(s.Secret(t.Context(), id, store.SecretAccessToken))(t); token != "token" {
			t.Errorf("the token is %q", token)
		}
	})
}
