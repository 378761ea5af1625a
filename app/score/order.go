package score

import "time"

// Order is what the score looks at in an order, in the words of nobody's platform. Empty members are unknown.
type Order struct {
	CreatedAt       time.Time // with the offset of the store's own clock, for the hour of the day
	Updated         time.Time // when any of this was last changed
	Cancelled       time.Time
	FinancialStatus string // Shopify's words: pending, paid, refunded, …
	Payment         string // name of the gateway; of several, all of them
	Tags            string // the merchant's, or those of the form that made the order
	Currency        string
	Total           int64 // in millionths of the currency
	HasTotal        bool
	Name            string
	Email           string
	Phone           string
	Address         string
	Complement      string
	City            string
	Province        string
	ProvinceCode    string // ISO 3166-2 without the country, or the platform's own
	Postcode        string
	Country         string // name or ISO 3166-1 code
	IP              string
	RiskLevel       string // the platform's own judgement: high, medium, low
	Items           []Item
	Parcels         []Parcel
	Refunds         []Refund
	Test            bool
}

// Item is one line of an order.
type Item struct {
	Product  string // what stays the same when the line is ordered again: the product's id, else its SKU
	Title    string
	Quantity int
	Price    int64 // of one, in millionths of the order's currency
}

// Parcel is one fulfilment.
type Parcel struct {
	At       time.Time // when it left
	Changed  time.Time // when its status was last heard of
	Status   string    // of the fulfilment: success, cancelled, error, failure
	Shipment string    // of the shipment: delivered, failure, in_transit, …
	Carrier  string
}

// Refund is one refund of an order.
type Refund struct {
	At       time.Time
	Returned bool // goods came back
	Note     string
}
