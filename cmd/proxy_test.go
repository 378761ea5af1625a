package cmd_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
)

// Stores are called at public addresses only, but an operator's own proxy may be anywhere.
func TestServe_CallsStoresThroughTheProxyOfTheEnvironment(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 16)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Method + " " + r.Host
		w.WriteHeader(http.StatusForbidden)
	}))
	defer proxy.Close()
	dir := t.TempDir()
	token := account(t, dir, "ana@example.com")
	p := run(t, "probability", dir, []string{"HTTPS_PROXY=" + proxy.URL}, "serve", "--log-format=json", "--server-listen=127.0.0.1:0")
	ready := regexp.MustCompile(`"msg":"ready".*"url":"(http://[^"]+)"`)
	base := ready.FindStringSubmatch(p.stderr.wait(t, p.ended, ready.MatchString))[1]
	rest{t, base, token}.call(http.MethodPost, api+"connect/", map[string]string{
		"store_name": "a.myshopify.com", "access_token": "shpat_0123456789abcdef0123456789abcdef",
	}, http.StatusBadRequest, nil)
	if code := p.stop(); code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
	close(asked)
	if got := <-asked; got != "CONNECT a.myshopify.com:443" {
		t.Errorf("the proxy was asked for %q", got)
	}
}
