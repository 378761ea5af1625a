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

// writeSearch brings the search index up to date.
func (tx *Tx) writeSearch(ctx context.Context, op string, integrationID int64, changes []searchChange) error {
	// Neighbours in the index follow each other.
	slices.SortFunc(changes, func(a, b searchChange) int { return cmp.Compare(a.row, b.row) })
	return tx.dialect().writeSearch(ctx, tx, op, integrationID, changes)
}

// found: the rows of the index have the numbers of the orders.
func (sqliteDialect) found(param string) string {
	return `SELECT s.rowid FROM order_search s WHERE s.order_search MATCH ` + param
}

// writeSearch: the index keeps no texts, so that an order leaves it by its old words. It gathers rows as long as their numbers grow;
// one that goes back makes it write.
//
// Each row has a statement of its own: one of several rows begins a savepoint, at which the index writes what it has gathered
// in memory, and pieces that small cost more to merge later than all the statements.
func (sqliteDialect) writeSearch(ctx context.Context, tx *Tx, op string, integrationID int64, changes []searchChange) error {
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
