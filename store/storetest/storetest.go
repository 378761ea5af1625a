// Package storetest opens stores for tests.
package storetest

import (
	"log/slog"
	"testing"

	"probability/store"
)

// New opens a store in a folder of its own, with a fixed key, and closes it when the test ends.
func New(tb testing.TB) *store.Store {
	tb.Helper()
	cfg := Config(tb)
	Prepare(tb, cfg.Dir)
	return Open(tb, cfg)
}

// Config is of a store in a folder of its own, as a service opens it, with a fixed key.
func Config(tb testing.TB) store.Config {
	tb.Helper()
	return store.Config{Dir: tb.TempDir() + "/data", Key: Key(), Exclusive: true}
}

// NewPostgres is New with PostgreSQL.
func NewPostgres(tb testing.TB) *store.Store {
	tb.Helper()
	return Open(tb, PostgresConfig(tb))
}

// PostgresConfig is Config with a database of its own on the server for tests.
func PostgresConfig(tb testing.TB) store.Config {
	tb.Helper()
	cfg := Config(tb)
	cfg.URL = Postgres(tb)
	return cfg
}

// Open opens a store as cfg says and closes it when the test ends.
func Open(tb testing.TB, cfg store.Config) *store.Store {
	tb.Helper()
	s, err := store.Open(tb.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatalf("open store: %v", err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("close store: %v", err)
		}
	})
	return s
}

// Key is an encryption key for tests.
func Key() []byte { return []byte("0123456789abcdef0123456789abcdef") }

// Run runs fn in parallel on a fresh store of each engine.
func Run(t *testing.T, fn func(t *testing.T, s *store.Store)) {
	t.Helper()
	RunConfig(t, func(t *testing.T, cfg store.Config) {
		if cfg.URL == "" {
			Prepare(t, cfg.Dir)
		}
		fn(t, Open(t, cfg))
	})
}

// RunConfig runs fn in parallel with the configuration of each engine: for tests that open a store themselves, or twice.
func RunConfig(t *testing.T, fn func(t *testing.T, cfg store.Config)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		fn(t, Config(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		fn(t, PostgresConfig(t))
	})
}

// Bench runs fn on a fresh store of each engine.
func Bench(b *testing.B, fn func(b *testing.B, s *store.Store)) {
	b.Helper()
	b.Run("sqlite", func(b *testing.B) { fn(b, New(b)) })
	b.Run("postgres", func(b *testing.B) {
		fn(b, NewPostgres(b))
	})
}
