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
	"syscall"
	"time"
)

const (
	startPatience = 2 * time.Minute
	stopPatience  = time.Minute
)

// child is the program, serving.
type child struct {
	addr  string
	cmd   *exec.Cmd
	log   *os.File
	ended chan struct{}
}

// build makes the program as it is released and returns its path.
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

// start runs a program and waits until it answers GET /healthz. Its log goes to the end of a file.
func start(ctx context.Context, addr, log string, env []string, args ...string) (_ *child, err error) {
	c := &child{addr: addr, cmd: exec.CommandContext(ctx, args[0], args[1:]...), ended: make(chan struct{})}
	if c.log, err = os.OpenFile(log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err != nil {
		return nil, err
	}
	c.cmd.Env, c.cmd.Stdout, c.cmd.Stderr, c.cmd.Dir = env, c.log, c.log, filepath.Dir(log)
	c.cmd.SysProcAttr = ownGroup()
	c.cmd.Cancel = func() error { return c.cmd.Process.Signal(syscall.SIGTERM) }
	c.cmd.WaitDelay = stopPatience
	if err := c.cmd.Start(); err != nil {
		return nil, errors.Join(err, c.log.Close())
	}
	go func() {
		_ = c.cmd.Wait() // told by the exit state
		_ = c.log.Close()
		close(c.ended)
	}()
	if err := c.healthy(ctx); err != nil {
		c.kill()
		return nil, err
	}
	return c, nil
}

func (c *child) healthy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	return poll(ctx, 2*time.Millisecond, func() (bool, error) {
		select {
		case <-c.ended:
			return false, errors.New("the program ended at its start; its log tells why")
		default:
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.addr+"/healthz", nil)
		if err != nil {
			return false, err
		}
		resp, err := client.Do(req)
		if err != nil {
			return false, nil //nolint:nilerr // nobody listens yet
		}
		return resp.StatusCode == http.StatusOK, resp.Body.Close()
	})
}

// stop asks the process to end, and wants it to end well.
func (c *child) stop() error {
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-c.ended:
	case <-time.After(stopPatience):
		c.kill()
		return errors.New("the program does not end when asked to")
	}
	if code := c.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("the program ended with code %d", code)
	}
	return nil
}

// kill ends the process without a goodbye, and waits until it is gone.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	<-c.ended
}

func (c *child) alive() bool {
	select {
	case <-c.ended:
		return false
	default:
		return true
	}
}

// memory reads a value of /proc/PID/status in MB, such as VmRSS or VmHWM; 0 where there is none.
func (c *child) memory(name string) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			kb, _ := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 64)
			return kb / 1024
		}
	}
	return 0
}

// openFiles is how many files and connections the process has open; 0 where nobody can tell.
func (c *child) openFiles() int {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", c.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	return len(entries)
}

// poll asks until it is true, it fails, or the context ends.
func poll(ctx context.Context, every time.Duration, holds func() (bool, error)) error {
	look := time.NewTicker(every)
	defer look.Stop()
	for {
		done, err := holds()
		if done || err != nil {
			return err
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return fmt.Errorf("it takes too long: %w", ctx.Err())
		}
	}
}

// pause waits, and tells whether it was for the whole time.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
