//go:build !unix

package main

import (
	"syscall"
	"time"
)

func ownGroup() *syscall.SysProcAttr { return nil }

func cpuTime() time.Duration { return 0 }
