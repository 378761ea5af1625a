package cmd_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
)

// A session begins at the running service and ends with what another process does to its account.
func TestServe_SessionsEndWithTheirAccount(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	account(t, dir, "ana@example.com")
	account(t, dir, "luis@example.com")
	p := serving(t, "probability", dir)
	ana, luis := signIn(t, p.base, "ana@example.com", "a long password"), signIn(t, p.base, "luis@example.com", "a long password")
	wantSession := func(who string, c *http.Client, status int) {
		t.Helper()
		if got := get(t, c, p.base+"/api/session/"); got != status {
			t.Errorf("%s: got %d, want %d", who, got, status)
		}
	}
	wantSession("ana", ana, http.StatusOK)
	wantSession("luis", luis, http.StatusOK)
	if code, _, stderr := command(t, dir, "another long password\n", "user", "passwd", "--email", "ana@example.com", "--password-stdin"); code != 0 {
		t.Fatal(stderr)
	}
	wantSession("ana, after another password", ana, http.StatusUnauthorized)
	wantSession("luis, whose password is the same", luis, http.StatusOK)
	if code, _, stderr := command(t, dir, "", "user", "delete", "--email", "luis@example.com", "--yes"); code != 0 {
		t.Fatal(stderr)
	}
	wantSession("luis, after the account was deleted", luis, http.StatusUnauthorized)

	if code := p.stop(); code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
	u, err := url.Parse(p.base)
	if err != nil {
		t.Fatal(err)
	}
	checkSecrets(t, p, dir, "another long password", ana.Jar.Cookies(u)[0].Value)
}

// signIn is a browser that has signed in with the form.
func signIn(t *testing.T, base, email, password string) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &http.Client{Jar: jar}
	form := url.Values{"email": {email}, "password": {password}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/login", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.Request.URL.Path != "/" {
		t.Fatalf("signing in ends at %s with %s", resp.Request.URL.Path, resp.Status)
	}
	return c
}

func get(t *testing.T, c *http.Client, address string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}
