package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"probability/shopify"
)

// Config says where the data is and who opens it.
type Config struct {
	Dir       string // the data folder; made with mode 0700 when it is missing
	URL       string // of a PostgreSQL database, "postgres://…"; empty: SQLite in Dir. With one, Dir holds the key alone
	Key       []byte // 32 bytes; nil: read Dir/key, or make it
	Exclusive bool   // the service: take the folder for as long as the store is open, or fail with ErrFolderInUse; with a URL it takes nothing
}

// Store is the open database. It is safe for concurrent use.
type Store struct {
	dialect     dialect
	log         *slog.Logger
	pool        *pgxpool.Pool // PostgreSQL: the job queue's
	readPool    *pgxpool.Pool // PostgreSQL: beneath readers
	writer      *sql.DB
	readers     *sql.DB // what people ask for
	work        *sql.DB // what accepting webhooks and the background ask for: never behind a slow list
	turns       turnstile
	keys        keys
	bodies      *bodyCodec
	counts      countCache
	secrets     secretCache
	suppression installKey // of the list of the erased
	identity    installKey // of the keys by which orders are known to be of one customer
	bounds      readBounds
	observer    atomic.Pointer[Observer]
	shared      sharing
	dir         folder

	readOrder      func(shopify.Order) Reading
	readingVersion int
	rater          func(ctx context.Context, tx *Tx, integrationID int64) Rate

	release       func() error // closes everything
	closeDatabase func(context.Context) error

	outOfRoom atomic.Bool // the database said so
}

// closeWait bounds the tidying up on Close.
const closeWait = 10 * time.Second

// Sizes of the read pools. Four serve lists as fast as more do on two cores; what work asks is short.
const (
	listReaders = 4
	workReaders = 2
)

// Open opens the data folder, makes what is missing in it, brings the schema up to date and proves the key. Several processes
// may open one folder at once, also an empty one: they go through this one after the other.
//
// The service opens exclusively. Others open beside it and change no schema under it: ErrSchemaOlder asks to stop a service of
// an older version first. Other errors to tell apart: ErrFolderInUse, ErrFolderUnsafe, ErrSchemaNewer, ErrWrongKey, ErrKeyLost.
//
// A PostgreSQL database may be opened by any number of services, each with a folder of its own for the key. The first one of a
// newer version brings the schema up to date under the others.
func Open(ctx context.Context, cfg Config, log *slog.Logger) (_ *Store, err error) {
	dir, err := prepareFolder(cfg.Dir, log)
	if err != nil {
		return nil, fmt.Errorf("store: open: %w", err)
	}
	opening, err := dir.lockOpening(ctx)
	if err != nil {
		return nil, fmt.Errorf("store: open: %w", err)
	}
	defer func() { err = errors.Join(err, opening.Close()) }()
	if cfg.URL != "" {
		return openOn(ctx, cfg, dir, log)
	}
	serving, err := dir.tryServing()
	if err != nil {
		return nil, fmt.Errorf("store: open: %w", err)
	}
	if serving == nil && cfg.Exclusive {
		return nil, fmt.Errorf("store: open %s: %w", dir, ErrFolderInUse)
	}
	s, err := openIn(ctx, cfg, dir, serving != nil, log)
	if serving != nil && (err != nil || !cfg.Exclusive) {
		return s, errors.Join(err, serving.Close())
	}
	if err != nil {
		return nil, err
	}
	if serving != nil {
		closeDatabase := s.release
		s.release = func() error { return errors.Join(closeDatabase(), serving.Close()) }
	}
	return s, nil
}

// openIn opens the database of a folder. alone tells that no service runs on it.
func openIn(ctx context.Context, cfg Config, dir folder, alone bool, log *slog.Logger) (*Store, error) {
	if err := errors.Join(dir.prepareFiles(log), dir.clearCopy()); err != nil {
		return nil, fmt.Errorf("store: open: %w", err)
	}
	s, err := newStore(sqlite, dir, log)
	if err != nil {
		return nil, err
	}
	return s.opened(ctx, cfg, alone, s.openFile(dir))
}

