package web_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// readCSV gives the rows of a file by the names in its first.
func readCSV(t testing.TB, file []byte) []map[string]string {
	t.Helper()
	r := csv.NewReader(bytes.NewReader(file))
	all, err := r.ReadAll()
	if err != nil || len(all) == 0 {
		t.Fatalf("no CSV: %v: %.300s", err, file)
	}
	rows := make([]map[string]string, 0, len(all))
	for _, cells := range all[1:] {
		row := map[string]string{}
		for i, name := range all[0] {
			row[name] = cells[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// numbersOf are the order numbers of an export in either format.
func numbersOf(t testing.TB, file []byte, ndjson bool) []string {
	t.Helper()
	out := []string{}
	if !ndjson {
		for _, row := range readCSV(t, file) {
			out = append(out, strings.TrimPrefix(row["order_number"], "#"))
		}
		return out
	}
	for line := range strings.Lines(string(file)) {
		o, _ := parsed(t, line).(map[string]any)
		number, _ := o["order_number"].(string)
		out = append(out, strings.TrimPrefix(number, "#"))
	}
	return out
}

func parsed(t testing.TB, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("no JSON: %v: %.300s", err, text)
	}
	return v
}

func jsonOf(t testing.TB, v any) string {
	t.Helper()
	out, err := json.Marshal(v)
	fatal(t, err)
	return string(out)
}

// smallBuffers is a listener whose connections hold little, so that a client that does not read soon stops the server.
type smallBuffers struct{ net.Listener }

const smallBuffer = 64 << 10

func (l smallBuffers) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok && err == nil {
		err = tcp.SetWriteBuffer(smallBuffer)
	}
	return c, err
}

// slowServer serves the bench to clients that read when they like.
func (b *bench) slowServer(change ...func(*http.Server)) (base string, client *http.Client) {
	b.t.Helper()
	server := httptest.NewUnstartedServer(b.server)
	server.Listener = smallBuffers{server.Listener}
	for _, f := range change {
		f(server.Config)
	}
	server.Start()
	b.t.Cleanup(server.Close)
	dialer := net.Dialer{}
	transport := &http.Transport{DisableKeepAlives: true}
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dialer.DialContext(ctx, network, address)
		if tcp, ok := c.(*net.TCPConn); ok && err == nil {
			err = tcp.SetReadBuffer(smallBuffer)
		}
		return c, err
	}
	b.t.Cleanup(transport.CloseIdleConnections)
	return server.URL, &http.Client{Transport: transport}
}

// unchecked gets what is too large to be held against the document in every test.
func (b *bench) unchecked(path string) []byte {
	b.t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp := begin(b, client, b.base+path, b.alice)
	body, err := io.ReadAll(resp.Body)
	fatal(b.t, err)
	if resp.StatusCode != http.StatusOK {
		b.t.Fatalf("%s answered %d: %.300s", path, resp.StatusCode, body)
	}
	return body
}

// begin asks for an export and returns its answer with the body still to be read.
func begin(b *bench, client *http.Client, url, token string) *http.Response {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, url, nil)
	fatal(b.t, err)
	as(token)(r)
	resp, err := client.Do(r)
	fatal(b.t, err)
	b.t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

// some reads the first bytes of a body.
func some(t testing.TB, body io.Reader) []byte {
	t.Helper()
	out := make([]byte, 1000)
	_, err := io.ReadFull(body, out)
	fatal(t, err)
	return out
}

// patience is how long a test waits for what normally takes a moment, on a machine with much else to do.
const patience = 2 * time.Minute

// eventually waits until ok holds.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(patience)
	for !ok() {
		select {
		case <-deadline:
			t.Fatal("never: " + what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// exports are the log's lines about exports.
func (l *logs) exports() []map[string]any { return l.lines("/orders/export") }

// lines are those about a route, by its end.
func (l *logs) lines(route string) []map[string]any {
	var out []map[string]any
	for line := range strings.Lines(l.String()) {
		var v map[string]any
		if json.Unmarshal([]byte(line), &v) == nil && strings.HasSuffix(fmt.Sprint(v["route"]), route) {
			out = append(out, v)
		}
	}
	return out
}
