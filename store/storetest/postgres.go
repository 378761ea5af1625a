package storetest

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"probability/store"
)

// prefix begins the names of databases that tests make; the time at which they were made follows.
const prefix = "probability_test_"

// Times of databases for tests.
const (
	leftOver = time.Hour // after which one is of a run that was killed
	dropWait = 30 * time.Second
)

// template is the database that those of the tests are copies of, one for each test program.
var template struct {
	once     sync.Once
	at, name string
	err      error
}

// Postgres makes a database with the schema of today and nothing in it, and drops it when the test ends. It returns its address.
func Postgres(tb testing.TB) string {
	tb.Helper()
	at := server(tb)
	template.once.Do(func() {
		template.at = at
		template.name, template.err = makeTemplate(context.WithoutCancel(tb.Context()), at)
	})
	if template.err != nil {
		tb.Fatalf("PostgreSQL for tests: %v", template.err)
	}
	name := newName()
	if err := manage(tb.Context(), at, `CREATE DATABASE `+name+` TEMPLATE `+template.name); err != nil {
		tb.Fatalf("PostgreSQL for tests: %v", err)
	}
	dropAfter(tb, at, name)
	return onDatabase(at, name)
}

// dropAfter drops a database when the test has ended.
func dropAfter(tb testing.TB, at, name string) {
	tb.Helper()
	ctx := context.WithoutCancel(tb.Context()) // the test's own is over by then
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(ctx, dropWait)
		defer cancel()
		if err := manage(ctx, at, `DROP DATABASE `+name+` WITH (FORCE)`); err != nil {
			tb.Errorf("PostgreSQL for tests: %v", err)
		}
	})
}

// EmptyPostgres is Postgres without the schema.
func EmptyPostgres(tb testing.TB) string {
	tb.Helper()
	at, name := server(tb), newName()
	if err := manage(tb.Context(), at, `CREATE DATABASE `+name+` TEMPLATE template0 ENCODING 'UTF8'`); err != nil {
		tb.Fatalf("PostgreSQL for tests: %v", err)
	}
	dropAfter(tb, at, name)
	return onDatabase(at, name)
}

// makeTemplate makes the template, and drops what runs left that were killed.
func makeTemplate(ctx context.Context, at string) (name string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*dropWait)
	defer cancel()
	if err := sweep(ctx, at); err != nil {
		return "", err
	}
	name = newName()
	if err := manage(ctx, at, `CREATE DATABASE `+name+` TEMPLATE template0 ENCODING 'UTF8'`); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", prefix)
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	s, err := store.Open(ctx, store.Config{Dir: dir + "/data", URL: onDatabase(at, name), Key: Key()}, slog.New(slog.DiscardHandler))
	if err != nil {
		return "", err
	}
	return name, s.Close()
}

// DropTemplate drops the template of this test program, if it made one; TestMain may call it at the end. What it does not drop the next
// run does, an hour later.
func DropTemplate(ctx context.Context) error {
	if template.name == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, dropWait)
	defer cancel()
	return manage(ctx, template.at, `DROP DATABASE IF EXISTS `+template.name+` WITH (FORCE)`)
}

// sweep drops databases that runs left that were killed.
func sweep(ctx context.Context, at string) error {
	conn, err := pgx.Connect(ctx, at)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, `SELECT datname FROM pg_database WHERE starts_with(datname, $1)`, prefix)
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range names {
		made, _, _ := strings.Cut(strings.TrimPrefix(name, prefix), "_")
		seconds, err := strconv.ParseInt(made, 10, 64)
		if err != nil || time.Since(time.Unix(seconds, 0)) < leftOver {
			continue
		}
		if _, err := conn.Exec(ctx, `DROP DATABASE IF EXISTS `+name+` WITH (FORCE)`); err != nil {
			return err
		}
	}
	return nil
}

func newName() string {
	return fmt.Sprintf("%s%d_%s", prefix, time.Now().Unix(), strings.ReplaceAll(uuid.NewString(), "-", ""))
}

// manage runs a statement on the server itself.
func manage(ctx context.Context, at, statement string) error {
	conn, err := pgx.Connect(ctx, at)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}

// onDatabase is the address of another database of a server.
func onDatabase(at, name string) string {
	u, err := url.Parse(at)
	if err != nil {
		return at
	}
	u.Path = "/" + name
	return u.String()
}
