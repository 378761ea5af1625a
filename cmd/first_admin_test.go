package cmd_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// An installation that nobody attends: the configuration names its first administrator, and means nothing afterwards.
func TestServe_MakesTheFirstAdminFromTheConfiguration(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "admin_password")
	flags := []string{"--admin-email=ana@example.com", "--admin-password-file=" + file}
	refused := func(code int, says string, args ...string) {
		t.Helper()
		p := run(t, "probability", dir, nil, append([]string{"serve", "--server-listen=127.0.0.1:0"}, args...)...)
		if got := p.exit(); got != code || !strings.Contains(p.stderr.String(), says) {
			t.Errorf("%v: exit code %d, want %d and %q:\n%s", args, got, code, says, p.stderr)
		}
	}
	refused(2, "belong together", flags[0])
	refused(1, "admin.password_file", flags...)
	if err := os.WriteFile(file, []byte("a long password\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := serving(t, "probability", dir, flags...)
	c := signIn(t, p.base, "ana@example.com", "a long password")
	if got := get(t, c, p.base+"/admin/users"); got != http.StatusOK {
		t.Errorf("the list of accounts answers %d", got)
	}
	if got := get(t, c, p.base+"/admin/river"); got != http.StatusOK {
		t.Errorf("the queue's screens answer %d", got)
	}
	if code := p.stop(); code != 0 || strings.Contains(p.stderr.String(), "setup?token") || strings.Contains(p.stderr.String(), "a long password") {
		t.Errorf("exit code %d, or a set-up link or the password is printed", code)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	p = serving(t, "probability", dir, "--admin-email=luis@example.com", flags[1])
	p.stop()
	if _, out, _ := command(t, dir, "", "user", "list"); strings.Contains(out, "luis") || !strings.Contains(out, "ana@example.com") {
		t.Errorf("the accounts are %s", out)
	}
}

// Whoever waits until the service answers may sign in at once: it does not answer before the administrator is there.
func TestServe_AnswersNobodyBeforeItsFirstAdminIsThere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "admin_password")
	if err := syscall.Mkfifo(file, 0o600); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	p := run(t, "probability", dir, nil, "serve", "--server-listen="+address, "--log-format=json",
		"--admin-email=ana@example.com", "--admin-password-file="+file)
	opened := make(chan *os.File, 1)
	go func() {
		pipe, err := os.OpenFile(file, os.O_WRONLY, 0) // opens once the service waits for the password
		if err != nil {
			t.Error(err)
		}
		opened <- pipe
	}()
	var pipe *os.File
	select {
	case pipe = <-opened:
	case <-p.ended:
		t.Fatal("the service has ended")
	}
	if c, err := net.Dial("tcp", address); err == nil {
		_ = c.Close()
		t.Error("the service answers while its first administrator is missing")
	}
	if _, err := pipe.WriteString("a long password\n"); err != nil {
		t.Fatal(err)
	}
	if err := pipe.Close(); err != nil {
		t.Fatal(err)
	}
	p.stderr.wait(t, p.ended, func(line string) bool { return strings.Contains(line, `"msg":"ready"`) })
	signIn(t, "http://"+address, "ana@example.com", "a long password")
}

// freeAddress is an address that nobody listens on. Its port is below those that systems give to whoever asks for any, so that none of
// the others who run at the same time gets it.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		address := fmt.Sprint("127.0.0.1:", 20_000+rand.IntN(10_000))
		l, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return address
	}
	t.Fatal("no port is free")
	return ""
}
