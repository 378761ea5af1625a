package web

import (
	"context"
	"time"

	"probability/store"
)

// What the black-box tests need of the inside.

// AppendCell writes a cell of a CSV file.
var AppendCell = appendCell

// Exports at once.
const (
	MaxAccountExports = maxAccountExports
	MaxExports        = maxExports
)

// SetExportStall shortens the time that a client may take for a piece of an export.
func (s *Server) SetExportStall(d time.Duration) { s.exportStall = d }

// SetAttemptHold changes how long a browser is kept waiting for the next step.
func (s *Server) SetAttemptHold(d time.Duration) { s.attempts.hold = d }

// Streams at once.
const (
	MaxAccountStreams = maxAccountStreams
	MaxStreams        = maxStreams
)

// SetStreamTimes shortens the time between two signs of life, between two looks at who is listening, and that a client may take to
// read.
func (s *Server) SetStreamTimes(beat, check, stall time.Duration) {
	s.streamTimes = streamTimes{beat: beat, check: check, stall: stall}
}

// BoundStreams lets so many streams be open at once.
func (s *Server) BoundStreams(all, each int) { s.streams.most, s.streams.mostEach = all, each }

// SetBodyTimes shortens the time that the body of a request, and of a webhook, may take.
func (s *Server) SetBodyTimes(api, webhook time.Duration) {
	s.bodyTimes = bodyTimes{api: api, webhook: webhook}
}

// ForgetReadiness lets the next one who asks get a fresh answer.
func (s *Server) ForgetReadiness() {
	s.ready.mu.Lock()
	defer s.ready.mu.Unlock()
	s.ready.until = time.Time{}
}

// Budget is a bound of bytes; take reserves some for an address and give returns them.
func Budget(most, mostEach int64) (take func(address string, n int64) bool, give func(address string, n int64)) {
	b := &budget{most: most, mostEach: mostEach}
	return func(a string, n int64) bool { return b.take(peerOf(a), n) }, func(a string, n int64) { b.give(peerOf(a), n) }
}

// Walk gives what an export gives, in batches of at most that many orders.
func Walk(ctx context.Context, st *store.Store, f store.OrderFilter, batch int, yield func([]store.Order) error) error {
	w := newExportWalk(st, f)
	w.batch = batch
	return w.each(ctx, yield)
}

// ReadOne begins to read ahead and stops after the first batch; it tells how many batches were read in vain.
func ReadOne(ctx context.Context, st *store.Store, f store.OrderFilter, batch int) (dropped int) {
	w := newExportWalk(st, f)
	w.batch = batch
	r := startReadAhead(ctx, w)
	<-r.batches
	return r.stop()
}

// ReadDocs reads a document for the page that shows it.
func ReadDocs(document []byte) error {
	_, err := readDocs(document)
	return err
}
