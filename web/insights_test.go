package web_test

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
)

// everywhere are orders of two towns, paid in two ways, of which one arrived.
func (b *bench) everywhere(id int64) {
	b.t.Helper()
	for n := range 6 {
		o := map[string]any{
			"created_at": "2026-11-04T12:00:00Z", "total_price": "100.50", "payment_gateway_names": []string{"Cash on Delivery (COD)"},
			"shipping_address": map[string]any{"city": []string{"Bogotá", "BOGOTA", "Cali"}[n%3], "province": []string{"Cundinamarca", "cundinamarca", "Valle"}[n%3]},
		}
		switch n {
		case 0:
			o["payment_gateway_names"] = []string{"mercado_pago"}
		case 1:
			o["fulfillment_status"] = "fulfilled"
			o["fulfillments"] = []map[string]any{{"created_at": "2026-11-04T13:00:00Z", "status": "success", "shipment_status": "delivered"}}
		}
		b.put(id, order(200+n, o))
	}
}

func TestStats_TellPaymentOutcomesAndPlaces(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	b.everywhere(id)
	got := b.get(path + "stats/?since=2026-11-03&until=2026-11-05").want(http.StatusOK)
	for want, at := range map[string]any{
		"5": got.at("totals", "payment", "on_delivery"), "1": got.at("days", 1, "payment", "before"), "<nil>": got.at("days", 0, "payment", "on_delivery"),
		"4": got.at("places", "cities", "top", 0, "orders"), "2": got.at("places", "provinces", "top", 1, "orders"),
	} {
		if fmt.Sprint(at) != want {
			t.Errorf("got %v, want %s: %s", at, want, got.body)
		}
	}
	if !strings.Contains(string(got.body), `"outcomes":{"`) || !strings.Contains(string(got.body), `"delivered":1`) {
		t.Errorf("the outcome is not told: %s", got.body)
	}
}

func TestInsights_ShowTheFiguresAsPlotsAndTables(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id := b.connected()
	path := fmt.Sprintf("/stores/%d/insights", id)
	for _, lang := range []string{"en", "es"} {
		words := map[string][]string{
			"en": {"6 orders in all", "Cash on delivery", "83.3 %", "603.00", "Bogotá, Cundinamarca", "66.7 %"},
			"es": {"6 pedidos en total", "Pago contra entrega", "83,3 %", "603,00"},
		}[lang]
		w := b.browserOf("alice@example.com", lang)
		if lang == "en" {
			w.open(path + "?days=7").says("No orders in these days")
			b.everywhere(id)
		}
		for _, query := range []string{"?days=7", "", "?days=90", "?days=365", "?since=2026-11-04&until=2026-11-04", "?since=2022-01-01"} {
			page := w.open(path + query).says(words...)
			if marks, tables := len(page.all("g", "class", "mark")), len(page.all("table", "", "")); marks < 10 || tables < 7 {
				t.Errorf("%s%s has %d marks and %d tables", path, query, marks, tables)
			}
		}
		for _, query := range []string{"?days=8", "?since=x", "?since=2026-11-05&until=2026-11-01", "?since=2000-01-01"} {
			w.send(http.MethodGet, path+query, "").shows(http.StatusBadRequest)
		}
	}
	b.browserOf("bob@example.com", "en").send(http.MethodGet, path, "").want(http.StatusNotFound)
}

// The mean of a day is that of its orders' scores, in the API, in the plot and in its table; days without a score have none.
func TestInsights_ShowTheMeanScore(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	b.everywhere(id)
	b.put(id, order(300, map[string]any{"created_at": "2026-11-02T12:00:00Z"}), order(301, map[string]any{"created_at": "2026-11-03T12:00:00Z"}))
	b.unrate(id, "#301")
	sums, counts := map[string]int{}, map[string]int{}
	for _, o := range b.listed(id) {
		if o.DeliveryScore != nil {
			for _, day := range []string{"", o.CreatedAt.UTC().Format("2006-01-02")} {
				sums[day] += *o.DeliveryScore
				counts[day]++
			}
		}
	}
	if counts[""] != 7 || counts["2026-11-04"] != 6 {
		t.Fatalf("scored are %v", counts)
	}
	mean := func(day string) float64 {
		return math.Round(100*float64(sums[day])/float64(counts[day])) / 100
	}
	got := b.get(path + "stats/?since=2026-11-02&until=2026-11-05").want(http.StatusOK)
	for at, want := range map[int]any{0: mean("2026-11-02"), 1: nil, 2: mean("2026-11-04"), 3: nil} {
		if got.at("days", at, "mean_score") != want {
			t.Errorf("day %d: got %v, want %v", at, got.at("days", at, "mean_score"), want)
		}
	}
	if got.at("totals", "mean_score") != mean("") {
		t.Errorf("in all: got %v, want %v", got.at("totals", "mean_score"), mean(""))
	}
	page := b.browserOf("alice@example.com", "es").open(fmt.Sprintf("/stores/%d/insights?days=7", id))
	decimal := func(f float64) string { return strings.Replace(fmt.Sprintf("%.1f", f), ".", ",", 1) }
	page.says("Puntaje de entrega medio por día", "El puntaje medio es "+decimal(float64(sums[""])/7)+" de 100, de 7 pedidos con puntaje",
		decimal(float64(sums["2026-11-04"])/6)+" de 100, 6 pedidos")
	if none := b.browserOf("alice@example.com", "en").open(fmt.Sprintf("/stores/%d/insights?since=2026-11-03&until=2026-11-03", id)); len(none.all("table", "", "")) >= len(page.all("table", "", "")) {
		t.Error("days without a score have a table of scores")
	}
}

