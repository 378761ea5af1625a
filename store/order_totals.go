package store

import (
	"context"
	"math/bits"
	"slices"
)

// How many orders have a total within a range is answered by order_totals: how many there are in each of some hundred
// buckets, whose widths grow with the totals. Only the buckets that a range cuts are counted one by one, along an index; each
// holds a thirtieth of a doubling of the total.

// bucketBits is how many bits of a total tell the buckets of one doubling apart.
const bucketBits = 5

// totalBucket is the bucket of a total in millionths. Larger totals never have smaller buckets.
func totalBucket(millionths int64) int64 {
	if millionths < 0 {
		return -1 - magnitudeBucket(uint64(-(millionths + 1)))
	}
	return magnitudeBucket(uint64(millionths))
}

func magnitudeBucket(v uint64) int64 {
	shift := max(bits.Len64(v)-bucketBits-1, 0)
	return int64(shift)<<bucketBits + int64(v>>shift)
}

// writeTotals brings the buckets of an integration up to date.
func (tx *Tx) writeTotals(ctx context.Context, op string, integrationID int64, totals map[int64]int64) error {
	buckets := make([]int64, 0, len(totals))
	for bucket, n := range totals {
		if n != 0 {
			buckets = append(buckets, bucket)
		}
	}
	slices.Sort(buckets)
	for _, size := range dayBatches {
		for ; len(buckets) >= size; buckets = buckets[size:] {
			args := make([]any, 0, 3*size)
			for _, b := range buckets[:size] {
				args = append(args, integrationID, b, totals[b])
			}
			if _, err := tx.tx.ExecContext(ctx, `INSERT INTO order_totals (integration_id, bucket, orders) VALUES `+tx.dialect().values(size, 3)+`
				ON CONFLICT (integration_id, bucket) DO UPDATE SET orders = order_totals.orders + excluded.orders`, args...); err != nil {
				return failed(op, err)
			}
		}
	}
	return nil
}

// onlyTotals tells whether the filter has a range of totals and nothing else.
func (f OrderFilter) onlyTotals() bool {
	return (f.MinTotal != nil || f.MaxTotal != nil) && f.ImportedSince.IsZero() && !f.bounded() && !f.scored() &&
		f.FinancialStatus+f.FulfillmentStatus+f.DeliveryProbability == ""
}

// countTotals counts the orders of a filter that has a range of totals only.
func (r orderRead) countTotals(ctx context.Context) (int, error) {
	c := &conditions{}
	c.add("t.integration_id = ?", r.f.IntegrationID)
	if r.f.MinTotal != nil {
		c.add("t.bucket >= ?", totalBucket(*r.f.MinTotal))
	}
	if r.f.MaxTotal != nil {
		c.add("t.bucket <= ?", totalBucket(*r.f.MaxTotal))
	}
	n, err := get(ctx, r.s.readers, r.op, scanOne[int], `SELECT COALESCE(sum(t.orders), 0) FROM order_totals t WHERE `+c.String(), c.args...)
	if err != nil {
		return 0, err
	}
	// What the first and the last bucket hold outside of the range.
	outside := func(condition string, from, to int64) error {
		if n == 0 {
			return nil
		}
		total := OrderBy{Field: ByTotalPrice}.expression()
		c := &conditions{}
		c.add("o.integration_id = ?", r.f.IntegrationID)
		c.add("o.deleted_at IS NULL")
		c.add(total+" >= ?", max(from, unknownTotal+1)) // of two lower bounds the engine would walk from either
		c.add(total+condition, to)
		m, err := get(ctx, r.s.readers, r.op, scanOne[int], `SELECT count(*) FROM `+r.s.ordersIndexed("orders_total")+` WHERE `+c.String(), c.args...)
		n -= m
		return err
	}
	if r.f.MinTotal != nil {
		err = outside(" < ?", bucketStart(totalBucket(*r.f.MinTotal)), *r.f.MinTotal)
	}
	if r.f.MaxTotal != nil && err == nil && *r.f.MaxTotal < bucketEnd(totalBucket(*r.f.MaxTotal)) {
		err = outside(" <= ?", *r.f.MaxTotal+1, bucketEnd(totalBucket(*r.f.MaxTotal)))
	}
	return max(n, 0), err
}

// bucketStart is the smallest total of a bucket, bucketEnd the largest.
func bucketStart(bucket int64) int64 {
	if bucket < 0 {
		return -1 - bucketEnd(-1-bucket)
	}
	if bucket < 2<<bucketBits {
		return bucket
	}
	shift := bucket>>bucketBits - 1
	return (bucket - shift<<bucketBits) << shift
}

func bucketEnd(bucket int64) int64 {
	if bucket < 0 {
		return -1 - bucketStart(-1-bucket)
	}
	if bucket < 2<<bucketBits {
		return bucket
	}
	shift := bucket>>bucketBits - 1
	return bucketStart(bucket) + (1<<shift - 1)
}
