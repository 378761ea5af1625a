package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

// Connections to a server that one process has at most, beside those of the read pools and the one that listens. They are made
// when they are needed.
const (
	writerConns = 2  // Update needs one; the other is for housekeeping that is no transaction
	queueConns  = 10 // the job queue's own
)

// How long a server may take, in milliseconds. Who waits for the writer gives up as early as with SQLite. A statement takes
// milliseconds, and a transaction waits for nothing but its next statement: what takes this long is lost, and holds up everybody.
const (
	statementMillis = "60000"
	idleMillis      = "15000"
	commitWait      = 30 * time.Second
	connectWait     = 10 * time.Second
)

// oldestServer is the oldest version of the server that this program is made for.
const oldestServer = 140000

// errServerUnfit: the server, or the database on it, cannot be used.
var errServerUnfit = errors.New("this PostgreSQL database cannot be used")

// serverPool makes a pool for one use of a database; nothing is connected yet.
func serverPool(ctx context.Context, url string, conns int32, ours bool, settings map[string]string) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errServerURL(err)
	}
	cfg.MaxConns, cfg.MinConns, cfg.MinIdleConns = conns, 0, 0
	cfg.ConnConfig.ConnectTimeout, cfg.ConnConfig.DialFunc = connectWait, dialServer
	set := cfg.ConnConfig.RuntimeParams
	if set["application_name"] == "" {
		set["application_name"] = "probability"
	}
	set["default_transaction_isolation"] = "read committed"
	set["idle_in_transaction_session_timeout"] = idleMillis
	set["timezone"] = "UTC"
	maps.Copy(set, settings)
	if ours { // whoever gives up tells the server so, instead of leaving it at work
		cfg.ConnConfig.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
			return &pgconn.CancelRequestContextWatcherHandler{Conn: c, DeadlineDelay: time.Second}
		}
	}
	return pgxpool.NewWithConfig(ctx, cfg)
}

// errServerURL is what is wrong with an address, without the password that may stand in it.
func errServerURL(err error) error {
	if _, ok := errors.AsType[*pgconn.ParseConfigError](err); ok {
		return fmt.Errorf("%w: the address is not understood; it looks like postgres://user:password@host:5432/database", errServerUnfit)
	}
	return fmt.Errorf("%w: %w", errServerUnfit, err)
}

// How the server is to plan our statements. They were written for their indexes, and the server knows nothing of a table that has just
// begun to fill, such as that of orders during the first import. A plan that is kept for all values was made when it had begun, or
// for values that are not ours: it took a hundred times as long to read a page of a list.
var planning = map[string]string{
	"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off", "jit": "off", "plan_cache_mode": "force_custom_plan",
}

// planned are settings with those for planning.
func planned(settings map[string]string) map[string]string {
	maps.Copy(settings, planning)
	return settings
}

// connect makes the pools of a server.
func (s *Store) connect(ctx context.Context, url string) (err error) {
	limits := planned(map[string]string{"lock_timeout": busyMillis, "statement_timeout": statementMillis})
	reading := planned(map[string]string{"default_transaction_read_only": "on", "statement_timeout": statementMillis})
	var pools []*pgxpool.Pool
	s.closeDatabase = func(context.Context) error {
		err := errors.Join(closeAll(s.readers, s.work, s.writer)...)
		for _, p := range pools {
			p.Close()
		}
		return err
	}
	for _, p := range []struct {
		into     **sql.DB
		conns    int32
		settings map[string]string
	}{
		{&s.writer, writerConns, limits}, {&s.readers, listReaders, reading}, {&s.work, workReaders, reading},
	} {
		pool, err := serverPool(ctx, url, p.conns, true, p.settings)
		if err != nil {
			return err
		}
		pools = append(pools, pool)
		if p.into == &s.readers {
			s.readPool = pool
		}
		db := sql.OpenDB(serverConnector{stdlib.GetPoolConnector(pool)})
		db.SetMaxIdleConns(0) // the pool beneath keeps them
		*p.into = db
	}
	if s.pool, err = serverPool(ctx, url, queueConns, false, map[string]string{"lock_timeout": busyMillis}); err != nil {
		return err
	}
	pools = append(pools, s.pool)
	return fitServer(ctx, s.writer)
}