// openOn opens the database of a server. Whether a service runs on it is not known; schema and proof are made under a lock that all
// who open it go through.
func openOn(ctx context.Context, cfg Config, dir folder, log *slog.Logger) (*Store, error) {
	if err := dir.prepareKey(log); err != nil {
		return nil, fmt.Errorf("store: open: %w", err)
	}
	s, err := newStore(postgres, dir, log)
	if err != nil {
		return nil, err
	}
	return s.opened(ctx, cfg, false, s.connect(ctx, cfg.URL))
}

// newStore is a store without its database.
func newStore(d dialect, dir folder, log *slog.Logger) (*Store, error) {
	s := &Store{dialect: d, log: log, bounds: defaultBounds, shared: defaultSharing, dir: dir}
	s.counts.shared = d.engine() == PostgreSQL
	s.suppression.name, s.identity.name = suppressionKeyName, identityKeyName
	var err error
	if s.bodies, err = newBodyCodec(); err != nil {
		return nil, fmt.Errorf("store: open: %w", err)
	}
	return s, nil
}

// openFile makes the pools of the database of a folder.
func (s *Store) openFile(dir folder) (err error) {
	s.closeDatabase = func(ctx context.Context) error {
		errs := closeAll(s.readers, s.work)
		if s.writer != nil {
			// Best effort: the next start works without either.
			_, _ = s.writer.ExecContext(ctx, `PRAGMA optimize`)
			_, _ = s.writer.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
		}
		return errors.Join(append(errs, closeAll(s.writer)...)...)
	}
	if s.writer, err = sqlite.open(dir.database(), false, 1); err != nil {
		return err
	}
	if s.readers, err = sqlite.open(dir.database(), true, listReaders); err != nil {
		return err
	}
	s.work, err = sqlite.open(dir.database(), true, workReaders)
	return err
}

// opened completes a store whose database is open, or closes it again after an error.
func (s *Store) opened(ctx context.Context, cfg Config, alone bool, err error) (*Store, error) {
	late := context.WithoutCancel(ctx) // Close has no context of its own
	s.release = func() error {
		ctx, cancel := context.WithTimeout(late, closeWait)
		defer cancel()
		err := s.closeDatabase(ctx)
		s.bodies.close()
		return err
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("store: open: %w", err), s.release())
	}
	if s.Engine() == PostgreSQL {
		done, err := s.lockOpening(ctx)
		if err != nil {
			return nil, errors.Join(failed("store: open", err), s.release())
		}
		defer done()
	}
	if err := s.migrate(ctx, cfg, alone); err != nil {
		return nil, errors.Join(err, s.release())
	}
	if err := s.refuseUnfinished(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("store: open: %w", err), s.release())
	}
	if err := s.openKeys(ctx, cfg, s.dir, alone, s.log); err != nil {
		return nil, errors.Join(err, s.release())
	}
	return s, nil
}

// Close ends all use of the store. Transactions must have ended.
func (s *Store) Close() error {
	if err := s.release(); err != nil {
		return fmt.Errorf("store: close: %w", err)
	}
	return nil
}

// Engine is what the database is kept by.
func (s *Store) Engine() Engine { return s.dialect.engine() }

// Pool is the connections to PostgreSQL that are the job queue's; nil with SQLite.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// ReadPool is Reader for the job queue's own screens; nil with SQLite.
func (s *Store) ReadPool() *pgxpool.Pool { return s.readPool }

// Writer is the one write connection, for SQLite's job queue to share. Whoever uses it inside Update waits for ever.
func (s *Store) Writer() *sql.DB { return s.writer }

// Reader are the connections for what people ask for, to look at the job queue with. They cannot write.
func (s *Store) Reader() *sql.DB { return s.readers }

// Ping proves that the database can be written to, by writing and flushing a value.
func (s *Store) Ping(ctx context.Context) error {
	err := s.Update(ctx, func(ctx context.Context, tx *Tx) error {
		_, err := tx.tx.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES ('ping', $1)
			ON CONFLICT (name) DO UPDATE SET value = excluded.value`, []byte(time.Now().UTC().Format(time.RFC3339Nano)))
		return err
	})
	return failed("store: ping", err)
}
