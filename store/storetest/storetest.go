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
	return Open(tb, store.Config{Dir: tb.TempDir() + "/data", Key: Key(), Exclusive: true})
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
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		fn(t, New(t))
	})
}
