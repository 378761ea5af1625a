package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// AuditByID is the audit with this id, whoever owns it: for jobs. ErrNotFound also when its integration was disconnected.
func (s *Store) AuditByID(ctx context.Context, id uuid.UUID) (Audit, error) {
	return auditByID(ctx, s.work, id)
}

// Audits lists the audits of an integration, newest first.
func (s *Store) Audits(ctx context.Context, integrationID int64, limit, offset int) ([]Audit, error) {
	return list(ctx, s.readers, "audits: list", scanAudit,
		`SELECT `+auditColumns+` FROM audits a WHERE a.integration_id = $1 ORDER BY a.queued_at DESC, a.id DESC LIMIT $2 OFFSET $3`,
		integrationID, pageSize(limit), max(offset, 0))
}

// CountAudits counts the audits of an integration.
func (s *Store) CountAudits(ctx context.Context, integrationID int64) (int, error) {
	return get(ctx, s.readers, "audits: count", scanOne[int], `SELECT count(*) FROM audits WHERE integration_id = $1`, integrationID)
}

// ActiveAudits lists every queued or running audit, longest waiting first: what a start has to take up again.
func (s *Store) ActiveAudits(ctx context.Context) ([]Audit, error) {
	return list(ctx, s.work, "audits: active", scanAudit,
		`SELECT `+auditColumns+` FROM audits a JOIN integrations i ON i.id = a.integration_id AND i.deleted_at IS NULL
		WHERE a.state IN ('queued', 'running') ORDER BY a.queued_at, a.id LIMIT $1`, maxRows)
}

// lastAudit is the id of an integration's last completed audit.
const lastAudit = `(SELECT l.id FROM audits l WHERE l.integration_id = i.id AND l.state = 'completed' ORDER BY l.finished_at DESC, l.id DESC LIMIT 1)`

// LastAudits is the last completed audit of each of these integrations; those that have none are left out.
func (s *Store) LastAudits(ctx context.Context, ids []int64) (map[int64]Audit, error) {
	out := make(map[int64]Audit, len(ids))
	err := eachChunk(s.dialect, ids, nil, func(in string, args []any) error {
		rows, err := list(ctx, s.readers, "audits: last", scanAudit,
			`SELECT `+auditColumns+` FROM integrations i JOIN audits a ON a.id = `+lastAudit+` WHERE i.id IN (`+in+`)`, args...)
		for _, m := range rows {
			out[m.IntegrationID] = m
		}
		return err
	})
	return out, err
}

// Drift is, for each connected integration that was ever audited, how many orders differed after its last completed audit;
// at most 10,000 integrations.
func (s *Store) Drift(ctx context.Context) (map[int64]int, error) {
	type drift struct {
		integration int64
		n           int
	}
	rows, err := list(ctx, s.readers, "audits: drift", func(r row) (d drift, err error) {
		err = r.Scan(&d.integration, &d.n)
		return d, err
	}, `SELECT i.id, a.missing + a.extra + a.stale - a.created - a.updated - a.deleted FROM integrations i JOIN audits a ON a.id = `+lastAudit+`
		WHERE i.deleted_at IS NULL ORDER BY i.id LIMIT $1`, maxRows)
	out := make(map[int64]int, len(rows))
	for _, d := range rows {
		out[d.integration] = d.n
	}
	return out, err
}

// AuditFrom is since when orders of an integration are to be stored: the beginning of the first window that was imported
// by time of creation. The zero time when there was none.
func (s *Store) AuditFrom(ctx context.Context, integrationID int64) (time.Time, error) {
	from, err := get(ctx, s.work, fmt.Sprintf("imports: first window of integration %d", integrationID), scanOne[sql.NullInt64],
		`SELECT min(window_from) FROM imports WHERE integration_id = $1 AND field = 'created_at' AND kind <> 'reconcile'`, integrationID)
	return fromMillis(from), err
}

// StoredOrder is what an audit has to know of a stored order.
type StoredOrder struct {
	ID        string // the platform's
	VersionAt time.Time
	CreatedAt time.Time // zero when the payload does not tell
	Deleted   bool
}

