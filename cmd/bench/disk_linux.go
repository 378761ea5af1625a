package main

import (
	"os"
	"syscall"
)

// flush brings a file's content to the disk, and of its metadata only what is needed to read it, as SQLite does.
func flush(f *os.File) error { return syscall.Fdatasync(int(f.Fd())) }

// inMemory tells whether a folder only looks like one on a disk, where flushing costs nothing.
func inMemory(dir string) bool {
	const tmpfs, ramfs = 0x01021994, 0x858458f6
	var s syscall.Statfs_t
	if syscall.Statfs(dir, &s) != nil {
		return false
	}
	return s.Type == tmpfs || s.Type == ramfs
}
