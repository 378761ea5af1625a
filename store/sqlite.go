package store

import (
	"database/sql"
	"errors"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"probability/shopify"
)

// sqliteDialect is SQLite.
type sqliteDialect struct{}

var sqlite sqliteDialect

func (sqliteDialect) engine() Engine { return SQLite }

func (sqliteDialect) schema(s *Store) (goose.Dialect, string, []goose.ProviderOption) {
	return goose.DialectSQLite3, "migrations/sqlite", []goose.ProviderOption{
		goose.WithGoMigrations(goose.NewGoMigration(searchVersion, &goose.GoFunc{RunTx: s.indexOrders}, nil)),
	}
}

func (sqliteDialect) queue(s *Store) (queueSchema, error) {
	var db *sql.DB
	if s != nil {
		db = s.writer
	}
	m, err := rivermigrate.New(riversqlite.New(db), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return queueSchema{}, err
	}
	return queueSteps(m), nil
}

func (sqliteDialect) hasTable() string {
	return `SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1)`
}

// Memory that one connection may use for pages, in KiB. It is outside Go's heap; a process grows by about twice the sum.
const (
	writerCache = 8_000
	readerCache = 4_000
)

// busyMillis is how long a connection waits for a lock of another process.
// Shopify gives a webhook five seconds, and must have its refusal by then.
const busyMillis = "3500"

// dsn is the address of the database file. The wait for locks comes first: the pragmas after it may already need it.
// FULL flushes at each commit, since an acknowledged webhook must survive a power cut. Transactions begin immediate: one
// that starts by reading and then writes could not wait for its turn.
func (sqliteDialect) dsn(path string, readOnly bool) string {
	pragmas := []string{"busy_timeout(" + busyMillis + ")"}
	if readOnly {
		pragmas = append(pragmas, "query_only(1)", "cache_size(-"+strconv.Itoa(readerCache)+")")
	} else {
		// 64 MiB: a log that grew under load shrinks again instead of staying. Nothing here may need the write lock, which a
		// busy service hardly ever leaves to others.
		// What was deleted is written over: who is erased must be gone from the file, too.
		pragmas = append(pragmas, "secure_delete(1)", "journal_mode(WAL)", "synchronous(FULL)", "cache_size(-"+strconv.Itoa(writerCache)+")", "journal_size_limit(67108864)")
	}
	pragmas = append(pragmas, "foreign_keys(1)", "temp_store(MEMORY)")
	var b strings.Builder
	b.WriteString((&url.URL{Scheme: "file", OmitHost: true, Path: path}).String())
	sep := "?"
	for _, p := range pragmas {
		b.WriteString(sep + "_pragma=" + url.QueryEscape(p))
		sep = "&"
	}
	if !readOnly {
		b.WriteString("&_txlock=immediate")
	}
	return b.String()
}

