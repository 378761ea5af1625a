package cmd_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// visitor is a browser without a screen: it keeps cookies and posts forms with the proof that the page before had.
type visitor struct {
	t      *testing.T
	base   string
	client *http.Client
	page   string // what it saw last
	at     string
}

func newVisitor(t *testing.T, base string) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{t: t, base: base, client: &http.Client{Jar: jar}}
}

func (v *visitor) ask(method, path, body string) int {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), method, v.base+path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html")
	if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := v.client.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	v.page, v.at = string(text), resp.Request.URL.Path
	return resp.StatusCode
}

func (v *visitor) see(path string) string {
	v.t.Helper()
	if status := v.ask(http.MethodGet, path, ""); status != http.StatusOK {
		v.t.Fatalf("%s answers %d: %s", path, status, v.page)
	}
	return v.page
}

var proof = regexp.MustCompile(`name="csrf_token" value="([\w-]{43})"`)

func (v *visitor) send(path string, values url.Values) int {
	v.t.Helper()
	if values == nil {
		values = url.Values{}
	}
	if found := proof.FindStringSubmatch(v.page); found != nil {
		values.Set("csrf_token", found[1])
	}
	return v.ask(http.MethodPost, path, values.Encode())
}

var ordersInAll = regexp.MustCompile(`Orders in all</dt><dd class="big">([\d,]+)<`)

// orders is how many orders the page of the store says that there are.
func (v *visitor) orders(store string) int {
	v.t.Helper()
	found := ordersInAll.FindStringSubmatch(v.see(store + "/live"))
	if found == nil {
		v.t.Fatalf("no count on %s", v.page)
	}
	n, err := strconv.Atoi(strings.ReplaceAll(found[1], ",", ""))
	if err != nil {
		v.t.Fatal(err)
	}
	return n
}

// The first run by the printed link and the pages alone, up to webhooks that arrive; then what becomes of the demo store over a
// restart, a kill, and its removal.
func TestResidentDemo_FromTheLinkToItsEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := serving(t, "probability", dir)
	link, err := url.Parse(setupLink.FindString(p.stderr.wait(t, p.ended, setupLink.MatchString)))
	if err != nil {
		t.Fatal(err)
	}
	v := newVisitor(t, p.base)
	v.see(link.RequestURI())
	if status := v.send("/setup", url.Values{
		"token": {link.Query().Get("token")}, "email": {"ana@example.com"}, "password": {"a long password"}, "password_again": {"a long password"},
	}); status != http.StatusCreated {
		t.Fatalf("the account is answered with %d: %s", status, v.page)
	}
	if status := v.send("/stores/demo", nil); status != http.StatusOK || v.at != "/stores/1" || !strings.Contains(v.page, "probability-demo-store.myshopify.com") {
		t.Fatalf("the demo store is answered with %d at %s: %s", status, v.at, v.page)
	}
	more := func(than int) func() error {
		return func() error {
			if n := v.orders("/stores/1"); n <= than {
				return fmt.Errorf("there are %d orders, want more than %d", n, than)
			}
			return nil
		}
	}
	for n := 0; n <= 5000; n = v.orders("/stores/1") { // all that it begins with, and one by webhook
		eventually(t, "more orders", more(n))
	}
	if !strings.Contains(v.see("/stores/1/orders"), "Orders found: 5,0") || !strings.Contains(v.see("/stores/1/deliveries"), "orders/create") {
		t.Errorf("orders and webhooks are not listed: %s", v.page)
	}

	// A stop and a kill end nothing: the store comes back with what there was, and goes on selling.
	for _, end := range []func(){func() { p.stop() }, func() { p.kill() }} {
		before := v.orders("/stores/1")
		end()
		p = serving(t, "probability", dir)
		v.base = p.base
		v.client.Jar, err = cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		if v.see("/login"); v.send("/login", url.Values{"email": {"ana@example.com"}, "password": {"a long password"}}) != http.StatusOK || v.at != "/" {
			t.Fatalf("signing in ends at %s", v.at)
		}
		if n := v.orders("/stores/1"); n < before {
			t.Errorf("there are %d orders, and were %d", n, before)
		}
		eventually(t, "an order after the restart", more(before))
		if strings.Contains(v.see("/stores/1"), "were gone") {
			t.Error("its subscriptions were gone after the restart")
		}
		if v.send("/stores/1/test", nil) != http.StatusOK || !strings.Contains(v.page, "The connection works") {
			t.Errorf("the connection does not work: %s", v.page)
		}
	}
	// Both agree: an audit finds nothing that is missing on either side.
	if v.send("/stores/1/audit", nil) != http.StatusOK {
		t.Fatal(v.page)
	}
	eventually(t, "the audit", func() error {
		switch page := v.see("/stores/1"); {
		case strings.Contains(page, "still differ"):
			t.Fatalf("the demo store and the service differ: %s", page)
		case !strings.Contains(page, "Nothing differs"):
			return errors.New("it has no result yet")
		}
		return nil
	})

	// Commands beside the service have no such store, and say so instead of asking Shopify for it.
	for _, c := range [][]string{{"doctor"}, {"audit"}} {
		_, stdout, stderr := command(t, dir, "", c...)
		if !strings.Contains(stdout, "only the running service reaches") || strings.Contains(stdout+stderr, "cannot be used") {
			t.Errorf("%v says %s%s", c, stdout, stderr)
		}
	}

	// It is removed like any other store, and is gone.
	v.see("/stores/1/settings")
	if status := v.send("/stores/1/disconnect", url.Values{"confirm": {"probability-demo-store.myshopify.com"}}); status != http.StatusOK || v.at != "/" {
		t.Fatalf("disconnecting is answered with %d: %s", status, v.page)
	}
	if code := p.stop(); code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
	if strings.Contains(p.stderr.String(), `"level":"ERROR"`) {
		t.Errorf("something went wrong: %s", p.stderr.String())
	}
}
