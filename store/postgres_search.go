package store

import (
	"context"
	"strconv"
	"strings"
)

// The search index of PostgreSQL is a GIN index over text search vectors of our own words, the same as FTS5's. It walks the list of the
// rarest word that it is asked for and looks the others up, so it is simply asked for all.

// everyWord stands for all words of a text that has too many for a vector. Whoever searches finds it and looks at the text.
const everyWord = "every"

// maxVectorWords is how many words go into a vector, which may have a megabyte.
const maxVectorWords = 40_000

// The first texts of a list tell how common a term is. The index gives all the orders that have it, or none: an entry takes a fifth of the
// time of looking at a text, and of a common term there are very many.
const (
	sampledTexts = 200
	entriesAText = 5
)

// dearTerm compares what the index would give with how many texts have to be looked at until enough are found.
func (d postgresDialect) dearTerm(ctx context.Context, r orderRead) (bool, error) {
	if termIsShort(r.term) {
		return true, nil
	}
	c := r.f.where()
	n, err := get(ctx, r.s.readers, r.op, scanOne[int], `SELECT count(*) FROM (SELECT o.search_text FROM `+r.s.ordersIndexed(r.f.Order.index())+
		` WHERE `+c.String()+r.f.orderBy()+` LIMIT `+c.param(sampledTexts)+`) o WHERE `+d.contains("o.search_text", c.param(r.term)), c.args...)
	if err != nil || n*r.s.bounds.walk < sampledTexts*r.s.bounds.found {
		return false, err // the walk would end before it has found enough
	}
	size, err := r.s.sumOrders(ctx, r.op, OrderFilter{IntegrationID: r.f.IntegrationID})
	entries, texts := n*size/sampledTexts, r.s.bounds.found*sampledTexts/max(n, 1)
	return entries > texts*entriesAText, err
}

// narrow: the index would give all that have the term, to be looked up and sorted before the first is known.
func (postgresDialect) narrow(context.Context, orderRead, *conditions) error { return nil }

// vector is the words of an order as the index gets them.
func vector(integrationID int64, words string) []string {
	list := strings.Split(strings.TrimPrefix(words, " "), " ") // and not at what else is a space
	if len(list) > maxVectorWords {
		list = []string{everyWord}
	}
	return append(list, storeWord(integrationID))
}

// vectors are the rows of a statement that makes vectors of words.
func vectors(rows int) string {
	var b strings.Builder
	for i := range rows {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("($" + strconv.Itoa(2*i+1) + ", array_to_tsvector($" + strconv.Itoa(2*i+2) + "))")
	}
	return b.String()
}

func (postgresDialect) found(param string) string {
	return `SELECT s.order_id FROM order_search s WHERE s.words @@ ` + param + `::tsquery`
}

func (postgresDialect) match(_ context.Context, r orderRead) (string, error) {
	var b strings.Builder
	b.WriteString("'" + storeWord(r.f.IntegrationID) + "' & ('" + everyWord + "' | ")
	for i, w := range termWords(r.term) {
		if i > 0 {
			b.WriteString(" & ")
		}
		b.WriteString("'" + w.text + "'")
		if w.prefix {
			b.WriteString(":*")
		}
	}
	b.WriteByte(')')
	return b.String(), nil
}

func (d postgresDialect) writeSearch(ctx context.Context, tx *Tx, op string, integrationID int64, changes []searchChange) error {
	var gone []int64
	written := make([]searchChange, 0, len(changes))
	for _, c := range changes {
		switch {
		case c.words != "":
			written = append(written, c)
		case c.before != "":
			gone = append(gone, c.row)
		}
	}
	if len(gone) > 0 {
		if _, err := tx.tx.ExecContext(ctx, `DELETE FROM order_search WHERE order_id IN (SELECT n.value FROM `+d.numbers("$1")+` n)`, d.numberList(gone)); err != nil {
			return failed(op, err)
		}
	}
	for _, size := range orderBatches {
		for ; len(written) >= size; written = written[size:] {
			args := make([]any, 0, 2*size)
			for _, c := range written[:size] {
				args = append(args, c.row, vector(integrationID, c.words))
			}
			if _, err := tx.tx.ExecContext(ctx, `INSERT INTO order_search (order_id, words) VALUES `+vectors(size)+`
				ON CONFLICT (order_id) DO UPDATE SET words = excluded.words`, args...); err != nil {
				return failed(op, err)
			}
		}
	}
	return nil
}

// eraseSearch: what a row had before goes with a vacuum.
func (d postgresDialect) eraseSearch(ctx context.Context, tx *Tx, op string, integrationID int64, c searchChange) error {
	return d.writeSearch(ctx, tx, op, integrationID, []searchChange{c})
}
