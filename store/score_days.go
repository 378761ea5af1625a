package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// DayScores is how many orders of one UTC day are scored, and what their scores add up to.
type DayScores struct {
	Day    time.Time // its midnight
	Orders int
	Points int64 // 0 to 100 for each order
}

// DayScores are the scores of the orders that are not deleted, for every UTC day from that of since to that of until, both whole. Days
// belong to orders as for DayStats. Days without a scored order have no row; the others come in order.
func (s *Store) DayScores(ctx context.Context, integrationID int64, since, until time.Time) ([]DayScores, error) {
	return list(ctx, s.readers, fmt.Sprintf("stats: scores of integration %d", integrationID), func(r row) (d DayScores, err error) {
		var day int64
		err = r.Scan(&day, &d.Orders, &d.Points)
		d.Day = time.UnixMilli(day * dayMillis).UTC()
		return d, err
	}, dayScoresQuery, integrationID, dayOf(since.UnixMilli()), dayOf(until.UnixMilli()))
}

// dayScoresQuery takes integration, first day and last.
const dayScoresQuery = `SELECT d.day, d.orders, d.points FROM score_days d
	WHERE d.integration_id = $1 AND d.day >= $2 AND d.day <= $3 AND d.orders > 0 ORDER BY d.day`

// scoreDelta is by how much a row of score_days changes.
type scoreDelta struct{ orders, points int64 }

// addScore counts the score of an order in or out.
func (l ledger) addScore(o orderSum, sign int64) {
	if !o.score.Valid {
		return
	}
	day := dayOf(o.listedAt)
	d := l.scores[day]
	l.scores[day] = scoreDelta{d.orders + sign, d.points + sign*o.score.Int64}
}

// writeScores brings the scores of an integration's days up to date.
func (tx *Tx) writeScores(ctx context.Context, op string, integrationID int64, scores map[int64]scoreDelta) error {
	days := slices.DeleteFunc(slices.Sorted(maps.Keys(scores)), func(day int64) bool { return scores[day] == scoreDelta{} })
	for _, size := range dayBatches {
		for ; len(days) >= size; days = days[size:] {
			args := make([]any, 0, size*4)
			for _, day := range days[:size] {
				args = append(args, integrationID, day, scores[day].orders, scores[day].points)
			}
			if _, err := tx.tx.ExecContext(ctx, `INSERT INTO score_days (integration_id, day, orders, points) VALUES `+tx.dialect().values(size, 4)+`
				ON CONFLICT (integration_id, day) DO UPDATE SET orders = score_days.orders + excluded.orders, points = score_days.points + excluded.points`,
				args...); err != nil {
				return failed(op, err)
			}
		}
	}
	return nil
}
