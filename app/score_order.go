package app

import (
	"probability/app/score"
	"probability/shopify"
)

// scoreOrder is an order in the words of the score.
func scoreOrder(o shopify.Order, d shopify.Details) score.Order {
	out := score.Order{
		CreatedAt: o.CreatedAt, Cancelled: o.CancelledAt, FinancialStatus: o.FinancialStatus, Payment: o.PaymentType, Currency: o.Currency,
		HasTotal: o.TotalPrice != "", Name: o.CustomerName, Email: o.CustomerEmail, Phone: o.Phone, Address: o.Address, Complement: o.AddressComplement,
		City: o.City, Province: o.Province, Postcode: d.Zip, Country: o.Country, IP: d.BrowserIP, RiskLevel: d.Risk, Test: o.Test,
	}
	if out.HasTotal {
		out.Total = shopify.Millionths(o.TotalPrice)
	}
	if !d.CreatedAt.IsZero() {
		out.CreatedAt = d.CreatedAt
	}
	if out.Phone == "" {
		out.Phone = d.OtherPhone
	}
	for _, i := range d.Items {
		product := i.ProductID
		if product == "" {
			product = i.SKU
		}
		out.Items = append(out.Items, score.Item{Product: product, Title: i.Title, Quantity: i.Quantity})
	}
	for _, f := range d.Fulfillments {
		out.Parcels = append(out.Parcels, score.Parcel{At: f.CreatedAt, Changed: f.UpdatedAt, Status: f.Status, Shipment: f.ShipmentStatus, Carrier: f.Carrier})
	}
	for _, r := range d.Refunds {
		out.Refunds = append(out.Refunds, score.Refund{At: r.CreatedAt, Returned: r.Returned, Note: r.Note})
	}
	return out
}
