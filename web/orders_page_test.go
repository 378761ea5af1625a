package web_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"probability/shopify/simulator"
	"probability/store"
)

// shown are the numbers of the orders on a page, in its order.
func (s screen) shown() []string {
	var out []string
	for _, n := range s.all("th", "class", "number") {
		out = append(out, strings.TrimPrefix(textOf(n), "#"))
	}
	return out
}

// link is where a link with that word leads; "" without one.
func (s screen) link(rel string) string {
	for _, n := range s.all("a", "rel", rel) {
		u, err := s.at.Parse(attr(n, "href"))
		fatal(s.t, err)
		return u.RequestURI()
	}
	return ""
}

// TestOrdersPage_GoesThereAndBack walks through lists of all kinds by the page's own links, and wants what the API lists, without a
// gap and without a double, both ways.
func TestOrdersPage_GoesThereAndBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	var payloads []string
	for i := range 110 {
		more := map[string]any{"total_price": strconv.Itoa(i % 7)} // many have the same
		if i%3 == 0 {
			more["financial_status"] = "pending"
		}
		if i%5 == 0 {
			delete(more, "total_price")
			more["created_at"] = noon.Format(time.RFC3339)
		}
		payloads = append(payloads, order(i+1, more))
	}
	b.put(id, payloads...)
	w := b.browserOf("alice@example.com", "en")
	for _, filter := range []string{"", "ordering=total_price", "ordering=-total_price&financial_status=paid", "search=cliente1&ordering=created_at", "min_total=1&ordering=-updated_at"} {
		var want []string
		for next := path + "orders/?fields=order_number&page_size=100&cursor=&" + filter; next != ""; {
			page := b.get(next).want(http.StatusOK)
			want = append(want, strings.Fields(page.numbers())...)
			next, _ = page.at("next").(string)
		}
		list := w.open(fmt.Sprintf("/stores/%d/orders?%s", id, filter)).says(fmt.Sprintf("Orders found: %d", len(want)))
		got := list.shown()
		last := list
		for last.link("next") != "" {
			last = w.open(last.link("next"))
			got = append(got, last.shown()...)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: there are\n%v, want\n%v", filter, got, want)
		}
		back := last.shown()
		for last.link("prev") != "" {
			last = w.open(last.link("prev"))
			back = append(last.shown(), back...)
		}
		if !slices.Equal(back, want) {
			t.Errorf("%q: backwards there are\n%v, want\n%v", filter, back, want)
		}
	}
}

func TestOrdersPage_ShowsFiltersAndWhatIsWrongWithThem(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id := b.connected()
	b.put(id, order(1, map[string]any{"shipping_address": map[string]any{"city": "Bogotá", "first_name": "Ana", "last_name": "Niño"}}), order(2, map[string]any{"financial_status": "pending"}))
	w := b.browserOf("alice@example.com", "es")
	list := fmt.Sprintf("/stores/%d/orders", id)
	got := w.open(list+"?search=bogot%C3%A1&financial_status=paid&until=2026-11-30").says("Pedidos encontrados: 1", "Ana Niño", "100,00 COP", "Pagado", "Sin puntuar", "Quitar búsqueda y filtros")
	if v := attr(got.all("input", "name", "search")[0], "value"); v != "bogotá" {
		t.Errorf("the search is %q", v)
	}
	for _, n := range got.all("option", "value", "paid") {
		if !slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "selected" }) {
			t.Error("the filter is not chosen in the form")
		}
	}
	w.open(list+"?financial_status=Exotic").says("Exotic", "Ningún pedido coincide")
	bad := w.send(http.MethodGet, list+"?min_total=many&search="+strings.Repeat("x", 201), "").shows(http.StatusBadRequest)
	bad.says("número decimal", "200")
	if attr(bad.all("input", "name", "min_total")[0], "aria-invalid") != "true" {
		t.Error("the field is not marked")
	}
	// Broken or foreign places lead to the first page.
	for _, odd := range []string{"after=x", "before=y", "after=" + strings.Repeat("A", 200)} {
		if got := w.open(list + "?" + odd).shown(); len(got) != 2 {
			t.Errorf("%s shows %v", odd, got)
		}
	}
	// A column is sorted by its link, and the other way round by the same.
	sorted := w.open(list)
	for _, want := range []string{"descending", "ascending"} {
		for _, th := range sorted.all("th", "", "") {
			if strings.Contains(textOf(th), "Total") && len(within(th, "a")) == 1 {
				u, err := sorted.at.Parse(attr(within(th, "a")[0], "href"))
				fatal(t, err)
				sorted = w.open(u.RequestURI())
				break
			}
		}
		if th := sorted.all("th", "aria-sort", want); len(th) != 1 || !strings.Contains(textOf(th[0]), "Total") {
			t.Errorf("the totals are not sorted %s", want)
		}
	}
}

