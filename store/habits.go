package store

import (
	"context"
	"fmt"
	"time"
)

// Habit is how often deliveries of a topic come to an integration.
type Habit struct {
	IntegrationID int64
	Topic         string
	Deliveries    int
	FirstAt       time.Time
	LastAt        time.Time
	LongestGap    time.Duration // the longest usual time between two
}

// gapLife is the time in which a longest gap that does not come again loses all of itself if it lost as much as at first, in
// milliseconds. As it loses less and less, it is half as long after a month: a holiday is forgotten, a weekend is not.
const gapLife = 43 * 24 * 60 * 60 * 1000

// NoteDeliveries brings the habit of a topic up to date with n more deliveries, received from first to last. A gap that lies
// between these is not looked at: they are one batch. When some of them are older than what is known, as after a replay, the
// gap is the time up to the last one.
func (tx *Tx) NoteDeliveries(ctx context.Context, integrationID int64, topic string, n int, first, last time.Time) error {
	greatest, least := tx.dialect().greatest(), tx.dialect().least()
	_, err := tx.tx.ExecContext(ctx, `INSERT INTO webhook_habits AS h (integration_id, topic, deliveries, first_at, last_at, longest_gap)
		VALUES ($1, $2, $3, $4, $5, 0)
		ON CONFLICT (integration_id, topic) DO UPDATE SET
			deliveries = h.deliveries + excluded.deliveries,
			last_at = `+greatest+`(h.last_at, excluded.last_at),
			longest_gap = `+greatest+`(
				h.longest_gap * (1 - `+least+`(`+greatest+`(excluded.last_at - h.last_at, 0), $6) / ($6 * 1.0)),
				CASE WHEN excluded.first_at > h.last_at THEN excluded.first_at ELSE excluded.last_at END - h.last_at)`,
		integrationID, topic, n, first.UnixMilli(), last.UnixMilli(), gapLife)
	return failed(fmt.Sprintf("habits: note deliveries of integration %d", integrationID), err)
}

// Habits lists the habits of these integrations, by topic; those without any are left out.
func (s *Store) Habits(ctx context.Context, ids []int64) (map[int64][]Habit, error) {
	out := make(map[int64][]Habit)
	err := eachChunk(s.dialect, ids, nil, func(in string, args []any) error {
		rows, err := list(ctx, s.readers, "habits: list", func(r row) (h Habit, err error) {
			var first, last int64
			var gap float64
			err = r.Scan(&h.IntegrationID, &h.Topic, &h.Deliveries, &first, &last, &gap)
			h.FirstAt, h.LastAt = time.UnixMilli(first).UTC(), time.UnixMilli(last).UTC()
			h.LongestGap = time.Duration(gap) * time.Millisecond
			return h, err
		}, `SELECT h.integration_id, h.topic, h.deliveries, h.first_at, h.last_at, h.longest_gap FROM webhook_habits h
			WHERE h.integration_id IN (`+in+`) ORDER BY h.integration_id, h.topic`, args...)
		for _, h := range rows {
			out[h.IntegrationID] = append(out[h.IntegrationID], h)
		}
		return err
	})
	return out, err
}
