package storetest

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"probability/store"
)

// databaseFile is the name of the database in a data folder.
const databaseFile = "probability.db"

// prepared is the database that the first opening of a folder makes, with the key for tests. Making it costs some hundred statements,
// twenty times as much as opening it, and hundreds of tests want one; the tests of the store have the openings of empty folders.
var prepared struct {
	once     sync.Once
	database []byte
	err      error
}

// Prepare makes a data folder that has been opened once with the key for tests. The folder must not be there yet.
func Prepare(tb testing.TB, dir string) {
	tb.Helper()
	prepared.once.Do(func() { prepared.database, prepared.err = prepare(context.WithoutCancel(tb.Context())) })
	err := prepared.err
	if err == nil {
		err = os.Mkdir(dir, 0o700)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, databaseFile), prepared.database, 0o600)
	}
	if err != nil {
		tb.Fatalf("prepare a folder: %v", err)
	}
}

// prepare opens an empty folder and gives the database that is there then.
func prepare(ctx context.Context) (_ []byte, err error) {
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := store.Open(ctx, store.Config{Dir: filepath.Join(dir, "data"), Key: Key(), Exclusive: true}, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	// A log beside it would hold a part of what was written.
	if _, err := os.Stat(filepath.Join(dir, "data", databaseFile+"-wal")); !errors.Is(err, os.ErrNotExist) {
		return nil, errors.Join(errors.New("the database was not closed"), err)
	}
	return os.ReadFile(filepath.Join(dir, "data", databaseFile))
}
