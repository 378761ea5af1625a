package store_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"probability/shopify"
	"probability/store"
	"probability/store/storetest"
)

const aDay = 24 * time.Hour

// placed is a version of an order that comes from a place on a day after noon's, is paid in a way and ended somehow.
func placed(id string, days int, province, city, payment, end string, updated time.Duration) store.Version {
	v := version(id, noon.Add(updated), func(o *shopify.Order) {
		o.CreatedAt = noon.AddDate(0, 0, days)
		o.Province, o.City, o.PaymentType, o.FinancialStatus = province, city, payment, end
	})
	v.Order.Raw = fmt.Appendf(nil, `{"id":%q,"of":%q}`, id, strings.Join([]string{fmt.Sprint(days), province, city, payment, end}, "|"))
	return v
}

// readPayments reads orders as readTest does, and how they are paid.
func readPayments(o shopify.Order) store.Reading {
	r := readTest(o)
	r.Payment = map[string]store.Payment{"cod": store.PaymentOnDelivery, "card": store.PaymentBefore}[o.PaymentType]
	return r
}

// TestInsights_AreARecountOfTheOrders lets random orders come, change, be rated, be reported and go, and counts by itself what is left.
func TestInsights_AreARecountOfTheOrders(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		s.ReadWith(1, readPayments)
		long := strings.Repeat("ñ", 100)
		edge := 32 - int(noon.Unix()/86_400)%32 // days until the next span of 32 begins
		storetest.Check(t, s, func(rt *rapid.T) {
			id := connect(rt, s, uuid.New(), "p.myshopify.com")
			left, rated := map[string]store.Version{}, map[string]*int{}
			for range rapid.IntRange(1, 4).Draw(rt, "rounds") {
				var batch []store.Version
				for range rapid.IntRange(0, 9).Draw(rt, "versions") {
					v := placed(fmt.Sprint(rapid.IntRange(0, 9).Draw(rt, "order")), rapid.SampledFrom([]int{-20_800, -20_799, edge - 33, edge - 32, edge - 31, edge - 1, edge, edge + 1}).Draw(rt, "day"),
						rapid.SampledFrom([]string{"", "Cauca", "CAUCA", "Nariño"}).Draw(rt, "province"),
						rapid.SampledFrom([]string{"", "Cali", "cali", "Bogotá, D.C.", "bogota d.c", long, long + "x", "--"}).Draw(rt, "city"),
						rapid.SampledFrom([]string{"", "cod", "card"}).Draw(rt, "payment"), rapid.SampledFrom([]string{"", "paid", "voided"}).Draw(rt, "end"),
						time.Duration(rapid.IntRange(0, 99).Draw(rt, "updated"))*time.Minute)
					batch = append(batch, v)
				}
				put(rt, s, id, batch...)
				if rapid.Bool().Draw(rt, "rated") {
					rateDue(rt, s, id, 5)
				}
				report(rt, s, id, rapid.MapOfN(rapid.IntRange(0, 9), rapid.SampledFrom([]store.ParcelOutcome{
					store.ParcelPending, store.ParcelDelivered, store.ParcelFailed,
				}), 0, 3).Draw(rt, "reported"))
				if gone := rapid.IntRange(0, 19).Draw(rt, "gone"); gone < 10 {
					update(rt, s, func(ctx context.Context, tx *store.Tx) error {
						_, err := tx.DeleteOrder(ctx, id, fmt.Sprint(gone), noon)
						return err
					})
				}
			}
			for _, wrong := range [][]string{must(store.CheckSums(rt.Context(), s))(rt), must(store.CheckScores(rt.Context(), s))(rt)} {
				if len(wrong) > 0 {
					rt.Fatalf("sums: %v", wrong)
				}
			}
			for _, o := range must(s.Orders(rt.Context(), store.OrderFilter{IntegrationID: id, Limit: 1000}))(rt) {
				left[o.Order.ID], rated[o.Order.ID] = store.Version{Order: o.Order}, o.DeliveryScore
			}

			// Ends of periods within and at the ends of the spans of 32 days.
			since := noon.AddDate(0, 0, rapid.SampledFrom([]int{-20_801, -20_799, edge - 33, edge - 32, edge - 31, edge - 1, edge, edge + 1}).Draw(rt, "since"))
			until := since.AddDate(0, 0, rapid.SampledFrom([]int{0, 1, 2, 31, 32, 33, 34, 64, 21_000}).Draw(rt, "until"))
			cities, provinces, payments := map[string]int{}, map[string]int{}, map[string]int{}
			scores := map[string][2]int64{}
			without := [2]int{}
			for _, v := range left {
				o := v.Order
				at := o.CreatedAt.Truncate(aDay)
				if at.Before(since.Truncate(aDay)) || at.After(until) {
					continue
				}
				payments[at.Format(time.DateOnly)+fmt.Sprint(readPayments(o).Payment)]++
				if points := rated[o.ID]; points != nil {
					day := at.Format(time.DateOnly)
					scores[day] = [2]int64{scores[day][0] + 1, scores[day][1] + int64(*points)}
				}
				if o.Province+o.City == "" {
					continue
				}
				province, city := strings.ToLower(o.Province), strings.NewReplacer(",", "", ".", "", "á", "a", "-", "", long+"x", long).Replace(strings.ToLower(o.City))
				if province == "" {
					without[0]++
				} else {
					provinces[province]++
				}
				if city == "" {
					without[1]++
				} else {
					cities[province+"/"+city]++
				}
			}
			got := must(s.Places(rt.Context(), id, since, until, 3))(rt)
			if diff := gocmp.Diff(without, [2]int{got.WithoutProvince, got.WithoutCity}); diff != "" {
				rt.Fatalf("without (-want +got):\n%s", diff)
			}
			expectLargest(rt, "provinces", provinces, got.Provinces, got.MoreProvinces, got.OtherProvinces)
			expectLargest(rt, "cities", cities, got.Cities, got.MoreCities, got.OtherCities)
			gotPayments := map[string]int{}
			for _, d := range must(s.DayPayments(rt.Context(), id, since, until))(rt) {
				gotPayments[d.Day.Format(time.DateOnly)+fmt.Sprint(d.Payment)] += d.Orders
			}
			if diff := gocmp.Diff(payments, gotPayments); diff != "" {
				rt.Fatalf("payments (-recount +got):\n%s", diff)
			}
			gotScores := map[string][2]int64{}
			for _, d := range must(s.DayScores(rt.Context(), id, since, until))(rt) {
				gotScores[d.Day.Format(time.DateOnly)] = [2]int64{int64(d.Orders), d.Points}
			}
			if diff := gocmp.Diff(scores, gotScores); diff != "" {
				rt.Fatalf("scores (-recount +got):\n%s", diff)
			}
		})
	})
}

