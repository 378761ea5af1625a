package store_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"probability/store"
)

// Every total is within its bucket, and the buckets follow each other without a gap.
func TestBuckets(t *testing.T) {
	t.Parallel()
	check := func(tb tester, v int64) {
		tb.Helper()
		b, start, end := store.Bucket(v)
		if v < start || v > end {
			tb.Fatal(v, "is not within its bucket", b, start, end)
		}
		if end < math.MaxInt64 {
			if next, from, _ := store.Bucket(end + 1); next != b+1 || from != end+1 {
				tb.Fatal("behind bucket", b, "up to", end, "comes", next, "from", from)
			}
		}
		if width := float64(end - start); width > 64 && width > math.Abs(float64(start))/16 {
			tb.Fatal("bucket", b, "from", start, "to", end, "is too wide")
		}
	}
	for _, v := range []int64{0, 1, -1, 31, 32, 63, 64, 65, -64, -65, 1_000_000, math.MaxInt64, math.MaxInt64 - 1, math.MinInt64 + 1, math.MinInt64 + 2} {
		check(t, v)
	}
	rapid.Check(t, func(rt *rapid.T) { check(rt, rapid.Int64Range(math.MinInt64+1, math.MaxInt64).Draw(rt, "total")) })
}
