package shopify

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxGraphCursor bounds the cursor of a page; real ones have a few hundred bytes.
const maxGraphCursor = 4 << 10

// listedFields are the members of an order that can be asked for alone by
// GraphQL, by their names there. Other names in a query's Fields bring whole orders.
var listedFields = map[string]string{"id": "legacyResourceId", "created_at": "createdAt", "updated_at": "updatedAt"}

// graphOrders is Orders by GraphQL. A page that costs too much, or takes too
// long, is asked for again with half of its orders, and one with refused fields
// without them; both are remembered for the account.
func (c *Client) graphOrders(ctx context.Context, s Session, q OrdersQuery, cursor string) (OrdersPage, error) {
	const op = "list orders by GraphQL"
	if len(cursor) > maxGraphCursor {
		return OrdersPage{}, &Error{Kind: KindInvalid, Op: op, Err: errBadCursor}
	}
	s.Shop = strings.ToLower(s.Shop)
	whose := accountOf(s)
	for {
		state := c.graphs.of(whose, c.cfg.Now())
		page, err := c.graphOrdersOnce(ctx, s, q, cursor, state)
		if err == nil {
			for path := range state.without {
				if isPersonal(path) {
					page.Withheld = append(page.Withheld, path)
				}
			}
			slices.Sort(page.Withheld)
			return page, nil
		}
		next, again := state.after(err)
		if !again {
			return OrdersPage{}, err
		}
		c.graphs.note(whose, next, c.cfg.Now())
	}
}

// after is what a failure teaches; again is false when it does not help.
func (st graphState) after(err error) (next graphState, again bool) {
	refused, fields := errors.AsType[*fieldsRefused](err)
	switch {
	case fields:
		fresh := false
		for _, p := range refused.paths {
			if essential[p] {
				return st, false
			}
			fresh = fresh || !st.without[p]
		}
		return st.refusing(refused.paths), fresh
	case errors.Is(err, errMaxCost), errors.Is(err, errTimeout):
		if st.page/2 < smallestPage {
			return st, false
		}
		st.page /= 2
		return st, true
	}
	return st, false
}

func (c *Client) graphOrdersOnce(ctx context.Context, s Session, q OrdersQuery, cursor string, state graphState) (OrdersPage, error) {
	fields, points := orderFields(), pointsOfPage(state.page)
	if brief := briefly(q.Fields); brief != nil {
		fields, points = brief, pointsOfConnection+1+steps(state.page)
	}
	size := state.page
	if q.Limit > 0 {
		size = min(size, q.Limit)
	}
	var b strings.Builder
	b.WriteString("query($first: Int!, $after: String, $query: String) {shop {ianaTimezone} orders(first: $first, after: $after, query: $query, sortKey: ")
	b.WriteString(q.sortKey() + ") ")
	render(&b, []selection{one("nodes", fields...), one("pageInfo", plain("hasNextPage", "endCursor")...)}, "", state.without)
	b.WriteString("}")

	variables := map[string]any{"first": size, "query": q.search()}
	if cursor != "" {
		variables["after"] = cursor
	}
	var page OrdersPage
	var nodes []json.RawMessage
	var zone *time.Location
	err := c.graph(ctx, s, graphCall{
		op: "list orders by GraphQL", query: b.String(), variables: variables, cost: points, limit: maxPageBytes,
	}, func(data json.RawMessage, ans *answer) *Error {
		var failure *Error
		if nodes, zone, page.Next, failure = readOrders(data, cursor); failure != nil {
			return failure
		}
		page.RequestedAt, page.Date = ans.asked, dateOf(ans.header)
		return nil
	})
	if err != nil {
		return OrdersPage{}, err
	}
	for i, node := range nodes {
		if nodes[i], err = c.wholeOrder(ctx, s, node, state.without); err != nil {
			return OrdersPage{}, err
		}
	}
	page.Orders, err = payloads(nodes, zone)
	return page, err
}

// briefly are the fields for the names, nil when whole orders are needed.
func briefly(names []string) []selection {
	if len(names) == 0 {
		return nil
	}
	var fields []selection
	for _, n := range names {
		field, known := listedFields[n]
		if !known {
			return nil
		}
		fields = append(fields, one(field))
	}
	if !slices.Contains(names, "id") {
		fields = append(fields, one("legacyResourceId"))
	}
	return fields
}

