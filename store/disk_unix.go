//go:build linux || darwin || freebsd

package store

import "syscall"

func statSpace(path string) (Space, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(path, &s); err != nil {
		return Space{}, err
	}
	block := int64(s.Bsize)
	return Space{Used: int64(s.Blocks-s.Bfree) * block, Free: int64(s.Bavail) * block}, nil
}