// expectLargest holds the largest places and what is said of the rest against counts.
func expectLargest(rt *rapid.T, what string, want map[string]int, got []store.PlaceOrders, more, orders int) {
	rt.Helper()
	sizes := slices.Sorted(maps.Values(want))
	slices.Reverse(sizes)
	rest := 0
	for i, n := range sizes {
		switch {
		case i >= 3:
			rest += n
		case i >= len(got) || got[i].Orders != n:
			rt.Fatalf("%s: %v, want the largest of %v", what, got, want)
		}
	}
	if more != len(want)-len(got) || orders != rest {
		rt.Fatalf("%s: %d more with %d orders, want %v", what, more, orders, want)
	}
}

func TestPlaces_SpellingsAreOnePlace(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		id := connect(t, s, uuid.New(), "a.myshopify.com")
		other := connect(t, s, uuid.New(), "b.myshopify.com")
		var vs []store.Version
		for i, p := range []store.PlaceOrders{
			{"Cundinamarca", "Bogotá, D.C.", 3},
			{"cundinamarca ", "BOGOTA D.C.", 2},
			{"CUNDINAMARCA", "Bogota\u0301  D.C", 1},
			{"Cundinamarca", "Soacha", 2},
			{"Antioquia", "Soacha", 1},
			{"Antioquia", "", 1},
			{"", "Cali", 1},
			{"", "", 4},
		} {
			for n := range p.Orders {
				vs = append(vs, placed(fmt.Sprintf("%d%d", i, n), 0, p.Province, p.City, "", "", 0))
			}
		}
		put(t, s, id, vs...)
		put(t, s, other, placed("9", 0, "Lejos", "Allá", "", "", 0))
		want := store.Places{
			Provinces: []store.PlaceOrders{{"Cundinamarca", "", 8}, {"Antioquia", "", 2}}, WithoutProvince: 1,
			Cities:     []store.PlaceOrders{{"Cundinamarca", "Bogotá, D.C.", 6}, {"Cundinamarca", "Soacha", 2}},
			MoreCities: 2, OtherCities: 2, WithoutCity: 1,
		}
		got := must(s.Places(t.Context(), id, noon, noon, 2))(t)
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// Whoever is erased may have been the only one to write a name like that: nothing of it is left.
func TestRedact_LeavesNoNameOfAPlace(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		user := uuid.New()
		id := connect(t, s, user, "a.myshopify.com")
		raw := fmt.Sprintf(`{"id":1,"email":"x@b.co","shipping_address":{"city":"Vereda El Xkq, casa 9","province":"Huila"},"updated_at":%q}`, noon.Format(time.RFC3339))
		put(t, s, id, store.Version{Order: must(shopify.ParseOrder([]byte(raw)))(t), ObservedAt: noon}, placed("2", 0, "Huila", "Neiva", "", "", 0))
		left := func() (out []string) {
			rows := must(s.Writer().QueryContext(t.Context(), `SELECT DISTINCT city FROM order_places ORDER BY 1`))(t)
			defer rows.Close()
			for rows.Next() {
				var city string
				if err := rows.Scan(&city); err != nil {
					t.Fatal(err)
				}
				out = append(out, city)
			}
			if err := rows.Err(); err != nil {
				t.Fatal(err)
			}
			return out
		}
		if got := left(); len(got) != 2 || got[1] != "Vereda El Xkq, casa 9" {
			t.Fatalf("got %q", got)
		}
		suppress(t, s, user, shopify.Person{Email: "x@b.co"})
		r := openRequest(t, s, id, user, shopify.TopicCustomersRedact)
		for more := true; more; {
			more = must(s.Redact(t.Context(), r))(t)
		}
		if got := left(); strings.Contains(fmt.Sprint(got), "Vereda") {
			t.Errorf("still there: %q", got)
		}
		if wrong := must(store.CheckSums(t.Context(), s))(t); wrong != nil {
			t.Errorf("sums: %v", wrong)
		}
		storetest.Sound(t, s)
	})
}

