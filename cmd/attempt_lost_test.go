package cmd_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"probability/shopify/simulator"
	"probability/store/storetest"
)

// proxied is a browser for which all processes are one host, with whatever it is sent to next.
type proxied struct {
	t      *testing.T
	client *http.Client
}

func (p proxied) ask(method, address string, form url.Values) (status int, location, body string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := p.client.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Location"), string(text)
}

// Two processes of the real program behind a proxy: the link that one prints makes the first account at the other, which also tells
// what became of a store that the first was connecting when it was killed.
func TestPostgres_AKilledProcessLeavesNoPageThatWaitsForEver(t *testing.T) {
	t.Parallel()
	database := storetest.EmptyPostgres(t)
	_, shop, endpoint := simulated(t, simulator.ShopConfig{Bucket: -1})
	shop.Inject(simulator.Fault{Kind: simulator.FaultHang, Path: "access_scopes", Times: 100})
	flags := []string{"--shopify-endpoint=" + endpoint, "--sync-interval=0"}
	a := serving(t, "probability", machine(t, database), flags...)
	b := serving(t, "probability", machine(t, database), flags...)
	link := setupLink.FindString(a.stderr.wait(t, a.ended, setupLink.MatchString))
	_, token, _ := strings.Cut(link, "=")

	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	w := proxied{t, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	status, _, body := w.ask(http.MethodPost, b.base+"/setup", url.Values{
		"token": {token}, "email": {"ana@example.com"}, "password": {"a long password"}, "password_again": {"a long password"},
	})
	if status != http.StatusCreated {
		t.Fatalf("the other's link is answered with %d: %s", status, body)
	}
	if status, _, _ := w.ask(http.MethodGet, link, nil); status != http.StatusForbidden {
		t.Errorf("the link is answered with %d once it was used", status)
	}
	_, _, page := w.ask(http.MethodGet, a.base+"/stores/connect?way=token", nil)
	proof := regexp.MustCompile(`name="csrf_token" value="([^"]+)"`).FindStringSubmatch(page)[1]
	status, at, body := w.ask(http.MethodPost, a.base+"/stores/connect", url.Values{
		"csrf_token": {proof}, "way": {"token"}, "store_name": {testShop}, "access_token": {"shpat_0123456789abcdef"},
	})
	if status != http.StatusSeeOther {
		t.Fatalf("connecting is answered with %d: %s", status, body)
	}
	shows := func(words ...string) func() error {
		return func() error {
			status, _, page := w.ask(http.MethodGet, b.base+at, nil)
			for _, word := range words {
				if status != http.StatusOK || !strings.Contains(page, word) {
					return fmt.Errorf("status %d, without %q", status, word)
				}
			}
			return nil
		}
	}
	eventually(t, "the other to show it", shows("Checking…", "You may leave this page", "It is “"))
	a.kill()
	if err := shows("Checking…")(); err != nil {
		t.Errorf("right after the end of its process: %v", err)
	}
	eventually(t, "the other to say that it was broken off", shows("has stopped in the middle of it", `name="store_name" value="`+testShop))
	if code := b.stop(); code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
	if text := b.stderr.String(); strings.Contains(text, "shpat_") || strings.Contains(text, `"level":"ERROR"`) {
		t.Errorf("the log of the other: %s", text)
	}
}
