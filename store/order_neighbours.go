package store

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"time"
)

// This file tells which orders are of one customer, and so whose scores depend on each other's.
//
// What an order is rated by are those of its customer that were placed before it. A key that very many orders have is nobody's: a
// placeholder such as 0000000, the address of a shop, the network of a telephone company. It counts for no order by whose time it was
// one. So what an order depends on, and what depends on it, are few orders in any case, and the same ones in whatever order
// they arrive.

// customerBucket is the bucket of the keys that tell of a customer for ever.
const customerBucket = 0

// sharing says when a key is nobody's, and how many orders are read at once to find out.
type sharing struct {
	orders int // how many other orders, placed until then, a telephone number or an e-mail may have
	day    int // the same for an address or a network address, within recentSpan
	// What one statement reads: so many for each key, and so many more. Beyond, each key is asked for by itself, with a limit of its own.
	forKey, more int
}

var defaultSharing = sharing{orders: 50, day: 10, forKey: 8, more: 512}

// recentSpan is how long before an order others count as many at once, in milliseconds.
const recentSpan = int64(24 * time.Hour / time.Millisecond)

// dayBucket is the bucket of the other keys of an order.
func dayBucket(placed int64) int64 { return max(1, dayOf(placed)) }

// maxMillis is after every time.
const maxMillis = math.MaxInt64

// neighbour is an order that has a key.
type neighbour struct {
	key, placed, id int64
	outcome         ParcelOutcome // reported or the platform's
	ended           int64         // when that was known; meaningless while pending
}

const (
	neighbourColumns = `k.key, k.placed_at, k.order_id, CASE f.reported WHEN 0 THEN f.outcome ELSE f.reported END,
		COALESCE(CASE f.reported WHEN 0 THEN f.outcome_at ELSE f.reported_at END, 9223372036854775807)` // maxMillis
)

// keysWhere takes a list of keys, an integration and a bucket.
func keysWhere(d dialect) string {
	return ` WHERE k.integration_id = $2 AND k.bucket = $3 AND ` + d.among("k.key", "$1")
}

// keysQuery reads the keys of keysWhere.
func keysQuery(d dialect) string {
	return `SELECT k.key, k.placed_at, k.order_id FROM order_keys k` + keysWhere(d)
}

func (n neighbour) compare(other neighbour) int {
	return cmp.Or(cmp.Compare(n.placed, other.placed), cmp.Compare(n.id, other.id))
}

func scanNeighbour(r row) (n neighbour, err error) {
	err = r.Scan(&n.key, &n.placed, &n.id, &n.outcome, &n.ended)
	return n, err
}

func scanNeighbourOnly(r row) (n neighbour, err error) {
	err = r.Scan(&n.key, &n.placed, &n.id)
	return n, err
}

// neighbours reads orders by their keys. It is a few statements for however many orders, as long as no key is shared by many.
type neighbours struct {
	tx            *Tx
	op            string
	integrationID int64
	ended         bool // with what became of them

	customer map[int64][]neighbour           // by key, in the order in which they were placed; the first ones
	days     map[int64]map[int64][]neighbour // by bucket and key; all
	hot      map[int64]bool                  // buckets that have too many to be read at once
	joined   map[int64]map[int64][]neighbour // by bucket and key: orders that are not stored yet, of hot buckets
}

// query reads the orders that have keys that tell of customers, at most limit; order sorts them.
func (n *neighbours) query(ctx context.Context, keys []int64, order string, limit int) ([]neighbour, error) {
	d := n.tx.dialect()
	query, scan := keysQuery(d), scanNeighbourOnly
	if n.ended {
		query, scan = `SELECT `+neighbourColumns+` FROM order_keys k CROSS JOIN order_facts f`+keysWhere(d)+` AND f.order_id = k.order_id`, scanNeighbour
	}
	return list(ctx, n.tx.tx, n.op, scan, query+order+` LIMIT $4`, d.numberList(keys), n.integrationID, customerBucket, limit)
}

// most is how many of the first orders that have a key may depend on each other, and the first that does not.
func (n *neighbours) most() int { return n.tx.store.shared.orders + 2 }

// readCustomers reads the first orders that have each of the keys: as many as can matter to any.
func (n *neighbours) readCustomers(ctx context.Context, keys map[int64]bool) error {
	shared, most := n.tx.store.shared, n.most()
	n.customer = make(map[int64][]neighbour, len(keys))
	ids := slices.Sorted(maps.Keys(keys))
	if len(ids) == 0 {
		return nil
	}
	limit := shared.forKey*len(ids) + shared.more
	found, err := n.query(ctx, ids, "", limit)
	if err != nil {
		return err
	}
	if len(found) < limit {
		slices.SortFunc(found, neighbour.compare)
		for _, o := range found {
			if len(n.customer[o.key]) < most {
				n.customer[o.key] = append(n.customer[o.key], o)
			}
		}
		return nil
	}
	for _, key := range ids {
		if n.customer[key], err = n.query(ctx, []int64{key}, ` ORDER BY k.placed_at, k.order_id`, most); err != nil {
			return err
		}
	}
	return nil
}

// readDays reads the orders that have keys in buckets of days.
func (n *neighbours) readDays(ctx context.Context, buckets map[int64]map[int64]bool) error {
	n.days, n.hot = make(map[int64]map[int64][]neighbour, len(buckets)), make(map[int64]bool)
	for _, bucket := range slices.Sorted(maps.Keys(buckets)) {
		keys := slices.Sorted(maps.Keys(buckets[bucket]))
		limit := n.tx.store.shared.forKey*len(keys) + n.tx.store.shared.more
		found, err := list(ctx, n.tx.tx, n.op, scanNeighbourOnly, keysQuery(n.tx.dialect())+` LIMIT $4`,
			n.tx.dialect().numberList(keys), n.integrationID, bucket, limit)
		if err != nil {
			return err
		}
		if len(found) == limit {
			n.hot[bucket] = true
			continue
		}
		byKey := make(map[int64][]neighbour, len(keys))
		slices.SortFunc(found, neighbour.compare)
		for _, o := range found {
			byKey[o.key] = append(byKey[o.key], o)
		}
		n.days[bucket] = byKey
	}
	return nil
}

// between are the orders that have a key of a day and were placed from one time to another, both included: the latest ones of
// them, or the first, at most so many.
func (n *neighbours) between(ctx context.Context, key, from, to int64, latest bool, most int) ([]neighbour, error) {
	var out []neighbour
	for bucket := dayBucket(from); bucket <= dayBucket(to); bucket++ {
		if n.hot[bucket] {
			direction := ""
			if latest {
				direction = " DESC"
			}
			found, err := list(ctx, n.tx.tx, n.op, scanNeighbourOnly, `SELECT k.key, k.placed_at, k.order_id FROM order_keys k
				WHERE k.integration_id = $1 AND k.bucket = $2 AND k.key = $3 AND k.placed_at BETWEEN $4 AND $5
				ORDER BY k.placed_at`+direction+`, k.order_id`+direction+` LIMIT $6`, n.integrationID, bucket, key, from, to, most)
			if err != nil {
				return nil, err
			}
			if latest {
				slices.Reverse(found)
			}
			out = append(out, n.withJoined(bucket, key, from, to, found)...)
			continue
		}
		for _, o := range n.days[bucket][key] {
			if o.placed >= from && o.placed <= to {
				out = append(out, o)
			}
		}
	}
	if latest {
		return out[max(0, len(out)-most):], nil
	}
	return out[:min(len(out), most)], nil
}
