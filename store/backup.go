package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// Stages of a backup and of restoring one, for whoever shows how far it is.
const (
	StageCopy    = "copy"
	StageEncrypt = "encrypt"
	StageCheck   = "check"
	StageDecrypt = "decrypt"
)

// Progress is told how many bytes of a stage are done.
type Progress func(stage string, done, total int64)

// copyName is a database that is being made into a backup, or out of one.
const copyName = "copy.part"

func (d folder) copy() string { return filepath.Join(string(d), copyName) }

// lockCopy keeps the place of the copy for one process; nil when another has it. The folder itself is locked, so that no
// file of a lock is left in one that is then not used.
func (d folder) lockCopy() (*flock.Flock, error) {
	lock := flock.New(string(d), flock.SetFlag(os.O_RDONLY))
	ok, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", d, err)
	}
	if !ok {
		return nil, lock.Close()
	}
	return lock, nil
}

// removeCopy removes the copy and what the engine may have made beside it. Called under its lock.
func (d folder) removeCopy() error {
	var errs []error
	for _, suffix := range []string{"", "-journal", "-wal", "-shm"} {
		if err := os.Remove(d.copy() + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// clearCopy removes a copy that a killed process left: it holds everything that the database does.
func (d folder) clearCopy() (err error) {
	if _, err := os.Lstat(d.copy()); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	lock, err := d.lockCopy()
	if err != nil || lock == nil {
		return err
	}
	return errors.Join(d.removeCopy(), lock.Close())
}

// makeCopy makes the empty file of the copy, ours alone, under its lock.
func (d folder) makeCopy() (*os.File, error) {
	if err := d.removeCopy(); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(d.copy(), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return f, f.Chmod(0o600)
}

// Backup writes everything that the database holds at one moment into a new file, packed and encrypted. It works while a
// service runs on the folder, which it does not stop from writing. The key is not in the file.
//
// A copy of the database lies in the data folder meanwhile; the next backup or start removes one that a kill has left.
// Errors to tell apart: fs.ErrExist, ErrNoRoom, ErrBackupRunning, ErrKeyLost, ErrServersOwn.
func (s *Store) Backup(ctx context.Context, path, program string, tell Progress) (_ Backup, err error) {
	const op = "backup"
	if s.Engine() == PostgreSQL {
		return Backup{}, fmt.Errorf("%s: %w", op, ErrServersOwn)
	}
	dir := s.keys.dir
	if path, err = filepath.Abs(path); err != nil {
		return Backup{}, fmt.Errorf("%s: %w", op, err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		if err == nil {
			err = fmt.Errorf("%s: %w", path, fs.ErrExist)
		}
		return Backup{}, fmt.Errorf("%s: %w", op, err)
	}
	size, err := get(ctx, s.work, op, scanOne[int64], `SELECT (c.page_count - f.freelist_count) * p.page_size
		FROM pragma_page_count() c, pragma_freelist_count() f, pragma_page_size() p`)
	if err != nil {
		return Backup{}, err
	}
	if err := errors.Join(needRoom(string(dir), size+roomLeft), needRoom(filepath.Dir(path), size/packedShare+roomLeft)); err != nil {
		return Backup{}, fmt.Errorf("%s: %w", op, err)
	}
	lock, err := dir.lockCopy()
	if err != nil {
		return Backup{}, fmt.Errorf("%s: %w", op, err)
	}
	if lock == nil {
		return Backup{}, fmt.Errorf("%s: %w", op, ErrBackupRunning)
	}
	defer func() { err = errors.Join(err, dir.removeCopy(), lock.Close()) }()
	if err := s.vacuumInto(ctx, dir, size, tell); err != nil {
		return Backup{}, fmt.Errorf("%s: %w", op, err)
	}
	b, err := s.writeBackup(ctx, dir, path, program, tell)
	if err != nil {
		return Backup{}, fmt.Errorf("%s: %w", op, err)
	}
	return b, nil
}

const (
	// roomLeft is what must be left for the service beside a backup, in bytes.
	roomLeft = 16 << 20
	// packedShare: a backup has at least the second part of the database's size, its payloads being packed already.
	packedShare = 2
)

// vacuumInto copies the database as it is at this moment.
func (s *Store) vacuumInto(ctx context.Context, dir folder, size int64, tell Progress) error {
	f, err := dir.makeCopy()
	if err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	db, err := sqlite.open(dir.database(), false, 1) // a connection of its own: it takes long, and the read connections may not
	if err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	copied := make(chan error, 1)
	go func() {
		_, err := db.ExecContext(ctx, `VACUUM INTO $1`, dir.copy())
		copied <- errors.Join(err, db.Close())
	}()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case err := <-copied:
			if err == nil {
				tell(StageCopy, size, size)
			}
			return failed("copy", err)
		case <-look.C:
			if info, err := os.Stat(dir.copy()); err == nil {
				tell(StageCopy, min(info.Size(), size), size)
			}
		}
	}
}

// writeBackup makes the file out of the copy, under another name until it is whole.
func (s *Store) writeBackup(ctx context.Context, dir folder, path, program string, tell Progress) (_ Backup, err error) {
	b := Backup{Program: program, CreatedAt: time.Now().UTC().Truncate(time.Second)}
	rows, k, err := s.describeCopy(ctx, dir.copy(), &b)
	if err != nil {
		return Backup{}, err
	}
	database, err := os.Open(dir.copy())
	if err != nil {
		return Backup{}, err
	}
	defer func() { err = errors.Join(err, database.Close()) }()
	info, err := database.Stat()
	if err != nil {
		return Backup{}, err
	}
	b.Database = info.Size()

	part := path + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Backup{}, err
	}
	out, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return Backup{}, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(part))
		}
	}()
	b, err = fillBackup(out, k, b, rows, &watched{ctx: ctx, from: database, tell: func(n int64) { tell(StageEncrypt, n, b.Database) }})
	if err = errors.Join(err, out.Close()); err != nil {
		return Backup{}, err
	}
	if _, err := os.Lstat(path); err == nil {
		return Backup{}, fmt.Errorf("%s: %w", path, fs.ErrExist)
	}
	if err := os.Rename(part, path); err != nil {
		return Backup{}, err
	}
	return b, syncFolder(filepath.Dir(path))
}

