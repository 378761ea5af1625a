//go:build unix

package main

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"syscall"
)

// ownGroup keeps Ctrl-C, which a terminal sends to a whole group, from a child: it shall stop when we say so.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

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
