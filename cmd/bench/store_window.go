package main

import (
	"encoding/base64"
	"errors"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"
)

// cursor is where a page begins and which orders it takes.
func cursor(query url.Values, c catalog) (at int, q orderWindow, err error) {
	info := query.Get("page_info")
	if info == "" {
		q = window(query)
		_, end := q.indexes(c)
		return end - 1, q, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(info)
	if err != nil {
		return 0, q, errors.New("page_info: Invalid value")
	}
	number, filters, _ := strings.Cut(string(text), "|")
	if at, err = strconv.Atoi(number); err != nil || at < 0 || at >= c.size {
		return 0, q, errors.New("page_info: Invalid value")
	}
	values, err := url.ParseQuery(filters)
	return at, window(values), err
}

// orderWindow is the filters of an order list. A zero time is no bound; bounds are inclusive.
type orderWindow struct {
	createdMin, createdMax, updatedMin, updatedMax time.Time
	text                                           string // of the query that it came from
}

func window(query url.Values) orderWindow {
	var q orderWindow
	kept := url.Values{}
	for name, into := range map[string]*time.Time{
		"created_at_min": &q.createdMin, "created_at_max": &q.createdMax, "updated_at_min": &q.updatedMin, "updated_at_max": &q.updatedMax,
	} {
		if t, err := time.Parse(time.RFC3339, query.Get(name)); err == nil {
			*into = t
			kept.Set(name, query.Get(name))
		}
	}
	q.text = kept.Encode()
	return q
}

// indexes are the first order in the window of creation, and the one after the last.
func (q orderWindow) indexes(c catalog) (first, end int) {
	end = c.size
	if !q.createdMin.IsZero() {
		first = sort.Search(c.size, func(i int) bool { return !c.created(i).Before(q.createdMin) })
	}
	if !q.createdMax.IsZero() {
		end = sort.Search(c.size, func(i int) bool { return c.created(i).After(q.createdMax) })
	}
	return first, end
}

func (q orderWindow) takes(c catalog, i int) bool {
	if q.updatedMin.IsZero() && q.updatedMax.IsZero() {
		return true
	}
	o := c.order(i)
	return !o.updated.Before(q.updatedMin) && (q.updatedMax.IsZero() || !o.updated.After(q.updatedMax))
}
