package store

import (
	"context"
	"strconv"
	"time"
)

// LastDelivery is the number of the newest delivery of an integration, 0 without any.
func (s *Store) LastDelivery(ctx context.Context, integrationID int64) (int64, error) {
	return get(ctx, s.work, "deliveries: last", scanOne[int64],
		`SELECT COALESCE(max(d.seq), 0) FROM deliveries d WHERE d.integration_id = $1`, integrationID)
}

// MatchingDeliveries lists the numbers of the first deliveries of a filter behind one and up to another, at most limit of them.
func (s *Store) MatchingDeliveries(ctx context.Context, integrationID int64, f DeliveryFilter, after, last int64, limit int) ([]int64, error) {
	cond, args := f.where(integrationID)
	n := len(args)
	return list(ctx, s.work, "deliveries: matching", scanOne[int64], `SELECT d.seq FROM deliveries d WHERE `+cond+`
		AND d.seq > $`+strconv.Itoa(n+1)+` AND d.seq <= $`+strconv.Itoa(n+2)+` ORDER BY d.seq LIMIT $`+strconv.Itoa(n+3),
		append(args, after, last, pageSize(limit))...)
}

// ReplayDeliveries makes deliveries due again, from now on, that are still in that state, and returns how many they are.
func (tx *Tx) ReplayDeliveries(ctx context.Context, state string, seqs []int64, now time.Time) (int, error) {
	const op = "deliveries: replay"
	due, err := list(ctx, tx.tx, op, scanReplayed, `UPDATE deliveries SET state = 'pending', attempts = 0, error_code = '', error_detail = '',
		processed_at = NULL, next_attempt_at = $3, duration_ms = NULL
		WHERE state = $1 AND seq IN (SELECT n.value FROM `+tx.dialect().numbers("$2")+` n) RETURNING id, integration_id, topic`, state, tx.dialect().numberList(seqs), now.UnixMilli())
	if err != nil {
		return 0, err
	}
	for _, d := range due {
		tx.noteDelivery(d)
	}
	return len(due), nil
}

func scanReplayed(r row) (d Delivery, err error) {
	d.State = DeliveryPending
	err = r.Scan(&d.ID, &d.IntegrationID, &d.Topic)
	return d, err
}
