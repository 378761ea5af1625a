package app

import (
	"context"
	"errors"
	"io"
	"time"

	"probability/store"
)

// backupRetry is when to come again for a backup while another is made or fetched.
const backupRetry = time.Minute

// BackupDownload is a backup on its way to somebody. It must be closed.
type BackupDownload struct {
	io.Reader
	store.Backup
	Size int64 // of the file, in bytes

	app  *App
	file io.Closer
}

// Backup makes an encrypted backup, as the command does, to be fetched once. There is one at a time: backup_running while another is
// made or fetched, here or by the command; no_room when the disk has too little left; on_server when the database is on one, whose own programs do it.
func (a *App) Backup(ctx context.Context, program string) (*BackupDownload, error) {
	if !a.backups.TryAcquire(1) {
		return nil, &Error{Kind: Busy, Code: "backup_running", RetryAfter: backupRetry}
	}
	f, b, err := a.store.BackupFile(ctx, program)
	if err != nil {
		a.backups.Release(1)
		switch {
		case errors.Is(err, store.ErrBackupRunning):
			return nil, &Error{Kind: Busy, Code: "backup_running", Err: err, RetryAfter: backupRetry}
		case errors.Is(err, store.ErrServersOwn):
			return nil, &Error{Kind: Conflict, Code: "backup_on_server", Err: err}
		case errors.Is(err, store.ErrNoRoom):
			return nil, &Error{Kind: Conflict, Code: "backup_no_room", Err: err}
		}
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		a.backups.Release(1)
		return nil, errors.Join(err, f.Close())
	}
	return &BackupDownload{Reader: f, Backup: b, Size: info.Size(), app: a, file: f}, nil
}

// Fetched notes that all of it arrived.
func (d *BackupDownload) Fetched(ctx context.Context) error {
	return d.app.store.NoteBackup(ctx, "download", d.CreatedAt, d.Size)
}

// Close frees its room.
func (d *BackupDownload) Close() error {
	defer d.app.backups.Release(1)
	return d.file.Close()
}
