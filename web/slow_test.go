package web_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"probability/web"
)

func TestBudget_OnePeerHoldsAPartOfIt(t *testing.T) {
	t.Parallel()
	take, give := web.Budget(100, 25)
	for i, c := range []struct {
		address string
		n       int64
		want    bool
	}{
		{"203.0.113.1", 25, true},
		{"203.0.113.1", 1, false},
		{"203.0.113.2", 20, true},
		{"2001:db8::1", 20, true},
		{"2001:db8::2", 10, false}, // the same network is the same peer
		{"2001:db8:0:1::1", 20, true},
		{"", 15, true},
		{"203.0.113.3", 1, false}, // all is used up
	} {
		if got := take(c.address, c.n); got != c.want {
			t.Errorf("step %d: %d bytes for %q: %v, want %v", i, c.n, c.address, got, c.want)
		}
	}
	give("203.0.113.1", 25)
	if !take("203.0.113.3", 25) || take("203.0.113.1", 1) {
		t.Error("what is given back is not there for another, or twice")
	}
}

// slowly sends the beginning of a request over a connection of its own and gives what is answered.
func (b *bench) slowly(text string) (status int, took time.Duration) {
	b.t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(b.base, "http://"))
	fatal(b.t, err)
	defer c.Close()
	begun := time.Now()
	fatal(b.t, c.SetDeadline(begun.Add(patience)))
	_, err = io.WriteString(c, text)
	fatal(b.t, err)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	fatal(b.t, err)
	defer resp.Body.Close()
	return resp.StatusCode, time.Since(begun)
}

func TestServer_ABodyHasItsTime(t *testing.T) {
	t.Parallel()
	b := newBench(t).accounts()
	b.server.SetBodyTimes(time.Minute, 200*time.Millisecond)
	head := "POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + b.alice + "\r\nX-Shopify-Hmac-Sha256: %s\r\nContent-Length: 1000\r\n\r\n{"
	for _, mac := range []string{strings.Repeat("A", 43) + "=", "none"} {
		status, took := b.slowly(fmt.Sprintf(head, webhookPath, mac))
		if status != http.StatusBadRequest && status != http.StatusUnauthorized || took > 45*time.Second {
			t.Errorf("a webhook that stops: %d after %s, want it refused within its time", status, took)
		}
	}
	b.server.SetBodyTimes(200*time.Millisecond, time.Minute)
	if status, took := b.slowly(fmt.Sprintf(head, connectPath, "")); status != http.StatusBadRequest || took > 45*time.Second {
		t.Errorf("a request that stops: %d after %s, want 400 within its time", status, took)
	}
	// The time is the body's: an answer may take longer, and the connection serves the next request.
	b.get("/healthz").want(http.StatusOK)
	b.post(connectPath, "{}").want(http.StatusBadRequest)
	b.get("/healthz").want(http.StatusOK)
}

// bombs are bodies that are small and mean harm, with whether they are JSON all the same.
func bombs(t *testing.T) map[string]struct {
	body string
	json bool
} {
	t.Helper()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	for range 1000 {
		_, err := z.Write(make([]byte, 64<<10))
		fatal(t, err)
	}
	fatal(t, z.Close())
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	return map[string]struct {
		body string
		json bool
	}{
		"64 MB of zeros in gzip":   {packed.String(), false},
		"100,000 lists":            {deep(100_000), false},
		"100,000 objects":          {strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000), false},
		"lists that do not end":    {strings.Repeat("[", 1<<20-100), false},
		"the same member often":    {`{"id":1` + strings.Repeat(`,"id":2`, 10_000) + `}`, true},
		"a NUL":                    {"{\"id\":1,\"name\":\"a\x00b\"}", false},
		"an escaped NUL":           {`{"id":1,"name":"a\u0000b","email":"\u0000"}`, true},
		"a NUL in the id":          {`{"id":"a\u0000b","name":"#9"}`, true},
		"no UTF-8":                 {"{\"id\":1,\"name\":\"\xff\xfe\"}", false},
		"half a surrogate":         {`{"id":1,"name":"\ud800"}`, true},
		"2^63":                     {`{"id":9223372036854775808,"total_price":9223372036854775808,"number":-9223372036854775809}`, true},
		"a number of 10,000 parts": {`{"id":` + strings.Repeat("9", 10_000) + `,"total_price":"1e999999999"}`, true},
	}
}

