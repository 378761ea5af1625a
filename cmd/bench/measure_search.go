package main

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// searchKind is a kind of search term; term makes a different one for each request as far as there are so many.
type searchKind struct {
	name string
	term func(*dice, catalog) string
}

var searchKinds = []searchKind{
	{"search-rare", func(d *dice, c catalog) string {
		o := c.order(d.below(c.size))
		switch d.below(4) {
		case 0:
			return o.email
		case 1:
			return strconv.FormatUint(o.id, 10)
		case 2:
			return o.street
		default:
			return "#" + strconv.Itoa(o.number)
		}
	}},
	{"search-name", func(d *dice, c catalog) string {
		o := c.order(d.below(c.size))
		return strings.ToLower(o.first + " " + o.last)
	}},
	{"search-absent", func(d *dice, _ catalog) string {
		const letters = "wxqkzj"
		term := []byte(absentPairs[d.below(len(absentPairs))])
		for range 4 {
			term = append(term, letters[d.below(len(letters))])
		}
		return string(term)
	}},
	{"search-short", func(d *dice, _ catalog) string { return absentPairs[d.below(len(absentPairs))] }},
	{"search-common", func(d *dice, _ catalog) string { return commonTerms[d.below(len(commonTerms))] }},
	{"search-old", func(d *dice, _ catalog) string { return "#1" + strconv.Itoa(d.below(5)) }},
}

var (
	// absentPairs are in no order: no name, street, city, number or address has them.
	absentPairs = []string{"qx", "xq", "wq", "qw", "zx", "xz", "jq", "qj", "vq", "xj", "kq", "qk", "wx", "xw"}
	// commonTerms are in a hundredth of the orders or more, up to six of ten.
	commonTerms = []string{
		"bogotá", "BOGOTÁ", "bogot", "gmail", "gmail.com", "@gmail", "medellín", "cali", "barranquilla", "cartagena", "hotmail", "outlook.com", "calle", "carrera", "avenida",
		"transversal", "diagonal", "maría", "gómez", "pereira", "ibagué", "yahoo.es", "santa marta", "bucaramanga", "autopista", "circular", "icloud", "pasto", "531", "#",
	}
)

// terms renders searches of a kind.
func (w *world) terms(kind searchKind, extra string) [][]byte {
	d := dice(len(kind.name) * 31)
	out := make([][]byte, variations)
	for i := range out {
		out[i] = w.get("orders/?" + extra + "&search=" + url.QueryEscape(kind.term(&d, w.catalog)))
	}
	return out
}

// searches measures pages of 20 with their count, one after another.
func (b *bench) searches(ctx context.Context, w *world) error {
	for _, kind := range searchKinds {
		if b.opt.wants(kind.name) {
			t, err := b.reads(ctx, w, 1, b.opt.time()/2, w.terms(kind, withoutRaw))
			b.put(ctx, kind.name, w.column, ofTimes(t.times), err)
		}
	}
	if b.opt.wants("search-page") {
		t, err := b.reads(ctx, w, 1, b.opt.time()/2, w.terms(searchKinds[4], withoutRaw+"&cursor="))
		b.put(ctx, "search-page", w.column, ofTimes(t.times), err)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("searching: %w", ctx.Err())
	}
	return nil
}
