//go:build linux || darwin || freebsd

package store

import "syscall"

func statDisk(path string) (Disk, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(path, &s); err != nil {
		return Disk{}, err
	}
	block := int64(s.Bsize)
	return Disk{Free: int64(s.Bavail) * block, Size: int64(s.Blocks) * block}, nil
}
