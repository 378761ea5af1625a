package shopify

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxPageSize is Shopify's; one more is refused.
const maxPageSize = 250

// OrdersQuery selects orders. A zero time is no bound; both bounds are
// inclusive and have the precision of a second. Orders of every status are
// asked for, always: Shopify's own default is open ones only.
type OrdersQuery struct {
	CreatedAtMin time.Time
	CreatedAtMax time.Time
	UpdatedAtMin time.Time
	UpdatedAtMax time.Time
	IDs          []string // only these, at most MaxOrderIDs; none means every order
	Fields       []string // only these members of each order; none means whole ones
	Limit        int      // orders a page; 0 means 250, the most there is; of GraphQL, as many as a query may cost
	Way          Way      // "": WayREST
}

// MaxOrderIDs is how many ids one query may name. Shopify tells no limit; with
// a hundred the address stays below two kilobytes, which every proxy lets pass.
const MaxOrderIDs = 100

// OrdersPage is one page of orders as they came, byte for byte; they share the
// memory of the page. Those of GraphQL are documents in the shape of REST.
type OrdersPage struct {
	Orders []json.RawMessage
	// Next is the cursor of the following page, "" on the last one. Cursors
	// are for walking on at once, not for keeping.
	Next string
	// RequestedAt is our clock just before the request: what changes in the
	// store from then on may be missing here.
	RequestedAt time.Time
	// Date is the store's clock; zero when it did not say.
	Date time.Time
	// Withheld are the members with a customer's data that the app may not see by
	// GraphQL, by their names there; they are null in each order.
	Withheld []string
}

// Orders returns a page: the first one of the query, or the one a former Next
// stands for, which carries the query inside.
func (c *Client) Orders(ctx context.Context, s Session, q OrdersQuery, cursor string) (OrdersPage, error) {
	const op = "list orders"
	if len(q.IDs) > MaxOrderIDs {
		return OrdersPage{}, &Error{Kind: KindInvalid, Op: op, Err: errManyIDs}
	}
	if q.Way == WayGraphQL {
		return c.graphOrders(ctx, s, q, cursor)
	}
	query := q.values(true).Encode()
	if cursor != "" {
		if !isCursor(cursor) {
			return OrdersPage{}, &Error{Kind: KindInvalid, Op: op, Err: errBadCursor}
		}
		query = cursor
	}

	var page OrdersPage
	err := c.do(ctx, s, call{
		op: op, method: http.MethodGet, path: "orders.json", versioned: true, query: query,
		limit: maxPageBytes, retryGone: true,
	}, func(ans *answer) *Error {
		body, ok := unwrap(ans.body)
		if !ok || body.orders == nil {
			return &Error{Kind: KindUnavailable, Err: errBadBody}
		}
		next, kind, err := nextCursor(ans.header.Values("Link"), ans.url, strings.ToLower(s.Shop))
		if err != nil {
			return &Error{Kind: kind, Err: err}
		}
		page = OrdersPage{Orders: body.orders, Next: next, RequestedAt: ans.asked, Date: dateOf(ans.header)}
		return nil
	})
	return page, err
}

// CountOrders returns how many orders the store itself counts for the query,
// and the store's clock.
func (c *Client) CountOrders(ctx context.Context, s Session, q OrdersQuery) (n int, date time.Time, err error) {
	if q.Way == WayGraphQL {
		return c.graphCount(ctx, s, q)
	}
	err = c.do(ctx, s, call{
		op: "count orders", method: http.MethodGet, path: "orders/count.json", versioned: true, query: q.values(false).Encode(),
		limit: maxAnswerBytes, retryGone: true,
	}, func(ans *answer) *Error {
		var body struct {
			Count json.Number `json:"count"` // which takes one in quotes as well
		}
		if err := json.Unmarshal(ans.body, &body); err != nil {
			return &Error{Kind: KindUnavailable, Err: errBadBody}
		}
		counted, err := strconv.Atoi(body.Count.String())
		if err != nil || counted < 0 {
			return &Error{Kind: KindUnavailable, Err: errBadBody}
		}
		n, date = counted, dateOf(ans.header)
		return nil
	})
	return n, date, err
}

// HasOrder tells whether the store has an order, by another way than its lists.
func (c *Client) HasOrder(ctx context.Context, s Session, way Way, id int64) (bool, error) {
	if way == WayGraphQL {
		return c.graphHas(ctx, s, id)
	}
	err := c.do(ctx, s, call{
		op: "look for order", method: http.MethodGet, path: "orders/" + strconv.FormatInt(id, 10) + ".json", versioned: true,
		query: "fields=id", limit: maxAnswerBytes,
	}, func(ans *answer) *Error {
		if body, ok := unwrap(ans.body); !ok || !nonEmptyObject(body.order) {
			return &Error{Kind: KindUnavailable, Err: errBadBody}
		}
		return nil
	})
	if KindOf(err) == KindNotFound {
		return false, nil
	}
	return err == nil, err
}

func (q OrdersQuery) values(paged bool) url.Values {
	v := url.Values{"status": {"any"}}
	if paged {
		limit := q.Limit
		if limit <= 0 || limit > maxPageSize {
			limit = maxPageSize
		}
		v.Set("limit", strconv.Itoa(limit))
		if len(q.Fields) > 0 {
			v.Set("fields", strings.Join(q.Fields, ","))
		}
	}
	if len(q.IDs) > 0 {
		v.Set("ids", strings.Join(q.IDs, ","))
	}
	for _, bound := range [...]struct {
		name string
		at   time.Time
	}{
		{"created_at_min", q.CreatedAtMin},
		{"created_at_max", q.CreatedAtMax},
		{"updated_at_min", q.UpdatedAtMin},
		{"updated_at_max", q.UpdatedAtMax},
	} {
		if !bound.at.IsZero() {
			v.Set(bound.name, bound.at.UTC().Format("2006-01-02T15:04:05Z"))
		}
	}
	return v
}

// isCursor reports whether a text can stand as the query of a page.
func isCursor(s string) bool {
	return isHeaderText(s) && !strings.ContainsAny(s, " #") && placeOf(s) != ""
}

// dateOf returns the Date of an answer, zero when it has none.
func dateOf(h http.Header) time.Time {
	t, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
