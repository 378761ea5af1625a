package shopify

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Causes of a query that was refused.
var (
	errMaxCost   = errors.New("the query costs more than one may")
	errTruncated = errors.New("Shopify left results out")
	errNoData    = errors.New("the answer has no data")
)

// fieldsRefused is why a query failed that may well succeed without some of its
// fields: the app is not approved for them, or the API's version has them no more.
type fieldsRefused struct{ paths []string }

// Error names the fields.
func (e *fieldsRefused) Error() string {
	return "these fields are refused: " + strings.Join(e.paths, ", ")
}

// maxRefused is how many refused fields one answer is read for; there are no
// more in any query.
const maxRefused = 100

// graphCall is one query of GraphQL.
type graphCall struct {
	op        string
	query     string
	variables map[string]any
	cost      float64 // what it may cost, in points
	limit     int64   // of the answer's body, bytes
}

// graph asks a query and hands its data to read, with the whole answer. An
// answer with any error in it never reaches read: what came beside an error is
// not all that there is.
func (c *Client) graph(ctx context.Context, s Session, q graphCall, read func(data json.RawMessage, ans *answer) *Error) error {
	body, err := json.Marshal(map[string]any{"query": q.query, "variables": q.variables})
	if err != nil {
		return &Error{Kind: KindInvalid, Op: q.op, Err: err}
	}
	return c.do(ctx, s, call{
		op: q.op, method: http.MethodPost, path: "graphql.json", versioned: true, body: body, contentType: "application/json",
		limit: q.limit, retryGone: true, points: max(1, q.cost),
	}, func(ans *answer) *Error {
		parts, ok := lastMembers(ans.body, "data", "errors", "extensions")
		if !ok {
			return &Error{Kind: KindUnavailable, Err: errBadBody}
		}
		data, failures := parts[0], parts[1]
		if len(failures) > 0 && string(failures) != "null" && string(failures) != "[]" {
			return graphRefusal(ans.body, failures, s.Token)
		}
		if !nonEmptyObject(data) {
			return &Error{Kind: KindUnavailable, Err: errNoData}
		}
		return read(data, ans)
	})
}

// graphError is one of the errors of an answer.
type graphError struct {
	Message    string            `json:"message"`
	Path       []json.RawMessage `json:"path"`
	Extensions struct {
		Code      string `json:"code"`
		TypeName  string `json:"typeName"`
		FieldName string `json:"fieldName"`
	} `json:"extensions"`
}

// graphRefusal says what the errors of an answer mean. Their HTTP status is 200.
func graphRefusal(body, failures []byte, secrets ...string) *Error {
	out := &Error{Kind: KindUnavailable, Messages: messagesOf(body, secrets...), Err: errNoData}
	var all []graphError
	if err := json.Unmarshal(failures, &all); err != nil || len(all) == 0 {
		return out // one text, or nothing that can be read
	}
	out.Messages = nil
	for _, e := range all {
		if text := tidy(e.Message, maxMessageBytes, secrets); text != "" && len(out.Messages) < maxMessages && !slices.Contains(out.Messages, text) {
			out.Messages = append(out.Messages, text)
		}
	}
	var refused []string
	for _, e := range all {
		switch said := strings.ToLower(e.Message); e.Extensions.Code {
		case "THROTTLED":
			c, ok := costOf(body)
			out.Kind, out.Err, out.RetryAfter = KindThrottled, nil, defaultRetryAfter
			if ok && c.restore > 0 {
				out.RetryAfter = min(max(seconds((c.requested-c.left)/c.restore), minRetryAfter), maxRetryAfter)
			}
			return out
		case "MAX_COST_EXCEEDED":
			out.Kind, out.Err = KindInvalid, errMaxCost
			return out
		case "ACCESS_DENIED", "undefinedField":
			path := e.dotted()
			switch {
			case path != "":
				if !slices.Contains(refused, path) && len(refused) < maxRefused {
					refused = append(refused, path)
				}
			case strings.Contains(said, "not approved"), strings.Contains(said, "protected"):
				out.Kind, out.Err = KindProtectedData, nil
				return out
			default:
				out.Kind, out.Err = KindMissingScope, nil
				return out
			}
		case "UNAUTHORIZED":
			out.Kind, out.Err = KindUnauthorized, nil
			return out
		case "PAYMENT_REQUIRED":
			out.Kind, out.Err = KindPaymentRequired, nil
			return out
		case "SHOP_INACTIVE":
			out.Kind, out.Err = KindLocked, nil
			return out
		case "FORBIDDEN":
			out.Kind, out.Err = KindForbidden, nil
			return out
		case "INTERNAL_SERVER_ERROR", "TIMEOUT", "MAX_ERROR_LIMIT_EXCEEDED":
		default:
			switch {
			case strings.Contains(said, "truncated"), strings.Contains(said, "max error limit"):
				out.Err = errTruncated
			case strings.Contains(said, "cursor"), e.Extensions.Code != "":
				out.Kind, out.Err = KindInvalid, nil
			}
		}
	}
	if len(refused) > 0 {
		slices.Sort(refused)
		out.Kind, out.Err = KindProtectedData, &fieldsRefused{refused}
	}
	return out
}

