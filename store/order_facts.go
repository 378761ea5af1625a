package store

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
)

// States of a score (order_facts.due).
const (
	scoreUpToDate = 0
	scoreDue      = 1
	scoreFailed   = 2
)

// readOrderRow is an order that was written, with what it tells for its score.
type readOrderRow struct {
	id      int64
	known   bool // it was stored before
	placed  int64
	reading *Reading
	fresh   *freshScore // nil: its score is due
}

// storedFacts is what is stored of an order for its score.
type storedFacts struct {
	id, placed        int64
	keys              orderKeys
	outcome, reported ParcelOutcome
	outcomeAt         sql.NullInt64
	payment           Payment
	likelihood        string // the order's band
	version           int
	facts             []byte
	fresh             *freshScore
}

// place is where an order stands among those of its customer.
type place struct {
	placed int64
	keys   orderKeys
}

func (f storedFacts) place() place { return place{f.placed, f.keys} }

// putReadings stores what orders tell for their scores, and notes whose scores that changes: their own, and those of other orders
// of their customers.
func (tx *Tx) putReadings(ctx context.Context, op string, integrationID int64, rows []readOrderRow) error {
	rows = slices.DeleteFunc(rows, func(r readOrderRow) bool { return r.reading == nil })
	if len(rows) == 0 {
		return nil
	}
	h, err := tx.hasher(ctx, integrationID)
	if err != nil {
		return err
	}
	var known []int64
	for _, r := range rows {
		if r.known {
			known = append(known, r.id)
		}
	}
	stored, err := tx.storedFacts(ctx, op, integrationID, known)
	if err != nil {
		return err
	}
	known = slices.DeleteFunc(known, func(id int64) bool { _, there := stored[id]; return there })
	bands, err := tx.likelihoods(ctx, op, known) // of those that had a score before they were read, if ever
	if err != nil {
		return err
	}
	var (
		w      factsWriter
		moved  []place // where orders came, went or ended otherwise
		unread []int64 // stored before, and read for the first time
		counts = newOutcomeCounts()
	)
	for _, r := range rows {
		now := storedFacts{
			id: r.id, placed: r.placed, outcome: r.reading.Settled.Outcome, outcomeAt: millis(r.reading.Settled.At),
			payment: r.reading.Payment, version: r.reading.Version, facts: r.reading.Facts, fresh: r.fresh,
		}
		if r.fresh != nil { // who depends on it has been noted
			now.keys, now.likelihood = r.fresh.place.keys, r.fresh.likelihood()
			counts.add(now, 1)
			w.add(now)
			w.move(place{}, now.place(), r.id)
			continue
		}
		now.keys = h.keys(r.reading.Identity)
		before, there := stored[r.id]
		if !there {
			now.likelihood = bands[r.id]
			counts.add(now, 1)
			w.add(now)
			w.move(place{}, now.place(), r.id)
			moved = append(moved, now.place())
			if r.known {
				unread = append(unread, r.id)
			}
			continue
		}
		now.reported, now.likelihood = before.reported, before.likelihood
		counts.add(before, -1)
		counts.add(now, 1)
		same := now.place() == before.place()
		if !same {
			w.move(before.place(), now.place(), r.id)
			moved = append(moved, before.place())
		}
		if ended := now.outcome != before.outcome || now.outcomeAt != before.outcomeAt; ended || !same {
			moved = append(moved, now.place())
		} else if now.version == before.version && now.payment == before.payment && bytes.Equal(now.facts, before.facts) {
			continue
		}
		w.add(now)
	}
	for _, f := range w.facts {
		if f.fresh == nil {
			tx.dueIn(integrationID).written = append(tx.dueIn(integrationID).written, f.id)
		}
	}
	if err := w.write(ctx, tx, op, integrationID); err != nil {
		return err
	}
	if err := tx.countOutcomes(ctx, op, integrationID, counts); err != nil {
		return err
	}
	if err := tx.disturb(ctx, op, integrationID, moved); err != nil {
		return err
	}
	return tx.settleNewcomers(ctx, op, integrationID, unread)
}

// madeDue is the orders whose scores a transaction made due: those that it wrote, and others that depend on them.
type madeDue struct{ written, others []int64 }

// dueIn is what the transaction made due in an integration.
func (tx *Tx) dueIn(integrationID int64) *madeDue {
	if tx.due == nil {
		tx.due = make(map[int64]*madeDue)
	}
	if tx.due[integrationID] == nil {
		tx.due[integrationID] = &madeDue{}
	}
	return tx.due[integrationID]
}

const factsColumns = `f.order_id, f.placed_at, COALESCE(f.phone_key, 0), COALESCE(f.email_key, 0), COALESCE(f.address_key, 0), COALESCE(f.ip_key, 0),
	f.outcome, f.outcome_at, f.reported, f.payment, f.facts_version, f.facts,
	COALESCE((SELECT o.delivery_probability FROM orders o WHERE o.id = f.order_id), '')`

