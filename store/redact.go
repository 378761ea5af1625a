package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"probability/shopify"
)

// Slices of a redaction: how many numbers of orders, and how many deliveries, are looked through for one transaction.
const (
	redactOrders     = 2_000
	redactDeliveries = 500
)

// Redact goes on with a request to erase a customer: it looks through a slice of the integration's orders, then of its
// deliveries, for whoever is on the list, and scrubs what it finds. It needs not know who that is. more tells whether anything
// is left; what was done is kept in the request's row, so that a process killed meanwhile goes on from there.
func (s *Store) Redact(ctx context.Context, id uuid.UUID) (more bool, err error) {
	op := "privacy: redact " + id.String()
	r, err := s.PrivacyRequestByID(ctx, id)
	if err != nil || r.State != PrivacyOpen {
		return false, err
	}
	g, err := get(ctx, s.work, op, scanGuard, guarded+`= $1`, r.IntegrationID)
	if err != nil {
		return false, err
	}
	next := r
	slice, scrub := s.suspectOrders, (*Tx).scrubOrder
	if last, err := get(ctx, s.work, op, scanOne[int64], `SELECT COALESCE(max(id), 0) FROM orders`); err != nil {
		return false, err
	} else if r.order >= last {
		slice, scrub = s.suspectDeliveries, (*Tx).scrubDelivery
	}
	suspects, done, err := slice(ctx, op, g, &next)
	if err != nil {
		return false, err
	}
	return !done, s.Update(ctx, func(ctx context.Context, tx *Tx) error {
		now, err := tx.privacyRequest(ctx, id)
		if err != nil {
			return err
		}
		if now.State != PrivacyOpen || now.order != r.order || now.delivery != r.delivery {
			return nil // another job was here
		}
		var orders, deliveries int
		count := &orders
		if next.order == r.order {
			count = &deliveries
		}
		for _, row := range suspects {
			changed, err := scrub(tx, ctx, op, g, row)
			if err != nil {
				return err
			}
			if changed {
				*count++
			}
		}
		_, err = tx.tx.ExecContext(ctx, `UPDATE privacy_requests SET order_cursor = $2, delivery_cursor = $3, orders = orders + $4,
			deliveries = deliveries + $5 WHERE id = $1`, id.String(), next.order, next.delivery, orders, deliveries)
		return failed(op, err)
	})
}

// suspectOrders looks through the next orders of an integration, those that are deleted too. The caller decides anew within a
// transaction.
func (s *Store) suspectOrders(ctx context.Context, op string, g guard, r *PrivacyRequest) (suspects []int64, done bool, err error) {
	from := r.order
	r.order += redactOrders
	suspects, err = s.suspects(ctx, op, g, func(order, _ string, body []byte) []string {
		return append(shopify.Marks(body), shopify.OrderMark(order))
	}, `SELECT o.id, o.platform_order_id, '', p.codec, p.body FROM orders o JOIN order_payloads p ON p.order_id = o.id
		WHERE o.id > $1 AND o.id <= $2 AND o.integration_id = $3 ORDER BY o.id`, from, r.order, g.id)
	return suspects, false, err
}

// suspectDeliveries is suspectOrders for deliveries.
func (s *Store) suspectDeliveries(ctx context.Context, op string, g guard, r *PrivacyRequest) (suspects []int64, done bool, err error) {
	from := r.delivery
	last, err := get(ctx, s.work, op, scanOne[sql.NullInt64], `SELECT max(seq) FROM (SELECT seq FROM deliveries
		WHERE integration_id = $1 AND seq > $2 ORDER BY seq LIMIT $3) next`, g.id, from, redactDeliveries)
	if err != nil || !last.Valid {
		return nil, true, err
	}
	r.delivery = last.Int64
	suspects, err = s.suspects(ctx, op, g, func(_, topic string, body []byte) (marks []string) {
		if shopify.IsCompliance(topic) {
			return nil
		}
		for _, p := range shopify.Parts(topic, body) {
			marks = append(marks, p.Marks...)
		}
		return marks
	}, `SELECT d.seq, '', d.topic, d.codec, d.body FROM deliveries d WHERE d.integration_id = $1 AND d.seq > $2 AND d.seq <= $3 ORDER BY d.seq`,
		g.id, from, r.delivery)
	return suspects, false, err
}

// suspects lists the rows with a mark that is on the list. One body is in memory at a time.
func (s *Store) suspects(ctx context.Context, op string, g guard, marksOf func(order, topic string, body []byte) []string, query string, args ...any) ([]int64, error) {
	rows, err := s.work.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, failed(op, err)
	}
	defer rows.Close()
	var (
		marks []string
		of    = make(map[string][]int64)
	)
	for rows.Next() {
		var (
			id           int64
			order, topic string
			p            packedBody
		)
		if err := rows.Scan(&id, &order, &topic, &p.codec, &p.body); err != nil {
			return nil, failed(op, err)
		}
		body, err := s.bodies.unpack(p)
		if err != nil {
			return nil, failed(op, err)
		}
		for _, m := range marksOf(order, topic, body) {
			m = strings.Clone(m)
			if of[m] == nil {
				marks = append(marks, m)
			}
			of[m] = append(of[m], id)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, failed(op, err)
	}
	hit, err := s.suppressed(ctx, s.work, g, marks)
	if err != nil {
		return nil, err
	}
	seen := make(map[int64]bool)
	var found []int64
	for _, m := range shopify.Hits(marks, hit) {
		for _, id := range of[m] {
			if !seen[id] {
				seen[id] = true
				found = append(found, id)
			}
		}
	}
	return found, nil
}

