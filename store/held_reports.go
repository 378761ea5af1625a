package store

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// How much of reports that wait to be recorded is kept: in all, of one account, and in bytes as they are packed.
const (
	heldReports        = 40
	accountHeldReports = 5
	heldBytes          = 32 << 20
)

// HeldReport is a carrier's report that was tried and may be recorded next.
type HeldReport struct {
	ID            uuid.UUID
	UserID        uuid.UUID
	IntegrationID int64
	Body          []byte
	CreatedAt     time.Time
	ExpiresAt     time.Time
}

// HoldReport keeps a report. Those that are over make room, and then the oldest.
func (tx *Tx) HoldReport(ctx context.Context, r HeldReport) error {
	const op = "held reports: insert"
	if _, err := tx.tx.ExecContext(ctx, `INSERT INTO held_reports (id, user_id, integration_id, body, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		r.ID.String(), r.UserID.String(), r.IntegrationID, r.Body, r.CreatedAt.UnixMilli(), r.ExpiresAt.UnixMilli()); err != nil {
		return failed(op, err)
	}
	for _, trim := range []struct {
		query string
		args  []any
	}{
		{`DELETE FROM held_reports WHERE expires_at <= $1`, []any{r.CreatedAt.UnixMilli()}},
		{
			`DELETE FROM held_reports WHERE id IN (SELECT id FROM held_reports WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT 9223372036854775807 OFFSET $2)`,
			[]any{r.UserID.String(), accountHeldReports},
		},
		{`DELETE FROM held_reports WHERE id IN (SELECT id FROM (SELECT id, sum(length(body)) OVER newest AS bytes, row_number() OVER newest AS place
			FROM held_reports WINDOW newest AS (ORDER BY created_at DESC, id DESC)) h WHERE h.place > $1 OR h.bytes > $2)`, []any{heldReports, heldBytes}},
	} {
		if _, err := tx.tx.ExecContext(ctx, trim.query, trim.args...); err != nil {
			return failed(op, err)
		}
	}
	return nil
}

// TakeReport gives a report once; ErrNotFound when the account has none with that id for the integration, or its time is over.
func (tx *Tx) TakeReport(ctx context.Context, userID, id uuid.UUID, integrationID int64, now time.Time) (HeldReport, error) {
	const op = "held reports: take"
	r, err := get(ctx, tx.tx, op, func(r row) (h HeldReport, err error) {
		var created, expires int64
		err = r.Scan(&h.ID, &h.UserID, &h.IntegrationID, &h.Body, &created, &expires)
		h.CreatedAt, h.ExpiresAt = time.UnixMilli(created).UTC(), time.UnixMilli(expires).UTC()
		return h, err
	}, `SELECT id, user_id, integration_id, body, created_at, expires_at FROM held_reports
		WHERE id = $1 AND user_id = $2 AND integration_id = $3 AND expires_at > $4`, id.String(), userID.String(), integrationID, now.UnixMilli())
	if err != nil {
		return HeldReport{}, err
	}
	_, err = tx.tx.ExecContext(ctx, `DELETE FROM held_reports WHERE id = $1`, id.String())
	return r, failed(op, err)
}

// DropReports drops all that are held for an integration. They can be tried again, and nobody knows whose names stand in them.
func (tx *Tx) DropReports(ctx context.Context, integrationID int64) error {
	_, err := tx.tx.ExecContext(ctx, `DELETE FROM held_reports WHERE integration_id = $1`, integrationID)
	return failed("held reports: drop", err)
}

// ExpireReports deletes a slice of the reports whose time is over, and tells whether there may be more.
func (s *Store) ExpireReports(ctx context.Context, now time.Time) (more bool, err error) {
	return s.expire(ctx, "held_reports", now)
}
