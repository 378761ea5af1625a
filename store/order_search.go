package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"
	"strings"
)

const (
	// commonWord is how many of the newest orders with a word are looked at to learn how frequent it is.
	commonWord = 500
	// askedEnough is how few orders are expected to have all words that the index is asked for, when no further one is
	// worth its time: each is another list to walk. askedMost is how many are asked for whatever is expected.
	askedEnough = 200
	askedMost   = 5
)

// frequency is a word of the search index, the part of the term that it is from, and the share of orders that have it.
type frequency struct {
	word  string
	part  int
	share float64
}

// match asks for the most selective words of the term, rarest first.
//
// This index walks the lists of all words that it is asked for, and a term may consist of words that each are in a fourth of
// all orders. A few exclude nearly as much as all of them, when they are rare and from different parts of the term: who has "rod"
// mostly has "guez" as well.
func (sqliteDialect) match(ctx context.Context, r orderRead) (string, error) {
	words := termWords(r.term)
	if termIsShort(r.term) { // many lists in one; how long is not cheap to tell
		return `"` + storeWord(r.f.IntegrationID) + `" AND ` + words[0].word(), nil
	}
	last, err := get(ctx, r.s.readers, r.op, scanOne[sql.NullInt64], `SELECT max(id) FROM orders`)
	if err != nil {
		return "", err
	}
	size, err := r.s.sumOrders(ctx, r.op, OrderFilter{IntegrationID: r.f.IntegrationID})
	if err != nil {
		return "", err
	}
	var known []frequency
	if share := float64(size) / float64(max(last.Int64, 1)); share < 0.5 { // else it excludes too little for so long a list
		known = append(known, frequency{`"` + storeWord(r.f.IntegrationID) + `"`, -1, share})
	}
	for _, w := range words {
		row, err := get(ctx, r.s.readers, r.op, scanOne[int64],
			`SELECT s.rowid FROM order_search s WHERE s.order_search MATCH $1 ORDER BY s.rowid DESC LIMIT 1 OFFSET $2`, w.word(), commonWord-1)
		share := 0.0
		switch {
		case errors.Is(err, ErrNotFound):
		case err != nil:
			return "", err
		default:
			share = commonWord / math.Max(float64(last.Int64-row+1), 1)
		}
		known = append(known, frequency{w.word(), w.part, share})
		if share == 0 {
			break // as selective as it needs to be
		}
	}
	slices.SortStableFunc(known, func(a, b frequency) int { return cmp.Compare(a.share, b.share) })
	var asked []string
	seen := make(map[int]bool)
	expected := float64(max(last.Int64, 1))
	for _, f := range known {
		if !seen[f.part] && (len(asked) == 0 || expected > askedEnough) {
			seen[f.part] = true
			asked = append(asked, f.word)
			expected *= f.share
		}
	}
	for _, f := range known { // the rest excludes less, and one cannot tell how much
		if expected > askedEnough && len(asked) < askedMost && !slices.Contains(asked, f.word) {
			asked = append(asked, f.word)
		}
	}
	return strings.Join(asked, " AND "), nil
}

func (d sqliteDialect) narrow(ctx context.Context, r orderRead, c *conditions) error {
	match, err := d.match(ctx, r)
	if err == nil {
		c.parts = append(c.parts, "o.id IN ("+d.found(c.param(match))+")")
	}
	return err
}

// dearTerm: of a short term, many lists have to be joined.
func (sqliteDialect) dearTerm(_ context.Context, r orderRead) (bool, error) {
	return termIsShort(r.term), nil
}

// gatherTerm finds all orders with the term when few have it. ok is false when many do.
func (r orderRead) gatherTerm(ctx context.Context) (keys []OrderKey, ok bool, err error) {
	dear, err := r.s.dialect.dearTerm(ctx, r)
	if err != nil {
		return nil, false, err
	}
	if dear {
		// Few orders have it only when the newest do not: ask the index only then.
		found, err := r.walkTexts(ctx, r.s.bounds.found)
		if err != nil || len(found) == r.s.bounds.found {
			return nil, false, err
		}
	}
	match, err := r.s.dialect.match(ctx, r)
	if err != nil {
		return nil, false, err
	}
	candidates, err := list(ctx, r.s.readers, r.op, scanOne[int64],
		r.s.dialect.found("$1")+` LIMIT $2`, match, r.s.bounds.gather+1)
	if err != nil || len(candidates) > r.s.bounds.gather {
		return nil, false, err
	}
	keys, err = r.gatherIDs(ctx, candidates)
	return keys, err == nil, err
}

// gatherIDs finds those of the orders that meet the filter and have the term.
func (r orderRead) gatherIDs(ctx context.Context, ids []int64) ([]OrderKey, error) {
	c := r.f.where()
	r.hasTerm(c)
	from := r.s.dialect.numbers(c.param(r.s.dialect.numberList(ids))) + ` n CROSS JOIN orders o`
	keys, err := r.keys(ctx, r.selectKeys(from)+` WHERE o.id = n.value AND `+c.String(), c.args...)
	slices.SortFunc(keys, r.f.Order.compare)
	return keys, err
}
