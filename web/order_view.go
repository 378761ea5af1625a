package web

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"probability/shopify"
	"probability/store"
)

// orderMember writes one member of an order.
//
// An order is not written with encoding/json: that would compact and escape the payload, and the payload
// is promised byte for byte, with every digit and blank that Shopify sent.
type orderMember struct {
	name    string
	payload bool // is read out of the payload
	write   func(dst []byte, o *store.Order) []byte
	cell    func(dst []byte, o *store.Order) []byte // the same in CSV
}

// orderMembers are the members that an answer has, in its order.
type orderMembers []orderMember

func allOrderMembers() orderMembers { return orderMemberTable }

// needPayload tells whether the payloads have to be read at all. They are most of an order's bytes.
func (m orderMembers) needPayload() bool {
	return slices.ContainsFunc(m, func(m orderMember) bool { return m.payload })
}

// withoutPayload leaves out what is read out of the payload.
func (m orderMembers) withoutPayload() orderMembers {
	return slices.DeleteFunc(slices.Clone(m), func(m orderMember) bool { return m.payload })
}

// appendLine writes the order as a JSON object in one line. The payload may have line breaks between its tokens, where
// a blank means the same; within a string JSON has none.
func (m orderMembers) appendLine(dst []byte, o *store.Order) []byte {
	from := len(dst)
	dst = m.append(dst, o)
	for _, lineBreak := range []byte{'\n', '\r'} {
		rest := dst[from:]
		for i := bytes.IndexByte(rest, lineBreak); i >= 0; i = bytes.IndexByte(rest, lineBreak) {
			rest[i] = ' '
			rest = rest[i+1:]
		}
	}
	return dst
}

// append writes the order as a JSON object.
func (m orderMembers) append(dst []byte, o *store.Order) []byte {
	dst = append(dst, '{')
	for i, member := range m {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, '"')
		dst = append(dst, member.name...)
		dst = append(dst, '"', ':')
		dst = member.write(dst, o)
	}
	return append(dst, '}')
}

// orderMemberTable is the order of the contract; the list never changes.
var orderMemberTable = orderMembers{
	number("id", func(b []byte, o *store.Order) []byte { return strconv.AppendInt(b, o.ID, 10) }),
	text("platform", func(o *store.Order) string { return o.Platform }),
	text("platform_order_id", func(o *store.Order) string { return o.Order.ID }),
	text("order_number", func(o *store.Order) string { return o.Number }),
	amount("total_price", func(o *store.Order) string { return o.TotalPrice }),
	text("currency", func(o *store.Order) string { return o.Currency }),
	text("customer_name", func(o *store.Order) string { return o.CustomerName }),
	text("customer_email", func(o *store.Order) string { return o.CustomerEmail }),
	text("phone", func(o *store.Order) string { return o.Phone }),
	text("payment_type", func(o *store.Order) string { return o.PaymentType }),
	moment("created_at", func(o *store.Order) time.Time { return o.CreatedAt }),
	moment("imported_at", func(o *store.Order) time.Time { return o.ImportedAt }),
	moment("updated_at", func(o *store.Order) time.Time { return o.UpdatedAt }),
	text("source_name", func(o *store.Order) string { return o.SourceName }),
	text("financial_status", func(o *store.Order) string { return o.FinancialStatus }),
	text("fulfillment_status", func(o *store.Order) string { return o.FulfillmentStatus }),
	moment("cancelled_at", func(o *store.Order) time.Time { return o.CancelledAt }),
	payload("line_items", func(o *store.Order) []byte { return shopify.LineItems(o.Raw) }),
	text("address", func(o *store.Order) string { return o.Address }),
	text("address_complement", func(o *store.Order) string { return o.AddressComplement }),
	text("city", func(o *store.Order) string { return o.City }),
	text("province", func(o *store.Order) string { return o.Province }),
	text("country", func(o *store.Order) string { return o.Country }),
	text("delivery_probability", func(o *store.Order) string { return o.DeliveryProbability }),
	text("recommended_carrier", func(o *store.Order) string { return o.RecommendedCarrier }),
	number("delivery_score", appendScore),
	document(negativeFactors, func(b []byte, o *store.Order) []byte { return labels(nil).appendFactors(b, o) }),
	number("purchase_count", func(b []byte, o *store.Order) []byte { return strconv.AppendInt(b, int64(o.PurchaseCount), 10) }),
	text("tags", func(o *store.Order) string { return o.Tags }),
	number("test", func(b []byte, o *store.Order) []byte { return strconv.AppendBool(b, o.Test) }),
	payload("raw_response", func(o *store.Order) []byte { return o.Raw }),
}

// negativeFactors is the member whose labels are in the caller's language.
const negativeFactors = "negative_factors"

// in is the same members in a language.
func (m orderMembers) in(v voice) orderMembers {
	i := slices.IndexFunc(m, func(m orderMember) bool { return m.name == negativeFactors })
	if i < 0 {
		return m
	}
	m = slices.Clone(m)
	m[i] = document(negativeFactors, v.labels.appendFactors)
	return m
}

// labels are what factors are called, as JSON, by their codes.
type labels map[string]string

