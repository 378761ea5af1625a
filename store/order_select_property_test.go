package store_test

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"probability/shopify"
	"probability/store"
	"probability/store/storetest"
)

// anyOrder draws from few values, so that filters meet some and miss some.
func anyOrder(rt *rapid.T, id string) shopify.Order {
	o := shopify.Order{
		ID: id, Number: "#" + id, Currency: rapid.SampledFrom([]string{"COP", "MXN", ""}).Draw(rt, "currency"),
		CustomerName:      rapid.SampledFrom([]string{"Ana Ñandú", "JOSE\u0301 100%", "o'neill_x", `"q" \ z`, "", "zz", "abcd", "abc bcd"}).Draw(rt, "name"),
		CustomerEmail:     rapid.SampledFrom([]string{"a@b.co", "A@B.CO", "", "c@d.co"}).Draw(rt, "email"),
		City:              rapid.SampledFrom([]string{"Bogotá", "Medellín", "", "日本"}).Draw(rt, "city"),
		FinancialStatus:   rapid.SampledFrom([]string{"paid", "pending", "", "voided"}).Draw(rt, "financial"),
		FulfillmentStatus: rapid.SampledFrom([]string{"", "unfulfilled", "fulfilled"}).Draw(rt, "fulfillment"),
		TotalPrice:        rapid.SampledFrom([]string{"", "0.00", "10.00", "10.000001", "9223372036854.00", "99999999999999.00", "-1.00"}).Draw(rt, "total"),
		UpdatedAt:         noon.Add(time.Duration(rapid.IntRange(0, 5).Draw(rt, "updated")) * time.Second),
	}
	if rapid.IntRange(0, 9).Draw(rt, "dated") > 0 {
		o.CreatedAt = time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(-9, 9).Draw(rt, "created")) * 8 * time.Hour)
	}
	o.Raw = []byte(`{"id":"` + id + `","at":"` + o.UpdatedAt.String() + o.FinancialStatus + o.City + o.TotalPrice + `"}`)
	return o
}

// anyFilter draws every combination of what a list can be asked for.
func anyFilter(rt *rapid.T, id int64) store.OrderFilter {
	amount := func(name string) *int64 {
		return rapid.SampledFrom([]*int64{nil, nil, new(int64), new(int64(10_000_000)), new(int64(10_000_001)), new(int64(9223372036854000000)), new(int64(-5))}).Draw(rt, name)
	}
	day := func(name string) time.Time {
		if rapid.Bool().Draw(rt, name+" given") {
			return time.Time{}
		}
		return time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(-20, 20).Draw(rt, name)) * 4 * time.Hour)
	}
	points := func(name string) *int {
		return rapid.SampledFrom([]*int{nil, nil, nil, new(int), new(20), new(55), new(100)}).Draw(rt, name)
	}
	f := store.OrderFilter{
		MinScore: points("min score"), MaxScore: points("max score"),
		DeliveryProbability: rapid.SampledFrom([]string{"", "", "", "high", "low", "very_low", "unscored"}).Draw(rt, "probability"),
		IntegrationID:       id, MinTotal: amount("min"), MaxTotal: amount("max"), Since: day("since"), Until: day("until"),
		ImportedSince:     rapid.SampledFrom([]time.Time{{}, {}, noon, noon.Add(time.Hour)}).Draw(rt, "imported since"),
		FinancialStatus:   rapid.SampledFrom([]string{"", "", "paid", "null", "voided", "none such"}).Draw(rt, "financial"),
		FulfillmentStatus: rapid.SampledFrom([]string{"", "", "unfulfilled", "null", "fulfilled"}).Draw(rt, "fulfillment"),
		Search: rapid.SampledFrom([]string{
			"", "", "bogot", "BOGOTÁ", "ñ", "Ñandú", "josé", "%", "_", "'", `\`, `"`, "zq", "z", "zzz", "b.co", "#1", "1", "日本", "a@b", "ana ñandú", "本", "abcd", "abcd",
		}).Draw(rt, "search"),
		Order: store.OrderBy{Field: rapid.SampledFrom([]string{"created_at", "updated_at", "imported_at", "total_price", "delivery_score"}).Draw(rt, "order"), Desc: rapid.Bool().Draw(rt, "desc")},
	}
	switch rapid.IntRange(0, 4).Draw(rt, "plain") {
	case 0: // what the buckets of totals can answer
		f = store.OrderFilter{IntegrationID: id, MinTotal: f.MinTotal, MaxTotal: f.MaxTotal, Order: f.Order}
	case 1: // what the sums of days can
		f.MinTotal, f.MaxTotal, f.MinScore, f.MaxScore, f.ImportedSince, f.Search, f.Order.Field = nil, nil, nil, nil, time.Time{}, "", "created_at"
	case 2: // what the index of scores can
		f = store.OrderFilter{IntegrationID: id, MinScore: f.MinScore, MaxScore: f.MaxScore, Order: f.Order}
	}
	return f
}