// open makes a pool; nothing is connected yet.
func (d sqliteDialect) open(path string, readOnly bool, connections int) (*sql.DB, error) {
	c, err := driver.NewConnector(d.dsn(path, readOnly))
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(cachingConnector{c})
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// isConflict: a primary key or a unique index refused the row.
func (sqliteDialect) isConflict(err error) bool {
	return hasCode(err, codes.SQLITE_CONSTRAINT_PRIMARYKEY, codes.SQLITE_CONSTRAINT_UNIQUE)
}

// isNotDatabase: the file does not begin like one.
func (sqliteDialect) isNotDatabase(err error) bool { return hasCode(err, codes.SQLITE_NOTADB) }

// isBusy: another connection holds the lock for longer than we wait.
func (sqliteDialect) isBusy(err error) bool {
	var e *driver.Error
	return errors.As(err, &e) && e.Code()&0xff == codes.SQLITE_BUSY
}

// isUnavailable: nothing is wrong with the statement; the database cannot be written or read now.
func (sqliteDialect) isUnavailable(err error) bool {
	var e *driver.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff { // the primary code; the rest says more exactly which
	case codes.SQLITE_BUSY, codes.SQLITE_LOCKED, codes.SQLITE_FULL, codes.SQLITE_IOERR, codes.SQLITE_READONLY, codes.SQLITE_CANTOPEN, codes.SQLITE_NOMEM:
		return true
	}
	return false
}

// isForbidden: the database, or the folder that it lies in, may not be written, or is none that can be.
func (sqliteDialect) isForbidden(err error) bool {
	switch primaryCode(err) {
	case codes.SQLITE_READONLY, codes.SQLITE_CANTOPEN, codes.SQLITE_PERM:
		return true
	}
	return false
}

// isDamaged: the file is a database, and its content is not what was written.
func (sqliteDialect) isDamaged(err error) bool { return primaryCode(err) == codes.SQLITE_CORRUPT }

// primaryCode is the first part of SQLite's code, which says the kind of error; 0 when it is none of SQLite's.
func primaryCode(err error) int {
	if e, ok := errors.AsType[*driver.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

// isFull: there is no room for what is written. A quota, or a limit of the size of files, shows as a write that failed.
func (sqliteDialect) isFull(err error) bool {
	return hasCode(err, codes.SQLITE_FULL, codes.SQLITE_IOERR_WRITE, codes.SQLITE_IOERR_SHMSIZE)
}

// isLocked: another connection held what was asked for.
func (sqliteDialect) isLocked(err error) bool {
	return hasCode(err, codes.SQLITE_BUSY, codes.SQLITE_LOCKED)
}

// isMissingParent: the row refers to one that does not exist.
func (sqliteDialect) isMissingParent(err error) bool {
	return hasCode(err, codes.SQLITE_CONSTRAINT_FOREIGNKEY)
}

func hasCode(err error, want ...int) bool {
	var e *driver.Error
	if !errors.As(err, &e) {
		return false
	}
	for _, c := range want {
		if e.Code() == c {
			return true
		}
	}
	return false
}

// values has parameters without numbers, because this engine looks each number up in a list of all of them: with 25 orders in a
// statement that took longer than storing them.
func (sqliteDialect) values(rows, columns int) string {
	row := "(?" + strings.Repeat(", ?", columns-1) + ")"
	return row + strings.Repeat(", "+row, rows-1)
}

func (d sqliteDialect) orderValues(rows, columns int) (before, values string) {
	return "", d.values(rows, columns)
}
func (sqliteDialect) orderID(args []any, _ int64) []any    { return args }
func (sqliteDialect) fitted(o shopify.Order) shopify.Order { return o }

func (sqliteDialect) listSize(n int) int { return n }

func (sqliteDialect) in(_, n int) string { return "?" + strings.Repeat(", ?", n-1) }

// indexed: without statistics this engine guesses, and with them it may change its mind; the queries that name an index were
// measured with it.
func (sqliteDialect) indexed(name string) string { return " INDEXED BY " + name }

func (sqliteDialect) contains(text, part string) string {
	return "instr(" + text + ", " + part + ") > 0"
}

// inOrder: said once more, this engine would sort them once more.
func (sqliteDialect) inOrder(string) string { return "" }

func (sqliteDialect) numbers(param string) string { return "json_each(" + param + ")" }

func (sqliteDialect) among(column, param string) string {
	return column + " IN (SELECT value FROM json_each(" + param + "))"
}

func (sqliteDialect) numberList(ns []int64) any {
	b := make([]byte, 0, 8*len(ns)+2)
	b = append(b, '[')
	for i, n := range ns {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, n, 10)
	}
	return string(append(b, ']'))
}

func (sqliteDialect) elements(param string) string { return "json_each(" + param + ")" }
func (sqliteDialect) texts(param string) string    { return "json_each(" + param + ")" }
func (sqliteDialect) clock() string                { return "CAST(unixepoch('subsec') * 1000 AS INTEGER)" }

func (sqliteDialect) rowID() string             { return "CAST(rowid AS TEXT)" }
func (sqliteDialect) rowIs(param string) string { return "rowid = CAST(" + param + " AS INTEGER)" }

func (sqliteDialect) greatest() string { return "max" }
func (sqliteDialect) least() string    { return "min" }

// riverTime is how the queue writes its times.
const riverTime = "2006-01-02 15:04:05.000"

func (sqliteDialect) jobTime(t time.Time) any { return t.UTC().Format(riverTime) }
func (sqliteDialect) jobTimeText(column string) string {
	return "strftime('%Y-%m-%d %H:%M:%f', " + column + ")"
}
func (sqliteDialect) jsonText(column string) string { return "json(" + column + ")" }

// vacuum is the statement that gives n free pages back.
func (sqliteDialect) vacuum(n int) string {
	return "PRAGMA incremental_vacuum(" + strconv.Itoa(n) + ")"
}
