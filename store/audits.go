package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Audit is one comparison of what the platform has with what is stored.
type Audit struct {
	ID            uuid.UUID
	IntegrationID int64
	State         string    // queued, running, completed, failed or cancelled
	Cause         string    // manual, daily or away
	Repair        bool      // mend what differs
	From, To      time.Time // the orders created in between, both seconds included; set at the first slice
	Next          time.Time // where the window in hand begins; behind To when all are done
	Pass          int       // how often the window in hand is read
	Total         *int      // the platform's count of all as the audit began; nil while unknown
	AuditCounts
	Created       int       // missing ones that were stored
	Updated       int       // stale ones that were renewed
	Deleted       int       // extra ones that were marked deleted
	OldestGap     time.Time // the earliest time that the platform knew of and we did not; zero when nothing differed
	Windows       []AuditWindow
	Examples      AuditExamples
	Attempts      int // failures in a row
	ErrorCode     string
	ErrorDetail   string
	QueuedAt      time.Time
	StartedAt     time.Time
	FinishedAt    time.Time
	NextAttemptAt time.Time
}

// AuditCounts are the results of a window, or of all of them.
type AuditCounts struct {
	Counted int `json:"counted"` // the platform's own count
	Stored  int `json:"stored"`  // not deleted, before anything was mended
	Checked int `json:"checked"` // orders of the platform that were compared
	Missing int `json:"missing"` // the platform has them and we do not
	Extra   int `json:"extra"`   // we have them and the platform does not
	Stale   int `json:"stale"`   // ours are older
}

// AuditWindow is what one window came to. To is zero while it is in hand.
type AuditWindow struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	AuditCounts
	Repaired int `json:"repaired"`
}

// AuditExamples are the platform's ids of some orders of each kind.
type AuditExamples struct {
	Missing []string `json:"missing,omitempty"`
	Extra   []string `json:"extra,omitempty"`
	Stale   []string `json:"stale,omitempty"`
}

// Repaired is how many orders the audit mended.
func (m Audit) Repaired() int { return m.Created + m.Updated + m.Deleted }

// Drift is how many orders still differ.
func (m Audit) Drift() int { return m.Missing + m.Extra + m.Stale - m.Repaired() }

// Add adds the results of another window.
func (c *AuditCounts) Add(o AuditCounts) {
	c.Counted, c.Stored, c.Checked = c.Counted+o.Counted, c.Stored+o.Stored, c.Checked+o.Checked
	c.Missing, c.Extra, c.Stale = c.Missing+o.Missing, c.Extra+o.Extra, c.Stale+o.Stale
}

const auditColumns = `a.id, a.integration_id, a.state, a.cause, a.repair, a.window_from, a.window_to, a.next_from, a.pass, a.total, a.counted, a.stored, a.checked,
	a.missing, a.extra, a.stale, a.created, a.updated, a.deleted, a.oldest_gap, a.windows, a.examples, a.attempts, a.error_code, a.error_detail,
	a.queued_at, a.started_at, a.finished_at, a.next_attempt_at`

func scanAudit(r row) (m Audit, err error) {
	var (
		from, to, next, total, gap       sql.NullInt64
		queued, started, finished, again sql.NullInt64
		windows, examples                string
	)
	if err := r.Scan(&m.ID, &m.IntegrationID, &m.State, &m.Cause, &m.Repair, &from, &to, &next, &m.Pass, &total, &m.Counted, &m.Stored, &m.Checked,
		&m.Missing, &m.Extra, &m.Stale, &m.Created, &m.Updated, &m.Deleted, &gap, &windows, &examples, &m.Attempts, &m.ErrorCode, &m.ErrorDetail,
		&queued, &started, &finished, &again); err != nil {
		return Audit{}, err
	}
	if total.Valid {
		n := int(total.Int64)
		m.Total = &n
	}
	m.From, m.To, m.Next, m.OldestGap = fromMillis(from), fromMillis(to), fromMillis(next), fromMillis(gap)
	m.QueuedAt, m.StartedAt, m.FinishedAt, m.NextAttemptAt = fromMillis(queued), fromMillis(started), fromMillis(finished), fromMillis(again)
	if err := json.Unmarshal([]byte(windows), &m.Windows); err != nil {
		return Audit{}, fmt.Errorf("windows: %w", err)
	}
	if err := json.Unmarshal([]byte(examples), &m.Examples); err != nil {
		return Audit{}, fmt.Errorf("examples: %w", err)
	}
	return m, nil
}

