package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed migrations/sqlite/*.sql
var migrations embed.FS

// schemaTable is where the versions of our schema are kept; the job queue has its own.
const schemaTable = "schema_version"

// migrate brings our schema and the job queue's up to date, forward only. Each step is a transaction together with its
// version, so that a process killed in between goes on from there. While a service runs (not alone), nothing is changed.
func (s *Store) migrate(ctx context.Context, alone bool, log *slog.Logger) error {
	ours, err := s.ourSchema(log)
	if err != nil {
		return fmt.Errorf("store: migrate: %w", err)
	}
	queue, err := rivermigrate.New(riversqlite.New(s.writer), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("store: migrate: job queue: %w", err)
	}
	older, err := s.olderSchema(ctx, ours, queue)
	if err != nil {
		return failed("store: migrate", err)
	}
	if !older {
		return nil
	}
	if !alone {
		return fmt.Errorf("store: migrate: %w: stop it first, or use its own program", ErrSchemaOlder)
	}
	if err := s.writeAnew(ctx); err != nil {
		return failed("store: migrate", err)
	}
	applied, err := ours.Up(ctx)
	if err != nil {
		return fmt.Errorf("store: migrate: %w", err)
	}
	forQueue, err := queue.Migrate(ctx, rivermigrate.DirectionUp, nil)
	if err != nil {
		return fmt.Errorf("store: migrate: job queue: %w", err)
	}
	log.InfoContext(ctx, "brought the database up to date", "steps", len(applied), "job_queue_steps", len(forQueue.Versions))
	return nil
}

// ourSchema is the migrations of this program against the database.
func (s *Store) ourSchema(log *slog.Logger) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, sqlite.migrations)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(sqlite.goose, s.writer, files,
		goose.WithGoMigrations(goose.NewGoMigration(searchVersion, &goose.GoFunc{RunTx: s.indexOrders}, nil)),
		goose.WithTableName(schemaTable), goose.WithDisableGlobalRegistry(true), goose.WithSlog(slog.New(slog.DiscardHandler)))
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

// knownSchema is the newest versions that this program knows.
func knownSchema() (ours, queue int64, err error) {
	files, err := fs.Glob(migrations, sqlite.migrations+"/*.sql")
	if err != nil {
		return 0, 0, err
	}
	ours = searchVersion
	for _, f := range files {
		version, err := goose.NumericComponent(f)
		if err != nil {
			return 0, 0, err
		}
		ours = max(ours, version)
	}
	m, err := rivermigrate.New(riversqlite.New(nil), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return 0, 0, err
	}
	for _, v := range m.AllVersions() {
		queue = max(queue, int64(v.Version))
	}
	return ours, queue, nil
}

// olderSchema tells whether steps are missing; ErrSchemaNewer when the database has some that this program does not know.
// It changes nothing.
func (s *Store) olderSchema(ctx context.Context, ours *goose.Provider, queue *rivermigrate.Migrator[*sql.Tx]) (bool, error) {
	sources := ours.ListSources()
	steps := queue.AllVersions()
	older := false
	for _, v := range []struct {
		table, column string
		target        int64
	}{
		{schemaTable, "version_id", sources[len(sources)-1].Version},
		{"river_migration", "version", int64(steps[len(steps)-1].Version)},
	} {
		exists, err := get(ctx, s.writer, v.table, scanOne[bool],
			`SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1)`, v.table)
		if err != nil {
			return false, err
		}
		if !exists {
			older = true
			continue
		}
		current, err := get(ctx, s.writer, v.table, scanOne[int64], `SELECT COALESCE(max(`+v.column+`), 0) FROM `+v.table)
		switch {
		case err != nil:
			return false, err
		case current > v.target:
			return false, fmt.Errorf("%w: %s is at %d, this program knows %d; use the newer program", ErrSchemaNewer, v.table, current, v.target)
		case current < v.target:
			older = true
		}
	}
	return older, nil
}
