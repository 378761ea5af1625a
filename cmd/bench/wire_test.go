package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// answered gives a connection whose other end answers a request of one byte with the text and hangs up.
func answered(t *testing.T, text string) *conn {
	t.Helper()
	ours, theirs := net.Pipe()
	t.Cleanup(func() { _ = ours.Close() })
	go func() {
		defer theirs.Close()
		if _, err := theirs.Read(make([]byte, 1)); err == nil {
			_, _ = io.WriteString(theirs, text)
		}
	}()
	return newConn(ours)
}

func TestExchange(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789", 20_000) // more than the buffer holds
	for _, c := range []struct {
		name, text, body string
		status           int
	}{
		{"length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello", 200},
		{"length in any case", "HTTP/1.1 201 Created\r\nX-A: b\r\ncontent-LENGTH:5\r\n\r\nhello", "hello", 201},
		{"nothing", "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "", 503},
		{"no body", "HTTP/1.1 204 No Content\r\n\r\n", "", 204},
		{"announced", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok", 200},
		{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\n\r\n", "hello world", 200},
		{"chunks with trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n", "0123456789", 200},
		{"long", "HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + long, long, 200},
		{"long chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n30d40\r\n" + long + "\r\n0\r\n\r\n", long, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var body []byte
			connection := answered(t, c.text)
			status, err := connection.exchange([]byte{'x'}, &body)
			if err != nil || status != c.status || string(body) != c.body {
				t.Errorf("got %d, %d bytes, %v, want %d, %d bytes", status, len(body), err, c.status, len(c.body))
			}
			if connection.read != int64(len(c.body)) {
				t.Errorf("counted %d bytes, want %d", connection.read, len(c.body))
			}
		})
	}
}

func TestExchange_Refuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       error // nil: any
	}{
		{"nothing", "", io.EOF},
		{"no HTTP", "SSH-2.0-OpenSSH_9.6 hello\r\n", errNotHTTP},
		{"no status", "HTTP/1.1 two hundred\r\n\r\n", errNotHTTP},
		{"no end of the headers", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", io.EOF},
		{"no length", "HTTP/1.1 200 OK\r\n\r\nhello", errNoLength},
		{"bad length", "HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello", errNoLength},
		{"negative length", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", errNoLength},
		{"cut", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", io.EOF},
		{"bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nhello", errBadChunk},
		{"chunk too long", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhello\r\n0\r\n\r\n", errBadChunk},
		{"no last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", io.EOF},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			status, err := answered(t, c.text).exchange([]byte{'x'}, nil)
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("got %d, %v, want %v", status, err, c.want)
			}
		})
	}
}

// The real server's answers, one after another on one connection.
func TestExchange_KeepsTheConnection(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/chunks" {
			for range 3 {
				_, _ = io.WriteString(w, "part ")
				w.(http.Flusher).Flush()
			}
			return
		}
		_, _ = io.WriteString(w, "whole "+r.Header.Get("Authorization"))
	}))
	t.Cleanup(server.Close)
	addr := server.Listener.Addr().String()
	c, err := dial(t.Context(), addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var body []byte
	for range 3 {
		for _, path := range []string{"/chunks", "/whole"} {
			if status, err := c.exchange(get(addr, path, "T"), &body); err != nil || status != 200 {
				t.Fatalf("%s: got %d, %v", path, status, err)
			}
		}
	}
	if want := bytes.Repeat([]byte("part part part whole Bearer T"), 3); !bytes.Equal(body, want) {
		t.Errorf("got %q, want %q", body, want)
	}
}
