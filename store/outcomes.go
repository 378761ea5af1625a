package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Who reported an outcome (Report.Source).
const (
	SourceAPI  = "api"  // a program, by a token
	SourceCSV  = "csv"  // a carrier's report
	SourceUser = "user" // a person, in a session
)

// MaxReports is how many reports one order may have, the undone ones too.
const MaxReports = 1000

// ErrTooManyReports says that the order has as many reports as it may have.
var ErrTooManyReports = errors.New("the order has too many reports")

// Report is what somebody said of an order's parcel.
type Report struct {
	ID            uuid.UUID
	IntegrationID int64
	OrderID       int64
	Counts        bool          // it is the one that counts
	Outcome       ParcelOutcome // never pending
	Source        string
	Import        uuid.UUID // the import that it came with; the zero one: none
	HappenedAt    time.Time // zero: not said
	RecordedAt    time.Time
	UndoneAt      time.Time
	UserID        uuid.UUID
	Carrier       string
	Tracking      string
	Note          string

	seq int64
}

// at is when it was known: when it happened, but not after it was recorded.
func (r Report) at() time.Time {
	if r.HappenedAt.IsZero() || r.HappenedAt.After(r.RecordedAt) {
		return r.RecordedAt
	}
	return r.HappenedAt
}

const reportColumns = `r.seq, r.id, r.integration_id, r.order_id, r.counts, r.outcome, r.source, r.import_id, r.happened_at, r.recorded_at, r.undone_at, r.user_id,
	r.carrier, r.tracking, r.note`

func scanReport(r row) (p Report, err error) {
	var (
		in                         uuid.NullUUID
		happened, recorded, undone sql.NullInt64
		carrier, tracking, note    sql.NullString
	)
	err = r.Scan(&p.seq, &p.ID, &p.IntegrationID, &p.OrderID, &p.Counts, &p.Outcome, &p.Source, &in, &happened, &recorded, &undone, &p.UserID,
		&carrier, &tracking, &note)
	p.Import, p.HappenedAt, p.RecordedAt, p.UndoneAt = in.UUID, fromMillis(happened), fromMillis(recorded), fromMillis(undone)
	p.Carrier, p.Tracking, p.Note = carrier.String, tracking.String, note.String
	return p, err
}

// ReportWriter records reports, and takes some back, in one transaction. What depends on them is told once, by Close.
type ReportWriter struct {
	tx            *Tx
	integrationID int64
	moved         []place // of the orders whose outcome is another
}

// Reports begins to record reports of an integration.
func (tx *Tx) Reports(integrationID int64) *ReportWriter {
	return &ReportWriter{tx: tx, integrationID: integrationID}
}

