package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	listConns  = 8
	variations = 256 // different requests of each kind, so that no cache answers them
	withoutRaw = "omit=raw_response,line_items"
)

// listKind is a filter with a figure of its own. query draws its parameters.
type listKind struct {
	name   string
	common bool // is in the mix
	query  func(*dice, catalog) string
}

var listKinds = []listKind{
	{"list-none", true, func(*dice, catalog) string { return "" }},
	{"list-financial", true, func(d *dice, _ catalog) string { return "financial_status=" + financialStates[d.below(4)] }},
	{"list-rare", false, func(*dice, catalog) string { return "financial_status=" + rareState }},
	{"list-fulfillment", true, func(d *dice, _ catalog) string {
		return "fulfillment_status=" + []string{"fulfilled", "unfulfilled", "partial"}[d.below(3)]
	}},
	{"list-window", true, func(d *dice, c catalog) string {
		since := c.end.AddDate(0, 0, -1-d.below(catalogDays-1))
		return "since=" + since.Format(time.DateOnly) + "&until=" + since.AddDate(0, 0, d.below(14)).Format(time.DateOnly)
	}},
	{"list-total", true, func(d *dice, _ catalog) string { return "min_total=" + strconv.Itoa(10_000+d.below(500)*1000) }},
	{"list-today", false, func(*dice, catalog) string { return "today=1" }},
	{"list-by-total", false, func(d *dice, _ catalog) string { return "ordering=" + []string{"", "-"}[d.below(2)] + "total_price" }},
}

// pages renders requests for lists of a kind.
func (w *world) pages(kind listKind, n int, extra string) [][]byte {
	d := dice(len(kind.name))
	out := make([][]byte, n)
	for i := range out {
		out[i] = w.get("orders/?" + strings.Trim(kind.query(&d, w.catalog)+"&"+extra, "&"))
	}
	return out
}

// mixed renders requests of the kinds that are common, in turn.
func (w *world) mixed(extra string) [][]byte {
	var kinds [][][]byte
	for _, kind := range listKinds {
		if kind.common {
			kinds = append(kinds, w.pages(kind, variations, extra))
		}
	}
	out := make([][]byte, 0, variations*len(kinds))
	for i := range variations {
		for _, requests := range kinds {
			out = append(out, requests[i])
		}
	}
	return out
}

// reads measures GET requests in turn.
func (b *bench) reads(ctx context.Context, w *world, conns int, d time.Duration, requests [][]byte) (tally, error) {
	p := &pool{requests: requests}
	t, err := load{addr: w.addr, conns: conns, next: p.loop, time: d}.run(ctx)
	return t, errors.Join(err, t.err())
}

// lists measures pages of 20. The mix leaves out what most people never ask for.
func (b *bench) lists(ctx context.Context, w *world) error {
	for _, mix := range []struct{ name, extra, limit string }{{"list-mix", "", "bare-page"}, {"list-mix-omit", withoutRaw, "bare-page-omit"}} {
		if !b.opt.wants(mix.name) {
			continue
		}
		t, err := b.reads(ctx, w, listConns, b.opt.time(), w.mixed(mix.extra))
		if _, known := b.report.find(mix.limit, machine); !known && err == nil {
			r, err := b.limitPage(ctx, t.size())
			b.put(ctx, mix.limit, machine, r, err)
		}
		b.put(ctx, mix.name, w.column, ofRate(t), err)
	}
	for _, kind := range listKinds {
		if b.opt.wants(kind.name) {
			t, err := b.reads(ctx, w, 1, b.opt.time()/5, w.pages(kind, variations, ""))
			b.put(ctx, kind.name, w.column, ofTimes(t.times), err)
		}
	}
	if b.opt.wants("list-omit") {
		t, err := b.reads(ctx, w, 1, b.opt.time()/5, w.pages(listKinds[0], 1, withoutRaw))
		b.put(ctx, "list-omit", w.column, ofTimes(t.times), err)
	}
	return ctx.Err()
}

// deep measures far pages: by cursor, by number, and the last one.
func (b *bench) deep(ctx context.Context, w *world) error {
	const size, far, strides = 20, 10_000, 100
	page := min(far, w.orders*4/5/size)
	cursor, err := w.walk(ctx, (page-1)*size, strides)
	if err != nil {
		return err
	}
	note := "page " + grouped(float64(page))
	for _, read := range []struct{ name, query, note string }{
		{"deep-first", "cursor=", ""},
		{"deep-cursor", "cursor=" + url.QueryEscape(cursor), note},
		{"deep-page", "page=" + strconv.Itoa(page), note},
		{"deep-last", "page=last", ""},
	} {
		if !b.opt.wants(read.name) && read.name != "deep-first" { // the others are compared with it
			continue
		}
		t, err := b.reads(ctx, w, 1, b.opt.time()/5, [][]byte{w.get("orders/?page_size=20&" + withoutRaw + "&" + read.query)})
		r := ofTimes(t.times)
		r.Note = read.note
		b.put(ctx, read.name, w.column, r, err)
	}
	return nil
}

// walk reads the list by cursor until n orders have passed, and returns the cursor to the next.
func (w *world) walk(ctx context.Context, n, stride int) (cursor string, err error) {
	c, err := dial(ctx, w.addr)
	if err != nil {
		return "", err
	}
	defer func() { _ = c.Close() }()
	var body []byte
	for n > 0 {
		step := min(n, stride)
		n -= step
		body = body[:0]
		status, err := c.exchange(w.get(fmt.Sprintf("orders/?page_size=%d&fields=id&cursor=%s", step, url.QueryEscape(cursor))), &body)
		if err != nil || status != 200 {
			return "", errors.Join(fmt.Errorf("walking deep: status %d", status), err)
		}
		var page struct {
			Next string `json:"next_cursor"`
		}
		if err := json.Unmarshal(body, &page); err != nil {
			return "", err
		}
		if page.Next == "" {
			return "", errors.New("walking deep: the list ends too early")
		}
		cursor = page.Next
	}
	return cursor, ctx.Err()
}