// readOrders reads a page. That there is another one, only pageInfo says: a page
// may be empty and not the last.
func readOrders(data json.RawMessage, cursor string) (nodes []json.RawMessage, zone *time.Location, next string, failure *Error) {
	bad := &Error{Kind: KindUnavailable, Err: errBadBody}
	var body struct {
		Shop struct {
			Zone string `json:"ianaTimezone"`
		} `json:"shop"`
		Orders *struct {
			Nodes    []json.RawMessage `json:"nodes"`
			PageInfo *pageInfoOf       `json:"pageInfo"`
		} `json:"orders"`
	}
	if err := json.Unmarshal(data, &body); err != nil || body.Orders == nil || body.Orders.Nodes == nil || body.Orders.PageInfo == nil {
		return nil, nil, "", bad
	}
	info := body.Orders.PageInfo
	if info.More && (info.End == "" || len(info.End) > maxGraphCursor) {
		return nil, nil, "", bad
	}
	if info.More && info.End == cursor {
		return nil, nil, "", &Error{Kind: KindForeignLink, Err: errSelfLink}
	}
	if info.More {
		next = info.End
	}
	return body.Orders.Nodes, zoneOf(body.Shop.Zone), next, nil
}

// pageInfoOf tells whether a connection goes on, and from where.
type pageInfoOf struct {
	More bool   `json:"hasNextPage"`
	End  string `json:"endCursor"`
}

// payloads makes documents of nodes, all in one piece of memory.
func payloads(nodes []json.RawMessage, zone *time.Location) ([]json.RawMessage, error) {
	room := 0
	for _, n := range nodes {
		room += len(n) + 512
	}
	b := make([]byte, 0, room)
	orders := make([]json.RawMessage, 0, len(nodes))
	for _, node := range nodes {
		start := len(b)
		var ok bool
		if b, ok = appendOrder(b, node, zone); !ok {
			return nil, &Error{Kind: KindUnavailable, Op: "list orders by GraphQL", Err: errBadBody}
		}
		orders = append(orders, b[start:len(b):len(b)])
	}
	return orders, nil
}

// graphCount is CountOrders by GraphQL. Without a limit the count is exact; one
// that is not is no proof of anything.
func (c *Client) graphCount(ctx context.Context, s Session, q OrdersQuery) (n int, date time.Time, err error) {
	const query = "query($query: String) {ordersCount(query: $query, limit: null) {count precision}}"
	err = c.graph(ctx, s, graphCall{
		op: "count orders by GraphQL", query: query, variables: map[string]any{"query": q.search()}, cost: 10, limit: maxAnswerBytes,
	}, func(data json.RawMessage, ans *answer) *Error {
		var body struct {
			Count *struct {
				Count     *int   `json:"count"`
				Precision string `json:"precision"`
			} `json:"ordersCount"`
		}
		if err := json.Unmarshal(data, &body); err != nil || body.Count == nil || body.Count.Count == nil || *body.Count.Count < 0 || body.Count.Precision != "EXACT" {
			return &Error{Kind: KindUnavailable, Err: errBadBody}
		}
		n, date = *body.Count.Count, dateOf(ans.header)
		return nil
	})
	return n, date, err
}

// graphHas is HasOrder by GraphQL.
func (c *Client) graphHas(ctx context.Context, s Session, id int64) (there bool, err error) {
	err = c.graph(ctx, s, graphCall{
		op: "look for order by GraphQL", query: "query($id: ID!) {order(id: $id) {legacyResourceId}}",
		variables: map[string]any{"id": globalID("Order", strconv.FormatInt(id, 10))}, cost: 1, limit: maxAnswerBytes,
	}, func(data json.RawMessage, _ *answer) *Error {
		parts, ok := lastMembers(data, "order")
		if !ok || len(parts[0]) == 0 {
			return &Error{Kind: KindUnavailable, Err: errBadBody}
		}
		there = nonEmptyObject(parts[0])
		return nil
	})
	return there, err
}

// SeesOrders tells whether GraphQL shows a store's orders at all; an error says
// why not.
func (c *Client) SeesOrders(ctx context.Context, s Session) error {
	return c.graph(ctx, s, graphCall{
		op: "look for orders by GraphQL", query: "{orders(first: 1) {nodes {legacyResourceId}}}", cost: pointsOfConnection + 1, limit: maxAnswerBytes,
	}, func(data json.RawMessage, _ *answer) *Error {
		if parts, ok := lastMembers(data, "orders"); !ok || !nonEmptyObject(parts[0]) {
			return &Error{Kind: KindUnavailable, Err: errBadBody}
		}
		return nil
	})
}
