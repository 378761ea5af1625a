package shopify_test

import (
	"testing"

	"probability/shopify"
)

func BenchmarkReadDetails(b *testing.B) {
	benchmarkDetails(b, benchmarkOrder())
}

// BenchmarkReadDetails_Simulated has fulfillments and addresses too.
func BenchmarkReadDetails_Simulated(b *testing.B) {
	orders, err := shopify.SplitOrders(simulatedPage(b))
	if err != nil {
		b.Fatal(err)
	}
	benchmarkDetails(b, orders[0])
}

func benchmarkDetails(b *testing.B, raw []byte) {
	b.Helper()
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if d := shopify.ReadDetails(raw); len(d.Items) == 0 {
			b.Fatal("no items")
		}
	}
}
