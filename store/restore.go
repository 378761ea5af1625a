package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"

	"github.com/gofrs/flock"
)

// Restored is what was put into a data folder.
type Restored struct {
	Backup

	Rows map[string]int64 // of each table
}

// Restore puts the database of a backup file into the data folder of cfg, which may not exist yet. Everything is verified
// first: when it fails, the folder is as it was. A database that is there already is never replaced. A backup of an older
// schema is fine; the next start brings it up to date.
//
// Errors to tell apart: ErrNotBackup, ErrBackupTruncated, ErrBackupAltered, ErrBackupKey, ErrKeyLost, ErrSchemaNewer,
// ErrDatabaseThere, ErrFolderInUse, ErrNoRoom, ErrBackupRunning.
func Restore(ctx context.Context, cfg Config, path string, tell Progress, log *slog.Logger) (_ Restored, err error) {
	const op = "restore"
	if cfg.URL != "" {
		return Restored{}, fmt.Errorf("%s: %w", op, ErrServersOwn)
	}
	dir, err := folderPath(cfg.Dir)
	if err != nil {
		return Restored{}, fmt.Errorf("%s: %w", op, err)
	}
	f, err := os.Open(path)
	if err != nil {
		return Restored{}, fmt.Errorf("%s: %w", op, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	b, err := verifyHeader(f)
	if err != nil {
		return Restored{}, fmt.Errorf("%s: %s: %w", op, path, err)
	}
	if err := dir.noDatabase(); err != nil {
		return Restored{}, fmt.Errorf("%s: %w", op, err)
	}
	k, err := dir.keyFor(cfg, b.KeyID)
	if err != nil {
		return Restored{}, fmt.Errorf("%s: %w", op, err)
	}
	if err := verifyBody(ctx, f, b, tell); err != nil {
		return Restored{}, fmt.Errorf("%s: %s: %w", op, path, err)
	}
	if err := needRoom(string(dir), b.Database+roomLeft); err != nil {
		return Restored{}, fmt.Errorf("%s: %w", op, err)
	}
	if _, err := f.Seek(backupHeader, io.SeekStart); err != nil {
		return Restored{}, fmt.Errorf("%s: %w", op, err)
	}
	rows, err := dir.restore(ctx, k, b, &watched{ctx: ctx, from: f, tell: func(n int64) { tell(StageDecrypt, n, b.Bytes) }}, log)
	if err != nil {
		return Restored{}, fmt.Errorf("%s: %w", op, err)
	}
	return Restored{Backup: b, Rows: rows}, nil
}

// verifyHeader reads the header and holds it against the file's length and what this program knows.
func verifyHeader(f *os.File) (Backup, error) {
	b, err := readBackupHeader(f)
	if err != nil {
		return Backup{}, err
	}
	info, err := f.Stat()
	if err != nil {
		return Backup{}, err
	}
	switch want := backupHeader + b.Bytes; {
	case info.Size() < want:
		return Backup{}, fmt.Errorf("%w: it has %d bytes instead of %d", ErrBackupTruncated, info.Size(), want)
	case info.Size() > want:
		return Backup{}, fmt.Errorf("%w: it has %d bytes instead of %d", ErrBackupAltered, info.Size(), want)
	}
	ours, queue, err := knownSchema(sqlite)
	if err == nil && (b.Schema > ours || b.Queue > queue) {
		err = fmt.Errorf("%w: program %s, schema %d and %d, where this program knows %d and %d; use the newer program",
			ErrSchemaNewer, b.Program, b.Schema, b.Queue, ours, queue)
	}
	return b, err
}

// verifyBody reads what follows the header and holds it against its hash.
func verifyBody(ctx context.Context, f *os.File, b Backup, tell Progress) error {
	sum := sha256.New()
	if _, err := io.Copy(sum, &watched{ctx: ctx, from: f, tell: func(n int64) { tell(StageCheck, n, b.Bytes) }}); err != nil {
		return err
	}
	if hex.EncodeToString(sum.Sum(nil)) != b.SHA256 {
		return fmt.Errorf("%w: it does not fit its checksum", ErrBackupAltered)
	}
	return nil
}

// noDatabase fails when anything of a database is there. A log without its database counts: the engine would take it for
// that of the one that is put beside it.
func (d folder) noDatabase() error {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if _, err := os.Lstat(d.database() + suffix); !errors.Is(err, fs.ErrNotExist) {
			if err != nil {
				return err
			}
			return fmt.Errorf("%w: %s; stop the service and move it away with what is beside it, or name another folder with data.dir",
				ErrDatabaseThere, d.database()+suffix)
		}
	}
	return nil
}

// keyFor is the key that a backup was made with: the configured one, or the one in the key file.
func (d folder) keyFor(cfg Config, id string) (*keyring, error) {
	master, source := cfg.Key, "the configured key"
	if master == nil {
		var err error
		source = d.key()
		if master, err = readKeyFile(d.key()); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%w: the backup was made with the key %s; put its file at %s", ErrKeyLost, id, d.key())
		} else if err != nil {
			return nil, err
		}
	}
	k, err := newKeyring(master)
	if err != nil || k.id == id {
		return k, err
	}
	hint := "put that key there"
	if loadKey(d.formerKey(id)) != nil {
		hint = d.formerKey(id) + " holds that key: put it there"
	}
	return nil, fmt.Errorf("%w: with %s, and %s is %s; %s", ErrBackupKey, id, source, k.id, hint)
}

