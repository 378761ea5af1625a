package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"

	"probability/shopify"
)

// Delivery is one webhook that was received for one integration.
type Delivery struct {
	Seq           int64 // the number of arrival, given by InsertDeliveries
	ID            uuid.UUID
	IntegrationID int64
	WebhookID     string // the sender's id, the same on every repeat; empty when it gave none
	EventID       string
	Topic         string
	APIVersion    string
	TriggeredAt   time.Time
	ReceivedAt    time.Time
	ProcessedAt   time.Time
	NextAttemptAt time.Time     // zero: at once
	Duration      time.Duration // from being taken up to the commit; only with ProcessedAt, in whole milliseconds
	State         string        // pending, processed, duplicate, stale or failed
	Attempts      int
	ErrorCode     string
	ErrorDetail   string
	Body          []byte

	packed packedBody
}

// PrepareDeliveries packs the bodies, so that it need not happen while the write connection is held; Body is not needed
// afterwards and is let go. It is optional. Deliveries of one body share what is packed.
func (s *Store) PrepareDeliveries(ds []Delivery) {
	for i := range ds {
		d := &ds[i]
		if i > 0 && len(d.Body) > 0 && len(d.Body) == len(ds[0].Body) && &d.Body[0] == &ds[0].Body[0] {
			d.packed = ds[0].packed
			continue
		}
		d.packed = s.bodies.pack(d.Body)
	}
	for i := range ds {
		ds[i].Body = nil
	}
}

// Version is the state of an order that a delivery brought. When the order is all of its body, the payload need not be packed
// again.
func (d Delivery) Version(o shopify.Order) Version {
	v := Version{Order: o, ObservedAt: d.TriggeredAt}
	if len(o.Raw) > 0 && len(o.Raw) == len(d.Body) && &o.Raw[0] == &d.Body[0] {
		v.packed = d.packed
	}
	return v
}

// deliveryBatches are the numbers of deliveries that one statement inserts.
var deliveryBatches = [...]int{25, 5, 1}

// InsertDeliveries adds deliveries and tells which of them are new. One whose webhook id is known for its integration,
// also from earlier in the same call, is left out; so is one whose integration has been disconnected: a batch holds the
// deliveries of many callers and must not fail for one of them.
func (tx *Tx) InsertDeliveries(ctx context.Context, ds []Delivery) (inserted []bool, err error) {
	const op = "deliveries: insert"
	connected, err := tx.connectedOf(ctx, op, ds)
	if err != nil {
		return nil, err
	}
	fresh := make(map[uuid.UUID]bool, len(ds))
	known := make([]Delivery, 0, len(ds))
	for _, d := range ds {
		if g, ok := connected[d.IntegrationID]; ok && (!g.erasing || shopify.IsCompliance(d.Topic)) {
			known = append(known, d)
		}
	}
	if err := tx.guardDeliveries(ctx, connected, known); err != nil {
		return nil, err
	}
	for _, size := range deliveryBatches {
		for ; len(known) >= size; known = known[size:] {
			if err := tx.insertBatch(ctx, op, known[:size], fresh); err != nil {
				return nil, err
			}
		}
	}
	inserted = make([]bool, len(ds))
	for i, d := range ds {
		if inserted[i] = fresh[d.ID]; inserted[i] {
			tx.noteDelivery(d)
		}
		delete(fresh, d.ID) // the same delivery twice in one call counts once
	}
	return inserted, nil
}

// insertBatch adds the ids of the rows that were new to fresh.
func (tx *Tx) insertBatch(ctx context.Context, op string, batch []Delivery, fresh map[uuid.UUID]bool) error {
	args := make([]any, 0, len(batch)*16)
	for _, d := range batch {
		if d.packed.body == nil {
			d.packed = tx.store.bodies.pack(d.Body)
		}
		args = append(args, d.ID[:], d.IntegrationID, null(d.WebhookID), d.EventID, d.Topic, d.APIVersion,
			millis(d.TriggeredAt), d.ReceivedAt.UnixMilli(), millis(d.ProcessedAt), millis(d.NextAttemptAt),
			d.State, d.Attempts, d.ErrorCode, d.ErrorDetail, d.packed.codec, d.packed.body)
	}
	ids, err := list(ctx, tx.tx, op, scanOne[uuid.UUID], `INSERT INTO deliveries (id, integration_id, webhook_id, event_id, topic, api_version,
			triggered_at, received_at, processed_at, next_attempt_at, state, attempts, error_code, error_detail, codec, body)
		VALUES `+tx.dialect().values(len(batch), 16)+` ON CONFLICT (integration_id, webhook_id) DO NOTHING RETURNING id`, args...)
	for _, id := range ids {
		fresh[id] = true
	}
	return err
}

// connectedOf tells which integrations of the deliveries are there and not disconnected.
func (tx *Tx) connectedOf(ctx context.Context, op string, ds []Delivery) (map[int64]guard, error) {
	seen := make(map[int64]bool)
	var ids []int64
	for _, d := range ds {
		if !seen[d.IntegrationID] {
			seen[d.IntegrationID] = true
			ids = append(ids, d.IntegrationID)
		}
	}
	connected := make(map[int64]guard, len(ids))
	err := eachChunk(tx.dialect(), ids, nil, func(in string, args []any) error {
		found, err := list(ctx, tx.tx, op, scanGuard, guarded+`IN (`+in+`) ORDER BY i.id`, args...)
		for _, g := range found {
			connected[g.id] = g
		}
		return err
	})
	return connected, err
}