const storedOrder = `SELECT o.platform_order_id, o.version_at, o.created_at, o.deleted_at IS NOT NULL FROM orders o`

func scanStoredOrder(r row) (o StoredOrder, err error) {
	var version, created sql.NullInt64
	err = r.Scan(&o.ID, &version, &created, &o.Deleted)
	o.VersionAt, o.CreatedAt = fromMillis(version), fromMillis(created)
	return o, err
}

// StoredInWindow are the orders that are not deleted and were created between two times, both seconds included.
func (s *Store) StoredInWindow(ctx context.Context, integrationID int64, from, to time.Time) ([]StoredOrder, error) {
	return list(ctx, s.work, fmt.Sprintf("orders: window of integration %d", integrationID), scanStoredOrder,
		storedOrder+s.dialect.indexed("orders_list")+` WHERE o.integration_id = $1 AND o.deleted_at IS NULL AND o.created_at IS NOT NULL
			AND o.listed_at >= $2 AND o.listed_at <= $3`, integrationID, secondStart(from), secondEnd(to))
}

// StoredOrders are the orders with these ids of the platform, deleted or not; those that are not known are left out.
func (s *Store) StoredOrders(ctx context.Context, integrationID int64, platformIDs []string) (map[string]StoredOrder, error) {
	out := make(map[string]StoredOrder, len(platformIDs))
	err := eachChunk(s.dialect, platformIDs, []any{integrationID, platformShopify}, func(in string, args []any) error {
		rows, err := list(ctx, s.work, fmt.Sprintf("orders: stored of integration %d", integrationID), scanStoredOrder,
			storedOrder+` WHERE o.integration_id = $1 AND o.platform = $2 AND o.platform_order_id IN (`+in+`)`, args...)
		for _, o := range rows {
			out[o.ID] = o
		}
		return err
	})
	return out, err
}

// StoredPayloads are the payloads of the orders with these ids of the platform that are not deleted.
func (s *Store) StoredPayloads(ctx context.Context, integrationID int64, platformIDs []string) (map[string][]byte, error) {
	type payload struct {
		id   string
		body []byte
	}
	out := make(map[string][]byte, len(platformIDs))
	err := eachChunk(s.dialect, platformIDs, []any{integrationID, platformShopify}, func(in string, args []any) error {
		rows, err := list(ctx, s.work, fmt.Sprintf("orders: payloads of integration %d", integrationID), func(r row) (p payload, err error) {
			var packed packedBody
			if err := r.Scan(&p.id, &packed.codec, &packed.body); err != nil {
				return p, err
			}
			p.body, err = s.bodies.unpack(packed)
			return p, err
		}, `SELECT o.platform_order_id, p.codec, p.body FROM orders o JOIN order_payloads p ON p.order_id = o.id
			WHERE o.integration_id = $1 AND o.platform = $2 AND o.deleted_at IS NULL AND o.platform_order_id IN (`+in+`)`, args...)
		for _, p := range rows {
			out[p.id] = p.body
		}
		return err
	})
	return out, err
}

// DayCount is how many orders are listed on a day.
type DayCount struct {
	Day    time.Time // its beginning, UTC
	Orders int
}

// DatedDays are the days from one to another, both included, that have orders whose payload tells when they were created.
func (s *Store) DatedDays(ctx context.Context, integrationID int64, from, to time.Time) ([]DayCount, error) {
	return list(ctx, s.work, fmt.Sprintf("orders: days of integration %d", integrationID), func(r row) (d DayCount, err error) {
		var day int64
		err = r.Scan(&day, &d.Orders)
		d.Day = time.UnixMilli(day * dayMillis).UTC()
		return d, err
	}, `SELECT d.day, sum(d.orders) FROM order_days d WHERE d.integration_id = $1 AND d.dated AND d.day >= $2 AND d.day <= $3
		GROUP BY d.day ORDER BY d.day`, integrationID, dayOf(from.UnixMilli()), dayOf(to.UnixMilli()))
}
