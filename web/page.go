package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
)

// Sizes of a page. A larger wish is cut down to the largest, as the original backend did.
const (
	defaultPageSize = 20
	maxPageSize     = 100
)

// saneHost is what a forwarded host may look like before it goes into a link.
var saneHost = regexp.MustCompile(`^[A-Za-z0-9.\-]{1,253}(:[0-9]{1,5})?$|^\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?$`)

// paging is which page is wanted.
type paging struct {
	last       bool // page=last
	page, size int
}

func readPaging(q *query) paging {
	p := paging{page: 1, size: min(q.number("page_size", defaultPageSize), maxPageSize)}
	if q.text("page") == "last" {
		p.last = true
	} else {
		p.page = q.number("page", 1)
	}
	return p
}

func (p paging) offset() int { return (p.page - 1) * p.size }

// within settles the page once the number of rows is known. A page beyond the end is not found, but
// the first one always exists.
func (p paging) within(count int) (paging, error) {
	last := max(1, (count+p.size-1)/p.size)
	if p.last {
		p.page = last
	}
	if p.page > last {
		return p, &problem{status: http.StatusNotFound, code: "invalid_page", params: map[string]any{"Last": last}}
	}
	return p, nil
}

// pageView is a page of a list.
type pageView[T any] struct {
	Count    int     `json:"count"`
	Next     *string `json:"next"`
	Previous *string `json:"previous"`
	Results  []T     `json:"results"`
}

// listOwned answers a page of rows that belong to the integration in the path, for its owner.
func listOwned[R, V any](s *Server, c echo.Context, count func(context.Context, int64) (int, error),
	rows func(ctx context.Context, integrationID int64, limit, offset int) ([]R, error), view func(voice, R) V,
) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	q := readQuery(c)
	p := readPaging(q)
	if err := q.err(); err != nil {
		return err
	}
	ctx := c.Request().Context()
	n, err := count(ctx, in.ID)
	if err != nil {
		return err
	}
	if p, err = p.within(n); err != nil {
		return err
	}
	found, err := rows(ctx, in.ID, p.size, p.offset())
	if err != nil {
		return err
	}
	v, page := s.voice(c), pageView[V]{Count: n, Results: make([]V, len(found))}
	for i, r := range found {
		page.Results[i] = view(v, r)
	}
	page.Next, page.Previous = s.viewPage(c, p, n)
	return c.JSON(http.StatusOK, page)
}

func (s *Server) viewPage(c echo.Context, p paging, count int) (next, previous *string) {
	if p.page*p.size < count {
		next = s.link(c, "page", strconv.Itoa(p.page+1))
	}
	switch {
	case p.page == 2:
		previous = s.link(c, "page", "")
	case p.page > 2:
		previous = s.link(c, "page", strconv.Itoa(p.page-1))
	}
	return next, previous
}

// link is the address of the present request with one parameter changed, or left out when its value
// is empty.
func (s *Server) link(c echo.Context, name, value string) *string {
	values := url.Values(readQuery(c).values)
	values.Del(name)
	if value != "" {
		values.Set(name, value)
	}
	text := s.address(c, values)
	return &text
}

// address is the address of the present request with other parameters.
func (s *Server) address(c echo.Context, values url.Values) string {
	u := url.URL{Scheme: c.Scheme(), Host: s.host(c), Path: c.Request().URL.Path + "/", RawQuery: values.Encode()}
	return u.String()
}

// host is the name under which the client reached us, as a trusted proxy tells it.
func (s *Server) host(c echo.Context) string {
	r := c.Request()
	list := strings.Split(r.Header.Get("X-Forwarded-Host"), ",")
	forwarded := strings.TrimSpace(list[len(list)-1]) // the nearest proxy's word
	if forwarded == "" || !saneHost.MatchString(forwarded) {
		return r.Host
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.Host
	}
	for _, p := range s.cfg.TrustedProxies {
		if p.Contains(peer.Addr().Unmap().WithZone("")) {
			return forwarded
		}
	}
	return r.Host
}

// nullable is JSON's null for what is empty.
func nullable(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// list is JSON's [] for what is nil.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}

// object is raw as a JSON object, {} when there is none.
func object(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("{}")
	}
	return raw
}
