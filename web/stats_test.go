package web_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"
)

// figures is what the tests read of the answer.
type figures struct {
	Orders          int               `json:"orders"`
	Revenue         map[string]string `json:"revenue"`
	FinancialStatus map[string]struct {
		Orders int               `json:"orders"`
		Total  map[string]string `json:"total"`
	} `json:"financial_status"`
	FulfillmentStatus map[string]int `json:"fulfillment_status"`
	Scores            bands          `json:"scores"`
}

// bands is how many orders have a score or none, together: which one is not these tests' business.
type bands int

func (b *bands) UnmarshalJSON(text []byte) error {
	var of map[string]int
	err := json.Unmarshal(text, &of)
	for _, n := range of {
		*b += bands(n)
	}
	return err
}

type stats struct {
	Since  string  `json:"since"`
	Until  string  `json:"until"`
	Totals figures `json:"totals"`
	Days   []struct {
		Date string `json:"date"`
		figures
	} `json:"days"`
}

func (b *bench) stats(path, query string) stats {
	b.t.Helper()
	var out stats
	fatal(b.t, json.Unmarshal(b.get(path+"stats/?"+query).want(http.StatusOK).body, &out))
	return out
}

func TestStats_ShowWhatADayBrought(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.store.RateWith(nil) // the orders wait for their scores
	path, id := b.connected()
	at := func(when string, more map[string]any) map[string]any {
		more["created_at"] = when
		return more
	}
	b.put(id,
		order(1, at("2026-11-04T23:59:59.999Z", map[string]any{"total_price": "100.10", "fulfillment_status": "fulfilled"})),
		order(2, at("2026-11-04T00:00:00Z", map[string]any{"total_price": "0.205", "financial_status": "pending"})),
		order(3, at("2026-11-03T23:00:00-05:00", map[string]any{"total_price": "5", "financial_status": "voided"})), // the 4th in UTC
		order(4, at("2026-11-04T12:00:00Z", map[string]any{"total_price": "7", "financial_status": "refunded", "currency": "USD"})),
		order(5, at("2026-11-04T12:00:00Z", map[string]any{"total_price": nil, "financial_status": nil, "currency": nil})),
		order(6, at("2026-11-04T12:00:00Z", map[string]any{"total_price": "1", "financial_status": "partially_refunded", "currency": nil})),
		order(7, map[string]any{"created_at": nil, "total_price": "9.00"}), // imported on the 5th
		order(8, at("2026-11-02T23:59:59.999Z", map[string]any{})),
	)
	got := b.get(path + "stats/?since=2026-11-03&until=2026-11-05").want(http.StatusOK)
	fourth := `"orders":6,"revenue":{"COP":"100.305","XXX":"1.00"},"financial_status":{"null":{"orders":1,"total":{}},"paid":{"orders":1,"total":{"COP":"100.10"}},` +
		`"partially_refunded":{"orders":1,"total":{"XXX":"1.00"}},"pending":{"orders":1,"total":{"COP":"0.205"}},"refunded":{"orders":1,"total":{"USD":"7.00"}},` +
		`"voided":{"orders":1,"total":{"COP":"5.00"}}},"fulfillment_status":{"fulfilled":1,"unfulfilled":5},"scores":{},"mean_score":null,"payment":{"unknown":6}}`
	none := `"orders":0,"revenue":{},"financial_status":{},"fulfillment_status":{},"scores":{},"mean_score":null,"payment":{}}`
	fifth := `"orders":1,"revenue":{"COP":"9.00"},"financial_status":{"paid":{"orders":1,"total":{"COP":"9.00"}}},"fulfillment_status":{"unfulfilled":1},"scores":{},"mean_score":null,"payment":{"unknown":1}}`
	want := `"days":[{"date":"2026-11-03",` + none + `,{"date":"2026-11-04",` + fourth + `,{"date":"2026-11-05",` + fifth + `],"outcomes":{`
	// Which score they have is not this test's business.
	body := regexp.MustCompile(`"scores":\{[^}]*\}`).ReplaceAllString(string(got.body), `"scores":{}`)
	if !strings.Contains(body, want) {
		t.Errorf("got\n%s\nwant … %s", body, want)
	}
	if got.at("since") != "2026-11-03" || got.at("until") != "2026-11-05" || got.at("totals", "orders") != 7.0 || got.at("totals", "revenue", "COP") != "109.305" {
		t.Errorf("got %s", got.body)
	}
}