// scrubOrder takes the customer out of a stored order who is on the list: out of its columns, its payload, the search index. The
// sums stay what the orders add up to. changed is false when there was nothing to take out.
func (tx *Tx) scrubOrder(ctx context.Context, op string, g guard, id int64) (changed bool, err error) {
	stored, err := get(ctx, tx.tx, op, tx.store.scanOrder(true), selectOrders(true, "orders o")+` WHERE o.id = $1 AND o.integration_id = $2`, id, g.id)
	if errors.Is(err, ErrNotFound) || err == nil && stored.Order.Raw == nil {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	o := stored.Order.Order
	marks := append(shopify.Marks(o.Raw), shopify.OrderMark(o.ID))
	hit, err := tx.store.suppressed(ctx, txQuerier{tx.tx}, g, marks)
	if err != nil {
		return false, err
	}
	hits := shopify.Hits(marks, hit)
	if len(hits) == 0 {
		return false, nil
	}
	after := o.Scrubbed(hits)
	if string(after.Raw) == string(o.Raw) { // what somebody wrote of them since is not in it
		return tx.redactReports(ctx, op, id)
	}
	found, err := tx.storedVersions(ctx, op, g.id, []string{o.ID})
	if err != nil {
		return false, err
	}
	before := found[o.ID]
	p := tx.store.prepare(Version{Order: after, ObservedAt: time.UnixMilli(before.key.observed)})
	if before.deleted {
		p.search = ""
	}
	if err := tx.rewriteOrder(ctx, op, id, p, stored.ImportedAt); err != nil {
		return false, err
	}
	if _, err := tx.redactReports(ctx, op, id); err != nil {
		return false, err
	}
	tx.touched(g.id)
	if before.deleted {
		return true, nil
	}
	tx.noteOrder(g.id, id, o.ID, Updated)
	sums, sum := newLedger(), p.sum(before.imported)
	sum.likelihood, sum.score = before.sum.likelihood, before.sum.score
	sums.add(before.sum, -1)
	sums.add(sum, 1)
	tx.addSums(g.id, sums)
	if err := tx.redactReading(ctx, op, g.id, readOrderRow{id: id, known: true, placed: sum.listedAt, reading: p.reading}); err != nil {
		return false, err
	}
	if before.search == p.search {
		return true, nil
	}
	return true, tx.dialect().eraseSearch(ctx, tx, op, g.id, searchChange{row: id, before: before.search, words: p.words})
}

// scrubStored takes customers who are on the list out of those of the orders that are stored, before newer versions without them hide
// from the scan whose orders these were: what the merchant wrote of them stands beside the orders, not in them. It returns what is stored
// then.
func (tx *Tx) scrubStored(ctx context.Context, op string, g guard, ids []string, stored map[string]storedVersion) (map[string]storedVersion, error) {
	scrubbed := false
	for _, id := range ids {
		v, known := stored[id]
		if !known {
			continue
		}
		changed, err := tx.scrubOrder(ctx, op, g, v.id)
		if err != nil {
			return nil, err
		}
		scrubbed = scrubbed || changed
	}
	if !scrubbed {
		return stored, nil
	}
	return tx.storedVersions(ctx, op, g.id, ids)
}

// rewriteOrder puts another state in the place of a row's, whichever is the newer.
func (tx *Tx) rewriteOrder(ctx context.Context, op string, id int64, p *preparedOrder, imported time.Time) error {
	columns := replacedOrderColumns
	args := p.appendValues(nil, 0, imported)
	args = append(args[fixedOrderColumns:len(args)-scoreColumns], id)
	if _, err := tx.tx.ExecContext(ctx, `UPDATE orders SET (`+strings.Join(columns, ", ")+`) = `+tx.dialect().values(1, len(columns))+` WHERE id = `+tx.dialect().in(len(columns)+1, 1), args...); err != nil {
		return failed(op, err)
	}
	_, err := tx.tx.ExecContext(ctx, `UPDATE order_payloads SET codec = $2, body = $3 WHERE order_id = $1`, id, p.packed.codec, p.packed.body)
	return failed(op, err)
}

// scrubDelivery takes customers who are on the list out of the body of a stored delivery.
func (tx *Tx) scrubDelivery(ctx context.Context, op string, g guard, seq int64) (changed bool, err error) {
	d, err := get(ctx, tx.tx, op, tx.store.scanWithBody, `SELECT `+deliveryColumns+`, d.codec, d.body FROM deliveries d WHERE d.seq = $1`, seq)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	scrubbed, changed, err := tx.store.scrubBody(ctx, txQuerier{tx.tx}, g, d.Topic, d.Body)
	if err != nil || !changed {
		return false, err
	}
	return true, tx.ReplaceBody(ctx, seq, scrubbed)
}

// ReplaceBody puts another body in the place of a delivery's.
func (tx *Tx) ReplaceBody(ctx context.Context, seq int64, body []byte) error {
	p := tx.store.bodies.pack(body)
	_, err := tx.tx.ExecContext(ctx, `UPDATE deliveries SET codec = $2, body = $3 WHERE seq = $1`, seq, p.codec, p.body)
	return failed(fmt.Sprintf("deliveries: replace the body of %d", seq), err)
}
