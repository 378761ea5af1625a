package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// OutcomeImport is a carrier's report that was read.
type OutcomeImport struct {
	ID            uuid.UUID
	IntegrationID int64
	Digest        [32]byte // of the file's bytes
	Name          string   // of the file; may be empty
	OutcomeCounted
	CreatedAt time.Time
	UpdatedAt time.Time // when it was read last
	UndoneAt  time.Time
	UserID    uuid.UUID
}

// OutcomeCounted is what became of the rows of a carrier's report.
type OutcomeCounted struct {
	Rows         int
	Recorded     int // reports that were made
	Changed      int // orders whose outcome is another by them
	Known        int // rows that the same file had reported before
	Superseded   int // rows of orders of which another row says something later
	Pending      int // rows without an end
	RefusedCount int
	Refused      []RefusedRow // the first of them
}

// RefusedRow is a row of a carrier's report that could not be taken.
type RefusedRow struct {
	Line   int    `json:"line"`
	Reason string `json:"reason"`
	Text   string `json:"text,omitempty"`
}

const outcomeImportColumns = `i.id, i.integration_id, i.digest, i.name, i.read_rows, i.recorded, i.changed, i.known, i.superseded, i.pending, i.refused_count, i.refused,
	i.created_at, i.updated_at, i.undone_at, i.user_id`

func scanOutcomeImport(r row) (i OutcomeImport, err error) {
	var (
		digest, refused          []byte
		created, updated, undone sql.NullInt64
	)
	if err := r.Scan(&i.ID, &i.IntegrationID, &digest, &i.Name, &i.Rows, &i.Recorded, &i.Changed, &i.Known, &i.Superseded, &i.Pending, &i.RefusedCount, &refused,
		&created, &updated, &undone, &i.UserID); err != nil {
		return OutcomeImport{}, err
	}
	copy(i.Digest[:], digest)
	i.CreatedAt, i.UpdatedAt, i.UndoneAt = fromMillis(created), fromMillis(updated), fromMillis(undone)
	if err := json.Unmarshal(refused, &i.Refused); err != nil {
		return OutcomeImport{}, fmt.Errorf("refused rows: %w", err)
	}
	return i, nil
}

// PutOutcomeImport stores an import, or what became of it since.
func (tx *Tx) PutOutcomeImport(ctx context.Context, i OutcomeImport) error {
	op := "outcome imports: put " + i.ID.String()
	refused, err := json.Marshal(append([]RefusedRow{}, i.Refused...))
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	_, err = tx.tx.ExecContext(ctx, `INSERT INTO outcome_imports (id, integration_id, digest, name, read_rows, recorded, changed, known, superseded, pending, refused_count,
			refused, created_at, updated_at, undone_at, user_id) VALUES `+tx.dialect().values(1, 16)+`
		ON CONFLICT (id) DO UPDATE SET read_rows = excluded.read_rows, recorded = excluded.recorded, changed = excluded.changed, known = excluded.known,
			superseded = excluded.superseded, pending = excluded.pending, refused_count = excluded.refused_count, refused = excluded.refused, updated_at = excluded.updated_at,
			undone_at = excluded.undone_at`,
		i.ID.String(), i.IntegrationID, i.Digest[:], i.Name, i.Rows, i.Recorded, i.Changed, i.Known, i.Superseded, i.Pending, i.RefusedCount,
		string(refused), i.CreatedAt.UnixMilli(), i.UpdatedAt.UnixMilli(), millis(i.UndoneAt), i.UserID.String())
	return failed(op, err)
}

// LiveOutcomeImport is the import of a file that is not undone; ErrNotFound when there is none.
func (s *Store) LiveOutcomeImport(ctx context.Context, integrationID int64, digest [32]byte) (OutcomeImport, error) {
	return get(ctx, s.readers, fmt.Sprintf("outcome imports: of integration %d by its file", integrationID), scanOutcomeImport,
		`SELECT `+outcomeImportColumns+` FROM outcome_imports i WHERE i.integration_id = $1 AND i.digest = $2 AND i.undone_at IS NULL`, integrationID, digest[:])
}

// OutcomeImport is one import of an integration.
func (s *Store) OutcomeImport(ctx context.Context, integrationID int64, id uuid.UUID) (OutcomeImport, error) {
	return get(ctx, s.readers, "outcome imports: get "+id.String(), scanOutcomeImport,
		`SELECT `+outcomeImportColumns+` FROM outcome_imports i WHERE i.integration_id = $1 AND i.id = $2`, integrationID, id.String())
}

// OutcomeImports lists the imports of an integration, newest first.
func (s *Store) OutcomeImports(ctx context.Context, integrationID int64, limit, offset int) ([]OutcomeImport, error) {
	return list(ctx, s.readers, fmt.Sprintf("outcome imports: of integration %d", integrationID), scanOutcomeImport, `SELECT `+outcomeImportColumns+`
		FROM outcome_imports i WHERE i.integration_id = $1 ORDER BY i.created_at DESC, i.id DESC LIMIT $2 OFFSET $3`, integrationID, pageSize(limit), max(offset, 0))
}

