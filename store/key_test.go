package store_test

import (
	"context"
	"encoding/base64"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/store"
	"probability/store/storetest"
)

// closed opens a store, runs fn and closes it again.
func closed(t *testing.T, cfg store.Config, fn func(s *store.Store)) error {
	t.Helper()
	s, err := store.Open(t.Context(), cfg, quiet())
	if err != nil {
		return err
	}
	if fn != nil {
		fn(s)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return nil
}

// withSecret stores a secret.
func withSecret(t *testing.T, s *store.Store) {
	t.Helper()
	id := connect(t, s, uuid.New(), "secret.myshopify.com")
	update(t, s, func(ctx context.Context, tx *store.Tx) error {
		return tx.PutSecret(ctx, id, store.SecretAPI, "hush", time.Time{})
	})
}

func TestKey_IsMadeOnceAndReadAgain(t *testing.T) {
	t.Parallel()
	storetest.RunConfig(t, func(t *testing.T, cfg store.Config) {
		cfg.Key = nil
		if err := closed(t, cfg, func(s *store.Store) { withSecret(t, s) }); err != nil {
			t.Fatal(err)
		}
		text := must(os.ReadFile(cfg.Dir + "/key"))(t)
		if key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text))); err != nil || len(key) != 32 {
			t.Errorf("key file: %d bytes, %v", len(key), err)
		}
		if err := closed(t, cfg, func(s *store.Store) {
			found := must(s.ShopSecrets(t.Context(), "secret.myshopify.com", noon))(t)
			if len(found) != 1 || len(found[0].Secrets) != 1 || found[0].Secrets[0] != "hush" {
				t.Errorf("got %#v", found)
			}
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestKey_LostOrWrongStopsTheStart(t *testing.T) {
	t.Parallel()
	other := []byte("ffffffffffffffffffffffffffffffff")
	file := func(content string) func(*testing.T, *store.Config) {
		return func(t *testing.T, cfg *store.Config) {
			t.Helper()
			if err := os.WriteFile(cfg.Dir+"/key", []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, c := range map[string]struct {
		change func(t *testing.T, cfg *store.Config)
		want   error
	}{
		"lost": {func(t *testing.T, cfg *store.Config) {
			t.Helper()
			if err := os.Remove(cfg.Dir + "/key"); err != nil {
				t.Fatal(err)
			}
		}, store.ErrKeyLost},
		"another file":       {file(base64.StdEncoding.EncodeToString(other)), store.ErrWrongKey},
		"another configured": {func(_ *testing.T, cfg *store.Config) { cfg.Key = other }, store.ErrKeyInFile},
		"another configured and no file": {func(t *testing.T, cfg *store.Config) {
			t.Helper()
			if err := os.Remove(cfg.Dir + "/key"); err != nil {
				t.Fatal(err)
			}
			cfg.Key = other
		}, store.ErrWrongKey},
		"too short":  {func(_ *testing.T, cfg *store.Config) { cfg.Key = other[:31] }, store.ErrWrongKey},
		"empty file": {file(""), store.ErrWrongKey},
		"rubbish":    {file("not base64 at all!"), store.ErrWrongKey},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, exclusive := range []bool{true, false} {
				cfg := store.Config{Dir: t.TempDir() + "/data", Exclusive: exclusive}
				if err := closed(t, cfg, func(s *store.Store) { withSecret(t, s) }); err != nil {
					t.Fatal(err)
				}
				c.change(t, &cfg)
				err := closed(t, cfg, nil)
				if !errors.Is(err, c.want) {
					t.Errorf("exclusive %v: got %v, want %v", exclusive, err, c.want)
				}
				if name == "lost" {
					if _, err := os.Stat(cfg.Dir + "/key"); err == nil {
						t.Error("a new key was made over the lost one")
					}
				}
			}
		})
	}
}

func TestKey_LostWithoutSecretsIsReplaced(t *testing.T) {
	t.Parallel()
	cfg := store.Config{Dir: t.TempDir() + "/data", Exclusive: true}
	for range 2 {
		if err := closed(t, cfg, nil); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(cfg.Dir + "/key"); err != nil {
			t.Fatal(err)
		}
	}
	if err := closed(t, cfg, func(s *store.Store) { withSecret(t, s) }); err != nil {
		t.Fatal(err)
	}
	if err := closed(t, cfg, nil); err != nil {
		t.Errorf("with the new key: %v", err)
	}
}

func TestKey_ACommandWithoutTheServicesKeyMakesNoOther(t *testing.T) {
	t.Parallel()
	storetest.RunConfig(t, func(t *testing.T, cfg store.Config) {
		dir, keyless := cfg.Dir, store.Config{Dir: cfg.Dir, URL: cfg.URL}
		service, command := storetest.Open(t, cfg), storetest.Open(t, keyless)
		update(t, command, func(ctx context.Context, tx *store.Tx) error { return tx.InsertUser(ctx, newUser()) })
		if _, err := os.Stat(dir + "/key"); err == nil {
			t.Error("the command made a key file")
		}
		id := connect(t, command, uuid.New(), "a.myshopify.com")
		err := command.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			return tx.PutSecret(ctx, id, store.SecretAPI, "hush", time.Time{})
		})
		if !errors.Is(err, store.ErrKeyLost) {
			t.Errorf("secret without a key: got %v, want ErrKeyLost", err)
		}
		withSecret(t, service)
		if _, err := store.Open(t.Context(), keyless, quiet()); !errors.Is(err, store.ErrKeyLost) {
			t.Errorf("once secrets are stored: got %v, want ErrKeyLost", err)
		}
	})
}

func TestKey_ACommandThatRunsFirstDoesNotBindTheServiceToItsKey(t *testing.T) {
	t.Parallel()
	storetest.RunConfig(t, func(t *testing.T, cfg store.Config) {
		command := store.Config{Dir: cfg.Dir, URL: cfg.URL}
		if err := closed(t, command, nil); err != nil {
			t.Fatal(err)
		}
		if err := closed(t, cfg, func(s *store.Store) { withSecret(t, s) }); err != nil {
			t.Errorf("service with its own key: %v", err)
		}
		if err := closed(t, command, nil); !errors.Is(err, store.ErrWrongKey) {
			t.Errorf("the command's key file afterwards: got %v, want ErrWrongKey", err)
		}
	})
}

func TestKey_LeftoversOfACrashAreNoKey(t *testing.T) {
	t.Parallel()
	cfg := store.Config{Dir: t.TempDir() + "/data", Exclusive: true}
	if err := closed(t, cfg, nil); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(cfg.Dir+"/key"), os.WriteFile(cfg.Dir+"/key.new", []byte("hal"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := closed(t, cfg, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(cfg.Dir + "/key.new"); err == nil {
		t.Error("the unfinished key is still there")
	}
}
