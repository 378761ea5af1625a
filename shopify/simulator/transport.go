package simulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"time"
)

// Transport returns a RoundTripper that calls the server directly. It opens no
// socket and starts no goroutine, so it works inside a testing/synctest bubble.
func (s *Server) Transport() http.RoundTripper { return transport{s} }

type transport struct{ s *Server }

// errDropped is what a client sees of a connection that broke before an answer.
var errDropped = errors.New("simulator: connection reset by peer")

func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	if req.Body != nil {
		defer func() { _ = req.Body.Close() }()
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	in := req.Clone(ctx)
	if in.Host == "" {
		in.Host = req.URL.Host
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	rep := t.s.answer(in)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if rep.drop {
		return nil, errDropped
	}
	return &http.Response{
		Status:     fmt.Sprintf("%d %s", rep.status, http.StatusText(rep.status)),
		StatusCode: rep.status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        rep.header,
		Body:          rep.stream(ctx),
		ContentLength: int64(len(rep.body)),
		Request:       req,
	}, nil
}

// Start listens on a free port of the loopback interface. A client's endpoint
// is baseURL + "/{shop}". Stop closes the listener and all connections.
func (s *Server) Start() (baseURL string, stop func(), err error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("simulator: listen: %w", err)
	}
	srv := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(ln) // returns when stop closes the server
	}()
	return "http://" + ln.Addr().String(), func() {
		_ = srv.Close()
		<-done
	}, nil
}

// StartTLS is Start over HTTPS; the client trusts the server's certificate and
// reaches it whatever host a URL names, so that https://x.myshopify.com works.
func (s *Server) StartTLS() (baseURL string, client *http.Client, stop func(), err error) {
	return s.startTLS()
}

var _ = httptest.NewServer
