package simulator

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// A reply is an answer that is ready to be sent, well or badly.
type reply struct {
	status int
	header http.Header
	body   []byte

	cut  int           // bytes of the body after which the connection breaks; 0: none
	wait time.Duration // pause in the middle of the body; negative: until the client gives up
	drop bool          // break the connection before a byte is sent
	hang bool          // say nothing until the client gives up
}

func jsonReply(status int, v any) *reply {
	body, err := json.Marshal(v)
	if err != nil { // only own types come here
		return htmlReply(http.StatusInternalServerError, "Something went wrong")
	}
	return bytesReply(status, body)
}

func bytesReply(status int, body []byte) *reply {
	rep := &reply{status: status, header: make(http.Header), body: body}
	rep.header.Set("Content-Type", "application/json; charset=utf-8")
	return rep
}

// write sends the reply; a reply that breaks off ends the connection the way
// net/http allows, by panicking with ErrAbortHandler.
func (rep *reply) write(ctx context.Context, w http.ResponseWriter) {
	if rep.drop {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), rep.header)
	w.Header().Set("Content-Length", strconv.Itoa(len(rep.body)))
	w.WriteHeader(rep.status)
	body := rep.body
	if rep.wait != 0 {
		half := len(body) / 2
		_, _ = w.Write(body[:half]) //nolint:gosec // made here; a reader that left is not our concern
		_ = http.NewResponseController(w).Flush()
		if !pause(ctx, rep.wait) {
			panic(http.ErrAbortHandler)
		}
		body = body[half:]
	}
	if rep.cut > 0 {
		_, _ = w.Write(body[:min(rep.cut, len(body))]) //nolint:gosec // made here
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(body) //nolint:gosec // made here
}

// stream is the body of a reply that goes through Transport: it breaks and
// stalls at the same places as over a socket.
type stream struct {
	ctx   context.Context
	rest  []byte
	until int           // bytes left before the pause or the cut
	wait  time.Duration // as in reply
	cut   bool
}

func (rep *reply) stream(ctx context.Context) io.ReadCloser {
	st := &stream{ctx: ctx, rest: rep.body, until: len(rep.body), wait: rep.wait}
	switch {
	case rep.cut > 0:
		st.until, st.cut, st.wait = min(rep.cut, len(rep.body)), true, 0
	case rep.wait != 0:
		st.until = len(rep.body) / 2
	}
	return st
}

func (st *stream) Read(p []byte) (int, error) {
	if err := st.ctx.Err(); err != nil {
		return 0, err
	}
	if st.until == 0 {
		switch {
		case st.cut:
			return 0, io.ErrUnexpectedEOF
		case st.wait != 0:
			if !pause(st.ctx, st.wait) {
				return 0, st.ctx.Err()
			}
			st.wait, st.until = 0, len(st.rest)
		}
		if len(st.rest) == 0 {
			return 0, io.EOF
		}
	}
	n := copy(p, st.rest[:st.until])
	st.rest, st.until = st.rest[n:], st.until-n
	return n, nil
}

func (st *stream) Close() error {
	st.rest, st.until, st.wait, st.cut = nil, 0, 0, false
	return nil
}

// pause waits and reports whether the caller still listens; a negative
// duration waits until it does not.
func pause(ctx context.Context, d time.Duration) bool {
	if d == 0 {
		return ctx.Err() == nil
	}
	if d < 0 {
		<-ctx.Done()
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
