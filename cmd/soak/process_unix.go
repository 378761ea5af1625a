//go:build unix

package main

import (
	"context"
	"errors"
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"
)

// ownGroup keeps Ctrl-C, which a terminal sends to a whole group, from a child: it shall stop when we say so.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// serverUser is whom a database server runs as; the zero value is whoever runs the soak. PostgreSQL refuses to run as root.
type serverUser struct {
	uid, gid uint32
	other    bool
}

// newServerUser gives the folder to the user that the server runs as.
func newServerUser(dir string) (serverUser, error) {
	if os.Geteuid() != 0 {
		return serverUser{}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return serverUser{}, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return serverUser{}, err
		}
		of := serverUser{uint32(uid), uint32(gid), true}
		return of, of.own(dir)
	}
	return serverUser{}, errors.New("a database server refuses to run as root, and there is neither a user postgres nor nobody")
}

// own gives a file to the user.
func (u serverUser) own(path string) error {
	if !u.other {
		return nil
	}
	return os.Chown(path, int(u.uid), int(u.gid))
}

func (u serverUser) attributes() *syscall.SysProcAttr {
	attr := ownGroup()
	if u.other {
		attr.Credential = &syscall.Credential{Uid: u.uid, Gid: u.gid}
	}
	return attr
}

// standStill stops all processes of the server where they are, so that it takes connections and says nothing; goOn lets them go on.
func (d *server) standStill(ctx context.Context) (goOn func() error, err error) {
	found, err := d.ask(ctx, "postgres", "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
	if err != nil {
		return nil, err
	}
	pids := []int{d.cmd.Process.Pid} // first, so that it starts no others
	for line := range strings.FieldsSeq(found) {
		pid, err := strconv.Atoi(line)
		if err != nil {
			return nil, err
		}
		pids = append(pids, pid)
	}
	to := func(s syscall.Signal) error {
		for _, pid := range pids {
			if err := syscall.Kill(pid, s); err != nil && !errors.Is(err, syscall.ESRCH) { // one may have ended meanwhile
				return err
			}
		}
		return nil
	}
	return func() error { return to(syscall.SIGCONT) }, to(syscall.SIGSTOP)
}
