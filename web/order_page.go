package web

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"probability/shopify"
	"probability/store"
)

// What a page shows of an order at most. Shopify's largest orders have hundreds of lines; the whole is in the API.
const (
	shownItems   = 100
	shownPayload = 56 << 10 // bytes, pretty-printed
	shownEvents  = 50
)

// orderPageView is everything about an order.
type orderPageView struct {
	page
	Row      orderRow
	Number   string
	Store    string
	Facts    []fact
	Customer []fact
	Items    []itemRow
	MoreItem int
	Events   []eventRow
	Payload  string
	Cut      bool // there is more of the payload
	Whole    string
	Score    orderScore
	End      orderEnd
	Marking  orderMarking
}

// fact is a line of a list of facts.
type fact struct {
	Label, Value string
	At           when // instead of Value
}

// Parts are the pieces of the value between which a line may end, where it has no blanks: an address breaks behind its sign.
func (f fact) Parts() []string { return strings.SplitAfter(f.Value, "@") }

type itemRow struct{ Title, Variant, SKU, Quantity, Price string }

// orderPage is GET /stores/{id}/orders/{order}.
func (s *Server) orderPage(c echo.Context) error {
	id, err := pathNumber(c, "order")
	if err != nil {
		return err
	}
	view, err := s.orderView(c, id)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "order.html", view)
}

// orderView reads everything about an order of the caller's.
func (s *Server) orderView(c echo.Context, id int64) (view orderPageView, err error) {
	ctx := c.Request().Context()
	in, err := s.owned(c)
	if err != nil {
		return view, err
	}
	o, err := s.app.Store().Order(ctx, in.ID, id)
	if err != nil {
		return view, err
	}
	p := s.pageAbout(c, in)
	p.Path = orderPath(in.ID, o.ID)
	view = orderPageView{
		page: p.titled("orders", p.Tell("order.title", "Number", numberOf(&o))), Row: viewOrderRow(p, &o), Number: numberOf(&o), Store: in.StoreName,
		Whole: fmt.Sprintf("%s/%d/orders/%d/?fields=raw_response", storesPath, in.ID, o.ID),
	}
	view.Facts = orderFacts(p, &o)
	view.Customer = customerFacts(p, &o)
	view.Items, view.MoreItem = orderItems(p.voice, &o)
	told, err := s.app.Store().DeliveriesOf(ctx, in.ID, o.ID, shownEvents)
	if err != nil {
		return view, err
	}
	view.Payload, view.Cut = prettyPayload(o.Raw)
	e, reports, err := s.explainOrder(c, &view, &o)
	if err != nil {
		return view, err
	}
	view.Events, err = s.orderStory(c, p, &o, told, e, reports)
	return view, err
}

// numberOf is what the merchant calls the order.
func numberOf(o *store.Order) string { return cmp.Or(o.Number, o.Order.ID) }

func createdAt(o *store.Order) time.Time {
	if o.CreatedAt.IsZero() {
		return o.ImportedAt
	}
	return o.CreatedAt
}

func scoreOf(o *store.Order) string {
	if o.DeliveryScore == nil {
		return ""
	}
	return strconv.Itoa(*o.DeliveryScore)
}

// filled leaves out the facts that say nothing.
func filled(facts ...fact) []fact {
	return slices.DeleteFunc(facts, func(f fact) bool { return f.Value == "" && f.At == when{} })
}

func orderFacts(p page, o *store.Order) []fact {
	return filled(
		fact{Label: p.Say("order.total"), Value: p.voice.money(o.TotalPrice, o.Currency)},
		fact{Label: p.Say("order.payment_type"), Value: o.PaymentType},
		fact{Label: p.Say("order.source"), Value: o.SourceName},
		fact{Label: p.Say("order.tags"), Value: o.Tags},
		fact{Label: p.Say("order.created"), At: p.voice.moment(o.CreatedAt)},
		fact{Label: p.Say("order.updated"), At: p.voice.moment(o.UpdatedAt)},
		fact{Label: p.Say("order.imported"), At: p.voice.moment(o.ImportedAt)},
		fact{Label: p.Say("order.platform_id"), Value: o.Order.ID},
	)
}

func customerFacts(p page, o *store.Order) []fact {
	purchases := ""
	if o.PurchaseCount > 0 {
		purchases = p.voice.number(o.PurchaseCount)
	}
	place := strings.Join(slices.DeleteFunc([]string{o.City, o.Province, o.Country}, func(t string) bool { return t == "" }), ", ")
	return filled(
		fact{Label: p.Say("order.name"), Value: o.CustomerName},
		fact{Label: p.Say("order.email"), Value: o.CustomerEmail},
		fact{Label: p.Say("order.phone"), Value: o.Phone},
		fact{Label: p.Say("order.address"), Value: o.Address},
		fact{Label: p.Say("order.complement"), Value: o.AddressComplement},
		fact{Label: p.Say("order.place"), Value: place},
		fact{Label: p.Say("order.purchases"), Value: purchases},
	)
}

// orderItems are the lines of the order, and how many more there are. A member of an odd type is shown as it is written.
func orderItems(v voice, o *store.Order) ([]itemRow, int) {
	var items []map[string]json.RawMessage
	if json.Unmarshal(shopify.LineItems(o.Raw), &items) != nil {
		return nil, 0 // the payload below shows what it is instead
	}
	more := max(0, len(items)-shownItems)
	var rows []itemRow
	for _, item := range items[:len(items)-more] {
		rows = append(rows, itemRow{
			Title: cmp.Or(plain(item["title"]), plain(item["name"])), Variant: plain(item["variant_title"]), SKU: plain(item["sku"]),
			Quantity: plain(item["quantity"]), Price: v.money(plain(item["price"]), o.Currency),
		})
	}
	return rows, more
}

// plain is a JSON value as text: strings without their quotes, null and nothing as "".
func plain(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}

// prettyPayload is the payload with line breaks and blanks, every number with the digits that Shopify sent, and whether it was
// cut. What is no JSON is shown as it is.
func prettyPayload(raw []byte) (text string, cut bool) {
	var b bytes.Buffer
	if json.Indent(&b, bytes.TrimSpace(raw), "", "  ") != nil {
		b.Reset()
		b.Write(raw)
	}
	out := validText(b.Bytes())
	if len(out) > shownPayload {
		out, cut = out[:shownPayload], true
		for len(out) > 0 && !utf8.Valid(out) { // the cut may lie within a character
			out = out[:len(out)-1]
		}
	}
	return string(out), cut
}
