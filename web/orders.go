package web

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"probability/store"
)

// pageHead is what a page of orders says of itself. Without a count it is a page of a deep read.
type pageHead struct {
	count                      *int
	atLeast                    bool // there are more than count
	next, nextCursor, previous string
}

// listOrders is GET /api/integrations/shopify/{id}/orders/.
func (s *Server) listOrders(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	q := readQuery(c)
	oq := readOrderQuery(q, in.ID, s.cfg.Now())
	if err := q.err(); err != nil {
		return err
	}
	read := s.readPage
	if oq.cursor {
		read = s.readOn
	}
	head, orders, err := read(c, oq)
	if err != nil {
		return err
	}
	return c.JSONBlob(http.StatusOK, pageOfOrders(head, oq.members.in(s.voice(c)), orders))
}

// readPage reads a numbered page. Where so many orders match that they were not all counted, the numbered pages end with
// what was counted, and the last one's next goes on with a cursor.
func (s *Server) readPage(c echo.Context, oq orderQuery) (pageHead, []store.Order, error) {
	ctx := c.Request().Context()
	selection, err := s.app.Store().SelectOrders(ctx, oq.filter)
	if err != nil {
		return pageHead{}, nil, err
	}
	p, err := oq.paging.within(selection.Count)
	if err != nil {
		return pageHead{}, nil, err
	}
	orders, err := selection.Page(ctx, p.size, p.offset())
	if err != nil {
		return pageHead{}, nil, err
	}
	head := pageHead{count: &selection.Count, atLeast: selection.AtLeast}
	next, previous := s.viewPage(c, p, selection.Count)
	switch {
	case next != nil:
		head.next = *next
	case selection.AtLeast && len(orders) == p.size:
		head.next = s.continued(c, oq, orders)
	}
	if previous != nil {
		head.previous = *previous
	}
	return head, orders, nil
}

// continued is the link to what follows the orders, by a cursor in place of a page number.
func (s *Server) continued(c echo.Context, oq orderQuery, orders []store.Order) string {
	values := url.Values(readQuery(c).values)
	values.Del("page")
	values.Set("cursor", encodeCursor(oq.filter.IntegrationID, oq.ordering, store.KeyOf(orders[len(orders)-1], oq.filter.Order)))
	return s.address(c, values)
}

// readOn reads the page after a cursor, and one order more to learn whether another page follows.
func (s *Server) readOn(c echo.Context, oq orderQuery) (pageHead, []store.Order, error) {
	oq.filter.Limit = oq.paging.size + 1
	orders, err := s.app.Store().Orders(c.Request().Context(), oq.filter)
	if err != nil || len(orders) <= oq.paging.size {
		return pageHead{}, orders, err
	}
	orders = orders[:oq.paging.size]
	key := store.KeyOf(orders[len(orders)-1], oq.filter.Order)
	cursor := encodeCursor(oq.filter.IntegrationID, oq.ordering, key)
	return pageHead{nextCursor: cursor, next: *s.link(c, "cursor", cursor)}, orders, nil
}

// getOrder is GET /api/integrations/shopify/{id}/orders/{order}/.
func (s *Server) getOrder(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	id, err := pathNumber(c, "order")
	if err != nil {
		return err
	}
	q := readQuery(c)
	members := readOrderMembers(q)
	if err := q.err(); err != nil {
		return err
	}
	o, err := s.app.Store().Order(c.Request().Context(), in.ID, id)
	if err != nil {
		return err
	}
	return c.JSONBlob(http.StatusOK, members.in(s.voice(c)).append(nil, &o))
}
