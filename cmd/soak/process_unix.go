//go:build unix

package main

import "syscall"

// ownGroup keeps Ctrl-C, which a terminal sends to a whole group, from a child: it shall stop when we say so.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