func scanFacts(r row) (f storedFacts, err error) {
	err = r.Scan(&f.id, &f.placed, &f.keys[keyPhone], &f.keys[keyEmail], &f.keys[keyAddress], &f.keys[keyIP],
		&f.outcome, &f.outcomeAt, &f.reported, &f.payment, &f.version, &f.facts, &f.likelihood)
	return f, err
}

// storedFacts reads what is stored of some orders of an integration.
func (tx *Tx) storedFacts(ctx context.Context, op string, integrationID int64, ids []int64) (map[int64]storedFacts, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := list(ctx, tx.tx, op, scanFacts, `SELECT `+factsColumns+` FROM `+tx.dialect().numbers("$1")+` n
		CROSS JOIN order_facts f WHERE f.order_id = n.value AND f.integration_id = $2`, tx.dialect().numberList(ids), integrationID)
	stored := make(map[int64]storedFacts, len(found))
	for _, f := range found {
		stored[f.id] = f
	}
	return stored, err
}

// factsWriter gathers rows of order_facts and order_keys.
type factsWriter struct {
	facts         []storedFacts
	gone, written []orderKey
}

// orderKey is a row of order_keys.
type orderKey struct {
	bucket, key, placed, id int64
}

func (w *factsWriter) add(f storedFacts) { w.facts = append(w.facts, f) }

// move takes an order from one place to another; the zero place is none.
func (w *factsWriter) move(from, to place, id int64) {
	w.gone = from.appendRows(w.gone, id)
	w.written = to.appendRows(w.written, id)
}

func (p place) appendRows(rows []orderKey, id int64) []orderKey {
	for kind, key := range p.keys {
		if key == 0 {
			continue
		}
		bucket := int64(customerBucket)
		if kind >= keyAddress {
			bucket = dayBucket(p.placed)
		}
		rows = append(rows, orderKey{bucket, key, p.placed, id})
	}
	return rows
}

// write stores what was gathered.
func (w *factsWriter) write(ctx context.Context, tx *Tx, op string, integrationID int64) error {
	const columns = 19
	for _, size := range orderBatches {
		for ; len(w.facts) >= size; w.facts = w.facts[size:] {
			args := make([]any, 0, size*columns)
			for _, f := range w.facts[:size] {
				state, fresh := scoreDue, freshScore{}
				if f.fresh != nil {
					state, fresh = f.fresh.state, *f.fresh
				}
				args = append(args, f.id, integrationID, state, f.placed, f.outcome, f.outcomeAt,
					nullKey(f.keys[keyPhone]), nullKey(f.keys[keyEmail]), nullKey(f.keys[keyAddress]), nullKey(f.keys[keyIP]), f.payment, f.version, notNil(f.facts),
					fresh.factors(), fresh.history.Delivered, fresh.history.Failed, fresh.history.Earlier, fresh.history.Recent, fresh.history.Mark)
			}
			if _, err := tx.tx.ExecContext(ctx, `INSERT INTO order_facts (order_id, integration_id, due, placed_at, outcome, outcome_at,
					phone_key, email_key, address_key, ip_key, payment, facts_version, facts,
					factors, delivered, failed, earlier, recent, customer_mark) VALUES `+tx.dialect().values(size, columns)+`
				ON CONFLICT (order_id) DO UPDATE SET due = excluded.due, placed_at = excluded.placed_at, outcome = excluded.outcome,
					outcome_at = excluded.outcome_at, phone_key = excluded.phone_key, email_key = excluded.email_key,
					address_key = excluded.address_key, ip_key = excluded.ip_key, payment = excluded.payment, facts_version = excluded.facts_version, facts = excluded.facts`,
				args...); err != nil {
				return failed(op, err)
			}
		}
	}
	for _, k := range w.gone {
		if _, err := tx.tx.ExecContext(ctx, `DELETE FROM order_keys WHERE integration_id = $1 AND bucket = $2 AND key = $3 AND placed_at = $4 AND order_id = $5`,
			integrationID, k.bucket, k.key, k.placed, k.id); err != nil {
			return failed(op, err)
		}
	}
	slices.SortFunc(w.written, func(a, b orderKey) int { // neighbours in the table follow each other
		return cmp.Or(cmp.Compare(a.bucket, b.bucket), cmp.Compare(a.key, b.key), cmp.Compare(a.placed, b.placed), cmp.Compare(a.id, b.id))
	})
	for _, size := range orderBatches {
		for ; len(w.written) >= size; w.written = w.written[size:] {
			args := make([]any, 0, size*5)
			for _, k := range w.written[:size] {
				args = append(args, integrationID, k.bucket, k.key, k.placed, k.id)
			}
			if _, err := tx.tx.ExecContext(ctx, `INSERT INTO order_keys (integration_id, bucket, key, placed_at, order_id) VALUES `+
				tx.dialect().values(size, 5)+` ON CONFLICT DO NOTHING`, args...); err != nil {
				return failed(op, err)
			}
		}
	}
	return nil
}