func TestStats_DaysAreWholeAndBounded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	b.put(id, order(1), order(2))
	for query, want := range map[string]struct {
		since, until string
		days         int
	}{
		"":                                {"2026-08-08", "2026-11-05", 90},
		"since=&until=":                   {"2026-08-08", "2026-11-05", 90},
		"until=2026-03-01":                {"2025-12-02", "2026-03-01", 90},
		"since=2026-11-05":                {"2026-11-05", "2026-11-05", 1},
		"since=2026-11-01":                {"2026-11-01", "2026-11-05", 5},
		"since=2026-11-06":                {"2026-11-06", "2026-11-06", 1}, // where it is tomorrow already
		"since=2026-11-05T23:00:00-05:00": {"2026-11-06", "2026-11-06", 1},
		"since=2026-11-04T13:00:00Z&until=2026-11-05T01:00:00Z": {"2026-11-04", "2026-11-05", 2},
		"since=2024-02-28&until=2024-03-01":                     {"2024-02-28", "2024-03-01", 3},
		"since=2021-11-06":                                      {"2021-11-06", "2026-11-05", 1826},
		"since=2020-01-01&until=2024-12-31":                     {"2020-01-01", "2024-12-31", 1827},
		"since=0001-01-01&until=0001-01-02":                     {"0001-01-01", "0001-01-02", 2},
		"since=9999-12-30&until=9999-12-31":                     {"9999-12-30", "9999-12-31", 2},
	} {
		got := b.stats(path, query)
		if got.Since != want.since || got.Until != want.until || len(got.Days) != want.days {
			t.Errorf("?%s: got %s to %s, %d days", query, got.Since, got.Until, len(got.Days))
			continue
		}
		for i, d := range got.Days {
			first, err := time.Parse(time.DateOnly, want.since)
			fatal(t, err)
			if day := first.AddDate(0, 0, i).Format(time.DateOnly); d.Date != day {
				t.Errorf("?%s: day %d is %s, want %s", query, i, d.Date, day)
			}
		}
	}
	// A part of a day stands for the whole of it.
	if got := b.stats(path, "since=2026-11-05T11:30:00Z&until=2026-11-05T11:31:00Z"); got.Totals.Orders != 2 {
		t.Errorf("got %d orders", got.Totals.Orders)
	}
	head := b.do(http.MethodHead, path+"stats", "").want(http.StatusOK)
	if len(head.body) != 0 || !strings.HasPrefix(head.header.Get("Content-Type"), "application/json") {
		t.Errorf("HEAD: %v", head.header)
	}
}

func TestStats_MalformedParametersAreNamed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, _ := b.connected()
	for query, name := range map[string]string{
		"since=ayer": "since", "until=2026-02-30": "until", "since=a&since=b": "since", "until=%FF": "until",
		"since=2026-11-02&until=2026-11-01": "until", "since=2026-11-05T12:00:00Z&until=2026-11-04T12:00:00Z": "until",
		"since=2020-01-01&until=2025-01-01": "since", "since=0001-01-01": "since", "until=9999-12-31&since=2026-01-01": "since",
	} {
		for _, language := range []string{"en", "es"} {
			got := b.get(path+"stats/?"+query, header("Accept-Language", language)).problem(http.StatusBadRequest, "invalid_parameter")
			if got.at("errors", name, 0) == nil || !strings.Contains(got.at("detail").(string), name) {
				t.Errorf("?%s: %s is not named in %s", query, name, got.body)
			}
		}
	}
	got := b.get(path+"stats/?since=2000-01-01").problem(http.StatusBadRequest, "invalid_parameter")
	if text, _ := got.at("errors", "since", 0).(string); !strings.Contains(text, "1827") {
		t.Errorf("the bound is not named: %s", got.body)
	}
	b.get(path+"stats/", as(b.bob)).problem(http.StatusNotFound, "not_found")
	b.get(path+"stats/", anonymous).problem(http.StatusUnauthorized, "unauthorized")
}

