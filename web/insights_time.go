package web

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"probability/shopify"
	"probability/web/plot"
)

// grain is up to how many days a plot has one mark for each, or one for each week; beyond, one for each month. A mark must have room on
// a telephone, and all of them in a page of 150 KB.
type grain struct{ days, weeks int }

// A mean of few orders is mostly chance, so it has fewer marks.
var (
	fineGrain   = grain{days: 45, weeks: 280}
	coarseGrain = grain{days: 31, weeks: 93}
)

// bucket is the days that one mark stands for.
type bucket struct {
	first, last time.Time
	label, name string // at the axis, and in full
	orders      int
	revenue     amounts
	payment     map[string]int
	scored      int
	points      int64 // of the scored ones
}

// buckets adds the days up that one mark stands for.
func (f insights) buckets(v voice, g grain) []bucket {
	var out []bucket
	for i, d := range f.stats.Days {
		at := f.since.AddDate(0, 0, i)
		if len(out) == 0 || g.begins(at, len(f.stats.Days)) {
			out = append(out, bucket{first: at, revenue: amounts{}, payment: map[string]int{}})
		}
		b := &out[len(out)-1]
		b.last = at
		b.orders += d.Orders
		b.scored += d.scored
		b.points += d.points
		for currency, sum := range d.Revenue {
			b.revenue[currency] = amountView(decimal.Decimal(b.revenue[currency]).Add(decimal.Decimal(sum)))
		}
		for payment, n := range d.Payment {
			b.payment[payment] += n
		}
	}
	for i := range out {
		b := &out[i]
		b.label, b.name = v.shortDate(b.first), v.date(b.first)
		if !b.first.Equal(b.last) {
			b.name = v.dates(b.first, b.last)
		}
	}
	return out
}

// begins tells whether a day, one of so many, is the first of a mark.
func (g grain) begins(at time.Time, of int) bool {
	switch {
	case of <= g.days:
		return true
	case of <= g.weeks:
		return at.Weekday() == time.Monday
	}
	return at.Day() == 1
}

// each is the word for what a mark stands for, of a plot of so many days.
func (g grain) each(p page, days int) string {
	switch {
	case days <= g.days:
		return p.Say("insights.per_day")
	case days <= g.weeks:
		return p.Say("insights.per_week")
	}
	return p.Say("insights.per_month")
}

// ordersPlot shows how many orders came when.
func (f insights) ordersPlot(p page, buckets []bucket) plotView {
	view := plotView{ID: "orders", Title: p.Tell("insights.orders", "Each", fineGrain.each(p, len(f.stats.Days))), Long: true, Wide: true, Head: []string{p.Say("insights.when"), p.Say("insights.orders_word")}}
	most := slices.MaxFunc(buckets, func(a, b bucket) int { return cmp.Compare(a.orders, b.orders) })
	view.What = p.Tell("insights.orders_what", "Orders", p.count(f.stats.Totals.Orders), "When", most.name, "N", p.voice.number(most.orders))
	points := make([]plot.Point, len(buckets))
	for i, b := range buckets {
		points[i] = plot.Point{Label: b.label, Says: b.name + ": " + p.count(b.orders), Value: float64(b.orders)}
		path := ""
		if b.orders > 0 {
			path = "orders?since=" + b.first.Format(time.DateOnly) + "&until=" + b.last.Format(time.DateOnly)
		}
		view.Rows = append(view.Rows, plotRow{b.name, path, []string{p.voice.number(b.orders)}})
	}
	view.Chart = plot.Columns(view.ID, points, plot.Scale(float64(most.orders), func(n float64) string {
		if n != math.Trunc(n) {
			return ""
		}
		return p.voice.number(int(n))
	}))
	return view
}

// shownCurrencies is how many currencies have a plot of their own: those that most orders are in. Sums of different ones cannot be compared.
const shownCurrencies = 2

// currencies are those that there is revenue in, the one of most orders first.
func (f insights) currencies() []string {
	n := f.stats.Totals.currencies
	return slices.SortedFunc(maps.Keys(f.stats.Totals.Revenue), func(a, b string) int { return cmp.Or(cmp.Compare(n[b], n[a]), cmp.Compare(a, b)) })
}

// revenuePlots show what came in when, by currency.
func (f insights) revenuePlots(p page, buckets []bucket) (views []plotView) {
	currencies := f.currencies()
	for i, currency := range currencies[:min(len(currencies), shownCurrencies)] {
		total := decimal.Decimal(f.stats.Totals.Revenue[currency])
		view := plotView{
			ID: "revenue-" + strconv.Itoa(i), Title: p.Tell("insights.revenue", "Each", fineGrain.each(p, len(f.stats.Days)), "Currency", currency), Long: true, Wide: true,
			Head: []string{p.Say("insights.when"), p.Say("insights.revenue_word")}, Note: p.Say("insights.revenue_note"),
		}
		best, most := buckets[0], decimal.Zero
		points := make([]plot.Point, len(buckets))
		for i, b := range buckets {
			sum := decimal.Decimal(b.revenue[currency])
			if sum.GreaterThan(most) {
				best, most = b, sum
			}
			points[i] = plot.Point{Label: b.label, Says: b.name + ": " + p.voice.sum(sum, currency), Value: sum.InexactFloat64()}
			view.Rows = append(view.Rows, plotRow{Name: b.name, Cells: []string{p.voice.sum(sum, currency)}})
		}
		view.What = p.Tell("insights.revenue_what", "Total", p.voice.sum(total, currency), "When", best.name, "Sum", p.voice.sum(most, currency))
		view.Chart = plot.Columns(view.ID, points, plot.Scale(most.InexactFloat64(), p.voice.about))
		views = append(views, view)
	}
	if len(currencies) > shownCurrencies {
		views = append(views, f.currencyTable(p, currencies))
	}
	return views
}

