package web

import "net/url"

// orderViews are the lists that a merchant comes back to, each an address of its own like any other choice.
var orderViews = []struct {
	id     string
	choose url.Values
}{
	{"page.orders.view_all", nil},
	{"page.orders.view_to_ship", url.Values{"fulfillment_status": {"unfulfilled"}}},
	{"page.orders.view_risky", url.Values{"fulfillment_status": {"unfulfilled"}, "ordering": {"delivery_score"}}},
	{"page.orders.view_unpaid", url.Values{"financial_status": {"pending"}}},
}

// filterNames are the sentences that name a filter where it can be taken off.
var filterNames = map[string]string{
	"search": "orders.search_word", "financial_status": "orders.payment", "fulfillment_status": "orders.shipping", "delivery_probability": "orders.odds",
	"since": "orders.since", "until": "orders.until", "min_total": "orders.min_total", "max_total": "orders.max_total", "min_score": "orders.min_score",
	"max_score": "orders.max_score", "today": "orders.today",
}

// chip is a filter that is set, and the list without it.
type chip struct{ Name, Value, Path string }

// offer fills in the lists to choose from, and what the present one is narrowed by.
func (v *ordersView) offer(values url.Values) {
	at := v.StorePath() + "/orders"
	address := func(values url.Values) string {
		if len(values) == 0 {
			return at
		}
		return at + "?" + values.Encode()
	}
	present := values.Encode()
	for _, of := range orderViews {
		v.Views = append(v.Views, choice{Value: address(of.choose), Label: v.voice.say(of.id, nil), Chosen: of.choose.Encode() == present})
	}
	words := map[string][]choice{"financial_status": v.Payment, "fulfillment_status": v.Shipping, "delivery_probability": v.Odds}
	for _, name := range listFilters {
		value := values.Get(name)
		if value == "" {
			continue
		}
		shown := clip(value)
		for _, c := range words[name] {
			if c.Chosen {
				shown = c.Label
			}
		}
		if name == "today" {
			shown = "" // its name says it all
		}
		rest := url.Values{}
		for other := range values {
			if other != name {
				rest.Set(other, values.Get(other))
			}
		}
		v.Chips = append(v.Chips, chip{Name: v.Say(filterNames[name]), Value: shown, Path: address(rest)})
	}
}
