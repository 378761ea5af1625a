package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"probability/store"
)

// shownOrders is how many orders a page shows.
const shownOrders = 50

// ordersView is the list of orders of a store.
type ordersView struct {
	page
	Chips     []chip
	Count     string // how many match; "" on a page that was reached by going on
	Errors    map[string][]string
	Events    string // where a page that is the first one hears of changes
	Exports   []exportLink
	Filter    map[string]string // as it was asked for
	Filtered  bool
	Folded    bool // true: what is folded away is shown, for something is wrong in it
	Orders    []orderRow
	Orderings []choice
	Payment   []choice
	Shipping  []choice
	Odds      []choice
	Stores    []choice
	Sorted    map[string]string // aria-sort of each column that can be sorted by
	SortLinks map[string]string
	Turn      pager
	Views     []choice // the lists to come back to, by address
}

// choice is an option of a select.
type choice struct {
	Value, Label string
	Chosen       bool
}

type exportLink struct{ Label, Path string }

// orderRow is an order in the list.
type orderRow struct {
	ID       int64
	Number   string
	Created  when
	Customer string
	City     string
	Total    string
	Payment  badge
	Shipping badge
	Odds     badge
	Score    string
	Extra    badge // cancelled, or a test
}

// listFilters are the parameters that choose orders, as the API names them. What is after the first is folded away.
var listFilters = []string{
	"search", "financial_status", "fulfillment_status", "delivery_probability", "since", "until", "min_total", "max_total", "min_score", "max_score", "today",
}

// ordersPage is GET /stores/{id}/orders. It takes the API's filters and ordering, and the cursors of its own links: after and
// before.
func (s *Server) ordersPage(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	q := readQuery(c)
	for _, name := range []string{"page", "page_size", "cursor", "fields", "omit"} {
		delete(q.values, name)
	}
	oq := readOrderQuery(q, in.ID, s.cfg.Now())
	after, before := readPlace(q, in.ID, oq.ordering)
	p := s.pageAbout(c, in)
	view := ordersView{page: p.titled("orders", p.Tell("orders.title", "Store", in.StoreName)), Errors: p.voice.complaints(q.errs)}
	view.Folded = len(view.Errors) > 0
	view.describe(q, oq.ordering)
	if view.Stores, err = s.storeChoices(c, in.ID); err != nil {
		return err
	}
	status := http.StatusBadRequest
	if len(q.errs) == 0 {
		status = http.StatusOK
		if err := s.readOrdersView(c, &view, q, oq, after, before); err != nil {
			return err
		}
	}
	return s.render(c, status, "orders.html", view)
}

// readPlace is where the page begins: behind one order, or before one.
func readPlace(q *query, id int64, ordering string) (after, before *store.OrderKey) {
	read := func(name string) *store.OrderKey {
		text := q.text(name)
		if text == "" {
			return nil
		}
		key, complaint := decodeCursor(text, id, ordering)
		if complaint != "" {
			return nil // a link that was cut or is of another list leads to the first page
		}
		return &key
	}
	if before = read("before"); before != nil {
		return nil, before
	}
	return read("after"), nil
}

// readOrdersView reads a page of orders: the first with the count of all, the others behind or before a place, at the same cost
// however deep.
func (s *Server) readOrdersView(c echo.Context, view *ordersView, q *query, oq orderQuery, after, before *store.OrderKey) error {
	ctx, f := c.Request().Context(), oq.filter
	f.Payload = false
	var orders []store.Order
	var err error
	hasNext, hasPrevious := before != nil, after != nil
	switch {
	case after == nil && before == nil:
		selection, err := s.app.Store().SelectOrders(ctx, f)
		if err != nil {
			return err
		}
		if orders, err = selection.Page(ctx, shownOrders, 0); err != nil {
			return err
		}
		hasNext = selection.Count > len(orders) || selection.AtLeast && len(orders) == shownOrders
		id := "orders.count"
		if selection.AtLeast {
			id = "orders.count_at_least"
		}
		view.Count = view.Tell(id, "N", view.voice.number(selection.Count))
	case before != nil: // the same list backwards, one more to learn whether there is a page before
		f.After, f.Limit, f.Order.Desc = before, shownOrders+1, !f.Order.Desc
		if orders, err = s.app.Store().Orders(ctx, f); err != nil {
			return err
		}
		hasPrevious = len(orders) > shownOrders
		orders = orders[:min(len(orders), shownOrders)]
		slices.Reverse(orders)
	default:
		f.After, f.Limit = after, shownOrders+1
		if orders, err = s.app.Store().Orders(ctx, f); err != nil {
			return err
		}
		hasNext = len(orders) > shownOrders
		orders = orders[:min(len(orders), shownOrders)]
	}
	place := func(name string, o store.Order) string {
		values := chosen(q)
		values.Set(name, encodeCursor(oq.filter.IntegrationID, oq.ordering, store.KeyOf(o, oq.filter.Order)))
		return "?" + values.Encode()
	}
	view.Turn = pager{page: view.page, Label: view.Say("pages.label")}
	if len(orders) > 0 && hasNext {
		view.Turn.Next = place("after", orders[len(orders)-1])
	}
	if len(orders) > 0 && hasPrevious {
		view.Turn.Previous = place("before", orders[0])
	}
	for i := range orders {
		view.Orders = append(view.Orders, viewOrderRow(view.page, &orders[i]))
	}
	return nil
}