// currencyTable has what came in in every currency, where there are more than have plots.
func (f insights) currencyTable(p page, currencies []string) plotView {
	view := plotView{
		ID: "currencies", Title: p.Say("insights.currencies"), What: p.Tell("insights.currencies_what", "N", len(currencies), "Shown", shownCurrencies), Wide: true,
		Head: []string{p.Say("insights.currency"), p.Say("insights.orders_word"), p.Say("insights.revenue_word")},
	}
	for _, currency := range currencies {
		orders := p.voice.number(f.stats.Totals.currencies[currency])
		view.Rows = append(view.Rows, plotRow{Name: currency, Cells: []string{orders, p.voice.sum(f.stats.Totals.Revenue.of(currency), currency)}})
	}
	return view
}

// paymentPlot shows how many of the orders are paid when they are delivered.
func (f insights) paymentPlot(p page, buckets []bucket) plotView {
	view := plotView{
		ID: "cod", Title: p.Say("insights.cod"), Long: true, Wide: true, Note: p.Say("insights.cod_note"),
		Head: []string{p.Say("insights.when"), p.Say("insights.cod_share"), p.Say("insights.cod_yes"), p.Say("insights.cod_no"), p.Say("insights.not_known")},
	}
	all := f.stats.Totals.Payment
	if all[paidOnDelivery]+all[paidBefore] == 0 {
		view.Empty = p.Say("insights.cod_none")
		return view
	}
	view.What = p.Tell("insights.cod_what", "Share", p.voice.share(all[paidOnDelivery], all[paidOnDelivery]+all[paidBefore]),
		"N", p.voice.number(all[paidOnDelivery]), "Of", p.voice.number(all[paidOnDelivery]+all[paidBefore]))
	points := make([]plot.Point, len(buckets))
	for i, b := range buckets {
		yes, known := b.payment[paidOnDelivery], b.payment[paidOnDelivery]+b.payment[paidBefore]
		points[i] = plot.Point{Label: b.label, Value: math.NaN()}
		share := "–"
		if known > 0 {
			share = p.voice.share(yes, known)
			points[i].Value = float64(yes) / float64(known)
			points[i].Says = b.name + ": " + p.Tell("insights.cod_of", "Share", share, "N", p.voice.number(yes), "Of", p.voice.number(known))
		}
		view.Rows = append(view.Rows, plotRow{Name: b.name, Cells: []string{share, p.voice.number(yes), p.voice.number(known - yes), p.voice.number(b.payment[paymentUnknown])}})
	}
	view.Chart = plot.Line(view.ID, points, plot.Axis{Top: 1, Lines: []plot.Tick{{Value: .5, Label: "50 %"}, {Value: 1, Label: "100 %"}}})
	return view
}

// Bounds of a score, and the line in the middle between them.
const (
	bestScore   = 100
	middleScore = 50
)

// scorePlot shows the mean score of the orders that are scored.
func (f insights) scorePlot(p page) plotView {
	view := plotView{
		ID: "score", Title: p.Tell("insights.score", "Each", coarseGrain.each(p, len(f.stats.Days))), Long: true, Wide: true, Note: p.Say("insights.score_note"),
		Head: []string{p.Say("insights.when"), p.Say("insights.score_word"), p.Say("insights.score_orders")},
	}
	all := f.stats.Totals
	if all.scored == 0 {
		view.Empty = p.Say("insights.bands_none")
		return view
	}
	view.What = p.Tell("insights.score_what", "Score", p.voice.decimal(meanScore(all.points, all.scored), 1), "N", p.voice.number(all.scored))
	buckets := f.buckets(p.voice, coarseGrain)
	points := make([]plot.Point, len(buckets))
	for i, b := range buckets {
		points[i] = plot.Point{Label: b.label, Value: math.NaN()}
		mean := "–"
		if b.scored > 0 {
			points[i].Value = meanScore(b.points, b.scored)
			mean = p.voice.decimal(points[i].Value, 1)
			points[i].Says = b.name + ": " + p.Tell("insights.score_of", "Score", mean, "Orders", p.count(b.scored))
		}
		view.Rows = append(view.Rows, plotRow{Name: b.name, Cells: []string{mean, p.voice.number(b.scored)}})
	}
	view.Chart = plot.Line(view.ID, points, plot.Axis{Top: bestScore, Lines: []plot.Tick{
		{Value: middleScore, Label: strconv.Itoa(middleScore)}, {Value: bestScore, Label: strconv.Itoa(bestScore)},
	}})
	return view
}

// sum is an exact amount in words.
func (v voice) sum(d decimal.Decimal, currency string) string {
	text, err := shopify.Money(d.String())
	if err != nil {
		text = d.String()
	}
	return v.money(text, currency)
}
