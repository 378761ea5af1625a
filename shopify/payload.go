package shopify

import (
	"errors"
	"log/slog"
	"time"
)

// The two ways in which a payload is no order. Nothing else about it fails.
var (
	ErrNotObject = errors.New("shopify: payload is not a JSON object")
	ErrNoOrderID = errors.New("shopify: order has no id")
)

// Order is what we keep of a payload in columns. An empty text and a zero time
// mean that the payload does not say. Texts are kept at any length.
type Order struct {
	ID                string // the platform's id, digits as sent
	Number            string // as the merchant sees it, such as "#1001"
	TotalPrice        string // exact decimal with at least two decimals, see Money
	Currency          string
	CustomerName      string
	CustomerEmail     string
	Phone             string
	PaymentType       string
	SourceName        string
	FinancialStatus   string
	FulfillmentStatus string // empty means unfulfilled at Shopify
	Address           string
	AddressComplement string
	City              string
	Province          string
	Country           string
	Tags              string
	CreatedAt         time.Time // UTC, like the other two
	UpdatedAt         time.Time
	CancelledAt       time.Time
	Test              bool
	Raw               []byte // the payload, byte for byte; shared with the caller's slice
}

// LogValue names the order and shows none of its customer's data.
func (o Order) LogValue() slog.Value {
	return slog.GroupValue(slog.String("id", o.ID), slog.Time("updated_at", o.UpdatedAt))
}

// ParseOrder maps a payload in the shape of Shopify's REST API and webhooks.
//
// A member with several possible names takes the first value that counts: null,
// "", zero, false and empty lists or objects do not. A number where a text is
// expected is kept as it is written; booleans, lists and objects never become a
// text. Of a member given twice the last one holds. Invalid UTF-8 becomes
// U+FFFD, and control characters other than tab and line feed are left out of
// the columns. Raw keeps everything.
func ParseOrder(raw []byte) (Order, error) {
	var p payload
	if end := p.read(raw, skipSpace(raw, 0)); !endsAt(raw, end) {
		return Order{}, ErrNotObject
	}
	return p.mapped(raw)
}

// GivenID returns the id that the platform gave the order, "" when the payload
// has none and the order is known by its number instead.
func GivenID(raw []byte) string {
	if values, ok := lastMembers(raw, "id"); ok && counts(values[0]) {
		return textOf(values[0])
	}
	return ""
}
