package store

import (
	"cmp"
	"context"
	"slices"
)

// searchChange is an order whose search text is another than before.
type searchChange struct {
	row    int64
	before string // the text that the index has; empty: none
	words  string // the new words; empty: the order leaves the index
}

// searchBatches are the numbers of rows that one statement adds to the index.
var searchBatches = [...]int{25, 5, 1}

// writeSearch brings the search index up to date. The index keeps no texts, so that an order leaves it by its old words.
func (tx *Tx) writeSearch(ctx context.Context, op string, integrationID int64, changes []searchChange) error {
	// The index gathers rows in memory as long as their numbers grow; one that goes back makes it write.
	slices.SortFunc(changes, func(a, b searchChange) int { return cmp.Compare(a.row, b.row) })
	word := storeWord(integrationID)
	var add []searchChange
	for _, c := range changes {
		if c.before != "" {
			if err := tx.addSearch(ctx, word, add); err != nil {
				return failed(op, err)
			}
			add = add[:0]
			if _, err := tx.tx.ExecContext(ctx, `INSERT INTO order_search (order_search, rowid, grams) VALUES ('delete', $1, $2)`,
				c.row, word+searchWords(c.before)); err != nil {
				return failed(op, err)
			}
		}
		if c.words != "" {
			add = append(add, c)
		}
	}
	return failed(op, tx.addSearch(ctx, word, add))
}

func (tx *Tx) addSearch(ctx context.Context, word string, add []searchChange) error {
	for _, size := range searchBatches {
		for ; len(add) >= size; add = add[size:] {
			args := make([]any, 0, 2*size)
			for _, c := range add[:size] {
				args = append(args, c.row, word+c.words)
			}
			if _, err := tx.tx.ExecContext(ctx, `INSERT INTO order_search (rowid, grams) VALUES `+sqlite.values(size, 2), args...); err != nil {
				return err
			}
		}
	}
	return nil
}
