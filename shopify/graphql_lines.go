package shopify

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxBulkLine bounds one line of a result, and so what an order may weigh with
// all of its lines: far more than an order of 500 items has.
const maxBulkLine = 8 << 20

// Causes of a result that is not what it should be.
var (
	errBulkOrder = errors.New("a line of the result belongs to no order before it")
	errBulkGone  = errors.New("the result is not there any more")
	errBulkShort = errors.New("the result ends before all of its orders came")
)

// BulkReader reads the result of a bulk operation, order by order: no more than
// one of them and a page of them in the making is in memory.
type BulkReader struct {
	c      *Client
	s      Session
	bulk   Bulk
	body   io.ReadCloser
	cancel context.CancelFunc
	lines  *bufio.Reader
	asked  time.Time

	broken  error  // why nothing more can be read
	at      int64  // the byte behind what was handed out
	read    int64  // the byte behind what was read
	pending []byte // the order that was begun, without its lines
	id      []byte // of it, as its lines name it
	items   []byte
}

// OpenBulk begins to read a result at a byte, which is 0 or what At gave. The
// result lies elsewhere than the store, and no token is sent there.
func (c *Client) OpenBulk(ctx context.Context, s Session, b Bulk, at int64) (*BulkReader, error) {
	const op = "fetch result of bulk operation"
	s.Shop = strings.ToLower(s.Shop)
	ctx, cancel := context.WithCancel(ctx)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url, nil)
	if err != nil || !c.isResultAddress(b.url) {
		cancel()
		return nil, &Error{Kind: KindInvalid, Op: op, Err: errLinkHost}
	}
	r.Header.Set("User-Agent", c.cfg.UserAgent)
	r.Header.Set("Accept-Encoding", "identity") // places in it are bytes as they were written
	if at > 0 {
		r.Header.Set("Range", "bytes="+strconv.FormatInt(at, 10)+"-")
	}
	began := c.cfg.Now()
	late := time.AfterFunc(c.cfg.Timeout, cancel)
	defer late.Stop()
	resp, err := c.http.Do(r) //nolint:bodyclose // Close of the reader does
	if err != nil {
		cancel()
		return nil, &Error{Kind: KindUnavailable, Op: op, Err: newCause(err, s.Token)}
	}
	br := &BulkReader{c: c, s: s, bulk: b, body: resp.Body, cancel: cancel, lines: bufio.NewReaderSize(resp.Body, 64<<10), at: at, read: at, asked: began}
	skip := int64(0)
	switch {
	case resp.StatusCode == http.StatusPartialContent && at > 0:
	case resp.StatusCode == http.StatusOK: // who does not know ranges sends all of it
		skip = at
	case resp.StatusCode == http.StatusRequestedRangeNotSatisfiable && at > 0: // at its end
		br.lines.Reset(bytes.NewReader(nil))
	default:
		br.Close()
		failure := &Error{Kind: KindUnavailable, Op: op, Status: resp.StatusCode}
		if resp.StatusCode < 500 && resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusRequestTimeout {
			failure.Kind, failure.Err = KindInvalid, errBulkGone
		}
		return nil, failure
	}
	if _, err := io.CopyN(io.Discard, br.lines, skip); err != nil {
		br.Close()
		return nil, br.failed(err)
	}
	return br, nil
}

// Close gives the connection up.
func (r *BulkReader) Close() {
	r.cancel()
	_ = r.body.Close() // nothing more is wanted of it
}

// At is the place behind the orders that were handed out.
func (r *BulkReader) At() int64 { return r.at }

func (r *BulkReader) failed(err error) error {
	return &Error{Kind: KindUnavailable, Op: "fetch result of bulk operation", Err: newCause(err, r.s.Token)}
}

// Page returns the next orders, n at most, as documents; none at the end. had is
// how many were handed out before, in this reading or former ones: at the end
// it has to be as many as the operation counted.
func (r *BulkReader) Page(ctx context.Context, n, had int) (OrdersPage, error) {
	if r.broken != nil {
		return OrdersPage{}, r.broken
	}
	var nodes []json.RawMessage
	late := time.AfterFunc(r.c.cfg.Timeout, r.cancel) // who says nothing for so long says nothing more
	defer late.Stop()
	for len(nodes) < n {
		node, err := r.next()
		if errors.Is(err, io.EOF) {
			if had+len(nodes) < r.bulk.Orders {
				return OrdersPage{}, r.failed(errBulkShort)
			}
			break
		}
		if err != nil && len(nodes) > 0 { // what came whole counts
			r.broken = err
			break
		}
		if err != nil {
			return OrdersPage{}, err
		}
		nodes = append(nodes, node)
	}
	late.Stop()
	state := r.c.graphs.of(accountOf(r.s), r.c.cfg.Now())
	if err := r.refundLines(ctx, nodes, state.without); err != nil {
		return OrdersPage{}, err
	}
	page := OrdersPage{RequestedAt: r.asked}
	for path := range state.without {
		if isPersonal(path) {
			page.Withheld = append(page.Withheld, path)
		}
	}
	slices.Sort(page.Withheld)
	var err error
	page.Orders, err = payloads(nodes, r.bulk.zone)
	return page, err
}

