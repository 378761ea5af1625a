package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// Disk is the room on a file system, in bytes.
type Disk struct{ Free, Size int64 } // Free: for us, without what is kept for the administrator

// Share is the part of the disk that is free, from 0 to 1.
func (d Disk) Share() float64 {
	if d.Size == 0 {
		return 0
	}
	return float64(d.Free) / float64(d.Size)
}

// diskOf measures the file system that path is on, or will be when it is made.
func diskOf(path string) (Disk, error) {
	disk, err := statDisk(path)
	for parent := filepath.Dir(path); errors.Is(err, fs.ErrNotExist) && parent != path; parent = filepath.Dir(path) {
		path = parent
		disk, err = statDisk(path)
	}
	if err != nil {
		return Disk{}, fmt.Errorf("disk of %s: %w", path, err)
	}
	return disk, nil
}

// needRoom fails when a folder's disk has less room than need.
func needRoom(dir string, need int64) error {
	disk, err := diskOf(dir)
	if err != nil {
		return err
	}
	if disk.Free < need {
		return fmt.Errorf("%w: %s has %s free, and %s are needed; make room there", ErrNoRoom, dir, Size(disk.Free), Size(need))
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
