package store

import (
	"context"
	"database/sql/driver"
	"strings"
)

// maxStatements is how many prepared statements one connection keeps.
const maxStatements = 128

// cachingConnector makes connections that keep their prepared statements. Preparing is most of the work of a short
// statement on this engine, and the job queue, which runs the same few all the time, prepares anew for each.
type cachingConnector struct{ driver.Connector }

// engineConn is what the engine's connections can do; the wrapper has to offer all of it.
type engineConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// engineStmt is what its prepared statements can do.
type engineStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// Connect opens a connection; one of an unexpected kind is used as it is.
func (c cachingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if e, ok := conn.(engineConn); ok {
		return &cachingConn{engineConn: e, kept: make(map[string]*keptStmt)}, nil
	}
	return conn, nil
}

// cachingConn is one connection with its statements by text. As every connection, it serves one goroutine at a time.
type cachingConn struct {
	engineConn
	kept map[string]*keptStmt
}

// keptStmt is a prepared statement; busy while its rows are open, for running it again would cut them off.
type keptStmt struct {
	engineStmt
	busy bool
}

// ExecContext runs a statement that is kept, or is from now on.
func (c *cachingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.engineConn.ExecContext(ctx, query, args)
	}
	return s.ExecContext(ctx, args)
}

// QueryContext runs a query that is kept, or is from now on.
func (c *cachingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.engineConn.QueryContext(ctx, query, args)
	}
	rows, err := s.QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	s.busy = true
	return &keptRows{Rows: rows, stmt: s}, nil
}

// Close closes the statements and the connection.
func (c *cachingConn) Close() error {
	for query, s := range c.kept {
		delete(c.kept, query)
		_ = s.Close() // closing the connection tells of anything that is left
	}
	return c.engineConn.Close()
}

// statement is the prepared statement for a text; nil when it has to be run without.
func (c *cachingConn) statement(ctx context.Context, query string) (*keptStmt, error) {
	if s := c.kept[query]; s != nil {
		if s.busy {
			return nil, nil
		}
		return s, nil
	}
	if !cacheable(query) {
		return nil, nil
	}
	prepared, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	e, ok := prepared.(engineStmt)
	if !ok {
		return nil, prepared.Close()
	}
	c.makeRoom()
	s := &keptStmt{engineStmt: e}
	c.kept[query] = s
	return s, nil
}

// makeRoom drops any one statement that is not in use: lists of many lengths pass through, the frequent texts come back.
func (c *cachingConn) makeRoom() {
	if len(c.kept) < maxStatements {
		return
	}
	for query, s := range c.kept {
		if !s.busy {
			delete(c.kept, query)
			_ = s.Close()
			return
		}
	}
}

// keptRows are the rows of a kept statement, which is free again when they are closed.
type keptRows struct {
	driver.Rows
	stmt *keptStmt
}

// Close ends the rows; a second call does nothing, since the statement may run for somebody else by then.
func (r *keptRows) Close() error {
	if r.stmt == nil {
		return nil
	}
	stmt := r.stmt
	r.stmt = nil
	err := r.Rows.Close()
	stmt.busy = false
	return err
}

// cacheable: a single statement that reads or changes rows. Comments before it are skipped, as generated queries have them.
// Everything else, such as PRAGMA, BEGIN and schema changes, is rare or must not be kept.
func cacheable(query string) bool {
	text := strings.TrimSpace(query)
	for strings.HasPrefix(text, "--") {
		_, rest, found := strings.Cut(text, "\n")
		if !found {
			return false
		}
		text = strings.TrimSpace(rest)
	}
	if strings.Contains(strings.TrimRight(text, "; \t\n"), ";") {
		return false // perhaps more than one
	}
	word, _, _ := strings.Cut(text, " ")
	word, _, _ = strings.Cut(word, "\n")
	switch strings.ToUpper(strings.TrimSpace(word)) {
	case "SELECT", "INSERT", "UPDATE", "DELETE", "WITH":
		return true
	}
	return false
}
