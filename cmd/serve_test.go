package cmd_test

import (
	"encoding/json"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"probability/shopify/simulator"
)

var setupLink = regexp.MustCompile(`http://\S+/setup\?token=\S+`)

// The whole thing once: set-up link, account, connect, import, webhook, read, stop.
func TestServe_EndToEnd(t *testing.T) {
	t.Parallel()
	server, shop, endpoint := simulated(t, simulator.ShopConfig{Bucket: -1})
	shop.Generate(600, 80*24*time.Hour)
	dir := t.TempDir()
	p := serving(t, "probability", dir, "--shopify-endpoint="+endpoint)

	// The link makes the first account, once.
	link := setupLink.FindString(p.stderr.wait(t, p.ended, setupLink.MatchString))
	if !strings.HasPrefix(link, p.base+"/setup?token=") {
		t.Fatalf("got link %q, want it at %s", link, p.base)
	}
	token := setUp(t, link)
	if resp := postSetup(t, link, "eva@example.com"); resp.StatusCode < 400 {
		t.Errorf("the link works twice: %s", resp.Status)
	}

	r := rest{t, p.base, token}
	id, first := r.connect()
	run := r.completed(id, first.ID)
	if run.Fetched != 600 || run.Created != 600 || run.Total == nil || *run.Total != 600 {
		t.Errorf("got %+v, want 600 orders fetched and created", run)
	}
	if err := r.sameOrders(id, shop); err != nil {
		t.Error(err)
	}

	// Webhooks come in where they were subscribed.
	r.call(http.MethodPost, api+"1/register-webhook/", map[string]string{"public_base_url": p.base}, http.StatusCreated, nil)
	shop.NewOrder()
	for _, d := range server.Flush(t.Context(), simulator.DeliveryConfig{}) {
		if !d.OK() {
			t.Errorf("got %+v, want the delivery accepted", d)
		}
	}
	eventually(t, "the order of the webhook", func() error { return r.sameOrders(id, shop) })

	// Another account, made beside the running service, sees nothing of it.
	other := rest{t, p.base, account(t, dir, "other@example.com")}
	other.call(http.MethodGet, api+"1/", nil, http.StatusNotFound, nil)
	r.call(http.MethodGet, "/readyz", nil, http.StatusOK, nil)

	if code := p.stop(); code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
	checkModes(t, filepath.Join(dir, "data"))
	checkSecrets(t, p, dir, token, strings.TrimPrefix(link, p.base+"/setup?token="))
}

func setUp(t *testing.T, link string) (token string) {
	t.Helper()
	resp := postSetup(t, link, "ana@example.com")
	page := string(read(t, resp.Body))
	token = regexp.MustCompile(`prob_[A-Za-z0-9_-]+`).FindString(page)
	if resp.StatusCode != http.StatusCreated || token == "" {
		t.Fatalf("got %s, want an account and its token: %s", resp.Status, page)
	}
	return token
}

