package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"
)

// The load generator shares its cores with the service, so what it spends is missing in the figures. It therefore
// speaks HTTP/1.1 itself: whole requests are rendered before the clock runs, and of an answer only what ends it is read.

const (
	wireBuffer  = 64 << 10
	dialTimeout = 10 * time.Second
)

var (
	errNotHTTP  = errors.New("the answer is not HTTP/1.1")
	errNoLength = errors.New("the answer has neither a length nor chunks")
	errBadChunk = errors.New("a chunk of the answer is malformed")
)

// conn is one keep-alive connection. One goroutine uses it at a time.
type conn struct {
	net.Conn

	r    *bufio.Reader
	read int64 // bytes of bodies so far
}

func dial(ctx context.Context, addr string) (*conn, error) {
	d := net.Dialer{Timeout: dialTimeout}
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return newConn(c), nil
}

func newConn(c net.Conn) *conn { return &conn{Conn: c, r: bufio.NewReaderSize(c, wireBuffer)} }

// exchange sends a request and reads its answer to the end. The body is dropped, or appended to *body.
func (c *conn) exchange(request []byte, body *[]byte) (status int, err error) {
	if _, err := c.Write(request); err != nil {
		return 0, err
	}
	for {
		status, err = c.answer(body)
		if err != nil || status >= 200 { // 1xx only announce
			return status, err
		}
	}
}

func (c *conn) answer(body *[]byte) (status int, err error) {
	line, err := c.line()
	if err != nil {
		return 0, err
	}
	if len(line) < len("HTTP/1.1 200") || !bytes.HasPrefix(line, []byte("HTTP/1.")) {
		return 0, errNotHTTP
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, errNotHTTP
	}
	length, chunked, err := c.framing()
	switch {
	case err != nil:
		return status, err
	case status < 200, status == 204, status == 304:
		return status, nil
	case chunked:
		return status, c.chunks(body)
	case length < 0:
		return status, errNoLength
	}
	return status, c.take(length, body)
}

// framing reads the headers and returns what says where the body ends.
func (c *conn) framing() (length int, chunked bool, err error) {
	length = -1
	for {
		line, err := c.line()
		if err != nil || len(line) == 0 {
			return length, chunked, err
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil || length < 0 {
				return 0, false, errNoLength
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = bytes.EqualFold(bytes.TrimSpace(value), []byte("chunked"))
		}
	}
}

func (c *conn) chunks(body *[]byte) error {
	for {
		line, err := c.line()
		if err != nil {
			return err
		}
		size, _, _ := bytes.Cut(line, []byte(";"))
		n, err := strconv.ParseUint(string(bytes.TrimSpace(size)), 16, 31)
		if err != nil {
			return errBadChunk
		}
		if n == 0 {
			break
		}
		if err := c.take(int(n), body); err != nil {
			return err
		}
		if end, err := c.line(); err != nil || len(end) != 0 {
			return errors.Join(errBadChunk, err)
		}
	}
	for { // trailers
		if line, err := c.line(); err != nil || len(line) == 0 {
			return err
		}
	}
}

func (c *conn) take(n int, body *[]byte) error {
	c.read += int64(n)
	for n > 0 {
		part, err := c.r.Peek(min(n, max(1, c.r.Buffered())))
		if err != nil {
			return fmt.Errorf("the answer ends too early: %w", err)
		}
		if body != nil {
			*body = append(*body, part...)
		}
		n -= len(part)
		if _, err := c.r.Discard(len(part)); err != nil {
			return err
		}
	}
	return nil
}

// line returns a line without its end, valid until the next read.
func (c *conn) line() ([]byte, error) {
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	return bytes.TrimRight(line, "\r\n"), nil
}

// get renders a GET request with a token.
func get(addr, path, token string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nAccept: application/json\r\n\r\n", path, addr, token)
}
