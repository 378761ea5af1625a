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

// writeSearch brings the search index up to date. The index keeps no texts, so that an order leaves it by its old words.
//
// Each row has a statement of its own: one of several rows begins a savepoint, at which the index writes what it has gathered
// in memory, and pieces that small cost more to merge later than all the statements.
func (tx *Tx) writeSearch(ctx context.Context, op string, integrationID int64, changes []searchChange) error {
	// The index gathers rows as long as their numbers grow; one that goes back makes it write.
	slices.SortFunc(changes, func(a, b searchChange) int { return cmp.Compare(a.row, b.row) })
	word := storeWord(integrationID)
	for _, c := range changes {
		if c.before != "" {
			if _, err := tx.tx.ExecContext(ctx, `INSERT INTO order_search (order_search, rowid, grams) VALUES ('delete', $1, $2)`,
				c.row, word+searchWords(c.before)); err != nil {
				return failed(op, err)
			}
		}
		if c.words != "" {
			if _, err := tx.tx.ExecContext(ctx, `INSERT INTO order_search (rowid, grams) VALUES ($1, $2)`, c.row, word+c.words); err != nil {
				return failed(op, err)
			}
		}
	}
	return nil
}
