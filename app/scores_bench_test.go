package app_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/app"
	"probability/app/score"
	"probability/shopify"
	"probability/store"
	"probability/store/storetest"
)

// benchOrder is the n-th order of a store in which half of the orders are of regular customers.
func benchOrder(n int, at time.Time) []byte {
	customer := n*2654435761%3_000_000 + 1_000_000
	if n%2 == 0 {
		customer = n / 2 * 7919 % 20_000
	}
	status, shipment := "pending", ""
	if n%3 > 0 {
		status, shipment = "paid", `"delivered"`
	}
	body := fmt.Appendf(nil, `{"id":%d,"name":"#%d","created_at":%q,"updated_at":%q,"total_price":"%d.00","currency":"COP","email":"customer%d@example.com",`+
		`"phone":"+57300%07d","payment_gateway_names":["Cash on Delivery (COD)"],"financial_status":%q,"browser_ip":"10.%d.%d.%d","source_name":"web",`+
		`"shipping_address":{"first_name":"Ana María","last_name":"Gómez %d","address1":"Calle %d # %d-%d","city":"Medellín","province":"Antioquia","country":"Colombia","zip":"050%d"},`,
		5_000_000_000_000+n, 1000+n, at.Format(time.RFC3339), at.Add(72*time.Hour).Format(time.RFC3339), 20_000+n*37%90_000, customer, customer, status,
		customer>>16&255, customer>>8&255, customer&255, customer%997, customer%171, customer%97, n%80, 100+customer%900)
	if shipment != "" {
		body = fmt.Appendf(body, `"fulfillments":[{"created_at":%q,"updated_at":%q,"status":"success","shipment_status":%s,"tracking_company":"Coordinadora"}],`,
			at.Add(24*time.Hour).Format(time.RFC3339), at.Add(72*time.Hour).Format(time.RFC3339), shipment)
	}
	body = append(body, `"line_items":[`...)
	for i := 0; len(body) < 5_500; i++ {
		body = fmt.Appendf(body, `{"id":%d,"product_id":%d,"sku":"SKU-%d","title":"Camiseta de algodón","quantity":%d,"price":"%d.00","taxable":true,"properties":[]},`,
			n*31+i, 700+n%89, n%89, 1+n%2, 10_000+n%900)
	}
	return append(body, `null]}`...)
}

// BenchmarkStoreOrders stores pages of 250 orders and rates them, oldest first and newest first, and without their scores. The time of
// the processor is what counts on a machine that has other things to do.
func BenchmarkStoreOrders(b *testing.B) {
	for _, mode := range []string{"plain", "scored", "newest-first"} {
		b.Run(mode, func(b *testing.B) {
			a, st, id, _ := benchStore(b)
			if mode == "plain" {
				st.ReadWith(0, nil)
			}
			now := benchNow
			const page = 250
			n := 0
			var prepare, write time.Duration
			for b.Loop() {
				b.StopTimer()
				vs := make([]store.Version, page)
				begun := processor(b)
				for i := range vs {
					at := now.Add(time.Duration(n) * time.Minute)
					if mode == "newest-first" {
						at = now.Add(-time.Duration(n) * time.Minute)
					}
					o, err := shopify.ParseOrder(benchOrder(n, at))
					if err != nil {
						b.Fatal(err)
					}
					vs[i] = store.Version{Order: o, ObservedAt: at}
					n++
				}
				generated := processor(b)
				st.Prepare(vs)
				prepared := processor(b)
				b.StartTimer()
				if err := app.StoreOrders(b.Context(), a, id, vs); err != nil {
					b.Fatal(err)
				}
				_ = begun
				prepare, write = prepare+prepared-generated, write+processor(b)-prepared
			}
			b.ReportMetric(float64(prepare.Microseconds())/float64(n), "µs-prepare/order")
			b.ReportMetric(float64(write.Microseconds())/float64(n), "µs-write/order")
		})
	}
}

var benchNow = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// benchStore is an empty store of a user.
func benchStore(b *testing.B) (a *app.App, st *store.Store, id int64, user uuid.UUID) {
	b.Helper()
	st = storetest.Chosen(b)
	client, err := shopify.NewClient(shopify.Config{}, http.DefaultClient, slog.New(slog.DiscardHandler)) //nolint:forbidigo // it is never called
	if err != nil {
		b.Fatal(err)
	}
	if a, err = app.New(app.Config{}, st, client, slog.New(slog.DiscardHandler)); err != nil {
		b.Fatal(err)
	}
	user = uuid.New()
	err = st.Update(b.Context(), func(ctx context.Context, tx *store.Tx) (err error) {
		id, err = tx.InsertIntegration(ctx, store.Integration{UserID: user, StoreName: "a.myshopify.com", Auth: store.AuthToken, CreatedAt: benchNow, UpdatedAt: benchNow})
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return a, st, id, user
}

// BenchmarkRescore rates 10,000 orders of some 70 days anew after each change of the settings, which gives most of them another score.
func BenchmarkRescore(b *testing.B) {
	const orders, page = 10_000, 500
	a, _, id, user := benchStore(b)
	for n := 0; n < orders; n += page {
		vs := make([]store.Version, page)
		for i := range vs {
			at := benchNow.Add(time.Duration(n+i) * 10 * time.Minute)
			o, err := shopify.ParseOrder(benchOrder(n+i, at))
			if err != nil {
				b.Fatal(err)
			}
			vs[i] = store.Version{Order: o, ObservedAt: at}
		}
		if err := app.StoreOrders(b.Context(), a, id, vs); err != nil {
			b.Fatal(err)
		}
	}
	var took time.Duration
	runs := int64(0)
	for b.Loop() {
		weight := -0.5 - float64(runs%2)
		set := score.Settings{Factors: map[score.Code]score.FactorSetting{"payment_cod": {Weight: &weight}}}
		if err := a.SetScoring(b.Context(), user, id, runs, set); err != nil {
			b.Fatal(err)
		}
		runs++
		begun := processor(b)
		for done := false; !done; {
			p, err := a.ScoreOrders(b.Context(), id)
			if err != nil {
				b.Fatal(err)
			}
			done = p.Done
		}
		took += processor(b) - begun
	}
	b.ReportMetric(float64(took.Microseconds())/float64(runs*orders), "µs-processor/order")
}

// processor is the time of the processor that this process has taken.
func processor(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