// dotted is the path of the field below an order, as selections name it:
// ["orders","nodes",3,"customer","email"] is "customer.email". It is empty when
// the list of orders itself is meant, or nothing.
func (e graphError) dotted() string {
	var names []string
	for _, step := range e.Path {
		name := textOf(step)
		if len(step) == 0 || step[0] != '"' || name == "nodes" || name == "edges" || name == "node" || strings.HasPrefix(name, "query") || strings.HasPrefix(name, "...") {
			continue
		}
		names = append(names, name)
	}
	if len(names) > 0 && (names[0] == "orders" || names[0] == "order") {
		names = names[1:]
	}
	if len(names) > 0 && names[0] == "refund" {
		names[0] = "refunds"
	}
	if len(names) == 0 && e.Extensions.FieldName != "" && e.Extensions.TypeName == "Order" {
		names = []string{e.Extensions.FieldName}
	}
	return strings.Join(names, ".")
}

// cost is what an answer says of points.
type cost struct {
	requested, actual   float64 // of the query
	most, left, restore float64 // of the account: its bucket, what is left of it, and how much comes back in a second
}

// maxPoints is more than any bucket of a store.
const maxPoints = 10_000_000

// costOf reads extensions.cost; ok is false when an answer does not tell it.
func costOf(body []byte) (c cost, ok bool) {
	parts, ok := lastMembers(body, "extensions")
	if !ok || !nonEmptyObject(parts[0]) {
		return cost{}, false
	}
	type figure = json.Number
	var all struct {
		Cost *struct {
			Requested figure `json:"requestedQueryCost"`
			Actual    figure `json:"actualQueryCost"`
			Status    struct {
				Most    figure `json:"maximumAvailable"`
				Left    figure `json:"currentlyAvailable"`
				Restore figure `json:"restoreRate"`
			} `json:"throttleStatus"`
		} `json:"cost"`
	}
	if err := json.Unmarshal(parts[0], &all); err != nil || all.Cost == nil {
		return cost{}, false
	}
	for _, f := range [...]struct {
		from figure
		into *float64
	}{
		{all.Cost.Requested, &c.requested}, {all.Cost.Actual, &c.actual},
		{all.Cost.Status.Most, &c.most}, {all.Cost.Status.Left, &c.left}, {all.Cost.Status.Restore, &c.restore},
	} {
		n, err := strconv.ParseFloat(string(f.from), 64)
		if err != nil || math.IsNaN(n) {
			n = 0 // null: a query that was refused cost nothing
		}
		*f.into = min(max(n, 0), maxPoints)
	}
	return c, c.most >= 1 && c.restore > 0
}

// globalID is how GraphQL names a thing by its number.
func globalID(kind, id string) string { return "gid://shopify/" + kind + "/" + id }

// graphTime writes a bound of a search. It is quoted: without quotes it would be
// split at its colons, and filter by something else without saying so.
func graphTime(t time.Time) string { return "'" + t.UTC().Format(zulu) + "'" }
