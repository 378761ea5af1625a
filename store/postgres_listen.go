package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// What processes that share a database tell each other travels on one channel, with the commit of the transaction that says it.

// channel is the name of the channel.
const channel = "probability"

// MaxNotice is how many bytes a notice may have: the server takes less than 8,000.
const MaxNotice = 7_999

// Waiting for a server that is away.
const (
	listenAgain  = 250 * time.Millisecond
	listenSlowly = 10 * time.Second
	listenQuiet  = 30 * time.Second // after which the connection is tried
)

// Notify tells every process that listens, this one too, once the transaction is committed; the same payload twice in a
// transaction is told once. ErrOneProcess with SQLite.
func (tx *Tx) Notify(ctx context.Context, payload string) error {
	const op = "store: notify"
	switch {
	case tx.store.Engine() != PostgreSQL:
		return fmt.Errorf("%s: %w", op, ErrOneProcess)
	case payload == "" || len(payload) > MaxNotice:
		return fmt.Errorf("%s: a notice of %d bytes", op, len(payload))
	}
	_, err := tx.tx.ExecContext(ctx, `SELECT pg_notify($1, $2)`, channel, payload)
	return failed(op, err)
}

// Tell is Notify outside of any transaction: at once.
func (s *Store) Tell(ctx context.Context, payload string) error {
	const op = "store: tell"
	switch {
	case s.Engine() != PostgreSQL:
		return fmt.Errorf("%s: %w", op, ErrOneProcess)
	case payload == "" || len(payload) > MaxNotice:
		return fmt.Errorf("%s: a notice of %d bytes", op, len(payload))
	}
	_, err := s.pool.Exec(ctx, `SELECT pg_notify($1, $2)`, channel, payload)
	return failed(op, err)
}

// Listen calls fn with what transactions of all processes tell, one after the other, until ctx ends, and returns its error then. fn
// must be quick. It is called with an empty payload each time when it has begun to listen: what was told before is not known, also
// when the server was away. ErrOneProcess with SQLite.
func (s *Store) Listen(ctx context.Context, fn func(payload string)) error {
	const op = "store: listen"
	if s.Engine() != PostgreSQL {
		return fmt.Errorf("%s: %w", op, ErrOneProcess)
	}
	for wait := listenAgain; ; {
		heard, err := s.listen(ctx, fn)
		if ctx.Err() != nil {
			return fmt.Errorf("%s: %w", op, ctx.Err())
		}
		if heard {
			wait = listenAgain
		}
		s.log.WarnContext(ctx, "the connection that hears of other processes was lost", "error", err, "again_in", wait)
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", op, ctx.Err())
		case <-time.After(wait):
		}
		wait = min(2*wait, listenSlowly)
	}
}

// listen listens on one connection until it is lost; heard tells that there was one.
func (s *Store) listen(ctx context.Context, fn func(payload string)) (heard bool, err error) {
	conn, err := pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig)
	if err != nil {
		return false, err
	}
	defer func() {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), connectWait)
		defer cancel()
		_ = conn.Close(late) // it has told nothing that could be lost
	}()
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return false, err
	}
	fn("")
	for {
		quiet, cancel := context.WithTimeout(ctx, listenQuiet)
		n, err := conn.WaitForNotification(quiet)
		over := quiet.Err() != nil
		cancel()
		switch {
		case err == nil:
			fn(n.Payload)
		case over && ctx.Err() == nil && !conn.IsClosed():
			// A server that went without a word says as little as one that has nothing to tell.
			if err := conn.Ping(ctx); err != nil {
				return true, err
			}
		default:
			return true, err
		}
	}
}