// A page with as many marks as there can be is small enough for a slow line.
func TestInsights_AreSmallHoweverMuchThereIs(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id := b.connected()
	var payloads []string
	for n := range 400 {
		at := noon.AddDate(0, 0, -n%366).Format("2006-01-02T15:04:05Z")
		payloads = append(payloads, order(1000+n, map[string]any{
			"created_at": at, "total_price": "123456789.55", "currency": []string{"COP", "USD"}[n%2], "payment_gateway_names": []string{"cod"},
			"shipping_address": map[string]any{"city": fmt.Sprintf("Municipio de San José número %d", n%40), "province": fmt.Sprintf("Departamento %d", n%33)},
		}))
	}
	b.put(id, payloads...)
	for _, lang := range []string{"en", "es"} {
		w := b.browserOf("alice@example.com", lang)
		for _, query := range []string{"?days=365", "?since=2026-01-30", "?since=2026-09-22", "?days=30"} {
			w.open(fmt.Sprintf("/stores/%d/insights%s", id, query)) // which complains about its size
		}
	}
}

// Many currencies and many towns make no page that nobody can read: those that most orders are in have a plot, all have a row.
func TestInsights_StayReadableWithManyCurrenciesAndTowns(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id := b.connected()
	var payloads []string
	for n := range 400 {
		currency := fmt.Sprintf("Z%c%c", 'A'+n%40/26, 'A'+n%40%26)
		if n%8 == 0 {
			currency = "COP"
		}
		payloads = append(payloads, order(1000+n, map[string]any{
			"created_at": noon.AddDate(0, 0, -n%366).Format("2006-01-02T15:04:05Z"), "total_price": "987654321.25", "currency": currency,
			"shipping_address": map[string]any{"city": fmt.Sprintf("San José de las Matas del Norte %d", n%300), "province": fmt.Sprintf("Departamento %d", n%33)},
		}))
	}
	b.put(id, payloads...)
	for _, lang := range []string{"en", "es"} {
		w := b.browserOf("alice@example.com", lang)
		for _, query := range []string{"?days=365", "?since=2026-09-22", "?since=2022-01-01"} {
			page := w.open(fmt.Sprintf("/stores/%d/insights%s", id, query)) // which complains about its size
			titles := map[string]int{}
			for _, h := range page.all("h2", "", "") {
				titles[strings.Fields(textOf(h))[0]]++
			}
			table := page.all("details", "id", "currencies-table")
			if len(table) != 1 || len(page.all("h2", "id", "revenue-1")) != 1 || len(page.all("h2", "id", "revenue-2")) != 0 {
				t.Fatalf("%s: %d tables of currencies, titles %v", query, len(table), titles)
			}
			if first := page.all("h2", "id", "revenue-0")[0]; !strings.HasSuffix(textOf(first), "COP") {
				t.Errorf("%s: the first plot is %q, want the currency of most orders", query, textOf(first))
			}
			if rows := within(within(table[0], "tbody")[0], "tr"); len(rows) < 20 || !strings.HasPrefix(textOf(rows[0]), "COP") {
				t.Errorf("%s: %d currencies, first %q", query, len(rows), textOf(rows[0]))
			}
			towns := within(page.all("details", "id", "cities-table")[0], "tr")
			if len(towns) > 13 {
				t.Errorf("%s: %d rows of cities", query, len(towns))
			}
		}
	}
}
