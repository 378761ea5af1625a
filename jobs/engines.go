package jobs

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"riverqueue.com/riverui"

	"probability/store"
)

// client is River's client, whose own type has the type of the engine's transactions in it.
type client interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
}

// newClient is a client that works, on the engine of the store.
func newClient(st *store.Store, cfg *river.Config) (client, error) {
	if st.Engine() == store.PostgreSQL {
		return river.NewClient(riverpgxv5.New(st.Pool()), cfg)
	}
	return river.NewClient(riversqlite.New(st.Writer()), cfg)
}

// complete completes a job in a transaction of the store.
func complete[T river.JobArgs](ctx context.Context, tx *store.Tx, job *river.Job[T]) (err error) {
	if tx.Pgx() != nil {
		_, err = river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx.Pgx(), job)
	} else {
		_, err = river.JobCompleteTx[*riversqlite.Driver](ctx, tx.SQL(), job)
	}
	return err
}

// consoles are River's screens on two kinds of connections: those that read, where the database itself refuses to write, and those that
// write.
func consoles(st *store.Store, prefix string, log *slog.Logger) (read, write http.Handler, err error) {
	if st.Engine() == store.PostgreSQL {
		if read, err = console[pgx.Tx](riverpgxv5.New(st.ReadPool()), prefix, log); err != nil {
			return nil, nil, err
		}
		write, err = console[pgx.Tx](riverpgxv5.New(st.Pool()), prefix, log)
		return read, write, err
	}
	if read, err = console[*sql.Tx](riversqlite.New(st.Reader()), prefix, log); err != nil {
		return nil, nil, err
	}
	write, err = console[*sql.Tx](riversqlite.New(st.Writer()), prefix, log)
	return read, write, err
}

func console[T any](driver riverdriver.Driver[T], prefix string, log *slog.Logger) (http.Handler, error) {
	log = slog.New(quieter{log.Handler()})
	client, err := river.NewClient(driver, &river.Config{Logger: log})
	if err != nil {
		return nil, fmt.Errorf("jobs: console: %w", err)
	}
	h, err := riverui.NewHandler(&riverui.HandlerOpts{Endpoints: riverui.NewEndpoints(client, nil), Logger: log, Prefix: prefix})
	if err != nil {
		return nil, fmt.Errorf("jobs: console: %w", err)
	}
	return h, nil
}
