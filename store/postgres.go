package store

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"probability/shopify"
)

// postgresDialect is PostgreSQL.
type postgresDialect struct{}

var postgres postgresDialect

func (postgresDialect) engine() Engine { return PostgreSQL }

func (postgresDialect) schema(*Store) (goose.Dialect, string, []goose.ProviderOption) {
	return goose.DialectPostgres, "migrations/postgres", nil
}

func (postgresDialect) queue(s *Store) (queueSchema, error) {
	var pool *pgxpool.Pool
	if s != nil {
		pool = s.pool
	}
	m, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return queueSchema{}, err
	}
	return queueSteps(m), nil
}

func (postgresDialect) hasTable() string { return `SELECT to_regclass($1) IS NOT NULL` }

func (postgresDialect) values(rows, columns int) string { return valuesWith(rows, columns, "", "") }

// valuesWith writes the rows of a multi-row statement, with something before and behind the first parameter of each.
func valuesWith(rows, columns int, before, behind string) string {
	b := make([]byte, 0, rows*(columns*6+len(before)+len(behind)))
	for i := range rows * columns {
		first := i%columns == 0
		switch {
		case i == 0:
			b = append(append(b, '('), before...)
		case first:
			b = append(append(b, "), ("...), before...)
		default:
			b = append(b, ", "...)
		}
		if b = strconv.AppendInt(append(b, '$'), int64(i+1), 10); first {
			b = append(b, behind...)
		}
	}
	return string(append(b, ')'))
}

// orderValues names the id of an order that is there. This engine takes a new number for every row that it tries to insert, also for
// one that is there already; with each update of an order there would be a gap, and whoever goes through the numbers goes through it.
func (postgresDialect) orderValues(rows, columns int) (before, values string) {
	return "id, ", valuesWith(rows, columns+1, "COALESCE(", "::bigint, nextval('orders_id_seq'))")
}

func (postgresDialect) orderID(args []any, id int64) []any {
	return append(args, sql.NullInt64{Int64: id, Valid: id != 0})
}

// What an index entry may have is 2,704 bytes, and four of the short ones are in one entry.
const (
	maxIndexedShort = 500
	maxIndexed      = 2_000
)

func (postgresDialect) fitted(o shopify.Order) shopify.Order {
	for _, text := range []*string{&o.FinancialStatus, &o.FulfillmentStatus, &o.Currency} {
		*text = firstBytes(storable(*text), maxIndexedShort)
	}
	for _, text := range []*string{&o.ID, &o.Number, &o.CustomerEmail} {
		*text = firstBytes(storable(*text), maxIndexed)
	}
	// What is searched and added up by has to be the same here as it will be there.
	for _, text := range []*string{&o.Province, &o.City, &o.CustomerName, &o.Address} {
		*text = storable(*text)
	}
	return o
}

// firstBytes cuts a text between two characters, so that it has no more than so many bytes.
func firstBytes(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

// listSize: the server keeps each text prepared, on each connection, and plans anew for one that differs in length.
func (postgresDialect) listSize(n int) int {
	size := 1
	for size < n {
		size *= 2
	}
	return size
}

func (postgresDialect) in(from, n int) string {
	b := make([]byte, 0, n*6)
	for i := range n {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = strconv.AppendInt(append(b, '$'), int64(from+i), 10)
	}
	return string(b)
}

// indexed: this engine has statistics, and takes no advice.
func (postgresDialect) indexed(string) string { return "" }

func (postgresDialect) contains(text, part string) string {
	return "strpos(" + text + ", " + part + ") > 0"
}

func (postgresDialect) inOrder(by string) string { return " ORDER BY " + by }

func (postgresDialect) numbers(param string) string {
	return "(SELECT unnest(" + param + "::bigint[]) AS value)"
}

func (postgresDialect) among(column, param string) string {
	return column + " = ANY (" + param + "::bigint[])"
}

func (postgresDialect) numberList(ns []int64) any { return notNilNumbers(ns) }

// notNilNumbers: an array without members is not the same as none.
func notNilNumbers(ns []int64) []int64 {
	if ns == nil {
		return []int64{}
	}
	return ns
}

func (postgresDialect) elements(param string) string {
	return "(SELECT jsonb_array_elements(" + param + "::jsonb) AS value)"
}

func (postgresDialect) texts(param string) string {
	return "(SELECT jsonb_array_elements_text(" + param + "::jsonb) AS value)"
}

func (postgresDialect) clock() string {
	return "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
}

func (postgresDialect) rowID() string             { return "ctid::text" }
func (postgresDialect) rowIs(param string) string { return "ctid = " + param + "::text::tid" }

func (postgresDialect) greatest() string { return "greatest" }
func (postgresDialect) least() string    { return "least" }

func (postgresDialect) jobTime(t time.Time) any { return t.UTC() }

func (postgresDialect) jobTimeText(expression string) string {
	return "to_char(" + expression + " AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS')"
}

func (postgresDialect) jsonText(column string) string { return column + "::text" }

// The numbers of our advisory locks. Whatever else uses the same database has its own.
const (
	writerLockID  = 0x70726f6261626c65 // "probable"
	openingLockID = writerLockID + 1
)

// Codes of PostgreSQL, from the appendix "PostgreSQL Error Codes" of its manual.
const (
	pgUniqueViolation     = "23505"
	pgForeignKeyViolation = "23503"
	pgDiskFull            = "53100"
	pgLockNotAvailable    = "55P03"
	pgQueryCanceled       = "57014"
	pgDeadlock            = "40P01"
	pgSerialization       = "40001"
	pgReadOnly            = "25006"
	pgIdleTooLong         = "25P03"
)

// isConflict: a primary key or a unique index refused the row.
func (postgresDialect) isConflict(err error) bool { return hasState(err, pgUniqueViolation) }

// isMissingParent: the row refers to one that does not exist.
func (postgresDialect) isMissingParent(err error) bool { return hasState(err, pgForeignKeyViolation) }

// isBusy: somebody else held a lock for longer than we wait.
func (postgresDialect) isBusy(err error) bool { return hasState(err, pgLockNotAvailable, pgDeadlock) }

// isFull: there is no room for what is written.
func (postgresDialect) isFull(err error) bool { return hasState(err, pgDiskFull) }

// isUnavailable: nothing is wrong with the statement; the server cannot carry it out now, or cannot be reached.
func (postgresDialect) isUnavailable(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch e.Code {
		case pgLockNotAvailable, pgQueryCanceled, pgDeadlock, pgSerialization, pgReadOnly, pgIdleTooLong:
			return true
		}
		switch class := e.Code[:min(len(e.Code), 2)]; class {
		case "08", // of the connection
			"53", // out of memory, disk or connections
			"57", // the server is being stopped or started
			"58": // errors of its files
			return true
		}
		return false
	}
	return errors.Is(err, errUnreachable) || errors.Is(err, driver.ErrBadConn)
}

func hasState(err error, codes ...string) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && slices.Contains(codes, e.Code)
}
