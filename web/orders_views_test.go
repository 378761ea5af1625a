package web_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// The lists that a merchant comes back to are links of their own, and the page says which of them it is.
func TestOrdersPage_OffersTheListsToComeBackTo(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id := b.connected()
	b.put(id, order(1, nil), order(2, map[string]any{"financial_status": "pending"}), order(3, map[string]any{"fulfillment_status": "fulfilled"}))
	w := b.browserOf("alice@example.com", "en")
	want := map[string][]string{"All": {"3", "2", "1"}, "Not shipped": {"2", "1"}, "Riskiest": {"1", "2"}, "Unpaid": {"2"}}
	first := w.open(fmt.Sprintf("/stores/%d/orders", id))
	for name, orders := range want {
		var path string
		for _, a := range within(first.all("ul", "class", "periods line")[0], "a") {
			if textOf(a) == name {
				path = attr(a, "href")
			}
		}
		page := w.open(path).shows(http.StatusOK)
		got := page.shown()
		slices.Sort(got)
		if slices.Sort(orders); !slices.Equal(got, orders) {
			t.Errorf("%s shows %v, want %v", name, got, orders)
		}
		var here []string
		for _, a := range within(page.all("ul", "class", "periods line")[0], "a") {
			if attr(a, "aria-current") == "true" {
				here = append(here, textOf(a))
			}
		}
		if !slices.Equal(here, []string{name}) {
			t.Errorf("%s says that it is %v", name, here)
		}
	}
}

// Each filter that is set is in sight, in the reader's words, and is taken off by itself while the others and the order of the list stay.
func TestOrdersPage_TakesOneFilterOff(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id := b.connected()
	b.put(id, order(1, nil))
	w := b.browserOf("alice@example.com", "es")
	at := fmt.Sprintf("/stores/%d/orders", id)
	page := w.open(at + "?financial_status=paid&min_total=1&ordering=total_price&search=cliente&today=true")
	chips := func(s screen) map[string]string {
		found := map[string]string{}
		for _, ul := range s.all("ul", "class", "chips line") {
			for _, a := range within(ul, "a") {
				name, _, _ := strings.Cut(textOf(a), "×")
				found[strings.TrimSpace(name)] = attr(a, "href")
			}
		}
		return found
	}
	got := chips(page)
	for name, want := range map[string]string{
		"Búsqueda: cliente": at + "?financial_status=paid&min_total=1&ordering=total_price&today=true", "Pago: Pagado": at + "?min_total=1&ordering=total_price&search=cliente&today=true",
		"Total desde: 1": at + "?financial_status=paid&ordering=total_price&search=cliente&today=true", "Llegados hoy": at + "?financial_status=paid&min_total=1&ordering=total_price&search=cliente",
		"Quitar búsqueda y filtros": at,
	} {
		if got[name] != want {
			t.Errorf("%q leads to %q, want %q", name, got[name], want)
		}
	}
	if len(got) != 5 {
		t.Errorf("there are %v", got)
	}
	for len(got) > 1 { // one after the other, to the whole list
		delete(got, "Quitar búsqueda y filtros")
		for _, path := range got {
			page = w.open(path).shows(http.StatusOK)
			break
		}
		got = chips(page)
	}
	if len(got) != 0 || page.at.RequestURI() != at+"?ordering=total_price" {
		t.Errorf("in the end the list is %s with %v", page.at.RequestURI(), got)
	}
}

// A list that is empty because of a mistake does not say that nothing matches.
func TestOrdersPage_SaysWhyNothingIsShown(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id := b.connected()
	w := b.browserOf("alice@example.com", "en")
	for path, want := range map[string]string{
		"orders": "No orders yet", "orders?search=nobody": "No order matches", "orders?since=yesterday": "A filter is not valid",
		"deliveries": "No webhooks yet", "deliveries?topic=orders/paid": "No webhook matches", "deliveries?since=yesterday": "A filter is not valid",
	} {
		status := http.StatusOK
		if strings.HasSuffix(path, "yesterday") {
			status = http.StatusBadRequest
		}
		page := w.send(http.MethodGet, fmt.Sprintf("/stores/%d/%s", id, path), "").shows(status).says(want)
		if text := textOf(page.doc); status != http.StatusOK && (strings.Contains(text, "matches") || strings.Contains(text, "yet")) {
			t.Errorf("%s speaks of what matches: %s", path, text)
		}
	}
}