// closeAll closes what there is.
func closeAll(dbs ...*sql.DB) (errs []error) {
	for _, db := range dbs {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errs
}

// fitServer looks whether the server does what is asked of it: an answer that was given has to survive a power cut, and texts
// are UTF-8.
func fitServer(ctx context.Context, db *sql.DB) error {
	var version, encoding, durable string
	row := db.QueryRowContext(ctx, `SELECT current_setting('server_version_num'), current_setting('server_encoding'), current_setting('synchronous_commit')`)
	if err := row.Scan(&version, &encoding, &durable); err != nil {
		return fmt.Errorf("connect to the database server: %w", err)
	}
	switch number, err := strconv.Atoi(version); {
	case err != nil:
		return fmt.Errorf("%w: its version is %q", errServerUnfit, version)
	case number < oldestServer:
		return fmt.Errorf("%w: the server is of version %d, and 14 or a newer one is needed", errServerUnfit, number/10000)
	case encoding != "UTF8":
		return fmt.Errorf("%w: its encoding is %s, and UTF8 is needed: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0", errServerUnfit, encoding)
	case durable == "off":
		return fmt.Errorf("%w: synchronous_commit is off, so that a power cut would take back what was answered; set it to on for this database", errServerUnfit)
	}
	return nil
}

// postgresTx is a write transaction on a server: one connection, on which our statements and those of the job queue run.
type postgresTx struct {
	*sql.Conn
	ctx context.Context //nolint:containedctx // the transaction's, as a *sql.Tx has one
	tx  pgx.Tx
}

// beginWriting takes the one place of a writer: of all processes that share the database only one is in such a transaction. So
// what was read in it stays true until its end, and none can be in another's way.
var beginWriting = "BEGIN; SELECT pg_advisory_xact_lock(" + strconv.FormatInt(writerLockID, 10) + ")"

func (s *Store) beginPostgres(ctx context.Context) (_ writing, err error) {
	conn, err := s.writer.Conn(ctx)
	if err != nil {
		return nil, err
	}
	t := &postgresTx{Conn: conn, ctx: ctx}
	err = conn.Raw(func(raw any) (err error) {
		c := raw.(*serverConn)
		t.tx, err = c.Conn.Conn().BeginTx(ctx, pgx.TxOptions{BeginQuery: beginWriting})
		if err != nil && !c.Conn.Conn().IsClosed() {
			// It has begun, and then the wait for the place was too long.
			late, cancel := context.WithTimeout(context.WithoutCancel(ctx), connectWait)
			defer cancel()
			_, back := c.Conn.Conn().Exec(late, "ROLLBACK")
			return errors.Join(c.lost(ctx, err), back)
		}
		return c.lost(ctx, err)
	})
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return t, nil
}

// lost marks an error of a transaction whose connection is gone: what the job queue does in it does not tell by itself.
func (t *postgresTx) lost(err error) error {
	if Unavailable(err) {
		return err
	}
	return t.Raw(func(raw any) error { return raw.(*serverConn).lost(t.ctx, err) })
}

// Commit makes the transaction durable. As with every commit whose connection is lost, an error leaves open whether it did.
func (t *postgresTx) Commit() error {
	if err := t.ctx.Err(); err != nil {
		return errors.Join(err, t.Rollback())
	}
	return t.end(t.tx.Commit)
}

// Rollback takes everything back. On a connection that is lost there is nothing left to do: the server does.
func (t *postgresTx) Rollback() error {
	if err := t.end(t.tx.Rollback); !errors.Is(err, errUnreachable) {
		return err
	}
	return nil
}

// end ends the transaction, whatever became of its context, and gives the connection back.
func (t *postgresTx) end(with func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.ctx), commitWait)
	defer cancel()
	err := t.Raw(func(raw any) error {
		c := raw.(*serverConn)
		if c.Conn.Conn().IsClosed() {
			return errUnreachable
		}
		return c.lost(ctx, with(ctx))
	})
	return errors.Join(err, t.Close())
}