// BenchmarkInsights reads a year and five of a store with 900 orders a day from 1,100 cities, some of which have most.
func BenchmarkInsights(b *testing.B) {
	s := storetest.New(b)
	id := connect(b, s, uuid.New(), "a.myshopify.com")
	fatal := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	const days, perDay = 1110, 900
	for day := range days {
		tx := must(s.Writer().BeginTx(b.Context(), nil))(b)
		for n := range perDay {
			city := (n*n*7 + n*day) % 1100 * (n % 97) / 97
			for _, length := range []int{1, 32} {
				span := int(noon.UnixMilli()/aDay.Milliseconds()) - day
				if length == 32 {
					span >>= 5
				}
				_, err := tx.ExecContext(b.Context(), `INSERT INTO order_places VALUES ($1, $2, $3, $4, $5, 1) ON CONFLICT DO UPDATE SET orders = orders + 1`,
					id, length, span, fmt.Sprintf("Departamento %d", city%33), fmt.Sprintf("Municipio de %d", city))
				fatal(err)
			}
			if n < 45 {
				_, err := tx.ExecContext(b.Context(), `INSERT INTO order_outlooks VALUES ($1, $2, $3, $4, $5, 20) ON CONFLICT DO NOTHING`,
					id, int(noon.UnixMilli()/aDay.Milliseconds())-day, n%3, []string{"high", "medium", "low", "very_low", ""}[n%5], n/15)
				fatal(err)
			}
		}
		fatal(tx.Commit())
	}
	for _, days := range []int{30, 90, 365, 1110} {
		since := noon.AddDate(0, 0, 1-days)
		for name, read := range map[string]func(){
			"places": func() {
				if got := must(s.Places(b.Context(), id, since, noon, 12))(b); len(got.Cities) != 12 {
					b.Fatal(got)
				}
			},
			"payments": func() { must(s.DayPayments(b.Context(), id, since, noon))(b) },
			"bands":    func() { must(s.BandOutcomes(b.Context(), id, since, noon))(b) },
		} {
			b.Run(fmt.Sprintf("%s/days=%d", name, days), func(b *testing.B) {
				begun := processor(b)
				for b.Loop() {
					read()
				}
				b.ReportMetric(float64((processor(b)-begun).Microseconds())/float64(b.N)/1000, "cpu-ms/op")
			})
		}
	}
}

// processor is the time that the processor has worked for this program: what counts on a machine that has other things to do.
func processor(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// An order may say only later how it is paid, and nothing else.
func TestDayPayments_FollowWhatIsKnownLater(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		s.ReadWith(1, readPayments)
		id := connect(t, s, uuid.New(), "a.myshopify.com")
		for i, payment := range []string{"", "cod", "card"} {
			put(t, s, id, placed("1", 0, "Cauca", "Cali", payment, "", time.Duration(i)*time.Minute))
			got := must(s.DayPayments(t.Context(), id, noon, noon))(t)
			if len(got) != 1 || got[0].Payment != []store.Payment{store.PaymentUnknown, store.PaymentOnDelivery, store.PaymentBefore}[i] || got[0].Orders != 1 {
				t.Errorf("%q: got %+v", payment, got)
			}
			if wrong := must(store.CheckScores(t.Context(), s))(t); wrong != nil {
				t.Errorf("%q: %v", payment, wrong)
			}
		}
	})
}
