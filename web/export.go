package web

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"probability/store"
)

// Formats of an export.
const (
	formatCSV    = "csv"
	formatNDJSON = "ndjson"
)

const (
	// defaultStall is how long a client may take for a piece of an export. However long the whole of it takes, a client
	// that reads on gets it, and one that does not gives its place away.
	defaultStall = time.Minute
	// exportPiece is how much is encoded before it is written, in bytes.
	exportPiece = 64 << 10
	// exportRetry is what a client is told to wait when all exports are taken.
	exportRetry = 10 * time.Second
)

// utf8BOM tells Excel that a CSV file is UTF-8; without it, it takes the system's old encoding and shows "BogotÃ¡". It is written
// only for whoever asks, since to most programs it is a part of the first column's name.
const utf8BOM = "\uFEFF"

// exportQuery is everything that an export can be asked for.
type exportQuery struct {
	bom     bool
	filter  store.OrderFilter
	format  string
	members orderMembers
}

// readExportQuery reads what a list takes. An export is always whole: page and cursor, with which somebody would get less than the
// file seems to have, are refused; page_size changes nothing.
func readExportQuery(q *query, integrationID int64, now time.Time) exportQuery {
	for _, name := range []string{"page", "cursor"} {
		if q.given(name) && (name == "cursor" || q.text(name) != "") {
			q.complain(name, "not_in_export", nil)
			delete(q.values, name)
		}
	}
	oq := readOrderQuery(q, integrationID, now)
	eq := exportQuery{bom: q.flag("bom"), filter: oq.filter, format: q.choice("format", formatCSV, formatCSV, formatNDJSON), members: oq.members}
	if eq.format == formatNDJSON {
		if eq.bom {
			q.complain("bom", "only_with_csv", nil) // JSON forbids it
		}
		return eq
	}
	// Nobody who opens a sheet wants kilobytes of JSON in its cells, unless they are asked for by name.
	if q.text("fields") == "" {
		eq.members = eq.members.withoutPayload()
		eq.filter.Payload = false
	}
	if len(eq.members) == 0 {
		q.complain("omit", "nothing_left", nil)
	}
	return eq
}

// exportOrders is GET /api/integrations/shopify/{id}/orders/export/.
//
// An error before the first byte is an answer like any other. After it, the connection is cut, so that nobody takes
// the part for the whole.
func (s *Server) exportOrders(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	q := readQuery(c)
	eq := readExportQuery(q, in.ID, s.cfg.Now())
	if err := q.err(); err != nil {
		return err
	}
	eq.members = eq.members.in(s.voice(c))
	if c.Request().Method == http.MethodHead {
		eq.describe(c, in, s.cfg.Now())
		return c.NoContent(http.StatusOK)
	}
	release, by := s.exports.enter(caller(c).ID)
	if by != takenByNobody {
		return &problem{status: http.StatusServiceUnavailable, code: "export_busy", retryAfter: exportRetry}
	}
	defer release()
	w := &pieces{c: c, describe: func() { eq.describe(c, in, s.cfg.Now()) }, stall: s.exportStall}
	if err := s.writeOrders(c, eq, w); err != nil {
		return w.broken(err)
	}
	return nil
}

func (s *Server) writeOrders(c echo.Context, eq exportQuery, w *pieces) error {
	w.extend()
	read := startReadAhead(c.Request().Context(), newExportWalk(s.app.Store(), eq.filter))
	defer read.stop()
	w.buf = eq.head(w.buf)
	for orders := range read.batches {
		w.extend() // also while the walk finds nothing to write
		for i := range orders {
			w.buf = eq.row(w.buf, &orders[i])
			if err := w.write(exportPiece); err != nil {
				return err
			}
		}
	}
	if read.err != nil {
		return cmp.Or(c.Request().Context().Err(), read.err)
	}
	// A store that was disconnected meanwhile has no orders any more, and the file would end as if it were whole.
	if _, err := s.owned(c); err != nil {
		return err
	}
	return w.close()
}

// describe sets the headers.
func (q exportQuery) describe(c echo.Context, in store.Integration, now time.Time) {
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, "text/csv; charset=utf-8")
	if q.format == formatNDJSON {
		h.Set(echo.HeaderContentType, "application/x-ndjson")
	}
	h.Set(echo.HeaderContentDisposition, `attachment; filename="`+exportName(in.StoreName, now)+"."+q.format+`"`)
}

// exportName is the file's name without its ending, made of what every file system takes.
func exportName(storeName string, now time.Time) string {
	name, _, _ := strings.Cut(storeName, ".")
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return -1
	}, strings.ToLower(name))
	return name + "-orders-" + now.UTC().Format(time.DateOnly)
}

// head is what comes before the first order.
func (q exportQuery) head(dst []byte) []byte {
	if q.format == formatNDJSON {
		return dst
	}
	if q.bom {
		dst = append(dst, utf8BOM...)
	}
	return q.members.csvHeader(dst)
}

func (q exportQuery) row(dst []byte, o *store.Order) []byte {
	if q.format == formatCSV {
		return q.members.csvRow(dst, o)
	}
	return append(q.members.appendLine(dst, o), '\n')
}

// pieces writes what is collected in buf in pieces, the headers before the first.
type pieces struct {
	buf      []byte
	c        echo.Context
	describe func()
	stall    time.Duration
}

// extend moves the connection's deadline on. The server's own is for answers of ordinary size, and would cut a large export.
func (p *pieces) extend() {
	// A connection that has no deadlines, such as a test's recorder, needs none moved.
	_ = http.NewResponseController(p.c.Response()).SetWriteDeadline(time.Now().Add(p.stall))
}

// write writes what is there when it is more than least bytes.
func (p *pieces) write(least int) error {
	if len(p.buf) <= least {
		return nil
	}
	if !p.c.Response().Committed {
		p.describe()
	}
	p.extend()
	if _, err := p.c.Response().Write(p.buf); err != nil {
		return &problem{status: http.StatusServiceUnavailable, code: "interrupted", cause: err} // the client reads no more
	}
	p.buf = p.buf[:0]
	return nil
}

// close writes what is left, also if that is nothing at all.
func (p *pieces) close() error {
	if err := p.write(0); err != nil || p.c.Response().Committed {
		return err
	}
	p.describe()
	return p.c.NoContent(http.StatusOK)
}

// broken is what becomes of an error: an answer of its own as long as nothing was written, the end of the connection after that.
func (p *pieces) broken(err error) error {
	if !p.c.Response().Committed {
		return err
	}
	return fmt.Errorf("%w: %w", http.ErrAbortHandler, err)
}
