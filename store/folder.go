package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// Names inside the data folder.
const (
	databaseName    = "probability.db"
	keyName         = "key"
	nextKeyName     = "key.next"  // of a rotation that is under way
	servingLockName = "lock"      // held by the service for as long as it runs
	openingLockName = "open.lock" // held by whoever opens, for a moment
)

// Waiting for another process that is opening the folder.
const (
	openingWait  = 30 * time.Second
	openingRetry = 20 * time.Millisecond
)

// folder is the absolute path of a data folder.
type folder string

func (d folder) database() string { return filepath.Join(string(d), databaseName) }
func (d folder) key() string      { return filepath.Join(string(d), keyName) }
func (d folder) nextKey() string  { return filepath.Join(string(d), nextKeyName) }

// folderPath is the data folder at a path, whether it is there or not.
func folderPath(path string) (folder, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("data folder: %w", err)
	}
	if path == "" {
		return "", errors.New("data folder: no path given")
	}
	return folder(abs), nil
}

// prepareFolder makes the data folder, or sees to it that nobody else can look into the one that is there. A folder of ours,
// or an empty one, is closed to others; one with other things in it is refused, since it may be a home or even the root.
func prepareFolder(path string, log *slog.Logger) (folder, error) {
	dir, err := folderPath(path)
	if err != nil {
		return "", err
	}
	abs := string(dir)
	info, err := os.Stat(abs)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(abs, 0o700); err != nil {
			return "", fmt.Errorf("data folder: %w", err)
		}
		// MkdirAll obeys the umask, which may take bits away but never adds any.
		return folder(abs), os.Chmod(abs, 0o700)
	case err != nil:
		return "", fmt.Errorf("data folder: %w", err)
	case !info.IsDir():
		return "", fmt.Errorf("data folder: %s is a file; name a folder with data.dir", abs)
	case info.Mode().Perm()&0o077 == 0:
		return folder(abs), nil
	}
	ours, err := oursOrEmpty(abs)
	if err != nil {
		return "", err
	}
	if !ours {
		return "", fmt.Errorf("%w: %s has mode %04o and holds other files; name a folder that is only for the service, or run chmod 700 on it",
			ErrFolderUnsafe, abs, info.Mode().Perm())
	}
	return folder(abs), tighten(abs, info, 0o700, log)
}

// oursOrEmpty tells whether a folder is a data folder, or may become one.
func oursOrEmpty(dir string) (bool, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false, fmt.Errorf("data folder: %w", err)
	}
	strange := 0
	for _, e := range entries {
		switch e.Name() {
		case databaseName:
			return true, nil
		case keyName, servingLockName, openingLockName: // before a backup is restored
		default:
			strange++
		}
	}
	return strange == 0, nil
}

// tighten takes the permissions of others away, and says so: what was readable may have been read.
func tighten(path string, info fs.FileInfo, mode fs.FileMode, log *slog.Logger) error {
	if err := os.Chmod(path, mode); err != nil {
		return fmt.Errorf("%w: %s has mode %04o and it cannot be changed: %w", ErrFolderUnsafe, path, info.Mode().Perm(), err)
	}
	log.Warn("closed to other users", "path", path, "was", fmt.Sprintf("%04o", info.Mode().Perm()), "is", fmt.Sprintf("%04o", mode))
	return nil
}

// prepareFiles makes the database file before the engine does, so that it is ours alone whatever the umask (the engine gives
// the files beside it the same mode), and closes files that were open to others. The key file is closed, too, and not
// refused: the folder has been closed, and a key that is lost is worse than one that somebody on the machine may have seen.
func (d folder) prepareFiles(log *slog.Logger) error {
	f, err := os.OpenFile(d.database(), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case err == nil:
		if err := errors.Join(f.Chmod(0o600), f.Close()); err != nil {
			return fmt.Errorf("data folder: %w", err)
		}
	case !errors.Is(err, fs.ErrExist):
		return fmt.Errorf("data folder: %w", err)
	}
	return closeFiles(log, d.database(), d.database()+"-wal", d.database()+"-shm", d.key())
}

// prepareKey is prepareFiles for a folder that holds the key alone.
func (d folder) prepareKey(log *slog.Logger) error { return closeFiles(log, d.key()) }

// closeFiles closes files to others, of those that are there.
func closeFiles(log *slog.Logger, paths ...string) error {
	for _, path := range paths {
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("data folder: %w", err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			if err := tighten(path, info, 0o600, log); err != nil {
				return err
			}
		}
	}
	return nil
}

// lockOpening waits for other processes that are opening the folder.
func (d folder) lockOpening(ctx context.Context) (*flock.Flock, error) {
	lock, err := d.lockFile(openingLockName)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, openingWait, fmt.Errorf("%w: it is still being opened after %s", ErrFolderInUse, openingWait))
	defer cancel()
	if _, err := lock.TryLockContext(ctx, openingRetry); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, fmt.Errorf("lock %s: %w", lock.Path(), err)
	}
	return lock, nil
}

// tryServing takes the service's lock; nil when a service holds it. Call it only under the opening lock: then a process that
// takes it for a moment is never mistaken for a service.
func (d folder) tryServing() (*flock.Flock, error) {
	lock, err := d.lockFile(servingLockName)
	if err != nil {
		return nil, err
	}
	ok, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", lock.Path(), err)
	}
	if !ok {
		return nil, lock.Close()
	}
	return lock, nil
}

// lockFile makes the lock file, ours alone. Its content says nothing; the kernel drops the lock with its process.
func (d folder) lockFile(name string) (*flock.Flock, error) {
	path := filepath.Join(string(d), name)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		err = errors.Join(f.Chmod(0o600), f.Close())
	} else if errors.Is(err, fs.ErrExist) {
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	return flock.New(path, flock.SetPermissions(0o600), flock.SetFlag(os.O_RDWR)), nil
}