// CountOutcomeImports counts what OutcomeImports lists, on all pages.
func (s *Store) CountOutcomeImports(ctx context.Context, integrationID int64) (int, error) {
	return get(ctx, s.readers, fmt.Sprintf("outcome imports: count of integration %d", integrationID), scanOne[int],
		`SELECT count(*) FROM outcome_imports WHERE integration_id = $1`, integrationID)
}

// ReportFiles are the names of the files that what was reported of an order came in, by their imports.
func (s *Store) ReportFiles(ctx context.Context, integrationID, orderID int64) (map[uuid.UUID]string, error) {
	type file struct {
		id   uuid.UUID
		name string
	}
	files, err := list(ctx, s.readers, fmt.Sprintf("outcome imports: of order %d", orderID), func(r row) (f file, err error) {
		err = r.Scan(&f.id, &f.name)
		return f, err
	}, `SELECT DISTINCT i.id, i.name FROM order_outcomes r JOIN outcome_imports i ON i.id = r.import_id
		WHERE r.order_id = $1 AND r.integration_id = $2`, orderID, integrationID)
	names := make(map[uuid.UUID]string, len(files))
	for _, f := range files {
		names[f.id] = f.name
	}
	return names, err
}

// ImportReports lists reports of an import that are not undone, the oldest first.
func (s *Store) ImportReports(ctx context.Context, id uuid.UUID, limit int) ([]Report, error) {
	return list(ctx, s.work, "outcomes: of import "+id.String(), scanReport, `SELECT `+reportColumns+` FROM order_outcomes r
		WHERE r.import_id = $1 AND r.undone_at IS NULL ORDER BY r.seq LIMIT $2`, id.String(), limit)
}

// ImportedReports are the reports of an import that are not undone, of some orders.
func (s *Store) ImportedReports(ctx context.Context, id uuid.UUID, orders []int64) ([]Report, error) {
	return list(ctx, s.work, "outcomes: of orders in import "+id.String(), scanReport, `SELECT `+reportColumns+` FROM `+s.dialect.numbers("$1")+` n
		CROSS JOIN order_outcomes r WHERE r.order_id = n.value AND r.import_id = $2 AND r.undone_at IS NULL`, s.dialect.numberList(orders), id.String())
}

// NamedOrder is an order that a text names.
type NamedOrder struct {
	Name     string // the text
	ByID     bool   // as the platform's id, else as the order's number
	OrderID  int64
	PlacedAt time.Time
	Reported ParcelOutcome // what is reported of it now
}

// NamedOrders finds the orders that texts name, as the platform's id or as the order's number, with or without a number sign. A
// text may name several. At most some hundreds of texts at once.
func (s *Store) NamedOrders(ctx context.Context, integrationID int64, names []string) ([]NamedOrder, error) {
	asked, stored := make(map[string]string, len(names)), make([]string, len(names))
	for i, name := range names {
		stored[i] = storedID(s.dialect, name)
		asked[stored[i]] = name
	}
	encoded, err := json.Marshal(stored)
	if err != nil {
		return nil, fmt.Errorf("orders: by name: %w", err)
	}
	return list(ctx, s.work, fmt.Sprintf("orders: of integration %d by name", integrationID), func(r row) (n NamedOrder, err error) {
		var placed sql.NullInt64
		err = r.Scan(&n.Name, &n.ByID, &n.OrderID, &placed, &n.Reported)
		if name, ok := asked[n.Name]; ok {
			n.Name = name
		}
		n.PlacedAt = fromMillis(placed)
		return n, err
	}, namedOrders(s.dialect), string(encoded), integrationID)
}

// namedOrders takes a JSON list of texts and an integration.
func namedOrders(d dialect) string {
	byNumber := d.indexed("orders_number")
	return `WITH named AS (SELECT DISTINCT n.value AS name, trim(n.value, '#') AS bare FROM ` + d.texts("$1") + ` n),
	found AS (
		SELECT n.name, TRUE AS by_id, o.id, o.listed_at FROM named n CROSS JOIN orders o
			WHERE o.integration_id = $2 AND o.platform = 'shopify' AND o.platform_order_id = n.name AND o.deleted_at IS NULL
		UNION
		SELECT n.name, FALSE, o.id, o.listed_at FROM named n CROSS JOIN orders o` + byNumber + `
			WHERE o.integration_id = $2 AND o.order_number = n.bare AND o.deleted_at IS NULL AND o.order_number IS NOT NULL
		UNION
		SELECT n.name, FALSE, o.id, o.listed_at FROM named n CROSS JOIN orders o` + byNumber + `
			WHERE o.integration_id = $2 AND o.order_number = '#' || n.bare AND o.deleted_at IS NULL AND o.order_number IS NOT NULL)
	SELECT d.name, d.by_id, d.id, d.listed_at, COALESCE(f.reported, 0) FROM found d LEFT JOIN order_facts f ON f.order_id = d.id ORDER BY d.name, d.id`
}
