package simulator

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	defaultLimit = 50
	maxLimit     = 250
)

// position is a place in a sorted list: behind the record with these keys.
type position struct {
	Value int64 `json:"last_value"`
	ID    int64 `json:"last_id"`
}

// cursor is what page_info hides: the place to go on from, the direction, and
// the filters of the first page.
type cursor struct {
	position
	Direction string            `json:"direction"` // next or prev
	Page      int               `json:"page"`      // of the page it leads to
	Filters   map[string]string `json:"filters,omitempty"`
}

func (c cursor) String() string {
	text, err := json.Marshal(c)
	if err != nil { // plain fields only
		return ""
	}
	return base64.URLEncoding.EncodeToString(text)
}

func parseCursor(text string) (cursor, bool) {
	var c cursor
	raw, err := base64.URLEncoding.DecodeString(text)
	if err != nil {
		return c, false
	}
	if err := json.Unmarshal(raw, &c); err != nil || c.Direction != "next" && c.Direction != "prev" || c.Page < 1 {
		return c, false
	}
	return c, true
}

// pageNumber is the page of a walk a request asks for, 1 without a cursor.
func pageNumber(r *http.Request, path string) int {
	if strings.HasSuffix(path, "/graphql.json") {
		return graphPageNumber(r)
	}
	if c, ok := parseCursor(r.URL.Query().Get("page_info")); ok {
		return c.Page
	}
	return 1
}

// pageRequest is what is common to all lists.
type pageRequest struct {
	limit  int
	query  url.Values // the filters, from the request or out of the cursor
	cursor *cursor
}

// readPage checks limit, page and page_info as Shopify does.
func readPage(r *http.Request, filters []string) (pageRequest, *reply) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return pageRequest{}, errorReply(http.StatusBadRequest, "Bad Request")
	}
	in := pageRequest{limit: defaultLimit, query: q}
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		switch {
		case err != nil || n < 1:
			return in, fieldReply(http.StatusBadRequest, "limit", "limit must be a number greater than 0")
		case n > maxLimit:
			return in, errorReply(http.StatusBadRequest, textLimit)
		}
		in.limit = n
	}
	if q.Has("page") {
		return in, fieldReply(http.StatusBadRequest, "page", "page cannot be passed. "+textPagingDocs)
	}
	if !q.Has("page_info") {
		return in, nil
	}
	for _, name := range filters {
		if q.Has(name) {
			return in, fieldReply(http.StatusBadRequest, name, name+" cannot be passed when page_info is present. "+textPagingDocs)
		}
	}
	c, ok := parseCursor(q.Get("page_info"))
	if !ok {
		return in, fieldReply(http.StatusBadRequest, "page_info", "Invalid value.")
	}
	in.cursor = &c
	in.query = url.Values{}
	for name, value := range c.Filters {
		in.query.Set(name, value)
	}
	return in, nil
}

// page is the part of a list that was chosen, in the order it is shown.
type page[T any] struct {
	items      []T
	prev, next bool
}

// cutPage turns up to limit+1 items, collected in walking direction, into a
// page: the extra one only tells that there are more.
func cutPage[T any](items []T, in pageRequest) page[T] {
	more := len(items) > in.limit
	if more {
		items = items[:in.limit]
	}
	p := page[T]{items: items, next: more, prev: in.cursor != nil}
	if in.cursor != nil && in.cursor.Direction == "prev" {
		slices.Reverse(items)
		p.prev, p.next = more, true
	}
	return p
}

// link writes the Link header of a page, or nothing when all fits on one. The
// relations change places from page to page: no client may count on an order.
func (sh *Shop) link(rep *reply, r *http.Request, path string, in pageRequest, filters []string, first, last position, prev, next bool) {
	number := 1
	kept := make(map[string]string)
	if in.cursor != nil {
		number, kept = in.cursor.Page, in.cursor.Filters
	} else {
		for _, name := range filters {
			if v := in.query.Get(name); v != "" {
				kept[name] = v
			}
		}
	}
	target := func(c cursor, rel string) string {
		q := url.Values{"limit": {strconv.Itoa(in.limit)}, "page_info": {c.String()}}
		if fields := r.URL.Query().Get("fields"); fields != "" {
			q.Set("fields", fields)
		}
		return "<https://" + sh.cfg.Domain + path + "?" + q.Encode() + `>; rel="` + rel + `"`
	}
	var links []string
	if prev {
		links = append(links, target(cursor{first, "prev", max(1, number-1), kept}, "previous"))
	}
	if next {
		links = append(links, target(cursor{last, "next", number + 1, kept}, "next"))
	}
	if number%2 == 0 {
		slices.Reverse(links)
	}
	if len(links) > 0 {
		rep.header.Set("Link", strings.Join(links, ", "))
	}
}
