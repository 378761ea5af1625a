package store

import (
	"context"
	"strings"
)

// ExecReader runs a statement on a read connection.
func ExecReader(ctx context.Context, s *Store, query string) error {
	_, err := s.readers.ExecContext(ctx, query)
	return err
}

// Plan is how the engine would answer a query.
func Plan(ctx context.Context, s *Store, query string, args ...any) (string, error) {
	type step struct {
		id, parent, unused int
		detail             string
	}
	steps, err := list(ctx, s.readers, "plan", func(r row) (v step, err error) {
		err = r.Scan(&v.id, &v.parent, &v.unused, &v.detail)
		return v, err
	}, `EXPLAIN QUERY PLAN `+query, args...)
	lines := make([]string, len(steps))
	for i, st := range steps {
		lines[i] = st.detail
	}
	return strings.Join(lines, "\n"), err
}

// OrdersQuery, CountQuery and the others are the texts that the methods run.
func OrdersQuery(f OrderFilter) (string, []any) {
	c := f.where()
	tail := f.page(c)
	return selectOrders(f.Payload) + c.String() + tail, c.args
}

func WindowQuery(field string) (string, error) { return windowQuery(field) }

func PurchaseCountsQuery() string { return purchaseCounts(sqlite.in(2)) }

const (
	PendingQuery      = pendingDeliveries
	HasDueQuery       = hasDueDeliveries
	DueQuery          = integrationsDue
	LastReceivedQuery = lastReceived
)
