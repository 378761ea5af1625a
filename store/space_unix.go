//go:build linux || darwin

package store

import "golang.org/x/sys/unix"

func spaceOf(dir string) (Space, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return Space{}, err
	}
	block := int64(fs.Bsize)
	return Space{Used: int64(fs.Blocks-fs.Bfree) * block, Free: int64(fs.Bavail) * block}, nil
}
