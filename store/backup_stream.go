package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// streamName is a backup that is made to be sent away.
const streamName = "download.backup"

// BackupFile makes a backup as Backup does, in the data folder, and gives it as a file that has no name any more: its room is free
// again once it is closed, or when the process ends. One that a kill left half made is removed first. Only the service may ask for
// it, and one at a time. Errors to tell apart are Backup's.
func (s *Store) BackupFile(ctx context.Context, program string) (_ *os.File, _ Backup, err error) {
	path := filepath.Join(string(s.keys.dir), streamName)
	for _, left := range []string{path, path + ".part"} {
		if err := os.Remove(left); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, Backup{}, fmt.Errorf("backup: %w", err)
		}
	}
	b, err := s.Backup(ctx, path, program, func(string, int64, int64) {})
	if err != nil {
		return nil, Backup{}, err
	}
	f, err := os.Open(path)
	if err := errors.Join(err, os.Remove(path)); err != nil {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
		return nil, Backup{}, fmt.Errorf("backup: %w", err)
	}
	return f, b, nil
}
