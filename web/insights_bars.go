package web

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"probability/store"
	"probability/web/plot"
)

// shownStatuses is how many statuses a plot names; Shopify has fewer.
const shownStatuses = 8

// plotWords are the sentences of a plot: its title, what is to be seen, what its rows are, and that there is nothing.
type plotWords struct{ id, title, what, rows, none string }

var (
	paidWords      = plotWords{id: "paid", title: "insights.paid", what: "insights.paid_what"}
	shippedWords   = plotWords{id: "shipped", title: "insights.shipped", what: "insights.shipped_what"}
	provincesWords = plotWords{"provinces", "insights.provinces", "insights.provinces_what", "insights.provinces_word", "insights.provinces_none"}
	citiesWords    = plotWords{"cities", "insights.cities", "insights.cities_what", "insights.cities_word", "insights.cities_none"}
)

// statusPlot shows how many orders have which status, the most frequent first.
func (f insights) statusPlot(p page, id plotWords, words map[string]stateWord, counts map[string]int) plotView {
	view := plotView{ID: id.id, Title: p.Say(id.title), Head: []string{p.Say("insights.status"), p.Say("insights.orders_word"), p.Say("insights.share")}}
	statuses := slices.SortedFunc(maps.Keys(counts), func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	named := map[string]int{}
	var names []string
	for i, status := range statuses {
		name := p.voice.badge(words, status).Text
		switch {
		case status == noFinancialStatus:
			name = p.voice.badge(words, "").Text
		case i >= shownStatuses:
			name = p.Say("insights.others")
		}
		if _, there := named[name]; !there {
			names = append(names, name)
		}
		named[name] += counts[status]
	}
	all := f.stats.Totals.Orders
	view.What = p.Tell(id.what, "Name", names[0], "Share", p.voice.share(named[names[0]], all))
	f.fill(p, &view, names, named, named[names[0]])
	return view
}

// fill makes bars and rows of names with their orders, each with its share of all.
func (f insights) fill(p page, view *plotView, names []string, named map[string]int, most int) {
	var bars []plot.Bar
	for _, name := range names {
		n, share := named[name], p.voice.share(named[name], f.stats.Totals.Orders)
		most = max(most, n)
		bars = append(bars, plot.Bar{Name: name, Value: p.voice.number(n) + " · " + share, Says: name + ": " + p.count(n) + ", " + share, Parts: []float64{float64(n)}})
		view.Rows = append(view.Rows, plotRow{Name: name, Cells: []string{p.voice.number(n), share}})
	}
	view.Chart = plot.Bars(view.ID, bars, float64(most))
}

// placePlot shows the provinces or the cities that most orders come from, and the rest of them together.
func (f insights) placePlot(p page, id plotWords) plotView {
	view := plotView{ID: id.id, Title: p.Say(id.title), Head: []string{p.Say(id.rows), p.Say("insights.orders_word"), p.Say("insights.share")}}
	top, more, others := f.places.Provinces, f.places.MoreProvinces, f.places.OtherProvinces
	if id == citiesWords {
		top, more, others = f.places.Cities, f.places.MoreCities, f.places.OtherCities
	}
	if len(top) == 0 {
		view.Empty = p.Say(id.none)
		return view
	}
	var names []string
	named, listed := map[string]int{}, others
	for _, place := range top {
		name := place.Province
		if id == citiesWords {
			if name = place.City; place.Province != "" {
				name += ", " + place.Province
			}
		}
		if _, there := named[name]; !there {
			names = append(names, name)
		}
		named[name] += place.Orders
		listed += place.Orders
	}
	view.What = p.Tell(id.what, "Name", names[0], "Share", p.voice.share(named[names[0]], f.stats.Totals.Orders), "N", p.voice.number(len(top)+more))
	for name, n := range map[string]int{p.Tell("insights.more_places", "N", p.voice.number(more)): others} {
		if n > 0 {
			names = append(names, name)
			named[name] += n
		}
	}
	if without := f.stats.Totals.Orders - listed; without > 0 {
		name := p.Say("insights.no_place")
		names = append(names, name)
		named[name] += without
	}
	f.fill(p, &view, names, named, 0)
	return view
}

// The bands in their order, and what became of orders, in the order of the parts of a bar.
var (
	bandOrder    = []string{"high", "medium", "low", "very_low", notScored}
	outcomeOrder = []store.ParcelOutcome{store.ParcelDelivered, store.ParcelFailed, store.ParcelCancelled, store.ParcelPending}
	outcomeIDs   = map[store.ParcelOutcome]string{
		store.ParcelDelivered: "insights.delivered", store.ParcelFailed: "insights.failed", store.ParcelCancelled: "insights.cancelled",
		store.ParcelPending: "insights.not_known",
	}
)

// outcomes counts orders by band and by what became of them. Orders that were not read for their score are pending.
func (f insights) outcomes() map[string]map[store.ParcelOutcome]int {
	out := map[string]map[store.ParcelOutcome]int{}
	for _, band := range bandOrder {
		out[band] = map[store.ParcelOutcome]int{store.ParcelPending: f.stats.Totals.Scores[band]}
	}
	for _, b := range f.bands {
		if band := cmp.Or(b.DeliveryProbability, notScored); b.Outcome != store.ParcelPending && out[band] != nil {
			out[band][b.Outcome] += b.Orders
			out[band][store.ParcelPending] = max(0, out[band][store.ParcelPending]-b.Orders)
		}
	}
	return out
}

// bandPlot shows how likely orders were to arrive, and how many did.
func (f insights) bandPlot(p page) plotView {
	view := plotView{
		ID: "bands", Wide: true, Title: p.Say("insights.bands"), Note: p.Say("insights.bands_note"),
		Head: []string{p.Say("insights.band"), p.Say("insights.orders_word")},
	}
	for i, end := range outcomeOrder {
		text := p.Say(outcomeIDs[end])
		view.Keys = append(view.Keys, plotKey{plot.Key("bands-key-"+strconv.Itoa(i), i+1), text})
		view.Head = append(view.Head, text)
	}
	outcomes := f.outcomes()
	var bars []plot.Bar
	most := 0
	for _, band := range bandOrder {
		n := f.stats.Totals.Scores[band]
		most = max(most, n)
		bar := plot.Bar{Name: p.voice.badge(probabilityWords, band).Text, Value: p.count(n)}
		if band == notScored {
			bar.Name = p.voice.badge(probabilityWords, "").Text
		}
		bar.Says = bar.Name + ": " + p.count(n)
		cells := []string{p.voice.number(n)}
		for i, end := range outcomeOrder {
			k := outcomes[band][end]
			bar.Parts = append(bar.Parts, float64(k))
			cells = append(cells, p.voice.number(k))
			if k > 0 {
				bar.Says += ", " + p.voice.number(k) + " " + view.Head[2+i]
			}
		}
		bars = append(bars, bar)
		view.Rows = append(view.Rows, plotRow{Name: bar.Name, Cells: cells})
	}
	scored := f.stats.Totals.Orders - f.stats.Totals.Scores[notScored]
	if scored == 0 {
		return plotView{ID: view.ID, Title: view.Title, Empty: p.Say("insights.bands_none")}
	}
	view.What = p.Tell("insights.bands_what", "Share", p.voice.share(f.stats.Totals.Scores["high"], scored), "N", p.voice.number(scored))
	view.Chart = plot.Bars(view.ID, bars, float64(most))
	return view
}

// figures are what is told before all plots.
func (f insights) figures(p page) []fact {
	t := f.stats.Totals
	out := []fact{{Label: p.Say("insights.orders_word"), Value: p.voice.number(t.Orders)}}
	for _, currency := range f.currencies()[:min(len(t.Revenue), shownCurrencies)] {
		out = append(out, fact{Label: p.Say("insights.revenue_word"), Value: p.voice.sum(t.Revenue.of(currency), currency)})
	}
	if known := t.Payment[paidOnDelivery] + t.Payment[paidBefore]; known > 0 {
		out = append(out, fact{Label: p.Say("insights.cod_word"), Value: p.voice.share(t.Payment[paidOnDelivery], known)})
	}
	delivered, failed := 0, 0
	for _, of := range f.outcomes() {
		delivered += of[store.ParcelDelivered]
		failed += of[store.ParcelFailed]
	}
	if delivered+failed > 0 {
		out = append(out, fact{Label: p.Say("insights.delivered_word"), Value: p.voice.share(delivered, delivered+failed)})
	}
	return out
}