// TestStats_AreARecountOfTheOrders adds random orders up by itself. They become more with each run.
func TestStats_AreARecountOfTheOrders(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.store.RateWith(nil) // the orders wait for their scores
	path, id := b.connected()
	n, all, days := 0, newCount(), map[string]*count{}
	rapid.Check(t, func(rt *rapid.T) {
		var payloads []string
		for range rapid.IntRange(1, 8).Draw(rt, "orders") {
			n++
			o := map[string]any{
				"created_at":         noon.Add(-time.Duration(rapid.IntRange(0, 120).Draw(rt, "hours")) * time.Hour).Format(time.RFC3339),
				"total_price":        rapid.SampledFrom([]any{nil, "0", "-0.30", "0.1", "0.2", "1234.567891", "9223372036854.775807"}).Draw(rt, "total"),
				"currency":           rapid.SampledFrom([]any{nil, "COP", "USD"}).Draw(rt, "currency"),
				"financial_status":   rapid.SampledFrom([]any{nil, "paid", "voided", "refunded", "pending"}).Draw(rt, "financial"),
				"fulfillment_status": rapid.SampledFrom([]any{nil, "fulfilled", "partial"}).Draw(rt, "fulfillment"),
			}
			payloads = append(payloads, order(n, o))
			date := text(o["created_at"])[:len(time.DateOnly)]
			days[date] = cmp.Or(days[date], newCount())
			days[date].add(o)
			all.add(o)
		}
		b.put(id, payloads...)
		got := b.stats(path, "since=2026-10-31&until=2026-11-05")
		if diff := gocmp.Diff(all.figures(), got.Totals); diff != "" {
			rt.Fatalf("in total (-recount +stats):\n%s", diff)
		}
		for _, d := range got.Days {
			if diff := gocmp.Diff(cmp.Or(days[d.Date], newCount()).figures(), d.figures); diff != "" {
				rt.Fatalf("on %s (-recount +stats):\n%s", d.Date, diff)
			}
		}
	})
}

// count adds orders up as the documentation says.
type count struct {
	orders      int
	revenue     map[string]decimal.Decimal
	financial   map[string]int
	totals      map[string]map[string]decimal.Decimal
	fulfillment map[string]int
}

func newCount() *count {
	return &count{
		revenue: map[string]decimal.Decimal{}, financial: map[string]int{}, totals: map[string]map[string]decimal.Decimal{},
		fulfillment: map[string]int{},
	}
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func (c *count) add(o map[string]any) {
	financial := cmp.Or(text(o["financial_status"]), "null")
	c.orders++
	c.financial[financial]++
	c.fulfillment[cmp.Or(text(o["fulfillment_status"]), "unfulfilled")]++
	if c.totals[financial] == nil {
		c.totals[financial] = map[string]decimal.Decimal{}
	}
	total, _ := decimal.NewFromString(cmp.Or(text(o["total_price"]), "0"))
	currency := cmp.Or(text(o["currency"]), "XXX")
	c.totals[financial][currency] = c.totals[financial][currency].Add(total)
	if financial != "voided" && financial != "refunded" {
		c.revenue[currency] = c.revenue[currency].Add(total)
	}
}

func (c *count) figures() figures {
	out := figures{Orders: c.orders, Revenue: amounts(c.revenue), FulfillmentStatus: c.fulfillment, Scores: bands(c.orders)}
	out.FinancialStatus = map[string]struct {
		Orders int               `json:"orders"`
		Total  map[string]string `json:"total"`
	}{}
	for status, n := range c.financial {
		s := out.FinancialStatus[status]
		s.Orders, s.Total = n, amounts(c.totals[status])
		out.FinancialStatus[status] = s
	}
	return out
}

func amounts(sums map[string]decimal.Decimal) map[string]string {
	out := map[string]string{}
	for currency, sum := range sums {
		if currency == "XXX" && sum.IsZero() {
			continue
		}
		out[currency] = sum.StringFixed(max(2, decimals(sum)))
	}
	return out
}

// decimals is how many a number needs.
func decimals(d decimal.Decimal) int32 {
	_, frac, _ := strings.Cut(d.String(), ".")
	return int32(len(frac))
}

func TestStats_HugeTotalsAreExact(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	for n := range 30 {
		b.put(id, order(n+1, map[string]any{"total_price": "9223372036854.775807", "created_at": noon.Format(time.RFC3339)}))
	}
	got := b.stats(path, "since=2026-11-05")
	if revenue := got.Totals.Revenue["COP"]; revenue != "276701161105643.27421" || got.Days[0].Revenue["COP"] != revenue {
		t.Errorf("got %s", fmt.Sprint(got))
	}
}
