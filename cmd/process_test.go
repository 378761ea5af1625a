package cmd_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what normally takes a moment, on a machine with much else to do. It is less than the four
// minutes after which the queue by itself gives back a job that a dead process had.
const patience = 2 * time.Minute

// process is the program, running.
type process struct {
	t       *testing.T
	command *exec.Cmd
	stdout  *output
	stderr  *output
	ended   chan struct{} // closed when it is over
	err     error         // of its end
	base    string        // where it serves, after ready
}

// run starts the program in a folder of its own choosing, with nothing of this
// environment's but the path.
func run(t *testing.T, binary, dir string, env []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, stdout: newOutput(), stderr: newOutput(), ended: make(chan struct{})}
	p.command = exec.Command(binary, args...)
	p.command.Dir = dir
	p.command.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir}, env...)
	p.command.Stdout, p.command.Stderr = p.stdout, p.stderr
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.command.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s %s\nstdout:\n%s\nstderr:\n%s", binary, strings.Join(args, " "), p.stdout, p.stderr)
		}
	})
	return p
}

// serving starts the service on any free port and waits until it is ready.
func serving(t *testing.T, binary, dir string, args ...string) *process {
	t.Helper()
	p := run(t, binary, dir, nil, append([]string{"serve", "--server-listen=127.0.0.1:0", "--log-format=json"}, args...)...)
	line := p.stderr.wait(t, p.ended, func(line string) bool { return strings.Contains(line, `"msg":"ready"`) })
	var ready struct {
		Address string `json:"address"`
	}
	if err := json.Unmarshal([]byte(line), &ready); err != nil {
		t.Fatal(err)
	}
	p.base = "http://" + ready.Address
	return p
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.command.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// kill ends it as a power cut would, and waits until it is gone.
func (p *process) kill() {
	_ = p.command.Process.Kill()
	<-p.ended
}

// exit waits for the end and returns the exit code.
func (p *process) exit() int {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.t.Fatal("the program does not end")
	}
	if exit, ok := errors.AsType[*exec.ExitError](p.err); ok {
		return exit.ExitCode()
	}
	if p.err != nil {
		p.t.Fatal(p.err)
	}
	return 0
}

// stop asks it to end and returns the exit code.
func (p *process) stop() int {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	return p.exit()
}

// command runs the program to its end.
func command(t *testing.T, dir, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, "probability", args...)
	c.Dir, c.Env = dir, []string{"PATH=" + os.Getenv("PATH")}
	var out, errs bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(stdin), &out, &errs
	err := c.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), out.String(), errs.String()
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0, out.String(), errs.String()
}

// account makes a user and a token in the folder, service or not.
func account(t *testing.T, dir, email string, flags ...string) (token string) {
	t.Helper()
	code, _, stderr := command(t, dir, "a long password\n", append([]string{"user", "add", "--email", email, "--password-stdin"}, flags...)...)
	if code != 0 {
		t.Fatalf("user add: exit code %d: %s", code, stderr)
	}
	code, stdout, stderr := command(t, dir, "", append([]string{"token", "create", "--user", email, "--name", "test"}, flags...)...)
	if code != 0 || !regexp.MustCompile(`^\S{40,}\n$`).MatchString(stdout) {
		t.Fatalf("token create: exit code %d: %q, %s", code, stdout, stderr)
	}
	return strings.TrimSpace(stdout)
}

// build makes the real binary.
func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "probability")
	c := exec.CommandContext(t.Context(), "go", "build", "-o", path, "..")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

// output collects what a process writes and tells its lines to whoever waits.
type output struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{} // closed and replaced at each write
}

func newOutput() *output { return &output{changed: make(chan struct{})} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.changed)
	o.changed = make(chan struct{})
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func (o *output) snapshot() (string, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String(), o.changed
}

// wait returns the first whole line that fits.
func (o *output) wait(t *testing.T, ended <-chan struct{}, fits func(string) bool) string {
	t.Helper()
	deadline := time.After(patience)
	for {
		text, changed := o.snapshot()
		lines := bufio.NewScanner(strings.NewReader(text[:strings.LastIndex(text, "\n")+1]))
		for lines.Scan() {
			if fits(lines.Text()) {
				return lines.Text()
			}
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatal("the line does not come")
		case <-ended:
			if again, _ := o.snapshot(); again == text {
				t.Fatal("the program ended before the line came")
			}
		}
	}
}

// eventually polls until it holds; the error of the last look is told.
func eventually(t *testing.T, what string, holds func() error) {
	t.Helper()
	deadline := time.After(patience)
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		err := holds()
		if err == nil {
			return
		}
		select {
		case <-look.C:
		case <-deadline:
			t.Fatalf("%s: %v", what, err)
		}
	}
}

func want[T comparable](what string, got, want T) error {
	if got != want {
		return fmt.Errorf("%s: got %v, want %v", what, got, want)
	}
	return nil
}

func read(t *testing.T, r io.Reader) []byte {
	t.Helper()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
