package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// Space is the room on a file system, in bytes.
type Space struct {
	Used int64
	Free int64 // for this process: what is kept for the system's administrator is not in it
}

// FreeShare is the part that is free, from 0 to 1.
func (s Space) FreeShare() float64 {
	if s.Used+s.Free == 0 {
		return 0
	}
	return float64(s.Free) / float64(s.Used+s.Free)
}

// spaceOf measures the file system that path is on, or will be when it is made; errors.ErrUnsupported where that is not known how to.
func spaceOf(path string) (Space, error) {
	space, err := statSpace(path)
	for parent := filepath.Dir(path); errors.Is(err, fs.ErrNotExist) && parent != path; parent = filepath.Dir(path) {
		path = parent
		space, err = statSpace(path)
	}
	if err != nil {
		return Space{}, fmt.Errorf("disk of %s: %w", path, err)
	}
	return space, nil
}

// needRoom fails when a folder's disk has less room than need.
func needRoom(dir string, need int64) error {
	space, err := spaceOf(dir)
	if err != nil {
		return err
	}
	if space.Free < need {
		return fmt.Errorf("%w: %s has %s free, and %s are needed; make room there", ErrNoRoom, dir, Size(space.Free), Size(need))
	}
	return nil
}

// Size is a number of bytes that prints as people read it.
type Size int64

// String is the size in the unit that fits.
func (s Size) String() string {
	const kibi = 1024
	if s < kibi {
		return fmt.Sprintf("%d B", int64(s))
	}
	value, unit := float64(s)/kibi, 0
	for ; value >= kibi && unit < len(sizeUnits)-1; unit++ {
		value /= kibi
	}
	return fmt.Sprintf("%.1f %s", value, sizeUnits[unit])
}

var sizeUnits = [...]string{"KiB", "MiB", "GiB", "TiB"}
