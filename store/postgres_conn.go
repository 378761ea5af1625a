package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// errUnreachable: the connection to the server was lost, or there is none to be had.
var errUnreachable = errors.New("the database server cannot be reached")

// serverConnector makes connections whose errors tell by themselves when the server is gone, and which give it only texts that
// it can store.
type serverConnector struct{ driver.Connector }

// Connect takes a connection out of the pool.
func (c serverConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, unreachable(ctx, err)
	}
	pg, ok := conn.(*stdlib.Conn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("a connection of an unexpected kind: %T", conn), conn.Close())
	}
	return &serverConn{pg}, nil
}

// unreachable marks an error of connecting, or says that nobody waits any more.
func unreachable(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return givenUp(ctx, err)
	}
	if _, said := errors.AsType[*pgconn.PgError](err); said {
		return err
	}
	return fmt.Errorf("%w: %w", errUnreachable, err)
}

// givenUp makes an error that came after the end of ctx tell so: a statement that was given up fails as one that somebody else has
// stopped, or as one on a connection that is gone.
func givenUp(ctx context.Context, err error) error {
	end := ctx.Err()
	if err == nil || end == nil || errors.Is(err, end) {
		return err
	}
	return fmt.Errorf("%w: %w", end, err)
}

// serverConn is one connection. As every connection, it serves one goroutine at a time.
type serverConn struct{ *stdlib.Conn }

// lost marks an error that came with the loss of the connection, or with the end of ctx.
func (c *serverConn) lost(ctx context.Context, err error) error {
	if err == nil || !c.Conn.Conn().IsClosed() {
		return givenUp(ctx, err)
	}
	return unreachable(ctx, err)
}

// ExecContext runs a statement.
func (c *serverConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	res, err := c.Conn.ExecContext(ctx, query, args)
	return res, c.lost(ctx, err)
}

// QueryContext runs a query.
func (c *serverConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := c.Conn.QueryContext(ctx, query, args)
	if err != nil {
		return nil, c.lost(ctx, err)
	}
	return &serverRows{rows, c, ctx}, nil
}

// serverRows are the rows of a query.
type serverRows struct {
	driver.Rows
	conn *serverConn
	ctx  context.Context //nolint:containedctx // the query's own, for telling its end from the server's
}

// Next reads a row.
func (r *serverRows) Next(dest []driver.Value) error {
	err := r.Rows.Next(dest)
	if err == io.EOF { //nolint:errorlint // by itself it is the end of the rows, and within another error that of the connection
		return err
	}
	return r.conn.lost(r.ctx, err)
}

// CheckNamedValue makes an argument what this engine takes.
func (c *serverConn) CheckNamedValue(v *driver.NamedValue) error {
	if valuer, ok := v.Value.(driver.Valuer); ok {
		value, err := valuer.Value()
		if err != nil {
			return err
		}
		v.Value = value
	}
	if text, ok := v.Value.(string); ok {
		v.Value = storable(text)
	}
	return nil
}

// storable is a text as this engine can store it: it has no zero bytes in texts, and nothing that is not UTF-8.
func storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
