package app

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"

	"probability/store"
)

// inserter is River's client, whose own type has the type of the engine's transactions in it.
type inserter interface {
	insert(ctx context.Context, tx *store.Tx, args river.JobArgs) (*rivertype.JobInsertResult, error)
	retry(ctx context.Context, tx *store.Tx, id int64) error
}

// newInserter is a client that only inserts, on the engine of the store.
func newInserter(st *store.Store, log *slog.Logger) (inserter, error) {
	cfg := &river.Config{Logger: log}
	if st.Engine() == store.PostgreSQL {
		c, err := river.NewClient(riverpgxv5.New(st.Pool()), cfg)
		return insertOn[pgx.Tx]{c, (*store.Tx).Pgx}, err
	}
	c, err := river.NewClient(riversqlite.New(st.Writer()), cfg)
	return insertOn[*sql.Tx]{c, (*store.Tx).SQL}, err
}

// insertOn is the client of one engine.
type insertOn[T any] struct {
	client *river.Client[T]
	of     func(*store.Tx) T
}

func (q insertOn[T]) insert(ctx context.Context, tx *store.Tx, args river.JobArgs) (*rivertype.JobInsertResult, error) {
	res, err := q.client.InsertTx(ctx, q.of(tx), args, nil)
	if err != nil {
		return nil, fmt.Errorf("queue: insert %s: %w", args.Kind(), err)
	}
	return res, nil
}

func (q insertOn[T]) retry(ctx context.Context, tx *store.Tx, id int64) error {
	_, err := q.client.JobRetryTx(ctx, q.of(tx), id)
	return err
}
