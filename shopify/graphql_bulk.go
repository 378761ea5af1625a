package shopify

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"time"
)

// BulkStatus is how far a bulk operation has come.
type BulkStatus string

// The states that matter. Whatever else Shopify says (canceled, expired …) is a failure.
const (
	BulkRunning   BulkStatus = "running"
	BulkCompleted BulkStatus = "completed"
	BulkFailed    BulkStatus = "failed"
)

// Bulk is a bulk operation: Shopify runs a query over all of a store by itself
// and leaves the result at an address, where it stays for a week.
type Bulk struct {
	ID        string
	Status    BulkStatus
	Reason    string // of a failure, as Shopify names it: ACCESS_DENIED, TIMEOUT, INTERNAL_SERVER_ERROR, CANCELED …
	Orders    int    // in the result
	CreatedAt time.Time
	url       string
	zone      *time.Location
}

// maxBulkID bounds the id of an operation; real ones have some fifty bytes.
const maxBulkID = 200

// errBulkRefused is why no bulk operation was begun, with what Shopify said.
var errBulkRefused = errors.New("no bulk operation is begun")

// BeginBulk begins a bulk operation for the orders of a query, which needs
// bounds. One for the very same query that was begun since then and has not
// failed is taken instead: whoever was stopped between beginning one and writing
// down its id finds it again. What the app may not see is asked for by a small
// query first, for in a bulk operation one such field is the end of it.
//
// What the operation cannot bring, the lines of refunds, BulkReader asks for.
func (c *Client) BeginBulk(ctx context.Context, s Session, q OrdersQuery, since time.Time) (Bulk, error) {
	const op = "begin bulk operation"
	s.Shop = strings.ToLower(s.Shop)
	first := q
	first.Limit = 1
	if _, err := c.graphOrders(ctx, s, first, ""); err != nil {
		return Bulk{}, err
	}
	text := q.bulkQuery(c.graphs.of(accountOf(s), c.cfg.Now()).without)
	if found, err := c.findBulk(ctx, s, text, since); err != nil || found.ID != "" {
		return found, err
	}
	const mutation = "mutation($query: String!) {bulkOperationRunQuery(query: $query, groupObjects: true) {bulkOperation {id status createdAt} userErrors {code message}}}"
	var begun Bulk
	err := c.graph(ctx, s, graphCall{
		op: op, query: mutation, variables: map[string]any{"query": text}, cost: 10, limit: maxAnswerBytes,
	}, func(data json.RawMessage, _ *answer) *Error {
		var body struct {
			Run *struct {
				Operation *bulkNode `json:"bulkOperation"`
				Errors    []struct {
					Code    string `json:"code"`
					Message string `json:"message"`
				} `json:"userErrors"`
			} `json:"bulkOperationRunQuery"`
		}
		if err := json.Unmarshal(data, &body); err != nil || body.Run == nil {
			return &Error{Kind: KindUnavailable, Err: errBadBody}
		}
		if body.Run.Operation != nil && body.Run.Operation.usable() {
			begun = body.Run.Operation.bulk()
			return nil
		}
		refused := &Error{Kind: KindInvalid, Err: errBulkRefused}
		for _, e := range body.Run.Errors {
			if len(refused.Messages) < maxMessages {
				refused.Messages = append(refused.Messages, tidy(e.Message, maxMessageBytes, []string{s.Token}))
			}
		}
		return refused
	})
	return begun, err
}

// bulkQuery is the query of an operation. With groupObjects, which is asked for
// with it, an order's lines follow the order: without, they might stand anywhere,
// and all orders would have to be held until the end.
func (q OrdersQuery) bulkQuery(without map[string]bool) string {
	var b strings.Builder
	search, err := json.Marshal(q.search())
	if err != nil { // plain text only
		search = []byte(`""`)
	}
	// A JSON string of printable ASCII is a string of GraphQL too, but for the escapes of < and >.
	text := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(string(search))
	b.WriteString("{orders(query: " + text + ", sortKey: " + q.sortKey() + ") {edges {node ")
	render(&b, bulkFields(), "", without)
	b.WriteString("}}}")
	return b.String()
}