func TestBombs_AreRefusedOrStored(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	sent := 0
	for name, bomb := range bombs(t) {
		for _, encoding := range []string{"", "gzip"} {
			unpacked := header("Content-Encoding", encoding)
			sent++
			got := b.post(webhookPath, bomb.body, signed(bomb.body, "X-Shopify-Webhook-Id", fmt.Sprint(sent)), unpacked)
			if want := map[bool]int{true: http.StatusOK, false: http.StatusBadRequest}[bomb.json]; got.status != want {
				t.Errorf("%s as a webhook: got %d, want %d", name, got.status, want)
			}
			if got = b.post(connectPath, bomb.body, unpacked); got.status != http.StatusBadRequest {
				t.Errorf("%s as a request: got %d, want 400", name, got.status)
			}
		}
	}
	b.work(id) // what was stored is worked off, one way or another
	page := b.get(path + "deliveries/?page_size=100").want(http.StatusOK)
	var list struct{ Results []struct{ State string } }
	fatal(t, json.Unmarshal(page.body, &list))
	for _, d := range list.Results {
		if d.State == "pending" {
			t.Error("a bomb is pending for ever")
		}
	}
	b.get(path + "orders/").want(http.StatusOK)
	if strings.Contains(b.logs.String(), "panic") {
		t.Error("a bomb made a panic")
	}
}

// endless is a body that never ends.
type endless struct{}

func (*endless) Read(p []byte) (int, error) {
	p[0] = '['
	for n := 1; n < len(p); n *= 2 {
		copy(p[n:], p[:n])
	}
	return len(p), nil
}

func TestBombs_AStreamIsKeptUpToTheLimitAndReadForItsTime(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *options) { o.web.MaxBody = 1 << 20 })
	path, _ := b.connected()
	b.server.SetBodyTimes(100*time.Millisecond, 100*time.Millisecond)
	for _, p := range []string{webhookPath, connectPath} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p, io.NopCloser(&endless{}))
		fatal(t, err)
		signed("")(r)
		as(b.alice)(r)
		r.ContentLength = -1
		begun := time.Now()
		direct(t, b.server, r).problem(http.StatusRequestEntityTooLarge, "payload_too_large")
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("%s: refused after %s", p, took)
		}
	}
	if kept, _ := b.written(path).check("too_large", "body_bytes").(float64); kept < 1 || kept > 1<<20 {
		t.Errorf("%v bytes are kept of what may have 1 MiB", kept)
	}
}

// sent is a request whose body is sent to its end before anybody looks for an answer.
func (b *bench) sent(head string, body io.Reader) int {
	b.t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(b.base, "http://"))
	fatal(b.t, err)
	defer c.Close()
	fatal(b.t, c.SetDeadline(time.Now().Add(30*time.Second)))
	_, err = io.WriteString(c, head)
	fatal(b.t, err)
	if _, err = io.Copy(c, body); err != nil {
		b.t.Errorf("the connection broke while the body was sent: %v", err)
		return 0
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	fatal(b.t, err)
	defer resp.Body.Close()
	return resp.StatusCode
}

func TestServer_TellsOfATooLargeBodyWhoSendsItFirst(t *testing.T) {
	t.Parallel()
	b := newBench(t).accounts()
	const size = 32 << 20
	for _, p := range []string{webhookPath, connectPath} {
		for _, mac := range []string{strings.Repeat("A", 43) + "=", ""} {
			head := "POST " + p + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + b.alice + "\r\nX-Shopify-Hmac-Sha256: " + mac + "\r\n"
			announced := b.sent(fmt.Sprintf("%sContent-Length: %d\r\n\r\n", head, size), io.LimitReader(&endless{}, size))
			streamed := b.sent(head+"Transfer-Encoding: chunked\r\n\r\n", io.MultiReader(
				strings.NewReader(fmt.Sprintf("%x\r\n", size)), io.LimitReader(&endless{}, size), strings.NewReader("\r\n0\r\n\r\n")))
			if announced != http.StatusRequestEntityTooLarge || streamed != http.StatusRequestEntityTooLarge {
				t.Errorf("%s with signature %q: got %d announced and %d streamed, want 413", p, mac, announced, streamed)
			}
		}
	}
}

func TestServer_RefusesATooLargeBodyUnsent(t *testing.T) {
	t.Parallel()
	b := newBench(t).accounts()
	head := "POST " + webhookPath + " HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99000000\r\n\r\n"
	if status, took := b.slowly(head); status != http.StatusRequestEntityTooLarge || took > 5*time.Second {
		t.Errorf("got %d after %s, want 413 without being asked for the body", status, took)
	}
}
