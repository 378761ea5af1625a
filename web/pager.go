package web

import (
	"context"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"
)

// pager leads from the part of a list that a page shows to those before and after it. Which part it is stands in the page's address,
// beside whatever else was chosen there, so that it can be kept and sent.
type pager struct {
	page
	Label    string // of the navigation
	Next     string // "": there is nothing after this
	Previous string
	Said     string // which part this is; "" when nobody counted
}

// listState are the parameters that say what a page shows of its lists. Links keep them, and leave out whatever else came.
var listState = []string{"state", "topic", "since", "until", "kind", "store", "page", "runs", "audits", "models", "versions", "refusals"}

// turn is the pager of a list of so many rows, of which the parameter name says which part is shown. place is the id of what shows the
// list, where it is one of several on its page.
func (p page) turn(q *query, name, place, title string, part paging, count int) pager {
	v := pager{page: p, Label: p.Say("pages.label")}
	if place != "" {
		v.Label, place = p.Tell("pages.of", "List", title), "#"+place
	}
	link := func(n int) string {
		values := url.Values{}
		for _, state := range listState {
			if given := q.values[state]; len(given) == 1 && given[0] != "" && len(given[0]) <= maxWord {
				values.Set(state, given[0])
			}
		}
		values.Set(name, strconv.Itoa(n))
		if n == 1 {
			values.Del(name)
		}
		if len(values) == 0 {
			return p.Path + place
		}
		return p.Path + "?" + values.Encode() + place
	}
	if part.page*part.size < count {
		v.Next = link(part.page + 1)
	}
	if part.page > 1 {
		v.Previous = link(part.page - 1)
	}
	number := p.voice.number
	v.Said = p.Tell("pages.said", "From", number(part.offset()+1), "To", number(min(part.page*part.size, count)), "Count", number(count))
	return v
}

// listing is a list that belongs to an integration, of which a page shows a part.
type listing[R any] struct {
	name  string // of the parameter that says which part
	place string // id of what shows it
	title string
	size  int
	count func(ctx context.Context, integrationID int64) (int, error)
	rows  func(ctx context.Context, integrationID int64, limit, offset int) ([]R, error)
}

// readListing reads the part of a list that the address asks for, and the way to the others.
func readListing[R any](c echo.Context, p page, l listing[R]) (rows []R, turn pager, err error) {
	q, ctx := readQuery(c), c.Request().Context()
	part := paging{page: q.number(l.name, 1), size: l.size}
	if err := q.err(); err != nil {
		return nil, turn, err
	}
	count, err := l.count(ctx, p.StoreID)
	if err != nil {
		return nil, turn, err
	}
	if part, err = part.within(count); err != nil {
		return nil, turn, err
	}
	rows, err = l.rows(ctx, p.StoreID, part.size, part.offset())
	return rows, p.turn(q, l.name, l.place, l.title, part, count), err
}