// chosen is what the filter means, said without the database: the model.
func chosen(f store.OrderFilter, all []store.Order) []store.Order {
	fold := func(s string) string { return norm.NFC.String(strings.ToLower(s)) }
	var out []store.Order
	for _, o := range all {
		total := shopify.Millionths(o.TotalPrice)
		status := o.FulfillmentStatus
		ok := (f.MinTotal == nil || o.TotalPrice != "" && total >= *f.MinTotal) && (f.MaxTotal == nil || o.TotalPrice != "" && total <= *f.MaxTotal) &&
			(f.Since.IsZero() || !o.CreatedAt.IsZero() && !o.CreatedAt.Before(f.Since)) &&
			(f.Until.IsZero() || !o.CreatedAt.IsZero() && !o.CreatedAt.After(f.Until)) &&
			(f.ImportedSince.IsZero() || !o.ImportedAt.Before(f.ImportedSince)) &&
			(f.MinScore == nil || o.DeliveryScore != nil && *o.DeliveryScore >= *f.MinScore) && (f.MaxScore == nil || o.DeliveryScore != nil && *o.DeliveryScore <= *f.MaxScore) &&
			(f.DeliveryProbability == "" || f.DeliveryProbability == cmp.Or(o.DeliveryProbability, "unscored")) &&
			(f.FinancialStatus == "" || f.FinancialStatus == o.FinancialStatus || f.FinancialStatus == "null" && o.FinancialStatus == "") &&
			(f.FulfillmentStatus == "" || f.FulfillmentStatus == status || (status == "" || status == "unfulfilled") && f.FulfillmentStatus != "fulfilled")
		found := f.Search == ""
		for _, text := range []string{o.Number, o.Order.ID, o.CustomerName, o.CustomerEmail, o.Address, o.City} {
			found = found || strings.Contains(fold(text), fold(f.Search))
		}
		if ok && found {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b store.Order) int {
		x, y := store.KeyOf(a, f.Order), store.KeyOf(b, f.Order)
		order := cmp.Or(cmp.Compare(x.Value, y.Value), cmp.Compare(x.ID, y.ID))
		if f.Order.Desc {
			return -order
		}
		return order
	})
	return out
}

