//go:build unix

package installed

import (
	"errors"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// User is whom a server runs as; the zero value is whoever runs this program.
type User struct {
	uid, gid uint32
	other    bool
}

// Unprivileged gives a folder to the user that the server runs as: PostgreSQL refuses to run as root.
func Unprivileged(dir string) (User, error) {
	if os.Geteuid() != 0 {
		return User{}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return User{}, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return User{}, err
		}
		of := User{uid: uint32(uid), gid: uint32(gid), other: true}
		return of, of.Own(dir)
	}
	return User{}, errors.New("the server refuses to run as root, and there is neither a user postgres nor nobody")
}

// Own gives a file to the user.
func (u User) Own(path string) error {
	if !u.other {
		return nil
	}
	return os.Chown(path, int(u.uid), int(u.gid))
}

// Attributes make a process the user's, in a group of its own: what a terminal sends to us is not for the server.
func (u User) Attributes() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if u.other {
		attr.Credential = &syscall.Credential{Uid: u.uid, Gid: u.gid}
	}
	return attr
}