// What is exported is what is filtered.
func TestOrdersPage_ExportsWhatIsFiltered(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id := b.connected()
	b.put(id, order(1), order(2, map[string]any{"financial_status": "pending"}), order(3))
	w := b.browserOf("alice@example.com", "en")
	list := w.open(fmt.Sprintf("/stores/%d/orders?financial_status=paid&ordering=created_at", id))
	links := map[string]string{}
	for _, a := range list.all("a", "", "") {
		if strings.Contains(attr(a, "href"), "/export/") {
			links[textOf(a)] = attr(a, "href")
		}
	}
	sheet := w.send(http.MethodGet, links["CSV"], "").want(http.StatusOK)
	rows, err := csv.NewReader(strings.NewReader(string(sheet.body))).ReadAll()
	fatal(t, err)
	if len(rows) != 3 || !strings.HasPrefix(rows[0][0], "\uFEFF") {
		t.Errorf("the sheet is %q", rows)
	}
	lines := strings.TrimSpace(string(w.send(http.MethodGet, links["NDJSON"], "").want(http.StatusOK).body))
	if n := strings.Count(lines, "\n") + 1; n != 2 {
		t.Errorf("%d lines, want 2", n)
	}
}

func TestOrderPage_ShowsEverythingAsItCame(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id := b.connected()
	const script = `<script>alert(1)</script>`
	raw := `{"id":5000000000777,"name":"#777","total_price":"12345678901234567890.10","currency":"COP","created_at":"2026-11-01T10:00:00-05:00",` +
		`"updated_at":"2026-11-03T10:00:00Z","cancelled_at":"2026-11-02T09:00:00Z","cancel_reason":"customer","note":"` + script + `","weight":1.500e2,"big":12345678901234567890,` +
		`"shipping_address":{"first_name":"` + script + `","city":"Cali"},` +
		`"line_items":[{"title":"Reloj","quantity":2,"price":"10.50","sku":null,"variant_title":"Rojo"},{"title":7,"price":{"x":1}},null],` +
		`"fulfillments":[{"created_at":"2026-11-01T20:00:00Z","updated_at":"2026-11-02T20:00:00Z","tracking_company":"Envia","tracking_number":"99","shipment_status":"in_transit"},5],` +
		`"refunds":[{"created_at":"2026-11-02T10:00:00Z","note":"Devuelto"}]}`
	b.put(id, raw, `{"id":2,"line_items":{"a":1},"fulfillments":"none","refunds":7,"created_at":true}`)
	orders := map[string]int64{}
	for _, o := range b.listed(id) {
		orders[o.Order.ID] = o.ID
	}
	w := b.browserOf("alice@example.com", "es")
	got := w.open(fmt.Sprintf("/stores/%d/orders/%d", id, orders["5000000000777"]))
	got.says("Pedido #777", "12.345.678.901.234.567.890,10 COP", "Cancelado", "Reloj", "Rojo", "10,50 COP", script, "Envia 99", "Devuelto", "customer",
		"1 nov 2026, 15:00 UTC", "Qué hacer: Nada que decidir")
	payload := textOf(got.all("pre", "id", "payload-text")[0])
	for _, want := range []string{`"weight": 1.500e2`, `"big": 12345678901234567890`, `"total_price": "12345678901234567890.10"`} {
		if !strings.Contains(payload, want) {
			t.Errorf("the payload has no %s: %s", want, payload)
		}
	}
	if n := len(got.all("script", "", "")); n != 1 {
		t.Errorf("%d scripts, want our own", n)
	}
	// Newest first.
	var story []string
	for _, li := range within(got.all("ol", "class", "story")[0], "li") {
		story = append(story, strings.Fields(textOf(li))[0])
	}
	if want := "Llegó Último Transportista: Reembolso Cancelado Resultado Enviado Pedido"; strings.Join(story, " ") != want {
		t.Errorf("the story is %v, want %s", story, want)
	}
	w.open(fmt.Sprintf("/stores/%d/orders/%d", id, orders["2"])).says("Pedido 2", "no tiene artículos")
}

// listed are the orders of a store, with their ids.
func (b *bench) listed(id int64) []store.Order {
	b.t.Helper()
	orders, err := b.store.Orders(b.t.Context(), store.OrderFilter{IntegrationID: id, Limit: 1000})
	fatal(b.t, err)
	return orders
}