// deliveryMark is what MarkDeliveries writes.
type deliveryMark struct {
	state, code, detail string
	attempts            int
	processed, next     sql.NullInt64
	duration            sql.NullInt64
}

// took is the duration as it is stored: none for what is not processed.
func (d Delivery) took() sql.NullInt64 {
	return sql.NullInt64{Int64: d.Duration.Milliseconds(), Valid: !d.ProcessedAt.IsZero()}
}

// MarkDeliveries stores the state, attempts, error and times of deliveries. Those that are gone are passed over.
func (tx *Tx) MarkDeliveries(ctx context.Context, ds []Delivery) error {
	const op = "deliveries: mark"
	same := make(map[deliveryMark][]int64) // most are done alike, and then one statement does for all
	for _, d := range ds {
		m := deliveryMark{d.State, d.ErrorCode, d.ErrorDetail, d.Attempts, millis(d.ProcessedAt), millis(d.NextAttemptAt), d.took()}
		same[m] = append(same[m], d.Seq)
		tx.noteDelivery(d)
	}
	for m, seqs := range same {
		if _, err := tx.tx.ExecContext(ctx, `UPDATE deliveries SET state = $2, attempts = $3, error_code = $4, error_detail = $5,
			processed_at = $6, next_attempt_at = $7, duration_ms = $8 WHERE seq IN (SELECT n.value FROM `+tx.dialect().numbers("$1")+` n)`, tx.dialect().numberList(seqs),
			m.state, m.attempts, m.code, m.detail, m.processed, m.next, m.duration); err != nil {
			return failed(op, err)
		}
	}
	return nil
}

const putOffBeyond = `SELECT d.seq FROM deliveries d WHERE d.integration_id IN (SELECT id FROM integrations) AND d.state = 'pending' AND d.state <> 'processed'
	AND d.next_attempt_at > $1 LIMIT $2`

// HurryDeliveries makes deliveries due whose next try is later than anything is put off: a clock that ran ahead said so.
func (s *Store) HurryDeliveries(ctx context.Context, latest time.Time) error {
	const op = "deliveries: hurry"
	for {
		seqs, err := list(ctx, s.work, op, scanOne[int64], putOffBeyond, latest.UnixMilli(), expireRows)
		if err != nil || len(seqs) == 0 {
			return err
		}
		err = s.Update(ctx, func(ctx context.Context, tx *Tx) error {
			_, err := tx.tx.ExecContext(ctx, `UPDATE deliveries SET next_attempt_at = NULL WHERE seq IN (SELECT n.value FROM `+tx.dialect().numbers("$1")+` n)`,
				tx.dialect().numberList(seqs))
			return failed(op, err)
		})
		if err != nil {
			return err
		}
	}
}

// duePending is the condition for deliveries whose turn has come; the parameter is now in milliseconds. The state is
// written out, once more than needed, since that is what the index holds.
const duePending = `d.state = 'pending' AND d.state <> 'processed' AND (d.next_attempt_at IS NULL OR d.next_attempt_at <= $2)`

const hasDueDeliveries = `SELECT EXISTS (SELECT 1 FROM deliveries d WHERE d.integration_id = $1 AND ` + duePending + `)`

// HasDueDeliveries tells whether a delivery of this integration waits to be processed.
func (tx *Tx) HasDueDeliveries(ctx context.Context, integrationID int64, now time.Time) (bool, error) {
	return get(ctx, tx.tx, fmt.Sprintf("deliveries: due of integration %d", integrationID), scanOne[bool],
		hasDueDeliveries, integrationID, now.UnixMilli())
}

const deliveryColumns = `d.seq, d.id, d.integration_id, d.webhook_id, d.event_id, d.topic, d.api_version, d.triggered_at, d.received_at, d.processed_at,
	d.next_attempt_at, d.duration_ms, d.state, d.attempts, d.error_code, d.error_detail`

// deliveryFields scans deliveryColumns; the returned function completes d afterwards.
func deliveryFields(d *Delivery) (fields []any, complete func()) {
	var (
		webhook                              sql.NullString
		triggered, received, processed, next sql.NullInt64
		duration                             sql.NullInt64
	)
	fields = []any{
		&d.Seq, &d.ID, &d.IntegrationID, &webhook, &d.EventID, &d.Topic, &d.APIVersion, &triggered, &received, &processed,
		&next, &duration, &d.State, &d.Attempts, &d.ErrorCode, &d.ErrorDetail,
	}
	return fields, func() {
		d.WebhookID = webhook.String
		d.Duration = time.Duration(duration.Int64) * time.Millisecond
		d.TriggeredAt, d.ReceivedAt, d.ProcessedAt, d.NextAttemptAt = fromMillis(triggered), fromMillis(received), fromMillis(processed), fromMillis(next)
	}
}
