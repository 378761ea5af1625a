package shopify

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
)

const (
	nestedPage     = 250 // the most that one page of a connection has
	maxNestedPages = 40
)

// wholeOrder asks for what an order has more of than a page of orders brings:
// further line items, further lines of its refunds. What was asked for is put
// behind the members that were there, for of a member given twice the last one
// holds.
func (c *Client) wholeOrder(ctx context.Context, s Session, node json.RawMessage, without map[string]bool) (json.RawMessage, error) {
	if bytes.Count(node, []byte(`"hasNextPage":true`)) == 0 && !bytes.Contains(node, []byte(`"hasNextPage": `)) {
		return node, nil // which is nearly always so, and quickly seen
	}
	parts, ok := lastMembers(node, "id", "lineItems", "refunds")
	if !ok {
		return nil, &Error{Kind: KindUnavailable, Op: "list orders by GraphQL", Err: errBadBody}
	}
	id := textOf(parts[0])
	if lines, more, err := c.rest(ctx, s, parts[1], nested{kind: "order", id: id, name: "lineItems", fields: lineFields(), prefix: "lineItems.", points: pointsOfLine}, without); err != nil {
		return nil, err
	} else if more {
		node = appendMember(node, "lineItems", lines)
	}
	if !isList(parts[2]) {
		return node, nil
	}
	refunds, grown := []byte{'['}, false
	for refund := range elements(parts[2]) {
		own, ok := lastMembers(refund, "legacyResourceId", "refundLineItems")
		if !ok {
			continue
		}
		lines, more, err := c.rest(ctx, s, own[1], nested{
			kind: "refund", id: globalID("Refund", textOf(own[0])), name: "refundLineItems", fields: refundLineFields(),
			prefix: "refunds.refundLineItems.", points: pointsOfRefundLine,
		}, without)
		if err != nil {
			return nil, err
		}
		if more {
			refund, grown = appendMember(refund, "refundLineItems", lines), true
		}
		if len(refunds) > 1 {
			refunds = append(refunds, ',')
		}
		refunds = append(refunds, refund...)
	}
	if grown {
		node = appendMember(node, "refunds", append(refunds, ']'))
	}
	return node, nil
}

// nested is a connection of one thing.
type nested struct {
	kind, id, name string // of whom, and which
	fields         []selection
	prefix         string // of their paths
	points         float64
}

// rest is all of a connection of which the first page is there; more is false
// when that is all.
func (c *Client) rest(ctx context.Context, s Session, first []byte, n nested, without map[string]bool) (list []byte, more bool, err error) {
	const op = "list more of an order by GraphQL"
	nodes, info, ok := readConnection(first)
	if !ok || !info.More {
		return nil, false, nil
	}
	var b strings.Builder
	b.WriteString("query($id: ID!, $after: String) {" + n.kind + "(id: $id) {" + n.name + "(first: 250, after: $after) {nodes ")
	render(&b, n.fields, n.prefix, without)
	b.WriteString(" pageInfo {hasNextPage endCursor}}}}")
	for range maxNestedPages {
		after := info.End
		err := c.graph(ctx, s, graphCall{
			op: op, query: b.String(), variables: map[string]any{"id": n.id, "after": after},
			cost: 1 + pointsOfConnection + steps(nestedPage)*n.points, limit: maxPageBytes,
		}, func(data json.RawMessage, _ *answer) *Error {
			whose, ok := lastMembers(data, n.kind)
			if !ok || !nonEmptyObject(whose[0]) { // gone since its page was read
				return &Error{Kind: KindUnavailable, Err: errBadBody}
			}
			own, _ := lastMembers(whose[0], n.name)
			next, at, ok := readConnection(own[0])
			if !ok || at.More && (at.End == "" || at.End == after) {
				return &Error{Kind: KindUnavailable, Err: errBadBody}
			}
			nodes, info = append(nodes, next...), at
			return nil
		})
		if err != nil {
			return nil, false, err
		}
		if !info.More {
			return append(append([]byte(`{"nodes":[`), bytes.Join(nodes, []byte{','})...), `]}`...), true, nil
		}
	}
	return nil, false, &Error{Kind: KindUnavailable, Op: op, Err: errManyPages}
}

// readConnection is what a page of a connection has.
func readConnection(raw []byte) (nodes [][]byte, info pageInfoOf, ok bool) {
	if !nonEmptyObject(raw) {
		return nil, info, false
	}
	parts, ok := lastMembers(raw, "nodes", "pageInfo")
	if !ok || !isList(parts[0]) || json.Unmarshal(parts[1], &info) != nil {
		return nil, info, false
	}
	for node := range elements(parts[0]) {
		nodes = append(nodes, node)
	}
	return nodes, info, true
}

// appendMember is the object with one more member at its end.
func appendMember(object []byte, name string, value []byte) []byte {
	end := bytes.LastIndexByte(object, '}')
	out := make([]byte, 0, len(object)+len(name)+len(value)+8)
	out = append(out, object[:end]...)
	out = append(append(append(out, `,"`...), name...), '"', ':')
	return append(append(out, value...), '}')
}