// However large an order is, its page is not.
func TestOrderPage_StaysSmall(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id := b.connected()
	items := make([]map[string]any, 1000)
	for i := range items {
		items[i] = map[string]any{"title": fmt.Sprintf("Artículo número %d", i), "quantity": i, "price": "1.00", "note": strings.Repeat("ñ", 50)}
	}
	b.put(id, order(1, map[string]any{"line_items": items}))
	w := b.browserOf("alice@example.com", "en")
	w.open(fmt.Sprintf("/stores/%d/orders/%d", id, b.listed(id)[0].ID)).says("And 900 more", "Only the beginning is shown here", "Artículo número 99")
}

// TestOrderPage_MoneyIsExact: whatever the amount, its digits are those that were sent.
func TestOrderPage_MoneyIsExact(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id := b.connected()
	w := b.browserOf("alice@example.com", "es")
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		if n > 10 { // a page each
			return
		}
		digits := rapid.StringMatching(`-?[1-9][0-9]{0,24}\.[0-9]{2,6}`).Draw(r, "amount")
		b.put(id, order(n, map[string]any{"total_price": digits, "updated_at": noon.Add(time.Duration(n) * time.Hour).Format(time.RFC3339)}))
		var shown string
		for _, f := range b.listed(id) {
			if f.Number == "#"+strconv.Itoa(n) {
				page := w.open(fmt.Sprintf("/stores/%d/orders/%d", id, f.ID))
				_, rest, _ := strings.Cut(textOf(page.doc), "Total ")
				shown, _, _ = strings.Cut(rest, " COP")
				want := strings.TrimRight(digits, "0")
				plain := strings.TrimRight(strings.ReplaceAll(strings.ReplaceAll(shown, ".", ""), ",", "."), "0")
				if plain != want {
					r.Fatalf("%s is shown as %s", digits, shown)
				}
			}
		}
		if shown == "" {
			r.Fatal("the order is not there")
		}
	})
}

func TestDeliveriesPage_ShowsWhyAndReplays(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id := b.connected()
	first := b.deliver(id)
	b.everything(id)
	w := b.browserOf("alice@example.com", "en")
	list := fmt.Sprintf("/stores/%d/deliveries", id)
	w.open(list).says("Found: 6", "Process all failed again (1)", "The body holds no order")
	failed := w.open(list+"?state=failed").says("Found: 1", "Failed")
	one := attr(within(failed.all("tbody", "", "")[0], "a")[0], "href")
	w.open(one).says("The body holds no order", `"a": 1.50`)
	w.open(one).submit(one+"/replay", nil).shows(http.StatusOK).says("will be processed again")
	w.open(list + "?state=failed").says("No webhook matches")
	page := w.open(list + "?topic=orders/create").says("Found: 1")
	if got := attr(within(page.all("tbody", "", "")[0], "a")[0], "href"); got != list+"/"+first.String() {
		t.Errorf("it leads to %s", got)
	}
	w.send(http.MethodGet, list+"?page=9", "").shows(http.StatusNotFound)
	w.send(http.MethodGet, list+"/"+uuid.NewString(), "").shows(http.StatusNotFound)
	w.send(http.MethodPost, list+"/replay", page.form("/logout").Encode()).shows(http.StatusOK).says("Process again?", "0 webhooks")
	w.send(http.MethodPost, list+"/replay", page.form("/logout").Encode()+"&confirm=1").shows(http.StatusOK).says("Deliveries queued to be processed again: 0")
}

func TestOrdersPage_SwitchesBetweenStores(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id := b.connected()
	w := b.browserOf("alice@example.com", "en")
	if links := w.open("/orders").all("details", "class", "switch"); len(links) != 0 {
		t.Error("there is only one store to go to")
	}
	b.sim.AddShop(simulator.ShopConfig{Domain: "otra.myshopify.com", Token: shopToken})
	got := b.post(connectPath, fmt.Sprintf(`{"store_name":"otra.myshopify.com","access_token":%q}`, shopToken)).want(http.StatusCreated)
	other := int64(got.at("integration", "id").(float64))
	page := w.open(fmt.Sprintf("/stores/%d/orders", id)).says("Another store", "otra.myshopify.com")
	if links := page.all("a", "href", fmt.Sprintf("/stores/%d/orders", other)); len(links) != 1 {
		t.Error("nothing leads to the other store's orders")
	}
	if at := w.open("/orders").at.Path; at != fmt.Sprintf("/stores/%d/orders", other) {
		t.Errorf("orders are those of %s, want the store that was connected last", at)
	}
	w.open("/").says("otra.myshopify.com", shopDomain)
}

