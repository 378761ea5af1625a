package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed migrations/sqlite/*.sql migrations/postgres/*.sql
var migrations embed.FS

// schemaTable is where the versions of our schema are kept; the job queue has its own.
const schemaTable = "schema_version"

// migrate brings our schema and the job queue's up to date, forward only. Each step is a transaction together with its
// version, so that a process killed in between goes on from there. In a folder on which a service runs (not alone), nothing is
// changed; on a server a service of this version does it, under the others, and commands do it for nobody but themselves.
func (s *Store) migrate(ctx context.Context, cfg Config, alone bool) (err error) {
	const op = "store: migrate"
	db, closed := s.schemaDB()
	defer func() { err = errors.Join(err, closed()) }()
	ours, err := s.ourSchema(db)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	queue, err := s.dialect.queue(s)
	if err != nil {
		return fmt.Errorf("%s: job queue: %w", op, err)
	}
	begun, older, err := s.olderSchema(ctx, ours, queue)
	if err != nil {
		return failed(op, err)
	}
	if !older {
		return nil
	}
	if s.Engine() == PostgreSQL {
		alone = cfg.Exclusive || !begun
	}
	if !alone {
		return fmt.Errorf("%s: %w: stop it first, or use its own program", op, ErrSchemaOlder)
	}
	if s.Engine() == SQLite {
		if err := s.writeAnew(ctx); err != nil {
			return failed(op, err)
		}
	}
	applied, err := ours.Up(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	forQueue, err := queue.up(ctx)
	if err != nil {
		return fmt.Errorf("%s: job queue: %w", op, err)
	}
	s.log.InfoContext(ctx, "brought the database up to date", "steps", len(applied), "job_queue_steps", forQueue)
	return nil
}

// schemaDB is a connection for steps of the schema, which may take as long as they take.
func (s *Store) schemaDB() (db *sql.DB, closed func() error) {
	if s.Engine() == SQLite {
		return s.writer, func() error { return nil }
	}
	db = stdlib.OpenDB(*s.patience())
	return db, db.Close
}

// ourSchema is the migrations of this program against the database.
func (s *Store) ourSchema(db *sql.DB) (*goose.Provider, error) {
	kind, folder, options := s.dialect.schema(s)
	files, err := fs.Sub(migrations, folder)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(kind, db, files, append(options,
		goose.WithTableName(schemaTable), goose.WithDisableGlobalRegistry(true), goose.WithSlog(slog.New(slog.DiscardHandler)))...)
}

// queueSteps are the migrations of the job queue, whatever its driver's transactions are.
func queueSteps[Tx any](m *rivermigrate.Migrator[Tx]) queueSchema {
	var known int64
	for _, v := range m.AllVersions() {
		known = max(known, int64(v.Version))
	}
	return queueSchema{known: known, up: func(ctx context.Context) (int, error) {
		res, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil)
		if err != nil {
			return 0, err
		}
		return len(res.Versions), nil
	}}
}

// overwritingVersion is the first step of those programs that write over what they delete.
const overwritingVersion = 5

// writeAnew lets a database that is new, or older than this setting, give pages back to the file system, and takes out of one
// that was written by an older program what that deleted and left where it was. It is written anew for either, once.
func (s *Store) writeAnew(ctx context.Context) error {
	const incremental = 2
	mode, err := get(ctx, s.writer, "auto_vacuum", scanOne[int], `PRAGMA auto_vacuum`)
	if err != nil {
		return err
	}
	tables, err := list(ctx, s.writer, schemaTable, scanOne[string], `SELECT name FROM sqlite_master WHERE type = 'table' AND name = $1`, schemaTable)
	if err != nil {
		return err
	}
	leftovers := false
	if len(tables) > 0 {
		current, err := get(ctx, s.writer, schemaTable, scanOne[int64], `SELECT COALESCE(max(version_id), 0) FROM `+schemaTable)
		if err != nil {
			return err
		}
		leftovers = current < overwritingVersion
	}
	if mode == incremental && !leftovers {
		return nil
	}
	if _, err := s.writer.ExecContext(ctx, `PRAGMA auto_vacuum = 2`); err != nil {
		return err
	}
	if _, err := s.writer.ExecContext(ctx, `VACUUM`); err != nil {
		return err
	}
	_, err = s.writer.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`) // until then the file is as it was
	return err
}

// searchVersion is the step that fills what SQL alone cannot.
const searchVersion = 3

// indexOrders puts the orders that are there into the search index, and their totals into buckets.
func (s *Store) indexOrders(ctx context.Context, sqlTx *sql.Tx) error {
	const op = "search: index the orders"
	tx := &Tx{tx: sqlTx, store: s}
	type order struct {
		searchChange
		integrationID int64
		total         sql.NullInt64
	}
	totals := make(map[int64]map[int64]int64)
	for last := int64(0); ; {
		orders, err := list(ctx, sqlTx, op, func(r row) (o order, err error) {
			var text string
			err = r.Scan(&o.row, &o.integrationID, &text, &o.total)
			o.words = searchWords(text)
			return o, err
		}, `SELECT id, integration_id, search_text, total_millionths FROM orders WHERE id > $1 AND deleted_at IS NULL ORDER BY id LIMIT $2`, last, maxPage)
		if err != nil {
			return err
		}
		if len(orders) == 0 {
			break
		}
		for _, o := range orders {
			if err := tx.writeSearch(ctx, op, o.integrationID, []searchChange{o.searchChange}); err != nil {
				return err
			}
			if totals[o.integrationID] == nil {
				totals[o.integrationID] = make(map[int64]int64)
			}
			if o.total.Valid {
				totals[o.integrationID][totalBucket(o.total.Int64)]++
			}
		}
		last = orders[len(orders)-1].row
	}
	for id, of := range totals {
		if err := tx.writeTotals(ctx, op, id, of); err != nil {
			return err
		}
	}
	return nil
}

// schemaIn reads the versions of our schema and of the job queue's.
func schemaIn(ctx context.Context, q querier) (ours, queue int64, err error) {
	if ours, err = get(ctx, q, schemaTable, scanOne[int64], `SELECT COALESCE(max(version_id), 0) FROM `+schemaTable); err != nil {
		return 0, 0, err
	}
	queue, err = get(ctx, q, "river_migration", scanOne[int64], `SELECT COALESCE(max(version), 0) FROM river_migration`)
	return ours, queue, err
}

// knownSchema is the newest versions that this program knows for an engine.
func knownSchema(d dialect) (ours, queue int64, err error) {
	_, folder, _ := d.schema(nil)
	files, err := fs.Glob(migrations, folder+"/*.sql")
	if err != nil {
		return 0, 0, err
	}
	for _, f := range files {
		version, err := goose.NumericComponent(f)
		if err != nil {
			return 0, 0, err
		}
		ours = max(ours, version)
	}
	steps, err := d.queue(nil)
	return ours, steps.known, err
}

// olderSchema tells whether steps are missing, and whether any have been done; ErrSchemaNewer when the database has some that this
// program does not know. It changes nothing.
func (s *Store) olderSchema(ctx context.Context, ours *goose.Provider, queue queueSchema) (begun, older bool, err error) {
	sources := ours.ListSources()
	for _, v := range []struct {
		table, column string
		target        int64
	}{
		{schemaTable, "version_id", sources[len(sources)-1].Version},
		{"river_migration", "version", queue.known},
	} {
		exists, err := get(ctx, s.writer, v.table, scanOne[bool], s.dialect.hasTable(), v.table)
		if err != nil {
			return false, false, err
		}
		if !exists {
			older = true
			continue
		}
		begun = true
		current, err := get(ctx, s.writer, v.table, scanOne[int64], `SELECT COALESCE(max(`+v.column+`), 0) FROM `+v.table)
		switch {
		case err != nil:
			return false, false, err
		case current > v.target:
			return false, false, fmt.Errorf("%w: %s is at %d, this program knows %d; use the newer program", ErrSchemaNewer, v.table, current, v.target)
		case current < v.target:
			older = true
		}
	}
	return begun, older, nil
}