// chosen are the filters and the ordering of a request, without those that are empty.
func chosen(q *query) url.Values {
	values := url.Values{}
	for _, name := range append(slices.Clone(listFilters), "ordering") {
		if v := q.values[name]; len(v) > 0 && v[0] != "" {
			values.Set(name, v[0])
		}
	}
	return values
}

// describe fills in the form, the links of the columns, and the exports of what is chosen.
func (v *ordersView) describe(q *query, ordering string) {
	values := chosen(q)
	v.Filter = map[string]string{}
	for _, name := range listFilters {
		v.Filter[name] = values.Get(name)
		v.Filtered = v.Filtered || v.Filter[name] != ""
	}
	v.Payment = v.choices(financialWords, v.Filter["financial_status"], "paid", "pending", "authorized", "partially_paid", "partially_refunded", "refunded", "voided")
	v.Shipping = v.choices(fulfillmentWords, v.Filter["fulfillment_status"], "unfulfilled", "partial", "fulfilled", "restocked")
	v.Odds = v.choices(probabilityWords, v.Filter["delivery_probability"], "high", "medium", "low", "very_low", notScored)
	v.offer(values)
	for _, o := range []struct{ value, id string }{
		{"-created_at", "page.sort.newest"},
		{"created_at", "page.sort.oldest"},
		{"-total_price", "page.sort.dearest"},
		{"total_price", "page.sort.cheapest"},
		{"-updated_at", "page.sort.changed"},
		{"delivery_score", "page.sort.riskiest"},
		{"-delivery_score", "page.sort.safest"},
	} {
		v.Orderings = append(v.Orderings, choice{Value: o.value, Label: v.voice.say(o.id, nil), Chosen: o.value == ordering})
	}
	v.Sorted, v.SortLinks = map[string]string{}, map[string]string{}
	for _, field := range []string{"created_at", "total_price", "delivery_score"} {
		next := "-" + field
		v.Sorted[field] = "none"
		switch ordering {
		case field:
			v.Sorted[field] = "ascending"
		case "-" + field:
			v.Sorted[field], next = "descending", field
		default:
			if field == store.ByDeliveryScore { // the riskiest are looked for first
				next = field
			}
		}
		link := chosen(q)
		link.Set("ordering", next)
		v.SortLinks[field] = "?" + link.Encode()
	}
	store := storesPath + "/" + strconv.FormatInt(v.StoreID, 10)
	v.Events = store + "/events/?types=order"
	export := store + "/orders/export/?"
	for _, format := range []struct{ name, label string }{{formatCSV, "CSV"}, {formatNDJSON, "NDJSON"}} {
		link := chosen(q)
		link.Set("format", format.name)
		if format.name == formatCSV {
			link.Set("bom", "true") // whoever clicks opens it in a spreadsheet
		}
		v.Exports = append(v.Exports, exportLink{Label: format.label, Path: export + link.Encode()})
	}
}

// choices are the options of a filter; a value that is none of them is one more.
func (p page) choices(words map[string]stateWord, chosen string, values ...string) []choice {
	if chosen != "" && !slices.Contains(values, chosen) {
		values = append(values, chosen)
	}
	out := make([]choice, len(values))
	for i, value := range values {
		out[i] = choice{Value: value, Label: p.voice.badge(words, value).Text, Chosen: value == chosen}
	}
	return out
}

// storeChoices are the caller's stores, to go from one to another; nothing when there is only one.
func (s *Server) storeChoices(c echo.Context, id int64) ([]choice, error) {
	stores, err := s.app.Store().Integrations(c.Request().Context(), caller(c).ID)
	if err != nil || len(stores) < 2 {
		return nil, err
	}
	var out []choice
	for _, in := range stores[:min(len(stores), shownStores)] {
		out = append(out, choice{Value: strconv.FormatInt(in.ID, 10), Label: in.StoreName, Chosen: in.ID == id})
	}
	return out, nil
}

func viewOrderRow(p page, o *store.Order) orderRow {
	v := p.voice
	row := orderRow{
		ID: o.ID, Number: numberOf(o), Created: v.moment(createdAt(o)), Customer: o.CustomerName, City: o.City,
		Total: v.money(o.TotalPrice, o.Currency), Payment: v.badge(financialWords, o.FinancialStatus),
		Shipping: v.badge(fulfillmentWords, o.FulfillmentStatus), Odds: v.badge(probabilityWords, o.DeliveryProbability), Score: scoreOf(o),
	}
	switch {
	case !o.CancelledAt.IsZero():
		row.Extra = badge{Text: p.Say("order.cancelled"), Tone: toneIdle}
	case o.Test:
		row.Extra = badge{Text: p.Say("order.test"), Tone: toneIdle}
	}
	return row
}
