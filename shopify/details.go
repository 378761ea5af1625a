package shopify

import (
	"strings"
	"time"
)

// Details is what a payload tells of an order beyond Order: what was sold, where it goes, what became of the parcels. As there,
// an empty text and a zero time mean that the payload does not say.
type Details struct {
	CreatedAt    time.Time // with the offset it is written with, which is that of the store's clock
	CountryCode  string    // these three of the shipping address
	ProvinceCode string
	Zip          string
	OtherPhone   string // of the billing address, the customer's own address, or a form's field for it
	BrowserIP    string
	CancelReason string
	Risk         string   // RiskHigh, RiskMedium, RiskLow or empty: the highest that any assessment names
	Gateways     []string // all of them, in their order
	Items        []LineItem
	Fulfillments []Fulfillment
	Refunds      []Refund
}

// Values of Details.Risk.
const (
	RiskHigh   = "high"
	RiskMedium = "medium"
	RiskLow    = "low"
)

// LineItem is one line of an order.
type LineItem struct {
	ProductID string
	VariantID string
	SKU       string
	Title     string
	Quantity  int
	Price     string // of one, as Money writes it
}

// Fulfillment is one parcel, or one that was given up again.
type Fulfillment struct {
	CreatedAt      time.Time
	UpdatedAt      time.Time
	Status         string // pending, open, success, cancelled, error, failure
	ShipmentStatus string // delivered, failure, in_transit, …
	Carrier        string // tracking_company
}

// Refund is one refund.
type Refund struct {
	CreatedAt time.Time
	Note      string
	Returned  bool // a line of it came back into the stock
}

// maxDetails is how many items, fulfillments or refunds of an order are kept, and maxCount how many of one thing are counted.
// Shopify's own orders have no more than 500 lines; what is beyond is passed over.
const (
	maxDetails = 250
	maxCount   = 1_000_000
)

// ReadDetails reads a payload in the shape of Shopify's REST API and webhooks, in one pass. It is total: what has another type than
// is usual is read as far as it makes sense, and what is no JSON object has no details. Of a member given twice the last one holds.
func ReadDetails(raw []byte) Details {
	var r detailsReader
	r.texts.all.Grow(roomForTexts)
	if end := r.order(raw, skipSpace(raw, 0)); !endsAt(raw, end) {
		return Details{}
	}
	r.OtherPhone = firstOf(r.billingPhone, r.customerPhone, r.formPhone)
	if r.BrowserIP == "" {
		r.BrowserIP = r.clientIP
	}
	r.Risk = higherRisk(higherRisk(r.levelRisk, r.objectRisk), r.listRisk)
	return r.Details
}

// detailsReader fills in Details. Its methods check what begins at i and return the index after it, -1 when it is not valid.
type detailsReader struct {
	Details
	billingPhone, customerPhone, formPhone string
	clientIP                               string
	levelRisk, objectRisk, listRisk        string
	texts                                  texts
}

// text reads the value at i as a column; what has no text is empty.
func (r *detailsReader) text(data []byte, i int, into *string) int {
	end := skipValue(data, i)
	if end >= 0 {
		*into = r.texts.of(data[i:end])
	}
	return end
}

func (r *detailsReader) order(data []byte, i int) int {
	if i >= len(data) || data[i] != '{' {
		return -1
	}
	return walk(data, i, func(name []byte, value int) int {
		switch string(name) {
		case "created_at":
			return timeAt(data, value, &r.CreatedAt)
		case "browser_ip":
			return r.text(data, value, &r.BrowserIP)
		case "cancel_reason":
			return r.text(data, value, &r.CancelReason)
		case "risk_level":
			r.levelRisk = ""
			return r.riskWord(data, value, &r.levelRisk)
		case "risk":
			r.objectRisk = ""
			return r.riskIn(data, value, &r.objectRisk)
		case "order_risks", "risks":
			r.listRisk = ""
			return r.riskIn(data, value, &r.listRisk)
		case "client_details":
			return walk(data, value, func(name []byte, value int) int {
				if string(name) == "browser_ip" {
					return r.text(data, value, &r.clientIP)
				}
				return skipValue(data, value)
			})
		case "payment_gateway_names":
			return r.gateways(data, value)
		case "shipping_address":
			return r.shippingAddress(data, value)
		case "billing_address":
			return r.phoneIn(data, value, &r.billingPhone)
		case "customer":
			return walk(data, value, func(name []byte, value int) int {
				if string(name) == "default_address" {
					return r.phoneIn(data, value, &r.customerPhone)
				}
				return skipValue(data, value)
			})
		case "note_attributes":
			return r.formFields(data, value)
		case "line_items":
			r.Items = nil
			return walkList(data, value, func(element int) int { return r.item(data, element) })
		case "fulfillments":
			r.Fulfillments = nil
			return walkList(data, value, func(element int) int { return r.fulfillment(data, element) })
		case "refunds":
			r.Refunds = nil
			return walkList(data, value, func(element int) int { return r.refund(data, element) })
		}
		return skipValue(data, value)
	})
}

func (r *detailsReader) shippingAddress(data []byte, i int) int {
	r.CountryCode, r.ProvinceCode, r.Zip = "", "", ""
	return walk(data, i, func(name []byte, value int) int {
		switch string(name) {
		case "country_code":
			return r.text(data, value, &r.CountryCode)
		case "province_code":
			return r.text(data, value, &r.ProvinceCode)
		case "zip":
			return r.text(data, value, &r.Zip)
		}
		return skipValue(data, value)
	})
}

func (r *detailsReader) phoneIn(data []byte, i int, into *string) int {
	*into = ""
	return walk(data, i, func(name []byte, value int) int {
		if string(name) == "phone" {
			return r.text(data, value, into)
		}
		return skipValue(data, value)
	})
}

// gateways come as a list, and from some senders as one text.
func (r *detailsReader) gateways(data []byte, i int) int {
	r.Gateways = nil
	read := func(element int) int {
		var name string
		end := r.text(data, element, &name)
		if name != "" && len(r.Gateways) < maxDetails {
			r.Gateways = append(r.Gateways, name)
		}
		return end
	}
	if data[i] == '"' {
		return read(i)
	}
	return walkList(data, i, read)
}

// formFields looks for a phone number among what a form on the store's page added to the order.
func (r *detailsReader) formFields(data []byte, i int) int {
	r.formPhone = ""
	return walkList(data, i, func(element int) int {
		var field, value string
		end := walk(data, element, func(name []byte, at int) int {
			switch string(name) {
			case "name":
				return r.text(data, at, &field)
			case "value":
				return r.text(data, at, &value)
			}
			return skipValue(data, at)
		})
		if r.formPhone == "" && value != "" && namesPhone(field) {
			r.formPhone = value
		}
		return end
	})
}

// namesPhone knows the fields for a phone number of forms in English, Spanish and Portuguese.
func namesPhone(field string) bool {
	if len(field) > 60 { // a sentence
		return false
	}
	field = foldText(field)
	for _, word := range [...]string{"phone", "teléfono", "telefono", "celular", "whatsapp", "móvil", "movil", "telefone"} {
		if strings.Contains(field, word) {
			return true
		}
	}
	return false
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
