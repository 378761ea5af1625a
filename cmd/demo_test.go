package cmd_test

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

var (
	pasted = regexp.MustCompile(`curl -sS -H 'Authorization: Bearer (\S+)' '(http://[^']+)'`)
	// lived is a change in the demo's store that arrived.
	lived = regexp.MustCompile(`^\d\d:\d\d:\d\d  (new order|paid|cancelled) .*orders/(create|updated) → 200.* \d+ orders stored$`)
)

func TestDemo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := run(t, "probability", dir, nil, "demo", "--orders=700", "--listen=127.0.0.1:0")
	p.stdout.wait(t, p.ended, func(line string) bool { return strings.Contains(line, "Ctrl-C ends the demo") })
	text := p.stdout.String()
	if !strings.Contains(text, "700 orders in ") || !strings.Contains(text, "webhooks active") {
		t.Error("want 700 orders imported and webhooks active")
	}

	// The commands work as they are printed.
	commands := pasted.FindAllStringSubmatch(text, -1)
	if len(commands) != 3 {
		t.Fatalf("got %d curl commands, want 3", len(commands))
	}
	for _, c := range commands {
		status, body, err := rest{t, "", c[1]}.send(t.Context(), http.MethodGet, c[2], nil)
		if err != nil || status != http.StatusOK {
			t.Errorf("%s: got %d, %v, want 200: %s", c[2], status, err, body)
		}
	}
	account := regexp.MustCompile(`(http://\S+)/login\s+sign in as (\S+) with (\S+)`).FindStringSubmatch(text)
	if account == nil {
		t.Fatal("it does not say how to sign in")
	}
	signIn(t, account[1], account[2], account[3])
	for _, what := range []string{"new order", "paid"} {
		p.stdout.wait(t, p.ended, func(line string) bool { return lived.MatchString(line) && strings.Contains(line, what) })
	}

	p.signal(syscall.SIGINT)
	if code := p.exit(); code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
	nothingLeft(t, dir)
	if got := strings.Count(p.stderr.String(), "Importing orders: 700 of 700\n"); got != 1 {
		t.Errorf("the end of the import is told %d times, want once", got)
	}
	for line := range strings.Lines(p.stderr.String()) {
		if !strings.HasPrefix(line, "Importing orders: ") {
			t.Errorf("got %q on stderr, want progress only", line)
		}
	}
}

func TestDemo_StopsByItself(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := run(t, "probability", dir, nil, "demo", "--orders=1", "--for=8s", "--listen=127.0.0.1:0")
	if code := p.exit(); code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
	if !regexp.MustCompile(`(?m)new order .* orders stored$`).MatchString(p.stdout.String()) {
		t.Error("nothing happened in the store")
	}
	nothingLeft(t, dir)
}

func TestDemo_StopsInTheMiddleOfTheImport(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := run(t, "probability", dir, nil, "demo", "--orders=100000", "--listen=127.0.0.1:0")
	p.stderr.wait(t, p.ended, func(line string) bool { return regexp.MustCompile(`: [1-9]\d* of 100000`).MatchString(line) })
	if code := p.stop(); code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
	nothingLeft(t, dir)
}

func TestDemo_OnlyOnThisMachine(t *testing.T) {
	t.Parallel()
	for _, listen := range []string{"192.0.2.1:8080", "example.com:80", "8080"} {
		code, _, stderr := command(t, t.TempDir(), "", "demo", "--listen="+listen)
		if code != 2 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "--listen") {
			t.Errorf("%s: got exit code %d and %q, want 2 and one line", listen, code, stderr)
		}
	}
}

func nothingLeft(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range left {
		t.Errorf("%s is left behind", entry.Name())
	}
}
