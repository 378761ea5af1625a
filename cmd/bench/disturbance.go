package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// ticks is the kernel's unit of CPU time in /proc, a hundredth of a second everywhere.
const ticks = 100

// watch tells how much of the machine was taken by programs that are not part of the bench. Figures from a busy
// machine say little; on systems without /proc nobody can tell.
type watch struct {
	children []*child
	last     usage
}

// add counts a child's CPU time as ours.
func (w *watch) add(c *child) { w.children = append(w.children, c) }

// usage is CPU time since the system's start.
type usage struct{ all, idle, ours time.Duration }

// lap is the others' share of the CPU since the last lap, from 0 to 1; negative when unknown.
func (w *watch) lap() float64 {
	now, ok := w.usage()
	before := w.last
	w.last = now
	all := now.all - before.all
	if !ok || before.all == 0 || all <= 0 {
		return -1
	}
	others := all - (now.idle - before.idle) - (now.ours - before.ours)
	return min(max(0, float64(others)/float64(all)), 1)
}

func (w *watch) usage() (u usage, ok bool) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return u, false
	}
	line, _, _ := strings.Cut(string(text), "\n")
	fields := strings.Fields(line)
	for i, f := range fields {
		n, _ := strconv.ParseInt(f, 10, 64)
		if i > 0 && i <= 8 { // guest times are in the user's already
			u.all += time.Duration(n) * time.Second / ticks
		}
		if i == 4 || i == 5 { // idle, and waiting for the disk
			u.idle += time.Duration(n) * time.Second / ticks
		}
	}
	u.ours = cpuTime()
	for _, c := range w.children {
		u.ours += c.cpu()
	}
	return u, u.all > 0
}

// cpu is the CPU time of a child that still runs; that of others is in our own usage.
func (c *child) cpu() time.Duration {
	select {
	case <-c.ended:
		return 0
	default:
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	// The name in parentheses may hold anything; user and system time are the 12th and 13th field after it.
	fields := strings.Fields(string(text)[strings.LastIndexByte(string(text), ')')+1:])
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * time.Second / ticks
}