func postSetup(t *testing.T, link, email string) *http.Response {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{
		"token": {u.Query().Get("token")}, "email": {email},
		"password": {"a long password"}, "password_again": {"a long password"},
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, link, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := (&http.Client{}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

// checkModes wants the data folder closed to everybody else.
func checkModes(t *testing.T, data string) {
	t.Helper()
	err := filepath.WalkDir(data, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o600)
		if entry.IsDir() {
			mode = 0o700
		}
		if info.Mode().Perm() != mode {
			t.Errorf("%s: got mode %04o, want %04o", path, info.Mode().Perm(), mode)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// checkSecrets wants no secret in the data folder or in the log, and the log to be JSON.
func checkSecrets(t *testing.T, p *process, dir, token, setup string) {
	t.Helper()
	log := setupNotice.ReplaceAllString(p.stderr.String(), "")
	for line := range strings.Lines(log) {
		if !json.Valid([]byte(line)) {
			t.Errorf("got %q in the log, want JSON", line)
		}
	}
	texts := map[string]string{"the log": log}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		texts[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for where, text := range texts {
		for _, secret := range []string{"shpat_0123456789abcdef", "0123456789abcdef", "fedcba9876543210", "a long password", token, setup} {
			if strings.Contains(text, secret) {
				t.Errorf("%q is in %s", secret, where)
			}
		}
	}
}

// setupNotice is the one thing on stderr that is no log.
var setupNotice = regexp.MustCompile(`(?s)No account exists yet\..*?--admin` + "`" + `\.\n`)

func TestServe_NoLinkOnceAnAccountExists(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	account(t, dir, "ana@example.com")
	p := serving(t, "probability", dir)
	if code := p.stop(); code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
	if strings.Contains(p.stderr.String(), "setup") {
		t.Error("a set-up link is printed though an account exists")
	}
}

func TestServe_SecondProcessOnTheSameFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := serving(t, "probability", dir)
	code, _, stderr := command(t, dir, "", "serve", "--server-listen=127.0.0.1:0")
	if code != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "in use by another process") || !strings.Contains(stderr, "data.dir") {
		t.Errorf("got exit code %d and %q, want 1 and one line", code, stderr)
	}
	rest{t, p.base, ""}.call(http.MethodGet, "/healthz", nil, http.StatusOK, nil)
	if code := p.stop(); code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
	if again := serving(t, "probability", dir); again.stop() != 0 {
		t.Error("the folder is not free after the stop")
	}
}

func TestServe_PortInUse(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	code, _, stderr := command(t, t.TempDir(), "", "serve", "--log-level=error", "--server-listen="+l.Addr().String())
	if code != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "something else listens there") {
		t.Errorf("got exit code %d and %q, want 1 and one line", code, stderr)
	}
}

func TestServe_WrongAndLostKey(t *testing.T) {
	t.Parallel()
	_, _, endpoint := simulated(t, simulator.ShopConfig{})
	dir := t.TempDir()
	token := account(t, dir, "ana@example.com")
	p := serving(t, "probability", dir, "--shopify-endpoint="+endpoint)
	rest{t, p.base, token}.connect() // something that is encrypted
	p.stop()

	start := func(env ...string) (int, string) {
		t.Helper()
		p := run(t, "probability", dir, env, "serve", "--server-listen=127.0.0.1:0", "--log-level=error")
		return p.exit(), p.stderr.String()
	}
	wrong := strings.Repeat("A", 43)
	code, stderr := start("PROBABILITY_SECURITY_ENCRYPTION_KEY=" + wrong)
	if code != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "security.encryption_key must now be removed") || strings.Contains(stderr, wrong) {
		t.Errorf("wrong key: got exit code %d and %q, want 1 and one line", code, stderr)
	}
	key := filepath.Join(dir, "data", "key")
	if err := os.Rename(key, key+".away"); err != nil {
		t.Fatal(err)
	}
	code, stderr = start("PROBABILITY_SECURITY_ENCRYPTION_KEY=" + wrong)
	if code != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "is not the one") || strings.Contains(stderr, wrong) {
		t.Errorf("wrong key and no file: got exit code %d and %q, want 1 and one line", code, stderr)
	}
	code, stderr = start()
	if code != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "missing") {
		t.Errorf("lost key: got exit code %d and %q, want 1 and one line", code, stderr)
	}
	if err := os.Rename(key+".away", key); err != nil {
		t.Fatal(err)
	}
	if again := serving(t, "probability", dir, "--shopify-endpoint="+endpoint); again.stop() != 0 {
		t.Error("the right key does not open it again")
	}
}

// A service that listens on every address names one that can be opened.
func TestServe_ListeningEverywhere(t *testing.T) {
	t.Parallel()
	for _, everywhere := range []string{"0.0.0.0:0", ":0", "[::]:0"} {
		p := run(t, "probability", t.TempDir(), nil, "serve", "--log-format=json", "--server-listen="+everywhere)
		link := setupLink.FindString(p.stderr.wait(t, p.ended, setupLink.MatchString))
		if !strings.HasPrefix(link, "http://127.0.0.1:") {
			t.Errorf("%s: got link %q, want one of this machine", everywhere, link)
		}
		resp, err := (&http.Client{}).Get(link)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s: got %s, want the set-up page", everywhere, resp.Status)
		}
		if code := p.stop(); code != 0 {
			t.Errorf("%s: got exit code %d, want 0", everywhere, code)
		}
	}
}

func TestServe_Healthcheck(t *testing.T) {
	t.Parallel()
	p := serving(t, "probability", t.TempDir())
	address := strings.TrimPrefix(p.base, "http://")
	_, port, _ := net.SplitHostPort(address)
	for _, asked := range []string{address, "0.0.0.0:" + port, ":" + port, "[::]:" + port} {
		eventually(t, "an answer in time", func() error { // it has three seconds, which a busy machine may not keep
			code, _, stderr := command(t, t.TempDir(), "", "healthcheck", "--server-listen="+asked)
			return want("exit code for "+asked+" ("+stderr+")", code, 0)
		})
	}
	p.signal(syscall.SIGINT)
	if code := p.exit(); code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
	if code, _, _ := command(t, t.TempDir(), "", "healthcheck", "--server-listen="+address); code != 1 {
		t.Errorf("after the stop: got exit code %d, want 1", code)
	}
}
