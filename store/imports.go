package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Import is one run that fetches the orders of a window.
type Import struct {
	ID            uuid.UUID
	IntegrationID int64
	Kind          string    // initial, manual, periodic or reconcile
	State         string    // queued, running, completed, failed or cancelled
	Field         string    // created_at or updated_at: what the window is over
	From, To      time.Time // the window; To is set at its first slice
	Total         *int      // nil while unknown
	Fetched       int
	Created       int
	Updated       int
	Unchanged     int
	Failed        int
	Way           string // rest, graphql or bulk: how the orders are asked for; "" is rest
	Cursor        string // the page to fetch next, or the place in the result of a bulk operation
	Withheld      string // the fields with customers' data that were not shown; "" for none
	Pass          int
	Pages         int
	Attempts      int // failures in a row
	ErrorCode     string
	ErrorDetail   string
	QueuedAt      time.Time
	StartedAt     time.Time
	FinishedAt    time.Time
	NextAttemptAt time.Time
}

const importColumns = `m.id, m.integration_id, m.kind, m.state, m.field, m.window_from, m.window_to, m.total, m.fetched, m.created, m.updated,
	m.unchanged, m.failed, m.page_cursor, m.pass, m.pages, m.attempts, m.error_code, m.error_detail, m.queued_at, m.started_at, m.finished_at, m.next_attempt_at,
	m.way, m.withheld`

func scanImport(r row) (m Import, err error) {
	var (
		from, to, queued, started, finished, next sql.NullInt64
		total                                     sql.NullInt64
	)
	if err := r.Scan(&m.ID, &m.IntegrationID, &m.Kind, &m.State, &m.Field, &from, &to, &total, &m.Fetched, &m.Created, &m.Updated,
		&m.Unchanged, &m.Failed, &m.Cursor, &m.Pass, &m.Pages, &m.Attempts, &m.ErrorCode, &m.ErrorDetail, &queued, &started, &finished, &next,
		&m.Way, &m.Withheld); err != nil {
		return Import{}, err
	}
	if total.Valid {
		n := int(total.Int64)
		m.Total = &n
	}
	m.From, m.To = fromMillis(from), fromMillis(to)
	m.QueuedAt, m.StartedAt, m.FinishedAt, m.NextAttemptAt = fromMillis(queued), fromMillis(started), fromMillis(finished), fromMillis(next)
	return m, nil
}

// values are the columns after integration_id, in the order of importColumns.
func (m Import) values() []any {
	var total sql.NullInt64
	if m.Total != nil {
		total = sql.NullInt64{Int64: int64(*m.Total), Valid: true}
	}
	return []any{
		m.Kind, m.State, m.Field, millis(m.From), millis(m.To), total, m.Fetched, m.Created, m.Updated,
		m.Unchanged, m.Failed, m.Cursor, m.Pass, m.Pages, m.Attempts, m.ErrorCode, m.ErrorDetail,
		m.QueuedAt.UnixMilli(), millis(m.StartedAt), millis(m.FinishedAt), millis(m.NextAttemptAt),
		cmp.Or(m.Way, WayREST), m.Withheld,
	}
}

// InsertImport adds a run. ErrConflict when one is queued or running for that integration, ErrNotFound when the
// integration was disconnected.
func (tx *Tx) InsertImport(ctx context.Context, m Import) error {
	op := fmt.Sprintf("imports: insert for integration %d", m.IntegrationID)
	if _, err := tx.connected(ctx, op, m.IntegrationID); err != nil {
		return err
	}
	_, err := tx.tx.ExecContext(ctx, `INSERT INTO imports (id, integration_id, kind, state, field, window_from, window_to, total, fetched, created, updated,
			unchanged, failed, page_cursor, pass, pages, attempts, error_code, error_detail, queued_at, started_at, finished_at, next_attempt_at,
			way, withheld)
		VALUES `+tx.dialect().values(1, 25), append([]any{m.ID.String(), m.IntegrationID}, m.values()...)...)
	if err == nil {
		tx.noteImport(m)
	}
	return failed(op, err)
}

// UpdateImport stores everything of a run but its id and integration. ErrConflict when it becomes active beside another.
func (tx *Tx) UpdateImport(ctx context.Context, m Import) error {
	res, err := tx.tx.ExecContext(ctx, `UPDATE imports SET kind = $2, state = $3, field = $4, window_from = $5, window_to = $6, total = $7,
			fetched = $8, created = $9, updated = $10, unchanged = $11, failed = $12, page_cursor = $13, pass = $14, pages = $15, attempts = $16,
			error_code = $17, error_detail = $18, queued_at = $19, started_at = $20, finished_at = $21, next_attempt_at = $22,
			way = $23, withheld = $24
		WHERE id = $1`, append([]any{m.ID.String()}, m.values()...)...)
	if err == nil {
		tx.noteImport(m)
	}
	return changedOne("imports: update "+m.ID.String(), res, err)
}