// Insert adds a report, which counts from then on. changed tells whether the order's outcome is another by it. ErrNotFound when the
// order is not there or deleted, and ErrTooManyReports, change nothing.
func (w *ReportWriter) Insert(ctx context.Context, r Report) (changed bool, err error) {
	op := fmt.Sprintf("outcomes: report of order %d", r.OrderID)
	there, err := get(ctx, w.tx.tx, op, scanOne[int], `SELECT (SELECT count(*) FROM order_outcomes r WHERE r.order_id = o.id)
		FROM orders o WHERE o.id = $1 AND o.integration_id = $2 AND o.deleted_at IS NULL`, r.OrderID, w.integrationID)
	if err != nil {
		return false, err
	}
	if there >= MaxReports {
		return false, fmt.Errorf("%s: %w", op, ErrTooManyReports)
	}
	if _, err := w.tx.tx.ExecContext(ctx, `INSERT INTO order_outcomes (id, integration_id, order_id, counts, outcome, source, import_id, happened_at, recorded_at,
			user_id, carrier, tracking, note) VALUES ($1, $2, $3, FALSE, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		r.ID.String(), w.integrationID, r.OrderID, r.Outcome, r.Source, nullID(r.Import), millis(r.HappenedAt), r.RecordedAt.UnixMilli(),
		r.UserID.String(), null(r.Carrier), null(r.Tracking), null(r.Note)); err != nil {
		return false, failed(op, err)
	}
	return w.settle(ctx, op, r.OrderID)
}

// Undo takes a report back. The one before it counts again, and without any the platform's data does. One that was undone before
// stays as it is.
func (w *ReportWriter) Undo(ctx context.Context, r Report, now time.Time) (changed bool, err error) {
	op := "outcomes: undo " + r.ID.String()
	if _, err := w.tx.tx.ExecContext(ctx, `UPDATE order_outcomes SET undone_at = $2, counts = FALSE WHERE id = $1 AND undone_at IS NULL`,
		r.ID.String(), now.UnixMilli()); err != nil {
		return false, failed(op, err)
	}
	return w.settle(ctx, op, r.OrderID)
}

// Close makes the scores due that depend on what was recorded.
func (w *ReportWriter) Close(ctx context.Context) error {
	moved := w.moved
	w.moved = nil
	return w.tx.disturb(ctx, fmt.Sprintf("outcomes: of integration %d", w.integrationID), w.integrationID, moved)
}

// counting finds the report of an order that counts: of all that are not undone, the one that was said last. What several reports
// of carriers repeat in the same words was said when the first of them said it: lists that are sent every day must not undo each day
// what a person corrected.
//
// It follows from the reports that are not undone alone, so undoing one ends as if it had never been.
const counting = `SELECT ` + reportColumns + ` FROM order_outcomes r JOIN (
		SELECT min(q.seq) AS seq FROM order_outcomes q WHERE q.order_id = $1 AND q.undone_at IS NULL
		GROUP BY CASE q.source WHEN 'csv' THEN 0 ELSE q.seq END, q.outcome, q.happened_at, COALESCE(q.carrier, '')
		ORDER BY 1 DESC LIMIT 1) last ON last.seq = r.seq`

// settle makes the report count that does, and tells whether the order's outcome is another by that.
func (w *ReportWriter) settle(ctx context.Context, op string, orderID int64) (changed bool, err error) {
	tx := w.tx
	var now Report
	now, err = get(ctx, tx.tx, op, scanReport, counting, orderID)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return false, err
	}
	before, err := get(ctx, tx.tx, op, scanReported, `SELECT f.reported, f.reported_at, COALESCE(f.reported_carrier, '') FROM order_facts f WHERE f.order_id = $1`, orderID)
	unread := errors.Is(err, ErrNotFound)
	if err != nil && !unread {
		return false, err
	}
	if _, err := tx.tx.ExecContext(ctx, `UPDATE order_outcomes SET counts = (seq = $2) WHERE order_id = $1 AND counts <> (seq = $2)`, orderID, now.seq); err != nil {
		return false, failed(op, err)
	}
	if unread { // for its score, which happens soon: see settleNewcomers
		return true, nil
	}
	after := reported{outcome: now.Outcome, carrier: now.Carrier}
	if now.Outcome != ParcelPending {
		after.at = now.at()
	}
	if before == after {
		return false, nil
	}
	moved, err := tx.setReported(ctx, op, w.integrationID, orderID, after.outcome, after.at, after.carrier)
	w.moved = append(w.moved, moved)
	return before.outcome != after.outcome, err
}

// settleNewcomers makes reports count of orders that were reported before they were read for their score.
func (tx *Tx) settleNewcomers(ctx context.Context, op string, integrationID int64, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	reported, err := list(ctx, tx.tx, op, scanOne[int64], `SELECT DISTINCT r.order_id FROM `+tx.dialect().numbers("$1")+` n
		CROSS JOIN order_outcomes r WHERE r.order_id = n.value AND r.counts`, tx.dialect().numberList(ids))
	if err != nil {
		return err
	}
	w := tx.Reports(integrationID)
	for _, id := range reported {
		if _, err := w.settle(ctx, op, id); err != nil {
			return err
		}
	}
	return w.Close(ctx)
}

// reported is what order_facts says of the report that counts.
type reported struct {
	outcome ParcelOutcome
	at      time.Time
	carrier string
}

func scanReported(r row) (p reported, err error) {
	var at sql.NullInt64
	err = r.Scan(&p.outcome, &at, &p.carrier)
	p.at = fromMillis(at)
	return p, err
}

// Reports lists what was reported of an order, newest first, the undone ones too.
func (s *Store) Reports(ctx context.Context, integrationID, orderID int64, limit int) ([]Report, error) {
	return list(ctx, s.readers, fmt.Sprintf("outcomes: of order %d", orderID), scanReport, `SELECT `+reportColumns+` FROM order_outcomes r
		WHERE r.order_id = $1 AND r.integration_id = $2 ORDER BY r.seq DESC LIMIT $3`, orderID, integrationID, pageSize(limit))
}

// CountingReport is the report of an order that counts; ErrNotFound when there is none.
func (s *Store) CountingReport(ctx context.Context, integrationID, orderID int64) (Report, error) {
	return get(ctx, s.readers, fmt.Sprintf("outcomes: what counts of order %d", orderID), scanReport, `SELECT `+reportColumns+` FROM order_outcomes r
		WHERE r.order_id = $1 AND r.integration_id = $2 AND r.counts`, orderID, integrationID)
}

// Report is one report as the transaction sees it; ErrNotFound also when its order was deleted.
func (tx *Tx) Report(ctx context.Context, integrationID int64, id uuid.UUID) (Report, error) {
	return get(ctx, tx.tx, "outcomes: get "+id.String(), scanReport, `SELECT `+reportColumns+` FROM order_outcomes r
		JOIN orders o ON o.id = r.order_id AND o.deleted_at IS NULL WHERE r.id = $1 AND r.integration_id = $2`, id.String(), integrationID)
}

// SourceCount is how many orders have an outcome by reports of one source.
type SourceCount struct {
	Source  string
	Outcome ParcelOutcome
	Orders  int
}

// SourceCounts counts the orders of an integration whose outcome was reported, by who did.
func (s *Store) SourceCounts(ctx context.Context, integrationID int64) ([]SourceCount, error) {
	return list(ctx, s.readers, fmt.Sprintf("outcomes: sources of integration %d", integrationID), func(r row) (c SourceCount, err error) {
		err = r.Scan(&c.Source, &c.Outcome, &c.Orders)
		return c, err
	}, `SELECT r.source, r.outcome, count(*) FROM order_outcomes r`+s.dialect.indexed("order_outcomes_counts")+`
		WHERE r.integration_id = $1 AND r.counts GROUP BY r.source, r.outcome ORDER BY r.source, r.outcome`, integrationID)
}

// forgetReports deletes what was reported and marked of orders that are deleted.
func (tx *Tx) forgetReports(ctx context.Context, op string, ids []int64) error {
	for _, table := range [...]string{"order_outcomes", "order_marks"} {
		if _, err := tx.tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE order_id IN (SELECT n.value FROM `+tx.dialect().numbers("$1")+` n)`, tx.dialect().numberList(ids)); err != nil {
			return failed(op, err)
		}
	}
	return nil
}

// redactReports takes out of what was reported and marked of an order whatever somebody wrote in own words, and the carrier's number,
// by which others know the customer. changed is false when there was nothing of that kind.
func (tx *Tx) redactReports(ctx context.Context, op string, orderID int64) (changed bool, err error) {
	for _, clear := range [...]string{
		`UPDATE order_outcomes SET note = NULL, tracking = NULL WHERE order_id = $1 AND (note IS NOT NULL OR tracking IS NOT NULL)`,
		`UPDATE order_marks SET note = NULL WHERE order_id = $1 AND note IS NOT NULL`,
	} {
		res, err := tx.tx.ExecContext(ctx, clear, orderID)
		if err != nil {
			return changed, failed(op, err)
		}
		n, err := res.RowsAffected()
		if err != nil {
			return changed, failed(op, err)
		}
		changed = changed || n > 0
	}
	return changed, nil
}

// nullID is an id as it is stored; the zero one is none.
func nullID(id uuid.UUID) sql.NullString {
	return sql.NullString{String: id.String(), Valid: id != uuid.Nil}
}
