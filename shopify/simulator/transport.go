package simulator

import (
	"errors"
	"fmt"
	"net/http"
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
