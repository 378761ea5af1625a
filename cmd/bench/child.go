package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	startPatience = 60 * time.Second
	stopPatience  = 60 * time.Second
	email         = "bench@example.com"
)

// child is a running process that serves HTTP.
type child struct {
	addr   string
	cmd    *exec.Cmd
	stderr *tail
	ended  chan struct{}
	begun  time.Time
}

// build makes the binary as it is released and returns its path.
func build(ctx context.Context, dir string) (string, error) {
	path := filepath.Join(dir, "probability")
	c := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "probability")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, bytes.TrimSpace(out))
	}
	return path, nil
}

// freePort is an address of loopback that nobody listens on.
func freePort(ctx context.Context) (string, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// start runs a program and waits until it answers GET /healthz at addr.
func start(ctx context.Context, addr string, env []string, program string, args ...string) (*child, error) {
	c := &child{addr: addr, cmd: exec.CommandContext(ctx, program, args...), stderr: &tail{}, ended: make(chan struct{})}
	c.cmd.Env, c.cmd.Stderr = env, c.stderr
	c.cmd.SysProcAttr = ownGroup()
	c.cmd.Cancel = func() error { return c.cmd.Process.Signal(syscall.SIGTERM) }
	c.cmd.WaitDelay = stopPatience
	c.begun = time.Now()
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = c.cmd.Wait() // told by the exit state
		close(c.ended)
	}()
	if err := c.healthy(ctx); err != nil {
		return nil, errors.Join(err, c.stop())
	}
	return c, nil
}

// healthy polls closely, since how soon it answers is a figure.
func (c *child) healthy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	look := time.NewTicker(500 * time.Microsecond)
	defer look.Stop()
	request := get(c.addr, "/healthz", "none")
	for {
		if conn, err := dial(ctx, c.addr); err == nil {
			status, err := conn.exchange(request, nil)
			_ = conn.Close()
			if err == nil && status == http.StatusOK {
				return nil
			}
		}
		select {
		case <-look.C:
		case <-c.ended:
			return fmt.Errorf("%s ended at once: %s", filepath.Base(c.cmd.Path), c.stderr)
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer: %w: %s", filepath.Base(c.cmd.Path), ctx.Err(), c.stderr)
		}
	}
}

// stop ends the process and waits until it is gone. It may be called again.
func (c *child) stop() error {
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-c.ended:
	case <-time.After(stopPatience):
		_ = c.cmd.Process.Kill()
		<-c.ended
	}
	if code := c.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("%s ended with code %d: %s", filepath.Base(c.cmd.Path), code, c.stderr)
	}
	return nil
}

// kill ends the process without a goodbye, for those whose folder is thrown away.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	<-c.ended
}

// memory reads a value of /proc/PID/status, such as VmRSS or VmHWM, in bytes; 0 where there is none.
func (c *child) memory(name string) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			kb, _ := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 64)
			return kb * 1024
		}
	}
	return 0
}

// tail keeps the beginning of what a process writes, for the error message.
type tail struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if room := 4096 - t.text.Len(); room > 0 {
		t.text.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(t.text.String())
}