// Import is the run as the transaction sees it; ErrNotFound also when its integration was disconnected.
func (tx *Tx) Import(ctx context.Context, id uuid.UUID) (Import, error) {
	return importByID(ctx, tx.tx, id)
}

// ActiveImport is the queued or running import of an integration; ErrNotFound when there is none.
func (tx *Tx) ActiveImport(ctx context.Context, integrationID int64) (Import, error) {
	return get(ctx, tx.tx, fmt.Sprintf("imports: active of integration %d", integrationID), scanImport,
		`SELECT `+importColumns+` FROM imports m WHERE m.integration_id = $1 AND m.state IN ('queued', 'running') LIMIT 1`, integrationID)
}

// ImportByID is the run with this id, whoever owns it: for jobs. ErrNotFound also when its integration was disconnected.
func (s *Store) ImportByID(ctx context.Context, id uuid.UUID) (Import, error) {
	return importByID(ctx, s.work, id)
}

func importByID(ctx context.Context, q querier, id uuid.UUID) (Import, error) {
	return get(ctx, q, "imports: get "+id.String(), scanImport,
		`SELECT `+importColumns+` FROM imports m JOIN integrations i ON i.id = m.integration_id AND i.deleted_at IS NULL WHERE m.id = $1`, id.String())
}

// Import is the run with this id of this integration.
func (s *Store) Import(ctx context.Context, integrationID int64, id uuid.UUID) (Import, error) {
	return get(ctx, s.readers, "imports: get "+id.String(), scanImport,
		`SELECT `+importColumns+` FROM imports m JOIN integrations i ON i.id = m.integration_id AND i.deleted_at IS NULL
		WHERE m.id = $1 AND m.integration_id = $2`, id.String(), integrationID)
}

// Imports lists the runs of an integration, newest first.
func (s *Store) Imports(ctx context.Context, integrationID int64, limit, offset int) ([]Import, error) {
	return list(ctx, s.readers, "imports: list", scanImport,
		`SELECT `+importColumns+` FROM imports m WHERE m.integration_id = $1 ORDER BY m.queued_at DESC, m.id DESC LIMIT $2 OFFSET $3`,
		integrationID, pageSize(limit), max(offset, 0))
}

// CountImports counts the runs of an integration.
func (s *Store) CountImports(ctx context.Context, integrationID int64) (int, error) {
	return get(ctx, s.readers, "imports: count", scanOne[int], `SELECT count(*) FROM imports WHERE integration_id = $1`, integrationID)
}

// Importing tells whether an import of an integration is under way, and not waiting for its next try.
func (s *Store) Importing(ctx context.Context, integrationID int64, now time.Time) (bool, error) {
	return get(ctx, s.work, fmt.Sprintf("imports: under way of integration %d", integrationID), scanOne[bool],
		`SELECT EXISTS (SELECT 1 FROM imports m WHERE m.integration_id = $1 AND m.state IN ('queued', 'running')
			AND (m.next_attempt_at IS NULL OR m.next_attempt_at <= $2))`, integrationID, now.UnixMilli())
}

// ActiveImports lists every queued or running import, longest waiting first: what a start has to take up again.
func (s *Store) ActiveImports(ctx context.Context) ([]Import, error) {
	return list(ctx, s.work, "imports: active", scanImport,
		`SELECT `+importColumns+` FROM imports m JOIN integrations i ON i.id = m.integration_id AND i.deleted_at IS NULL
		WHERE m.state IN ('queued', 'running') ORDER BY m.queued_at, m.id LIMIT $1`, maxRows)
}

// connected is ErrNotFound when the integration does not exist, was disconnected, or is being erased.
func (tx *Tx) connected(ctx context.Context, op string, integrationID int64) (guard, error) {
	g, err := get(ctx, tx.tx, op, scanGuard, guarded+`= $1`, integrationID)
	if err == nil && g.erasing {
		err = fmt.Errorf("%s: %w", op, ErrNotFound)
	}
	return g, err
}

// Sizes of a page of a list: the one used when none is asked for, and the largest.
const (
	defaultPage = 20
	maxPage     = 1_000
)

func pageSize(limit int) int {
	if limit <= 0 {
		return defaultPage
	}
	return min(limit, maxPage)
}