func TestSettingsPage_TokensSessionsPassword(t *testing.T) {
	t.Parallel()
	b := carols(t)
	w := b.browser("en")
	home := w.open("/login").submit("/login", url.Values{"email": {carol}, "password": {carolsPin}}).shows(http.StatusOK)
	elsewhere := b.browser("en")
	elsewhere.open("/login").submit("/login", url.Values{"email": {carol}, "password": {carolsPin}}).shows(http.StatusOK)

	// A token is shown once, works, and ends at once.
	made := w.open("/settings").submit("/settings/tokens", url.Values{"name": {"sheet"}, "expires": {"30d"}}).shows(http.StatusCreated).says("It is shown only now", "sheet", "5 Dec 2026, 12:00 UTC")
	token := textOf(made.all("pre", "id", "fresh-token")[0])
	b.get("/api/session/", as(token)).want(http.StatusOK)
	if strings.Contains(string(w.open("/settings").body), token) {
		t.Error("the token is shown twice")
	}
	w.open("/settings").submit("/settings/tokens", url.Values{"name": {" "}}).shows(http.StatusBadRequest).says("This is required")
	w.send(http.MethodPost, "/settings/tokens", made.form("/logout").Encode()+"&name=x&expires=1000y").want(http.StatusBadRequest)
	for _, f := range made.all("form", "", "") {
		if to := attr(f, "action"); strings.HasSuffix(to, "/revoke") {
			made.submit(to, nil).shows(http.StatusOK).says("The token was revoked")
			made.submit(to, nil).shows(http.StatusNotFound)
		}
	}
	b.get("/api/session/", as(token)).problem(http.StatusUnauthorized, "unauthorized")

	// The other browser is signed out, this one is not.
	page := w.open("/settings").says("this browser")
	ended := 0
	for _, f := range page.all("form", "", "") {
		if to := attr(f, "action"); strings.HasSuffix(to, "/end") && to != "/settings/sessions/end" {
			ended++
			page.submit(to, nil).shows(http.StatusOK).says("signed out")
		}
	}
	if at := elsewhere.open("/settings").at.Path; at != "/login" || ended != 1 {
		t.Errorf("%d sessions were ended, and the other browser is at %s", ended, at)
	}

	// The password is changed by whoever knows the present one.
	change := func(present, fresh, again string) screen {
		return w.open("/settings").submit("/settings/password", url.Values{"current_password": {present}, "password": {fresh}, "password_again": {again}})
	}
	change("wrong horse", "a new password", "a new password").shows(http.StatusBadRequest).says("not your present password")
	change(carolsPin, "a new password", "another one").shows(http.StatusBadRequest).says("The two passwords differ")
	change(carolsPin, "short", "short").shows(http.StatusBadRequest).says("at least 8 characters")
	elsewhere.open("/login").submit("/login", url.Values{"email": {carol}, "password": {carolsPin}}).shows(http.StatusOK)
	change(carolsPin, "a new password", "a new password").shows(http.StatusOK).says("Your password was changed")
	if at := elsewhere.open("/settings").at.Path; at != "/login" {
		t.Errorf("the other browser is at %s", at)
	}
	if at := w.open("/settings").at.Path; at != "/settings" {
		t.Errorf("this browser is at %s", at)
	}
	b.post("/login", signInJSON(carol, carolsPin)).problem(http.StatusUnauthorized, "sign_in_failed")
	b.post("/login", signInJSON(carol, "a new password")).want(http.StatusOK)
	for range 5 {
		change("wrong horse", "a new password", "a new password").want(http.StatusBadRequest)
	}
	change("a new password", "yet another one", "yet another one").shows(http.StatusTooManyRequests).says("too many wrong attempts")

	home.submit("/logout", nil).want(http.StatusForbidden) // its proof was of the former session
	w.open("/settings").submit("/logout", nil).shows(http.StatusOK)
	if at := w.open("/").says("imports a merchant's Shopify orders").at.Path; at != "/" {
		t.Errorf("whoever signed out is at %s", at)
	}
	for _, secret := range []string{token, "a new password", carolsPin} {
		if strings.Contains(b.logs.String(), secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
}

func TestOrderPage_NamesTheDeliveriesThatChangedIt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id := b.connected()
	delivery := b.deliver(id)
	fatal(t, b.app.Process(t.Context(), id))
	w := b.browserOf("alice@example.com", "en")
	page := w.open(fmt.Sprintf("/stores/%d/orders/%d", id, b.listed(id)[0].ID)).says("Webhook orders/create changed it")
	to := fmt.Sprintf("/stores/%d/deliveries/%s", id, delivery)
	if len(page.all("a", "href", to)) != 1 {
		t.Error("nothing leads to the delivery")
	}
	w.open(to).says("Processed")
}