// fillBackup writes the encrypted part, then the header in front of it, each safe on the disk before the next step.
func fillBackup(out *os.File, k *keyring, b Backup, rows map[string]int64, database io.Reader) (Backup, error) {
	if err := out.Chmod(0o600); err != nil {
		return Backup{}, err
	}
	if _, err := out.Seek(backupHeader, io.SeekStart); err != nil {
		return Backup{}, err
	}
	b, err := sealBackup(out, k, b, rows, database)
	if err != nil {
		return Backup{}, err
	}
	header, err := b.encode()
	if err != nil {
		return Backup{}, err
	}
	if err := out.Sync(); err != nil {
		return Backup{}, err
	}
	if _, err := out.WriteAt(header, 0); err != nil {
		return Backup{}, err
	}
	return b, out.Sync()
}

// describeCopy fills in what the header says of a copy. It returns the rows of its tables, and the key that it is under:
// the key may have been rotated since the store was opened.
func (s *Store) describeCopy(ctx context.Context, path string, b *Backup) (rows map[string]int64, k *keyring, err error) {
	db, err := sqlite.open(path, true, 1)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := s.withKey(ctx, db, func(current *keyring) error {
		k = current
		return provedIn(ctx, db, current)
	}); err != nil {
		return nil, nil, err
	}
	b.KeyID = k.id
	if b.Schema, b.Queue, err = schemaIn(ctx, db); err != nil {
		return nil, nil, err
	}
	rows, err = countRows(ctx, db)
	return rows, k, err
}

// provedIn fails unless a database is the key's, or nobody's yet.
func provedIn(ctx context.Context, db *sql.DB, k *keyring) error {
	if k.empty() {
		return ErrKeyLost
	}
	proof, err := get(ctx, db, "key proof", scanOne[[]byte], selectProof)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err == nil && !k.proves(proof) {
		err = fmt.Errorf("key proof: %w", ErrWrongKey)
	}
	return err
}

// countRows counts the rows of every table but those of the search index, which has no rows of its own.
func countRows(ctx context.Context, db *sql.DB) (map[string]int64, error) {
	tables, err := list(ctx, db, "count rows", scanOne[string],
		`SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name`)
	if err != nil {
		return nil, err
	}
	rows := make(map[string]int64, len(tables))
	for _, table := range tables {
		if rows[table], err = get(ctx, db, "count rows", scanOne[int64], `SELECT count(*) FROM "`+table+`"`); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// keptBackups is how many backups are remembered.
const keptBackups = 100

// NoteBackup remembers that a backup was made.
func (s *Store) NoteBackup(ctx context.Context, path string, at time.Time, size int64) error {
	const op = "backups: note"
	return s.Update(ctx, func(ctx context.Context, tx *Tx) error {
		if _, err := tx.tx.ExecContext(ctx, `INSERT INTO backups (path, created_at, bytes) VALUES ($1, $2, $3)`, path, at.UnixMilli(), size); err != nil {
			return failed(op, err)
		}
		_, err := tx.tx.ExecContext(ctx, `DELETE FROM backups WHERE id <= (SELECT max(id) FROM backups) - $1`, keptBackups)
		return failed(op, err)
	})
}
