package store_test

import (
	"math"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"probability/shopify"
	"probability/store"
	"probability/store/storetest"
)

func TestOrders_Filters(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		id := connect(t, s, uuid.New(), "a.myshopify.com")
		put(t, s, id,
			version("1", noon, func(o *shopify.Order) {
				o.CustomerName, o.City, o.TotalPrice, o.FinancialStatus, o.FulfillmentStatus = "MUÑOZ Ángela", "Bogotá", "99.999999", "paid", "fulfilled"
				o.CustomerEmail = "A@x.co"
			}),
			version("2", noon, func(o *shopify.Order) {
				o.CustomerName, o.Address, o.TotalPrice, o.FinancialStatus = `50%_off \o/ 'q'`, "Calle 1", "100.00", "pending"
				o.CreatedAt, o.CustomerEmail = noon.Add(time.Hour), "a@X.co"
			}),
			version("3", noon, func(o *shopify.Order) {
				o.CustomerName, o.TotalPrice, o.CreatedAt, o.FulfillmentStatus = "Nun\u0303ez", "", time.Time{}, "unfulfilled"
			}),
			version("4", noon, func(o *shopify.Order) { o.TotalPrice, o.CreatedAt = "-5.00", noon.Add(500*time.Millisecond) }),
		)
		cents := func(n int64) *int64 { return &n }
		for name, c := range map[string]struct {
			filter store.OrderFilter
			want   []string
		}{
			"all":                   {store.OrderFilter{}, []string{"1", "2", "3", "4"}},
			"from a total":          {store.OrderFilter{MinTotal: cents(100_000_000)}, []string{"2"}},
			"a millionth less":      {store.OrderFilter{MinTotal: cents(99_999_999)}, []string{"1", "2"}},
			"up to a total":         {store.OrderFilter{MaxTotal: cents(99_999_999)}, []string{"1", "4"}},
			"between totals":        {store.OrderFilter{MinTotal: cents(0), MaxTotal: cents(math.MaxInt64)}, []string{"1", "2"}},
			"since":                 {store.OrderFilter{Since: noon}, []string{"2", "4"}},
			"since, to the point":   {store.OrderFilter{Since: noon.Add(time.Hour)}, []string{"2"}},
			"since, a moment later": {store.OrderFilter{Since: noon.Add(time.Hour + time.Nanosecond)}, nil},
			"until, to the point":   {store.OrderFilter{Until: noon.Add(-time.Hour)}, []string{"1"}},
			"until, a moment less":  {store.OrderFilter{Until: noon.Add(-time.Hour - time.Nanosecond)}, nil},
			"imported":              {store.OrderFilter{ImportedSince: noon}, []string{"1", "2", "3", "4"}},
			"imported later":        {store.OrderFilter{ImportedSince: noon.Add(time.Millisecond)}, nil},
			"financial":             {store.OrderFilter{FinancialStatus: "paid"}, []string{"1"}},
			"fulfilled":             {store.OrderFilter{FulfillmentStatus: "fulfilled"}, []string{"1"}},
			"unfulfilled":           {store.OrderFilter{FulfillmentStatus: "unfulfilled"}, []string{"2", "3", "4"}},
			"null":                  {store.OrderFilter{FulfillmentStatus: "null"}, []string{"2", "3", "4"}},
			"not scored":            {store.OrderFilter{DeliveryProbability: "high"}, nil},
			"any case":              {store.OrderFilter{Search: "muñoz áNGE"}, []string{"1"}},
			"accents count":         {store.OrderFilter{Search: "munoz"}, nil},
			"composed letters":      {store.OrderFilter{Search: "nuñEZ"}, []string{"3"}},
			"decomposed letters":    {store.OrderFilter{Search: "MUN\u0303OZ"}, []string{"1"}},
			"city":                  {store.OrderFilter{Search: "BOGOTÁ"}, []string{"1"}},
			"address":               {store.OrderFilter{Search: "calle 1"}, []string{"2"}},
			"e-mail":                {store.OrderFilter{Search: "a@x.CO"}, []string{"1", "2"}},
			"number":                {store.OrderFilter{Search: "#3"}, []string{"3"}},
			"a percent sign":        {store.OrderFilter{Search: "%"}, []string{"2"}},
			"an underscore":         {store.OrderFilter{Search: "_"}, []string{"2"}},
			"a backslash":           {store.OrderFilter{Search: `\`}, []string{"2"}},
			"quotes":                {store.OrderFilter{Search: `'q'`}, []string{"2"}},
			"across fields":         {store.OrderFilter{Search: "\x1f"}, nil},
			"NUL":                   {store.OrderFilter{Search: "\x00"}, nil},
			"broken text":           {store.OrderFilter{Search: "\xff"}, nil},
			"endless":               {store.OrderFilter{Search: string(make([]rune, 60_000))}, nil},
			"endless percent signs": {store.OrderFilter{Search: string(slices.Repeat([]byte("%"), 60_000))}, nil},
			"longest":               {store.OrderFilter{Search: string(slices.Repeat([]byte("%"), 10_000))}, nil},
			"injection":             {store.OrderFilter{Search: "' OR 1=1 --", FinancialStatus: "' OR 1=1 --"}, nil},
			"both":                  {store.OrderFilter{Search: "a@x.co", FinancialStatus: "paid"}, []string{"1"}},
		} {
			c.filter.IntegrationID = id
			var got []string
			for _, o := range must(s.Orders(t.Context(), c.filter))(t) {
				got = append(got, o.Order.ID)
			}
			slices.Sort(got)
			if diff := gocmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
			if n := must(s.CountOrders(t.Context(), c.filter))(t); n != len(c.want) {
				t.Errorf("%s: counted %d, want %d", name, n, len(c.want))
			}
		}
	})
}

func TestOrders_PurchaseCountFollowsEveryOrder(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		id := connect(t, s, uuid.New(), "a.myshopify.com")
		for i, email := range []string{"A@x.co", "a@X.co", "b@x.co", "", ""} {
			put(t, s, id, version(itoa(i), noon.Add(time.Duration(i)*time.Second), func(o *shopify.Order) { o.CustomerEmail = email }))
		}
		counts := func() (out []int) {
			for _, o := range must(s.Orders(t.Context(), store.OrderFilter{IntegrationID: id}))(t) {
				out = append(out, o.PurchaseCount)
			}
			return out
		}
		if diff := gocmp.Diff([]int{2, 2, 1, 0, 0}, counts()); diff != "" {
			t.Error(diff)
		}
		put(t, s, id, version("0", noon.Add(time.Hour), func(o *shopify.Order) { o.CustomerEmail = "b@x.co" }))
		if diff := gocmp.Diff([]int{2, 1, 2, 0, 0}, counts()); diff != "" {
			t.Errorf("after a change of e-mail: %s", diff)
		}
	})
}

func TestOrdersInWindow_WholeSecondsAtBothEnds(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		id := connect(t, s, uuid.New(), "a.myshopify.com")
		at := func(ms int) time.Time { return noon.Add(time.Duration(ms) * time.Millisecond) }
		for i, ms := range []int{-1, 0, 999, 1000, 1999, 2000} {
			put(t, s, id, version(itoa(i), at(ms), func(o *shopify.Order) { o.CreatedAt = at(ms) }))
		}
		put(t, s, id, version("dateless", time.Time{}, func(o *shopify.Order) { o.CreatedAt = time.Time{} }))
		for name, c := range map[string]struct {
			from, to         time.Time
			created, updated int // the dateless one counts as created wherever it was imported after from
		}{
			"one second":       {at(0), at(0), 3, 2},
			"its parts count":  {at(999), at(1), 3, 2},
			"two seconds":      {at(0), at(1000), 5, 4},
			"open end":         {at(1000), time.Time{}, 3, 3},
			"open start":       {time.Time{}, at(-1), 2, 1},
			"open":             {time.Time{}, time.Time{}, 7, 6},
			"the wrong way up": {at(2000), at(0), 0, 0},
		} {
			for field, want := range map[string]int{store.ByCreatedAt: c.created, store.ByUpdatedAt: c.updated} {
				if got := must(s.OrdersInWindow(t.Context(), id, field, c.from, c.to))(t); got != want {
					t.Errorf("%s by %s: got %d, want %d", name, field, got, want)
				}
			}
		}
		if _, err := s.OrdersInWindow(t.Context(), id, "id; DROP TABLE orders", noon, noon); err == nil {
			t.Error("counted by a field that does not exist")
		}
	})
}

func TestOrders_CursorVisitsEachOrderOnce(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		storetest.Check(t, s, func(rt *rapid.T) {
			id := connect(rt, s, uuid.New(), "a.myshopify.com")
			n := rapid.IntRange(0, 25).Draw(rt, "orders")
			var vs []store.Version
			for i := range n {
				vs = append(vs, version(itoa(i), noon, func(o *shopify.Order) {
					moment := func(name string) time.Time {
						return rapid.SampledFrom([]time.Time{{}, noon, noon.Add(time.Second), time.Unix(-5, 0)}).Draw(rt, name)
					}
					o.CreatedAt, o.UpdatedAt = moment("created"), moment("updated")
					o.TotalPrice = rapid.SampledFrom([]string{"", "1.00", "1.000001", "-3.00", "99999999999999999999.00", "-99999999999999999999.00"}).Draw(rt, "total")
				}))
			}
			put(rt, s, id, vs...)
			limit := rapid.IntRange(1, 7).Draw(rt, "page")
			for _, field := range []string{store.ByCreatedAt, store.ByUpdatedAt, store.ByImportedAt, store.ByTotalPrice, ""} {
				var walks [2][]int64
				for direction, desc := range []bool{false, true} {
					f := store.OrderFilter{IntegrationID: id, Limit: limit, Order: store.OrderBy{Field: field, Desc: desc}}
					walks[direction] = walk(rt, s, f)
					f.Limit = 1000
					var whole []int64
					for _, o := range must(s.Orders(rt.Context(), f))(rt) {
						whole = append(whole, o.ID)
					}
					if diff := gocmp.Diff(whole, walks[direction]); diff != "" {
						rt.Fatalf("%s, desc %v: pages are not the whole list: %s", field, desc, diff)
					}
				}
				slices.Reverse(walks[1])
				if diff := gocmp.Diff(walks[0], walks[1]); diff != "" || len(walks[0]) != n {
					rt.Fatalf("%s: %d of %d orders, the other way round: %s", field, len(walks[0]), n, diff)
				}
			}
		})
	})
}

// walk follows the cursor to the end.
func walk(tb tester, s *store.Store, f store.OrderFilter) (ids []int64) {
	for {
		page := must(s.Orders(tb.Context(), f))(tb)
		for _, o := range page {
			ids = append(ids, o.ID)
		}
		if len(page) < f.Limit || len(ids) > 1000 {
			return ids
		}
		key := store.KeyOf(page[len(page)-1], f.Order)
		f.After = &key
	}
}

func TestOrders_PagesByOffset(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		id := connect(t, s, uuid.New(), "a.myshopify.com")
		for i := range 45 {
			put(t, s, id, version(itoa(i), noon, func(o *shopify.Order) { o.CreatedAt = noon.Add(time.Duration(i) * time.Second) }))
		}
		for _, c := range []struct {
			limit, offset, want int
			first               string
		}{{0, 0, 20, "44"}, {20, 40, 5, "4"}, {5000, 0, 45, "44"}, {-1, -1, 20, "44"}, {10, 45, 0, ""}} {
			f := store.OrderFilter{IntegrationID: id, Limit: c.limit, Offset: c.offset, Order: store.OrderBy{Field: store.ByCreatedAt, Desc: true}}
			got := must(s.Orders(t.Context(), f))(t)
			if len(got) != c.want || len(got) > 0 && got[0].Order.ID != c.first {
				t.Errorf("limit %d offset %d: %d orders, want %d from %s", c.limit, c.offset, len(got), c.want, c.first)
			}
		}
	})
}