// appendFactors writes what takes points from an order's score, the largest first; an order that was not scored has none.
func (l labels) appendFactors(dst []byte, o *store.Order) []byte {
	dst = append(dst, '[')
	for i, f := range o.NegativeFactors {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(append(dst, `{"code":"`...), f.Code...)
		label, known := l[f.Code]
		if !known {
			label = `"` + f.Code + `"`
		}
		dst = append(append(append(dst, `","label":`...), label...), `,"points":`...)
		dst = append(strconv.AppendInt(dst, int64(f.Points), 10), '}')
	}
	return append(dst, ']')
}

// validText is the payload as it is; only bytes that are no UTF-8, which would make the whole answer unreadable,
// become U+FFFD. Shopify sends none.
func validText(raw []byte) []byte {
	if utf8.Valid(raw) {
		return raw
	}
	return bytes.ToValidUTF8(raw, []byte("\uFFFD"))
}

// The kinds of members. In CSV a member that is null is an empty cell.

func text(name string, of func(*store.Order) string) orderMember {
	return orderMember{
		name:  name,
		write: func(b []byte, o *store.Order) []byte { return appendText(b, of(o)) },
		cell:  func(b []byte, o *store.Order) []byte { return appendCell(b, of(o)) },
	}
}

// amount is a text in JSON, where a number could lose digits, and a number in a spreadsheet, also below zero.
func amount(name string, of func(*store.Order) string) orderMember {
	m := text(name, of)
	m.cell = func(b []byte, o *store.Order) []byte {
		s := of(o)
		if isNumber(s) {
			return append(b, s...)
		}
		return appendCell(b, s)
	}
	return m
}

func moment(name string, of func(*store.Order) time.Time) orderMember {
	return orderMember{
		name:  name,
		write: func(b []byte, o *store.Order) []byte { return appendStamp(b, of(o)) },
		cell: func(b []byte, o *store.Order) []byte {
			if t := of(o); !t.IsZero() {
				return t.UTC().AppendFormat(b, time.RFC3339Nano)
			}
			return b
		},
	}
}

// number is a member whose JSON, a number, true or false, is its cell as well.
func number(name string, write func([]byte, *store.Order) []byte) orderMember {
	return orderMember{name: name, write: write, cell: func(b []byte, o *store.Order) []byte {
		from := len(b)
		if b = write(b, o); string(b[from:]) == "null" {
			return b[:from]
		}
		return b
	}}
}

// document is a member with a structure. Its cell is its JSON, so that a program gets the same from both formats.
func document(name string, write func([]byte, *store.Order) []byte) orderMember {
	return orderMember{name: name, write: write, cell: func(b []byte, o *store.Order) []byte {
		return appendCell(b, string(write(nil, o)))
	}}
}

// payload is a part of the payload, null when there is none.
func payload(name string, of func(*store.Order) []byte) orderMember {
	return orderMember{
		name: name, payload: true,
		write: func(b []byte, o *store.Order) []byte {
			if raw := of(o); len(raw) > 0 {
				return append(b, validText(raw)...)
			}
			return append(b, "null"...)
		},
		cell: func(b []byte, o *store.Order) []byte { return appendCell(b, string(of(o))) },
	}
}

// appendText writes a string, null when it is empty: an order's text is either known or not.
func appendText(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, "null"...)
	}
	if isPlain(s) { // as most are
		return append(append(append(dst, '"'), s...), '"')
	}
	quoted, err := json.Marshal(s)
	if err != nil { // a string always has a JSON form
		return append(dst, "null"...)
	}
	return append(dst, quoted...)
}

// isPlain tells whether the JSON form of a text is the text in quotes.
func isPlain(s string) bool {
	for i := range len(s) {
		switch b := s[i]; {
		case b < ' ' || b >= utf8.RuneSelf, b == '"', b == '\\', b == '<', b == '>', b == '&':
			return false
		}
	}
	return true
}

func appendScore(dst []byte, o *store.Order) []byte {
	if o.DeliveryScore == nil {
		return append(dst, "null"...)
	}
	return strconv.AppendInt(dst, int64(*o.DeliveryScore), 10)
}

// pageOfOrders writes a page of orders: the head's members, already JSON, then the results.
func pageOfOrders(head pageHead, members orderMembers, orders []store.Order) []byte {
	size := 512
	for i := range orders {
		size += 1024 + 2*len(orders[i].Raw) // the payload, and once more its line items at most
	}
	dst := append(make([]byte, 0, size), '{')
	if head.count != nil {
		dst = append(dst, `"count":`...)
		dst = strconv.AppendInt(dst, int64(*head.count), 10)
		if head.atLeast {
			dst = append(dst, `,"count_at_least":true`...)
		}
		dst = append(dst, ',')
	}
	dst = append(append(dst, `"next":`...), appendText(nil, head.next)...)
	dst = append(append(dst, `,"previous":`...), appendText(nil, head.previous)...)
	if head.count == nil {
		dst = append(append(dst, `,"next_cursor":`...), appendText(nil, head.nextCursor)...)
	}
	dst = append(dst, `,"results":[`...)
	for i := range orders {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = members.append(dst, &orders[i])
	}
	return append(dst, "]}"...)
}
