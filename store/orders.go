package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// orderBatches are the numbers of rows that one statement writes: few texts, each prepared once.
var orderBatches = [...]int{25, 5, 1}

// errNoOrderID: a version that belongs to no order.
var errNoOrderID = errors.New("a version has no order id")

// storedVersion is what PutOrders must know about a stored order.
type storedVersion struct {
	id       int64
	key      versionKey
	deleted  bool
	imported int64 // milliseconds
	sum      orderSum
	search   string
}

// PutOrders stores the versions of orders that are newer than what is stored, and says what became of each. The result is
// the same in whatever order, grouping or repetition versions arrive: the greatest one of each order stays, and a deleted
// order stays deleted. now becomes imported_at of orders that were not known. ErrNotFound when the integration was
// disconnected meanwhile. See Prepare for doing most of the work outside the transaction.
func (tx *Tx) PutOrders(ctx context.Context, integrationID int64, vs []Version, now time.Time) ([]Outcome, error) {
	op := fmt.Sprintf("orders: put %d of integration %d", len(vs), integrationID)
	g, err := tx.connected(ctx, op, integrationID)
	if err != nil {
		return nil, err
	}
	ready := make([]*preparedOrder, len(vs))
	byVersion := make([]int, len(vs))
	var ids []string
	seen := make(map[string]bool, len(vs))
	for i, v := range vs {
		if v.Order.ID == "" {
			return nil, fmt.Errorf("%s: %w", op, errNoOrderID)
		}
		if ready[i], byVersion[i] = v.prepared, i; ready[i] == nil {
			ready[i] = tx.store.prepare(v)
		}
		if id := ready[i].order.ID; !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	if err := tx.guardVersions(ctx, g, ready); err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	stored, err := tx.storedVersions(ctx, op, integrationID, ids)
	if err != nil {
		return nil, err
	}
	if g.redacting {
		if stored, err = tx.scrubStored(ctx, op, g, ids, stored); err != nil {
			return nil, err
		}
	}

	documents, err := tx.otherDocuments(ctx, op, ready, stored)
	if err != nil {
		return nil, err
	}

	// Oldest first, so that within one call too each version meets the one before it.
	slices.SortStableFunc(byVersion, func(a, b int) int { return ready[a].key.compare(ready[b].key) })
	was := maps.Clone(stored) // as it is before this call
	outcomes := make([]Outcome, len(vs))
	write := make(map[string]*preparedOrder)
	raise := make(map[string]int64)
	for _, i := range byVersion {
		p := ready[i]
		last, known := stored[p.order.ID]
		if known && !last.deleted && p.key.twoWays(last.key) && sameDocuments(p, write[p.order.ID], documents[p.order.ID]) {
			outcomes[i] = Unchanged
			if p.key.made() {
				if p.key.observed <= last.key.observed {
					continue
				}
				last.key.observed = p.key.observed
				if w := write[p.order.ID]; w != nil {
					write[p.order.ID] = w.seen(p.key.observed)
				} else {
					raise[p.order.ID] = p.key.observed
				}
			} else {
				p = p.seen(max(p.key.observed, last.key.observed))
				write[p.order.ID], last.key = p, p.key
			}
			stored[p.order.ID] = last
			continue
		}
		switch {
		case !known:
			outcomes[i] = Created
			write[p.order.ID] = p
		case last.deleted:
			outcomes[i] = Deleted
			continue
		case p.key.sameState(last.key):
			outcomes[i] = Unchanged
			if p.key.observed <= last.key.observed {
				continue
			}
			if write[p.order.ID] != nil {
				write[p.order.ID] = p
			} else {
				raise[p.order.ID] = p.key.observed
			}
		case p.key.compare(last.key) < 0:
			outcomes[i] = Stale
			continue
		default:
			outcomes[i] = Updated
			write[p.order.ID] = p
		}
		last.key = p.key
		stored[p.order.ID] = last
	}

	if err := tx.raiseObserved(ctx, op, ids, stored, write, raise); err != nil {
		return nil, err
	}
	var batch []*preparedOrder
	for _, id := range ids { // in the order of arrival: new ids follow the pages
		if p := write[id]; p != nil {
			batch = append(batch, p)
		}
	}
	if len(batch) == 0 {
		return outcomes, nil
	}
	if err := tx.rateFresh(ctx, op, integrationID, batch, was, now); err != nil {
		return nil, err
	}
	rows, err := tx.writeOrders(ctx, op, integrationID, batch, was, now)
	if err != nil {
		return nil, err
	}
	sums := newLedger()
	var texts []searchChange
	read := make([]readOrderRow, 0, len(batch))
	for _, p := range batch {
		before, known := was[p.order.ID]
		imported, change := now.UnixMilli(), Created
		if known {
			sums.add(before.sum, -1)
			imported, change = before.imported, Updated
		}
		tx.noteOrder(integrationID, rows[p.order.ID], p.order.ID, change)
		sum := p.sum(imported)
		if sum.likelihood, sum.score = p.fresh.likelihood(), p.fresh.score(); known {
			sum.likelihood, sum.score = before.sum.likelihood, before.sum.score // until it is rated anew
		}
		sums.add(sum, 1)
		if before.search != p.search {
			texts = append(texts, searchChange{row: rows[p.order.ID], before: before.search, words: p.words})
		}
		read = append(read, readOrderRow{id: rows[p.order.ID], known: known, placed: sum.listedAt, reading: p.reading, fresh: p.fresh})
	}
	tx.addSums(integrationID, sums)
	if err := tx.putReadings(ctx, op, integrationID, read); err != nil {
		return nil, err
	}
	tx.touched(integrationID)
	return outcomes, tx.writeSearch(ctx, op, integrationID, texts)
}

// storedVersions reads what is stored of the orders.
func (tx *Tx) storedVersions(ctx context.Context, op string, integrationID int64, ids []string) (map[string]storedVersion, error) {
	stored := make(map[string]storedVersion, len(ids))
	err := eachChunk(tx.dialect(), ids, []any{integrationID, platformShopify}, func(in string, args []any) error {
		rows, err := tx.tx.QueryContext(ctx, `SELECT platform_order_id, id, version_at, observed_at, digest, deleted_at IS NOT NULL, imported_at,
				listed_at, created_at IS NOT NULL, COALESCE(financial_status, ''), COALESCE(fulfillment_status, ''), COALESCE(currency, ''),
				COALESCE(delivery_probability, ''), total_millionths, CAST(delivery_score AS BIGINT), COALESCE(province, ''), COALESCE(city, ''), search_text
			FROM orders WHERE integration_id = $1 AND platform = $2 AND platform_order_id IN (`+in+`)`, args...)
		if err != nil {
			return failed(op, err)
		}
		defer rows.Close()
		for rows.Next() {
			var (
				order string
				v     storedVersion
			)
			if err := rows.Scan(&order, &v.id, &v.key.at, &v.key.observed, &v.key.digest, &v.deleted, &v.imported,
				&v.sum.listedAt, &v.sum.dated, &v.sum.financial, &v.sum.fulfillment, &v.sum.currency,
				&v.sum.likelihood, &v.sum.total, &v.sum.score, &v.sum.province, &v.sum.city, &v.search); err != nil {
				return failed(op, err)
			}
			stored[order] = v
		}
		return failed(op, rows.Err())
	})
	return stored, err
}

// raiseObserved notes that an unchanged state was seen again later: a different one seen in between is then the older.
func (tx *Tx) raiseObserved(ctx context.Context, op string, ids []string, stored map[string]storedVersion, write map[string]*preparedOrder, raise map[string]int64) error {
	for _, id := range ids {
		observed, ok := raise[id]
		if !ok || write[id] != nil {
			continue
		}
		if _, err := tx.tx.ExecContext(ctx, `UPDATE orders SET observed_at = $2 WHERE id = $1 AND observed_at < $2`, stored[id].id, observed); err != nil {
			return failed(op, err)
		}
	}
	return nil
}

// writeOrders writes rows and payloads in statements of a few sizes, which the connection keeps prepared. It returns the
// numbers of the rows by the platform's ids.
func (tx *Tx) writeOrders(ctx context.Context, op string, integrationID int64, ps []*preparedOrder, was map[string]storedVersion, now time.Time) (map[string]int64, error) {
	rows := make(map[string]int64, len(ps))
	for _, size := range orderBatches {
		if len(ps) < size {
			continue
		}
		orders := upsertOrders(tx.dialect(), size)
		payloads := `INSERT INTO order_payloads (order_id, codec, body) VALUES ` + tx.dialect().values(size, 3) + `
			ON CONFLICT (order_id) DO UPDATE SET codec = excluded.codec, body = excluded.body`
		for ; len(ps) >= size; ps = ps[size:] {
			if err := tx.writeBatch(ctx, orders, payloads, integrationID, ps[:size], was, now, rows); err != nil {
				return nil, failed(op, err)
			}
		}
	}
	return rows, nil
}

// errLostRow: the guard of the statement refused a version that was decided to be the newest. It cannot happen while one
// writer holds the database, and must not pass unseen if it ever does.
var errLostRow = errors.New("a newer version appeared inside the transaction")

func (tx *Tx) writeBatch(ctx context.Context, orders, payloads string, integrationID int64, ps []*preparedOrder, was map[string]storedVersion, now time.Time, into map[string]int64) error {
	args := make([]any, 0, len(ps)*len(orderColumns))
	for _, p := range ps {
		args = p.appendValues(tx.dialect().orderID(args, was[p.order.ID].id), integrationID, now)
	}
	rows, err := tx.tx.QueryContext(ctx, orders, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var (
			id    int64
			order string
		)
		if err := rows.Scan(&id, &order); err != nil {
			return err
		}
		into[order] = id
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if n != len(ps) {
		return errLostRow
	}
	args = make([]any, 0, len(ps)*3)
	for _, p := range ps {
		args = append(args, into[p.order.ID], p.packed.codec, p.packed.body)
	}
	_, err = tx.tx.ExecContext(ctx, payloads, args...)
	return err
}

// DeleteOrder marks an order deleted: it leaves every list and count, and no later version brings it back, nor an earlier
// one that is late, for an order that is not known gets a tombstone. Deleted, or Unchanged when it was deleted before; the
// earliest time stays. ErrNotFound when the integration was disconnected.
func (tx *Tx) DeleteOrder(ctx context.Context, integrationID int64, platformOrderID string, at time.Time) (Outcome, error) {
	op := fmt.Sprintf("orders: delete %s of integration %d", platformOrderID, integrationID)
	if platformOrderID == "" {
		return Unchanged, fmt.Errorf("%s: %w", op, errNoOrderID)
	}
	platformOrderID = storedID(tx.dialect(), platformOrderID)
	if _, err := tx.connected(ctx, op, integrationID); err != nil {
		return Unchanged, err
	}
	found, err := tx.storedVersions(ctx, op, integrationID, []string{platformOrderID})
	if err != nil {
		return Unchanged, err
	}
	stored, known := found[platformOrderID]
	_, err = tx.tx.ExecContext(ctx, `INSERT INTO orders (integration_id, platform, platform_order_id, version_at, observed_at, digest,
			imported_at, listed_at, deleted_at, test, search_text)
		VALUES ($1, $2, $3, 0, $4, $5, $4, $4, $4, $6, '')
		ON CONFLICT (integration_id, platform, platform_order_id) DO UPDATE SET deleted_at = excluded.deleted_at, search_text = excluded.search_text
		WHERE orders.deleted_at IS NULL OR orders.deleted_at > excluded.deleted_at`,
		integrationID, platformShopify, platformOrderID, at.UnixMilli(), []byte{}, false)
	if err != nil {
		return Unchanged, failed(op, err)
	}
	if stored.deleted {
		return Unchanged, nil
	}
	if !known {
		return Deleted, nil
	}
	tx.noteOrder(integrationID, stored.id, platformOrderID, Deleted)
	sums := newLedger()
	sums.add(stored.sum, -1)
	tx.addSums(integrationID, sums)
	if err := tx.forgetReports(ctx, op, integrationID, stored.id); err != nil {
		return Unchanged, err
	}
	if err := tx.forgetReadings(ctx, op, integrationID, []int64{stored.id}); err != nil {
		return Unchanged, err
	}
	tx.touched(integrationID)
	return Deleted, tx.writeSearch(ctx, op, integrationID, []searchChange{{row: stored.id, before: stored.search}})
}
