package store

import (
	"database/sql"
	"errors"
	"fmt"
)

// Errors that callers tell apart with errors.Is.
var (
	// ErrNotFound: no such row, or it belongs to an integration that is disconnected.
	ErrNotFound = errors.New("not found")
	// ErrConflict: a row with the same unique value exists.
	ErrConflict = errors.New("already exists")
	// ErrTooMany: as many as there may be at once are there.
	ErrTooMany = errors.New("too many at once")
	// ErrNested: Update or Ping was called inside Update, where it would wait for itself.
	ErrNested = errors.New("a transaction is already open in this context")

	// ErrFolderInUse: another process serves this data folder.
	ErrFolderInUse = errors.New("the data folder is in use by another process")
	// ErrFolderUnsafe: the data folder or a file in it can be read by others and cannot be mended here.
	ErrFolderUnsafe = errors.New("the data folder is open to other users")
	// ErrSchemaNewer: the database was written by a newer version of the program.
	ErrSchemaNewer = errors.New("the database was made by a newer version of the program")
	// ErrSchemaOlder: a running service of an older version holds the database, so that it cannot be brought up to date.
	ErrSchemaOlder = errors.New("the database is in use by an older version of the program")
	// ErrWrongKey: the encryption key is not the one that the database was made with.
	ErrWrongKey = errors.New("the encryption key is not the one this database was made with")
	// ErrKeyInFile: the configured key does not fit, and the key file does, as after a rotation.
	ErrKeyInFile = errors.New("security.encryption_key must now be removed from the configuration and the environment: " +
		"the key of this database is in the file key in the data folder")
	// ErrNoRoom: a disk has not enough room for what was asked.
	ErrNoRoom = errors.New("there is not enough room")
	// ErrBackupRunning: another process makes or restores a backup in this data folder.
	ErrBackupRunning = errors.New("another backup is being made, or restored, in this data folder; wait for it")
	// ErrOneProcess: with this engine no other process serves the database, so there is nobody to tell and nobody to listen to.
	ErrOneProcess = errors.New("this database is served by one process")
	// ErrServersOwn: a database on a server is copied and brought back by the server's own programs.
	ErrServersOwn = errors.New("a PostgreSQL database is backed up with pg_dump and brought back with pg_restore; keep a copy of the key beside it")
	// ErrNotBackup: the file does not begin like a backup.
	ErrNotBackup = errors.New("this is no backup that `probability backup` has made")
	// ErrBackupTruncated: the end of the file is missing.
	ErrBackupTruncated = errors.New("the backup is truncated")
	// ErrBackupAltered: the file is not as it was written.
	ErrBackupAltered = errors.New("the backup is damaged or was altered")
	// ErrBackupKey: the key at hand is not the one that the backup was made with.
	ErrBackupKey = errors.New("the backup was made with another key")
	// ErrDatabaseThere: the folder to restore into has a database.
	ErrDatabaseThere = errors.New("there is a database already")
	// ErrNotDatabase: the database file is something else, or broken from its first byte on.
	ErrNotDatabase = errors.New("the database file is not a SQLite database")
	// ErrKeyLost: secrets are stored, and the key file that opens them is gone.
	ErrKeyLost = errors.New("the encryption key is missing")
)

// Unavailable tells whether err means that the database cannot be used now, for want of room, because another process holds
// it or because its server is away, rather than that anything is wrong with what was asked.
func Unavailable(err error) bool { return sqlite.isUnavailable(err) || postgres.isUnavailable(err) }

// Forbidden tells whether err means that this user may not write the database of a folder.
func Forbidden(err error) bool { return sqlite.isForbidden(err) }

// Damaged tells whether err means that the database of a folder is not as it was written.
func Damaged(err error) bool { return sqlite.isDamaged(err) }

// An error tells by itself which engine it is from.

func isConflict(err error) bool { return sqlite.isConflict(err) || postgres.isConflict(err) }
func isBusy(err error) bool     { return sqlite.isBusy(err) || postgres.isBusy(err) }
func isFull(err error) bool     { return sqlite.isFull(err) || postgres.isFull(err) }

func isMissingParent(err error) bool {
	return sqlite.isMissingParent(err) || postgres.isMissingParent(err)
}

// failed names the operation and turns the driver's errors into ours, by code and never by text.
func failed(op string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("%s: %w", op, ErrNotFound)
	case isConflict(err):
		return fmt.Errorf("%s: %w: %w", op, ErrConflict, err)
	case sqlite.isNotDatabase(err):
		return fmt.Errorf("%s: %w", op, ErrNotDatabase)
	case isMissingParent(err):
		return fmt.Errorf("%s: %w: %w", op, ErrNotFound, err)
	default:
		return fmt.Errorf("%s: %w", op, err)
	}
}

// changedOne is failed for a statement that must have met exactly one row.
func changedOne(op string, res sql.Result, err error) error {
	if err != nil {
		return failed(op, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return failed(op, err)
	}
	if n == 0 {
		return fmt.Errorf("%s: %w", op, ErrNotFound)
	}
	return nil
}
