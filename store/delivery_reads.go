package store

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// DeliveryFilter chooses a page of received webhooks; empty members choose all.
type DeliveryFilter struct {
	State, Topic, WebhookID string
	Since, Until            time.Time // of ReceivedAt, both included
	Limit, Offset           int       // Limit 0: 20; at most 1,000
}

// where is the condition and its arguments.
func (f DeliveryFilter) where(integrationID int64) (string, []any) {
	cond, args := "d.integration_id = $1", []any{integrationID}
	for _, c := range [...]struct{ column, value string }{
		{"d.state", f.State}, {"d.topic", f.Topic}, {"d.webhook_id", f.WebhookID},
	} {
		if c.value != "" {
			args = append(args, c.value)
			cond += " AND " + c.column + " = $" + strconv.Itoa(len(args))
		}
	}
	for _, c := range [...]struct {
		condition string
		at        time.Time
	}{{"d.received_at >= $", f.Since}, {"d.received_at <= $", f.Until}} {
		if !c.at.IsZero() {
			args = append(args, c.at.UnixMilli())
			cond += " AND " + c.condition + strconv.Itoa(len(args))
		}
	}
	if f.State != "" && f.State != DeliveryProcessed {
		cond += " AND d.state <> 'processed'" // what the index of the others holds
	}
	return cond, args
}

func scanDelivery(r row) (d Delivery, err error) {
	fields, complete := deliveryFields(&d)
	if err := r.Scan(fields...); err != nil {
		return Delivery{}, err
	}
	complete()
	return d, nil
}

// scanWithBody scans deliveryColumns, codec and body.
func (s *Store) scanWithBody(r row) (d Delivery, err error) {
	fields, complete := deliveryFields(&d)
	if err := r.Scan(append(fields, &d.packed.codec, &d.packed.body)...); err != nil {
		return Delivery{}, err
	}
	complete()
	d.Body, err = s.bodies.unpack(d.packed)
	return d, err
}

// Deliveries lists received webhooks without their bodies, newest first.
func (s *Store) Deliveries(ctx context.Context, integrationID int64, f DeliveryFilter) ([]Delivery, error) {
	cond, args := f.where(integrationID)
	n := len(args)
	return list(ctx, s.readers, "deliveries: list", scanDelivery, `SELECT `+deliveryColumns+` FROM deliveries d WHERE `+cond+`
		ORDER BY d.seq DESC LIMIT $`+strconv.Itoa(n+1)+` OFFSET $`+strconv.Itoa(n+2),
		append(args, pageSize(f.Limit), max(f.Offset, 0))...)
}

// CountDeliveries counts what Deliveries lists, on all pages.
func (s *Store) CountDeliveries(ctx context.Context, integrationID int64, f DeliveryFilter) (int, error) {
	query, args := countDeliveries(s.dialect, integrationID, f)
	return get(ctx, s.readers, "deliveries: count", scanOne[int], query, args...)
}

// countDeliveries counts the processed ones as all but the others, which are few: their state is in no index.
func countDeliveries(d dialect, integrationID int64, f DeliveryFilter) (string, []any) {
	processed := f.State == DeliveryProcessed && f.WebhookID == ""
	if processed {
		f.State = ""
	}
	cond, args := f.where(integrationID)
	if processed {
		return `SELECT (SELECT count(*) FROM deliveries d WHERE ` + cond + `)
			- (SELECT count(*) FROM deliveries d` + d.indexed("deliveries_state") + ` WHERE ` + cond + ` AND d.state <> 'processed')`, args
	}
	return `SELECT count(*) FROM deliveries d WHERE ` + cond, args
}

const selectDelivery = `SELECT ` + deliveryColumns + `, d.codec, d.body FROM deliveries d WHERE d.id = $1 AND d.integration_id = $2`

// Delivery is one received webhook with its body.
func (s *Store) Delivery(ctx context.Context, integrationID int64, id uuid.UUID) (Delivery, error) {
	return get(ctx, s.readers, "deliveries: get "+id.String(), s.scanWithBody, selectDelivery, id[:], integrationID)
}

// Delivery is one received webhook with its body, as the transaction sees it.
func (tx *Tx) Delivery(ctx context.Context, integrationID int64, id uuid.UUID) (Delivery, error) {
	return get(ctx, tx.tx, "deliveries: get "+id.String(), tx.store.scanWithBody, selectDelivery, id[:], integrationID)
}

const pendingDeliveries = `SELECT ` + deliveryColumns + `, d.codec, d.body FROM deliveries d WHERE d.integration_id = $1 AND ` + duePending + `
	AND d.seq > $3 ORDER BY d.seq LIMIT $4`

// PendingBytes is how many bytes of bodies one call of PendingDeliveries reads: what is read is decoded in memory.
const PendingBytes = 4 << 20

// PendingDeliveries lists the deliveries of an integration whose turn has come, with their bodies, first received first, behind
// the one with the number after: at most limit of them, and no more once their bodies add up to 4 MiB.
func (s *Store) PendingDeliveries(ctx context.Context, integrationID int64, now time.Time, after int64, limit int) ([]Delivery, error) {
	op := fmt.Sprintf("deliveries: pending of integration %d", integrationID)
	rows, err := s.work.QueryContext(ctx, pendingDeliveries, integrationID, now.UnixMilli(), after, pageSize(limit))
	if err != nil {
		return nil, failed(op, err)
	}
	defer rows.Close()
	var out []Delivery
	for size := 0; size < PendingBytes && rows.Next(); {
		d, err := s.scanWithBody(rows)
		if err != nil {
			return nil, failed(op, err)
		}
		out, size = append(out, d), size+len(d.Body)
	}
	return out, failed(op, rows.Err())
}

const integrationsDue = `SELECT i.id FROM integrations i WHERE i.deleted_at IS NULL
		AND EXISTS (SELECT 1 FROM deliveries d WHERE d.integration_id = i.id AND ` + duePending + `)
	ORDER BY i.id LIMIT $1`

// IntegrationsWithDueDeliveries lists the ids of integrations that have deliveries to process, at most 10,000. It asks each
// integration for one, so that a long backlog of one does not slow it.
func (s *Store) IntegrationsWithDueDeliveries(ctx context.Context, now time.Time) ([]int64, error) {
	return list(ctx, s.work, "deliveries: integrations with due ones", scanOne[int64],
		integrationsDue, maxRows, now.UnixMilli())
}
