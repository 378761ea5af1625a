//go:build unix

package postgres

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// identity is the user that a server runs as; the zero value is whoever runs the tests.
type identity struct {
	uid, gid uint32
	other    bool
}

// unprivileged gives the folder to the user that the server runs as. PostgreSQL refuses to run as root.
func unprivileged(dir string) (identity, error) {
	if os.Geteuid() != 0 {
		return identity{}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return identity{}, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return identity{}, err
		}
		i := identity{uid: uint32(uid), gid: uint32(gid), other: true}
		return i, i.own(dir)
	}
	return identity{}, fmt.Errorf("the server refuses to run as root, and there is neither a user postgres nor nobody")
}

// own gives a file to the user.
func (i identity) own(path string) error {
	if !i.other {
		return nil
	}
	return os.Chown(path, int(i.uid), int(i.gid))
}

// attributes make a process the user's, in a group of its own: what a terminal sends to the tests is not for the server.
func (i identity) attributes() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if i.other {
		attr.Credential = &syscall.Credential{Uid: i.uid, Gid: i.gid}
	}
	return attr
}
