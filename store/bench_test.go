package store_test

import (
	"context"
	"flag"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/shopify"
	"probability/store"
	"probability/store/storetest"
)

// manyVersions makes orders with payloads of about 5.8 KB, of customers who come back.
func manyVersions(from, n int) []store.Version {
	vs := make([]store.Version, n)
	for i := range vs {
		id := from + i
		at := noon.Add(time.Duration(id) * time.Second)
		o := shopify.Order{
			ID: itoa(5_000_000_000_000 + id), Number: "#" + itoa(id), TotalPrice: itoa(id%900) + ".00", Currency: "COP", CustomerName: "Ana María " + itoa(id%997),
			CustomerEmail: fmt.Sprintf("customer%d@example.com", id%997), Phone: "+57300" + itoa(id), PaymentType: "Cash on Delivery (COD)", SourceName: "web",
			FinancialStatus: "pending", Address: "Calle 1 # " + itoa(id), City: "Medellín", Province: "Antioquia", Country: "Colombia", CreatedAt: at, UpdatedAt: at,
		}
		o.Raw = fmt.Appendf(nil, `{"id":%s,"name":%q,"total":%q,"email":%q,"line_items":[`, o.ID, o.Number, o.TotalPrice, o.CustomerEmail)
		for len(o.Raw) < 5_800 {
			o.Raw = fmt.Appendf(o.Raw, `{"id":%d,"sku":"SKU-%d","title":"Camiseta de algodón","quantity":%d,"price":"%d.00","taxable":true,"properties":[]},`, id*31+len(o.Raw), id%89, id%5, id%900)
		}
		o.Raw = append(o.Raw, `null]}`...)
		vs[i] = store.Version{Order: o, ObservedAt: at}
	}
	return vs
}

func BenchmarkPutOrders(b *testing.B) {
	for _, prepared := range []bool{false, true} {
		b.Run(fmt.Sprintf("page125/prepared=%v", prepared), func(b *testing.B) {
			storetest.Bench(b, func(b *testing.B, s *store.Store) {
				id := connect(b, s, uuid.New(), "a.myshopify.com")
				page := 0
				for b.Loop() {
					b.StopTimer()
					vs := manyVersions(page*125, 125)
					if prepared {
						s.Prepare(vs)
					}
					page++
					b.StartTimer()
					put(b, s, id, vs...)
				}
				b.ReportMetric(float64(125*b.N)/b.Elapsed().Seconds(), "orders/s")
			})
		})
	}
}

// BenchmarkInsertDeliveries is a transaction of a hundred, packed before, as accepting does.
func BenchmarkInsertDeliveries(b *testing.B) {
	storetest.Bench(b, func(b *testing.B, s *store.Store) {
		id := connect(b, s, uuid.New(), "a.myshopify.com")
		body := manyVersions(0, 1)[0].Order.Raw
		for b.Loop() {
			ds := make([]store.Delivery, 100)
			for i := range ds {
				ds[i] = store.Delivery{ID: uuid.New(), IntegrationID: id, WebhookID: uuid.NewString(), Topic: "orders/create", ReceivedAt: noon, State: "pending", Body: body}
			}
			s.PrepareDeliveries(ds)
			update(b, s, func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.InsertDeliveries(ctx, ds)
				return err
			})
		}
		b.ReportMetric(float64(100*b.N)/b.Elapsed().Seconds(), "deliveries/s")
	})
}

// BenchmarkUpdate is a transaction that changes one row, by one process and by two that take turns.
func BenchmarkUpdate(b *testing.B) {
	write := func(b *testing.B, s *store.Store) {
		b.Helper()
		if err := s.Ping(b.Context()); err != nil {
			b.Error(err)
		}
	}
	storetest.Bench(b, func(b *testing.B, s *store.Store) {
		for b.Loop() {
			write(b, s)
		}
	})
	b.Run("postgres by two", func(b *testing.B) {
		cfg := storetest.PostgresConfig(b)
		other := cfg
		other.Dir = b.TempDir() + "/other"
		both := [...]*store.Store{storetest.Open(b, cfg), storetest.Open(b, other)}
		var turn atomic.Int64
		b.SetParallelism(4)
		b.RunParallel(func(pb *testing.PB) {
			s := both[turn.Add(1)%2]
			for pb.Next() {
				write(b, s)
			}
		})
	})
}

func BenchmarkOrders(b *testing.B) {
	storetest.Bench(b, func(b *testing.B, s *store.Store) {
		id := connect(b, s, uuid.New(), "a.myshopify.com")
		const pages = 80 // 20,000 orders
		for page := range pages {
			put(b, s, id, manyVersions(page*125, 125)...)
		}
		f := store.OrderFilter{IntegrationID: id, Order: store.OrderBy{Field: store.ByCreatedAt, Desc: true}}
		deep, cursor, bodies := f, f, f
		deep.Offset = 10_000
		cursor.After = &store.OrderKey{Value: noon.Add(10_000 * time.Second).UnixMilli(), ID: 10_000}
		bodies.Payload = true
		for _, c := range []struct {
			name   string
			filter store.OrderFilter
		}{{"first", f}, {"first with payloads", bodies}, {"offset 10000", deep}, {"cursor", cursor}} {
			b.Run(c.name, func(b *testing.B) {
				for b.Loop() {
					if _, err := s.Orders(b.Context(), c.filter); err != nil {
						b.Fatal(err)
					}
				}
			})
			if c.name == "cursor" {
				b.Run("parallel", func(b *testing.B) {
					b.RunParallel(func(pb *testing.PB) {
						for pb.Next() {
							if _, err := s.Orders(b.Context(), f); err != nil {
								b.Error(err)
							}
						}
					})
				})
			}
		}
		b.Run("count", func(b *testing.B) {
			for b.Loop() {
				if _, err := s.CountOrders(b.Context(), f); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}

var benchOrders = flag.Int("orders", 30_000, "how many orders BenchmarkSelectOrders reads from")

// BenchmarkSelectOrders is a counted page, in each of the ways in which one is found. More orders show how it grows: -orders.
func BenchmarkSelectOrders(b *testing.B) {
	storetest.Bench(b, func(b *testing.B, s *store.Store) {
		id := connect(b, s, uuid.New(), "a.myshopify.com")
		for page := range *benchOrders / 250 {
			put(b, s, id, manyVersions(page*250, 250)...)
		}
		newest := store.OrderBy{Field: store.ByCreatedAt, Desc: true}
		least := int64(450_000_000)
		for _, c := range []struct {
			name   string
			filter store.OrderFilter
			offset int
		}{
			{"all", store.OrderFilter{}, 0},
			{"page 1000", store.OrderFilter{}, 20_000},
			{"status", store.OrderFilter{FinancialStatus: "pending"}, 0},
			{"since", store.OrderFilter{Since: noon.Add(3 * time.Hour)}, 0},
			{"min total", store.OrderFilter{MinTotal: &least}, 0},
			{"rare term", store.OrderFilter{Search: "#29123"}, 0},
			{"name", store.OrderFilter{Search: "maría 123"}, 0},
			{"common term", store.OrderFilter{Search: "medellín"}, 0},
			{"absent term", store.OrderFilter{Search: "zzqq"}, 0},
			{"two letters", store.OrderFilter{Search: "zq"}, 0},
		} {
			c.filter.IntegrationID, c.filter.Order = id, newest
			b.Run(c.name, func(b *testing.B) {
				for b.Loop() {
					sel, err := s.SelectOrders(b.Context(), c.filter)
					if err != nil {
						b.Fatal(err)
					}
					if _, err := sel.Page(b.Context(), 20, c.offset); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	})
}