// values are the columns after integration_id, in the order of auditColumns.
func (m Audit) values() ([]any, error) {
	var total sql.NullInt64
	if m.Total != nil {
		total = sql.NullInt64{Int64: int64(*m.Total), Valid: true}
	}
	if m.Windows == nil {
		m.Windows = []AuditWindow{}
	}
	windows, err := json.Marshal(m.Windows)
	if err != nil {
		return nil, err
	}
	examples, err := json.Marshal(m.Examples)
	if err != nil {
		return nil, err
	}
	return []any{
		m.State, m.Cause, m.Repair, millis(m.From), millis(m.To), millis(m.Next), m.Pass, total, m.Counted, m.Stored, m.Checked,
		m.Missing, m.Extra, m.Stale, m.Created, m.Updated, m.Deleted, millis(m.OldestGap), string(windows), string(examples),
		m.Attempts, m.ErrorCode, m.ErrorDetail, m.QueuedAt.UnixMilli(), millis(m.StartedAt), millis(m.FinishedAt), millis(m.NextAttemptAt),
	}, nil
}

// InsertAudit adds an audit. ErrConflict when it is active beside another of that integration, ErrNotFound when the
// integration was disconnected.
func (tx *Tx) InsertAudit(ctx context.Context, m Audit) error {
	op := fmt.Sprintf("audits: insert for integration %d", m.IntegrationID)
	if _, err := tx.connected(ctx, op, m.IntegrationID); err != nil {
		return err
	}
	values, err := m.values()
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	_, err = tx.tx.ExecContext(ctx, `INSERT INTO audits (id, integration_id, state, cause, repair, window_from, window_to, next_from, pass, total,
			counted, stored, checked, missing, extra, stale, created, updated, deleted, oldest_gap, windows, examples, attempts,
			error_code, error_detail, queued_at, started_at, finished_at, next_attempt_at)
		VALUES `+tx.dialect().values(1, 29), append([]any{m.ID.String(), m.IntegrationID}, values...)...)
	return failed(op, err)
}

// UpdateAudit stores everything of an audit but its id and integration.
func (tx *Tx) UpdateAudit(ctx context.Context, m Audit) error {
	op := "audits: update " + m.ID.String()
	values, err := m.values()
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	res, err := tx.tx.ExecContext(ctx, `UPDATE audits SET state = $2, cause = $3, repair = $4, window_from = $5, window_to = $6, next_from = $7,
			pass = $8, total = $9, counted = $10, stored = $11, checked = $12, missing = $13, extra = $14, stale = $15, created = $16,
			updated = $17, deleted = $18, oldest_gap = $19, windows = $20, examples = $21, attempts = $22, error_code = $23, error_detail = $24,
			queued_at = $25, started_at = $26, finished_at = $27, next_attempt_at = $28
		WHERE id = $1`, append([]any{m.ID.String()}, values...)...)
	return changedOne(op, res, err)
}

// Audit is the audit as the transaction sees it; ErrNotFound also when its integration was disconnected.
func (tx *Tx) Audit(ctx context.Context, id uuid.UUID) (Audit, error) {
	return auditByID(ctx, tx.tx, id)
}

// ActiveAudit is the queued or running audit of an integration; ErrNotFound when there is none.
func (tx *Tx) ActiveAudit(ctx context.Context, integrationID int64) (Audit, error) {
	return get(ctx, tx.tx, fmt.Sprintf("audits: active of integration %d", integrationID), scanAudit,
		`SELECT `+auditColumns+` FROM audits a WHERE a.integration_id = $1 AND a.state IN ('queued', 'running') LIMIT 1`, integrationID)
}

func auditByID(ctx context.Context, q querier, id uuid.UUID) (Audit, error) {
	return get(ctx, q, "audits: get "+id.String(), scanAudit,
		`SELECT `+auditColumns+` FROM audits a JOIN integrations i ON i.id = a.integration_id AND i.deleted_at IS NULL WHERE a.id = $1`, id.String())
}
