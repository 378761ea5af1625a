package main

import (
	"bytes"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// describe notes what the figures depend on. What cannot be found out is left open.
func (b *bench) describe() {
	commit, _ := exec.Command("git", "rev-parse", "--short", "HEAD").Output() //nolint:noctx // a moment, and nothing to interrupt
	b.report.Machine = description{
		Date: b.now.Format(time.DateOnly), CPU: cpu(), System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(),
		Commit: or(string(bytes.TrimSpace(commit)), "unknown"), Cores: runtime.NumCPU(), Seconds: b.opt.seconds, Folder: "the temporary folder",
	}
	if b.opt.keep != "" {
		b.report.Machine.Folder = "a folder of its own"
	}
	if inMemory(b.dir) {
		b.report.Machine.Folder = "memory"
	}
}

func cpu() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	for line := range strings.Lines(string(text)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