// restore decrypts a backup into the folder, tries the database that comes out, and gives it its name.
func (d folder) restore(ctx context.Context, k *keyring, b Backup, from io.Reader, log *slog.Logger) (rows map[string]int64, err error) {
	_, missing := os.Stat(string(d))
	if _, err := prepareFolder(string(d), log); err != nil {
		return nil, err
	}
	lock, err := d.lockCopy()
	if err != nil {
		return nil, err
	}
	if lock == nil {
		return nil, ErrBackupRunning
	}
	defer func() {
		err = errors.Join(err, d.removeCopy(), lock.Close())
		if err != nil && missing != nil {
			err = errors.Join(err, os.Remove(string(d)))
		}
	}()
	f, err := d.makeCopy()
	if err != nil {
		return nil, err
	}
	rows, err = openBackup(from, k, b, f)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, err
	}
	err = verifyCopy(ctx, d.copy(), k, rows)
	if err != nil && !errors.Is(err, ErrWrongKey) && !Unavailable(err) && ctx.Err() == nil {
		err = fmt.Errorf("%w: %w", ErrBackupAltered, err)
	}
	if err != nil {
		return nil, err
	}
	return rows, d.adopt(ctx)
}

// verifyCopy looks whether the engine, the key and the counts agree with a database.
func verifyCopy(ctx context.Context, path string, k *keyring, rows map[string]int64) (err error) {
	db, err := sqlite.open(path, true, 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	complaints, err := integrity(ctx, db, true)
	if err != nil {
		return err
	}
	if len(complaints) > 0 {
		return fmt.Errorf("its database is damaged: %s", complaints[0])
	}
	if err := provedIn(ctx, db, k); err != nil {
		return err
	}
	found, err := countRows(ctx, db)
	if err != nil {
		return err
	}
	if !maps.Equal(found, rows) {
		return errors.New("its tables have other rows than were counted")
	}
	return nil
}

// integrity asks the engine whether a database is whole, quickly or in full; no complaint means that it is.
func integrity(ctx context.Context, q querier, full bool) ([]string, error) {
	check := `PRAGMA quick_check(10)`
	if full {
		check = `PRAGMA integrity_check(10)`
	}
	lines, err := list(ctx, q, "integrity", scanOne[string], check)
	if len(lines) == 1 && lines[0] == "ok" {
		lines = nil
	}
	return lines, err
}

// adopt gives the copy the name of the database, with the folder's locks held and none there.
func (d folder) adopt(ctx context.Context) (err error) {
	opening, err := d.lockOpening(ctx)
	if err != nil {
		return err
	}
	locks := []*flock.Flock{opening}
	defer func() {
		for _, l := range locks {
			err = errors.Join(err, l.Close())
		}
	}()
	serving, err := d.tryServing()
	if err != nil {
		return err
	}
	if serving == nil {
		return fmt.Errorf("%s: %w", d, ErrFolderInUse)
	}
	locks = append(locks, serving)
	if err := d.noDatabase(); err != nil {
		return err
	}
	if err := os.Rename(d.copy(), d.database()); err != nil {
		return err
	}
	return syncFolder(string(d))
}