// Whichever way the pages are found, they are the pages of the same list; the bounds between the ways are drawn too.
func TestSelectOrders_EveryWayOfReadingGivesTheSame(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		// Few scores, and some orders that have none; those that change get theirs later than those that come.
		s.ReadWith(1, func(o shopify.Order) store.Reading {
			return store.Reading{Facts: []byte(o.CustomerName), Version: len(o.CustomerName) % 5}
		})
		rate := func(o store.OrderToRate) *store.Rating {
			if o.Version == 0 {
				return nil
			}
			return &store.Rating{Score: 40 * (len(o.Facts) % 3), Probability: []string{"very_low", "low", "high"}[len(o.Facts)%3]}
		}
		s.RateWith(func(context.Context, *store.Tx, int64) store.Rate { return rate })
		storetest.Check(t, s, func(rt *rapid.T) {
			id, other := connect(rt, s, uuid.New(), "a.myshopify.com"), connect(rt, s, uuid.New(), "b.myshopify.com")
			for round := range rapid.IntRange(1, 3).Draw(rt, "rounds") {
				var vs []store.Version
				for range rapid.IntRange(1, 25).Draw(rt, "orders") {
					o := anyOrder(rt, itoa(rapid.IntRange(1, 40).Draw(rt, "id")))
					vs = append(vs, store.Version{Order: o, ObservedAt: noon.Add(time.Duration(round) * time.Minute)})
				}
				update(rt, s, func(ctx context.Context, tx *store.Tx) error {
					if _, err := tx.PutOrders(ctx, id, vs, noon.Add(time.Duration(round)*time.Hour)); err != nil {
						return err
					}
					if _, err := tx.PutOrders(ctx, other, vs[:1], noon); err != nil {
						return err
					}
					_, err := tx.DeleteOrder(ctx, id, itoa(rapid.IntRange(1, 40).Draw(rt, "deleted")), noon)
					return err
				})
			}
			if rapid.Bool().Draw(rt, "all rated") {
				update(rt, s, func(ctx context.Context, tx *store.Tx) error {
					due, err := tx.DueScores(ctx, id, 1000)
					if err != nil {
						return err
					}
					rated := make([]store.Rated, len(due))
					for i, o := range due {
						rated[i] = store.Rated{Order: o, Rating: rate(o)}
					}
					return tx.PutScores(ctx, id, rated)
				})
			}
			store.TightenBounds(s, 1000, 1000, 1000, 1000, 1000)
			all := must(s.Orders(rt.Context(), store.OrderFilter{IntegrationID: id, Limit: 1000, Payload: true}))(rt)
			draw := func(name string) int { return rapid.SampledFrom([]int{0, 1, 3, 9, 50}).Draw(rt, name) }
			for range storetest.Size(8, 4) {
				store.TightenBounds(s, draw("gather"), 1+draw("walk"), 1+draw("found"), draw("skip"), draw("days"))
				f := anyFilter(rt, id)
				f.Payload = true
				want := chosen(f, all)
				sel := must(s.SelectOrders(rt.Context(), f))(rt)
				if sel.Count != len(want) && (!sel.AtLeast || sel.Count > len(want)) {
					rt.Fatalf("%+v: count %d (at least: %v), want %d", f, sel.Count, sel.AtLeast, len(want))
				}
				size := rapid.IntRange(1, 7).Draw(rt, "page size")
				var paged []store.Order
				for offset := 0; offset <= len(want); offset += size {
					paged = append(paged, must(sel.Page(rt.Context(), size, offset))(rt)...)
				}
				same(rt, "pages", f, want, paged)
				var walked []store.Order
				for f.Limit = size; len(walked) <= len(want); {
					page := must(s.Orders(rt.Context(), f))(rt)
					walked = append(walked, page...)
					if len(page) < size {
						break
					}
					key := store.KeyOf(page[len(page)-1], f.Order)
					f.After = &key
				}
				same(rt, "cursor", f, want, walked)
			}
			if wrong := must(store.CheckSums(rt.Context(), s))(rt); wrong != nil {
				rt.Fatal(wrong)
			}
		})
	})
}

func same(rt *rapid.T, how string, f store.OrderFilter, want, got []store.Order) {
	rt.Helper()
	ids := func(orders []store.Order) []int64 {
		out := []int64{}
		for _, o := range orders {
			out = append(out, o.ID)
		}
		return out
	}
	if diff := gocmp.Diff(ids(want), ids(got)); diff != "" {
		rt.Fatalf("%s of %+v: %s", how, f, diff)
	}
}
