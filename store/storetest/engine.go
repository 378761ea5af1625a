package storetest

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"

	"probability/store"
	"probability/store/storetest/postgres"
)

// EnvEngine names the engine that the tests of what stands above the store are run on, where they do not name one themselves:
// "sqlite", which is also meant when there is none, or "postgres":
//
//	PROBABILITY_TEST_ENGINE=postgres go test ./app ./jobs ./web
const EnvEngine = "PROBABILITY_TEST_ENGINE"

// onServer has the names of the tests within which stores are on a server.
var onServer sync.Map

// Chosen opens a store of the engine that the test is run on, in a folder or with a database of its own, and closes it when the
// test ends.
func Chosen(tb testing.TB) *store.Store {
	tb.Helper()
	if Engine(tb) == store.PostgreSQL {
		return NewPostgres(tb)
	}
	return New(tb)
}

// Engine is the engine that the test is run on.
func Engine(tb testing.TB) store.Engine {
	tb.Helper()
	switch chosen := os.Getenv(EnvEngine); chosen {
	case "postgres":
		return store.PostgreSQL
	case "", "sqlite":
	default:
		tb.Fatalf("%s is %q; it may be sqlite or postgres", EnvEngine, chosen)
	}
	for name := tb.Name(); name != ""; {
		if _, on := onServer.Load(name); on {
			return store.PostgreSQL
		}
		name = name[:max(strings.LastIndexByte(name, '/'), 0)]
	}
	return store.SQLite
}

// SQLiteOnly skips a test of what only the file has when it is run on a server. why ends the sentence "on PostgreSQL …".
func SQLiteOnly(tb testing.TB, why string) {
	tb.Helper()
	if Engine(tb) != store.SQLite {
		tb.Skip("on PostgreSQL " + why)
	}
}

// OnPostgres runs tests that are run on SQLite already once more, on PostgreSQL.
func OnPostgres(t *testing.T, tests ...func(*testing.T)) {
	t.Helper()
	postgres.LeftOut(t)
	if Engine(t) == store.PostgreSQL {
		t.Skip("all tests are run on PostgreSQL")
	}
	onServer.Store(t.Name(), true)
	for _, test := range tests {
		name := runtime.FuncForPC(reflect.ValueOf(test).Pointer()).Name()
		t.Run(name[strings.LastIndexByte(name, '.')+1:], test)
	}
}

// Within runs a statement in a transaction that is open, as the job queue does.
func Within(ctx context.Context, tx *store.Tx, query string, args ...any) error {
	if on := tx.Pgx(); on != nil {
		_, err := on.Exec(ctx, query, args...)
		return err
	}
	_, err := tx.SQL().ExecContext(ctx, query, args...)
	return err
}

// Raw shows all that lies in the database: of SQLite its files, byte by byte, of a server the rows of every table.
func Raw(tb testing.TB, s *store.Store, look func(place string, data []byte)) {
	tb.Helper()
	if s.Engine() == store.PostgreSQL {
		rawRows(tb, s, look)
		return
	}
	files, err := texts(tb, s, `SELECT file FROM pragma_database_list WHERE name = 'main'`)
	if err != nil || len(files) != 1 {
		tb.Fatalf("files of the database: %v, %v", files, err)
	}
	for _, behind := range []string{"", "-wal", "-shm"} {
		data, err := os.ReadFile(files[0] + behind)
		if err != nil {
			tb.Fatal(err)
		}
		look("database"+behind, data)
	}
}

func rawRows(tb testing.TB, s *store.Store, look func(place string, data []byte)) {
	tb.Helper()
	tables, err := texts(tb, s, `SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1`)
	if err != nil || len(tables) == 0 {
		tb.Fatalf("tables of the database: %v, %v", tables, err)
	}
	for _, table := range tables {
		rows, err := s.ReadPool().Query(tb.Context(), `SELECT * FROM `+table)
		if err != nil {
			tb.Fatal(err)
		}
		for rows.Next() {
			values, err := rows.Values()
			if err != nil {
				tb.Fatal(err)
			}
			for _, v := range values {
				if data, binary := v.([]byte); binary {
					look("database, "+table, data)
				} else {
					look("database, "+table, fmt.Append(nil, v))
				}
			}
		}
		rows.Close()
		if err := rows.Err(); err != nil {
			tb.Fatal(err)
		}
	}
}
