package store

import (
	"context"
	"fmt"
)

// SourceCount is how many orders have an outcome by reports of one source.
type SourceCount struct {
	Source  string
	Outcome ParcelOutcome
	Orders  int
}

// SourceCounts counts the orders of an integration whose outcome was reported, by who did. It reads a row for each of the few pairs:
// walking a million reports along an index took 0.12 to 0.3 seconds.
func (s *Store) SourceCounts(ctx context.Context, integrationID int64) ([]SourceCount, error) {
	return list(ctx, s.readers, fmt.Sprintf("outcomes: sources of integration %d", integrationID), func(r row) (c SourceCount, err error) {
		err = r.Scan(&c.Source, &c.Outcome, &c.Orders)
		return c, err
	}, `SELECT c.source, c.outcome, c.orders FROM outcome_sources c WHERE c.integration_id = $1 AND c.orders > 0 ORDER BY c.source, c.outcome`, integrationID)
}

// sourceKey is a row of outcome_sources within its integration.
type sourceKey struct {
	source  string
	outcome ParcelOutcome
}

func scanSourceKey(r row) (k sourceKey, err error) {
	err = r.Scan(&k.source, &k.outcome)
	return k, err
}

// sourceCounts is by how much the counts of sources change.
type sourceCounts map[sourceKey]int64

// countSources brings the counts of sources up to date.
func (tx *Tx) countSources(ctx context.Context, op string, integrationID int64, counts sourceCounts) error {
	for k, n := range counts {
		if n == 0 {
			continue
		}
		if _, err := tx.tx.ExecContext(ctx, `INSERT INTO outcome_sources (integration_id, source, outcome, orders) VALUES ($1, $2, $3, $4)
			ON CONFLICT (integration_id, source, outcome) DO UPDATE SET orders = outcome_sources.orders + excluded.orders`,
			integrationID, k.source, k.outcome, n); err != nil {
			return failed(op, err)
		}
	}
	return nil
}
