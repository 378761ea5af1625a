package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5/stdlib"

	"probability/shopify"
)

// Condition is what can be told of a data folder by looking at it, with a service on it or without.
type Condition struct {
	Dir      string
	There    bool     // the folder
	Open     []string // what other users may look into, with its mode
	Space    Space
	Running  bool // a service holds the folder; not known with a server
	Database bool // there is one; all below is of it
	Engine   Engine

	Err                     error // it cannot be read
	Bytes, Log              int64
	Schema, KnownSchema     int64
	Queue, KnownQueue       int64
	Complaints              []string // of the engine, about its integrity
	Key                     error    // why the key does not open it: ErrWrongKey, ErrKeyLost, ErrKeyInFile
	KeyID                   string   // of the key that opens it; empty when nothing has been encrypted yet
	Unfinished              bool     // a rotation was killed; the next start finishes it
	FormerKeys, Interrupted []string // files that lie about: former keys, and a copy of a killed backup
}

// Examine looks at a data folder and makes, mends or migrates nothing. The integrity is checked quickly, or in full. With a URL it looks at
// the folder of the key and at the database on the server, whose files are the server's.
func Examine(ctx context.Context, cfg Config, full bool) (Condition, error) {
	const op = "store: examine"
	dir, err := folderPath(cfg.Dir)
	if err != nil {
		return Condition{}, fmt.Errorf("%s: %w", op, err)
	}
	c := Condition{Dir: string(dir)}
	if c.Space, err = spaceOf(c.Dir); err != nil {
		return Condition{}, fmt.Errorf("%s: %w", op, err)
	}
	info, err := os.Stat(c.Dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return c, nil
	case err == nil && !info.IsDir():
		err = fmt.Errorf("%s is a file", c.Dir)
	}
	if err != nil {
		return Condition{}, fmt.Errorf("%s: %w", op, err)
	}
	c.There = true
	if err := dir.look(&c); err != nil {
		return Condition{}, fmt.Errorf("%s: %w", op, err)
	}
	if cfg.URL != "" {
		c.Engine, c.Database, c.Bytes, c.Log = PostgreSQL, true, 0, 0
		c.Err = dir.examineServer(ctx, cfg, &c)
		return c, nil
	}
	if c.Running, err = dir.served(ctx); err != nil {
		return Condition{}, fmt.Errorf("%s: %w", op, err)
	}
	if !c.Database {
		return c, nil
	}
	db, err := sqlite.open(dir.database(), true, 1)
	if err != nil {
		return Condition{}, fmt.Errorf("%s: %w", op, err)
	}
	c.Err = errors.Join(dir.examine(ctx, cfg, db, full, &c), db.Close())
	return c, nil
}

// look notes what the files themselves tell.
func (d folder) look(c *Condition) error {
	for _, path := range []string{string(d), d.key(), d.nextKey(), d.database(), d.database() + "-wal", d.database() + "-shm", d.copy()} {
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if mode := info.Mode().Perm(); mode&0o077 != 0 {
			c.Open = append(c.Open, fmt.Sprintf("%s (%04o)", path, mode))
		}
		switch path {
		case d.database():
			c.Database, c.Bytes = true, info.Size()
		case d.database() + "-wal":
			c.Log = info.Size()
		case d.copy():
			if lock, err := d.lockCopy(); err != nil {
				return err
			} else if lock != nil {
				c.Interrupted = append(c.Interrupted, path)
				if err := lock.Close(); err != nil {
					return err
				}
			}
		}
	}
	var err error
	c.FormerKeys, err = filepath.Glob(filepath.Join(string(d), keyName+".*.old"))
	return err
}

// served tells whether a service holds the folder.
func (d folder) served(ctx context.Context) (_ bool, err error) {
	if _, err := os.Stat(filepath.Join(string(d), servingLockName)); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return false, err
	}
	opening, err := d.lockOpening(ctx)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, opening.Close()) }()
	serving, err := d.tryServing()
	if err != nil || serving == nil {
		return err == nil, err
	}
	return false, serving.Close()
}