// next is the next whole order, io.EOF behind the last.
func (r *BulkReader) next() (json.RawMessage, error) {
	for {
		line, err := r.line()
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		end := errors.Is(err, io.EOF)
		var parent, id []byte
		if !end {
			parts, ok := lastMembers(line, "__parentId", "id")
			if !ok {
				return nil, r.failed(errBadBody)
			}
			parent, id = parts[0], parts[1]
		}
		if !end && len(parent) > 0 {
			if r.pending == nil || !bytes.Equal(parent, r.id) {
				return nil, r.failed(errBulkOrder)
			}
			if len(r.items)+len(line) > maxBulkLine {
				return nil, r.failed(errTooLarge)
			}
			if len(r.items) > 0 {
				r.items = append(r.items, ',')
			}
			r.items = append(r.items, line...)
			r.read += int64(len(line)) + 1
			continue
		}
		whole := r.pending
		if whole != nil {
			whole = appendMember(whole, "lineItems", append(append([]byte(`{"nodes":[`), r.items...), `]}`...))
			r.at = r.read
		}
		if end {
			r.pending, r.id, r.items = nil, nil, nil
			if whole == nil {
				return nil, io.EOF
			}
			return whole, nil
		}
		r.pending, r.id, r.items = slices.Clone(line), slices.Clone(id), r.items[:0]
		r.read += int64(len(line)) + 1
		if whole != nil {
			return whole, nil
		}
	}
}

// line is the next line without its end. It is valid until the next call. A last
// line that was not ended has not come whole.
func (r *BulkReader) line() ([]byte, error) {
	line, err := r.lines.ReadSlice('\n')
	if err == nil {
		return line[:len(line)-1], nil
	}
	long := slices.Clone(line)
	for errors.Is(err, bufio.ErrBufferFull) && len(long) <= maxBulkLine {
		line, err = r.lines.ReadSlice('\n')
		long = append(long, line...)
	}
	switch {
	case len(long) > maxBulkLine:
		return nil, r.failed(errTooLarge)
	case err == nil:
		return long[:len(long)-1], nil
	case errors.Is(err, io.EOF) && len(long) == 0:
		return nil, io.EOF
	case errors.Is(err, io.EOF):
		return nil, r.failed(io.ErrUnexpectedEOF)
	default:
		return nil, r.failed(err)
	}
}

// refundLines asks for the lines of the refunds of those orders that have any.
func (r *BulkReader) refundLines(ctx context.Context, nodes []json.RawMessage, without map[string]bool) error {
	where := make(map[string]int)
	var ids []string
	for i, node := range nodes {
		parts, ok := lastMembers(node, "legacyResourceId", "refunds")
		if ok && nonEmptyArray(parts[1]) {
			id := textOf(parts[0])
			where[id] = i
			ids = append(ids, id)
		}
	}
	fields := []selection{one("id"), one("legacyResourceId"), one("refunds", with(plain("legacyResourceId", "createdAt", "note"),
		connection("refundLineItems", "first: "+strconv.Itoa(pageRefundLines), refundLineFields()...))...)}
	var b strings.Builder
	b.WriteString("query($first: Int!, $query: String) {orders(first: $first, query: $query, sortKey: ID) ")
	render(&b, []selection{one("nodes", fields...)}, "", without)
	b.WriteString("}")
	for some := range slices.Chunk(ids, MaxOrderIDs) {
		var found []json.RawMessage
		err := r.c.graph(ctx, r.s, graphCall{
			op: "list refunds by GraphQL", query: b.String(), variables: map[string]any{"first": len(some), "query": OrdersQuery{IDs: some}.search()},
			cost: pointsOfPage(len(some)), limit: maxPageBytes,
		}, func(data json.RawMessage, _ *answer) *Error {
			var body struct {
				Orders *struct {
					Nodes []json.RawMessage `json:"nodes"`
				} `json:"orders"`
			}
			if err := json.Unmarshal(data, &body); err != nil || body.Orders == nil {
				return &Error{Kind: KindUnavailable, Err: errBadBody}
			}
			found = body.Orders.Nodes
			return nil
		})
		if err != nil {
			return err
		}
		for _, node := range found {
			if node, err = r.c.wholeOrder(ctx, r.s, node, without); err != nil {
				return err
			}
			parts, ok := lastMembers(node, "legacyResourceId", "refunds")
			if i, mine := where[textOf(parts[0])]; ok && mine && isList(parts[1]) {
				nodes[i] = appendMember(nodes[i], "refunds", parts[1])
			}
		}
	}
	return nil
}