// bulkNode is an operation as GraphQL tells of it.
type bulkNode struct {
	ID        string      `json:"id"`
	Status    string      `json:"status"`
	ErrorCode string      `json:"errorCode"`
	CreatedAt string      `json:"createdAt"`
	Query     string      `json:"query"`
	Roots     json.Number `json:"rootObjectCount"`
	URL       string      `json:"url"`
}

func (n bulkNode) usable() bool {
	return n.ID != "" && len(n.ID) <= maxBulkID && isHeaderText(n.ID) && !strings.Contains(n.ID, " ")
}

func (n bulkNode) bulk() Bulk {
	b := Bulk{ID: n.ID, Status: BulkFailed, Reason: tidy(n.ErrorCode, maxRequestID, nil), CreatedAt: parseTime(n.CreatedAt), url: n.URL}
	if count, err := n.Roots.Int64(); err == nil && count > 0 {
		b.Orders = int(count)
	}
	switch n.Status {
	case "CREATED", "RUNNING":
		b.Status = BulkRunning
	case "COMPLETED":
		b.Status = BulkCompleted
	default:
		if b.Reason == "" {
			b.Reason = tidy(n.Status, maxRequestID, nil)
		}
	}
	return b
}

const bulkFieldsOf = "{id status errorCode createdAt rootObjectCount url query}"

// findBulk looks for an operation with that query among the newest; the zero
// Bulk when there is none.
func (c *Client) findBulk(ctx context.Context, s Session, query string, since time.Time) (found Bulk, err error) {
	const newest = 20
	err = c.graph(ctx, s, graphCall{
		op: "list bulk operations", query: `{bulkOperations(first: 20, query: "operation_type:query", sortKey: CREATED_AT, reverse: true) {nodes ` + bulkFieldsOf + `}}`,
		cost: pointsOfConnection + steps(newest), limit: maxAnswerBytes,
	}, func(data json.RawMessage, _ *answer) *Error {
		var body struct {
			Operations *struct {
				Nodes []bulkNode `json:"nodes"`
			} `json:"bulkOperations"`
		}
		if err := json.Unmarshal(data, &body); err != nil || body.Operations == nil {
			return &Error{Kind: KindUnavailable, Err: errBadBody}
		}
		for _, n := range body.Operations.Nodes {
			b := n.bulk()
			if n.usable() && n.Query == query && b.Status != BulkFailed && !b.CreatedAt.Before(since.Truncate(time.Second)) {
				found = b
				return nil
			}
		}
		return nil
	})
	return found, err
}

// LookAtBulk tells how far an operation has come.
func (c *Client) LookAtBulk(ctx context.Context, s Session, id string) (b Bulk, err error) {
	err = c.graph(ctx, s, graphCall{
		op: "look at bulk operation", query: "query($id: ID!) {shop {ianaTimezone} bulkOperation(id: $id) " + bulkFieldsOf + "}",
		variables: map[string]any{"id": id}, cost: 2, limit: maxAnswerBytes,
	}, func(data json.RawMessage, _ *answer) *Error {
		var body struct {
			Shop struct {
				Zone string `json:"ianaTimezone"`
			} `json:"shop"`
			Operation *bulkNode `json:"bulkOperation"`
		}
		if err := json.Unmarshal(data, &body); err != nil {
			return &Error{Kind: KindUnavailable, Err: errBadBody}
		}
		if body.Operation == nil { // forgotten
			b = Bulk{ID: id, Status: BulkFailed, Reason: "GONE"}
			return nil
		}
		if b = body.Operation.bulk(); b.url != "" && !c.isResultAddress(b.url) {
			return &Error{Kind: KindForeignLink, Err: errLinkHost}
		}
		b.zone = zoneOf(body.Shop.Zone)
		return nil
	})
	return b, err
}

// isResultAddress tells whether a result may be fetched there. It lies with a
// storage provider, so that the host says nothing; that the connection goes to a
// public address is seen to where it is made. Plain text is for simulators.
func (c *Client) isResultAddress(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && u.User == nil && len(address) <= maxCursor &&
		(u.Scheme == "https" || u.Scheme == "http" && c.cfg.Endpoint != DefaultEndpoint)
}