// examine notes what the database tells.
func (d folder) examine(ctx context.Context, cfg Config, db *sql.DB, full bool, c *Condition) (err error) {
	if c.KnownSchema, c.KnownQueue, err = knownSchema(sqlite); err != nil {
		return err
	}
	if c.Complaints, err = integrity(ctx, db, full); err != nil || len(c.Complaints) > 0 {
		return err
	}
	return d.examineSchema(ctx, cfg, db, sqlite, c)
}

// examineServer notes what a database on a server tells.
func (d folder) examineServer(ctx context.Context, cfg Config, c *Condition) (err error) {
	if c.KnownSchema, c.KnownQueue, err = knownSchema(postgres); err != nil {
		return err
	}
	pool, err := serverPool(ctx, cfg.URL, 1, true, map[string]string{"default_transaction_read_only": "on", "statement_timeout": statementMillis})
	if err != nil {
		return err
	}
	defer pool.Close()
	db := sql.OpenDB(serverConnector{stdlib.GetPoolConnector(pool)})
	db.SetMaxIdleConns(0)
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := fitServer(ctx, db); err != nil {
		return err
	}
	if c.Bytes, err = get(ctx, db, "size", scanOne[int64], serverBytes); err != nil {
		return err
	}
	return d.examineSchema(ctx, cfg, db, postgres, c)
}

// examineSchema notes the versions of the schema and whether the key at hand is the database's.
func (d folder) examineSchema(ctx context.Context, cfg Config, db *sql.DB, of dialect, c *Condition) (err error) {
	for _, table := range []string{schemaTable, "river_migration"} {
		if begun, err := get(ctx, db, "schema", scanOne[bool], of.hasTable(), table); err != nil || !begun {
			return err
		}
	}
	if c.Schema, c.Queue, err = schemaIn(ctx, db); err != nil {
		return err
	}
	proof, err := get(ctx, db, "key proof", scanOne[[]byte], selectProof)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	c.examineKey(d, cfg, proof)
	return nil
}

// examineKey notes whether the key at hand is the one of the database.
func (c *Condition) examineKey(d folder, cfg Config, proof []byte) {
	inFiles := d.provingKey(proof)
	if inFiles != nil {
		c.KeyID = inFiles.id
		next := loadKey(d.nextKey())
		c.Unfinished = next != nil && next.id == inFiles.id
	}
	if cfg.Key == nil {
		_, err := os.Stat(d.key())
		switch {
		case inFiles != nil:
		case errors.Is(err, fs.ErrNotExist):
			c.Key = ErrKeyLost
		default:
			c.Key = ErrWrongKey
		}
		return
	}
	k, err := newKeyring(cfg.Key)
	switch {
	case err == nil && k.proves(proof):
		c.KeyID = k.id
	case inFiles != nil:
		c.Key = ErrKeyInFile
	default:
		c.Key = ErrWrongKey
	}
}

// LastBackup is when a backup was last made, and under which name; the zero time when none is known.
func (s *Store) LastBackup(ctx context.Context) (at time.Time, path string, err error) {
	const op = "backups: last"
	var millis sql.NullInt64
	err = s.work.QueryRowContext(ctx, `SELECT created_at, path FROM backups ORDER BY id DESC LIMIT 1`).Scan(&millis, &path)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, "", nil
	}
	return fromMillis(millis), path, failed(op, err)
}

// StaleBackup is a remembered backup that still holds who, or which store, was erased after it was made.
type StaleBackup struct {
	Path   string
	Erased time.Time // when the first erasure after it was done
}

// StaleBackups lists the backups that were made before an erasure. Whether their files are still there is not looked at.
func (s *Store) StaleBackups(ctx context.Context) ([]StaleBackup, error) {
	return list(ctx, s.work, "backups: stale", func(r row) (b StaleBackup, err error) {
		var erased int64
		err = r.Scan(&b.Path, &erased)
		b.Erased = time.UnixMilli(erased).UTC()
		return b, err
	}, `SELECT b.path, min(r.completed_at) FROM backups b JOIN privacy_requests r ON r.completed_at > b.created_at
			AND r.state = 'completed' AND r.topic <> '`+shopify.TopicDataRequest+`'
		GROUP BY b.id, b.path ORDER BY b.id LIMIT $1`, maxRows)
}
