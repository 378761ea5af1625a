package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/pressly/goose/v3"

	"probability/shopify"
)

// Engine is a database engine.
type Engine int

// The engines. SQLite is one file in the data folder and belongs to one process; PostgreSQL is a server that several share.
const (
	SQLite Engine = iota
	PostgreSQL
)

// String is the engine's own name.
func (e Engine) String() string {
	if e == PostgreSQL {
		return "PostgreSQL"
	}
	return "SQLite"
}

// dialect is what differs between the engines; the SQL texts do not, but for the pieces that it gives.
type dialect interface {
	engine() Engine

	// schema is the dialect of the migrations, the folder that they are in, and the steps that no SQL can do.
	schema(s *Store) (goose.Dialect, string, []goose.ProviderOption)
	// queue is the migrations of the job queue; s may be nil for looking at them only.
	queue(s *Store) (queueSchema, error)
	// hasTable is the question whether there is a table; its parameter is the name.
	hasTable() string

	// values writes the rows of a multi-row statement, "(…, …), (…, …)"; all of its parameters are in them, or before all others.
	values(rows, columns int) string
	// orderValues is values for orders that are written, and what stands before their columns in the list of these; orderID adds what
	// goes before the values of an order, of which the number is known or, 0, is not.
	orderValues(rows, columns int) (before, values string)
	orderID(args []any, id int64) []any
	// fitted is an order whose texts this engine can store and index. Its payload stays as it is.
	fitted(o shopify.Order) shopify.Order
	// in writes the n values of an IN list, the first of which is the parameter with the number from. They must be the last
	// parameters, those before them numbered by their place.
	in(from, n int) string
	// listSize is how long a list of n values had better be made.
	listSize(n int) int
	// indexed names the index to use, where the engine can be told.
	indexed(name string) string
	// contains is the condition that a text has another in it, as it is.
	contains(text, part string) string
	// inOrder is the order of rows that come out of an ordered part of a query one by one, where that has to be said.
	inOrder(by string) string
	// numbers is a table of numbers in a column "value", from one parameter that numberList makes.
	numbers(param string) string
	// among is the condition that a column is one of the numbers of a parameter that numberList makes. Where an index does not begin with
	// the column it is better than a join with numbers: a server that has no statistics yet would go through all that the index has
	// before, once for each number.
	among(column, param string) string
	numberList(ns []int64) any
	// elements is a table of the members of a JSON list in a column "value", texts one of a list of texts.
	elements(param string) string
	texts(param string) string
	// greatest and least are the names of the functions of several values; a NULL among them is nobody's business here.
	greatest() string
	least() string
	// clock is the expression of the database's own time, in milliseconds since 1970.
	clock() string
	// rowID is what tells a row of a table from all others until it is changed, as text, and rowIs the condition for one.
	rowID() string
	rowIs(param string) string
	// jobTime is a time as the job queue stores it, jobTimeText the expression of one as text that time.DateTime reads, in UTC.
	jobTime(t time.Time) any
	jobTimeText(expression string) string
	// jsonText is a JSON value of the job queue as text.
	jsonText(column string) string

	// writeSearch brings the search index up to date, and eraseSearch does it so that nothing is left of the old words.
	writeSearch(ctx context.Context, tx *Tx, op string, integrationID int64, changes []searchChange) error
	eraseSearch(ctx context.Context, tx *Tx, op string, integrationID int64, c searchChange) error
	// found is the query for the numbers of the orders that match, in the column id; match makes its parameter.
	found(param string) string
	match(ctx context.Context, r orderRead) (string, error)
	// narrow adds to the condition of a walk to the orders with a term what the index says of it, where that shortens the walk.
	narrow(ctx context.Context, r orderRead, c *conditions) error
	// dearTerm tells whether asking the index for a term takes longer than looking at very many texts.
	dearTerm(ctx context.Context, r orderRead) (bool, error)
}

// storedID is the platform's id of an order, or its number, as the column has it.
func storedID(d dialect, id string) string { return d.fitted(shopify.Order{ID: id}).ID }

// queueSchema is the migrations of the job queue, whichever transactions its driver has.
type queueSchema struct {
	known int64 // the newest step that this program knows
	up    func(ctx context.Context) (steps int, err error)
}

// statements is what can be run on a connection or in a transaction.
type statements interface {
	querier
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// writing is an open write transaction of an engine.
type writing interface {
	statements
	Commit() error
	Rollback() error
}