// forgetReadings deletes what is stored of orders for their scores, and notes whose scores that changes.
func (tx *Tx) forgetReadings(ctx context.Context, op string, integrationID int64, ids []int64) error {
	stored, err := tx.storedFacts(ctx, op, integrationID, ids)
	if err != nil || len(stored) == 0 {
		return err
	}
	var (
		w      factsWriter
		moved  []place
		counts = newOutcomeCounts()
	)
	for id, f := range stored {
		w.move(f.place(), place{}, id)
		moved = append(moved, f.place())
		counts.add(f, -1)
		if _, err := tx.tx.ExecContext(ctx, `DELETE FROM order_facts WHERE order_id = $1`, id); err != nil {
			return failed(op, err)
		}
	}
	if err := w.write(ctx, tx, op, integrationID); err != nil {
		return err
	}
	if err := tx.countOutcomes(ctx, op, integrationID, counts); err != nil {
		return err
	}
	return tx.disturb(ctx, op, integrationID, moved)
}

// redactReading puts what an order without its customer tells in the place of what it told, and forgets what the merchant said of
// that customer.
func (tx *Tx) redactReading(ctx context.Context, op string, integrationID int64, r readOrderRow) error {
	stored, err := tx.storedFacts(ctx, op, integrationID, []int64{r.id})
	if err != nil {
		return err
	}
	if before, there := stored[r.id]; there {
		for _, key := range before.keys.customer() {
			if _, err := tx.tx.ExecContext(ctx, `DELETE FROM customer_marks WHERE integration_id = $1 AND key = $2`, integrationID, key); err != nil {
				return failed(op, err)
			}
		}
		// Whatever is read of the order now: by nothing can it be known any more.
		if r.reading == nil {
			return tx.forgetReadings(ctx, op, integrationID, []int64{r.id})
		}
	}
	return tx.putReadings(ctx, op, integrationID, []readOrderRow{r})
}

// outcomeCounts is by how much the counts of outcomes and outlooks change.
type outcomeCounts struct {
	ends     map[[2]ParcelOutcome]int64
	outlooks outlookCounts
}

func newOutcomeCounts() outcomeCounts {
	return outcomeCounts{make(map[[2]ParcelOutcome]int64), make(outlookCounts)}
}

func (c outcomeCounts) add(f storedFacts, sign int64) {
	c.ends[[2]ParcelOutcome{f.outcome, f.reported}] += sign
	c.outlooks[f.outlook()] += sign
}

// countOutcomes brings the counts of outcomes and outlooks up to date.
func (tx *Tx) countOutcomes(ctx context.Context, op string, integrationID int64, counts outcomeCounts) error {
	for k, n := range counts.ends {
		if n == 0 {
			continue
		}
		if _, err := tx.tx.ExecContext(ctx, `INSERT INTO outcome_counts (integration_id, outcome, reported, orders) VALUES ($1, $2, $3, $4)
			ON CONFLICT (integration_id, outcome, reported) DO UPDATE SET orders = outcome_counts.orders + excluded.orders`,
			integrationID, k[0], k[1], n); err != nil {
			return failed(op, err)
		}
	}
	return tx.countOutlooks(ctx, op, integrationID, counts.outlooks)
}

// OutcomeCount is how many orders an outcome has.
type OutcomeCount struct {
	Platform ParcelOutcome // by the platform's data
	Reported ParcelOutcome // by the merchant or a carrier; pending: they said nothing, else this counts
	Orders   int
}

// Outcome is the one that counts.
func (c OutcomeCount) Outcome() ParcelOutcome {
	if c.Reported != ParcelPending {
		return c.Reported
	}
	return c.Platform
}

// OutcomeCounts counts the orders of an integration that are read for their score, by what became of them.
func (s *Store) OutcomeCounts(ctx context.Context, integrationID int64) ([]OutcomeCount, error) {
	return list(ctx, s.readers, fmt.Sprintf("scores: outcomes of integration %d", integrationID), func(r row) (c OutcomeCount, err error) {
		err = r.Scan(&c.Platform, &c.Reported, &c.Orders)
		return c, err
	}, `SELECT c.outcome, c.reported, c.orders FROM outcome_counts c WHERE c.integration_id = $1 AND c.orders > 0 ORDER BY c.outcome, c.reported`, integrationID)
}

// nullKey is a key as it is stored.
func nullKey(key int64) sql.NullInt64 { return sql.NullInt64{Int64: key, Valid: key != 0} }

// notNil is a blob as it is stored: empty, but there.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
