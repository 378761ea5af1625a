package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// roomTried is how much is written to find out whether there is room again, in bytes: more than one delivery, or the first one
// would use it up.
const roomTried = 256 << 10

// OutOfRoom tells whether the database said that it cannot grow, since the last TryRoom that could write.
func (s *Store) OutOfRoom() bool { return s.outOfRoom.Load() }

// noteRoom remembers an error that says that there is no room.
func (s *Store) noteRoom(err error) {
	if err != nil && isFull(err) {
		s.outOfRoom.Store(true)
	}
}

// TryRoom writes something and takes it away again. When that works, the database is out of room no longer.
func (s *Store) TryRoom(ctx context.Context) error {
	for _, size := range []int{roomTried, 0} { // two commits, since what is freed in the same one is never written
		if err := s.Update(ctx, func(ctx context.Context, tx *Tx) error {
			_, err := tx.tx.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES ('room', $1)
				ON CONFLICT (name) DO UPDATE SET value = excluded.value`, make([]byte, size))
			return failed("store: try room", err)
		}); err != nil {
			return err
		}
	}
	s.outOfRoom.Store(false)
	return nil
}

// Space asks the file system of the data folder for its room; errors.ErrUnsupported where that is not known how to, and for the disk
// of a database server, which only says when it is full.
func (s *Store) Space() (Space, error) {
	if s.Engine() == PostgreSQL {
		return Space{}, fmt.Errorf("store: space: of the database server: %w", errors.ErrUnsupported)
	}
	sp, err := spaceOf(string(s.dir))
	return sp, failed("store: space", err)
}

// Sizes gives the bytes of the database file and of its log of changes.
func (s *Store) Sizes(ctx context.Context) (database, log int64, err error) {
	if s.Engine() == PostgreSQL {
		return s.serverSize(ctx)
	}
	info, err := os.Stat(s.dir.database())
	if err != nil {
		return 0, 0, failed("store: size", err)
	}
	wal, err := os.Stat(s.dir.database() + "-wal")
	if errors.Is(err, fs.ErrNotExist) {
		return info.Size(), 0, nil
	}
	if err != nil {
		return 0, 0, failed("store: size", err)
	}
	return info.Size(), wal.Size(), nil
}
